"""`@tool`: the typed signature is the schema, the docstring the description. What is malformed fails at import."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    create_model,
)
from pydantic.fields import FieldInfo

from core.errors import InvalidArgument
from core.records import Record
from core.tool import Arguments, Change, Effect, Example, Tool

Method = TypeVar("Method", bound=Callable[..., Awaitable[Any]])
_UNITS = {"w": 7 * 24 * 60, "d": 24 * 60, "h": 60, "m": 1}


def _duration(value: Any) -> Any:
    """Minutes out of `1h30m`, `45m`, `2d` or a number of minutes."""
    if isinstance(value, int | float):
        return timedelta(minutes=float(value))
    if not isinstance(value, str):
        return value
    total, digits = 0.0, ""
    for char in value.replace(" ", "").lower():
        if char.isdigit() or char == ".":
            digits += char
        elif char in _UNITS and digits:
            total, digits = total + float(digits) * _UNITS[char], ""
        else:
            return value
    return value if digits else timedelta(minutes=total)


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
    _check(owner, where, declared, description)
    model = _model(where, method)
    schema = _schema(model)
    finders = _finders(owner, where, schema)
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
        undo=(declared.undo and f"{owner.key}.{declared.undo}") or declared.irreversible,  # type: ignore[attr-defined]
        is_hidden=declared.is_hidden,
        examples=tuple(example),
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


def _check(owner: type, where: str, declared: Declaration, description: str) -> None:
    if not description.endswith("."):
        raise TypeError(f"{where} needs a docstring of one sentence")
    if declared.effect == "read":
        return
    if not callable(getattr(owner, declared.proof, None)):
        raise TypeError(f"{where} writes, so it needs the method that proves it")
    if bool(declared.undo) == bool(declared.irreversible):
        raise TypeError(f"{where} writes, so it needs an undo or the reason why there is none")
    if declared.undo and not hasattr(getattr(owner, declared.undo, None), "__declaration__"):
        raise TypeError(f"{where}: its undo {declared.undo} is no tool")
    if declared.recover and not callable(getattr(owner, declared.recover, None)):
        raise TypeError(f"{where}: {declared.recover} is no method")


def _model(where: str, method: Callable[..., Any]) -> type[BaseModel]:
    hints = typing.get_type_hints(method, include_extras=True)
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(method).parameters.items():
        if name == "self":
            continue
        hint = hints.get(name)
        notes = [note for note in get_args(hint)[1:] if isinstance(note, str)] if _is_annotated(hint) else []
        if not notes:
            raise TypeError(f"{where}: parameter {name} needs a type and a description")
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        # a trailing underscore keeps a parameter such as `from` apart from Python's own word
        fields[name] = (hint, Field(default, description=notes[0], alias=name.rstrip("_")))
    return create_model(where, __config__=ConfigDict(extra="forbid"), **fields)


def _is_annotated(hint: Any) -> bool:
    return get_origin(hint) is Annotated


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    raw = model.model_json_schema()
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
    if "items" in kept:
        kept["items"] = _flat(kept["items"])
    return kept


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
    hint = typing.get_type_hints(method).get("return")
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
