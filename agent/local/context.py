"""What the conversation has in hand: records lately named, the call that waits, the question that was asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from agent.interpretation import Step, Turn
from agent.local.role import role_of
from agent.local.text import fold
from core.tool import Tool

_ORDINALS = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4,
    "last": -1, "latter": -1, "former": 0, "top": 0, "bottom": -1,
}  # fmt: skip
_NTH = re.compile(
    r"\b(?:the\s)?("
    + "|".join(_ORDINALS)
    + r")(?:\s(?:one|ticket|issue|deal|event|invoice|message|pr|result|item|customer|payment|lead|case|project))\b|\b(?:the\s)?(second|first|third|former|latter)\b",
    re.I,
)
_FIELDS = {
    "issue": ("key", "identifier", "id", "url"), "number": ("number", "key", "id"), "repo": ("repo", "repository", "full_name"),
    "channel": ("channel", "name", "id"), "thread": ("thread", "ts", "id", "url"), "message": ("ts", "id", "url"),
    "customer": ("customer", "id", "name"), "account": ("account", "name", "title", "id"), "project": ("project", "key", "name", "title"),
    "record": ("id", "name", "title"), "object": ("object", "type", "kind"), "branch": ("branch", "head", "name"),
}  # fmt: skip
_ANY = ("key", "id", "url", "name", "title")


@dataclass(frozen=True)
class Thing:
    """A record that the conversation named: what a call gave, with the call."""

    tool: str
    args: Mapping[str, Any]
    record: Mapping[str, Any]
    me: str = ""

    @property
    def integration(self) -> str:
        """The system it lives in."""
        return self.tool.partition(".")[0]

    def is_in(self, values: frozenset[str]) -> bool:
        """Whether one of these values is this record's."""
        return any(fold(str(self.record[key])) in values for key in _ANY if self.record.get(key) not in (None, ""))

    def holds(self, words: Sequence[str]) -> bool:
        """Whether every word is one of its own, or begins one."""
        own = fold(" ".join(str(v) for v in self.record.values() if isinstance(v, str | int))).split()
        return all(any(one == word or (len(word) > 3 and one.startswith(word)) for one in own) for word in words)

    @cached_property
    def parts(self) -> frozenset[str]:
        """The words and numbers in its values; of a day also its name, of a record of the writer's own "mine"."""
        found: set[str] = set()
        for value in self.record.values():
            for one in value if isinstance(value, list) else (value,):
                if isinstance(one, str | int | float) and not isinstance(one, bool):
                    found |= {*_PART.findall(str(one).lower()), *_day_words(str(one))}
                    found |= set(_FORMATS.get(str(one).lower().rpartition(".")[2], "").split())
                    found |= {"mine", "my", "me"} if self.me and fold(str(one)) == fold(self.me) else set()
        return frozenset(found)

    def amount(self) -> float | None:
        """The figure that it is the bigger or smaller by."""
        figures = [
            float(v) for k, v in self.record.items()
            if isinstance(v, int | float) and not isinstance(v, bool) and k not in _ANY and k != "number"
        ]  # fmt: skip
        return figures[0] if figures else None

    def moment(self) -> str:
        """The day or moment that it is the older or newer by, ISO, "" where it has none."""
        return next((str(v) for v in self.record.values() if _ISO.match(str(v))), "")

    def value(self, name: str) -> Any:
        """What stands for it as parameter `name`, None where nothing does."""
        if name not in self.record and name in self.args and role_of(name) == "place":
            return self.args[name]
        for key in (name, f"{name}_id", *_FIELDS.get(name, ())):
            if self.record.get(key) not in (None, "", []) and not isinstance(self.record.get(key), dict | list):
                return self.record[key]
        if name in self.args and (role_of(name) == "place" or not _is_new(self.tool)):
            return self.args[name]
        if name in _FIELDS and name not in ("issue", "record", "customer", "message", "thread"):
            return None
        own = next((self.record[key] for key in _ANY if self.record.get(key) not in (None, "")), None)
        return own if own is not None else next((v for k, v in self.record.items() if k.endswith("_id")), None)

    @property
    def link(self) -> str:
        """Its address, "" where it has none."""
        named = (self.record.get("url"), *(v for k, v in self.record.items() if k.endswith(("url", "link"))))
        return next((str(one) for one in named if str(one or "").startswith("http")), "")


def _is_new(tool: str) -> bool:
    return ".create" in tool or ".send" in tool or ".post" in tool


