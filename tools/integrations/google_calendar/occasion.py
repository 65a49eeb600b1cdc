"""The words, the day and the time by which people name a calendar entry: “tomorrow's 3pm with Farah”."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TypeVar

T = TypeVar("T")

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NEAR = {"yesterday": -1, "today": 0, "tonight": 0, "this": 0, "tomorrow": 1}
NOISE = frozenset(
    "a an and appointment at booking call entry event for from have i in instance invitation invite meeting my of on "
    "our session slot that the their this to we with s o clock morning afternoon evening".split()
)

_MONTH = rf"(?P<month>{'|'.join(MONTHS)})[a-z]*\.?"
_DAY = [
    re.compile(r"\b(?P<iso>\d{4}-\d{2}-\d{2})\b"),
    re.compile(rf"\b(?P<number>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b"),
    re.compile(rf"\b{_MONTH}\s+(?P<number>\d{{1,2}})(?:st|nd|rd|th)?\b"),
    re.compile(r"\bthe\s+(?P<number>\d{1,2})(?:st|nd|rd|th)\b"),
    re.compile(r"\b(?P<near>yesterday|today|tonight|tomorrow|this (?=morning|afternoon|evening))(?:['’]s)?"),
    re.compile(
        r"\b(?:(?P<turn>next|last|this|on)\s+)?"
        r"(?P<weekday>mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?(?:['’]?s)?\b"
    ),
]
_TIME = [
    re.compile(r"\b(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?P<half>[ap])\.?m\b\.?"),
    re.compile(r"\b(?P<hour>\d{1,2}):(?P<minute>\d{2})\b"),
    re.compile(r"(?:\bat\s+|^)(?P<hour>\d{1,2})(?=\s+with\b|\s*o.?clock|\s*$)"),
    re.compile(r"\b(?P<word>noon|midnight)\b"),
]


@dataclass(frozen=True)
class Occasion:
    """Lower-case words of its title or guests, its day, its time of day; each may be lacking."""

    words: tuple[str, ...]
    day: date | None = None
    at: time | None = None


def to_occasion(text: str, today: date) -> Occasion:
    """What `text` says; a weekday is the next one from today on."""
    rest = text.lower()
    day, rest = _taken(_DAY, rest, lambda hit: _day(hit, today))
    at, rest = _taken(_TIME, rest, _time)
    words = tuple(word for word in re.findall(r"\w[\w:/.@&+#-]*", rest) if word not in NOISE)
    return Occasion(words, day, at)


def _taken(
    patterns: Sequence[re.Pattern[str]], text: str, read: Callable[[re.Match[str]], T | None]
) -> tuple[T | None, str]:
    for pattern in patterns:
        hit = pattern.search(text)
        value = read(hit) if hit else None
        if hit and value is not None:
            return value, f"{text[: hit.start()]} {text[hit.end() :]}"
    return None, text


def _day(hit: re.Match[str], today: date) -> date | None:
    said = hit.groupdict()
    try:
        if said.get("iso"):
            return date.fromisoformat(said["iso"])
        if said.get("near"):
            return today + timedelta(days=NEAR[said["near"].strip()])
        if said.get("weekday"):
            ahead = (DAYS.index(said["weekday"][:3]) - today.weekday()) % 7
            if said["turn"] == "last":
                return today + timedelta(days=ahead - 7)
            return today + timedelta(days=ahead + (7 if said["turn"] == "next" and ahead == 0 else 0))
        return _numbered(int(said["number"]), said.get("month"), today)
    except ValueError:
        return None


def _numbered(number: int, month: str | None, today: date) -> date:
    """The day of the month that is nearest ahead, or at most a month ago."""
    if month:
        found = date(today.year, MONTHS.index(month) + 1, number)
        return found if found >= today - timedelta(days=31) else found.replace(year=today.year + 1)
    if number >= today.day:
        return today.replace(day=number)
    after = today.replace(day=28) + timedelta(days=4)
    return after.replace(day=number)


def _time(hit: re.Match[str]) -> time | None:
    said = hit.groupdict()
    if said.get("word"):
        return time(12 if said["word"] == "noon" else 0)
    hour, minute = int(said["hour"]), int(said.get("minute") or 0)
    if said.get("half"):
        hour = hour % 12 + (12 if said["half"] == "p" else 0)
    elif not said.get("minute") and hour < 7:
        hour += 12
    return time(hour, minute) if hour < 24 and minute < 60 else None
