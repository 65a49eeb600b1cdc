"""A tool as the segment model sees it: labels, kinds, cues, and the stretches of words that could fill them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from agent.local import choice
from agent.local.role import role_of
from agent.local.text import Sentence, Token
from agent.local.word import COMMAND, FUNCTION, POLITE, split_name, stem
from core.tool import Tool

PAIRS = (("from", "to"), ("since", "until"), ("start", "end"), ("after", "before"), ("due_after", "due_before"),
         ("close_after", "close_before"), ("created_after", "created_before"), ("updated_after", "updated_before"),
         ("start_date", "end_date"), ("since", "before"), ("from_date", "to_date"), ("date_from", "date_to"))  # fmt: skip
FULL_NAME = "first_name+last_name"
TIMES = ("date", "date-time")


def kind_of(schema: Mapping[str, Any]) -> str:
    """The class of a parameter by which weights are shared: text, string, id, person, date, number, enum, …"""
    if schema.get("type") == "array":
        return "list-" + kind_of(schema.get("items") or {"type": "string"})
    if schema.get("enum"):
        return "enum"
    known = schema.get("format")
    if known in ("text", "id", "date", "date-time", "duration", "person", "email", "money"):
        return str(known)
    kind = schema.get("type", "string")
    return "number" if kind in ("integer", "number") else str(kind)


OPEN = frozenset({"text", "string", "id", "person", "list-string", "list-person", "list-id", "list-email", "list-text"})
TAKES: Mapping[str, frozenset[str]] = {
    "date": frozenset({"when"}), "date-time": frozenset({"when"}), "duration": frozenset({"duration"}),
    "number": frozenset({"number"}), "money": frozenset({"money", "number"}), "email": frozenset({"email"}),
}  # fmt: skip


COUNTED = re.compile(r"day|hour|minute|week")
REAL_IDS = frozenset({"id", "url", "key", "number", "quote", "file", "phone"})


@dataclass(frozen=True)
class Form:
    """A tool as the segment model sees it: labels, their kinds, the words that ask for it, values seen."""

    tool: Tool
    words: Counter[str] = field(default_factory=Counter)
    common: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    seen: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Label to kind; a pair of time parameters that one stretch of words fills is a label of its own."""
        kinds = {name: kind_of(schema) for name, schema in self.tool.properties.items()}
        for a, b in PAIRS:
            if kinds.get(a) in TIMES and kinds.get(b) in TIMES:
                kinds[f"{a}+{b}"] = "pair"
        if {"first_name", "last_name"} <= kinds.keys():
            kinds[FULL_NAME] = "full-name"
        return kinds

    @cached_property
    def sums(self) -> dict[int, dict[str, Any]]:
        """Weights already summed, by the identity of the weights and the label."""
        return {}

    @cached_property
    def choices(self) -> dict[str, dict[tuple[str, ...], Any]]:
        """Phrases of each enum or boolean."""
        found = {}
        for name, kind in self.kinds.items():
            if kind in ("enum", "boolean"):
                found[name] = choice.phrases(self.tool.properties[name], name)
        return found

    @cached_property
    def cues(self) -> dict[str, frozenset[str]]:
        """Words that announce each parameter: its name, and the nouns of its description."""
        cues = {}
        for name, schema in self.tool.properties.items():
            said = split_name(name)
            if len(said) > 1:
                said += [w for w in split_name(str(schema.get("description", ""))) if w not in FUNCTION][:0]
            cues[name] = frozenset(stem(w) for w in said if w not in FUNCTION)
        return cues

    def _prefixes(self, label: str, kind: str) -> list[str]:
        role = role_of(label)
        found = [kind + "|", label + "|", f"{self.tool.id}.{label}|"]
        return [*found, "@" + role + "|"] if role else found

    @cached_property
    def table(self) -> dict[str, tuple[tuple[str, ...], bool]]:
        """Label to the prefixes of its weights, from general to special."""
        return {
            label: (tuple(self._prefixes(label, kind)), kind.startswith("list")) for label, kind in self.kinds.items()
        }


def candidates(sentence: Sentence, form: Form) -> list[tuple[int, int, str, Any]]:
    """Stretches that could be a parameter at all: (first, last, label, value)."""
    tokens = sentence.tokens
    n = len(tokens)
    found: list[tuple[int, int, str, Any]] = []
    for label, kind in form.kinds.items():
        if kind in ("enum", "boolean"):
            for i, j, value in choice.matches(tokens, form.choices[label]):
                if kind == "boolean" and choice.is_negated(tokens, i):
                    value = not value
                found.append((i, j, label, value))
        elif kind == "pair":
            found += [(i, i + 1, label, None) for i in range(n) if tokens[i].kind == "when"]
        elif kind in TAKES:
            takes = TAKES[kind] | ({"duration"} if kind == "number" and COUNTED.search(label) else set())
            found += [(i, i + 1, label, None) for i in range(n) if tokens[i].kind in takes]
        elif label in ("recurrence", "repeat", "frequency", "schedule"):
            found += [(i, i + 1, label, None) for i in range(n) if tokens[i].kind == "every"]
    spans = stretches(tokens, form.words)
    for label, kind in form.kinds.items():
        if kind == "id" and label not in form.tool.required:
            found += [(i, i + 1, label, None) for i in range(n) if tokens[i].kind in REAL_IDS]
        elif label == "repo":
            found += [(i, i + 1, label, None) for i in range(n) if tokens[i].kind in ("repo", "url", "quote")]
        elif kind in OPEN and label not in ("recurrence",):
            longest = 5 if "person" in kind else 999
            found += [(i, j, label, None) for i, j in spans if j - i <= longest]
        elif kind == "full-name":
            found += [(i, j, label, None) for i, j in spans if 2 <= j - i <= 4]
    return found


def stretches(tokens: Sequence[Token], words: Counter[str]) -> list[tuple[int, int]]:
    """Starts and ends where a free value may begin and end."""
    n = len(tokens)
    starts, ends = [], set()
    for i, token in enumerate(tokens):
        if not token.is_sign or token.text in "+$€£@(/~":
            before = tokens[i - 1] if i else None
            if (
                before is None
                or before.is_sign
                or before.kind != "word"
                or token.kind != "word"
                or is_closed(before, words)
                or token.is_capital
            ):
                starts.append(i)
        after = tokens[i + 1] if i + 1 < n else None
        if (not token.is_sign or token.text in "!?)%") and (
            after is None
            or after.is_sign
            or after.kind != "word"
            or token.kind != "word"
            or is_closed(after, words)
            or (token.is_capital and not after.is_capital)
        ):
            ends.add(i + 1)
    found = []
    hard = [i for i, t in enumerate(tokens) if t.text in ";\n"]
    for i in starts:
        for j in sorted(ends):
            if (
                j > i
                and not any(i < h < j - 1 for h in hard)
                and (j - i <= 10 or j == n or tokens[j].is_sign or j == n - 1)
            ):
                found.append((i, j))
    if n > 60:
        found = [(i, j) for i, j in found if j - i <= 3 or j >= n - 1 or tokens[j].is_sign]
    return found[:1500]


def is_closed(token: Token, words: Counter[str]) -> bool:
    """Whether a word is no content: a closed-class or command word, or one the tool is asked for with."""
    return token.low in FUNCTION or token.low in COMMAND or token.low in POLITE or words.get(token.low, 0) > 0
