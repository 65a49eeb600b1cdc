"""The calendars at the start: the story's meetings, rooms, a few shared calendars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.story import Meeting, Story

HEX = "0123456789abcdefghijklmnopqrstuv"
ROOMS = {"Heron": "8 seats, screen", "Kingfisher": "12 seats, whiteboard", "Wren": "4 seats"}
ANSWERS = ("accepted", "accepted", "accepted", "tentative", "needsAction")


def seed_calendar(story: Story) -> Json:
    """Events by id (a person's own calendar has their address as its id) and the shared calendars."""
    company = story.company
    calendars: Json = {}
    for name, about in ROOMS.items():
        calendars[room_id(name)] = _calendar(name, about, "Europe/London", "room", readers=["*"])
    calendars["c_holidays@group.calendar.google.com"] = _calendar(
        "Holidays in the United Kingdom", "Public holidays", "Europe/London", "group", readers=["*"]
    )
    calendars["c_vacation@group.calendar.google.com"] = _calendar(
        "Team vacation", "Who is away", "Europe/London", "group", writers=["*"]
    )
    for team in sorted({person.team for person in company.people}):
        calendars[f"c_{team.lower()}@group.calendar.google.com"] = _calendar(
            f"{team} team", f"Dates of the {team} team", "Europe/London", "group", writers=[team]
        )
    events = [_meeting(meeting, place) for place, meeting in enumerate(story.meetings)]
    events += [_away(story, place, who) for place, who in enumerate(("bea.santos", "kofi.asante", "ravi.menon"))]
    return {"events": {event["id"]: event for event in events}, "calendars": calendars, "channels": {}}


def room_id(name: str) -> str:
    """The id of a room's calendar."""
    return f"c_{name.lower()}@resource.calendar.google.com"


def stamp(moment: datetime) -> str:
    """A moment as Google writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"


def _calendar(name: str, about: str, zone: str, kind: str, **access: list[str]) -> Json:
    return {"summary": name, "description": about, "timeZone": zone, "kind": kind, **access}


def _base(event_id: str, calendar: str, creator: str, created: datetime) -> Json:
    return {
        "id": event_id, "calendar": calendar, "creator": creator, "status": "confirmed", "etag": 1, "sequence": 0,
        "created": stamp(created), "updated": stamp(created), "removed": [], "attendees": [],
    }  # fmt: skip


def _meeting(meeting: Meeting, place: int) -> Json:
    zone = meeting.organizer.time_zone
    made = meeting.start - timedelta(days=20 + place)
    event: Json = _base(ident(26, meeting.title, alphabet=HEX), meeting.organizer.email, meeting.organizer.email, made)
    guests: list[dict[str, Any]] = []
    if meeting.attendees:
        guests.append({"email": meeting.organizer.email, "responseStatus": "accepted"})
    for number, person in enumerate(meeting.attendees):
        guests.append({"email": person.email, "responseStatus": ANSWERS[(place + number) % len(ANSWERS)]})
    if meeting.customer:
        for name, _ in meeting.customer.contacts[:1]:
            address = f"{name.split()[0]}.{name.split()[-1]}@{meeting.customer.domain}".lower()
            guests.append({"email": address, "displayName": name, "responseStatus": "accepted"})
    if meeting.room:
        guests.append({"email": room_id(meeting.room), "resource": True, "responseStatus": "accepted"})
        event["location"] = meeting.room
    event |= {
        "summary": meeting.title,
        "start": {"dateTime": meeting.start.isoformat(timespec="seconds"), "timeZone": zone},
        "end": {"dateTime": meeting.end.isoformat(timespec="seconds"), "timeZone": zone},
        "attendees": guests,
    }
    if meeting.rule:
        event["recurrence"] = [meeting.rule]
    if meeting.customer:
        event["description"] = f"With {meeting.customer.crm_name}."
    if len(meeting.attendees) > 1:
        code = ident(10, meeting.title, alphabet="abcdefghijklmnopqrstuvwxyz")
        event["meet"] = f"{code[:3]}-{code[3:7]}-{code[7:]}"
    return event


def _away(story: Story, place: int, handle: str) -> Json:
    person = story.company.person(handle)
    first = story.now.date() + timedelta(days=2 + 3 * place)
    event = _base(
        ident(26, "away", handle, alphabet=HEX), "c_vacation@group.calendar.google.com", person.email,
        story.now - timedelta(days=30),
    )  # fmt: skip
    return event | {
        "summary": f"{person.first} on leave",
        "start": {"date": first.isoformat()},
        "end": {"date": (first + timedelta(days=3)).isoformat()},
    }
