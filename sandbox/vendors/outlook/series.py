"""Events over time: the story's meetings as Graph's events, and the repetitions of a series."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import rrule

from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.microsoft import refused
from sandbox.story import Meeting, Story

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ANSWERS = ("accepted", "accepted", "tentativelyAccepted", "accepted", "notResponded")
INDEX = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
LONGEST = 600
UTC = ZoneInfo("UTC")


def seed_events(story: Story, number: Callable[..., str]) -> Json:
    """The story's meetings by id."""
    rows = [_meeting(meeting, place, number) for place, meeting in enumerate(story.meetings)]
    return {row["id"]: row for row in rows}


def _meeting(meeting: Meeting, place: int, number: Callable[..., str]) -> Json:
    zone = meeting.organizer.time_zone
    people = [
        {"name": person.name, "address": person.email, "answer": ANSWERS[(place + n) % len(ANSWERS)]}
        for n, person in enumerate(meeting.attendees)
    ]
    if meeting.customer:
        for name, _ in meeting.customer.contacts[:1]:
            where = f"{name.split()[0]}.{name.split()[-1]}@{meeting.customer.domain}".lower()
            people.append({"name": name, "address": where, "answer": "accepted"})
    days = [DAYS[CODES.index(code)] for code in (meeting.rule or "").rpartition("BYDAY=")[2].split(",") if code]
    pattern = {
        "type": "weekly", "interval": 1, "month": 0, "dayOfMonth": 0, "daysOfWeek": days, "firstDayOfWeek": "sunday",
        "index": "first",
    }  # fmt: skip
    span = {
        "type": "noEnd", "startDate": meeting.start.date().isoformat(), "endDate": "0001-01-01",
        "recurrenceTimeZone": zone, "numberOfOccurrences": 0,
    }  # fmt: skip
    code = ident(20, meeting.title, "teams")
    return {
        "id": number("event", meeting.title), "owner": meeting.organizer.email, "subject": meeting.title,
        "text": f"With {meeting.customer.crm_name}." if meeting.customer else "",
        "start": wall(meeting.start), "end": wall(meeting.end), "zone": zone, "all_day": False,
        "location": meeting.room or "", "people": people, "removed": [], "exdates": [],
        "recurrence": {"pattern": pattern, "range": span} if meeting.rule else None,
        "online": f"https://teams.microsoft.com/l/meetup-join/{code}" if len(people) > 1 else "",
        "transaction": None, "cancelled": False,
    }  # fmt: skip


def wall(at: datetime) -> str:
    """A time on the wall, without its zone."""
    return f"{at:%Y-%m-%dT%H:%M:%S}"


def starts(event: Json) -> datetime:
    """When it begins, aware."""
    return datetime.fromisoformat(event["start"]).replace(tzinfo=ZoneInfo(event["zone"]))


def ends(event: Json) -> datetime:
    """When it ends, aware."""
    return datetime.fromisoformat(event["end"]).replace(tzinfo=ZoneInfo(event["zone"]))


def expand(event: Json, after: datetime, before: datetime) -> Iterator[Json]:
    """The repetitions of a series in a period."""
    first, length = datetime.fromisoformat(event["start"]), ends(event) - starts(event)
    zone = ZoneInfo(event["zone"])
    begin = after.astimezone(zone).replace(tzinfo=None) - length
    for at in rrule.rrulestr(rule(event["recurrence"]), dtstart=first).xafter(begin, LONGEST, inc=True):
        if at >= before.astimezone(zone).replace(tzinfo=None):
            return
        if (at + length).replace(tzinfo=zone) > after and wall(at)[:10] not in event["exdates"]:
            yield instance(event, at.date(), length)


def instance(event: Json, day: date, length: timedelta) -> Json:
    """One repetition of a series."""
    at = datetime.combine(day, datetime.fromisoformat(event["start"]).time())
    return {
        **event, "id": f"{event['id']}{day:%Y%m%d}", "series": event["id"], "start": wall(at), "end": wall(at + length),
        "recurrence": None,
    }  # fmt: skip


def rule(recurrence: Json) -> str:
    """A pattern and a range as RFC 5545 has them; refuses what Graph refuses."""
    pattern, span = recurrence.get("pattern") or {}, recurrence.get("range") or {}
    kind = pattern.get("type")
    days = [CODES[DAYS.index(day)] for day in pattern.get("daysOfWeek") or ()]
    parts = {
        "daily": "FREQ=DAILY", "weekly": f"FREQ=WEEKLY;BYDAY={','.join(days)}",
        "absoluteMonthly": f"FREQ=MONTHLY;BYMONTHDAY={pattern.get('dayOfMonth')}",
        "relativeMonthly": f"FREQ=MONTHLY;BYDAY={INDEX.get(pattern.get('index') or '', 1)}{''.join(days[:1])}",
        "absoluteYearly": f"FREQ=YEARLY;BYMONTH={pattern.get('month')};BYMONTHDAY={pattern.get('dayOfMonth')}",
    }  # fmt: skip
    wanted = {"weekly": days, "absoluteMonthly": pattern.get("dayOfMonth"), "relativeMonthly": days}
    if kind not in parts or not pattern.get("interval") or not wanted.get(kind, True) or not span.get("startDate"):
        raise refused(400, "ErrorPropertyValidationFailure", "At least one property failed validation.")
    made = f"{parts[kind]};INTERVAL={pattern['interval']}"
    if span.get("type") == "numbered":
        return f"{made};COUNT={span['numberOfOccurrences']}"
    return f"{made};UNTIL={span['endDate'].replace('-', '')}T235959" if span.get("type") == "endDate" else made


def edge(value: Any, name: str) -> tuple[str, str]:
    """The wall time and the zone of a `dateTimeTimeZone`."""
    try:
        at = datetime.fromisoformat(str(value["dateTime"])[:19])
        zone = ZoneInfo(str(value.get("timeZone") or "UTC"))
    except (KeyError, TypeError, ValueError, OSError):
        raise refused(400, "ErrorInvalidArgument", f"The value of '{name}' is not a date and time in a zone.") from None
    return wall(at), zone.key


def working(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The hours of a day in which people work."""
    return datetime.combine(day, time(8), zone), datetime.combine(day, time(17), zone)
