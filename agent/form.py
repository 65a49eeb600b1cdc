"""A plan that waits as a form, and what a person wrote in it as arguments again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from agent.reference import shown as worded
from agent.reference import slotted
from core.errors import InvalidArgument
from core.message import Field, FieldKind, Option
from core.tool import Arguments, Tool

MOST_FIELDS = 12
_YES, _NO = ("yes", "y", "true", "on"), ("no", "n", "false", "off")


def fields(step: int, tool: Tool, args: Arguments, labels: Mapping[str, str], zone: ZoneInfo) -> list[Field]:
    """The fields of one step: what stands in it, what it needs, then what it could take besides."""
    open_names = [name for name in tool.properties if _is_plain(tool, name) and not _is_reference(args.get(name))]
    first = [name for name in open_names if name in args or name in (*tool.required, *tool.one_of)]
    rest = [name for name in open_names if name not in first]
    return [_field(step, tool, name, args, labels, zone) for name in [*first, *rest][: max(MOST_FIELDS, len(first))]]


def shown(tool: Tool, name: str, args: Arguments, labels: Mapping[str, str], zone: ZoneInfo) -> str:
    """What a field says before anybody wrote in it."""
    schema, value = tool.properties[name], args.get(name)
    if value is None:
        return ""
    if _finds(schema) and labels.get(name):
        return labels[name]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(worded, value))
    return _moment(str(value), zone) if schema.get("format") == "date-time" else worded(value)


def argument(tool: Tool, name: str, text: str, zone: ZoneInfo) -> Any:
    """What was written in a field as the schema has it; names stay names. None takes the argument away.

    Raises:
        InvalidArgument: it does not fit; the sentence says what would.
    """
    schema, said = tool.properties[name], text.strip()
    if not said:
        return None
    if schema.get("type") == "array":
        return [_one(schema.get("items", {}), name, one, zone) for one in _listed(said)]
    return _one(schema, name, said if schema.get("format") != "text" else text, zone)


def label(name: str) -> str:
    """A parameter's name in words."""
    return name.replace("_", " ").strip().capitalize()


def _field(step: int, tool: Tool, name: str, args: Arguments, labels: Mapping[str, str], zone: ZoneInfo) -> Field:
    schema = tool.properties[name]
    return Field(
        step=step,
        parameter=name,
        title=f"{tool.title}: {label(tool.id.partition('.')[2])}".removeprefix(": "),
        label=label(name),
        kind=_kind(schema),
        value=shown(tool, name, args, labels, zone),
        options=_options(schema),
        is_required=name in tool.required,
        is_long=schema.get("format") == "text",
    )


def _is_plain(tool: Tool, name: str) -> bool:
    schema = tool.properties[name]
    kinds = (schema.get("type"), schema.get("items", {}).get("type", "string"))
    return kinds[0] in ("string", "integer", "number", "boolean", "array") and kinds[1] not in ("object", "array")


def _is_reference(value: Any) -> bool:
    """Whether it is nothing but another step's result."""
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(one, Mapping) for one in value))


def _kind(schema: Mapping[str, Any]) -> FieldKind:
    if "enum" in schema:
        return "choice"
    by_type: dict[Any, FieldKind] = {"boolean": "yes-no", "integer": "number", "number": "number"}
    return "date" if schema.get("format") == "date" else by_type.get(schema.get("type"), "text")


def _options(schema: Mapping[str, Any]) -> tuple[Option, ...]:
    offered = schema.get("enum") or (("yes", "no") if schema.get("type") == "boolean" else ())
    return tuple(Option(label=str(one), value=str(one)) for one in offered)


def _finds(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("x-find") or schema.get("items", {}).get("x-find"))


def _listed(text: str) -> list[str]:
    return [one.strip() for one in re.split(r"[,;\n]", text) if one.strip()]


def _one(schema: Mapping[str, Any], name: str, said: str, zone: ZoneInfo) -> Any:
    kind, form = schema.get("type", "string"), schema.get("format")
    if "enum" in schema:
        return _chosen(schema["enum"], name, said)
    if kind == "boolean":
        return _yes_no(name, said)
    if kind in ("integer", "number"):
        return _number(name, said, is_whole=kind == "integer")
    if form == "date":
        return _day(name, said)
    return _instant(name, said, zone) if form == "date-time" else slotted(said)


def _chosen(offered: list[Any], name: str, said: str) -> Any:
    for one in offered:
        if str(one).casefold() == said.casefold():
            return one
    raise _unfit(name, said, f"It is one of {', '.join(map(str, offered))}.")


def _yes_no(name: str, said: str) -> bool:
    if said.casefold() not in (*_YES, *_NO):
        raise _unfit(name, said, "It is yes or no.")
    return said.casefold() in _YES


def _number(name: str, said: str, *, is_whole: bool) -> int | float:
    if not re.fullmatch(r"-?\d{1,15}" if is_whole else r"-?\d{1,15}(\.\d{1,6})?", said, re.ASCII):
        raise _unfit(name, said, "It is a whole number." if is_whole else "It is a number such as 12.50.")
    return int(said) if is_whole else float(said)


def _day(name: str, said: str) -> str:
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError:
        raise _unfit(name, said, "A day is written as 2027-01-31.") from None


def _instant(name: str, said: str, zone: ZoneInfo) -> str:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise _unfit(name, said, "A moment is written as 2027-01-31 14:30.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


def _moment(text: str, zone: ZoneInfo) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (moment.astimezone(zone) if moment.tzinfo else moment).strftime("%Y-%m-%d %H:%M")


def _unfit(name: str, said: str, what: str) -> InvalidArgument:
    return InvalidArgument(f"{label(name)}: “{said[:60]}” does not fit.", parameter=name, next_step=what)
