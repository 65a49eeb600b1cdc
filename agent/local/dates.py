"""Dates, times, ranges, durations and recurrences in a sentence, in the writer's zone.

Our own rather than dateparser or parsedatetime: a span must keep its offsets, its grain and whether a time was
said, "may" and "march" must stay verbs, and a sentence may cost one millisecond.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from agent.local.clock import PART, PARTS, clocks, durations, time_of
from agent.local.day import DAY_WORDS, DOW, WEEKDAYS, Day, Moment, NoSuchDate, is_date, read_day
from agent.local.text import Span

_EVERY = re.compile(
    rf"""\b(?:
      (?:every|each)\s(?:(?:other|second|single|\d+|two|three)\s)?(?:{DOW}(?:(?:,\s?|\sand\s|,\sand\s){DOW})*|weekdays?|work(?:ing|day)?\s?days?|workday|day|week|month|quarter|year|hour|morning|evening|afternoon|night|weeks|months|days|
          (?:first|last|1st)\s(?:{DOW}|day)\sof\s(?:the|each|every)\smonth)(?:\s{PART})?(?:\son\s{DOW})?
    | (?:mon|tues|wednes|thurs|fri|satur|sun)days(?:\sand\s(?:mon|tues|wednes|thurs|fri|satur|sun)days)?
    | on\s(?:weekdays)
    | daily|weekly|biweekly|bi-weekly|fortnightly|monthly|quarterly|yearly|annually
    )\b""",
    re.I | re.X,
)


def find(raw: str, now: datetime) -> list[Span]:
    """Spans of kinds `when` (value a Moment), `duration` (value such as "1h30m") and `every` (the words)."""
    every = [Span("every", m.start(), m.end(), m.group(), m.group()) for m in _EVERY.finditer(raw)]
    days = [s for s in _days(raw, now) if not _inside(s, every)]
    hours = [s for s in clocks(raw) if not _inside(s, days + every)]
    lengths = [s for s in durations(raw) if not _inside(s, days + every + hours)]
    whens = _join(raw, sorted([*days, *hours], key=lambda s: s.start))
    return [*every, *_anchored(whens, every, now), *lengths]


def _inside(span: Span, others: list[Span]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in others)


def _anchored(whens: list[Span], every: list[Span], now: datetime) -> list[Span]:
    """A time without a day next to "every Monday" falls on the next such day."""
    if not every:
        return whens
    names = [
        w for w in re.findall(r"[a-z]+", " ".join(e.text for e in every).lower()) if w.removesuffix("s") in WEEKDAYS
    ]
    start = now.date()
    if names:
        start += timedelta(days=(WEEKDAYS[names[0].removesuffix("s")] - start.weekday()) % 7)
    elif "weekday" in every[0].text.lower() and start.weekday() > 4:
        start += timedelta(days=7 - start.weekday())
    day = Day(start, start + timedelta(days=1), bare="every week" if names else "every day")
    fixed = []
    for when in whens:
        moment: Moment = when.value
        if moment.day is None and moment.exact is None:
            when = replace(when, value=replace(moment, day=day))
        fixed.append(when)
    if not whens:
        fixed.append(Span("first", every[0].end, every[0].end, "", Moment(day=day)))
    return fixed


def _days(raw: str, now: datetime) -> list[Span]:
    found = []
    for m in DAY_WORDS.finditer(raw):
        if not is_date(m, raw):
            continue
        try:
            moment = read_day(m, now)
        except NoSuchDate:
            moment = Moment(impossible=True)
        if moment is not None:
            found.append(_with_hour(Span("when", m.start(), m.end(), m.group(), moment), raw))
    return found


_HOUR = re.compile(
    r"\s(\d{1,2})(?![\w%:/,\-]|\.\d|\s?(?:minutes?|mins?|hours?|h|days?|people|am|pm|a\.m|p\.m|to|until|-|–|and)\b|\s?[-–])"
)


def _with_hour(span: Span, raw: str) -> Span:
    """ "tomorrow 9" is a day and an hour."""
    moment: Moment = span.value
    match = _HOUR.match(raw, span.end)
    if not match or moment.impossible or moment.clock or not moment.day or moment.day.grain != "day":
        return span
    clock = time_of(match[1], "")
    if clock is None:
        return span
    return Span("when", span.start, match.end(), raw[span.start : match.end()], replace(moment, clock=clock))


_GLUE = re.compile(r"^[\s,]*(?:(?:at|@|from|between|around|about|um|in the|in|on|by|for|the|due)\s*)?$", re.I)


def _join(raw: str, atoms: list[Span]) -> list[Span]:
    """A day and a time next to each other are one moment."""
    joined: list[Span] = []
    for atom in atoms:
        if joined and (one := _merged(joined[-1], atom, raw)) is not None:
            joined[-1] = one
        else:
            joined.append(atom)
    joined = [atom for atom in joined if atom.kind == "when"]
    same = re.search(r"[\s,]*(?:at\s)?(?:the\s)?same time\b", raw, re.I)
    if same and joined:
        last = max((s for s in joined if s.end <= same.start() + 1), key=lambda s: s.end, default=None)
        if last is not None:
            fixed = Span(
                "when", last.start, same.end(), raw[last.start : same.end()], replace(last.value, is_same_time=True)
            )
            joined[joined.index(last)] = fixed
    return joined


def _merged(left: Span, right: Span, raw: str) -> Span | None:
    a: Moment = left.value
    b: Moment = right.value
    if not _GLUE.match(raw[left.end : right.start]) or a.impossible or b.impossible or a.exact or b.exact:
        return None
    text = raw[left.start : right.end]
    if a.day and b.day:
        return None
    if a.clock and b.clock:
        return None
    if a.part in PARTS and b.part:
        return None
    is_time = (a.clock or a.part) and not a.day
    if is_time and not b.day and not (b.part or b.clock):
        return None
    clock, until = a.clock or b.clock, a.until or b.until
    part = a.part or b.part
    if part == "eod" and b.clock:
        clock, part = b.clock, ""
    if clock and part in ("afternoon", "evening", "night") and clock.hour < 12:
        clock = clock.replace(hour=clock.hour + 12)
    if clock and part == "morning" and 12 < clock.hour < 20:
        clock = clock.replace(hour=clock.hour - 12)
    if clock and part in PARTS:
        part = ""
    value = Moment(day=a.day or b.day, clock=clock, until=until, part=part)
    return Span("when", left.start, right.end, text, value)
