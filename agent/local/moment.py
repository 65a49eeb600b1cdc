"""A moment as an argument: a date or a date-time, at the edge and in the direction that the parameter means."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.local.clock import PARTS
from agent.local.day import Day, Moment

MORNING = time(9)


def to_date(moment: Moment, now: datetime, *, is_end: bool = False, is_past: bool = False) -> str | None:
    """The day as "2026-11-24", or None where only a time was said or the day does not exist."""
    if moment.exact is not None:
        return moment.exact.date().isoformat()
    if moment.day is None:
        return now.date().isoformat() if moment.clock or moment.part else None
    day = turned(moment.day, now.date(), is_past)
    return (day.end - timedelta(days=1) if is_end else day.start).isoformat()


def to_datetime(
    moment: Moment, now: datetime, zone: ZoneInfo, *, is_end: bool = False, is_past: bool = False,
    base: datetime | None = None, is_period: bool = False,
) -> str | None:  # fmt: skip
    """The moment in ISO 8601 with the zone's offset; `base` supplies the day or the time that was not said."""
    if moment.impossible:
        return None
    if moment.exact is not None:
        exact = moment.span_end if is_end and moment.span_end else moment.exact
        return exact.astimezone(zone).replace(second=0, microsecond=0).isoformat()
    clock = _clock(moment, is_end, base, is_period)
    if moment.day is not None:
        day = turned(moment.day, now.date(), is_past)
        at = day.end - timedelta(days=1) if is_end else day.start
    elif base is not None:
        at = base.date()
    else:
        at = _next(now, clock, is_past)
    made = datetime.combine(at, clock, zone)
    if moment.day is not None and moment.day.bare.startswith("every") and made < now:
        made += timedelta(days=7 if moment.day.bare == "every week" else 1)
    return made.isoformat(timespec="seconds")


def length(duration: str) -> timedelta:
    """A duration such as "1h30m" or "2d"."""
    units = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
    parts = re.findall(r"(\d+(?:\.\d+)?)([wdhm])", duration)
    return timedelta(**{units[unit]: float(number) for number, unit in parts})


def has_end(moment: Moment) -> bool:
    """Whether the words say where it ends as well."""
    return moment.until is not None or moment.part in PARTS or moment.span_end is not None


def is_whole_day(moment: Moment) -> bool:
    """Whether a day or a longer stretch was said without a time."""
    return moment.day is not None and moment.clock is None and not moment.part and not moment.is_same_time


def _clock(moment: Moment, is_end: bool, base: datetime | None, is_period: bool) -> time:
    if is_end and moment.until is not None:
        return moment.until
    if moment.clock is not None:
        return moment.clock
    if moment.part in PARTS:
        hours = PARTS[moment.part]
        hour = hours[1] if is_end else hours[0] if not is_period or moment.part != "afternoon" else 12
        return time(hour) if hour < 24 else time(23, 59)
    if base is not None and not is_period:
        return base.timetz().replace(tzinfo=None)
    if is_period:
        return time(23, 59, 59) if is_end else time(0)
    return MORNING


def _next(now: datetime, clock: time, is_past: bool) -> date:
    today = now.date()
    if is_past:
        return today if clock <= now.time() else today - timedelta(days=1)
    return today if clock >= now.time().replace(second=0, microsecond=0) else today + timedelta(days=1)


def turned(day: Day, today: date, is_past: bool) -> Day:
    """The day moved into the past where its words ("Friday", "3 May", "in June") name no direction."""
    if not is_past or not day.bare or day.start <= today:
        return day
    if day.bare == "week":
        return Day(day.start - timedelta(days=7), day.end - timedelta(days=7), day.grain)
    if day.bare == "year":
        return Day(_back(day.start, 12), _back(day.end, 12), day.grain)
    if day.bare == "month":
        start = _back(day.start, 1)
        return Day(start, start + timedelta(days=1), day.grain)
    return day


def _back(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    for shift in range(4):
        try:
            return date(year, month + 1, day.day - shift)
        except ValueError:
            continue
    return day
