"""`@tool`: the typed signature is the schema, the docstring the description. What is malformed fails at import."""

from __future__ import annotations

import inspect
import math
import re
import sys
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    create_model,
)
from pydantic.fields import FieldInfo

from core.errors import InvalidArgument
from core.records import Record
from core.tool import Arguments, Change, Effect, Example, Tool

Method = TypeVar("Method", bound=Callable[..., Awaitable[Any]])
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_ISO = TypeAdapter(timedelta)
_UNITS = {"w": 7 * 24 * 60, "d": 24 * 60, "h": 60, "m": 1, "s": 1 / 60}
_MOST_MINUTES = 366 * 24 * 60
_PIECE = re.compile(
    r"\s*(\d+(?:\.\d+)?)\s*(?:(w)(?:eeks?)?|(d)(?:ays?)?|(h)(?:ours?|rs?)?|(m)(?:in(?:ute)?s?)?|(s)(?:ec(?:ond)?s?)?)"
    r"(?![a-z])\s*(?:and\b|,)?",
    re.ASCII,
)


def _duration(value: Any) -> Any:
    """Minutes out of `1h30m`, `1 hour 30 minutes`, `2d` or a number of minutes; the rest is pydantic's."""
    if isinstance(value, str):
        value = _minutes(value.strip())
    if isinstance(value, bool) or value == "":
        raise ValueError("a duration looks like 1h30m or 45m")
    if isinstance(value, int | float):
        if not (math.isfinite(value) and 0 <= value <= _MOST_MINUTES):
            raise ValueError("a duration is between nothing and a year")
        return timedelta(minutes=value)
    return value


def _minutes(text: str) -> float | str:
    if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        return float(text)
    total, at = 0.0, 0
    while at < len(text):
        piece = _PIECE.match(text.lower(), at)
        if piece is None:
            return text
        unit = next(one for one in piece.groups()[1:] if one)
        total, at = total + float(piece.group(1)) * _UNITS[unit], piece.end()
    return total if at else text


def _day(value: Any) -> Any:
    """A day or moment is text: a number would silently be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise ValueError("a day is written as 2027-01-31, a moment with its time and zone after it")
    return value


def finds(kind: str) -> FieldInfo:
    """Marks a parameter as the name of a record of this kind: it is looked up by the integration's `find_<kind>`."""
    return typing.cast(FieldInfo, Field(json_schema_extra={"x-find": kind}))


Text = Annotated[str, Field(json_schema_extra={"format": "text"})]
Id = Annotated[str, Field(json_schema_extra={"format": "id"})]
Email = Annotated[str, Field(json_schema_extra={"format": "email"})]
Who = Annotated[str, Field(json_schema_extra={"format": "person", "x-find": "person"})]
Money = Annotated[Decimal, WithJsonSchema({"type": "number", "format": "money"})]
Duration = Annotated[timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "format": "duration"})]


@dataclass(frozen=True)
class Declaration:
    """What `@tool` says of a method, and the model that checks its arguments."""

    effect: Effect
    scopes: tuple[str, ...]
    proof: str
    undo: str
    irreversible: str
    recover: str
    one_of: tuple[str, ...]
    is_hidden: bool
    arguments: type[BaseModel] = field(default=BaseModel)
    finders: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    method: str = ""


def tool(
    effect: Effect,
    *,
    scopes: Sequence[str] = (),
    proof: str = "",
    undo: str = "",
    irreversible: str = "",
    recover: str = "",
    one_of: Sequence[str] = (),
    is_hidden: bool = False,
    name: str = "",
) -> Callable[[Method], Method]:
    """Declare a method of an integration as a tool.

    `proof` names the method that reads a written record back: `(self, ref) -> Record`, raising `NotFound` when it is
    gone. `undo` names the inverse tool, `irreversible` says why there is none. `recover` names the method that finds
    out, after an unknown outcome, whether the write happened: `(self, **arguments) -> Change | None`. `name` is the
    tool's name where it is not the method's (a tool called as a finder is).
    """
    declaration = Declaration(
        effect, tuple(scopes), proof, undo, irreversible, recover, tuple(one_of), is_hidden, name=name
    )

    def mark(method: Method) -> Method:
        method.__declaration__ = declaration  # type: ignore[attr-defined]
        return method

    return mark


