"""Outlook's tools against the sandbox, held against Microsoft's own description."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadSignature, Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected
from core.records import Message
from core.tool import Change
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.outlook.integration import Outlook
from tools.integrations.outlook.recurrence import first_start, spoken, to_recurrence
from tools.integrations.outlook.search import kql, sought, to_occasion
from tools.kit.webhook import Delivery

PRIYA = "priya.raman@fernwick.example"
TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
async def outlook(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "outlook") as found:
        yield found
        if has_descriptions():
            assert await found.problems("outlook") == []


async def find(outlook: Company, tool: str, parameter: str, text: str) -> list[str]:
    return [one.label for one in await (await outlook.open("outlook")).find(f"outlook.{tool}", parameter, text)]


async def number(outlook: Company, text: str, tool: str = "read_message", parameter: str = "message") -> str:
    return (await (await outlook.open("outlook")).find(f"outlook.{tool}", parameter, text))[0].id


async def search(outlook: Company, **args: Any) -> list[Message]:
    result = await outlook.run("outlook.search_messages", **args)
    assert isinstance(result, list)
    return [one for one in result if isinstance(one, Message)]


async def test_mails_are_found_by_words_senders_links_and_ids(outlook: Company) -> None:
    assert await find(outlook, "read_message", "message", "Edith's last mail") == ["Renewal terms for next year"]
    assert len(await find(outlook, "read_message", "message", "load test")) == 2
    assert len(await find(outlook, "read_message", "message", "Harbourlight")) > 1
    assert await find(outlook, "read_message", "message", "zeppelin") == []
    own = await number(outlook, "Slides for the board")
    link = f"https://outlook.office365.com/owa/?ItemID={own}&viewmodel=ReadMessageItem"
    assert await number(outlook, own) == await number(outlook, link) == own
    with pytest.raises(NotFound):
        await number(outlook, "AA" + "x" * 60)


async def test_folders_people_and_meetings_are_found(outlook: Company) -> None:
    assert await find(outlook, "move_message", "folder", "the bin") == ["Deleted Items"]
    assert await find(outlook, "move_message", "folder", "Customers / Harbourlight") == ["Harbourlight"]
    assert await find(outlook, "move_message", "folder", "Nowhere") == []
    assert len(await find(outlook, "send_message", "to", "Alex")) == 2
    assert await find(outlook, "send_message", "to", "Casey Drummond") == ["Casey Drummond"]
    assert await find(outlook, "cancel_event", "event", "friday's sync with Priya at 10:30am") == ["Dana / Priya sync"]
    assert await find(outlook, "cancel_event", "event", "the moon landing") == []
    own = await number(outlook, "Dentist", "cancel_event", "event")
    assert await number(outlook, own, "cancel_event", "event") == own


async def test_lists_page_on_and_rules_hold(outlook: Company) -> None:
    folder = await number(outlook, "Build reports", "move_message", "folder")
    assert len({one.ref.id for one in await search(outlook, folder=folder, limit=58)}) == 58
    week = date.today() - timedelta(days=2)
    assert all(one.sent_at and one.sent_at.date() >= week for one in await search(outlook, after=week.isoformat()))
    [file] = await search(outlook, query="refunds", has_attachments=True)
    mail = await outlook.run("outlook.read_message", message=file.ref.id)
    assert isinstance(mail, Message)
    assert mail.files == ("refunds-draft.md",)
    assert {one.labels for one in await search(outlook, query="till", unread=True)} == {("Unread",)}


async def test_refusals_are_told(outlook: Company) -> None:
    with pytest.raises(Rejected, match="isn't valid"):
        await outlook.run("outlook.send_message", to=["not an address"], body="x")
    with pytest.raises(Rejected, match="needs a text"):
        await outlook.run("outlook.set_auto_reply")
    with pytest.raises(Rejected, match="until when"):
        await outlook.run("outlook.set_auto_reply", text="x", start="2027-01-01T00:00:00Z")
    theirs = await number(outlook, "incident 4471", "respond", "event")
    with pytest.raises(Conflict, match="Only its organizer"):
        await outlook.run("outlook.cancel_event", event=theirs)
    mine = await number(outlook, "Dentist", "respond", "event")
    with pytest.raises(Conflict, match="organize"):
        await outlook.run("outlook.respond", event=mine, answer="accepted")
    with pytest.raises(Rejected, match="how “now and then” repeats"):
        await outlook.run("outlook.create_event", title="x", start="2027-01-01T10:00:00Z", recurrence="now and then")
    await outlook.connect("outlook", scopes=["User.Read", "Mail.ReadWrite"])
    with pytest.raises(Forbidden, match="consent"):
        await outlook.run("outlook.list_events")
    before = (await outlook.state("outlook"))["messages"]
    with pytest.raises(Forbidden):
        await outlook.run("outlook.send_message", to=[PRIYA], body="Never sent")
    after = (await outlook.state("outlook"))["messages"]
    [left] = [row for one, row in after.items() if one not in before]
    bin_ = {row["folder"] for row in after.values() if row["subject"] == "Laptop swap"}
    assert {left["folder"]} == bin_


async def test_a_declined_meeting_leaves_the_calendar_and_a_series_goes_whole(outlook: Company) -> None:
    theirs = await number(outlook, "incident 4471", "respond", "event")
    change = await outlook.prove("outlook.respond", event=theirs, answer="declined")
    assert change.is_gone
    assert change.undo is None
    start = (datetime.now(UTC) + timedelta(days=1)).replace(hour=9, minute=0).isoformat()
    made = await outlook.prove("outlook.create_event", title="Stretching", start=start, recurrence="daily, 5 times")
    shown = await outlook.run("outlook.list_events", query="stretching")
    assert isinstance(shown, list)
    assert len(shown) == 5
    await outlook.prove("outlook.cancel_event", event=shown[2].ref.id)
    assert len(await outlook.run("outlook.list_events", query="stretching")) == 4  # type: ignore[arg-type]
    await outlook.undo(made)
    assert await outlook.run("outlook.list_events", query="stretching") == []


@pytest.mark.parametrize("tool", ["send_message", "reply", "forward", "create_draft", "create_event", "cancel_event"])
async def test_a_lost_answer_is_recovered_not_repeated(outlook: Company, tool: str) -> None:
    message = await number(outlook, "Slides for the board")
    event = await number(outlook, "Dentist", "cancel_event", "event")
    every: dict[str, dict[str, Any]] = {
        "send_message": {"to": [PRIYA], "body": "Only once. Really."},
        "reply": {"message": message, "body": "Only once"},
        "forward": {"message": message, "to": [PRIYA], "body": "Only once"},
        "create_draft": {"to": [PRIYA], "body": "Only once"},
        "create_event": {"title": "Once", "start": (datetime.now(UTC) + timedelta(days=2)).isoformat()},
        "cancel_event": {"event": event},
    }
    args = every[tool]
    system = await outlook.open("outlook", "call-1")
    assert await system.recover(f"outlook.{tool}", args) is None
    last = {"send_message": "/send$", "reply": "/send$", "forward": "/send$"}.get(tool, "")
    for kind in ("malformed", "cut_off"):
        if tool == "cancel_event" or (last and kind == "malformed"):
            continue
        await outlook.fault("outlook", kind=kind, times=1, method="POST", path=last, after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"outlook.{tool}", args)
        break
    if tool == "cancel_event":
        await system.run(f"outlook.{tool}", args)
    change = await system.recover(f"outlook.{tool}", args)
    assert isinstance(change, Change)
    record = await system.prove(f"outlook.{tool}", change)
    assert (record is None) is change.is_gone


async def test_streams_give_all_then_only_what_changed(outlook: Company) -> None:
    system = await outlook.open("outlook")
    cursor, titles, more = "", list[str](), True
    while more:
        batch = await system.stream("message", cursor)
        titles += [one.title for one in batch.records]
        cursor, more = batch.cursor, batch.has_more
    assert "Roadmap for 2027" in titles
    assert not {"Adapter for Heron", "Half price in Lisbon", "Laptop swap"} & {*titles}
    moved, binned = await number(outlook, "Signed renewal"), await number(outlook, "Lunch on Thursday")
    folder = await number(outlook, "Archive", "move_message", "folder")
    await outlook.run("outlook.move_message", message=moved, folder=folder)
    await outlook.run("outlook.delete_message", message=binned)
    told, gone, more = list[str](), list[str](), True
    while more:
        batch = await system.stream("message", cursor)
        told += [one.ref.id for one in batch.records]
        gone += [one.id for one in batch.gone]
        cursor, more = batch.cursor, batch.has_more
    assert (told, gone) == ([moved], [binned])


def test_webhooks_are_greeted_verified_and_understood() -> None:
    row = {"subscriptionId": "s1", "clientState": "kept", "changeType": "updated", "resource": "Users/u/Messages/AA1",
           "resourceData": {"@odata.type": "#Microsoft.Graph.Message", "@odata.etag": "W/1", "id": "AA1"}}  # fmt: skip
    delivery = Delivery.of({}, json.dumps({"value": [row, row]}).encode())
    assert Outlook.webhook is not None
    Outlook.webhook.verify(delivery, "kept")
    first, second = Outlook.events(delivery)
    assert (first.id, first.kind, first.ref and first.ref.id) == (second.id, "message.updated", "AA1")
    forged = Delivery.of({}, json.dumps({"value": [row, {**row, "clientState": "guess"}]}).encode())
    with pytest.raises(BadSignature):
        Outlook.webhook.verify(forged, "kept")
    greeting = Outlook.greet(Delivery.of({}, b"", query={"validationToken": "abc <b>"}), "kept")
    assert greeting is not None
    assert (greeting.body, greeting.headers["content-type"]) == ("abc <b>", "text/plain")
    assert Outlook.greet(delivery, "kept") is None


@pytest.mark.parametrize(
    ("phrase", "first", "told"),
    [
        ("every other Monday until 30 June", 30, "every 2 weeks on Monday until 2027-06-30"),
        ("weekdays", 24, "every week on Monday, Tuesday, Wednesday, Thursday, Friday"),
        ("the last friday of every month", 27, "every month on the last Friday"),
        ("monthly on the 28th", 28, "every month on day 28"),
        ("daily for 5 times", 24, "every day, 5 times"),
        ("yearly", 24, "every year on day 24 of November"),
    ],
)
def test_repetitions_are_read_and_told(phrase: str, first: int, told: str) -> None:
    found = to_recurrence(phrase, TUESDAY)
    assert first_start(found, TUESDAY) == TUESDAY.replace(day=first)
    assert spoken(found) == told


def test_words_become_searches() -> None:
    assert sought('Greta\'s latest mail about "the audit"').sender == "Greta"
    assert kql('say "hi"', "greta@x.example", "audit notes", date(2026, 3, 2)) == (
        '"say  hi from:greta@x.example subject:audit subject:notes received>=2026-03-01"'
    )
    said = to_occasion("the 3pm budget meeting on thursday", TUESDAY.date())
    assert (said.words, said.day, said.at and said.at.hour) == (("budget",), date(2026, 11, 26), 15)
