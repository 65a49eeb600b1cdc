"""What people call a mail or a calendar entry: a sender, words, a day, a time; and Outlook's search words for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from urllib.parse import unquote

_ID = re.compile(r"AA[A-Za-z0-9_=-]{30,}")
_LINK = re.compile(r"[?&](?:itemid|id)=([^&#]+)", re.IGNORECASE)
_NEWEST = re.compile(r"\b(?:last|latest|newest|most recent)\b(?!\s+(?:week|month|year|quarter))", re.IGNORECASE)
_OPERATOR = re.compile(r"\b(?:from|to|cc|subject|body|received|sent|attachment|hasattachments?|participants):\S", re.I)
_FILLER = re.compile(
    r"\b(?:the|my|a|an|any|all|of|in|on|please|that|this|those|with|subject|titled|called|about|regarding|re|e-?mails?|"
    r"mails?|messages?|threads?|outlook|inbox|drafts?|one|from|to|by|attached|attachments?)\b",
    re.IGNORECASE,
)
_FROM = re.compile(r"\b(?:from|by)\s+(.+?)(?=\s+(?:about|regarding|to|with|that|which|in|on|re)\b|[,?!]|$)", re.I)
_OWNED = re.compile(r"\b([^\W\d_][\w.-]*(?: [A-Z][\w.-]*)?)['’]s\b")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NEAR = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1}
NOISE = frozenset(
    "a an and appointment at call calendar entry event for from i in invitation invite meeting my of on our outlook "
    "session slot that the their this to we with s o clock morning afternoon evening next".split()
)
_MONTH = rf"(?P<month>{'|'.join(MONTHS)})[a-z]*\.?"
_DAYS = [
    re.compile(r"\b(?P<iso>\d{4}-\d{2}-\d{2})\b"),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b"),
    re.compile(rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b"),
    re.compile(r"\bthe\s+(?P<day>\d{1,2})(?:st|nd|rd|th)\b"),
    re.compile(r"\b(?P<near>yesterday|today|tonight|tomorrow)(?:['’]s)?"),
    re.compile(r"\b(?:next |this |on )?(?P<week>mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs?|ur)?(?:day)?(?:['’]?s)?\b"),
]
_TIMES = [
    re.compile(r"\b(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?P<half>[ap])\.?m\b\.?"),
    re.compile(r"\b(?P<hour>\d{1,2}):(?P<minute>\d{2})\b"),
    re.compile(r"(?:\bat\s+|^(?:my )?)(?P<hour>\d{1,2})(?=\s*(?:o.?clock|with\b|$))"),
    re.compile(r"\b(?P<word>noon)\b"),
]


@dataclass(frozen=True)
class Sought:
    """Words of a mail, who wrote it, and whether only the newest hit is meant."""

    words: str
    sender: str = ""
    is_newest: bool = False


@dataclass(frozen=True)
class Occasion:
    """Lower-case words of an entry's title or people, its day, its time of day; each may be lacking."""

    words: tuple[str, ...]
    day: date | None = None
    at: time | None = None


def sought(text: str) -> Sought:
    """What a person's words look for; Outlook's own search operators are left as they are."""
    text = text.strip()
    if _OPERATOR.search(text):
        return Sought(text)
    newest = bool(_NEWEST.search(text))
    rest, sender = _NEWEST.sub(" ", text), ""
    for pattern in (_FROM, _OWNED):
        if hit := pattern.search(rest):
            sender, rest = tidy(hit[1]), rest.replace(hit[0], " ", 1)
            break
    return Sought(tidy(rest), sender, newest)


def tidy(text: str) -> str:
    """What is left of a text without the words that say nothing, and without what the search would read as its own."""
    return " ".join(re.sub(r"[\"“”(){}?!,;:*\\]|['’]s\b", " ", _FILLER.sub(" ", text)).split())


def kql(
    words: str = "", sender: str = "", subject: str = "", after: date | None = None, before: date | None = None,
    has_attachments: bool | None = None,
) -> str:  # fmt: skip
    """The value of `$search`."""
    found = [re.sub(r"[\"\\]", " ", words).strip()]
    found += [f"from:{one}" for one in re.sub(r"[\"\\]", " ", sender).split()]
    found += [f"subject:{one}" for one in tidy(subject).split()]
    # one day more on either side: Outlook reads days in its own zone, the moment itself is looked at afterwards
    found += [f"received>={(after - timedelta(days=1)).isoformat()}"] if after else []
    found += [f"received<={before.isoformat()}"] if before else []
    found += [f"hasAttachments:{str(has_attachments).lower()}"] if has_attachments is not None else []
    return '"' + " ".join(one for one in found if one) + '"'


def own_id(text: str) -> str:
    """The id that a text is or links to, or ""."""
    text = text.strip()
    if _ID.fullmatch(text):
        return text
    hit = _LINK.search(text) if text.startswith("https://") else None
    return unquote(hit[1]) if hit else ""


def to_occasion(text: str, today: date) -> Occasion:
    """What `text` says; a weekday is the next one from today on."""
    rest, day, at = text.lower(), None, None
    for pattern in _DAYS:
        if (hit := pattern.search(rest)) and (day := _day(hit.groupdict(), today)):
            rest = f"{rest[: hit.start()]} {rest[hit.end() :]}"
            break
    for pattern in _TIMES:
        if (hit := pattern.search(rest.strip())) and (at := _time(hit.groupdict())):
            rest = rest.strip().replace(hit[0], " ", 1)
            break
    words = tuple(word for word in re.findall(r"\w[\w./@&+#-]*", rest) if word not in NOISE)
    return Occasion(words, day, at)


def _day(said: dict[str, str | None], today: date) -> date | None:
    try:
        if said.get("iso"):
            return date.fromisoformat(str(said["iso"]))
        if near := said.get("near"):
            return today + timedelta(days=NEAR[near])
        if week := said.get("week"):
            return today + timedelta(days=(WEEK.index(week) - today.weekday()) % 7)
        number = int(said["day"] or 0)
        if month := said.get("month"):
            found = date(today.year, MONTHS.index(month) + 1, number)
            return found if found >= today - timedelta(days=31) else found.replace(year=today.year + 1)
        return today.replace(day=number) if number >= today.day else _next_month(today).replace(day=number)
    except ValueError:
        return None


def _next_month(today: date) -> date:
    return (today.replace(day=28) + timedelta(days=4)).replace(day=1)


def _time(said: dict[str, str | None]) -> time | None:
    if said.get("word"):
        return time(12)
    hour, minute, half = int(said["hour"] or 0), int(said.get("minute") or 0), said.get("half")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    elif not said.get("minute") and hour < 7:
        hour += 12
    return time(hour, minute) if hour < 24 and minute < 60 else None