def build(owner: type, name: str, method: Callable[..., Any], example: Sequence[Example]) -> tuple[Tool, Declaration]:
    """The tool of a marked method of the integration class `owner`.

    Raises:
        TypeError: the declaration is incomplete; it names the method and what is missing.
    """
    declared: Declaration = method.__declaration__  # type: ignore[attr-defined]
    where = f"{owner.__module__}.{owner.__name__}.{name}"
    description = inspect.cleandoc(method.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    _check(owner, where, method, declared, description)
    model = _model(where, method)
    schema = _schema(where, model)
    finders = _finders(owner, where, schema)
    strange = {*declared.one_of} - {*schema["properties"]}
    if strange:
        raise TypeError(f"{where} has no parameter {', '.join(sorted(strange))}")
    made = Tool(
        id=f"{owner.key}.{declared.name or name}",  # type: ignore[attr-defined]
        description=description,
        effect=declared.effect,
        parameters=schema,
        integration=owner.key,  # type: ignore[attr-defined]
        title=owner.name,  # type: ignore[attr-defined]
        aliases=owner.aliases,  # type: ignore[attr-defined]
        returns=_returns(where, method, declared.effect),
        scopes=declared.scopes,
        one_of=declared.one_of,
        proof=_sentence(owner, declared.proof) if declared.proof else "reads only",
        undo=_inverse(owner, declared),
        is_hidden=declared.is_hidden,
        examples=example,
    )
    bound = Declaration(**{**declared.__dict__, "arguments": model, "finders": finders, "method": name})
    return made, bound


def parse(tool: Tool, declaration: Declaration, args: Mapping[str, Any]) -> Arguments:
    """The arguments as Python values, defaults filled in.

    Raises:
        InvalidArgument: one is unknown, missing or does not fit; the first such is named.
    """
    try:
        model = declaration.arguments.model_validate(dict(args))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        parameter = str(first["loc"][0]) if first["loc"] else ""
        raise InvalidArgument(f"{tool.id}: {parameter}: {first['msg']}.", parameter=parameter) from error
    missing = tool.missing(args)
    if missing:
        raise InvalidArgument(f"{tool.id} needs {' or '.join(missing)}.", parameter=missing[0])
    return {name: getattr(model, name) for name in type(model).model_fields}


def _check(owner: type, where: str, method: Callable[..., Any], declared: Declaration, description: str) -> None:
    if declared.effect not in get_args(Effect):
        raise TypeError(f"{where} has no known effect: {declared.effect}")
    if not inspect.iscoroutinefunction(method):
        raise TypeError(f"{where} must be async")
    if not NAME.fullmatch(declared.name or method.__name__):
        raise TypeError(f"{where} needs a name of lower-case words with single underscores")
    if not description.endswith("."):
        raise TypeError(f"{where} needs a docstring of one sentence")
    if declared.effect == "read":
        return
    if not callable(getattr(owner, declared.proof, None)):
        raise TypeError(f"{where} writes, so it needs the method that proves it")
    if bool(declared.undo) == bool(declared.irreversible):
        raise TypeError(f"{where} writes, so it needs an undo or the reason why there is none")
    if declared.irreversible and " " not in declared.irreversible:
        raise TypeError(f"{where}: {declared.irreversible} is no reason in words")
    if declared.undo and not hasattr(getattr(owner, declared.undo, None), "__declaration__"):
        raise TypeError(f"{where}: its undo {declared.undo} is no tool")
    if declared.recover and not callable(getattr(owner, declared.recover, None)):
        raise TypeError(f"{where}: {declared.recover} is no method")


def _model(where: str, method: Callable[..., Any]) -> type[BaseModel]:
    hints = _hints(method)
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(method).parameters.items():
        if name == "self":
            continue
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            raise TypeError(f"{where}: each parameter needs a name, and {name} stands for any")
        hint = hints.get(name)
        notes = [note for note in get_args(hint)[1:] if isinstance(note, str)] if _is_annotated(hint) else []
        if not notes:
            raise TypeError(f"{where}: parameter {name} needs a type and a description")
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        # a trailing underscore keeps a parameter such as `from` apart from Python's own word
        if _is_time(hint):
            hint = Annotated[hint, BeforeValidator(_day)]
        fields[name] = (hint, Field(default, description=notes[0], alias=name.rstrip("_")))
    return create_model(where, __config__=ConfigDict(extra="forbid"), **fields)


def _hints(method: Callable[..., Any]) -> dict[str, Any]:
    """The annotations as types. Most are alike within a module, and each is evaluated once there."""
    return {name: _evaluated(said, method.__module__) for name, said in method.__annotations__.items()}


@cache
def _evaluated(said: Any, module: str) -> Any:
    return eval(said, vars(sys.modules[module])) if isinstance(said, str) else said  # noqa: S307 - our own source


def _is_annotated(hint: Any) -> bool:
    return get_origin(hint) is Annotated


def _is_time(hint: Any) -> bool:
    """Whether it is a day or a moment, or may be one."""
    if isinstance(hint, type):
        return issubclass(hint, date)
    return any(_is_time(one) for one in get_args(hint))


def _inverse(owner: type, declared: Declaration) -> str:
    """The id of the inverse tool, or why there is none."""
    if not declared.undo:
        return declared.irreversible
    other: Declaration = getattr(owner, declared.undo).__declaration__
    return f"{owner.key}.{other.name or declared.undo}"  # type: ignore[attr-defined]


def _schema(where: str, model: type[BaseModel]) -> dict[str, Any]:
    raw = model.model_json_schema()
    if "$defs" in raw:
        raise TypeError(f"{where} takes {', '.join(raw['$defs'])}; parameters are plain values, lists or objects")
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: _flat(item) for name, item in raw.get("properties", {}).items()},
        "additionalProperties": False,
    }
    if raw.get("required"):
        schema["required"] = raw["required"]
    return schema


