"""Words as typed values of a tool's parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from agent.local import moment
from agent.local.day import Moment
from agent.local.evidence import Trait
from agent.local.form import FULL_NAME, Form
from agent.local.role import role_of
from agent.local.slot import Reading, Segment
from agent.local.text import Sentence, Span, Token, strip_quotes
from agent.local.word import DETERMINER, PRONOUN, SELF, stem

_NOBODY = frozenset("nobody noone none unassigned no-one".split())
_AHEAD = re.compile(r"event|meeting|availab|calendar|schedul|webinar|remind|due|close_|expir|deadline|renew|birthday")
_DONE = re.compile(r"log|record|expense|payment|bill|receipt|time|hours|invoice")
_ENDS = frozenset(
    "to to_date date_to modified_before until before end due_before close_before created_before end_date ends_at end_time updated_before deadline ends expires expires_at valid_until".split()
)
_TRIMMED_ROLES = frozenset("thing place firm state branch".split())


@dataclass(frozen=True)
class Writer:
    """Who writes, when, and where."""

    name: str
    email: str
    now: datetime
    zone: ZoneInfo


@dataclass
class Filled:
    """Arguments with the words they came from; `impossible` names a parameter whose date no calendar has."""

    args: dict[str, Any] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    impossible: str = ""


def fill(reading: Reading, sentence: Sentence, form: Form, writer: Writer, base: datetime | None = None) -> Filled:
    """The reading's segments as arguments that fit the tool's schema; what does not fit is left out."""
    filled = Filled()
    for segment in (_unannounced(s, sentence, form) for s in reading.segments):
        said = sentence.between(segment.first, segment.last)
        if segment.label == FULL_NAME:
            _full_name(filled, said)
        elif "+" in segment.label:
            _period(filled, segment, sentence, form, writer, said)
        else:
            _single(filled, segment, sentence, form, writer, said, base)
    _complete(filled, reading, sentence, form, writer, base)
    return filled


def _unannounced(segment: Segment, sentence: Sentence, form: Form) -> Segment:
    """Without the parameter's own name beside its value: "room kitchen", "green color"."""
    first = sentence.tokens[segment.first].low if segment.last - segment.first > 1 else ""
    is_open = form.kinds.get(segment.label) in ("string", "id", "list-string") and role_of(segment.label) not in (
        "body",
        "title",
        "query",
    )
    if not is_open or not first or segment.value is not None:
        return segment
    if first == segment.label and not sentence.tokens[segment.first].is_capital:
        return replace(segment, first=segment.first + 1)
    last = sentence.tokens[segment.last - 1]
    if stem(last.low) == stem(segment.label) and not last.is_capital:
        return replace(segment, last=segment.last - 1)
    return segment


def _single(
    filled: Filled, segment: Segment, sentence: Sentence, form: Form, writer: Writer, said: str, base: datetime | None
) -> None:
    name = segment.label
    schema = form.tool.properties[name]
    kind = form.kinds[name]
    tokens = sentence.tokens[segment.first : segment.last]
    if segment.value is not None:
        value: Any = segment.value
    elif kind in ("date", "date-time"):
        when = tokens[0].span.value if tokens[0].span else None
        if not isinstance(when, Moment):
            return
        if when.impossible:
            filled.impossible = name
            return
        value = _time(when, name, kind, form, writer, base or _day_inside(sentence, segment, writer))
    else:
        value = plain(tokens, said, kind.removeprefix("list-"), name, writer)
        if kind.startswith("list") and value is not None:
            value = [
                *filled.args.get(name, []),
                *(v for v in _listed(value, kind, writer) if v not in filled.args.get(name, [])),
            ]
    if isinstance(value, str) and kind in ("string", "id", "person") and segment.value is None:
        value = Trait(form.tool).unnamed(value)
    if value is None or value == "" or not _fits(value, schema):
        return
    filled.args[name] = value
    filled.words[name] = f"{filled.words[name]}, {said}" if name in filled.words else said


