"""Columns of a board: which one a value belongs to, and how monday.com takes a value of each type."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from core.errors import Rejected

Column = Mapping[str, Any]
MAIN = {"status": "status", "people": "person", "date": "date"}  # the type of a column, and what people call its value
PLAIN = ("text", "numbers")
KEPT = {"index", "personsAndTeams", "date", "time", "text", "ids", "checked", "email", "url", "phone",
        "countryShortName", "rating"}  # fmt: skip
_PIECE = re.compile(r"\s*(?:[;\n]|,(?=[^,;:=\n]+[:=]))\s*")


def main(columns: Sequence[Column], kind: str) -> Column | None:
    """The column that stands for an item's status, person or date: the one called so, else the first of the type."""
    fits = [one for one in columns if one["type"] == kind and not one.get("archived")]
    return next((one for one in fits if str(one["title"]).casefold() == MAIN[kind]), fits[0] if fits else None)


def need(columns: Sequence[Column], kind: str, board: str) -> Column:
    """The same.

    Raises:
        Rejected: the board has none.
    """
    found = main(columns, kind)
    if found is None:
        raise Rejected(f"{board} has no {MAIN[kind]} column.")
    return found


def labels(column: Column) -> list[str]:
    """The labels of a status column, in either form of its settings."""
    known = (json.loads(column.get("settings_str") or "{}") or {}).get("labels") or {}
    rows = known.values() if isinstance(known, Mapping) else known
    return [str(one.get("label") or one.get("name") or "") if isinstance(one, Mapping) else str(one) for one in rows]


def label(column: Column, said: str) -> str:
    """A label as the board spells it.

    Raises:
        Rejected: the column has no such label.
    """
    word = re.sub(r"[^a-z0-9]+", " ", said.casefold()).strip()
    for one in labels(column):
        if re.sub(r"[^a-z0-9]+", " ", one.casefold()).strip() == word:
            return one
    there = ", ".join(one for one in labels(column) if one)
    raise Rejected(f"“{column['title']}” has no “{said}”; it has {there or 'no labels'}.")


def pairs(text: str, columns: Sequence[Column]) -> list[tuple[Column, str]]:
    """The columns and values in words such as `Budget: 500; Priority = High` or `budget 500`.

    Raises:
        Rejected: there is no such column, or no value.
    """
    found = []
    for piece in filter(None, _PIECE.split(text.strip())):
        name, mark, value = (
            re.split(r"\s*([:=])\s*", piece, maxsplit=1) if re.search("[:=]", piece) else (piece, "", "")
        )
        column = _named(name, columns)
        if column is None and not mark:
            column = max((one for one in columns if piece.casefold().startswith(f"{one['title']} ".casefold())),
                         key=lambda one: len(one["title"]), default=None)  # fmt: skip
            value = piece[len(column["title"]) :] if column else ""
        if column is None or not value.strip():
            there = ", ".join(str(one["title"]) for one in columns if not one.get("archived"))
            raise Rejected(f"I cannot tell the column in “{piece}”; the board has {there}.")
        found.append((column, value.strip()))
    return found


def _named(name: str, columns: Sequence[Column]) -> Column | None:
    word = name.strip().casefold()
    fits = [one for one in columns if str(one["title"]).casefold() == word or one["id"] == name.strip()]
    return fits[0] if fits else None


def written(column: Column, said: str) -> Any:
    """A value as monday.com takes it for this type of column.

    Raises:
        Rejected: it does not fit, or nobody can write such a column in words.
    """
    kind = column["type"]
    if kind in PLAIN:
        return said if kind == "text" else _number(column, said)
    if kind == "status":
        return {"label": label(column, said)}
    if kind == "date":
        return {"date": _day(column, said)}
    simple = {
        "long_text": {"text": said}, "dropdown": {"labels": [part.strip() for part in said.split("/")]},
        "checkbox": {"checked": "true"} if said.casefold() in ("yes", "true", "checked", "x") else {},
        "email": {"email": said, "text": said}, "link": {"url": said, "text": said},
        "phone": {"phone": re.sub(r"[^+\d]", "", said), "countryShortName": ""},
    }  # fmt: skip
    if kind not in simple:
        raise Rejected(f"“{column['title']}” is a {str(kind).replace('_', ' ')} column, which I cannot write.")
    return simple[kind]


def shown(column: Column, said: str) -> str:
    """How the text of a written value reads."""
    kind = column["type"]
    if kind == "numbers":
        return _number(column, said)
    if kind == "status":
        return label(column, said)
    if kind == "dropdown":
        return ", ".join(part.strip() for part in said.split("/"))
    if kind == "checkbox":
        return "v" if written(column, said) else ""
    return written(column, said)["phone"] if kind == "phone" else said


def former(kind: str, value: Any) -> Any:
    """A value that was read, as it is written to set it back; a cleared one is empty in the type's own way."""
    held = json.loads(value) if isinstance(value, str) and value else value
    if kind in PLAIN:
        return str(held) if held is not None else ""
    return {name: inner for name, inner in held.items() if name in KEPT} if isinstance(held, Mapping) else {}


def people(ids: Sequence[str]) -> dict[str, Any]:
    """The value of a people column."""
    return {"personsAndTeams": [{"id": int(one), "kind": "person"} for one in ids]}


def _number(column: Column, said: str) -> str:
    hit = re.search(r"-?\d+(?:\.\d+)?", said.replace(",", "").replace(" ", ""))
    if hit is None:
        raise Rejected(f"“{column['title']}” takes a number, not “{said}”.")
    return hit.group()


def _day(column: Column, said: str) -> str:
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError:
        raise Rejected(f"“{column['title']}” takes a day such as 2027-01-31, not “{said}”.") from None
