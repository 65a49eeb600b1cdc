"""Google Calendar's tools against the sandbox, each proven, undone and held against Google's own description."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadSignature, Candidate, Conflict, Forbidden, NotFound, OutcomeUnknown, RateLimited, Rejected
from core.records import Channel, Meeting
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.google_calendar.integration import GoogleCalendar
from tools.kit.webhook import Delivery

DANA = "dana.whitlock@fernwick.example"
PRIYA = "priya.raman@fernwick.example"
LENA = "lena.hoffmann@fernwick.example"
LOOK = "google_calendar.update_event"


@pytest.fixture
async def gcal(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "google_calendar", "jira") as found:
        yield found
        if has_descriptions():
            assert await found.problems("google_calendar") == []


async def find(gcal: Company, text: str, parameter: str = "event", tool: str = LOOK) -> list[Candidate]:
    return list(await (await gcal.open("google_calendar")).find(tool, parameter, text))


async def held(gcal: Company, event: str) -> dict[str, Any]:
    """What the vendor holds of an event that people see."""
    kept: dict[str, Any] = (await gcal.state("google_calendar"))["events"][event.rpartition("/")[2]]
    return {name: value for name, value in kept.items() if name not in ("etag", "updated", "sequence")}


async def living(gcal: Company) -> set[str]:
    events = (await gcal.state("google_calendar"))["events"]
    return {key for key, event in events.items() if event["status"] != "cancelled"}


def day(gcal: Company, ahead: int, clock: str) -> datetime:
    """A moment in the asker's zone, so many days from now."""
    hour, minute = map(int, clock.split(":"))
    today = gcal.sandbox.world.time().astimezone(gcal.who.zone).replace(second=0, microsecond=0)
    return (today + timedelta(days=ahead)).replace(hour=hour, minute=minute)


async def meetings(gcal: Company, tool: str, **args: Any) -> list[Meeting]:
    found = await gcal.run(f"google_calendar.{tool}", **args)
    assert isinstance(found, list)
    assert all(isinstance(one, Meeting) for one in found)
    return found


async def test_create_is_proven_and_undone(gcal: Company) -> None:
    before = await living(gcal)
    start = day(gcal, 3, "10:00")
    change = await gcal.prove(
        "google_calendar.create_event",
        title="Roadmap sync",
        start=start.isoformat(),
        duration="45m",
        guests=[PRIYA, "guest@partner.example"],
        location="Wren",
        description="Bring numbers",
        video_call=True,
    )
    record = change.record
    assert isinstance(record, Meeting)
    assert record.ends_at == start + timedelta(minutes=45)
    assert record.video_url.startswith("https://meet.google.com/")
    assert record.ref.url.startswith("https://www.google.com/calendar/event?eid=")
    assert [one.id for one in await find(gcal, record.ref.url)] == [record.ref.id]
    await gcal.undo(change)
    assert await living(gcal) == before


async def test_series_begins_on_its_day_and_is_cancelled_whole(gcal: Company) -> None:
    before = await living(gcal)
    start = day(gcal, 1, "15:00")
    weekday = (start + timedelta(days=2)).strftime("%A")
    change = await gcal.prove(
        "google_calendar.create_event", title="Retro", start=start.isoformat(), recurrence=f"every {weekday}"
    )
    assert isinstance(change.record, Meeting)
    assert change.record.starts_at == start + timedelta(days=2)
    later = await meetings(gcal, "list_events", query="retro", limit=3)
    assert [one.starts_at for one in later] == [start + timedelta(days=2 + 7 * week) for week in range(3)]
    one_time = await gcal.prove("google_calendar.cancel_event", event=later[1].ref.id)
    assert len(await meetings(gcal, "list_events", query="retro", to=day(gcal, 20, "23:00").isoformat())) == 2
    await gcal.undo(one_time)
    assert [one.ref.id for one in await meetings(gcal, "list_events", query="retro", limit=3)] == [
        one.ref.id for one in later
    ]
    whole = await gcal.prove("google_calendar.cancel_event", event=later[1].ref.id, whole_series=True, notify=False)
    assert await meetings(gcal, "list_events", query="retro") == []
    await gcal.undo(whole)
    assert len(await meetings(gcal, "list_events", query="retro", limit=3)) == 3
    await gcal.undo(change)
    assert not {event for event in await living(gcal) - before if "_" not in event}


