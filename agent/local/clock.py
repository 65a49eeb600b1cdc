"""Times of day, ranges of them, and durations in a sentence."""

from __future__ import annotations

import re
from datetime import time

from agent.local.day import Moment, count_of
from agent.local.literal import number
from agent.local.text import Span

PARTS = {
    "morning": (9, 12), "afternoon": (13, 18), "evening": (18, 22), "night": (20, 24), "lunchtime": (12, 13),
    "lunch": (12, 13),
}  # fmt: skip
PART = r"(?:morning|afternoon|evening|night|lunchtime)"
_AMPM = r"(?:a\.?m\b\.?|p\.?m\b\.?)"
_CLOCK = rf"(?:\d{{1,2}}[:.h]\d{{2}}(?:\s?{_AMPM})?|\d{{1,2}}\s?{_AMPM}|\d{{1,2}}\s?o['’]?clock|noon|midday|midnight|(?:half\spast|quarter\spast|quarter\sto)\s(?:\d{{1,2}}|\w+))"
_TIME = re.compile(
    rf"""(?<![\w.:/\-#$€£])(?:
      (?P<between>between\s|from\s|at\s)?(?P<r1>\d{{1,2}}(?:[:.]\d{{2}})?\s?{_AMPM}?|noon|midday)\s?(?P<to>-|–|—|to|until|till|til|and)\s?(?P<r2>\d{{1,2}}(?:[:.]\d{{2}})?\s?{_AMPM}?|noon|midnight)(?![\w%/\-]|[:.]\d)
    | (?P<c>{_CLOCK})(?![\w%])
    | (?P<at>(?:at|@|by|before|after|until|till|from|around|about|to)\s)(?P<h>\d{{1,2}})(?![\w%/\-]|[.,:]\d|\s(?:minutes?|mins?|hours?|days?|weeks?|people|issues|tickets|months?))
    | (?P<part>(?:(?:in\s)?the\s|this\s|early\s|late\s)?{PART}|lunchtime)\b
    )""",
    re.I | re.X,
)
_DURATION = re.compile(
    r"""(?<![\w.#$€£])(?:
      (?P<h>\d+(?:[.,]\d+)?)\s?-?(?:h|hr|hrs|hours?)\b(?:\s?(?:and\s)?(?P<m>\d{1,2})\s?(?:m|min|mins|minutes?)?\b)?
    | (?P<mm>\d+)\s?-?(?:m|min|mins|minutes?)\b
    | (?P<half>half\san\shour|half\shour|half-hour|half-an-hour)
    | (?P<w>an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty[ -]five|ninety|couple\sof)[\s-](?P<wu>hours?|hrs?|minutes?|mins?|days?)\b(?:\s(?:and\s)?(?P<wh>a\shalf))?
    | (?P<quarter>(?:a\s)?quarter\s(?:of\san\s)?hour|(?P<tq>three\squarters\sof\san\shour))
    | (?P<d>\d+(?:\.\d+)?)\s?-?(?:d|days?)\b
    )""",
    re.I | re.X,
)


def clocks(raw: str) -> list[Span]:
    """Spans of times and of ranges of times; a range that could be plain numbers has the kind `maybe`."""
    found = []
    for m in _TIME.finditer(raw):
        moment = _read_clock(m)
        if moment is not None:
            cut = len(m["at"]) if m["at"] else len(m["between"]) if m["between"] else 0
            is_sure = not m["r1"] or m["between"] or _marked(m)
            kind = "when" if is_sure else "maybe"
            found.append(Span(kind, m.start() + cut, m.end(), raw[m.start() + cut : m.end()], moment))
    return found


def _read_clock(m: re.Match[str]) -> Moment | None:
    if m["r1"]:
        first, last = time_of(m["r1"], _meridiem(m["r2"])), time_of(m["r2"], "")
        marked = _marked(m) or m["between"]
        plain = m["to"] in ("-", "–", "—", "to", "until", "till", "til") and last is not None
        if first is None or last is None or not (marked or plain) or (m["to"] == "and" and not m["between"]):
            return None
        if first > last and last.hour < 12:
            last = last.replace(hour=last.hour + 12)
        if first > last and not _meridiem(m["r1"]) and first.hour >= 12:
            first = first.replace(hour=first.hour - 12)
        return Moment(clock=first, until=last)
    if m["part"]:
        return Moment(part=re.sub(r".*\s", "", m["part"].lower()))
    clock = time_of(m["c"] or m["h"], "")
    return Moment(clock=clock) if clock else None


def _marked(m: re.Match[str]) -> bool:
    """Whether a range shows by itself that it is one of times."""
    both = m["r1"] + m["r2"]
    return bool(_meridiem(both)) or ":" in both or "noon" in both.lower()


def _meridiem(text: str) -> str:
    match = re.search(r"([ap])\.?m", text, re.I)
    return match[1].lower() if match else ""


def time_of(text: str, meridiem: str) -> time | None:
    """A time of day out of words such as "9", "half past 3" or "noon"; 1 to 7 are afternoon where nothing says so."""
    low = text.lower().strip()
    if low in ("noon", "midday"):
        return time(12)
    if low == "midnight":
        return time(0)
    match = re.match(r"(half past|quarter past|quarter to)\s(\w+)", low)
    if match:
        hour = number(match[2])
        if hour is None or not 1 <= hour <= 23:
            return None
        minutes = {"half past": 30, "quarter past": 15, "quarter to": -15}[match[1]]
        total = (int(hour) + (12 if hour < 8 else 0)) * 60 + minutes
        return time(total // 60 % 24, total % 60)
    match = re.match(r"(\d{1,2})(?:[:.h](\d{2}))?", low)
    if not match:
        return None
    hour_n, minute = int(match[1]), int(match[2] or 0)
    said = _meridiem(low) or meridiem
    if minute > 59 or hour_n > 24 or (said and hour_n > 12 and _meridiem(low)):
        return None
    if said:
        hour_n = hour_n % 12 + (12 if said == "p" else 0)
    elif hour_n < 8 and not re.match(r"0\d", low):
        hour_n += 12
    return time(hour_n % 24, minute)


def durations(raw: str) -> list[Span]:
    """Spans of lengths of time."""
    return [Span("duration", m.start(), m.end(), m.group(), _length(m)) for m in _DURATION.finditer(raw)]


def _length(m: re.Match[str]) -> str:
    if m["d"]:
        return f"{m['d']}d"
    if m["half"]:
        return "30m"
    if m["tq"]:
        return "45m"
    if m["quarter"]:
        return "15m"
    if m["h"]:
        minutes = round(float(m["h"].replace(",", ".")) * 60) + int(m["m"] or 0)
    elif m["mm"]:
        minutes = int(m["mm"])
    else:
        count = 2.0 if m["w"].lower().startswith("couple") else count_of(m["w"].replace("-", " "))
        if m["wu"].lower().startswith("day"):
            return f"{int(count)}d"
        minutes = round(count * (60 if m["wu"].lower().startswith("h") else 1))
        minutes += 30 if m["wh"] and m["wu"].lower().startswith("h") else 0
    return as_duration(minutes)


def as_duration(minutes: int) -> str:
    """Minutes as "45m", "2h" or "1h30m"."""
    hours, rest = divmod(minutes, 60)
    return (f"{hours}h" if hours else "") + (f"{rest}m" if rest or not hours else "")
