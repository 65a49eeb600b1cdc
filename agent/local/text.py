"""A sentence as words and typed spans, with offsets into what was written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.local.spell import corrected

KIND_ORDER = ("code", "quote", "person", "channel", "url", "email")
MAX_CHARS = 10_000

_QUOTES = [("“", "”"), ("„", "“"), ("«", "»"), ('"', '"'), ("‘", "’")]
_WORD = re.compile(r"\d+:\d+|[^\W_]+(?:[&.\-/_+][^\W_]+|[’'](?!s\b)[^\W_]+)*|[’']s\b|[^\w\s]|_+")
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|([^>]+))?>|<at>([^<]+)</at>")
_CHANNEL = re.compile(r"<#([A-Z0-9]+)\|([^>]*)>|(?<![\w/#])#(?!\d+\b)([\w][\w.\-]*\w)")
_LINK = re.compile(r"<(https?://[^>|\s]+)(?:\|([^>]*))?>|\bhttps?://[^\s<>\"”’)\]]*[^\s<>\"”’)\].,;:!?]")
_CODE = re.compile(r"```(.+?)```|`([^`\n]+)`", re.S)
_HANDLE = re.compile(r"(?<![\w.@])@([\w][\w.\-]*\w)")
_EMOJI = re.compile(
    r"(?<!\w):[a-z0-9_+\-]{2,}:(?!\w)|[\U0001F300-\U0001FAFF\u2600-\u27BF][\ufe0f\U0001F3FB-\U0001F3FF]?"
)
_SINGLE = re.compile(r"(?<!\w)'([^'\n]{2,200}?)'(?!\w)")


@dataclass(frozen=True)
class Span:
    """A stretch of the sentence whose type is sure; `value` is what it stands for, in the type's own form."""

    kind: str
    start: int
    end: int
    text: str
    value: Any = None


@dataclass(frozen=True)
class Token:
    """A word, a sign, or a whole typed span."""

    start: int
    end: int
    text: str
    low: str
    kind: str = "word"
    span: Span | None = None

    @property
    def is_sign(self) -> bool:
        """Whether it is punctuation."""
        return self.kind == "word" and not any(c.isalnum() for c in self.text)

    @property
    def is_capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[:1].isupper()


@dataclass(frozen=True)
class Sentence:
    """What was written and its tokens."""

    raw: str
    tokens: tuple[Token, ...]
    spans: tuple[Span, ...] = ()
    lows: tuple[str, ...] = field(default=())

    def between(self, first: int, last: int) -> str:
        """The words from token `first` up to and without token `last`, exactly as written."""
        return self.raw[self.tokens[first].start : self.tokens[last - 1].end] if last > first else ""


def clean(text: str) -> str:
    """The text without control characters, cut to what an interpreter reads; offsets stay those of the result."""
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in text[:MAX_CHARS])


def markup(raw: str) -> list[Span]:
    """Spans of chat markup: quotes, code, mentions, channels, links, e-mail handles and emoji."""
    found: list[Span] = []
    for m in _CODE.finditer(raw):
        found.append(Span("quote", m.start(), m.end(), m.group(), (m.group(1) or m.group(2)).strip()))
    for m in _LINK.finditer(raw):
        url = m.group(1) or m.group()
        found.append(Span("url", m.start(), m.end(), m.group(), url))
    for m in _MENTION.finditer(raw):
        found.append(Span("person", m.start(), m.end(), m.group(), m.group(2) or m.group(3) or m.group(1)))
    for m in _CHANNEL.finditer(raw):
        name = m.group(2) or m.group(3) or m.group(1)
        found.append(Span("channel", m.start(), m.end(), m.group(), "#" + name))
    for opening, closing in _QUOTES:
        found.extend(_quoted(raw, opening, closing))
    for m in _SINGLE.finditer(raw):
        found.append(Span("quote", m.start(), m.end(), m.group(), m.group(1).strip()))
    for m in _HANDLE.finditer(raw):
        found.append(Span("person", m.start(), m.end(), m.group(), m.group(1)))
    for m in _EMOJI.finditer(raw):
        found.append(Span("emoji", m.start(), m.end(), m.group(), m.group().strip(":")))
    return found


def _quoted(raw: str, opening: str, closing: str) -> list[Span]:
    found, at = [], raw.find(opening)
    while at >= 0:
        end = raw.find(closing, at + 1)
        if end < 0:
            break
        inner = raw[at + 1 : end]
        if inner.strip() and not (opening == "‘" and at > 0 and raw[at - 1].isalnum()):
            found.append(Span("quote", at, end + 1, raw[at : end + 1], inner.strip()))
            at = raw.find(opening, end + 1)
        else:
            at = raw.find(opening, at + 1)
    return found


def disjoint(spans: Sequence[Span]) -> list[Span]:
    """The spans that earlier ones in the list do not overlap, in the order of the text."""
    taken: list[Span] = []
    for span in spans:
        if all(span.end <= other.start or span.start >= other.end for other in taken):
            taken.append(span)
    return sorted(taken, key=lambda s: s.start)


def tokenise(raw: str, spans: Sequence[Span]) -> Sentence:
    """Words and signs, with each span as one token."""
    tokens: list[Token] = []
    at = 0
    for span in (s for s in spans if s.end > s.start):
        tokens.extend(_words(raw, at, span.start))
        tokens.append(Token(span.start, span.end, span.text, span.text.lower(), span.kind, span))
        at = span.end
    tokens.extend(_words(raw, at, len(raw)))
    return Sentence(raw, tuple(tokens), tuple(spans), tuple(t.low for t in tokens if t.kind == "word"))


def _words(raw: str, start: int, end: int) -> list[Token]:
    return [Token(m.start(), m.end(), m.group(), _low(m.group())) for m in _WORD.finditer(raw, start, end)]


def _low(text: str) -> str:
    low = text.lower().replace("’", "'")
    return corrected(low) if text == low else low


def fold(text: str) -> str:
    """Text as it is compared: lower case, one space between words, no quotes, # or @ around it."""
    return " ".join(text.lower().strip(" \t\n\"'“”‘’«»`#@.,;:!?").split())


def strip_quotes(text: str) -> str:
    """A value as it is passed on: no blanks, quotes or hanging punctuation around it."""
    text = text.strip(" \t\n,;:–—-")
    for opening, closing in [*_QUOTES, ("'", "'"), ("`", "`")]:
        if len(text) > 1 and text.startswith(opening) and text.endswith(closing) and closing not in text[1:-1]:
            return text[1:-1].strip()
    return text.rstrip(".") if text.endswith(".") and not text.endswith("..") else text


def lookup(names: Mapping[str, Sequence[str]], raw: str) -> list[Span]:
    """Spans of names that the tenant's directory knows, longest first."""
    low = raw.lower()
    found = []
    for kind, listed in names.items():
        for name in listed:
            at = low.find(name.lower()) if len(name) > 1 else -1
            while at >= 0:
                end = at + len(name)
                if not (low[at - 1 : at].isalnum() if at else False) and not low[end : end + 1].isalnum():
                    found.append(Span(kind, at, end, raw[at:end], name))
                at = low.find(name.lower(), end)
    return sorted(found, key=lambda s: s.start - s.end)
