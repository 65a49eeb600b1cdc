"""How people say that something repeats, as an RFC 5545 rule."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time

from dateutil import parser, rrule

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
NAMES = {"mon": "MO", "tue": "TU", "wed": "WE", "thu": "TH", "fri": "FR", "sat": "SA", "sun": "SU"}
UNITS = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "quarter": "MONTHLY", "year": "YEARLY"}
PLAIN = {
    "daily": "every day", "weekly": "every week", "biweekly": "every 2 week", "bi-weekly": "every 2 week",
    "fortnightly": "every 2 week", "fortnight": "2 week", "monthly": "every month", "quarterly": "every quarter",
    "yearly": "every year", "annually": "every year", "every other": "every 2", "every second": "every 2",
}  # fmt: skip
NUMBERS = {"two": "2", "three": "3", "four": "4", "six": "6"}
PLACES = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "last": -1}
_WEEKDAY = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs?|ur)?(?:days?)?\b")


def to_rule(phrase: str, start: datetime) -> str:
    """The `RRULE:` line for a phrase such as “every other Monday until 30 June”; `start` is the first time.

    Raises:
        ValueError: the phrase is not understood.
    """
    if re.match(r"(RRULE:)?FREQ=", phrase.strip(), re.IGNORECASE):
        line = phrase.strip().upper()
        return line if line.startswith("RRULE:") else f"RRULE:{line}"
    text, ending = _ending(phrase.lower(), start)
    return f"RRULE:{_rule(_plain(text))}{ending}"


def first_start(rule: str, start: datetime) -> datetime:
    """The first time at or after `start` that fits the rule: a series for Tuesdays begins on the next one."""
    wall = start.replace(tzinfo=None)
    endless = ";".join(
        part for part in rule.removeprefix("RRULE:").split(";") if part[:5] not in ("UNTIL", "COUNT", "INTER")
    )
    first: datetime | None = rrule.rrulestr(endless, dtstart=wall).after(wall, inc=True)
    return first.replace(tzinfo=start.tzinfo) if first else start


def _plain(text: str) -> str:
    for said, meant in [*PLAIN.items(), *NUMBERS.items()]:
        text = re.sub(rf"\b{said}\b", meant, text)
    return text


def _rule(text: str) -> str:
    days = [NAMES[name] for name in _WEEKDAY.findall(text)]
    place = next((number for word, number in PLACES.items() if re.search(rf"\b{word}\b", text)), 0)
    every = re.search(r"\bevery (\d+)?\s*(day|week|month|quarter|year)?s?\b", text)
    interval = int(every[1] or 1) if every else 1
    if re.search(r"\b(weekday|working day|workday|business day)s?\b", text):
        return "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    if days and ((place and "month" in text) or place == -1):
        return f"FREQ=MONTHLY;BYDAY={place}{days[0]}"
    on_day = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)\b", text)
    if on_day and not days:
        return f"FREQ=MONTHLY;BYMONTHDAY={int(on_day[1])}"
    if days:
        kept = ",".join(sorted(set(days), key=DAYS.index))
        return f"FREQ=WEEKLY{_interval(interval)};BYDAY={kept}"
    unit = every[2] if every else None
    if unit is None:
        raise ValueError(text)
    return f"FREQ={UNITS[unit]}{_interval(interval * (3 if unit == 'quarter' else 1))}"


def _interval(number: int) -> str:
    return f";INTERVAL={number}" if number > 1 else ""


def _ending(text: str, start: datetime) -> tuple[str, str]:
    """The phrase without its ending, and the ending as the rule writes it."""
    times = re.search(r"[,\s]*\b(?:for )?(\d+) (?:times|occurrences)\b", text)
    if times:
        return text.replace(times[0], ""), f";COUNT={int(times[1])}"
    until = re.search(r"[,\s]*\b(?:until|till|through)\b(.+)$", text)
    if not until:
        return text, ""
    try:
        day = parser.parse(until[1], default=datetime.combine(start.date(), time()))
    except (parser.ParserError, OverflowError) as error:
        raise ValueError(text) from error
    if day.date() < start.date():
        day = day.replace(year=day.year + 1)
    last = datetime.combine(day.date(), time(23, 59, 59), start.tzinfo)
    return text.replace(until[0], ""), f";UNTIL={last.astimezone(UTC):%Y%m%dT%H%M%SZ}"