def _flat(item: Mapping[str, Any]) -> dict[str, Any]:
    """A property without pydantic's title, and without the null of an optional one."""
    kept = {name: value for name, value in item.items() if name not in ("title", "anyOf")}
    for choice in item.get("anyOf", ()):
        if choice.get("type") != "null":
            kept = {**choice, **kept}
    if kept.get("default") is None:
        kept.pop("default", None)
    elif kept.get("format") == "duration":
        kept["default"] = _spoken(_ISO.validate_python(kept["default"]))
    if "items" in kept:
        kept["items"] = _flat(kept["items"])
    return kept


def _spoken(lasts: timedelta) -> str:
    """As people write it: `1h30m`."""
    hours, minutes = divmod(round(lasts.total_seconds() / 60), 60)
    return f"{hours}h{minutes}m" if hours and minutes else f"{hours}h" if hours else f"{minutes}m"


def _finders(owner: type, where: str, schema: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name, item in schema["properties"].items():
        kind = item.get("x-find") or item.get("items", {}).get("x-find")
        if kind:
            if not callable(getattr(owner, f"find_{kind}", None)):
                raise TypeError(f"{where}: {name} is looked up, so the class needs find_{kind}")
            found[name] = f"find_{kind}"
    return found


def _returns(where: str, method: Callable[..., Any], effect: Effect) -> str:
    hint = _hints(method).get("return")
    if effect != "read":
        if hint is not Change:
            raise TypeError(f"{where} writes, so it returns a Change")
        return "change"
    inner = get_args(hint)[0] if get_origin(hint) in (list, tuple, Sequence) else hint
    if not (isinstance(inner, type) and issubclass(inner, Record)):
        raise TypeError(f"{where} must return a Record or a list of them")
    kind = inner.__name__.lower()
    return kind if inner is hint else f"list of {kind}"


def _sentence(owner: type, method: str) -> str:
    return inspect.cleandoc(getattr(owner, method).__doc__ or method).split("\n")[0]
