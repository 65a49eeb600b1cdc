"""Shopify's search syntax: terms, `field:value` with comparisons, AND, OR, NOT, parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any

TOKEN = re.compile(r"""\s*(\(|\)|-?(?:[a-z_]+:)?(?:[<>]=?)?(?:"[^"]*"|'[^']*'|[^\s()"']+))""")
SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
Test = Callable[[Mapping[str, Any]], bool]


def compiled(query: str | None) -> Test:
    """Whether the fields of a row fit a query; `fields[""]` holds the texts that a bare word is looked for in."""
    tokens = TOKEN.findall(query or "")
    if not tokens:
        return lambda fields: True
    test, _ = _either(tokens, 0)
    return test


def _either(tokens: list[str], at: int) -> tuple[Test, int]:
    test, at = _both(tokens, at)
    while at < len(tokens) and tokens[at] == "OR":
        other, at = _both(tokens, at + 1)
        test = _any(test, other)
    return test, at


def _both(tokens: list[str], at: int) -> tuple[Test, int]:
    test, at = _one(tokens, at)
    while at < len(tokens) and tokens[at] not in ("OR", ")"):
        other, at = _one(tokens, at + (tokens[at] == "AND"))
        test = _all(test, other)
    return test, at


def _one(tokens: list[str], at: int) -> tuple[Test, int]:
    if at >= len(tokens):
        return (lambda fields: True), at
    token = tokens[at]
    if token == "NOT":
        test, at = _one(tokens, at + 1)
        return _not(test), at
    if token == "(":
        test, at = _either(tokens, at + 1)
        return test, at + 1
    if token.startswith("-") and ":" in token:
        return _not(_term(token[1:])), at + 1
    return _term(token), at + 1


def _any(one: Test, other: Test) -> Test:
    return lambda fields: one(fields) or other(fields)


def _all(one: Test, other: Test) -> Test:
    return lambda fields: one(fields) and other(fields)


def _not(one: Test) -> Test:
    return lambda fields: not one(fields)


def _term(token: str) -> Test:
    hit = re.fullmatch(r"([a-z_]+):([<>]=?)?(.*)", token, re.DOTALL)
    name, sign, value = (hit[1], hit[2] or "", hit[3]) if hit else ("", "", token)
    value = value.strip("\"'")

    def test(fields: Mapping[str, Any]) -> bool:
        held = fields.get(name)
        rows = held if isinstance(held, list) else [held]
        if sign:
            return any(_compared(one, sign, value) for one in rows if one is not None)
        return any(_fits(str(one), value, is_bare=not name) for one in rows if one is not None)

    return test


def _fits(held: str, value: str, is_bare: bool) -> bool:
    held, value = held.lower(), value.lower()
    if value.endswith("*") or is_bare:
        return any(word.startswith(value.rstrip("*")) for word in [held, *re.split(r"[\s/()]+", held)])
    return held.lstrip("#") == value.lstrip("#") or (" " not in value and value in re.split(r"[\s,]+", held))


def _compared(held: Any, sign: str, value: str) -> bool:
    left: Any = held
    right: Any = value
    if isinstance(held, int | float):
        right = float(value)
    else:
        left, right = _moment(str(held)), _moment(value)
    return bool(SIGNS[sign](left, right))


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return moment.timestamp() if moment.tzinfo else moment.replace(tzinfo=UTC).timestamp()
