"""Zoom beyond the walk: finders, pages, phrases, refusals, lost answers, the stream, signed events."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.errors import BadSignature, Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected
from core.principal import Principal
from core.records import Meeting, Person, Report
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.zoom.integration import Zoom
from tools.integrations.zoom.recurrence import to_phrase, to_recurrence
from tools.integrations.zoom.search import placed, understand
from tools.kit.webhook import Delivery

SOON = (datetime.now(UTC) + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)


@pytest.fixture
async def zoom(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "zoom", "slack") as found:
        yield found
        if has_descriptions():
            assert await found.problems("zoom") == []


async def find(zoom: Company, tool: str, parameter: str, text: str, **args: Any) -> list[str]:
    system = await zoom.open("zoom")
    return [one.id for one in await system.find(f"zoom.{tool}", parameter, text, args)]


async def meetings(zoom: Company, **args: Any) -> list[Meeting]:
    found = await zoom.run("zoom.list_meetings", **args)
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, Meeting)]


async def test_meetings_are_found(zoom: Company) -> None:
    [launch] = await find(zoom, "get_meeting", "meeting", "launch go/no-go")
    assert await find(zoom, "get_meeting", "meeting", launch) == [launch]
    spaced = f"{launch[:3]} {launch[3:7]} {launch[7:]}"
    assert await find(zoom, "get_meeting", "meeting", spaced) == [launch]
    assert await find(zoom, "get_meeting", "meeting", f"https://fernwick.zoom.us/j/{launch}?pwd=x") == [launch]
    assert launch in await find(zoom, "get_meeting", "meeting", "my 3 o'clock zoom")
    assert await find(zoom, "get_meeting", "meeting", "basket weaving") == []
    assert len(await find(zoom, "get_meeting", "meeting", "training")) == 1
    with pytest.raises(NotFound):
        await find(zoom, "get_meeting", "meeting", "800 0000 0001")
    assert await find(zoom, "create_meeting", "invitees", "Priya") == ["priya.raman@fernwick.example"]
    assert "Dana / Priya sync" in (await (await zoom.open("zoom")).list_names())["meeting"]


async def test_what_is_over_is_found_by_its_instance(zoom: Company) -> None:
    [call] = await find(zoom, "get_summary", "meeting", "the Nordkaffe call")
    assert call.startswith("/")
    assert await find(zoom, "get_summary", "meeting", call) == [call]
    summary = await zoom.run("zoom.get_summary", meeting=call)
    assert isinstance(summary, Report)
    assert "Next step: Dana offers Nordkaffe a credit for the hour" in summary.sections
    [weekly] = await find(zoom, "list_participants", "meeting", "product and engineering weekly")
    people = await zoom.run("zoom.list_participants", meeting=weekly)
    assert isinstance(people, list)
    assert [one.title for one in people if isinstance(one, Person)][:2] == ["Dana Whitlock", "Inês Carvalho"]
    assert await find(zoom, "delete_recording", "meeting", "kickoff") != []
    assert await find(zoom, "delete_recording", "meeting", "research readout") == []
    with pytest.raises(NotFound):
        await zoom.run("zoom.get_summary", meeting=weekly)
    with pytest.raises(NotFound):
        await zoom.run("zoom.get_meeting", meeting="80000000001")


async def test_lists_go_over_many_pages(zoom: Company) -> None:
    state = zoom.sandbox.vendors["zoom"].state
    row = next(row for row in state["meetings"].values() if row["topic"].startswith("Spring launch"))
    for number in range(80_111_000_000, 80_111_000_400):
        state["meetings"][str(number)] = row | {"id": number, "topic": f"Call {number}"}
    assert len({one.ref.id for one in await meetings(zoom, kind="upcoming")}) == 300
    assert len(await find(zoom, "get_meeting", "meeting", "call")) == 10
    recorded = await zoom.run("zoom.list_recordings", **{"from": (SOON - timedelta(days=70)).date().isoformat()})
    assert isinstance(recorded, list)
    assert len({one.ref.id for one in recorded}) == len(recorded) >= 4


def test_phrases_are_understood() -> None:
    start = datetime(2027, 3, 4, 9, 0, tzinfo=ZoneInfo("Europe/London"))
    for phrase, words in {
        "every Thursday until 30 June": "every week on Thu until 2027-06-30",
        "weekly on mon and wed for 8 times": "every week on Mon, Wed, 8 times",
        "every weekday": "every week on Mon, Tue, Wed, Thu, Fri, 50 times",
        "biweekly": "every 2 weeks on Thu, 50 times",
        "every other friday": "every 2 weeks on Fri, 50 times",
        "daily for 5 sessions": "every day, 5 times",
        "monthly on the 15th": "every month on day 15, 12 times",
        "last Friday of the month": "every month on the last Fri, 12 times",
    }.items():
        assert to_phrase(to_recurrence(phrase, start)) == words
    with pytest.raises(Rejected, match="do not understand"):
        to_recurrence("now and then", start)
    said = understand("tomorrow's 4 o'clock with the board", start.date(), is_past=False)
    assert (said.words, said.at) == (("board",), ((4, 0), (16, 0)))
    dana = Principal(tenant="t", id="d", name="Dana", email="d@x.example", timezone="Europe/London")
    assert placed(start, "Berlin", dana).isoformat() == "2027-03-04T09:00:00+01:00"
    with pytest.raises(Rejected, match="time zone"):
        placed(start, "Narnia", dana)


async def test_refusals_are_told_apart(zoom: Company) -> None:
    [training] = await find(zoom, "add_registrant", "meeting", "Till training")
    [launch] = await find(zoom, "add_registrant", "meeting", "go/no-go")
    args = {"email": "kavita.nair@monsoontea.example", "first_name": "Kavita"}
    await zoom.prove("zoom.add_registrant", meeting=training, **args)
    with pytest.raises(Conflict, match="already"):
        await zoom.run("zoom.add_registrant", meeting=training, **args)
    with pytest.raises(Rejected, match="not been enabled"):
        await zoom.run("zoom.add_registrant", meeting=launch, **args)
    with pytest.raises(Rejected, match="200 characters"):
        await zoom.run("zoom.create_meeting", topic="x" * 201)
    with pytest.raises(Rejected) as refused:
        await zoom.run("zoom.add_registrant", meeting=training, email="kavita", first_name="Kavita")
    assert "email" in refused.value.fields
    with pytest.raises(Rejected, match="ahead"):
        await zoom.run("zoom.update_meeting", meeting=launch, start="2020-01-01T10:00:00Z")
    with pytest.raises(Rejected, match="nothing to change"):
        await zoom.run("zoom.update_meeting", meeting=launch)
    [kickoff] = await find(zoom, "delete_recording", "meeting", "kickoff")
    change = await zoom.prove("zoom.delete_recording", meeting=kickoff, action="delete")
    assert change.undo is None
    await zoom.connect("zoom", scopes=["user:read:user"])
    with pytest.raises(Forbidden, match="meeting:read:list_meetings"):
        await zoom.run("zoom.list_meetings")


async def test_lost_answers_are_recovered_not_repeated(zoom: Company) -> None:
    [training] = await find(zoom, "cancel_meeting", "meeting", "Till training")
    [launch] = await find(zoom, "update_meeting", "meeting", "go/no-go")
    [kickoff] = await find(zoom, "delete_recording", "meeting", "kickoff")
    system = await zoom.open("zoom")
    for tool, method, args in (
        ("create_meeting", "POST", {"topic": "Only once", "start": SOON.isoformat()}),
        ("update_meeting", "PATCH", {"meeting": launch, "topic": "Decision", "duration": "1h"}),
        ("add_registrant", "POST", {"meeting": training, "email": "z@w.example", "first_name": "Zed"}),
        ("delete_recording", "DELETE", {"meeting": kickoff}),
        ("cancel_meeting", "DELETE", {"meeting": training}),
    ):
        assert await system.recover(f"zoom.{tool}", args) is None
        await zoom.fault("zoom", kind="server_error", times=3, method=method, after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"zoom.{tool}", args)
        await zoom.client.delete(f"{zoom.sandbox.url}/_sandbox/zoom/faults")
        assert await system.recover(f"zoom.{tool}", args) is not None
    assert [one.title for one in await meetings(zoom)].count("Only once") == 1
    with pytest.raises(LookupError):
        await system.recover("zoom.create_meeting", {"topic": "Now"})


async def test_the_stream_gives_all_then_what_changed(zoom: Company) -> None:
    system = await zoom.open("zoom")
    every = await system.stream("meeting")
    assert len(every.records) > 4
    again = await system.stream("meeting", every.cursor)
    assert (again.records, again.gone, again.cursor) == ([], [], every.cursor)
    made = await zoom.prove("zoom.create_meeting", topic="New", start=SOON.isoformat())
    [training] = await find(zoom, "cancel_meeting", "meeting", "Till training")
    await zoom.run("zoom.cancel_meeting", meeting=training)
    after = await system.stream("meeting", again.cursor)
    assert [one.ref.id for one in after.records] == [made.record.ref.id]
    assert [ref.id for ref in after.gone] == [training]


def test_signed_events_are_understood_and_forged_ones_refused() -> None:
    told = {
        "event": "meeting.started",
        "event_ts": 1_795_000_000_000,
        "payload": {"object": {"id": "86544210098", "uuid": "u"}},
    }
    body, at = json.dumps(told).encode(), str(int(time.time()))
    mark = hmac.new(b"secret", f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {"x-zm-signature": f"v0={mark}", "x-zm-request-timestamp": at}
    assert Zoom.webhook is not None
    Zoom.webhook.verify(Delivery.of(headers, body), "secret")
    [event] = Zoom.events(Delivery.of(headers, body))
    assert (event.kind, event.ref and event.ref.id) == ("meeting.started", "86544210098")
    assert Zoom.greet(Delivery.of(headers, body), "secret") is None
    with pytest.raises(BadSignature):
        Zoom.webhook.verify(Delivery.of(headers, body + b" "), "secret")
    challenge = {"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}
    greeting = Zoom.greet(Delivery.of({}, json.dumps(challenge).encode()), "secret")
    assert greeting is not None
    wanted = hmac.new(b"secret", b"qgg8vlvZRS6UYooatFL8Aw", hashlib.sha256).hexdigest()
    assert json.loads(greeting.body)["encryptedToken"] == wanted
    challenge["payload"] = {"plainToken": f"v0:{at}:{{}}"}
    with pytest.raises(BadSignature):
        Zoom.greet(Delivery.of({}, json.dumps(challenge).encode()), "secret")