@dataclass(frozen=True)
class Context:
    """The state of a conversation before a sentence."""

    things: tuple[tuple[Thing, ...], ...] = ()
    pending: tuple[Step, ...] = ()
    asked: str = ""
    before: str = ""
    last: Step | None = None
    integrations: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, turns: Sequence[Turn], me: str = "") -> Context:
        """Newest first; `things` is a group for each call that gave something, `me` the writer's name."""
        groups = [group for turn in reversed(turns) for step in reversed(turn.calls) if (group := _things(step, me))]
        final = turns[-1] if turns and turns[-1].role == "assistant" else None
        pending = tuple(step for step in final.calls if step.result is None) if final else ()
        steps = [step for turn in turns for step in turn.calls]
        said = [turn.text for turn in turns if turn.role == "user"]
        asked = final.text if final and ("?" in final.text or pending) else ""
        named = tuple(dict.fromkeys(step.tool.partition(".")[0] for step in reversed(steps)))
        return cls(tuple(groups), pending, asked, said[-1] if said else "", steps[-1] if steps else None, named)

    def find(self, said: str, tool: Tool, name: str) -> Any:
        """What "it", "the second one" or nothing said stands for as a parameter of a tool, None where nothing fits."""
        for strict in (True, False):
            for group in self.things:
                if _OTHER.search(said) and all(one.is_in(self.used) for one in group):
                    continue
                if (group[0].integration == tool.integration) is not strict or not (
                    strict or (role_of(name) in ("", "thing") and not tool.integration)
                ):
                    continue
                found = {
                    str(value): value
                    for thing in pick(said, group, self.used)
                    if (value := thing.value(name)) is not None
                }
                if len(found) > 1:  # two are as near: which is meant must be asked
                    return None
                if found:
                    return next(iter(found.values()))
        for step in (*self.pending, *((self.last,) if self.last else ())):
            if step.tool.partition(".")[0] == tool.integration and step.args.get(name) not in (None, "", []):
                return step.args[name]
        return None

    @property
    def used(self) -> frozenset[str]:
        """The values in the last call."""
        return frozenset(fold(str(value)) for value in (self.last.args.values() if self.last else ()))

    def singled(self, said: str, tool: Tool, name: str) -> Any:
        """The one record of this system that the words of a value single out, as parameter `name`; None for none."""
        words = [w for w in fold(said).split() if w not in _COMMON and w not in KINDS]
        if not words or len(words) > 5:
            return None
        for group in self.things:
            own = [thing for thing in group if thing.integration == tool.integration]
            hits = [thing for thing in own if thing.holds(words)]
            if len(hits) == 1:
                return hits[0].value(name)
            if len(own) > 1 and len(best := alike(own, words)) == 1:
                return best[0].value(name)
        return None

    def address(self, tool: Tool) -> str:
        """The e-mail address of the record last named in this system, "" where it has none."""
        for group in self.things:
            if group[0].integration == tool.integration:
                return str(group[0].record.get("email") or "")
        return ""

    def all_of(self, tool: Tool, name: str, most: int, said: str) -> list[Any]:
        """What stands for each record of the last group of this system as parameter `name`, unless words single some out."""
        for group in self.things:
            if len(pick(said, group)) < len(group):
                return []
            if group[0].integration == tool.integration and 1 < len(group) <= most:
                return [value for thing in group if (value := thing.value(name)) is not None]
        return []


def alike(things: Sequence[Thing], words: Iterable[str], *, share: float = 0.5) -> Sequence[Thing]:
    """The things that most of the words are in which tell things apart, none where no word does.

    A word is in a thing whole or as a beginning; at least `share` of the words must be in the nearest.
    """
    parts = {part for word in words for part in _PART.findall(word.lower()) if part not in _COMMON}
    seen = {part: [_is_in(part, thing.parts) for thing in things] for part in parts}
    telling = [hits for hits in seen.values() if any(hits) and not all(hits)]
    counts = [sum(hits[n] for hits in telling) for n in range(len(things))]
    best = max(counts, default=0)
    known = [sum(hits[n] for hits in seen.values()) for n in range(len(things))]
    if not best or max(known) < share * len(parts):
        return ()
    return [thing for count, thing in zip(counts, things, strict=True) if count == best]


def _is_in(word: str, parts: frozenset[str]) -> bool:
    if word in parts:
        return True
    short = word[:-1] if word.endswith("s") and len(word) > 3 else word
    return len(short) > 3 and any(one.startswith(short) or (len(one) > 3 and short.startswith(one)) for one in parts)


