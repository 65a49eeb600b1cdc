"""When events are: single ones, series and their exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil import rrule

from sandbox.exchange import Json
from sandbox.vendors.google_calendar.base import refused

HORIZON = timedelta(days=730)


def starts(event: Json, zone: str) -> datetime:
    """The beginning of an event; an all-day event begins at midnight of the calendar's zone."""
    return at(event["start"], zone)


def ends(event: Json, zone: str) -> datetime:
    """The end of an event."""
    return at(event["end"], zone)


def at(edge: Json, zone: str) -> datetime:
    """The moment of a `start` or `end`."""
    if "date" in edge:
        return datetime.combine(date.fromisoformat(edge["date"]), time(), ZoneInfo(zone))
    return datetime.fromisoformat(edge["dateTime"])


def check_rule(lines: list[str]) -> None:
    """Refuse what is no recurrence."""
    for line in lines:
        name, _, rule = line.partition(":")
        try:
            if name == "RRULE":
                rrule.rrulestr(rule.split(";UNTIL")[0], dtstart=datetime(2026, 1, 1))
            elif name.split(";")[0] not in ("EXDATE", "RDATE", "EXRULE"):
                raise ValueError(name)
        except ValueError:
            raise refused(400, "invalid", "Invalid recurrence rule.") from None


def expand(event: Json, zone: str, after: datetime, before: datetime | None) -> Iterator[Json]:
    """The instances of a series that end after one moment and start before another."""
    length = ends(event, zone) - starts(event, zone)
    for start in _times(event, zone, after - length, before or after + HORIZON):
        if start + length > after:
            yield instance(event, start, length)


def instance(event: Json, start: datetime, length: timedelta) -> Json:
    """One repetition of a series, as it is without an exception."""
    if "date" in event["start"]:
        mark, edges = f"{start:%Y%m%d}", ({"date": f"{start:%Y-%m-%d}"}, {"date": f"{start + length:%Y-%m-%d}"})
    else:
        zone = event["start"].get("timeZone", "UTC")
        local, until = start.astimezone(ZoneInfo(zone)), (start + length).astimezone(ZoneInfo(zone))
        mark = f"{start.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        edges = tuple({"dateTime": one.isoformat(timespec="seconds"), "timeZone": zone} for one in (local, until))  # type: ignore[assignment]
    kept = {name: value for name, value in event.items() if name != "recurrence"}
    return {
        **kept, "id": f"{event['id']}_{mark}", "recurringEventId": event["id"], "start": edges[0], "end": edges[1],
        "originalStartTime": edges[0], "removed": list(event["removed"]),
        "attendees": [dict(guest) for guest in event["attendees"]],
    }  # fmt: skip


def find_instance(event: Json, zone: str, event_id: str) -> Json | None:
    """The repetition with an id, if the series has it."""
    mark = event_id.rpartition("_")[2]
    try:
        when = datetime.strptime(mark, "%Y%m%dT%H%M%SZ" if "T" in mark else "%Y%m%d")
    except ValueError:
        return None
    when = when.replace(tzinfo=UTC if "T" in mark else ZoneInfo(zone))
    near = expand(event, zone, when - timedelta(minutes=1), when + timedelta(days=1))
    return next((one for one in near if one["id"] == event_id), None)


def _times(event: Json, zone: str, after: datetime, before: datetime) -> Iterator[datetime]:
    name = zone if "date" in event["start"] else event["start"].get("timeZone", "UTC")
    begin = starts(event, zone).astimezone(ZoneInfo(name))
    line = next(line for line in event["recurrence"] if line.startswith("RRULE:")).removeprefix("RRULE:")
    wall = after.astimezone(ZoneInfo(name))
    for start in rrule.rrulestr(line, dtstart=begin).xafter(wall, inc=True):
        if start >= before:
            return
        yield start
