"""How people say that something repeats, as Graph's pattern and range, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from dateutil import parser

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PLACES = ("first", "second", "third", "fourth", "last")
PLAIN = {
    "daily": "every day", "weekly": "every week", "biweekly": "every 2 week", "bi-weekly": "every 2 week",
    "fortnightly": "every 2 week", "monthly": "every month", "quarterly": "every 3 month", "yearly": "every year",
    "annually": "every year", "every quarter": "every 3 month", "every other": "every 2", "every second": "every 2",
    "two": "2", "three": "3", "four": "4", "six": "6", "1st": "first", "2nd": "second", "3rd": "third",
    "4th": "fourth", "weekdays": "weekday", "workdays": "weekday", "workday": "weekday", "working day": "weekday",
}  # fmt: skip
_WEEKDAY = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs?|ur)?(?:days?)?\b")
_EVERY = re.compile(r"\bevery (\d+)?\s*(day|week|month|year)?s?\b")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip


def to_recurrence(phrase: str, start: datetime) -> dict[str, Any]:
    """Pattern and range of a phrase such as “every other Monday until 30 June”; `start` is the first time.

    Raises:
        ValueError: the phrase is not understood.
    """
    text, ending = _ending(phrase.lower(), start)
    for said, meant in PLAIN.items():
        text = re.sub(rf"\b{said}\b", meant, text)
    pattern = _pattern(text, start.date())
    first = _first(pattern, start.date())
    return {"pattern": pattern, "range": {**ending, "startDate": first.isoformat()}}


def first_start(recurrence: Mapping[str, Any], start: datetime) -> datetime:
    """The first time of a series at or after `start`: one for Tuesdays begins on the next Tuesday."""
    day = date.fromisoformat(recurrence["range"]["startDate"])
    return datetime.combine(day, start.timetz())


def spoken(recurrence: Mapping[str, Any] | None) -> str:
    """How an event repeats, in words; "" where it does not."""
    pattern, span = (recurrence or {}).get("pattern") or {}, (recurrence or {}).get("range") or {}
    if not pattern:
        return ""
    kind, number = str(pattern.get("type")), int(pattern.get("interval") or 1)
    unit = {"daily": "day", "weekly": "week"}.get(kind) or ("month" if kind.endswith("Monthly") else "year")
    told = f"every {unit}" if number == 1 else f"every {number} {unit}s"
    days = ", ".join(day.capitalize() for day in DAYS if day in (pattern.get("daysOfWeek") or ()))
    if kind.startswith("relative"):
        told += f" on the {pattern.get('index', 'first')} {days}"
    elif days and kind == "weekly":
        told += f" on {days}"
    elif kind.startswith("absolute"):
        told += f" on day {pattern.get('dayOfMonth')}"
    if kind.endswith("Yearly") and pattern.get("month"):
        told += f" of {_MONTHS[int(pattern['month']) - 1].capitalize()}"
    if span.get("type") == "endDate":
        return f"{told} until {span.get('endDate')}"
    return f"{told}, {span.get('numberOfOccurrences')} times" if span.get("type") == "numbered" else told


def _pattern(text: str, start: date) -> dict[str, Any]:
    days = [day for day in DAYS if day[:3] in _WEEKDAY.findall(text)]
    place = next((one for one in PLACES if re.search(rf"\b{one}\b", text)), "")
    every = _EVERY.search(text)
    number = int(every[1] or 1) if every else 1
    unit = (every[2] if every else None) or ("month" if "month" in text else None)
    if "weekday" in text:
        return {"type": "weekly", "interval": number, "daysOfWeek": list(DAYS[:5]), "firstDayOfWeek": "monday"}
    if days and place and unit in ("month", None):
        return {"type": "relativeMonthly", "interval": number, "daysOfWeek": days[:1], "index": place}
    if days:
        return {"type": "weekly", "interval": number, "daysOfWeek": days, "firstDayOfWeek": "monday"}
    if day := re.search(r"\b(\d{1,2})(?:st|nd|rd|th)\b", text):
        return {"type": "absoluteMonthly", "interval": number, "dayOfMonth": int(day[1])}
    if place == "first" and "month" in text:
        return {"type": "absoluteMonthly", "interval": number, "dayOfMonth": 1}
    if unit == "day":
        return {"type": "daily", "interval": number}
    if unit == "week":
        day_name = DAYS[start.weekday()]
        return {"type": "weekly", "interval": number, "daysOfWeek": [day_name], "firstDayOfWeek": "monday"}
    if unit == "month":
        return {"type": "absoluteMonthly", "interval": number, "dayOfMonth": start.day}
    if unit == "year":
        return {"type": "absoluteYearly", "interval": number, "dayOfMonth": start.day, "month": start.month}
    raise ValueError(text)


def _first(pattern: Mapping[str, Any], start: date) -> date:
    """The first day at or after `start` that fits the pattern."""
    for ahead in range(400):
        day = start + timedelta(days=ahead)
        days = pattern.get("daysOfWeek")
        if days and DAYS[day.weekday()] not in days:
            continue
        if pattern.get("dayOfMonth") and day.day != pattern["dayOfMonth"]:
            continue
        if pattern.get("index") and not _is_place(day, str(pattern["index"])):
            continue
        return day
    raise ValueError("it never happens")


def _is_place(day: date, index: str) -> bool:
    if index == "last":
        return (day + timedelta(days=7)).month != day.month
    return (day.day - 1) // 7 == PLACES.index(index)


def _ending(text: str, start: datetime) -> tuple[str, dict[str, Any]]:
    """The phrase without its ending, and the ending as the range writes it."""
    if times := re.search(r"[,\s]*\b(?:for )?(\d+) (?:times|occurrences)\b", text):
        return text.replace(times[0], ""), {"type": "numbered", "numberOfOccurrences": int(times[1])}
    until = re.search(r"[,\s]*\b(?:until|till|through)\b(.+)$", text)
    if not until:
        return text, {"type": "noEnd"}
    try:
        day = parser.parse(until[1], default=datetime.combine(start.date(), time())).date()
    except (parser.ParserError, OverflowError) as error:
        raise ValueError(text) from error
    day = day.replace(year=day.year + 1) if day < start.date() else day
    return text.replace(until[0], ""), {"type": "endDate", "endDate": day.isoformat()}
