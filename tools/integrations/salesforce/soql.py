"""SOQL built so that a value can never become a part of the query."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

Value = str | bool | int | Decimal | date | datetime | None
_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def literal(value: Value) -> str:
    """A value as SOQL writes it: strings quoted and escaped, dates and numbers bare."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | Decimal):
        return str(value)
    return f"'{escaped(value)}'"


def escaped(text: str) -> str:
    """The inside of a quoted string."""
    return "".join(_ESCAPES.get(char, char) for char in text)


def contains(field: str, text: str) -> str:
    """A condition that every word of `text` is somewhere in the field."""
    words = text.split() or [text]
    parts = (escaped(word).replace("%", "\\%").replace("_", "\\_") for word in words)
    return " AND ".join(f"{field} LIKE '%{part}%'" for part in parts)


def select(fields: str, kind: str, conditions: Iterable[str], order: str = "", limit: int = 0) -> str:
    """The query; conditions are joined by AND."""
    where = " AND ".join(conditions)
    query = f"SELECT {fields} FROM {kind}"  # noqa: S608 - values pass `literal` or `contains`
    query += f" WHERE {where}" if where else ""
    query += f" ORDER BY {order}" if order else ""
    return query + (f" LIMIT {limit}" if limit else "")


def plain_words(text: str) -> str:
    """Words for the search index, without the characters that its syntax reserves."""
    return " ".join(re.sub(r"""[?&|!{}\[\]()^~*:\\"'+\-]""", " ", text).split())
