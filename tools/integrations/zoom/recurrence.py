"""How people say that a meeting repeats, as Zoom's recurrence, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from dateutil import parser

from core.errors import Rejected

NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
UNITS = {"day": 1, "daily": 1, "week": 2, "weekly": 2, "month": 3, "monthly": 3}
WORDS = {1: "day", 2: "week", 3: "month"}
PLACES = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "last": -1}
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
TIMES = {1: 50, 2: 50, 3: 12}  # a series of Zoom's has an end; at most 60 times
_DAY = re.compile(r"\b(sun|mon|tue|wed|thu|fri|sat)(?:s|nes|rs?|ur)?(?:days?)?\b")


def to_recurrence(phrase: str, start: datetime) -> dict[str, Any]:
    """Zoom's recurrence for a phrase such as “every other Thursday until 30 June”.

    Raises:
        Rejected: the phrase is not understood.
    """
    text, ending = _ending(phrase.lower(), start)
    found = _rule(text, start)
    if found is None:
        raise Rejected(f"I do not understand “{phrase}” as a way to repeat.", fields={"recurrence": phrase})
    return found | (ending or {"end_times": TIMES[found["type"]]})


def to_phrase(rule: Mapping[str, Any]) -> str:
    """A recurrence in words."""
    if not rule.get("type"):
        return ""
    every = int(rule.get("repeat_interval") or 1)
    unit = WORDS.get(int(rule["type"]), "time")
    said = f"every {unit}" if every == 1 else f"every {every} {unit}s"
    days = [NAMES[int(day) - 1].title() for day in str(rule.get("weekly_days") or "").split(",") if day]
    if rule["type"] == 2 and days:
        said += f" on {', '.join(days)}"
    elif rule["type"] == 3 and rule.get("monthly_week_day"):
        place = ORDINALS.get(int(rule.get("monthly_week") or 1), "")
        said += f" on the {place} {NAMES[int(rule['monthly_week_day']) - 1].title()}"
    elif rule["type"] == 3 and rule.get("monthly_day"):
        said += f" on day {rule['monthly_day']}"
    if rule.get("end_date_time"):
        return f"{said} until {str(rule['end_date_time'])[:10]}"
    return f"{said}, {rule['end_times']} times" if rule.get("end_times") else said


def _rule(text: str, start: datetime) -> dict[str, Any] | None:
    days = sorted({NAMES.index(name) + 1 for name in _DAY.findall(text)})
    place = next((number for word, number in PLACES.items() if re.search(rf"\b{word}\b", text)), 0)
    if days and ((place and "month" in text) or place == -1):
        return {"type": 3, "repeat_interval": 1, "monthly_week": place, "monthly_week_day": days[0]}
    every = re.search(
        r"\b(?:every )?(\d+|other|second|two|three|four)?[ -]?(days?|daily|weeks?|weekly|months?|monthly)\b", text
    )
    numbers = {"other": 2, "second": 2, "two": 2, "three": 3, "four": 4}
    said = (every[1] or "1") if every else "1"
    interval = numbers.get(said) or int(said)
    if re.search(r"\b(bi-?weekly|fortnight(ly)?)\b", text) or (
        days and re.search(r"\bevery (other|second|2nd)\b", text)
    ):
        interval = 2
    if re.search(r"\b(weekday|workday|working day|business day)s?\b", text):
        return {"type": 2, "repeat_interval": 1, "weekly_days": "2,3,4,5,6"}
    if days:
        return {"type": 2, "repeat_interval": interval, "weekly_days": ",".join(map(str, days))}
    if re.search(r"\b(bi-?weekly|fortnight(ly)?)\b", text):
        return {"type": 2, "repeat_interval": 2, "weekly_days": _weekday(start)}
    on_day = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)\b", text)
    if on_day:
        return {"type": 3, "repeat_interval": interval, "monthly_day": int(on_day[1])}
    if not every:
        return None
    kind = UNITS[every[2] if every[2] in UNITS else every[2].rstrip("s")]
    by_kind: dict[int, dict[str, Any]] = {2: {"weekly_days": _weekday(start)}, 3: {"monthly_day": start.day}}
    more = by_kind.get(kind, {})
    return {"type": kind, "repeat_interval": interval, **more}


def _weekday(start: datetime) -> str:
    return str(start.isoweekday() % 7 + 1)


def _ending(text: str, start: datetime) -> tuple[str, dict[str, Any]]:
    """The phrase without its ending, and the ending."""
    times = re.search(r"[,\s]*\b(?:for )?(\d+) (?:times|occurrences|sessions)\b", text)
    if times:
        return text.replace(times[0], ""), {"end_times": int(times[1])}
    until = re.search(r"[,\s]*\b(?:until|till|through)\b(.+)$", text)
    if not until:
        return text, {}
    try:
        day = parser.parse(until[1], default=datetime.combine(start.date(), time()))
    except (parser.ParserError, OverflowError) as error:
        raise Rejected(f"I do not understand the end “{until[1].strip()}”.", fields={"recurrence": text}) from error
    if day.date() < start.date():
        day = day.replace(year=day.year + 1)
    last = datetime.combine(day.date(), time(), start.tzinfo) + timedelta(days=1, seconds=-1)
    return text.replace(until[0], ""), {"end_date_time": last.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