async def test_all_day_and_other_calendars(gcal: Company) -> None:
    [vacation] = await find(gcal, "vacation calendar", "calendar", "google_calendar.create_event")
    begin = day(gcal, 7, "00:00")
    change = await gcal.prove(
        "google_calendar.create_event", title="Dana away", start=begin.isoformat(), duration="2d", calendar=vacation.id
    )
    assert isinstance(change.record, Meeting)
    assert change.record.is_all_day
    found = await meetings(gcal, "list_events", calendar=vacation.id, query="Dana")
    assert [one.ref.id for one in found] == [change.record.ref.id]
    moved = await gcal.prove(LOOK, event=change.record.ref.id, start=day(gcal, 8, "09:00").isoformat(), duration="1h")
    await gcal.undo(moved)
    again = await meetings(gcal, "list_events", calendar=vacation.id, query="Dana")
    assert (again[0].is_all_day, again[0].starts_at, again[0].ends_at) == (
        True,
        begin,
        begin + timedelta(days=2),
    )
    await gcal.undo(change)


async def test_quick_add(gcal: Company) -> None:
    before = await living(gcal)
    change = await gcal.prove("google_calendar.quick_add", text="Dentist again tomorrow 8:15")
    assert isinstance(change.record, Meeting)
    assert (change.record.title, change.record.starts_at) == ("Dentist again", day(gcal, 1, "8:15"))
    await gcal.undo(change)
    assert await living(gcal) == before


async def test_update_undo_restores_every_field(gcal: Company) -> None:
    [event] = await find(gcal, "go/no-go")
    before = await held(gcal, event.id)
    change = await gcal.prove(
        LOOK, event=event.id, start=day(gcal, 6, "09:30").isoformat(), title="Go?", location="Wren", description="x"
    )
    assert isinstance(change.record, Meeting)
    moved = (await meetings(gcal, "list_events", query="Go?", limit=1))[0]
    assert moved.ends_at is not None
    assert moved.starts_at is not None
    assert moved.ends_at - moved.starts_at == timedelta(minutes=45)
    await gcal.undo(change)
    assert await held(gcal, event.id) == before
    longer = await gcal.prove(LOOK, event=event.id, duration="2h", notify=False)
    await gcal.undo(longer)
    assert await held(gcal, event.id) == before
    with pytest.raises(Rejected, match="nothing to change"):
        await gcal.run(LOOK, event=event.id)
    with pytest.raises(Rejected, match="before it begins"):
        await gcal.run(LOOK, event=event.id, end=day(gcal, -2, "10:00").isoformat())


async def test_guests_come_and_go(gcal: Company) -> None:
    [event] = await find(gcal, "go/no-go")
    before = await held(gcal, event.id)
    change = await gcal.prove(
        "google_calendar.invite_guests", event=event.id, add=[PRIYA], remove=["nadia.rossi@fernwick.example"]
    )
    addresses = {guest["email"] for guest in (await held(gcal, event.id))["attendees"]}
    assert PRIYA in addresses
    assert "nadia.rossi@fernwick.example" not in addresses
    await gcal.undo(change)
    assert await held(gcal, event.id) == before
    with pytest.raises(Rejected, match="Not invited"):
        await gcal.run("google_calendar.invite_guests", event=event.id, remove=["yuki.mori@fernwick.example"])
    with pytest.raises(Conflict, match="Already"):
        await gcal.run("google_calendar.invite_guests", event=event.id, add=["naomi.fischer@fernwick.example"])


async def test_answers_to_invitations(gcal: Company) -> None:
    [event] = await find(gcal, "incident 4471")
    before = await held(gcal, event.id)
    change = await gcal.prove("google_calendar.respond", event=event.id, answer="declined", comment="I am travelling")
    mine = next(guest for guest in (await held(gcal, event.id))["attendees"] if guest["email"] == DANA)
    assert (mine["responseStatus"], mine["comment"]) == ("declined", "I am travelling")
    await gcal.undo(change)
    assert await held(gcal, event.id) == before
    [dentist] = await find(gcal, "dentist")
    with pytest.raises(Conflict, match="not invited"):
        await gcal.run("google_calendar.respond", event=dentist.id, answer="accepted")