def _time(
    when: Moment, name: str, kind: str, form: Form, writer: Writer, base: datetime | None, is_period: bool = False
) -> str | None:
    is_done = name in ("started", "date") and bool(_DONE.search(form.tool.id))
    is_past = is_done or (form.tool.effect == "read" and not _AHEAD.search(f"{form.tool.id} {name}"))
    is_end = name in _ENDS
    if kind == "date":
        whole = is_end or (name.startswith(("due", "close")) and when.day is not None and when.day.grain != "day")
        return moment.to_date(when, writer.now, is_end=whole, is_past=is_past)
    is_whole = (form.tool.effect == "read" or is_end) and moment.is_whole_day(when) and base is None
    return moment.to_datetime(
        when, writer.now, writer.zone, is_end=is_end and (is_period or is_whole or moment.has_end(when)), is_past=is_past,
        base=base, is_period=is_whole or is_period,
    )  # fmt: skip


def _day_inside(sentence: Sentence, segment: Segment, writer: Writer) -> datetime | None:
    """The day another moment of the sentence names, for a time that was said without one."""
    for k, token in enumerate(sentence.tokens):
        if token.span and not segment.first <= k < segment.last and isinstance(token.span.value, Moment):
            day = token.span.value.day
            if day is not None and day.grain == "day":
                return datetime.combine(day.start, moment.MORNING, writer.zone)
    return None


def _period(filled: Filled, segment: Segment, sentence: Sentence, form: Form, writer: Writer, said: str) -> None:
    span = sentence.tokens[segment.first].span
    if span is None or not isinstance(span.value, Moment):
        return
    first, last = segment.label.split("+")
    when = span.value
    if when.impossible:
        filled.impossible = first
        return
    is_read = form.tool.effect == "read"
    for name in (first, last):
        kind = form.kinds[name]
        if not is_read and name == last and not moment.has_end(when):
            continue
        value = _time(when, name, kind, form, writer, None, is_period=is_read)
        if is_read and kind == "date-time" and name == last and when.clock and not when.until and value:
            value = re.sub(r"T\d\d:\d\d:\d\d", "T23:59:59", value)
        if value is not None:
            filled.args[name], filled.words[name] = value, said


def _full_name(filled: Filled, said: str) -> None:
    words = strip_quotes(said).split()
    first, last = FULL_NAME.split("+")
    filled.args |= {first: " ".join(words[:-1]), last: words[-1]}
    filled.words |= {first: said, last: said}


def plain(tokens: tuple[Token, ...], said: str, kind: str, name: str, writer: Writer) -> Any:
    """A stretch of words as a value of a kind, or None where it cannot be one."""
    only: Span | None = tokens[0].span if len(tokens) == 1 else None
    if kind in ("number", "money", "duration", "email"):
        if only is None:
            return None
        if kind == "number" and only.kind == "duration":
            return _counted(str(only.value), name)
        value = only.value[0] if only.kind in ("number", "money") else only.value
        return int(value) if kind == "number" and isinstance(value, float) and value.is_integer() else value
    if kind == "person":
        return _person(tokens, said, only, writer)
    if name in ("file", "document") and (files := [t.span.value for t in tokens if t.kind == "file" and t.span]):
        return str(files[0])
    if only is not None and only.kind in (
        "quote",
        "url",
        "channel",
        "person",
        "key",
        "id",
        "repo",
        "emoji",
        "email",
        "names",
    ):
        return str(only.value)
    if name == "repeat" or (only is not None and only.kind == "every"):
        return said
    return _text(said, name, kind, writer)


def _counted(duration: str, name: str) -> int | None:
    """A duration in one unit as the number of days, hours or minutes that a parameter counts."""
    match = re.fullmatch(r"(\d+)([wdhm])", duration)
    if match is None:
        return None
    number, unit = int(match[1]), match[2]
    if unit == "w" and "day" in name:
        return 7 * number
    return number if {"w": "week", "d": "day", "h": "hour", "m": "minute"}[unit] in name else None


_HANGING = re.compile(r"(?:\s+(?:on|in|at|to|for|from|of|my|the|our|a|with|and|by|is|please|pls))+$", re.I)


