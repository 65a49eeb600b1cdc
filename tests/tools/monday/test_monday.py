"""monday.com's tools where the walk does not show them, held against monday.com's own description."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import (
    BadSignature,
    Conflict,
    Forbidden,
    InvalidArgument,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TokenExpired,
    VendorError,
    VendorUnavailable,
)
from core.records import Task
from core.tool import Change
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.monday import column
from tools.integrations.monday.integration import Monday
from tools.kit.http import Answer
from tools.kit.webhook import Delivery

COLUMNS = [
    {
        "id": "s",
        "title": "Stage",
        "type": "status",
        "settings_str": '{"labels": [{"label": "To do"}, {"label": "Done"}]}',
    },
    {"id": "n", "title": "Budget", "type": "numbers"},
    {"id": "b", "title": "Budget owner", "type": "text"},
    {"id": "d", "title": "Starts", "type": "date"},
    {"id": "c", "title": "Agreed", "type": "checkbox"},
    {"id": "f", "title": "Sum", "type": "formula"},
]


@pytest.fixture
async def monday(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "monday") as found:
        yield found
        if has_descriptions():
            assert await found.problems("monday") == []


async def find(monday: Company, tool: str, parameter: str, text: str, **args: str) -> list[str]:
    return [one.id for one in await (await monday.open("monday")).find(f"monday.{tool}", parameter, text, args)]


async def only(monday: Company, tool: str, parameter: str, text: str, **args: str) -> str:
    [found] = await find(monday, tool, parameter, text, **args)
    return found


async def items(monday: Company, **args: object) -> list[Task]:
    found = await monday.run("monday.list_items", **args)
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, Task)]


async def test_names_are_found(monday: Company) -> None:
    system = await monday.open("monday")
    board = await only(monday, "list_items", "board", "client onboarding")
    link = f"https://fernwick.monday.com/boards/{board}"
    assert (
        await find(monday, "list_items", "board", link) == [board] == await find(monday, "list_items", "board", board)
    )
    assert await find(monday, "list_items", "board", "Nonesuch") == []
    assert await find(monday, "list_items", "board", "99") == []
    pinecrest = await only(monday, "get_item", "item", "pinecrest")
    for text in (pinecrest, f"{link}/pulses/{pinecrest}", f"{link}/views/12/pulses/{pinecrest}"):
        assert await find(monday, "get_item", "item", text) == [pinecrest]
    assert await find(monday, "get_item", "item", "12345") == []
    assert await find(monday, "update_item", "item", "repaint", board=board) == []
    checks = await system.find("monday.get_item", "item", "fire door check 12")
    assert checks[0].detail == "Facilities, Archive"
    assert await find(monday, "move_item", "group", "live", item=pinecrest) == ["live"]
    assert await find(monday, "create_item", "group", "Elsewhere", board=board) == []
    with pytest.raises(InvalidArgument, match="say which one"):
        await find(monday, "create_item", "group", "New")
    alex = await system.find("monday.create_item", "person", "alex")
    assert {one.detail for one in alex} == {"alex.novak@fernwick.example", "alex.okonkwo@fernwick.example"}
    assert await find(monday, "create_item", "person", alex[0].detail) == [alex[0].id]
    assert await find(monday, "create_item", "person", alex[0].id) == [alex[0].id]
    assert await find(monday, "list_boards", "workspace", "people") == ["712"]
    names = await system.list_names()
    assert "Events 2027" in names["board"]
    assert len(names["person"]) == len(monday.sandbox.world.company.people)


async def test_lists_come_in_pages(monday: Company) -> None:
    board = await only(monday, "list_items", "board", "Facilities")
    assert len({one.ref.id for one in await items(monday, board=board, limit=125)}) == 125
    sanne = await only(monday, "list_items", "person", "Sanne")
    checks = await items(monday, board=board, group="archive", person=sanne, status="done", limit=128)
    assert len({one.ref.id for one in checks}) == 128
    assert {(one.section, one.status, str(one.assignees[0])) for one in checks} == {("Archive", "Done", "Sanne Visser")}
    assert len(await items(monday, board=board, group="archive", limit=110)) == 110
    with pytest.raises(Rejected, match="no “lost”; it has Working on it, Done"):
        await items(monday, board=board, status="lost")


async def test_an_item_is_shown_whole(monday: Company) -> None:
    found = await monday.run("monday.get_item", item=await only(monday, "get_item", "item", "pinecrest"))
    assert isinstance(found, Task)
    assert (found.status, found.section, found.fields) == (
        "Working on it",
        "In progress",
        {"Seats": "210", "Region": "Americas"},
    )
    assert [one.author for one in found.comments] == ["Kyle Bennett", "Dana Whitlock"]
    assert found.comments[0].text == "Doug asks for a second training date."


def test_columns_are_said_in_words() -> None:
    told = column.pairs("Budget: 1,200; Stage = done\nStarts: 2027-03-01, Agreed: yes", COLUMNS)
    assert [(one["id"], column.written(one, said)) for one, said in told] == [
        ("n", "1200"),
        ("s", {"label": "Done"}),
        ("d", {"date": "2027-03-01"}),
        ("c", {"checked": "true"}),
    ]
    assert [(one["id"], said) for one, said in column.pairs("budget owner Ada", COLUMNS)] == [("b", "Ada")]
    for text, said in (
        ("Colour: red", "the board has Stage, Budget"),
        ("Budget: much", "takes a number"),
        ("Starts: soon", "takes a day"),
        ("Sum: 4", "formula column"),
        ("Stage: lost", "it has To do, Done"),
    ):
        with pytest.raises(Rejected, match=said):
            _ = [column.written(one, value) for one, value in column.pairs(text, COLUMNS)]
    assert column.former("status", '{"index": 1, "post_id": null, "changed_at": "x"}') == {"index": 1}
    assert (column.former("text", '"a"'), column.former("numbers", None), column.former("people", None)) == (
        "a",
        "",
        {},
    )


async def test_what_cannot_be_done_says_why(monday: Company) -> None:
    board = await only(monday, "list_items", "board", "Facilities")
    plants = await only(monday, "get_item", "item", "office plants")
    with pytest.raises(Rejected, match="nothing to change"):
        await monday.run("monday.update_item", board=board, item=plants)
    hiring = await only(monday, "list_items", "board", "Hiring")
    with pytest.raises(Rejected, match="on the board Facilities"):
        await monday.run("monday.update_item", board=hiring, item=plants, status="Done")
    with pytest.raises(Conflict, match="already"):
        await monday.run("monday.move_item", item=plants, group="requests")
    with pytest.raises(Rejected, match="no such group"):
        await monday.run("monday.move_item", item=plants, group="nowhere")
    await monday.prove("monday.archive_item", item=plants)
    with pytest.raises(Conflict, match="archived already"):
        await monday.run("monday.archive_item", item=plants)
    await monday.prove("monday.delete_item", item=plants)
    with pytest.raises(NotFound):
        await monday.run("monday.get_item", item=plants)
    await monday.connect("monday", scopes=["me:read", "boards:read"])
    with pytest.raises(Forbidden, match="boards:write"):
        await monday.run("monday.create_item", board=board, name="x")


async def test_lost_answers_are_looked_for_and_not_repeated(monday: Company) -> None:
    board = await only(monday, "list_items", "board", "Facilities")
    plants = await only(monday, "get_item", "item", "office plants")
    person = await only(monday, "update_item", "person", "Priya")
    for tool, args, is_lost in (
        ("create_item", {"board": board, "name": "Only once"}, True),
        (
            "update_item",
            {"board": board, "item": plants, "status": "done", "person": person, "columns": "Room: 3"},
            False,
        ),
        ("move_item", {"item": plants, "group": "this_week"}, False),
        ("post_update", {"item": plants, "body": "only once"}, True),
        ("archive_item", {"item": plants}, False),
        ("delete_item", {"item": plants}, False),
    ):
        system = await monday.open("monday")
        assert await system.recover(f"monday.{tool}", args) is None
        if is_lost:  # of the others, a read is the first request, which may be asked again
            await monday.fault("monday", kind="cut_off", times=1, after_effect=True)
            with pytest.raises(OutcomeUnknown):
                await system.run(f"monday.{tool}", args)
        else:
            await system.run(f"monday.{tool}", args)
        change = await system.recover(f"monday.{tool}", args)
        assert isinstance(change, Change), tool
        assert (await system.prove(f"monday.{tool}", change) is None) is change.is_gone
    assert len(await find(monday, "get_item", "item", "Only once")) == 1


async def test_the_stream_gives_all_and_then_only_the_change(monday: Company) -> None:
    system = await monday.open("monday")
    first = await system.stream("item")
    assert {one.ref.id for one in first.records} == set((await monday.state("monday"))["items"])
    plants = await only(monday, "get_item", "item", "office plants")
    lobby = await only(monday, "get_item", "item", "repaint the lobby")
    lift = await only(monday, "get_item", "item", "old lift contract")
    vendor = monday.sandbox.vendors["monday"]
    vendor.state["items"][lift]["updated_at"] = vendor.world.time().isoformat()
    began = await system.stream("item", first.cursor)  # the cursor is weeks old, so all is read once more
    await monday.prove("monday.move_item", item=plants, group="this_week")
    await monday.prove("monday.archive_item", item=lobby)
    await monday.prove("monday.delete_item", item=lift)
    second = await system.stream("item", began.cursor)
    assert {(one.ref.id, getattr(one, "section", "")) for one in second.records} == {
        (plants, "This week"),
        (lobby, "Requests"),
    }
    assert [one.id for one in second.gone] == [lift]
    assert list((await system.stream("item", second.cursor)).records) == []


async def test_webhooks_are_greeted_verified_and_understood(monday: Company) -> None:
    vendor = monday.sandbox.vendors["monday"]
    hello = Monday.greet(Delivery.of({}, b'{"challenge": "abc"}'), "s3cret")
    assert hello is not None
    assert json.loads(hello.body) == {"challenge": "abc"}
    target = {"url": "http://127.0.0.1:9/hook", "secret": "s3cret"}
    (await monday.client.post(f"{monday.sandbox.url}/_sandbox/monday/webhooks", json=target)).raise_for_status()
    plants = await only(monday, "get_item", "item", "office plants")
    await monday.prove("monday.move_item", item=plants, group="this_week")
    said = await monday.prove("monday.post_update", item=plants, body="hello")
    found = []
    assert Monday.webhook is not None
    for row in (await monday.client.get(f"{monday.sandbox.url}/_sandbox/monday/deliveries")).json():
        body = row["body"].encode()
        delivery = Delivery.of(vendor.sign("s3cret", body, row["about"]), body)
        assert Monday.greet(delivery, "s3cret") is None
        Monday.webhook.verify(delivery, "s3cret")
        found += Monday.events(delivery)
        with pytest.raises(BadSignature):
            Monday.webhook.verify(delivery, "other")
    assert [(one.kind, one.ref and one.ref.id) for one in found] == [
        ("move_pulse_into_group", plants),
        ("create_update", said.record.ref.id),
    ]
    for head, claims, why in (
        ({"alg": "none"}, {}, "algorithm"),
        ({"alg": "HS256"}, {"exp": time.time() - 60}, "run out"),
    ):
        parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in (head, claims, {})]
        with pytest.raises(BadSignature, match=why):
            Monday.webhook.verify(Delivery.of({"Authorization": ".".join(parts)}, b"{}"), "s3cret")
    with pytest.raises(BadSignature, match="no token"):
        Monday.webhook.verify(Delivery.of({}, b"{}"), "s3cret")


def test_errors_in_every_shape() -> None:
    def error(status: int, message: str, **more: object) -> VendorError | None:
        return Monday.error(Answer(status, {}, {"errors": [{"message": message, "extensions": more}], "data": None}))

    for status, code, kind in (
        (200, "ResourceNotFoundException", NotFound),
        (200, "UserUnauthorizedException", Forbidden),
        (200, "ColumnValueException", Rejected),
        (200, "INTERNAL_SERVER_ERROR", VendorUnavailable),
        (401, "", TokenExpired),
    ):
        assert type(error(status, "so it is", code=code)) is kind, code
    busy = error(200, "Complexity budget exhausted", code="COMPLEXITY_BUDGET_EXHAUSTED", retry_in_seconds=15)
    assert isinstance(busy, RateLimited)
    assert busy.retry_after_s == 15
    old = Monday.error(
        Answer(200, {}, {"error_code": "InvalidBoardIdException", "error_message": "no", "status_code": 200})
    )
    assert isinstance(old, NotFound)
    half = {"errors": [{"message": "x"}], "data": {"create_item": {"id": "1"}}}
    assert Monday.error(Answer(200, {}, half)) is None
    assert Monday.error(Answer(200, {}, {"data": {}})) is None