_PART = re.compile(r"[^\W_]+")
_ISO = re.compile(r"\d{4}-\d\d-\d\d")


def _day_words(value: str) -> set[str]:
    """How people name the day and hour of an ISO moment."""
    if not _ISO.match(value):
        return set()
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return set()
    ending = {1: "st", 2: "nd", 3: "rd"}.get(at.day % 10 if at.day not in (11, 12, 13) else 0, "th")
    name = f"{at:%A}".lower()
    found = {name, name[:3], f"{at.day}{ending}", f"{at:%B}".lower()}
    return found | ({f"{at.hour % 12 or 12}{'am' if at.hour < 12 else 'pm'}"} if "T" in value else set())


def _things(step: Step, me: str) -> tuple[Thing, ...]:
    return tuple(Thing(step.tool, step.args, record, me) for record in _records(step.result))


def _records(result: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(result, Mapping):
        inner = next(
            (
                v
                for k, v in result.items()
                if isinstance(v, list)
                and v
                and isinstance(v[0], Mapping)
                and k in ("items", "results", "records", "data", "issues", "events", "values", "list")
            ),
            None,
        )
        record = result.get("record")
        if inner is not None:
            yield from _records(inner)
        elif isinstance(record, Mapping):
            yield from _records(record)
        else:
            ref = result.get("ref")
            yield {**ref, **result} if isinstance(ref, Mapping) else result
    elif isinstance(result, list | tuple):
        for item in result:
            if isinstance(item, Mapping):
                yield from _records(item)


def pick(said: str, group: Sequence[Thing], used: frozenset[str] = frozenset()) -> Sequence[Thing]:
    """The things of a group that words single out: by place, by words of the title, else the only or first one.

    `used` are the arguments of the last call, for "the other one".
    """
    if len(group) > 1 and _OTHER.search(said) and len(rest := [one for one in group if not one.is_in(used)]) == 1:
        return rest
    match = _NTH.search(said)
    if match and len(group) > 1:
        place = _ORDINALS[(match[1] or match[2]).lower()]
        return group[place : place + 1 or None] if -len(group) <= place < len(group) else ()
    if len(group) > 1 and (extreme := _extreme(said, group)) is not None:
        return [extreme]
    if len(group) > 1 and (near := alike(group, fold(said).split(), share=0.0)):
        return near
    return group


def _extreme(said: str, group: Sequence[Thing]) -> Thing | None:
    """The thing that "the bigger one" or "the oldest" names, None where no such word is or it is not one thing."""
    match = _EXTREMES.search(said)
    if match is None:
        return None
    word = match[1].lower()
    by = Thing.moment if word.startswith(("new", "old", "lat", "ear", "rec")) else Thing.amount
    found = [(value, n) for n, thing in enumerate(group) if (value := by(thing)) not in (None, "")]
    if len(found) < len(group) or len({value for value, _ in found}) < len(found):
        return None
    order = sorted(found, key=lambda one: (one[0], one[1]))
    return group[order[-1 if word.startswith(("big", "larg", "high", "new", "lat", "rec", "more", "most")) else 0][1]]


_EXTREMES = re.compile(
    r"\bthe (?:most )?(bigger|biggest|larger|largest|higher|highest|smaller|smallest|lower|lowest|cheaper|cheapest|"
    r"newer|newest|older|oldest|later|latest|earlier|earliest|recent|most expensive|more expensive)\b",
    re.I,
)


_OTHER = re.compile(r"\bthe other\b", re.I)
KINDS = frozenset(
    "issue ticket bug task card item deal contact file doc document page sheet folder event meeting call message mail email thread "
    "invoice order payment customer company account record pr mr request comment note campaign newsletter thing guy one ones "
    "last latest itself board list".split()
)
_COMMON = frozenset(
    "the a an one ones it that this them these those to for in on of and is was with from about by at which guy".split()
)
_FORMATS = {
    "xlsx": "spreadsheet excel sheet", "xls": "spreadsheet excel sheet", "csv": "spreadsheet", "docx": "document doc word", "doc": "document word",
    "pptx": "presentation deck slides powerpoint", "ppt": "presentation deck slides", "png": "image picture", "jpg": "image picture photo",
    "jpeg": "image picture photo", "mp4": "video recording", "mov": "video",
}  # fmt: skip


def has_ordinal(text: str) -> bool:
    """Whether words point into a list: "the second one"."""
    return bool(_NTH.search(text))
