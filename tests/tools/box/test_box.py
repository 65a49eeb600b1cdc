"""Box's tools against the sandbox, held against Box's own description."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import BadSignature, Conflict, Forbidden, InvalidArgument, NotFound, OutcomeUnknown, Rejected
from core.records import Document
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.box.integration import Box
from tools.kit.attachment import attachment
from tools.kit.webhook import Delivery

TILLS = "data:text/csv;name=tills.csv;base64,c2hvcCx0aWxscwo="


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "box") as found:
        yield found
        if has_descriptions():
            assert await found.problems("box") == []


async def found(box: Company, **args: object) -> list[Document]:
    result = await box.run("box.search_files", **args)
    assert isinstance(result, list)
    return [one for one in result if isinstance(one, Document)]


async def find(box: Company, tool: str, parameter: str, text: str, **args: object) -> list[str]:
    return [one.id for one in await (await box.open("box")).find(tool, parameter, text, args)]


async def test_names_links_ids_and_paths_are_found(box: Company) -> None:
    [msa] = await find(box, "box.read_file", "file", "Harbourlight MSA")
    assert await find(box, "box.read_file", "file", f"https://app.box.com/file/{msa}") == [msa]
    assert await find(box, "box.read_file", "file", msa) == [msa]
    assert await find(box, "box.read_file", "file", "deal rooms / harbourlight books / harbourlight msa.pdf") == [msa]
    assert await find(box, "box.move_file", "item", f"files/{msa}") == [f"files/{msa}"]
    assert len(await find(box, "box.read_file", "file", "policy")) == 4
    assert await find(box, "box.list_folder", "folder", "top") == ["0"]
    assert await find(box, "box.list_folder", "folder", "Nowhere") == []
    assert await find(box, "box.read_file", "file", "Board minutes") == []
    with pytest.raises(NotFound):
        await find(box, "box.read_file", "file", "99999999")


async def test_an_administrator_finds_colleagues_others_their_address(
    tmp_path_factory: pytest.TempPathFactory, box: Company
) -> None:
    assert await find(box, "box.assign_task", "assignee", "Edith@harbourlight.example") == [
        "edith@harbourlight.example"
    ]
    assert len(await find(box, "box.assign_task", "assignee", "Alex")) == 2
    async with company(tmp_path_factory.mktemp("other"), "box", email="priya.raman@fernwick.example") as other:
        assert await find(other, "box.assign_task", "assignee", "Alex") == []


async def test_lists_page_on(box: Company) -> None:
    [scans] = await find(box, "box.list_folder", "folder", "Scans")
    many = await box.run("box.list_folder", folder=scans, limit=60)
    assert isinstance(many, list)
    assert len({one.ref.id for one in many}) == 60
    assert len(await found(box, query="scan", limit=125)) == 125
    assert {
        one.owner.id for one in await found(box, query="policy", owner="ella.murphy@fernwick.example") if one.owner
    } == {"ella.murphy@fernwick.example"}


async def test_documents_are_read_as_text(box: Company) -> None:
    for name, words in (("Security questionnaire", "Frankfurt"), ("Parental leave policy", "Sixteen weeks")):
        [file] = await find(box, "box.read_file", "file", name)
        document = await box.run("box.read_file", file=file)
        assert isinstance(document, Document)
        assert words in document.text


async def test_refusals_are_told(box: Company) -> None:
    [folder] = await find(box, "box.list_folder", "folder", "Policies")
    with pytest.raises(Conflict, match=r"Expense policy\.md” is already there"):
        await box.run("box.upload_file", file=TILLS, folder=folder, name="Expense policy.md")
    with pytest.raises(InvalidArgument, match="No file came"):
        await box.run("box.upload_file", file="this scan", folder=folder)
    with pytest.raises(Rejected, match="Say where"):
        await box.run("box.move_file", item=f"folders/{folder}")
    with pytest.raises(NotFound, match="was not let into"):
        await box.run("box.revoke_access", item=f"folders/{folder}", person="nobody@example.org")
    [file] = await find(box, "box.read_file", "file", "Old travel policy")
    with pytest.raises(Rejected) as refused:
        await box.run("box.share_link", file=file, password="secret")
    assert "password" in refused.value.fields
    await box.connect("box", scopes=["root_readonly"])
    with pytest.raises(Forbidden, match="root_readwrite"):
        await found(box, query="MSA")


async def test_a_task_for_somebody_who_may_not_see_it_leaves_nothing(box: Company) -> None:
    [file] = await find(box, "box.read_file", "file", "Pinecrest MSA draft")
    before = await box.state("box")
    with pytest.raises(Forbidden):
        await box.run("box.assign_task", file=file, assignee="zanele.dube@fernwick.example")
    assert (await box.state("box"))["tasks"] == before["tasks"] == {}


@pytest.mark.parametrize("tool", ["comment_on_file", "upload_file", "create_folder", "invite_collaborator"])
async def test_a_lost_answer_is_recovered_not_repeated(box: Company, tool: str) -> None:
    [file] = await find(box, "box.read_file", "file", "NDA template")
    [folder] = await find(box, "box.list_folder", "folder", "Contracts")
    args: dict[str, str] = {
        "comment_on_file": {"file": file, "text": "Only once"},
        "upload_file": {"file": TILLS, "folder": folder},
        "create_folder": {"name": "Once", "parent": folder},
        "invite_collaborator": {"item": f"files/{file}", "person": "sam@harbourlight.example", "role": "editor"},
    }[tool]
    system = await box.open("box")
    assert await system.recover(f"box.{tool}", args) is None
    await box.fault("box", kind="cut_off", times=1, method="POST", after_effect=True)
    with pytest.raises(OutcomeUnknown):
        await system.run(f"box.{tool}", args)
    change = await system.recover(f"box.{tool}", args)
    assert change is not None
    await system.prove(f"box.{tool}", change)
    await box.undo(change)


async def test_the_stream_gives_all_then_only_what_changed(box: Company) -> None:
    system = await box.open("box")
    cursor, names, more = "", set(), True
    while more:
        batch = await system.stream("file", cursor)
        names |= {record.title for record in batch.records}
        cursor, more = batch.cursor, batch.has_more
    assert {"Scan 130.pdf", "Call notes.md"} <= names
    assert "Board minutes Q3.md" not in names
    [old] = await find(box, "box.read_file", "file", "Old travel policy")
    [notes] = await find(box, "box.read_file", "file", "Call notes")
    await box.run("box.delete_file", file=old)
    await box.run("box.move_file", item=f"files/{notes}", new_name="Notes.md")
    batch = await system.stream("file", cursor)
    assert [record.title for record in batch.records] == ["Notes.md"]
    assert [ref.id for ref in batch.gone] == [old]
    assert (await system.stream("file", batch.cursor)).records == []


async def test_webhooks_are_verified_and_understood() -> None:
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    told = {"id": "e1", "trigger": "FILE.TRASHED", "created_at": stamp, "source": {"id": "77", "type": "file"}}
    body = json.dumps(told).encode()
    made = base64.b64encode(hmac.new(b"key", body + stamp.encode(), hashlib.sha256).digest()).decode()
    for header in ("BOX-SIGNATURE-PRIMARY", "BOX-SIGNATURE-SECONDARY"):
        assert Box.webhook is not None
        delivery = Delivery.of({header: made, "BOX-DELIVERY-TIMESTAMP": stamp}, body)
        type(Box.webhook)(Box.webhook.parts).verify(delivery, "key")
        [event] = Box.events(delivery)
        assert (event.id, event.kind, event.ref and event.ref.id) == ("e1", "FILE.TRASHED", "77")
    forged = Delivery.of({"BOX-SIGNATURE-PRIMARY": made, "BOX-DELIVERY-TIMESTAMP": stamp}, body + b" ")
    with pytest.raises(BadSignature):
        Box.webhook.verify(forged, "key")


def test_attachments_are_told_from_words() -> None:
    assert attachment(TILLS).content == b"shop,tills\n"
    assert attachment("Gate four stays locked.", "note.txt").mime_type == "text/plain"
    for words, name in (
        ("the attached minutes of monday", "a.txt"),
        ("this scan", "a.txt"),
        ("one two three four", "a"),
    ):
        with pytest.raises(InvalidArgument):
            attachment(words, name)
