"""What is filled into a plan that leaves something out: standing preferences first, then habits that are strong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.tool import Arguments, Tool
from memory.gate import is_name
from memory.habit import is_strong, named
from memory.item import Owner
from memory.phrase import Use
from memory.shelf import Shelf, words

_SAME = {"labels": ("labels", "label", "tags"), "assignee": ("assignee", "owner", "assignees")}


def preferred(tool: Tool, args: Arguments, sentence: str, owner: Owner, shelf: Shelf) -> Iterator[tuple[str, Any, Use]]:
    """Parameter, value and use for each standing preference that fits a write and that the sentence leaves open."""
    if tool.effect != "write":
        return
    for row in shelf.rows:
        wanted = str(row.data.get("parameter", "")) if row.kind == "preference" else ""
        for parameter in _SAME.get(wanted, (wanted,)):
            if not wanted or parameter not in tool.properties or args.get(parameter) not in (None, "", []):
                continue
            value = _value(tool, parameter, row.value)
            if value is not None and _fits(str(row.data.get("where", "")), args, sentence):
                yield parameter, value, Use(row, owner, parameter, row.value)


def habitual(
    tool: Tool, args: Arguments, missing: tuple[str, ...], owner: Owner, shelf: Shelf, *, is_asked_for: bool = False
) -> Iterator[tuple[str, Any, Use]]:
    """Parameter, value and use for each habit that fills something required which was left out."""
    if tool.effect == "destructive":
        return
    for parameter in missing:
        row = shelf.by_key.get(f"habit {tool.id} {parameter}")
        if row is not None and args.get(parameter) in (None, "", []) and is_strong(row.data, is_asked_for=is_asked_for):
            label = str(row.data.get("label") or row.value)
            yield parameter, row.value, Use(row, owner, f"usual {named(parameter)}", label)


def reason(use: Use) -> str:
    """The sentence that shows what was filled in, and why."""
    row = use.row
    if row.kind == "habit":
        return f"I took {use.value}, your {use.phrase} ({row.data['count']} of the last {row.data['of']} times)."
    if row.kind == "preference":
        where = f" for {row.data['where']}" if row.data.get("where") else ""
        return f"I set the {named(str(row.data['parameter']))} to {use.value}, as you always want it{where}."
    return use.shown


def _fits(where: str, args: Mapping[str, Any], sentence: str) -> bool:
    """Whether a preference is about this call: what it is for stands in an argument or in the sentence."""
    wanted = words(where)
    said = words(" ".join([sentence, *(str(value) for value in args.values() if isinstance(value, str))]))
    return wanted <= said


def _value(tool: Tool, parameter: str, said: str) -> Any:
    """The value as the parameter takes it; None where it takes no such value."""
    schema = tool.properties[parameter]
    if choices := schema.get("enum"):
        return next((one for one in choices if str(one).casefold() == said.casefold()), None)
    if schema.get("type") == "array":
        return [said]
    return said if schema.get("type") == "string" and is_name(said) else None
