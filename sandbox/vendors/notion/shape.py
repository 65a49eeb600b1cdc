"""Property values of Notion: made, checked, compared."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.exchange import Json, Refusal

LISTS = ("title", "rich_text", "multi_select", "people", "relation", "files")
READ_ONLY = ("created_time", "last_edited_time", "created_by", "last_edited_by", "formula", "rollup", "unique_id")
DATES: dict[str, Callable[[Any, Any], Any]] = {
    "equals": operator.eq, "before": operator.lt, "after": operator.gt, "on_or_before": operator.le,
    "on_or_after": operator.ge,
}  # fmt: skip
NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "equals": operator.eq, "does_not_equal": operator.ne, "greater_than": operator.gt, "less_than": operator.lt,
    "greater_than_or_equal_to": operator.ge, "less_than_or_equal_to": operator.le,
}  # fmt: skip


def wrong(message: str) -> Refusal:
    """A validation error."""
    return Refusal("invalid", message, status=400, code="validation_error")


def rich(text: str) -> list[Json]:
    """Plain text as rich text."""
    if not text:
        return []
    plain = {
        "bold": False,
        "italic": False,
        "strikethrough": False,
        "underline": False,
        "code": False,
        "color": "default",
    }
    said = {"content": text, "link": None}
    return [{"type": "text", "text": said, "annotations": plain, "plain_text": text, "href": None}]


def value(kind: str, held: Any) -> Json:
    """A value out of plain data: text, names of options, ids."""
    if kind in ("title", "rich_text"):
        return {"type": kind, kind: rich(str(held or ""))}
    if kind in ("select", "status"):
        return {"type": kind, kind: {"name": held, "color": "default"} if held else None}
    if kind == "multi_select":
        return {"type": kind, kind: [{"name": one, "color": "default"} for one in held or ()]}
    if kind in ("people", "relation"):
        own = {"object": "user"} if kind == "people" else {}
        return {"type": kind, kind: [{**own, "id": one} for one in held or ()]}
    if kind == "date":
        return {"type": kind, kind: {"start": held, "end": None, "time_zone": None} if held else None}
    if kind == "checkbox":
        return {"type": kind, kind: bool(held)}
    return {"type": kind, kind: held}


def taken(name: str, about: Json, given: Any) -> Json:
    """A value as a request sets it.

    Raises:
        Refusal: it does not fit the property.
    """
    kind = about["type"]
    if kind in READ_ONLY or not isinstance(given, dict) or kind not in given:
        raise wrong(f"{name} is expected to be {kind}.")
    held = given[kind]
    if kind in ("title", "rich_text"):
        text = "".join(str(one.get("text", {}).get("content", "")) for one in held)
        if any(len(str(one.get("text", {}).get("content", ""))) > 2000 for one in held):
            raise wrong(f"{name}: text.content.length should be ≤ 2000")
        return value(kind, text)
    if kind in ("select", "status", "multi_select"):
        names = [one["name"] for one in (held if isinstance(held, list) else [held] if held else [])]
        known = {one["name"] for one in about[kind]["options"]}
        if kind == "status" and not {*names} <= known:
            raise wrong(f"Invalid status option. Status option {names} does not exist.")
        about[kind]["options"] += [
            {"id": f"n{one}", "name": one, "color": "default"} for one in names if one not in known
        ]
        return value(kind, names if kind == "multi_select" else names[0] if names else None)
    if kind in ("people", "relation"):
        return value(kind, [one["id"] for one in held])
    if kind == "date":
        if held is not None:
            datetime.fromisoformat(held["start"])
        return value(kind, held["start"] if held else None)
    if kind == "number" and held is not None and not isinstance(held, int | float):
        raise wrong(f"{name} is expected to be number.")
    return value(kind, held)


def words(held: Json) -> Any:
    """What a value comes to when compared: text, names, ids, a number, a day."""
    kind = held["type"]
    inner = held[kind]
    if kind in ("title", "rich_text"):
        return "".join(one["plain_text"] for one in inner)
    if kind in ("select", "status"):
        return inner["name"] if inner else ""
    if kind == "multi_select":
        return [one["name"] for one in inner]
    if kind in ("people", "relation"):
        return [one["id"] for one in inner]
    if kind == "date":
        return inner["start"] if inner else None
    return inner


def fits(properties: Json, asked: Json, today: date) -> bool:
    """Whether an entry fits a filter.

    Raises:
        Refusal: the filter is malformed.
    """
    if "and" in asked:
        return all(fits(properties, one, today) for one in asked["and"])
    if "or" in asked:
        return any(fits(properties, one, today) for one in asked["or"])
    name = asked.get("property")
    if name not in properties:
        raise wrong(f"Could not find property with name or id: {name}")
    held = properties[name]
    if held["type"] not in asked:
        raise wrong(f"database property {held['type']} does not match filter {sorted({*asked} - {'property'})}")
    [(test, wanted)] = asked[held["type"]].items()
    return _holds(held["type"], words(held), test, wanted, today)


def _holds(kind: str, held: Any, test: str, wanted: Any, today: date) -> bool:
    if test in ("is_empty", "is_not_empty"):
        return (held in (None, "", [])) is (test == "is_empty")
    if kind in ("date", "created_time"):
        return _on(held, test, wanted, today)
    if kind == "number":
        if test not in NUMBERS:
            raise wrong(f"number.{test} should be not defined")
        return held is not None and bool(NUMBERS[test](held, wanted))
    plain: dict[str, Callable[[], bool]] = {
        "equals": lambda: held == wanted, "does_not_equal": lambda: held != wanted,
        "contains": lambda: str(wanted).lower() in str(held).lower(),
        "does_not_contain": lambda: str(wanted).lower() not in str(held).lower(),
    }  # fmt: skip
    allowed = {
        "select": ("equals", "does_not_equal"), "status": ("equals", "does_not_equal"), "checkbox": ("equals",),
        "multi_select": ("contains", "does_not_contain"), "people": ("contains", "does_not_contain"),
        "relation": ("contains", "does_not_contain"),
    }.get(kind, tuple(plain))  # fmt: skip
    if test not in allowed:
        raise wrong(f"{kind}.{test} should be not defined")
    return bool(plain[test]())


def _on(held: Any, test: str, wanted: Any, today: date) -> bool:
    spans = {
        "this_week": (-today.weekday(), 6 - today.weekday()), "next_week": (1, 7), "past_week": (-7, 0),
        "next_month": (1, 31), "past_month": (-31, 0), "next_year": (1, 366), "past_year": (-366, 0),
    }  # fmt: skip
    if test not in DATES and test not in spans:
        raise wrong(f"date.{test} should be not defined")
    if held is None:
        return False
    day = date.fromisoformat(str(held)[:10])
    if test in spans:
        begin, end = spans[test]
        return today + timedelta(days=begin) <= day <= today + timedelta(days=end)
    return bool(DATES[test](day, date.fromisoformat(str(wanted)[:10])))
