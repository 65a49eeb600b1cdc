"""Whether an argument is right: a gold value (a literal or a matcher) against the value that came."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from evals.case import is_matcher
from evals.person import Directory, share_name
from evals.value import (
    as_day,
    as_moment,
    as_money,
    as_number,
    as_seconds,
    as_text,
    as_truth,
    holds,
    normal,
    token_f1,
)

Schema = Mapping[str, Any]

ENOUGH_F1 = 0.6
_PLACEHOLDER = re.compile(r"\{\{\s*(\d+)\b[^{}]*\}\}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")


@dataclass(frozen=True)
class Scene:
    """What a comparison needs: the writer's zone and now, the people, and which gold call each call is."""

    zone: ZoneInfo
    now: datetime
    people: Directory
    links: Mapping[int, int] = field(default_factory=dict)


def is_absent(came: Any) -> bool:
    """Whether an argument was not given; an empty text or list counts as not given."""
    return came is None or (isinstance(came, str | list | tuple) and not came)


def refs(came: Any) -> Iterator[int]:
    """Numbers of the calls that a value that came refers to: `{"$ref": n}` or `{{n.field}}`, however deep."""
    if isinstance(came, str):
        yield from (int(number) for number in _PLACEHOLDER.findall(came))
    elif isinstance(came, Mapping):
        number = came.get("$ref")
        if isinstance(number, int) and not isinstance(number, bool):
            yield number
        for inner in came.values():
            yield from refs(inner)
    elif isinstance(came, list | tuple):
        for inner in came:
            yield from refs(inner)


def is_right(gold: Any, came: Any, schema: Schema, scene: Scene) -> bool:
    """Whether the value that came (None where none did) is what gold asks for."""
    if is_matcher(gold) and "may" in gold:
        return is_absent(came) or is_right(gold["may"], came, schema, scene)
    if is_absent(came):
        return is_absent(gold)
    if not is_matcher(gold):
        return is_equal(gold, came, schema, scene)
    if "any" in gold:
        return any(is_right(option, came, schema, scene) for option in gold["any"])
    if "ref" in gold:
        return any(scene.links.get(number) == gold["ref"] for number in refs(came))
    if "contains" in gold:
        return holds(as_text(came), gold["contains"])
    return token_f1(gold["text"], as_text(came)) >= ENOUGH_F1


def is_default(came: Any, schema: Schema, scene: Scene) -> bool:
    """Whether an argument that gold does not name leaves the call as it is."""
    if is_absent(came):
        return True
    if "default" not in schema or schema["default"] is None:
        return False
    if normal(str(schema["default"])) == "now" and as_moment(came, scene.zone) == as_moment(scene.now, scene.zone):
        return True
    return is_equal(schema["default"], came, schema, scene)


def is_equal(gold: Any, came: Any, schema: Schema, scene: Scene) -> bool:
    """Whether two literals are equal after normalisation, by the parameter's type; a list is a set."""
    schema = plain(schema)
    if isinstance(gold, list | tuple) or isinstance(came, list | tuple):
        return _is_same_set(_listed(gold), _listed(came), schema, scene)
    if isinstance(gold, bool) or isinstance(came, bool):
        return as_truth(gold) is not None and as_truth(gold) == as_truth(came)
    return _is_same_thing(gold, came, str(schema.get("format") or schema.get("type") or ""), scene)


def _is_same_set(gold: list[Any], came: list[Any], schema: Schema, scene: Scene) -> bool:
    inner: Schema = schema.get("items") or ({} if schema.get("type") == "array" else schema)
    return all(any(is_equal(left, right, inner, scene) for right in came) for left in gold) and all(
        any(is_equal(left, right, inner, scene) for left in gold) for right in came
    )


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _is_same_thing(gold: Any, came: Any, kind: str, scene: Scene) -> bool:
    left, right = _measured(gold, came, kind, scene)
    if left is not None and right is not None:
        return bool(left == right)
    if kind == "money" and (left := as_money(gold)) and (right := as_money(came)):
        return left[0] == right[0] and (left[1] == right[1] or not left[1] or not right[1])
    if isinstance(gold, Mapping) or isinstance(came, Mapping):
        return bool(gold == came)
    if normal(str(gold)) == normal(str(came)) or scene.people.is_same(gold, came):
        return True
    return kind == "person" and share_name(gold, came)


def _measured(gold: Any, came: Any, kind: str, scene: Scene) -> tuple[Any, Any]:
    """Both as what the parameter holds (or gold looks like), where that has an exact value; else Nones."""
    if kind == "duration":
        return as_seconds(gold), as_seconds(came)
    if kind == "date" or (kind != "date-time" and isinstance(gold, str) and _DAY.fullmatch(gold)):
        return as_day(gold, scene.zone), as_day(came, scene.zone)
    if kind == "date-time" or (isinstance(gold, str) and _MOMENT.fullmatch(gold)):
        return as_moment(gold, scene.zone), as_moment(came, scene.zone)
    is_number = kind in ("integer", "number") or isinstance(gold, int | float) or isinstance(came, int | float)
    return (as_number(gold), as_number(came)) if is_number else (None, None)


def plain(schema: Schema) -> Schema:
    """A schema without its null alternative, as optional parameters are often declared."""
    for option in schema.get("anyOf", ()):
        if option.get("type") != "null":
            return option if isinstance(option, dict) else {}
    return schema