async def test_a_guest_takes_an_event_off_and_back(gcal: Company) -> None:
    [event] = await find(gcal, "incident 4471")
    before = await held(gcal, event.id)
    change = await gcal.prove("google_calendar.cancel_event", event=event.id)
    assert await find(gcal, "incident 4471") == []
    await gcal.undo(change)
    assert await held(gcal, event.id) == before
    with pytest.raises(Forbidden, match="organizer"):
        await gcal.run(LOOK, event=event.id, title="Mine now")


async def test_events_are_found_by_words_and_day(gcal: Company) -> None:
    lunch = day(gcal, 0, "12:30")
    if gcal.sandbox.world.time() < lunch:
        assert [one.label for one in await find(gcal, "lunch with Lena")] == ["Lunch with Lena"]
    assert [one.label for one in await find(gcal, "my meeting with Naomi")][:1] != []
    weekday = day(gcal, 5, "08:30").strftime("%A")
    assert [one.label for one in await find(gcal, f"dentist appointment on {weekday}")] == ["Dentist"]
    assert [one.label for one in await find(gcal, f"{weekday} 8:30")] == ["Dentist"]
    assert await find(gcal, "dentist tomorrow") == []
    assert await find(gcal, "zebra taming") == []
    series = await find(gcal, "Dana / Naomi 1:1")
    assert [one.label for one in series] == ["Dana / Naomi 1:1"]
    assert [one.id for one in await find(gcal, series[0].id)] == [series[0].id]
    assert len(await find(gcal, "Dana")) > 1


async def test_people_and_calendars_are_found(gcal: Company) -> None:
    ask = ("people", "google_calendar.check_availability")
    assert [one.id for one in await find(gcal, "Priya", *ask)] == [PRIYA]
    assert len(await find(gcal, "Alex", *ask)) == 2
    assert [one.id for one in await find(gcal, "me", *ask)] == [DANA]
    assert [one.id for one in await find(gcal, "who@else.example", *ask)] == ["who@else.example"]
    assert [one.label for one in await find(gcal, "the Heron room", *ask)] == ["Heron"]
    calendars = await gcal.run("google_calendar.list_calendars")
    assert isinstance(calendars, list)
    assert {"Holidays in the United Kingdom", "Team vacation", DANA} <= {one.title for one in calendars}
    assert all(isinstance(one, Channel) for one in calendars)
    assert (await gcal.registry.names(gcal.who))["calendar"]


async def test_free_slots_avoid_what_is_busy(gcal: Company) -> None:
    begin, end = day(gcal, 1, "08:00"), day(gcal, 1, "19:30")
    await gcal.prove(
        "google_calendar.create_event",
        title="Block",
        start=day(gcal, 1, "10:00").isoformat(),
        end=day(gcal, 1, "12:00").isoformat(),
    )
    found = await meetings(
        gcal,
        "check_availability",
        people=[DANA, PRIYA],
        to=end.isoformat(),
        duration="1h",
        **{"from": begin.isoformat()},
    )
    free = [(one.starts_at, one.ends_at) for one in found if one.status == "free"]
    busy = [(one.starts_at, one.ends_at) for one in found if one.status == "busy"]
    assert free
    assert busy
    for start, stop in free:
        assert start is not None
        assert stop is not None
        assert stop - start >= timedelta(hours=1)
        assert all(b is not None and a is not None and (b <= start or a >= stop) for a, b in busy)
    with pytest.raises(NotFound, match=r"nobody@fernwick\.example"):
        await gcal.run(
            "google_calendar.check_availability", people=[DANA, "nobody@fernwick.example"], to=end.isoformat(),
            **{"from": begin.isoformat()},
        )  # fmt: skip
    with pytest.raises(Rejected, match="over"):
        await gcal.run(
            "google_calendar.check_availability", people=[DANA], to=day(gcal, -1, "10:00").isoformat(),
            **{"from": day(gcal, -2, "10:00").isoformat()},
        )  # fmt: skip


