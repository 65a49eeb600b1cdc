"""Search: words, groups of filters, an order; 200 a page and 10,000 in all."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.hubspot.record import READ, Records
from sandbox.vendors.hubspot.schema import PROPERTIES, SEARCHED

PLURAL = {"contact": "contacts", "company": "companies", "deal": "deals"}
WORDS = re.compile(r"[\s@.,+()<>/-]+")


class Searches(Records):
    """The search API."""

    @route("POST", "/crm/v3/objects/{kind}/search", scope=READ)
    def search(self, call: Call) -> Json:
        """A page of what fits the words and any of the groups."""
        kind, groups = call.params["kind"], call.get("filterGroups") or []
        if len(groups) > 5 or any(len(group["filters"]) > 6 for group in groups):
            raise Refusal("invalid", "A search takes five groups of six filters each")
        rows = [row for row in self.of_kind(kind).values() if self._has_words(kind, row, call.get("query") or "")]
        if groups:
            rows = [row for row in rows if any(self._fits(kind, row, group["filters"]) for group in groups)]
        for sort in call.get("sorts") or [{"propertyName": "hs_object_id"}]:
            name = self._property(kind, sort["propertyName"])
            rows.sort(
                key=lambda row: (_number(row["properties"].get(name)), row["properties"].get(name) or ""),
                reverse=sort.get("direction") == "DESCENDING",
            )
        start, size = int(call.get("after") or 0), call.get("limit", 10)
        if not 0 < size <= 200 or start + size > 10_000:
            raise Refusal("invalid", "limit must be between 1 and 200, and 10000 results are the most")
        found = [self.shown(kind, row, call.get("properties")) for row in rows[start : start + size]]
        return {"total": len(rows), "results": found, **self.paging(start + size, len(rows))}

    def _has_words(self, kind: str, row: Json, query: str) -> bool:
        text = " ".join(row["properties"].get(name) or "" for name in SEARCHED[kind]).casefold()
        words = WORDS.split(text)
        return all(any(word.startswith(part) for word in words) for part in WORDS.split(query.casefold()) if part)

    def _fits(self, kind: str, row: Json, filters: list[Json]) -> bool:
        return all(self._passes(kind, row, one) for one in filters)

    def _passes(self, kind: str, row: Json, one: Json) -> bool:
        name, operator, wanted = one["propertyName"], one["operator"], one.get("value")
        if name.startswith("associations."):
            other = PLURAL[name.partition(".")[2]]
            return wanted in [own for own, _ in self.near(kind, row["id"], other)]
        value = row["properties"].get(self._property(kind, name))
        if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
            return (value is not None) is (operator == "HAS_PROPERTY")
        if operator in ("EQ", "NEQ"):
            same = str(value or "").casefold() == str(wanted).casefold()
            return same is (operator == "EQ")
        if operator in ("IN", "NOT_IN"):
            return (str(value or "") in one["values"]) is (operator == "IN")
        if operator == "CONTAINS_TOKEN":
            return str(wanted).strip("*").casefold() in str(value or "").casefold()
        if operator not in ("LT", "LTE", "GT", "GTE", "BETWEEN"):
            raise Refusal("invalid", f"{operator} is no operator")
        if value is None:
            return False
        left, right = _number(value), _number(wanted)
        if operator == "BETWEEN":
            return right <= left <= _number(one["highValue"])
        return {"LT": left < right, "LTE": left <= right, "GT": left > right, "GTE": left >= right}[operator]

    def _property(self, kind: str, name: str) -> str:
        if name not in PROPERTIES[kind]:
            raise Refusal("invalid", f"There was a problem with the request: property {name} does not exist")
        return name


def _number(value: Any) -> float:
    """A number, or a moment in milliseconds."""
    try:
        return float(value)
    except (TypeError, ValueError):
        pass
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=UTC).timestamp() * 1000
    except ValueError:
        return 0.0
