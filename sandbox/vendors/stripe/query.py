"""Stripe's search language: clauses of field, operator and value, joined by AND or by OR."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sandbox.exchange import Json, Refusal

FIELDS = {
    "customers": "created email metadata name phone",
    "payment_intents": "amount created currency customer metadata status",
    "charges": "amount created currency customer disputed metadata refunded status",
    "invoices": "created currency customer metadata number receipt_number status subscription total",
    "subscriptions": "canceled_at created metadata status",
    "products": "active description metadata name shippable url",
}
PARTLY = ("name", "email", "description", "phone", "url")
CLAUSE = re.compile(
    r"""\s*(-?)(\w+)(?:\["(\w+)"\])?\s*(:|~|>=|<=|>|<)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s]+)\s*(AND|OR|$)?""",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clause:
    """One condition; `key` is of metadata."""

    is_not: bool
    field: str
    key: str | None
    operator: str
    value: str

    def fits(self, row: Json) -> bool:
        """Whether an object meets it."""
        actual = row.get("metadata", {}).get(self.key) if self.key else row.get(self.field)
        return self._holds(actual) != self.is_not

    def _holds(self, actual: Any) -> bool:
        if actual is None or isinstance(actual, dict):
            return False
        if self.operator in (":", "~"):
            text, wanted = str(actual).lower(), self.value.lower()
            return wanted in text if self.operator == "~" else wanted == text
        number, limit = float(actual), float(self.value)
        return {">": number > limit, "<": number < limit, ">=": number >= limit, "<=": number <= limit}[self.operator]


@dataclass(frozen=True)
class Query:
    """Clauses of which all, or one, must be met."""

    clauses: tuple[Clause, ...]
    is_any: bool

    @classmethod
    def parse(cls, text: str, kind: str) -> Query:
        """Read a query on objects of a kind."""
        clauses, joints, at = [], set(), 0
        while at < len(text.rstrip()):
            hit = CLAUSE.match(text, at)
            if hit is None:
                raise _wrong(f"We were unable to parse your search query: {text}")
            clauses.append(_clause(hit, kind))
            if hit[6]:
                joints.add(hit[6].upper())
            elif hit.end() < len(text.rstrip()):
                raise _wrong("Clauses must be joined by AND or OR.")
            at = hit.end()
        if len(joints) > 1:
            raise _wrong("You cannot combine AND and OR in one query.")
        return cls(tuple(clauses), "OR" in joints)

    def fits(self, row: Json) -> bool:
        """Whether an object is found."""
        return (any if self.is_any else all)(clause.fits(row) for clause in self.clauses)


def _clause(hit: re.Match[str], kind: str) -> Clause:
    field, value = hit[2].lower(), hit[5]
    if field not in FIELDS[kind].split():
        raise _wrong(f"Field `{field}` is an unsupported search field for resource `{kind}`.")
    if value[0] in "\"'":
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    if hit[4] == "~" and (field not in PARTLY or len(value) < 3):
        raise _wrong(f"Field `{field}` needs three characters or more for a partial match.")
    return Clause(bool(hit[1]), field, hit[3], hit[4], value)


def _wrong(message: str) -> Refusal:
    return Refusal("search_query_invalid", message, param="query")
