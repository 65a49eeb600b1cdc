"""Dropbox's tools against the sandbox, held against Dropbox's own description."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadSignature, Conflict, Forbidden, InvalidArgument, NotFound, OutcomeUnknown, Rejected
from core.records import Document
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.dropbox.fault import meaning
from tools.integrations.dropbox.integration import Dropbox
from tools.integrations.dropbox.mapping import spelt
from tools.kit.http import Answer
from tools.kit.webhook import Delivery

STANDS = "data:text/csv;name=stands.csv;base64,c3RhbmQscm93CjEyLEMK"


@pytest.fixture
async def dropbox(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "dropbox") as found:
        yield found
        if has_descriptions():
            assert await found.problems("dropbox") == []


async def find(dropbox: Company, tool: str, parameter: str, text: str, **args: object) -> list[str]:
    system = await dropbox.open("dropbox")
    return [one.id for one in await system.find(f"dropbox.{tool}", parameter, text, args)]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Launch / Spring", "/Launch/Spring"),
        ("my Dropbox", "/"),
        ("dropbox: Brand", "/Brand"),
        ("https://www.dropbox.com/home/Brand/Logo?preview=fernwick%20logo.png", "/Brand/Logo/fernwick logo.png"),
    ],
)
def test_paths_are_read_as_people_write_them(text: str, path: str) -> None:
    assert spelt(text) == path


async def test_names_become_paths(dropbox: Company) -> None:
    assert await find(dropbox, "read_file", "path", "launch brief") == ["/Launch/Spring/Launch brief.docx"]
    assert await find(dropbox, "read_file", "path", "spring/launch brief") == ["/Launch/Spring/Launch brief.docx"]
    assert len(await find(dropbox, "read_file", "path", "key visual")) == 2
    assert await find(dropbox, "list_folder", "path", "spring") == ["/Launch/Spring"]
    assert await find(dropbox, "list_folder", "path", "root") == ["/"]
    assert await find(dropbox, "read_file", "path", "nothing of the kind") == []
    assert await find(dropbox, "read_file", "path", "Board draft") == []
    assert await find(dropbox, "upload_file", "path", "Spring") == ["/Launch/Spring"]
    assert await find(dropbox, "upload_file", "path", "Spring/notes.txt") == ["/Launch/Spring/notes.txt"]
    assert await find(dropbox, "upload_file", "path", "/New/notes.txt") == ["/New/notes.txt"]
    source = {"from": "/Launch/Spring/Launch brief.docx"}
    assert await find(dropbox, "move_file", "to", "Logo", **source) == ["/Brand/Logo/Launch brief.docx"]
    assert await find(dropbox, "move_file", "to", "brief.docx", **source) == ["/Launch/Spring/brief.docx"]
    assert await find(dropbox, "move_file", "to", "/A/b.docx", **source) == ["/A/b.docx"]


async def test_lists_and_searches_page_on(dropbox: Company) -> None:
    scans = await dropbox.run("dropbox.list_folder", path="/Scans")
    assert isinstance(scans, list)
    assert len({one.ref.id for one in scans}) == 130
    found = await dropbox.run("dropbox.search_files", query="scan", limit=120)
    assert isinstance(found, list)
    assert len(found) == 120


async def test_office_files_are_read_and_pictures_linked(dropbox: Company) -> None:
    brief = await dropbox.run("dropbox.read_file", path="/Launch/Spring/Launch brief.docx")
    film = await dropbox.run("dropbox.read_file", path="/Press kit/Showreel.mp4")
    assert isinstance(brief, Document)
    assert isinstance(film, Document)
    assert "two weeks before the fair" in brief.text
    assert (film.text, film.link.partition("//")[2].partition(".")[2][:2]) == ("", "dl")


async def test_refusals_are_told(dropbox: Company) -> None:
    with pytest.raises(Conflict, match="already there"):
        await dropbox.run("dropbox.upload_file", file="one two three four", path="/Press kit/Boilerplate.txt")
    with pytest.raises(Conflict, match="folder"):
        await dropbox.run("dropbox.create_folder", path="/Brand")
    with pytest.raises(NotFound):
        await dropbox.run("dropbox.delete_file", path="/Brand/none.txt")
    with pytest.raises(Rejected, match="disallowed name"):
        await dropbox.run("dropbox.create_folder", path="/What?")
    with pytest.raises(Rejected, match="invalid settings"):
        await dropbox.run("dropbox.share_link", path="/Brand", expires="2001-01-01T00:00:00Z")
    with pytest.raises(InvalidArgument, match="No file came"):
        await dropbox.run("dropbox.upload_file", file="this attachment", path="/Brand")
    await dropbox.run("dropbox.invite_to_folder", path="/Brand", people=["emil.sorensen@fernwick.example"])
    with pytest.raises(Conflict, match="already has access"):
        await dropbox.run("dropbox.invite_to_folder", path="/Brand", people=["emil.sorensen@fernwick.example"])
    await dropbox.connect("dropbox", scopes=["files.metadata.read"])
    with pytest.raises(Forbidden, match=r"files\.content\.write"):
        await dropbox.run("dropbox.create_folder", path="/X")


@pytest.mark.parametrize(
    ("status", "summary", "error", "kind"),
    [
        (409, "path_write/too_many_write_operations/..", {}, "RateLimited"),
        (429, "too_many_requests/", {"retry_after": 7}, "RateLimited"),
        (401, "expired_access_token/", {}, "TokenExpired"),
        (409, "bad_path/is_file/", {}, "Rejected"),
        (409, "to/conflict/file/", {}, "Conflict"),
        (409, "team_folder/..", {}, "Forbidden"),
    ],
)
def test_error_summaries_have_their_meaning(status: int, summary: str, error: dict[str, Any], kind: str) -> None:
    found = meaning(Answer(status, {}, {"error_summary": summary, "error": error}))
    assert type(found).__name__ == kind


@pytest.mark.parametrize(
    ("tool", "route", "args"),
    [
        ("upload_file", "files/upload", {"file": STANDS, "path": "/Launch"}),
        ("create_folder", "files/create_folder_v2", {"path": "/Once"}),
        ("move_file", "files/move_v2", {"from": "/Press kit", "to": "/Old/Press kit"}),
        ("delete_file", "files/delete_v2", {"path": "/Brand/Brand guide.pdf"}),
        ("share_link", "create_shared_link_with_settings", {"path": "/Brand"}),
        ("invite_to_folder", "add_folder_member", {"path": "/Brand", "people": ["sam@harbourlight.example"]}),
        ("request_files", "file_requests/create", {"title": "Once", "folder": "/Brand"}),
    ],
)
async def test_a_lost_answer_is_recovered_not_repeated(
    dropbox: Company, tool: str, route: str, args: dict[str, Any]
) -> None:
    system = await dropbox.open("dropbox")
    assert await system.recover(f"dropbox.{tool}", args) is None
    await dropbox.fault("dropbox", kind="cut_off", times=1, path=route, after_effect=True)
    with pytest.raises(OutcomeUnknown):
        await system.run(f"dropbox.{tool}", args)
    change = await system.recover(f"dropbox.{tool}", args)
    assert change is not None
    await system.prove(f"dropbox.{tool}", change)


async def test_the_stream_gives_all_then_only_what_changed(dropbox: Company) -> None:
    system = await dropbox.open("dropbox")
    cursor, names, more = "", set(), True
    while more:
        batch = await system.stream("file", cursor)
        names |= {record.title for record in batch.records}
        cursor, more = batch.cursor, batch.has_more
    assert {"scan-130.pdf", "Press list.csv"} <= names
    assert "Board draft.md" not in names
    await dropbox.run("dropbox.delete_file", path="/Brand/Tone of voice.md")
    await dropbox.run("dropbox.move_file", **{"from": "/Launch/Spring/Press list.csv", "to": "/Launch/Press.csv"})
    batch = await system.stream("file", cursor)
    assert [record.title for record in batch.records] == ["Press.csv"]
    assert [ref.id for ref in batch.gone] == ["/brand/tone of voice.md", "/launch/spring/press list.csv"]
    assert (await system.stream("file", batch.cursor)).records == []


def test_webhooks_are_greeted_verified_and_understood() -> None:
    greeting = Dropbox.greet(Delivery(method="GET", query={"challenge": "abc"}), "")
    assert greeting is not None
    assert (greeting.body, greeting.headers["X-Content-Type-Options"]) == ("abc", "nosniff")
    body = json.dumps({"list_folder": {"accounts": ["dbid:1", "dbid:2"]}, "delta": {"users": [1, 2]}}).encode()
    signed = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    delivery = Delivery.of({"X-Dropbox-Signature": signed}, body)
    assert Dropbox.webhook is not None
    Dropbox.webhook.verify(delivery, "secret")
    assert [event.ref and event.ref.id for event in Dropbox.events(delivery)] == ["dbid:1", "dbid:2"]
    assert Dropbox.greet(delivery, "") is None
    with pytest.raises(BadSignature):
        Dropbox.webhook.verify(Delivery.of({"X-Dropbox-Signature": signed}, body + b" "), "secret")
