"""A tool: one thing the agent can do, with its effect, its schema and how its work is proven and undone.

An integration declares one with `@tool` on a typed method (`tools/declare.py`); a run-time catalogue (MCP, JSON)
makes one from a JSON schema. Both are this class, so nothing downstream knows where a tool came from.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from core.errors import InvalidArgument
from core.records import Record

Effect = Literal["read", "write", "destructive"]
Arguments = dict[str, Any]


class Call(BaseModel):
    """A tool with arguments. An argument may hold `{"$ref": n, "field": f}`: field f of the result of call n."""

    model_config = ConfigDict(frozen=True)

    tool: str
    args: Arguments = {}


@dataclass(frozen=True)
class Change:
    """What a write did, in the connector's own words, before it is proven.

    `record` is the vendor's answer, mapped. `expect` names fields of the record read back and the values they
    must have. `is_gone` says that the read-back must find nothing. `undo` is the inverse call, with its arguments.
    """

    record: Record
    expect: Mapping[str, Any] = field(default_factory=dict)
    is_gone: bool = False
    undo: Call | None = None


Result = Record | Sequence[Record] | Change
Run = Callable[[Arguments], Awaitable[Result]]


@dataclass(frozen=True)
class Example:
    """One way of asking: the sentence and the words in it that are arguments."""

    say: str
    args: Arguments = field(default_factory=dict)


@dataclass(frozen=True)
class Tool:
    """One thing the agent can do.

    `id` is `<integration>.<verb>_<noun>`. `parameters` is a JSON schema of type object; a property may carry
    `format` (`date`, `date-time`, `duration`, `person`, `email`, `money`, `text`, `id`) and `x-find` (the kind of
    record that a name in it is looked up as). `one_of` are parameters of which at least one is needed.
    `proof` and `undo` say how, or why not. A hidden tool is reached only as the undo of another.
    """

    id: str
    description: str
    effect: Effect
    parameters: Mapping[str, Any]
    integration: str = ""
    title: str = ""
    aliases: tuple[str, ...] = ()
    returns: str = ""
    scopes: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    proof: str = ""
    undo: str = ""
    is_hidden: bool = False
    is_proven_by_repeat: bool = False
    examples: Sequence[Example] = ()

    @property
    def name(self) -> str:
        """The id as model APIs accept it, without a dot."""
        return self.id.replace(".", "__")

    @property
    def properties(self) -> Mapping[str, Mapping[str, Any]]:
        """The schema of each parameter."""
        found: Mapping[str, Mapping[str, Any]] = self.parameters.get("properties", {})
        return found

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the parameters that must be given."""
        return tuple(self.parameters.get("required", ()))

    def missing(self, args: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the required parameters that `args` lacks; all of `one_of` when none of them is there."""
        lacking = [name for name in self.required if args.get(name) in (None, "", [])]
        if self.one_of and all(args.get(name) in (None, "", []) for name in self.one_of):
            lacking.extend(self.one_of)
        return tuple(lacking)

    def to_json(self) -> dict[str, Any]:
        """What `atom tools --json` shows."""
        return {
            "name": self.id,
            "integration": self.integration,
            "effect": self.effect,
            "description": self.description,
            "parameters": dict(self.parameters),
            "one_of": list(self.one_of),
            "returns": self.returns,
            "scopes": list(self.scopes),
            "proof": self.proof,
            "undo": self.undo,
        }

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Tool:
        """A run-time tool from `{name, description, parameters, effect?}`.

        Raises:
            InvalidArgument: it has no name, or its parameters are no JSON schema of an object.
        """
        name, parameters = item.get("name"), item.get("parameters") or {"type": "object", "properties": {}}
        if not isinstance(name, str) or not name:
            raise InvalidArgument("A tool needs a name.", parameter="name")
        if not _is_object(parameters):
            raise InvalidArgument(f"The parameters of “{name}” are no JSON schema.", parameter="parameters")
        effect = item.get("effect", "write")
        if effect not in ("read", "write", "destructive"):
            raise InvalidArgument(f"The effect of “{name}” must be read, write or destructive.", parameter="effect")
        return cls(
            id=name,
            description=str(item.get("description") or ""),
            effect=effect,
            parameters=dict(parameters),
            integration=str(item.get("integration") or (name.partition(".")[0] if "." in name else "")),
        )


def _is_object(schema: Any) -> bool:
    if not isinstance(schema, Mapping) or schema.get("type", "object") != "object":
        return False
    properties, required = schema.get("properties", {}), schema.get("required", [])
    return (
        isinstance(properties, Mapping)
        and all(isinstance(one, Mapping) for one in properties.values())
        and isinstance(required, list | tuple)
    )


def tool_id(name: str) -> str:
    """The id of a tool from the name a model API uses."""
    return name.replace("__", ".", 1)
