"""Column values: as they are given, kept, and read."""

from __future__ import annotations

import json
from typing import Any

from graphql import GraphQLError

from sandbox.exchange import Json
from sandbox.vendors.monday.seed import DROPDOWN, LABELS


def wrong(code: str, message: str, status: int = 200, **data: Any) -> GraphQLError:
    """An error as monday.com words it."""
    return GraphQLError(message, extensions={"code": code, "status_code": status, "error_data": data})


def settings(column: Json) -> str:
    """What a column is set up with, as JSON in a text."""
    if column["type"] == "status":
        return json.dumps({"labels": {str(place): label for place, label in enumerate(LABELS)}})
    if column["type"] == "dropdown":
        return json.dumps({"labels": [{"id": place, "name": name} for place, name in enumerate(DROPDOWN, 1)]})
    return "{}"


def given(column: Json, value: Any, people: dict[str, str]) -> Any:
    """A value as it is kept; None for an empty one."""
    kind = column["type"]
    if value in (None, "", {}, []):
        return None
    if kind in ("text", "numbers"):
        return _plain(column, value)
    if not isinstance(value, dict):
        value = {"label": value} if kind == "status" else {"date": value} if kind == "date" else {"text": value}
    if kind == "status":
        return {"index": _label(value)}
    if kind == "people":
        for one in value["personsAndTeams"]:
            if str(one["id"]) not in people:
                raise wrong("ColumnValueException", "User not found", column_id=column["id"])
        return {"personsAndTeams": value["personsAndTeams"]} if value["personsAndTeams"] else None
    if kind == "dropdown":
        ids = value.get("ids") or [_option(label) for label in value.get("labels") or ()]
        return {"ids": ids} if ids else None
    return dict(value)


def text(column: Json, value: Any, people: dict[str, str]) -> str | None:
    """The text of a kept value, as a person reads it."""
    kind = column["type"]
    if value is None:
        return None if kind in ("status", "dropdown") else ""
    if kind == "status":
        return LABELS[int(value["index"])]
    if kind == "people":
        return ", ".join(people[str(one["id"])] for one in value["personsAndTeams"])
    if kind == "dropdown":
        return ", ".join(DROPDOWN[place - 1] for place in value["ids"])
    if kind == "checkbox":
        return "v"
    if isinstance(value, dict):
        return str(value.get("date") or value.get("text") or value.get("email") or "")
    return str(value)


def _plain(column: Json, value: Any) -> str:
    if column["type"] == "numbers":
        try:
            float(value)
        except (TypeError, ValueError):
            raise wrong("ColumnValueException", "invalid value, numbers only", column_id=column["id"]) from None
    return str(value)


def _label(value: Json) -> int:
    if "index" in value:
        return int(value["index"])
    try:
        return LABELS.index(value["label"])
    except ValueError:
        there = ", ".join(LABELS)
        said = f"This status label doesn't exist, possible statuses are: {there}"
        raise wrong("ColumnValueException", said, label=str(value["label"])) from None


def _option(label: str) -> int:
    if label not in DROPDOWN:
        raise wrong("ColumnValueException", f"The dropdown label '{label}' does not exist", label=label)
    return DROPDOWN.index(label) + 1
