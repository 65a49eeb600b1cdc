"""The part of SOQL that programs and people use: one object, conditions, order, limit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox.exchange import Json, Refusal
from sandbox.vendors.salesforce.schema import RELATIONS, SCHEMA

TOKEN = re.compile(
    r"\s*(?:('(?:[^'\\]|\\.)*')|(<=|>=|!=|<>|[=<>(),])"
    r"|(\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?|-?\d+(?:\.\d+)?)|([A-Za-z_][\w.:]*))"
)
ESCAPE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
Condition = Callable[[Json], bool]
Look = Callable[[Json, str], Any]


@dataclass
class Query:
    """What was asked: fields (empty for a count), object, condition, order as field and direction, bounds."""

    fields: list[str]
    kind: str
    condition: Condition | None = None
    order: list[tuple[str, bool]] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0


def parse(text: str, look: Look, today: date) -> Query:
    """Read a query; `look` gives the value of a field of a record. What is wrong is refused as Salesforce does."""
    return _Parser(text, look, today).query()


def run(query: Query, records: list[Json], look: Look) -> list[Json]:
    """The records that fit, in order."""
    found = [record for record in records if query.condition is None or query.condition(record)]
    for name, falls in reversed(query.order):
        found.sort(key=lambda record, name=name: _rank(look(record, name)), reverse=falls)  # type: ignore[misc]
    found = found[query.offset :]
    return found if query.limit is None else found[: query.limit]


def malformed(message: str) -> Refusal:
    """A query that cannot be read."""
    return Refusal("MALFORMED_QUERY", message)


def check_field(kind: str, name: str) -> None:
    """Refuse a field that the object does not have; relations are followed."""
    first, _, rest = name.partition(".")
    if rest and first in RELATIONS and RELATIONS[first] in SCHEMA[kind]:
        return
    if rest or name not in SCHEMA[kind]:
        message = f"\nSELECT {name} FROM {kind}\n       ^\nERROR at Row:1:Column:8\nNo such column '{name}' on entity"
        raise Refusal("INVALID_FIELD", f"{message} '{kind}'. If you are attempting to use a custom field, be sure to "
                      "append the '__c' after the custom field name.")  # fmt: skip


def _rank(value: Any) -> tuple[bool, Any]:
    return (value is not None, value.lower() if isinstance(value, str) else value if value is not None else 0)


class _Parser:
    def __init__(self, text: str, look: Look, today: date) -> None:
        self.look, self.today = look, today
        self.tokens: list[str] = []
        place = 0
        while place < len(text.rstrip()):
            hit = TOKEN.match(text, place)
            if hit is None:
                raise malformed(f"unexpected token: '{text[place:].strip()[:1]}'")
            self.tokens.append(hit[0].strip())
            place = hit.end()
        self.at = 0
        self.kind = ""

    def query(self) -> Query:
        self._word("SELECT")
        fields = self._fields()
        self._word("FROM")
        wanted = self._next()
        kind = next((name for name in SCHEMA if name.lower() == wanted.lower()), None)
        if kind is None:
            raise Refusal("INVALID_TYPE", f"sObject type '{wanted}' is not supported.")
        self.kind = kind
        for name in fields:
            check_field(kind, name)
        query = Query(fields, kind)
        if self._is("WHERE"):
            query.condition = self._any()
        if self._is("ORDER"):
            self._word("BY")
            query.order = self._order()
        if self._is("LIMIT"):
            query.limit = self._number()
        if self._is("OFFSET"):
            query.offset = self._number()
        if self.at < len(self.tokens):
            raise malformed(f"unexpected token: '{self.tokens[self.at]}'")
        return query

    def _fields(self) -> list[str]:
        fields: list[str] = []
        if self._peek().upper() == "COUNT":
            self.at += 1
            self._word("(")
            self._word(")")
            return fields
        while True:
            fields.append(self._next())
            if not self._is(","):
                return fields

    def _order(self) -> list[tuple[str, bool]]:
        order = []
        while True:
            name = self._next()
            check_field(self.kind, name)
            falls = self._is("DESC")
            self._is("ASC")
            if self._is("NULLS"):
                self._next()
            order.append((name, falls))
            if not self._is(","):
                return order

    def _any(self) -> Condition:
        left = self._all()
        while self._is("OR"):
            left = _either(left, self._all())
        return left

    def _all(self) -> Condition:
        left = self._one()
        while self._is("AND"):
            left = _both(left, self._one())
        return left

    def _one(self) -> Condition:
        if self._is("NOT"):
            inner = self._one()
            return lambda record: not inner(record)
        if self._is("("):
            inner = self._any()
            self._word(")")
            return inner
        name = self._next()
        check_field(self.kind, name)
        operator = self._next().upper()
        if operator == "NOT":
            self._word("IN")
            values = self._values()
            return lambda record: _plain(self.look(record, name)) not in values
        if operator == "IN":
            values = self._values()
            return lambda record: _plain(self.look(record, name)) in values
        return self._compared(name, operator, self._value())

    def _compared(self, name: str, operator: str, wanted: Any) -> Condition:
        look = self.look
        if operator == "LIKE":
            if not isinstance(wanted, str):
                raise malformed("LIKE needs a string")
            pattern = _like(wanted)
            return lambda record: pattern.fullmatch(str(look(record, name) or "")) is not None
        if operator in ("!=", "<>"):
            return lambda record: _plain(look(record, name)) != _plain(wanted)
        if operator == "=":
            return lambda record: _same(look(record, name), wanted)
        tests: dict[str, Callable[[Any, Any], bool]] = {
            "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
        }  # fmt: skip
        if operator not in tests:
            raise malformed(f"unexpected token: '{operator}'")
        test = tests[operator]

        def condition(record: Json) -> bool:
            pair = _pair(look(record, name), wanted)
            return pair is not None and test(*pair)

        return condition

    def _values(self) -> list[Any]:
        self._word("(")
        values = [_plain(self._value())]
        while self._is(","):
            values.append(_plain(self._value()))
        self._word(")")
        return values

    def _value(self) -> Any:
        token = self._next()
        if token.startswith("'"):
            return re.sub(r"\\([^%_])", lambda hit: ESCAPE.get(hit[1], hit[1]), token[1:-1])
        if re.fullmatch(r"-?\d+(\.\d+)?", token):
            return float(token)
        if re.match(r"\d{4}-", token):
            return datetime.fromisoformat(token) if "T" in token else date.fromisoformat(token)
        plain: dict[str, Any] = {"true": True, "false": False, "null": None}
        if token.lower() in plain:
            return plain[token.lower()]
        return self._literal(token.upper())

    def _literal(self, token: str) -> date:
        name, _, number = token.partition(":")
        days = {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}
        if name in days:
            return self.today + timedelta(days=days[name])
        if name in ("LAST_N_DAYS", "NEXT_N_DAYS") and number.isdigit():
            return self.today + timedelta(days=int(number) * (1 if name.startswith("NEXT") else -1))
        raise malformed(f"unexpected token: '{token}'")

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _next(self) -> str:
        if self.at >= len(self.tokens):
            raise malformed("unexpected token: '<EOF>'")
        self.at += 1
        return self.tokens[self.at - 1]

    def _is(self, word: str) -> bool:
        if self._peek().upper() != word:
            return False
        self.at += 1
        return True

    def _word(self, word: str) -> None:
        if not self._is(word):
            raise malformed(f"unexpected token: '{self._peek() or '<EOF>'}' (expecting {word})")

    def _number(self) -> int:
        token = self._next()
        if not token.isdigit():
            raise malformed(f"unexpected token: '{token}'")
        return int(token)


def _both(one: Condition, other: Condition) -> Condition:
    return lambda record: one(record) and other(record)


def _either(one: Condition, other: Condition) -> Condition:
    return lambda record: one(record) or other(record)


def _like(text: str) -> re.Pattern[str]:
    parts = re.findall(r"\\[%_]|%|_|[^%_\\]+|\\", text)
    kinds = {"%": ".*", "_": "."}
    return re.compile("".join(kinds.get(part) or re.escape(part[-1:] if part[0] == "\\" else part) for part in parts),
                      re.IGNORECASE | re.DOTALL)  # fmt: skip


def _plain(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) and isinstance(value, str) and len(wanted) == 15 and len(value) == 18:
        return value.startswith(wanted)
    if value is None or wanted is None:
        return value is wanted
    pair = _pair(value, wanted)
    return pair is not None and bool(pair[0] == pair[1])


def _pair(value: Any, wanted: Any) -> tuple[Any, Any] | None:
    """The two as comparable values; None if one is lacking."""
    if value is None or wanted is None:
        return None
    if isinstance(wanted, datetime):
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC), wanted.astimezone(UTC)
    if isinstance(wanted, date):
        return value[:10], wanted.isoformat()
    return _plain(value), _plain(wanted)
