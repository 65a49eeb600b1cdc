"""What people call a message, a conversation or a draft, as Gmail's search words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_OPERATOR = re.compile(r"(?:^|[\s(-])(?:from|to|cc|bcc|subject|label|in|is|has|after|before|newer_than|older_than|list|"
                       r"rfc822msgid|filename|category|larger|smaller|older|newer|deliveredto):\S")  # fmt: skip
_NEWEST = re.compile(r"\b(?:last|latest|newest|most recent)\b(?!\s+(?:week|month|year|quarter))", re.IGNORECASE)
_FILLER = re.compile(
    r"\b(?:the|my|a|an|all|every|everything|any|of|in|on|please|that|those|these|with|subject|titled|called|about|"
    r"regarding|re|e-?mails?|mails?|messages?|threads?|conversations?|gmail|google|inbox|drafts?|note|one|from|to)\b",
    re.IGNORECASE,
)
_STOP = r"(?=\s+(?:about|regarding|to|from|with|that|which|in|on|re)\b|[,?!]|$)"
_FROM = re.compile(rf"\b(?:from|by)\s+(.+?){_STOP}", re.IGNORECASE)
_OWNED = re.compile(r"\b([^\W\d_][\w.-]*)['’]s\b")
_TO = re.compile(rf"(?:^|\b(?:drafts?|e-?mails?|mails?|messages?|notes?|sent)\s+)to\s+(.+?){_STOP}", re.IGNORECASE)
_STATES = (
    (re.compile(r"\bunread\b", re.IGNORECASE), "is:unread"),
    (re.compile(r"\bstarred\b", re.IGNORECASE), "is:starred"),
    (re.compile(r"\b(?:with|has|having)\s+(?:an?\s+)?attachments?\b", re.IGNORECASE), "has:attachment"),
)
_DAYS = (
    (re.compile(r"\b(?:today|this morning|this afternoon|tonight)(?:['’]s)?\b", re.IGNORECASE), 0, 0),
    (re.compile(r"\byesterday(?:['’]s)?\b", re.IGNORECASE), 1, 1),
    (re.compile(r"\bthis week(?:['’]s)?\b", re.IGNORECASE), 6, 0),
    (re.compile(r"\blast week(?:['’]s)?\b", re.IGNORECASE), 13, 7),
)
ID = re.compile(r"[0-9a-f]{12,16}")
_LINK = re.compile(r"https://mail\.google\.com/\S*[#/]([0-9a-f]{12,16})(?:[?&]\S*)?$")


@dataclass(frozen=True)
class Sought:
    """A query, the same as mere words, and whether only the newest hit is meant."""

    query: str
    words: str
    is_newest: bool = False


def sought(text: str, today: date, zone: ZoneInfo) -> Sought:
    """What a person's words look for; Gmail's own search operators are left as they are."""
    text = text.strip()
    if _OPERATOR.search(text):
        return Sought(text, text)
    newest = bool(_NEWEST.search(text))
    rest, found = _NEWEST.sub(" ", text), []
    for pattern, begin, end in _DAYS:
        if pattern.search(rest):
            rest = pattern.sub(" ", rest)
            found += [since(today - timedelta(days=begin), zone), until(today - timedelta(days=end - 1), zone)]
    for pattern, word in _STATES:
        if pattern.search(rest):
            rest, found = pattern.sub(" ", rest), [*found, word]
    words = _words(rest)
    for pattern, operator in ((_FROM, "from"), (_TO, "to"), (_OWNED, "from")):
        if hit := pattern.search(rest):
            name = _words(hit[1])
            if name:
                rest, found = rest.replace(hit[0], " ", 1), [*found, f"{operator}:({name})"]
    return Sought(" ".join([*found, _words(rest)]).strip(), words, newest)


def named(text: str) -> str:
    """The id that a text is or links to, or ""."""
    text = text.strip()
    if ID.fullmatch(text):
        return text
    hit = _LINK.search(text)
    return hit[1] if hit else ""


def since(day: date, zone: ZoneInfo) -> str:
    """From the beginning of a day on: in seconds, for Gmail reads dates in its own zone."""
    return f"after:{int(datetime.combine(day, time(), zone).timestamp())}"


def until(day: date, zone: ZoneInfo) -> str:
    """Before the beginning of a day."""
    return f"before:{int(datetime.combine(day, time(), zone).timestamp())}"


def _words(text: str) -> str:
    """What is left of a text without the words that say nothing; what stands in quotes stays whole."""
    pieces = re.split(r'("[^"]*"|“[^”]*”)', text)
    kept = []
    for place, piece in enumerate(pieces):
        if place % 2:
            kept.append(f'"{piece[1:-1]}"')
            continue
        plain = _FILLER.sub(" ", re.sub(r"['’]s\b", " ", piece))
        kept.append(" ".join(re.sub(r"[{}()?!,;:]|(?<!\w)-|-(?!\w)", " ", plain).split()))
    return " ".join(one for one in kept if one)
