"""Google Drive's tools against the sandbox, held against Google's own description."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadSignature, Conflict, Forbidden, NotFound, OutcomeUnknown, RateLimited, Rejected
from core.records import Document
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.google_drive.integration import GoogleDrive
from tools.integrations.google_drive.mapping import linked, quoted
from tools.kit.webhook import Delivery


@pytest.fixture
async def drive(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "google_drive", "jira") as found:
        yield found
        if has_descriptions():
            assert await found.problems("google_drive") == []


async def find(drive: Company, text: str, parameter: str = "file", tool: str = "read_file", **args: Any) -> list[str]:
    system = await drive.open("google_drive")
    return [one.id for one in await system.find(f"google_drive.{tool}", parameter, text, args)]


async def found(drive: Company, tool: str = "search_files", **args: Any) -> list[Document]:
    result = await drive.run(f"google_drive.{tool}", **args)
    assert isinstance(result, list)
    return [one for one in result if isinstance(one, Document)]


def test_links_ids_and_quotes() -> None:
    number = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456"
    for link in (
        f"https://docs.google.com/document/d/{number}/edit?usp=sharing",
        f"https://drive.google.com/drive/u/0/folders/{number}",
        f"https://drive.google.com/open?id={number}",
        number,
    ):
        assert linked(link) == number
    assert linked("https://example.org/d/123") == linked("the onboarding checklist") == ""
    assert quoted("Paul's \\ plan") == "'Paul\\'s \\\\ plan'"


async def test_names_paths_links_and_ids_are_found(drive: Company) -> None:
    [plan] = await find(drive, "Launch plan")
    assert await find(drive, f"https://docs.google.com/document/d/{plan}/edit") == [plan]
    assert await find(drive, plan) == [plan]
    assert await find(drive, "spring launch / launch plan") == [plan]
    assert len(await find(drive, "Launch")) == 4
    assert await find(drive, "Pinecrest call notes") == await find(drive, "Pinecrest call notes.txt")
    assert await find(drive, "Salary bands") == []
    assert len(await find(drive, "My Drive", "folder", "list_folder")) == 1
    assert await find(drive, "Launch plan", "folder", "list_folder") == []
    assert await find(drive, "Nowhere/Launch plan") == []
    assert await find(drive, "priya", "person", "revoke_access", file=(await find(drive, "Draft Tuesday"))[0]) == [
        "priya.raman@fernwick.example"
    ]
    [guide] = await find(drive, "Brand guidelines")
    with pytest.raises(Forbidden):
        await find(drive, "anyone with the link", "person", "revoke_access", file=guide)
    with pytest.raises(NotFound):
        await find(drive, "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456")


async def test_lists_page_on_and_filter(drive: Company) -> None:
    many = await found(drive, query="receipt", limit=125)
    assert len({one.ref.id for one in many}) == 125
    folder = await found(drive, "list_folder", limit=140)
    assert len(folder) > 100
    assert folder[0].mime_type.endswith("folder")
    assert {one.title for one in await found(drive, query="o'clock \\ 'x' and")} == set()
    assert [one.title for one in await found(drive, query="version B easier", kind="document")] == [
        "Tip screen interviews"
    ]
    assert [one.title for one in await found(drive, query="key", kind="image")] == ["Key visual.png"]
    assert await found(drive, query="launch", modified_after="2099-01-01") == []


async def test_refusals_are_told(drive: Company) -> None:
    [plan], [deck], [key] = [await find(drive, name) for name in ("Launch plan", "Launch deck", "Key visual")]
    with pytest.raises(Rejected, match="cannot be read as csv"):
        await drive.run("google_drive.read_file", file=plan, format="csv")
    with pytest.raises(Rejected, match="no text"):
        await drive.run("google_drive.read_file", file=key)
    with pytest.raises(Rejected, match="begins empty"):
        await drive.run("google_drive.create_file", name="x", kind="folder", content="y")
    with pytest.raises(Rejected, match="Say who"):
        await drive.run("google_drive.share_file", file=plan)
    with pytest.raises(Conflict, match="owner cannot"):
        await drive.run("google_drive.revoke_access", file=plan, person="dana.whitlock@fernwick.example")
    with pytest.raises(NotFound, match="was not let into"):
        await drive.run("google_drive.revoke_access", file=plan, person="nobody@example.org")
    with pytest.raises(Forbidden, match="sufficient permissions"):
        await drive.run("google_drive.delete_file", file=deck)
    [folder] = await find(drive, "Spring launch", "folder", "list_folder")
    with pytest.raises(Forbidden, match="cannot be copied"):
        await drive.run("google_drive.copy_file", file=folder)
    await drive.fault("google_drive", kind="rate_limited", times=3)
    with pytest.raises(RateLimited):
        await found(drive, query="x")
    await drive.connect("google_drive", scopes=["https://www.googleapis.com/auth/drive.readonly"])
    with pytest.raises(Forbidden, match=r"scope for this \(drive\)"):
        await drive.run("google_drive.comment_on_file", file=plan, text="x")


async def test_shared_links_are_seen_and_taken_back(drive: Company) -> None:
    [file] = await find(drive, "Copy of old budget")
    change = await drive.prove("google_drive.share_file", file=file, scope="anyone", role="reader")
    [who] = await find(drive, "everyone", "person", "revoke_access", file=file)
    gone = await drive.prove("google_drive.revoke_access", file=file, person=who)
    await drive.undo(gone)
    await drive.undo(change)
    assert await find(drive, "everyone", "person", "revoke_access", file=file) == []


@pytest.mark.parametrize("tool", ["comment_on_file", "create_file", "copy_file", "share_file"])
async def test_a_lost_answer_is_recovered_not_repeated(drive: Company, tool: str) -> None:
    [file] = await find(drive, "Proposal template")
    asked: dict[str, dict[str, Any]] = {
        "comment_on_file": {"file": file, "text": "Only once"},
        "create_file": {"name": "Only once", "content": "Said once."},
        "copy_file": {"file": file},
        "share_file": {"file": file, "with": "uwe.brandt@brightloom.example", "role": "commenter"},
    }
    system, args = await drive.open("google_drive"), asked[tool]
    assert await system.recover(f"google_drive.{tool}", args) is None
    await drive.fault("google_drive", kind="cut_off", times=1, method="POST", after_effect=True)
    with pytest.raises(OutcomeUnknown):
        await system.run(f"google_drive.{tool}", args)
    change = await system.recover(f"google_drive.{tool}", args)
    assert change is not None
    await system.prove(f"google_drive.{tool}", change)
    await drive.undo(change)


async def test_the_stream_gives_all_then_only_what_changed(drive: Company) -> None:
    system = await drive.open("google_drive")
    cursor, names, more = "", set[str](), True
    while more:
        batch = await system.stream("file", cursor)
        names |= {record.title for record in batch.records}
        cursor, more = batch.cursor, batch.has_more
    assert {"Launch plan", "Receipt 130.txt"} <= names
    assert "Salary bands" not in names
    [draft], [old], [csv] = [
        await find(drive, one) for one in ("Draft Tuesday", "Copy of old budget", "Candidates 2023")
    ]
    await drive.run("google_drive.move_file", file=draft, new_name="Agenda")
    await drive.run("google_drive.trash_file", file=old)
    await drive.run("google_drive.delete_file", file=csv)
    batch = await system.stream("file", cursor)
    assert [record.title for record in batch.records] == ["Agenda"]
    assert {ref.id for ref in batch.gone} == {old, csv}
    assert (await system.stream("file", batch.cursor)).records == []


async def test_notifications_are_verified_and_understood(drive: Company) -> None:
    webhook, vendor = GoogleDrive.webhook, drive.sandbox.vendors["google_drive"]
    assert webhook is not None
    sent = vendor.sign("s3cret", b"", {"file": "1abc", "number": 7, "state": "update"})
    webhook.verify(Delivery.of(sent, b""), "s3cret")
    [event] = GoogleDrive.events(Delivery.of(sent, b""))
    assert (event.id, event.kind, event.ref and event.ref.id) == ("channel-1:7", "update", "1abc")
    assert GoogleDrive.events(Delivery.of(vendor.sign("s3cret", b"", {"state": "sync"}), b"")) == []
    for headers, secret in ((sent, "other"), ({}, "s3cret"), (sent, "")):
        with pytest.raises(BadSignature):
            webhook.verify(Delivery.of(headers, b""), secret)
