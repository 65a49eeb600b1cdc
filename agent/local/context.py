"""What the conversation has in hand: records lately named, the call that waits, the question that was asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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

    @property
    def parts(self) -> frozenset[str]:
        """The words and numbers in its values."""
        said = " ".join(str(v) for v in self.record.values() if isinstance(v, str | int)).lower()
        return frozenset(_PART.findall(said))

    def value(self, name: str) -> Any:
        """What stands for it as parameter `name`, None where nothing does."""
        for key in (name, *_FIELDS.get(name, ())):
            if self.record.get(key) not in (None, "", []) and not isinstance(self.record.get(key), dict | list):
                return self.record[key]
        if name in self.args and (role_of(name) == "place" or not _is_new(self.tool)):
            return self.args[name]
        if name in _FIELDS and name not in ("issue", "record", "customer", "message", "thread"):
            return None
        return next((self.record[key] for key in _ANY if self.record.get(key) not in (None, "")), None)


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
    def of(cls, turns: Sequence[Turn]) -> Context:
        """Newest first; `things` is a group for each call that gave something."""
        groups = [group for turn in reversed(turns) for step in reversed(turn.calls) if (group := _things(step))]
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
                picked = pick(said, group, self.used)
                for thing in picked:
                    if (thing.integration == tool.integration) is strict and (
                        strict or (role_of(name) in ("", "thing") and not tool.integration)
                    ):
                        value = thing.value(name)
                        if value is not None:
                            return value
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
            if len(own) > 1 and (best := _most_alike(own, words)) is not None:
                return best.value(name)
        return None

    def address(self, tool: Tool) -> str:
        """The e-mail address of the record last named in this system, "" where it has none."""
        for group in self.things:
            if group[0].integration == tool.integration:
                return str(group[0].record.get("email") or "")
        return ""

    def all_of(self, tool: Tool, name: str, most: int) -> list[Any]:
        """What stands for each record of the last group of this system as parameter `name`."""
        for group in self.things:
            if group[0].integration == tool.integration and 1 < len(group) <= most:
                return [value for thing in group if (value := thing.value(name)) is not None]
        return []


def _most_alike(things: Sequence[Thing], words: Sequence[str]) -> Thing | None:
    """The only thing that most of the words are in, whole or as a part of a name; None where two are as near."""
    parts = {part for word in words for part in _PART.findall(word) if part not in _COMMON}
    hits = sorted(((len(parts & thing.parts), n) for n, thing in enumerate(things)), reverse=True)
    first, second = hits[0], hits[1]
    return things[first[1]] if first[0] > second[0] and first[0] * 2 >= len(parts) else None


_PART = re.compile(r"[^\W_]+")


def _things(step: Step) -> tuple[Thing, ...]:
    return tuple(Thing(step.tool, step.args, record) for record in _records(step.result))


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
    if len(group) > 1:
        words = set(fold(said).split()) - _COMMON
        hits = [(len(words & set(fold(_title(thing)).split())), thing) for thing in group]
        best = max(count for count, _ in hits)
        if best:
            return [thing for count, thing in hits if count == best][:1]
    return group[:1]


_OTHER = re.compile(r"\bthe other\b", re.I)
KINDS = frozenset(
    "issue ticket bug task card item deal contact file doc document page sheet folder event meeting call message mail email thread "
    "invoice order payment customer company account record pr mr request comment note campaign newsletter thing guy one ones "
    "last latest itself board list".split()
)
_COMMON = frozenset("the a an one ones it that this them to for in on of and is with".split())


def _title(thing: Thing) -> str:
    return " ".join(str(value) for value in thing.record.values() if isinstance(value, str | int))


def has_ordinal(text: str) -> bool:
    """Whether words point into a list: "the second one"."""
    return bool(_NTH.search(text))
