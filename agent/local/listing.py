"""Names in a row: "Ana, Bo and me", "#ops and #support", "PAY-1, PAY-2" are one span each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.local.text import Span
from agent.local.word import COMMAND, FUNCTION, POLITE

_AND = r"(?:\s*,\s*and\s+|\s*,\s*|\s+and\s+|\s*&\s*)"
_NAME = r"(?:[A-Z][\w’'-]+(?:\s[A-Z][\w’'-]+)?|\bme\b|\bI\b|\bmyself\b|[\w.+-]+@[\w-]+\.[\w.-]*\w)"
_NAMES = re.compile(rf"{_NAME}(?:{_AND}{_NAME})*\s+(?:and|&)\s+{_NAME}|{_NAME}(?:\s*,\s*{_NAME})*,\s*and\s+{_NAME}")
_GAP = re.compile(rf"{_AND}$")
_LISTED = frozenset({"channel", "key", "email", "person"})
_DAYS = re.compile(
    r"^(?:mon|tues|wednes|thurs|fri|satur|sun)day|^(?:january|february|march|april|june|july|august|september|october|november|december)",
    re.I,
)
NAMES = "names"


def names(raw: str) -> list[Span]:
    """Spans of people's names in a row; the value is the text."""
    found = []
    for m in _NAMES.finditer(raw):
        start = m.start()
        words = m.group().split()
        first = words[0].strip(",").lower()
        if first in COMMAND | FUNCTION | POLITE and first not in ("me", "i", "myself") and len(words) > 1:
            if words[1].lower() in ("and", "&") or words[0].endswith(","):
                continue
            start += m.group().index(words[1], len(words[0]))
        text = raw[start : m.end()]
        if not any(_DAYS.match(word) or (word.isupper() and len(word) > 2) for word in text.split()):
            found.append(Span(NAMES, start, m.end(), text, text))
    return found


def merged(spans: Sequence[Span], raw: str) -> list[Span]:
    """Spans of one kind that only a comma or "and" parts, as one; its value is the values joined."""
    made: list[Span] = []
    for span in spans:
        last = made[-1] if made else None
        if last and last.kind == span.kind and span.kind in _LISTED and _GAP.fullmatch(raw[last.end : span.start]):
            made[-1] = Span(
                span.kind, last.start, span.end, raw[last.start : span.end], f"{last.value} and {span.value}"
            )
        else:
            made.append(span)
    return made