async def test_long_lists_are_paged(gcal: Company) -> None:
    many = await meetings(gcal, "list_events", to=day(gcal, 600, "12:00").isoformat(), limit=400)
    assert len({one.ref.id for one in many}) == len(many) > 250
    assert [one.starts_at for one in many] == sorted(one.starts_at for one in many if one.starts_at)


async def test_errors_have_their_kinds(gcal: Company) -> None:
    with pytest.raises(NotFound):
        await gcal.run(LOOK, event="a" * 26, title="x")
    with pytest.raises(Rejected, match="attendee"):
        await gcal.run("google_calendar.create_event", title="x", start=day(gcal, 1, "9:00").isoformat(), guests=["no"])
    with pytest.raises(Rejected, match="repeats"):
        await gcal.run(
            "google_calendar.create_event", title="x", start=day(gcal, 1, "9:00").isoformat(), recurrence="twice"
        )
    with pytest.raises(Forbidden, match="writer"):
        await gcal.run(
            "google_calendar.quick_add", text="x tomorrow 9:00", calendar="c_holidays@group.calendar.google.com"
        )
    await gcal.fault("google_calendar", kind="rate_limited", times=9)
    with pytest.raises(RateLimited):
        await gcal.run("google_calendar.list_calendars")


async def test_missing_scope(gcal: Company) -> None:
    await gcal.connect("google_calendar", scopes=["https://www.googleapis.com/auth/calendar.calendarlist.readonly"])
    with pytest.raises(Forbidden, match="scopes"):
        await gcal.run("google_calendar.list_events")


async def test_lost_answer_makes_one_event(gcal: Company) -> None:
    lost = {"kind": "cut_off", "path": "/events", "method": "POST", "after_effect": True}
    start = day(gcal, 4, "10:00").isoformat()
    await gcal.fault("google_calendar", times=1, **lost)
    await gcal.prove("google_calendar.create_event", title="Only once", start=start)
    assert len(await meetings(gcal, "list_events", query="only once")) == 1
    await gcal.fault("google_calendar", times=3, **lost)
    system = await gcal.open("google_calendar")
    args = {"title": "Only twice", "start": start}
    with pytest.raises(OutcomeUnknown):
        await system.run("google_calendar.create_event", args)
    assert await system.recover("google_calendar.create_event", args) is not None
    assert await system.recover("google_calendar.create_event", args | {"title": "Never sent"}) is None
    await gcal.fault("google_calendar", times=1, **lost)
    with pytest.raises(OutcomeUnknown):
        await system.run("google_calendar.quick_add", {"text": "Gym 18:00 tomorrow"})
    assert await system.recover("google_calendar.quick_add", {"text": "Gym 18:00 tomorrow"}) is not None
    [event] = await find(gcal, "go/no-go")
    await gcal.fault("google_calendar", kind="cut_off", times=1, method="PATCH", after_effect=True)
    await gcal.prove(LOOK, event=event.id, title="Changed once")


async def test_a_change_in_between_is_not_overwritten(gcal: Company) -> None:
    [event] = await find(gcal, "go/no-go")
    system = await gcal.open("google_calendar")
    item = await system.http.get(f"/calendars/primary/events/{event.id}")
    await gcal.run(LOOK, event=event.id, title="Somebody was faster")
    with pytest.raises(Conflict):
        await system.http.send(
            "PATCH",
            f"/calendars/primary/events/{event.id}",
            json={"summary": "Late"},
            headers={"If-Match": item["etag"]},
        )


async def test_webhook_token(gcal: Company) -> None:
    webhook = GoogleCalendar.webhook
    assert webhook is not None
    sent = gcal.sandbox.vendors["google_calendar"].sign("s3cret", b"", {"calendar": DANA})
    webhook.verify(Delivery.of(sent, b""), "s3cret")
    for headers, secret in ((sent, "other"), ({}, "s3cret"), (sent, "")):
        with pytest.raises(BadSignature):
            webhook.verify(Delivery.of(headers, b""), secret)
