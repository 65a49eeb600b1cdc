"""Drive's query language, and the choice of fields in an answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.exchange import Json
from sandbox.google import refused

Test = Callable[[Json], bool]
_TOKEN = re.compile(r"\s*('(?:[^'\\]|\\.)*'|\(|\)|!=|>=|<=|=|>|<|[A-Za-z]+)")


def parse(query: str, field: Callable[[Json, str], Any]) -> Test:
    """A query as a test of files; `field` gives a file's value of a term."""
    tokens, at = list[str](), 0
    while at < len(query.rstrip()):
        hit = _TOKEN.match(query, at)
        if hit is None:
            raise _invalid()
        tokens.append(hit[1])
        at = hit.end()
    reader = _Reader(tokens, field)
    test = reader.either() if tokens else lambda _: True
    if reader.tokens:
        raise _invalid()
    return test


class _Reader:
    def __init__(self, tokens: list[str], field: Callable[[Json, str], Any]) -> None:
        self.tokens = tokens
        self._field = field

    def either(self) -> Test:
        tests = [self._both()]
        while self._next("or"):
            tests.append(self._both())
        return lambda file: any(test(file) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._next("and"):
            tests.append(self._one())
        return lambda file: all(test(file) for test in tests)

    def _one(self) -> Test:
        if self._next("not"):
            test = self._one()
            return lambda file: not test(file)
        if self._next("("):
            test = self.either()
            if not self._next(")"):
                raise _invalid()
            return test
        if len(self.tokens) < 3:
            raise _invalid()
        left, operator, right = self.tokens[:3]
        del self.tokens[:3]
        if operator == "in":
            value = _text(left)
            return lambda file: value in self._field(file, right)
        if right.startswith("'") is (left in ("trashed", "starred", "sharedWithMe")):
            raise _invalid()
        return lambda file: _holds(self._field(file, left), operator, right)

    def _next(self, word: str) -> bool:
        if self.tokens and self.tokens[0] == word:
            self.tokens.pop(0)
            return True
        return False


def _holds(value: Any, operator: str, given: str) -> bool:
    if isinstance(value, bool):
        return value is (given == "true")
    wanted = _text(given)
    if isinstance(value, datetime):
        moment = datetime.fromisoformat(wanted)
        other = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        compared: dict[str, bool] = {
            ">": value > other, ">=": value >= other, "<": value < other, "<=": value <= other, "=": value == other,
        }  # fmt: skip
        return compared[operator]
    if operator == "contains":  # beginnings of words, as Drive has it
        words = re.findall(r"[\w/.+-]+", str(value).lower())
        return all(any(one.startswith(word) for one in words) for word in re.findall(r"[\w/.+-]+", wanted.lower()))
    return (str(value) == wanted) is (operator == "=")


def _text(token: str) -> str:
    if not token.startswith("'"):
        raise _invalid()
    return re.sub(r"\\(.)", r"\1", token[1:-1])


def _invalid() -> Exception:
    return refused(400, "invalid", "Invalid Value")


def chosen(item: Json, fields: str) -> Json:
    """An answer with only the fields that were asked for: `files(id,owners(displayName)),nextPageToken` or `*`."""
    tree = _tree(fields)
    return item if "*" in tree else _cut(item, tree)


def _tree(fields: str) -> Json:
    tree: Json = {}
    stack, name = [tree], ""
    for char in f"{fields},":
        if char in ",()":
            if name.strip():
                stack[-1][name.strip()] = {}
            if char == "(":
                inner: Json = {}
                stack[-1][name.strip()] = inner
                stack.append(inner)
            elif char == ")":
                stack.pop()
            name = ""
        else:
            name += char
    return tree


def _cut(node: Any, tree: Json) -> Any:
    if isinstance(node, list):
        return [_cut(one, tree) for one in node]
    if not isinstance(node, dict) or not tree:
        return node
    return {name: _cut(node[name], inner) for name, inner in tree.items() if name in node}
