"""OneDrive's tools against the sandbox, held against Microsoft's own description."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadSignature, Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected
from core.records import Document, Person
from core.tool import Change
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.onedrive.integration import OneDrive
from tools.integrations.onedrive.mapping import share_of, to_access
from tools.kit.webhook import Delivery

TILLS = "data:text/csv;name=tills.csv;base64,c2hvcCx0aWxscwo="


@pytest.fixture
async def onedrive(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "onedrive") as found:
        yield found
        if has_descriptions():
            assert await found.problems("onedrive") == []


async def find(onedrive: Company, parameter: str, text: str, tool: str = "", **args: Any) -> list[str]:
    told = tool or {"file": "read_file", "folder": "list_folder", "item": "move_file"}[parameter]
    return [one.id for one in await (await onedrive.open("onedrive")).find(f"onedrive.{told}", parameter, text, args)]


async def found(onedrive: Company, tool: str, **args: Any) -> list[Document]:
    result = await onedrive.run(f"onedrive.{tool}", **args)
    assert isinstance(result, list)
    return [one for one in result if isinstance(one, Document)]


async def test_files_are_found_by_name_path_link_and_id(onedrive: Company) -> None:
    [plan] = await find(onedrive, "file", "Launch plan")
    assert await find(onedrive, "file", "Documents > Launch > Launch plan.docx") == [plan]
    assert await find(onedrive, "file", "launch / launch plan") == [plan]
    assert await find(onedrive, "file", plan) == await find(onedrive, "file", plan.rpartition("/")[2]) == [plan]
    document = await onedrive.run("onedrive.read_file", file=plan)
    assert isinstance(document, Document)
    assert "load test" in document.text
    assert await find(onedrive, "file", document.ref.url) == [plan]
    assert len(await find(onedrive, "file", "Launch")) > 1
    assert await find(onedrive, "folder", "Launch") == [document.folder and document.folder.id]
    assert await find(onedrive, "file", "zeppelin") == []
    assert await find(onedrive, "file", "https://fernwick-my.sharepoint.com/:x:/g/unknown") == []
    with pytest.raises(NotFound):
        await find(onedrive, "file", "01ABCDEFGHIJKLMNOPQRSTUVWXYZ")


async def test_what_others_share_is_found_and_what_they_do_not_is_not(onedrive: Company) -> None:
    [report] = await find(onedrive, "file", "Load test report")
    with pytest.raises(Forbidden):
        await onedrive.run("onedrive.move_file", item=report, new_name="Mine.md")
    assert await find(onedrive, "file", "Private thoughts") == []
    assert await find(onedrive, "file", "Board minutes") == []


async def test_lists_and_searches_page_on(onedrive: Company) -> None:
    [scans] = await find(onedrive, "folder", "Scans")
    assert len({one.ref.id for one in await found(onedrive, "list_folder", folder=scans, limit=57)}) == 57
    assert len({one.ref.id for one in await found(onedrive, "search_files", query="scan", limit=60)}) == 60
    pdfs = await found(onedrive, "search_files", query="scan", file_type=".pdf", limit=58)
    assert len({one.ref.id for one in pdfs}) == 58
    mine = await found(onedrive, "search_files", query="refund", owner="dana.whitlock@fernwick.example")
    assert {one.owner.name for one in mine if one.owner} == {"Dana Whitlock"}


async def test_refusals_are_told(onedrive: Company) -> None:
    [launch] = await find(onedrive, "folder", "Documents/Launch")
    [documents] = await find(onedrive, "folder", "Documents")
    with pytest.raises(Conflict, match="already exists"):
        await onedrive.run("onedrive.create_folder", name="Launch", parent=documents)
    with pytest.raises(Rejected, match="cannot contain"):
        await onedrive.run("onedrive.create_folder", name="What?")
    with pytest.raises(Rejected, match="into itself"):
        await onedrive.run("onedrive.move_file", item=launch, folder=launch)
    [picture] = await find(onedrive, "file", "Key visual")
    [slides] = await find(onedrive, "file", "Scans/scan-001.pdf")
    assert isinstance(await onedrive.run("onedrive.read_file", file=slides), Document)
    with pytest.raises(Rejected, match="not supported in OneDrive for work"):
        await onedrive.run("onedrive.create_link", item=picture, kind="embed")
    [spec] = await find(onedrive, "file", "Refunds spec")
    with pytest.raises(Conflict, match="through the folder “Refunds”"):
        await onedrive.run("onedrive.revoke_access", item=spec, person="priya.raman@fernwick.example")
    with pytest.raises(NotFound, match="was not let into it"):
        await onedrive.run("onedrive.revoke_access", item=picture, person="priya.raman@fernwick.example")
    await onedrive.connect("onedrive", scopes=["User.Read", "Files.Read.All"])
    with pytest.raises(Forbidden, match=r"Files\.ReadWrite"):
        await onedrive.run("onedrive.delete_file", item=picture)


async def test_a_replaced_file_gets_its_former_text_back(onedrive: Company) -> None:
    [notes] = await find(onedrive, "file", "Meeting notes.md")
    change = await onedrive.prove(
        "onedrive.upload_file", file="Nothing was decided this time.", name="Meeting notes.md"
    )
    assert change.record.ref.id == notes
    now = await onedrive.run("onedrive.read_file", file=notes)
    await onedrive.undo(change)
    after = await onedrive.run("onedrive.read_file", file=notes)
    assert isinstance(now, Document)
    assert isinstance(after, Document)
    assert (now.text, "Offline mode" in after.text) == ("Nothing was decided this time.", True)


async def test_a_link_is_there_once(onedrive: Company) -> None:
    [plan] = await find(onedrive, "file", "Launch plan")
    first = await onedrive.prove("onedrive.create_link", item=plan)
    again = await onedrive.prove("onedrive.create_link", item=plan)
    assert first.record.ref.id == again.record.ref.id
    assert again.undo is None
    people = await onedrive.run("onedrive.list_access", item=plan)
    assert isinstance(people, list)
    shown = {one.title: one.role for one in people if isinstance(one, Person)}
    assert shown["Everybody in the organization with the link"] == "read"
    assert shown["edith.marlowe@harbourlight.example"] == "read"


@pytest.mark.parametrize("tool", ["create_folder", "upload_file", "share_file", "create_link", "delete_file"])
async def test_a_lost_answer_is_recovered_not_repeated(onedrive: Company, tool: str) -> None:
    [plan] = await find(onedrive, "item", "Launch plan")
    every: dict[str, dict[str, Any]] = {
        "create_folder": {"name": "Once"},
        "upload_file": {"file": TILLS},
        "share_file": {"item": plan, "people": ["sam@harbourlight.example"], "role": "write"},
        "create_link": {"item": plan},
        "delete_file": {"item": plan},
    }
    system = await onedrive.open("onedrive")
    if tool != "create_link":
        assert await system.recover(f"onedrive.{tool}", every[tool]) is None
    if tool in ("create_link", "delete_file"):
        await system.run(f"onedrive.{tool}", every[tool])
    else:
        method = "PUT" if tool == "upload_file" else "POST"
        await onedrive.fault("onedrive", kind="cut_off", times=1, method=method, after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"onedrive.{tool}", every[tool])
    change = await system.recover(f"onedrive.{tool}", every[tool])
    assert isinstance(change, Change)
    assert (await system.prove(f"onedrive.{tool}", change) is None) is change.is_gone


async def test_the_stream_gives_all_then_only_what_changed(onedrive: Company) -> None:
    system = await onedrive.open("onedrive")
    cursor, names, more = "", set[str](), True
    while more:
        batch = await system.stream("file", cursor)
        names |= {one.title for one in batch.records}
        cursor, more = batch.cursor, batch.has_more
    assert {"scan-060.pdf", "Launch plan.docx"} <= names
    assert "Load test report.md" not in names
    [old] = await find(onedrive, "item", "Documents/Old/Book1.csv")
    [notes] = await find(onedrive, "item", "Meeting notes.md")
    await onedrive.run("onedrive.delete_file", item=old)
    await onedrive.run("onedrive.move_file", item=notes, new_name="Notes.md")
    batch = await system.stream("file", cursor)
    assert ([one.title for one in batch.records], [one.id for one in batch.gone]) == (["Notes.md"], [old])
    assert (await system.stream("file", batch.cursor)).records == []


def test_permissions_are_read_in_all_their_forms() -> None:
    ana_there = {"siteUser": {"displayName": "Ana", "loginName": "i:0#.f|membership|ana@x.example"}}
    link = {"type": "view", "scope": "users", "webUrl": "https://x.example/1"}
    guests = {"id": "1", "roles": ["read"], "link": link, "grantedToIdentitiesV2": [ana_there]}
    [ana] = to_access(guests, "drives/d/items/i")
    assert (ana.title, ana.email, ana.role) == ("Ana", "ana@x.example", "read")
    anyone = {"id": "2", "roles": ["write"], "link": {"type": "edit", "scope": "anonymous"}}
    assert [one.title for one in to_access(anyone, "drives/d/items/i")] == ["Anyone with the link"]
    assert share_of("https://x.example/a b") == "/shares/u!aHR0cHM6Ly94LmV4YW1wbGUvYSBi/driveItem"


def test_webhooks_are_greeted_verified_and_understood() -> None:
    row = {"subscriptionId": "s1", "clientState": "kept", "changeType": "updated", "resource": "me/drive/root"}
    delivery = Delivery.of({"client-request-id": "r1"}, json.dumps({"value": [row]}).encode())
    assert OneDrive.webhook is not None
    OneDrive.webhook.verify(delivery, "kept")
    [event] = OneDrive.events(delivery)
    assert (event.id, event.kind, event.ref and event.ref.id) == ("s1:r1", "drive.updated", "me/drive/root")
    with pytest.raises(BadSignature):
        OneDrive.webhook.verify(Delivery.of({}, b'{"value": []}'), "kept")
    assert OneDrive.greet(Delivery.of({}, b"", query={"validationToken": "abc"}), "kept") is not None