def _text(said: str, name: str, kind: str, writer: Writer) -> str | None:
    text = strip_quotes(said)
    text = re.sub(r"<https?://[^|>]+\|([^>]+)>", r"\1", text)
    role = role_of(name)
    if role not in ("body", "title"):
        text = _HANGING.sub("", text)
    if role in _TRIMMED_ROLES or kind == "id":
        words = text.split()
        while len(words) > 1 and words[0].lower() in DETERMINER - {"my", "his", "her", "their"}:
            words = words[1:]
        text = re.sub(r"[’']s$", "", " ".join(words))
        if role != "body" and text.startswith("#") and text[1:].isdigit():
            text = text[1:]
    if role == "state" and text.lower() in PRONOUN:
        return None
    if role == "state" and text.lower() in ("review", "progress"):
        text = "in " + text
    if text.lower() in SELF and role not in ("body", "query", "title"):
        return writer.name
    return text or None


def _person(tokens: tuple[Token, ...], said: str, only: Span | None, writer: Writer) -> str | None:
    if only is not None:
        return None if only.kind in ("when", "number", "key") else str(only.value)
    low = said.lower().strip(" .,")
    if low in SELF:
        return writer.name
    if low in _NOBODY:
        return None
    text = re.sub(r"[’']s$", "", strip_quotes(said))
    words = text.split()
    if len(words) > 1 and words[0].lower() in ("the", "our", "my"):
        text = " ".join(words[1:])
    return text.lstrip("@") or None


def _listed(value: Any, kind: str, writer: Writer) -> list[Any]:
    if not isinstance(value, str) or (kind == "list-string" and re.search(r"\d", value)):
        return [value]
    parts = [part for part in re.split(r"\s*(?:,\s*and\b|,|\+|&|\band\b)\s*", value) if part]
    return [writer.name if kind == "list-person" and part.lower() in SELF else part for part in parts]


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    if schema.get("enum") and value not in schema["enum"]:
        return False
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "array":
        return isinstance(value, list)
    if kind == "string":
        if schema.get("format") == "duration":
            return isinstance(value, str) and bool(re.fullmatch(r"(?:\d+(?:\.\d+)?[wdhm])+", value))
        return isinstance(value, str)
    return kind is None


def _complete(
    filled: Filled, reading: Reading, sentence: Sentence, form: Form, writer: Writer, base: datetime | None
) -> None:
    """What follows from words already taken: a range's end, a currency, the guests named in a title."""
    kinds = form.kinds
    used = {s.label: sentence.tokens[s.first].span for s in reading.segments}
    start = used.get("start")
    if (
        start
        and "end" in kinds
        and "end" not in filled.args
        and "start" in filled.args
        and isinstance(start.value, Moment)
    ):
        when = start.value
        if when.until is not None and when.clock is not None:
            value = moment.to_datetime(when, writer.now, writer.zone, is_end=True, base=base)
            if value:
                filled.args["end"], filled.words["end"] = value, filled.words["start"]
    for since, until in (("since", "until"), ("from", "to")):
        said = used.get(since)
        if (
            until in kinds
            and until not in filled.args
            and since in filled.args
            and said
            and isinstance(said.value, Moment)
        ):
            day = said.value.day
            if day and day.grain != "day" and day.end <= writer.now.date() and form.tool.effect == "read":
                value = _time(said.value, until, kinds[until], form, writer, None, is_period=True)
                if value:
                    filled.args[until], filled.words[until] = value, filled.words[since]
    if "currency" in kinds and "currency" not in filled.args:
        code = next((s.value[1] for s in sentence.spans if s.kind == "money" and s.value[1]), "")
        default = str(form.tool.properties["currency"].get("default", "usd"))
        if code:
            filled.args["currency"] = code.upper() if default.isupper() else code
    _untitled(filled, sentence, form)
    _from_title(filled, kinds)
    _state_of_verb(filled, sentence, form)
    bodies = {k for s in reading.segments if form.kinds.get(s.label) == "text" for k in range(s.first, s.last)}
    for k, token in enumerate(sentence.tokens):
        if token.span and isinstance(token.span.value, Moment) and token.span.value.impossible and k not in bodies:
            filled.impossible = filled.impossible or next(
                (n for n, kind in kinds.items() if kind in ("date", "date-time")), ""
            )
    _recurring(filled, sentence, form, writer)


