"""Sentences to begin with, out of the integrations' own examples: those that fit anybody who has the system."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from core.tool import Example, Tool

LARGEST = 100
USUAL_FROM = 4
_SLOPPY = frozenset("pls plz u ur thx im whats lemme gimme tg zd ga".split())
_SELF = frozenset({"me", "my", "mine", "i", "myself"})
_TYPICAL = {"what's", "which", "show", "list", "my"}


def usual(tools: Iterable[Tool]) -> frozenset[str]:
    """The words that people use for several of these tools; slips of the keyboard are not among them."""
    counts = Counter(word for tool in tools for word in {w for one in tool.examples for w in _words(one.say)})
    return frozenset(word for word, count in counts.items() if count >= USUAL_FROM) - _SLOPPY


def fitting(tool: Tool, words: Container[str], hour: int = 12) -> str:
    """A sentence that asks for this tool in usual words and names nothing that a company may not have; "" for none."""
    found = [one.say for one in tool.examples if _is_general(tool, one) and all(w in words for w in _words(one.say))]
    return max(found, key=lambda say: _fit(say, hour), default="")


def by_system(tools: Iterable[Tool], hour: int = 12) -> dict[str, list[str]]:
    """Such sentences by the system's name, questions before changes."""
    tools, found = list(tools), dict[str, list[str]]()
    words = usual(tools)
    for tool in sorted(tools, key=lambda one: one.effect != "read"):
        if say := fitting(tool, words, hour):
            found.setdefault(tool.title, []).append(say)
    return found


def _words(say: str) -> list[str]:
    return re.findall(r"[\w'&]+", say.casefold())


def _is_general(tool: Tool, example: Example) -> bool:
    is_named = all(_is_everybodys(tool.properties.get(name, {}), value) for name, value in example.args.items())
    return is_named and not re.search(r"\d", example.say)


def _is_everybodys(schema: Mapping[str, Any], value: Any) -> bool:
    """A choice, a small number, a day in words, or the asker."""
    values: Sequence[Any] = value if isinstance(value, list) else [value]
    return all(_is_everybodys_one(schema, one) for one in values)


def _is_everybodys_one(schema: Mapping[str, Any], value: Any) -> bool:
    if isinstance(value, int | float):
        return value <= LARGEST
    if "enum" in schema or schema.get("format") in ("date", "date-time"):
        return True
    return schema.get("format") == "person" and str(value).casefold() in _SELF


def _fit(say: str, hour: int) -> tuple[int, int, int]:
    """Today in the morning and tomorrow in the evening; a plain question; a short one."""
    words = _words(say)
    when = "today" if hour < 15 else "tomorrow"
    return int(when in words), int(bool(words) and words[0] in _TYPICAL), -len(say)
