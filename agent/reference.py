"""References of one call of a plan to the result of an earlier one: `{"$ref": 0, "field": "url"}` or `{{0.url}}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.errors import InvalidArgument

_SLOT = re.compile(r"\{\{\s*(\d+)\.(\w+)\s*\}\}")  # a bare {{1}} is some vendors' own placeholder
_SHOWN = re.compile(r"\(the (\w+) from step ([1-9]\d?)\)")
_INSTEAD = {"url": ("url", "key", "id"), "key": ("key", "id"), "id": ("id",), "title": ("title", "text", "key", "id")}


def references(value: Any) -> set[int]:
    """Numbers of the calls that a value refers to."""
    if isinstance(value, Mapping):
        if "$ref" in value:
            return {int(value["$ref"])} if str(value["$ref"]).isdigit() else set()
        return set().union(*map(references, value.values())) if value else set()
    if isinstance(value, list | tuple):
        return set().union(*map(references, value)) if value else set()
    return {int(number) for number, _ in _SLOT.findall(value)} if isinstance(value, str) else set()


def filled(value: Any, results: Mapping[int, Any]) -> Any:
    """The value with every reference replaced by what the call it names gave.

    Raises:
        InvalidArgument: that call gave no such field.
    """
    if isinstance(value, Mapping):
        if "$ref" in value:
            return _field(results, int(value["$ref"]), str(value.get("field") or "url"))
        return {name: filled(item, results) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [filled(item, results) for item in value]
    if isinstance(value, str):
        return _SLOT.sub(lambda match: str(_field(results, int(match[1]), match[2])), value)
    return value


def shown(value: Any) -> str:
    """A value as a person reads it in a plan; a reference becomes words."""
    if isinstance(value, Mapping) and "$ref" in value:
        return _words(int(value["$ref"]), str(value.get("field") or "url"))
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _SLOT.sub(lambda match: _words(int(match[1]), match[2]), str(value))


def slotted(text: str) -> str:
    """A text in which the words that `shown` puts for a reference are the reference again."""
    return _SHOWN.sub(lambda match: f"{{{{{int(match[2]) - 1}.{'url' if match[1] == 'link' else match[1]}}}}}", text)


def _words(number: int, field: str) -> str:
    return f"(the {'link' if field == 'url' else field} from step {number + 1})"


def _field(results: Mapping[int, Any], number: int, field: str) -> Any:
    result = results.get(number)
    if isinstance(result, list):
        result = result[0] if result else None
    if not isinstance(result, Mapping):
        raise InvalidArgument(f"Step {number + 1} gave nothing to use here.")
    for name in _INSTEAD.get(field, (field,)):
        if result.get(name):
            return result[name]
    raise InvalidArgument(f"Step {number + 1} gave no {field}.")
