"""Conditions in words as filters of a Notion database: `status is Doing and owner is empty`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from core.errors import Rejected
from tools.integrations.notion.property import YES, Schema, chosen, day, number, option_of

_JOINS = re.compile(r"\s*(?:,|;|\band\b|\bwhere\b|\bwith\b)\s*", re.IGNORECASE)
_ARE = re.compile(r"^(?:are|is|was|be|has|have|=|:|whose|the|that|which)\s+", re.IGNORECASE)
_OPERATORS: tuple[tuple[str, str], ...] = (
    (r"(?:is|are)?\s*not\s+empty|is\s+set|exists|(?:is\s+)?not\s+blank", "is_not_empty"),
    (r"(?:is|are)?\s*(?:empty|missing|unset|blank)|has\s+no\s+value", "is_empty"),
    (r"(?:is|are)\s+not|isn't|aren't|!=|<>|not", "does_not_equal"),
    (r"does\s+not\s+contain|doesn't\s+contain|without", "does_not_contain"),
    (r"contains?|includes?|has|mentions?", "contains"),
    (r">=|(?:is\s+)?at\s+least|(?:is\s+)?on\s+or\s+after|since|from", "at_least"),
    (r"<=|(?:is\s+)?at\s+most|(?:is\s+)?on\s+or\s+before|until|by", "at_most"),
    (
        r">|(?:is\s+)?(?:more|greater|higher|larger)\s+than|(?:is\s+)?(?:over|above)|(?:is\s+)?after|later\s+than",
        "more",
    ),
    (
        r"<|(?:is\s+)?(?:less|smaller|lower|fewer)\s+than|(?:is\s+)?(?:under|below)|(?:is\s+)?before|earlier\s+than",
        "less",
    ),
    (r"=|:|is|are|equals?|in|on", "equals"),
)
_SPANS = {
    "this week": "this_week", "next week": "next_week", "next month": "next_month", "last week": "past_week",
    "past week": "past_week", "last month": "past_month", "past month": "past_month", "next year": "next_year",
    "last year": "past_year",
}  # fmt: skip
_EMPTY = ("is_empty", "is_not_empty")


def names_in(text: str, schema: Schema, kind: str) -> list[str]:
    """The values that a condition has for properties of one type: people or pages that must be looked up."""
    found = []
    for piece in filter(None, _JOINS.split(text)):
        name, operator, value = _split(piece, schema)
        if name and schema[name]["type"] == kind and operator not in _EMPTY and value:
            found.append(value)
    return found


def to_filter(text: str, schema: Schema, today: date, ids: Mapping[str, str]) -> dict[str, Any]:
    """The filter. `ids` are of people and pages, by the words that mean them.

    Raises:
        Rejected: a condition names no property of the database.
    """
    pieces = [_one(piece, schema, today, ids) for piece in filter(None, _JOINS.split(text))]
    if not pieces:
        raise Rejected("The condition is empty.", fields={"filter": "empty"})
    return pieces[0] if len(pieces) == 1 else {"and": pieces}


def to_sort(text: str, schema: Schema) -> dict[str, str]:
    """How entries are sorted, by a property, upwards unless it says otherwise.

    Raises:
        Rejected: there is no such property.
    """
    words = text.strip()
    is_down = bool(re.search(r"\b(?:desc(?:ending)?|down|newest|latest|highest|reverse)\b", words, re.IGNORECASE))
    bare = re.sub(r"\b(?:asc(?:ending)?|desc(?:ending)?|up|down|newest|latest|highest|first|reverse|by)\b", " ", words)
    wanted = " ".join(bare.split()).casefold()
    name = next((one for one in schema if one.casefold() == wanted), None)
    name = name or next((one for one in schema if wanted and one.casefold().startswith(wanted)), None)
    if name is None:
        raise Rejected(f"It can be sorted by {', '.join(schema)}, not by “{text}”.", fields={"sort_by": "unknown"})
    return {"property": name, "direction": "descending" if is_down else "ascending"}


def _split(piece: str, schema: Schema) -> tuple[str, str, str]:
    """Property, operator and value of one condition; without a property, the whole is the value."""
    text = _ARE.sub("", piece.strip(" ."))
    for name in sorted(schema, key=len, reverse=True):
        if not re.match(rf"{re.escape(name)}(?!\w)", text, re.IGNORECASE):
            continue
        rest = text[len(name) :].strip()
        for pattern, operator in _OPERATORS:
            if hit := re.match(rf"(?:{pattern})(?:(?<!\w)|(?!\w))\s*", rest, re.IGNORECASE):
                return name, operator, rest[hit.end() :].strip("\"'“” ")
        return name, "equals", rest.strip("\"'“” ")
    return "", "equals", text


def _one(piece: str, schema: Schema, today: date, ids: Mapping[str, str]) -> dict[str, Any]:
    name, operator, value = _split(piece, schema)
    if not name:
        negated = re.match(r"not\s+", value, re.IGNORECASE)
        words = value[negated.end() :] if negated else value
        owner = option_of(words, schema)
        if owner is None:
            raise Rejected(
                f"“{piece.strip()}” is about no property; there are {', '.join(schema)}.", fields={"filter": piece}
            )
        name, operator, value = owner, "does_not_equal" if negated else "equals", words
    kind = str(schema[name]["type"])
    if operator in _EMPTY:
        return {"property": name, kind: {operator: True}}
    return {"property": name, kind: _test(name, schema, operator, value, today, ids)}


def _test(name: str, schema: Schema, operator: str, value: str, today: date, ids: Mapping[str, str]) -> dict[str, Any]:
    about = schema[name]
    kind = str(about["type"])
    if kind == "checkbox":
        is_yes = value.casefold() in YES | {"", name.casefold()}
        return {"equals": is_yes is (operator != "does_not_equal")}
    if kind in ("select", "status"):
        return {"does_not_equal" if "not" in operator else "equals": chosen(name, about, value)}
    if kind in ("multi_select", "people", "relation"):
        held = chosen(name, about, value) if kind == "multi_select" else ids.get(value, value)
        return {"does_not_contain" if "not" in operator else "contains": held}
    if kind == "number":
        sizes = {"more": "greater_than", "less": "less_than", "at_least": "greater_than_or_equal_to"}
        return {(sizes | {"at_most": "less_than_or_equal_to"}).get(operator, operator): number(name, value)}
    if kind in ("date", "created_time", "last_edited_time"):
        if span := _SPANS.get(value.casefold()):
            return {span: {}}
        times = {"more": "after", "less": "before", "at_least": "on_or_after", "at_most": "on_or_before"}
        return {times.get(operator, "equals"): day(name, value, today).isoformat()}
    if kind in ("title", "rich_text", "url", "email", "phone_number"):
        return {operator if operator in ("contains", "does_not_contain", "does_not_equal") else "equals": value}
    raise Rejected(f"“{name}” cannot be filtered by from here.", fields={"filter": kind})
