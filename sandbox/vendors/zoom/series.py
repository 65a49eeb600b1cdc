"""When a recurring meeting takes place: Zoom's `recurrence` as dates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import rrule

from sandbox.exchange import Json, Refusal

DAYS = (rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA)
UNITS: dict[int, Any] = {1: rrule.DAILY, 2: rrule.WEEKLY, 3: rrule.MONTHLY}
MOST = 60


def stamp(moment: datetime) -> str:
    """As Zoom writes a time."""
    return moment.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(text: str, zone: str) -> datetime:
    """A time in UTC, or on the wall of a zone."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def occurrences(start: datetime, zone: str, recurrence: Json, minutes: int) -> list[Json]:
    """Every time of a series, at the same time of the wall clock."""
    times = int(recurrence.get("end_times", 1))
    if not 1 <= times <= MOST or recurrence.get("type") not in UNITS:
        raise Refusal("invalid", "Invalid recurrence.", name="recurrence")
    until = recurrence.get("end_date_time")
    wall = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    more: Json = {}
    if recurrence["type"] == 2 and recurrence.get("weekly_days"):
        more["byweekday"] = [DAYS[int(day) - 1] for day in str(recurrence["weekly_days"]).split(",")]
    if recurrence["type"] == 3 and recurrence.get("monthly_day"):
        more["bymonthday"] = int(recurrence["monthly_day"])
    elif recurrence["type"] == 3 and recurrence.get("monthly_week_day"):
        more["byweekday"] = DAYS[int(recurrence["monthly_week_day"]) - 1](int(recurrence["monthly_week"]))
    rule = rrule.rrule(
        UNITS[recurrence["type"]], dtstart=wall, interval=int(recurrence.get("repeat_interval") or 1),
        count=None if until else times, until=read(until, zone).replace(tzinfo=None) if until else None, **more,
    )  # fmt: skip
    return [occurrence(day.replace(tzinfo=ZoneInfo(zone)), minutes) for day in list(rule)[:MOST]]


def occurrence(at: datetime, minutes: int) -> Json:
    """One time."""
    mark = str(int(at.timestamp() * 1000))
    return {"occurrence_id": mark, "start_time": stamp(at), "duration": minutes, "status": "available"}


def ends(row: Json) -> datetime:
    """The moment after which a meeting is over for good."""
    times = [one for one in row.get("occurrences", []) if one["status"] == "available"]
    last = read(times[-1]["start_time"] if times else row["start_time"], "UTC")
    return last + timedelta(minutes=row["duration"])