_WITH = re.compile(
    r"\b(?:with|w/)\s+((?:[A-Z][\w.'’-]*(?:\s[A-Z][\w.'’-]*)*)(?:(?:,\s*|\s+and\s+|,\s*and\s+)(?:[A-Z][\w.'’-]*(?:\s[A-Z][\w.'’-]*)*))*)"
)


def _from_title(filled: Filled, kinds: Mapping[str, str]) -> None:
    """ "lunch with Ada" names a guest; "call with Ada" names the record it is about."""
    for title in ("title", "subject"):
        match = _WITH.search(str(filled.args.get(title, "")))
        if not match:
            continue
        names = [n.strip() for n in re.split(r",\s*and\s+|,\s*|\s+and\s+", match[1]) if n.strip()]
        if kinds.get("guests") == "list-person" and "guests" not in filled.args:
            filled.args["guests"], filled.words["guests"] = names, match[1]
        elif title == "subject" and "record" in kinds and "record" not in filled.args:
            filled.args["record"], filled.words["record"] = names[0], match[1]


_MEETING = re.compile(
    r"\b((?:video |phone |quick |team |weekly |daily )?(?:meeting|call|lunch|dinner|coffee|sync|chat|1:1|catch-?up|session|review|standup|interview|demo|workshop|event|breakfast)"
    r"(?:\s+(?:with|w/)\s+[^,.;:]+?)?)(?=\s+(?:on|at|for|from|next|this|tomorrow|today|tonight|every|about|in|to)\b|[,.;:]|$)", re.I
)  # fmt: skip
_ABOUT = re.compile(
    r"\b(?:about|regarding|re|to discuss)\s+(?:the\s+)?([^,.;:]+?)(?=\s+(?:on|at|tomorrow|today|next|from)\b|[,.;:]|$)",
    re.I,
)


def _untitled(filled: Filled, sentence: Sentence, form: Form) -> None:
    """A meeting that was given no title is called by its kind, its people or its topic."""
    if "title" in filled.args or "title" not in form.tool.required or form.kinds.get("guests") != "list-person":
        return
    match = _ABOUT.search(sentence.raw) or (_MEETING.search(sentence.raw) if "guests" in filled.args else None)
    if match:
        filled.args["title"] = filled.words["title"] = match[1].strip()
        if filled.args.get("location") == filled.args["title"]:
            filled.args.pop("location")


_STATES = {
    "close": "Done", "closed": "Done", "resolve": "Done", "finish": "Done", "complete": "Done", "finished": "Done", "close out": "Done",
    "start": "In Progress", "begin": "In Progress", "reopen": "To Do",
}  # fmt: skip


def _state_of_verb(filled: Filled, sentence: Sentence, form: Form) -> None:
    """ "close PAY-1" names the state by its verb."""
    for name in form.tool.required:
        if role_of(name) == "state" and re.fullmatch(r"[A-Za-z]+-\d+", str(filled.args.get(name, ""))):
            filled.args.pop(name)
        if role_of(name) == "state" and name not in filled.args and form.kinds[name] == "string":
            verb = next((t.low for t in sentence.tokens if t.low in _STATES), "")
            if verb:
                filled.args[name], filled.words[name] = _STATES[verb], verb


def _recurring(filled: Filled, sentence: Sentence, form: Form, writer: Writer) -> None:
    """ "every Monday" says when first as well."""
    if "recurrence" not in filled.args:
        return
    for name in form.tool.required:
        if form.kinds[name] == "date-time" and name not in filled.args:
            anchor = next((s for s in sentence.spans if s.kind == "first"), None)
            value = moment.to_datetime(anchor.value, writer.now, writer.zone) if anchor else None
            if value:
                filled.args[name], filled.words[name] = value, filled.words["recurrence"]
