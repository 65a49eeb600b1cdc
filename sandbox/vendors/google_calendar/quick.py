"""What Google makes of one plain sentence."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from sandbox.exchange import Json

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PARTS = {"morning": (9, 12), "afternoon": (12, 17), "evening": (18, 21), "tonight": (19, 20)}
_CLOCK = r"(\d{1,2})(?::(\d{2}))?\s*(am|pm)?"
_RANGE = re.compile(rf"\b(?:from |at )?{_CLOCK}\s*(?:-|–|to|until)\s*{_CLOCK}(?=\s|$|[,.])")
_POINT = re.compile(rf"\b(?:at )?{_CLOCK}(?=\s|$|[,.])")
_LENGTH = re.compile(r"\bfor (\d+(?:\.\d+)?) ?(h|hours?|m|min|minutes?)\b")


def read_sentence(text: str, now: datetime, zone: str) -> Json:
    """Summary, start and end of an event, and its recurrence if it repeats; without a time it takes the whole day."""
    rest = text
    rest, weekly = _cut(rest, r"\bevery (?=" + "|".join(DAYS) + ")")
    rest, day = _day(rest, now.date())
    rest, length = _length(rest)
    rest, begin, end = _time(rest)
    summary = re.sub(r"\s+", " ", re.sub(r"\b(on|at|from)\s*$", "", rest.strip(" ,.:"))).strip() or text
    event: Json = {"summary": summary}
    if begin is None:
        event |= {"start": {"date": day.isoformat()}, "end": {"date": (day + timedelta(days=1)).isoformat()}}
    else:
        start = datetime.combine(day, begin, now.tzinfo)
        stop = datetime.combine(day, end, now.tzinfo) if end else start + (length or timedelta(hours=1))
        event |= {
            name: {"dateTime": edge.isoformat(timespec="seconds"), "timeZone": zone}
            for name, edge in (("start", start), ("end", stop))
        }
    if weekly:
        event["recurrence"] = [f"RRULE:FREQ=WEEKLY;BYDAY={DAYS[day.weekday()][:2].upper()}"]
    return event


def _cut(text: str, pattern: str) -> tuple[str, bool]:
    found = re.sub(pattern, "", text, flags=re.IGNORECASE)
    return found, found != text


def _day(text: str, today: date) -> tuple[str, date]:
    for words, ahead in ((r"\btomorrow\b", 1), (r"\btoday\b", 0), (r"\b(?=tonight\b)", 0)):
        rest, hit = _cut(text, words)
        if hit or (words.endswith(r"tonight\b)") and re.search(r"\btonight\b", text, re.IGNORECASE)):
            return rest, today + timedelta(days=ahead)
    for number, name in enumerate(DAYS):
        rest, hit = _cut(text, rf"\b(?:on |this |next )?{name}s?\b")
        if hit:
            return rest, today + timedelta(days=(number - today.weekday()) % 7)
    iso = re.search(r"\b(\d{4}-\d{2}-\d{2})\b", text)
    if iso:
        return text.replace(iso[0], ""), date.fromisoformat(iso[1])
    return text, today


def _length(text: str) -> tuple[str, timedelta | None]:
    hit = _LENGTH.search(text)
    if not hit:
        return text, None
    minutes = float(hit[1]) * (60 if hit[2].startswith("h") else 1)
    return text.replace(hit[0], ""), timedelta(minutes=minutes)


def _time(text: str) -> tuple[str, time | None, time | None]:
    hit = _RANGE.search(text)
    is_late = re.search(r"\b(tonight|evening|afternoon)\b", text, re.IGNORECASE) is not None
    if hit:
        half = hit[6] or hit[3] or ("pm" if is_late else None)
        rest, _ = _cut(text.replace(hit[0], " "), r"\b(tonight|in the evening|afternoon)\b")
        return rest, _clock(hit[1], hit[2], hit[3] or half), _clock(hit[4], hit[5], half)
    hit = _POINT.search(text)
    if hit and int(hit[1]) < 24:
        rest, _ = _cut(text.replace(hit[0], " "), r"\btonight\b")
        return rest, _clock(hit[1], hit[2], hit[3] or ("pm" if is_late else None)), None
    for word, (begin, end) in PARTS.items():
        rest, found = _cut(text, rf"\b{word}\b")
        if found:
            return rest, time(begin), time(end)
    return text, None, None


def _clock(hour: str, minute: str | None, half: str | None) -> time:
    number = int(hour) % 12 + (12 if half == "pm" else 0) if half else int(hour)
    return time(number % 24, int(minute or 0))
