"""The query language: `select * from Invoice where … orderby … startposition … maxresults …`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.exchange import Json, Refusal

SELECT = re.compile(
    r"select\s+(?P<what>\*|count\(\*\))\s+from\s+(?P<entity>\w+)(?:\s+where\s+(?P<where>.+?))?"
    r"(?:\s+order\s?by\s+(?P<order>[\w.]+)(?:\s+(?P<way>asc|desc))?)?(?:\s+startposition\s+(?P<start>\d+))?(?:\s+maxresults\s+(?P<most>\d+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
TEST = re.compile(
    r"\s*(?P<field>[\w.]+)\s*(?P<sign><=|>=|=|<|>|like\b|in\b)\s*(?P<value>'(?:[^'\\]|\\.)*'|\((?:[^()'\\]|'(?:[^'\\]|\\.)*')*\)|true|false)"
    r"\s*(?:and\b|$)",
    re.IGNORECASE,
)
TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'")


def run(text: str, rows: Callable[[str], list[Json]]) -> Json:
    """The `QueryResponse` of a query over the rows of its entity."""
    hit = SELECT.fullmatch(text.strip())
    if hit is None:
        raise Refusal("invalid", f"QueryParserError: Encountered unexpected text: {text[:60]}", code="4000")
    entity, tests = hit["entity"], _tests(hit["where"] or "")
    found = [row for row in rows(entity) if all(test(row) for test in tests)]
    if "active" not in (hit["where"] or "").lower():
        found = [row for row in found if row.get("Active", True)]
    if hit["order"]:
        found.sort(key=lambda row: (_value(row, hit["order"]) is None, _value(row, hit["order"]) or ""))
        if (hit["way"] or "").lower() == "desc":
            found.reverse()
    if hit["what"] != "*":
        return {"totalCount": len(found)}
    start, most = int(hit["start"] or 1), min(int(hit["most"] or 100), 1000)
    part = found[start - 1 : start - 1 + most]
    return {entity: part, "startPosition": start, "maxResults": len(part)} if part else {}


def _tests(text: str) -> list[Callable[[Json], bool]]:
    found, at = [], 0
    while at < len(text.rstrip()):
        hit = TEST.match(text, at)
        if hit is None:
            raise Refusal("invalid", f"QueryParserError: Encountered unexpected text: {text[at:][:40]}", code="4000")
        found.append(_test(hit["field"], hit["sign"].lower(), hit["value"]))
        at = hit.end()
    return found


def _test(field: str, sign: str, value: str) -> Callable[[Json], bool]:
    values = [re.sub(r"\\(.)", r"\1", one) for one in TEXT.findall(value)] or [value.lower()]

    def test(row: Json) -> bool:
        here = _value(row, field)
        if here is None:
            return False
        if sign == "in":
            return str(here) in values
        if sign == "like":
            pattern = ".*".join(re.escape(part) for part in values[0].lower().split("%"))
            return re.fullmatch(pattern, str(here).lower(), re.DOTALL) is not None
        left, right = _alike(here, values[0])
        return bool(
            left == right
            if sign == "="
            else left < right
            if sign == "<"
            else left > right
            if sign == ">"
            else left <= right
            if sign == "<="
            else left >= right
        )

    return test


def _alike(here: Any, wanted: str) -> tuple[Any, Any]:
    if isinstance(here, bool):
        return here, wanted == "true"
    if isinstance(here, int | float):
        return float(here), float(wanted)
    if "T" in str(here) and "T" in wanted:
        return datetime.fromisoformat(str(here)), datetime.fromisoformat(wanted)
    return str(here), wanted


def _value(row: Json, field: str) -> Any:
    node: Any = row
    for part in field.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    if isinstance(node, dict):
        return node.get("value", node.get("Address"))
    return node
