"""Linear's filters: comparators, relations, `and`, `or`, on whatever a field resolves to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

Field = Callable[[Any, str], Any]
DURATION = re.compile(r"(-?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def fold(text: str) -> str:
    """Without case and accents."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


def fits(value: Any, rule: Mapping[str, Any], field: Field, now: datetime) -> bool:
    """Whether a row, a list of rows or a plain value passes a filter."""
    return all(_fits(value, key, want, field, now) for key, want in rule.items())


def _fits(value: Any, key: str, want: Any, field: Field, now: datetime) -> bool:
    if key == "and":
        return all(fits(value, one, field, now) for one in want)
    if key == "or":
        return not want or any(fits(value, one, field, now) for one in want)
    if key == "null":
        return bool((value is None) == want)
    if key in ("some", "every"):
        return (any if key == "some" else all)(fits(one, want, field, now) for one in value)
    if isinstance(want, Mapping):
        if isinstance(value, list):
            return any(_fits(one, key, want, field, now) for one in value)
        return value is not None and fits(field(value, key), want, field, now)
    return _compares(value, key, want, now)


def _compares(value: Any, key: str, want: Any, now: datetime) -> bool:
    if key in ("in", "nin"):
        return bool((value in want) == (key == "in"))
    if key in ("neq", "neqIgnoreCase"):
        return not _compares(value, key.replace("neq", "eq"), want, now)
    if value is None:
        return False
    if key in ("gt", "gte", "lt", "lte"):
        is_number = isinstance(value, int | float)
        left, right = (value, want) if is_number else (_seconds(value, now), _seconds(want, now))
        return bool(left > right if key[:2] == "gt" else left < right) or (key.endswith("e") and left == right)
    if key == "eq":
        return bool(value == want)
    text, word = str(value), str(want)
    if key.endswith("AndAccent"):
        text, word = fold(text), fold(word)
    elif "IgnoreCase" in key:
        text, word = text.casefold(), word.casefold()
    if key.startswith("contains"):
        return word in text
    if key.startswith("startsWith"):
        return text.startswith(word)
    return text.endswith(word) if key == "endsWith" else text == word


def _seconds(text: str, now: datetime) -> float:
    """The moment of a date, a time, or an ISO 8601 duration from now."""
    if (hit := DURATION.fullmatch(text)) and text.strip("-P"):
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in hit.groups()[1:])
        span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        return (now - span if hit[1] else now + span).timestamp()
    parsed = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
