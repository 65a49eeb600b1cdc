"""The search language, as far as people use it: words, `field:value`, `<`, `>`, `-`, quotes."""

from __future__ import annotations

import re
from collections.abc import Callable

from sandbox.exchange import Json

TERM = re.compile(r'(-?)(?:(\w+)(:|>=|<=|>|<))?("[^"]*"|\S+)')
STATUS = ["new", "open", "pending", "hold", "solved", "closed"]
PRIORITY = ["low", "normal", "high", "urgent"]
Test = Callable[[Json], bool]


class Query:
    """A parsed query about tickets, users or organizations; `me` is who asks."""

    def __init__(self, text: str, state: Json, me: int) -> None:
        self.kind = ""
        self._state = state
        self._me = me
        self._tests: list[Test] = []
        for minus, field, sign, value in TERM.findall(text):
            value = value.strip('"')
            if field == "type":
                self.kind = value
            elif value:
                test = self._test(field, sign, value)
                self._tests.append(_not(test) if minus else test)

    def fits(self, row: Json) -> bool:
        """Whether a row meets every term."""
        return all(test(row) for test in self._tests)

    def _test(self, field: str, sign: str, value: str) -> Test:
        if not field:
            return lambda row: value.lower() in self._words(row)
        if field in ("status", "priority"):
            scale = STATUS if field == "status" else PRIORITY
            return lambda row: (
                row.get(field) in scale
                and _compare(scale.index(row[field]), sign, scale.index(value) if value in scale else -1)
            )
        if field in ("created", "updated"):
            return lambda row: _compare(row[f"{field}_at"][: len(value)], sign, value)
        if field in ("assignee", "requester"):
            return lambda row: self._is_user(row.get(f"{field}_id"), value)
        if field in ("organization", "group"):
            table = self._state[f"{field}s"]
            return lambda row: self._is_named(table.get(str(row.get(f"{field}_id"))), value)
        if field == "tags":
            return lambda row: value.lower() in row.get("tags", [])
        return lambda row: value.lower() in str(row.get(field, "")).lower()

    def _words(self, row: Json) -> str:
        said = self._state["comments"].get(str(row["id"]), []) if "subject" in row else []
        own = [row.get(name) or "" for name in ("subject", "description", "name", "email")]
        return " ".join([*own, *(one["body"] for one in said)]).lower()

    def _is_user(self, id: int | None, value: str) -> bool:
        if value == "none":
            return id is None
        if value == "me":
            return id == self._me
        user = self._state["users"].get(str(id))
        return bool(user) and (value == str(id) or value.lower() in (user["email"], user["name"].lower()))

    def _is_named(self, row: Json | None, value: str) -> bool:
        return row is not None and value.lower() in (str(row["id"]), row["name"].lower())


def _not(test: Test) -> Test:
    return lambda row: not test(row)


def _compare(left: str | int, sign: str, right: str | int) -> bool:
    if sign == ":":
        return left == right
    is_less = left < right  # type: ignore[operator]
    return (is_less if sign[0] == "<" else not is_less and left != right) or (len(sign) == 2 and left == right)
