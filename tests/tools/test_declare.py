"""`@tool`: the signature is the schema, arguments become values, and what is malformed fails at import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from core.errors import Candidate, InvalidArgument
from core.records import Record, Ref, Task
from core.tool import Change
from tools.declare import Duration, Email, Id, Money, Text, Who, build, finds, parse, tool
from tools.integration import Integration
from tools.kit.auth import BearerToken

Project = Annotated[str, finds("project")]
TASK = Task(ref=Ref(integration="made", kind="task", id="1"))


class Made(Integration):
    """Has a tool with a parameter of every kind."""

    key = "made"
    name = "Made"
    category = "crm"
    auth = BearerToken()
    base_url = "https://made.example"
    aliases = ("made up",)

    async def find_person(self, text: str) -> list[Candidate]:
        """People."""
        return []

    async def find_project(self, text: str) -> list[Candidate]:
        """Projects."""
        return []

    async def read(self, ref: Ref) -> Record:
        """Reads it again."""
        return TASK

    @tool("read", one_of=("text", "project"), scopes=("r",))
    async def look(
        self,
        text: Annotated[Text | None, "words"] = None,
        project: Annotated[Project | None, "where"] = None,
        from_: Annotated[date | None, "first day"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Task]:
        """Look for tasks.

        More that no model needs.
        """
        return [TASK]

    @tool("write", proof="read", undo="take_back")
    async def make(
        self,
        plain: Annotated[str, "a word"],
        who: Annotated[Who, "a person"],
        ident: Annotated[Id, "an id"],
        mail: Annotated[Email, "an address"],
        amount: Annotated[Money, "money"],
        takes: Annotated[Duration, "how long"],
        day: Annotated[date, "a day"],
        at: Annotated[datetime, "a moment"],
        kind: Annotated[Literal["a", "b"], "which"],
        flag: Annotated[bool, "whether"] = False,
        people: Annotated[list[Who] | None, "more people"] = None,
        extra: Annotated[dict[str, Any] | None, "the rest"] = None,
        share: Annotated[float, "how much"] = 0.5,
    ) -> Change:
        """Make a task."""
        return Change(TASK)

    @tool("write", proof="read", irreversible="it is itself an undo", name="undo_it", is_hidden=True)
    async def take_back(self, ident: Annotated[Id, "an id"]) -> Change:
        """Take it back."""
        return Change(TASK)


GOOD: dict[str, Any] = {
    "plain": "x",
    "who": "Ana",
    "ident": "7",
    "mail": "a@b.example",
    "amount": "12.50",
    "takes": "1h30m",
    "day": "2027-01-31",
    "at": "2027-01-31T10:00:00+01:00",
    "kind": "a",
}


def arguments(change: dict[str, Any]) -> dict[str, Any]:
    return parse(Made.tools["made.make"], Made.declarations["made.make"], GOOD | change)


def test_the_facts_of_a_tool() -> None:
    look, make, undo = (Made.tools[f"made.{name}"] for name in ("look", "make", "undo_it"))
    assert (look.description, look.effect, look.returns, look.proof) == (
        "Look for tasks.", "read", "list of task", "reads only",
    )  # fmt: skip
    assert (look.scopes, look.one_of, look.aliases, look.title) == (("r",), ("text", "project"), ("made up",), "Made")
    assert (make.returns, make.proof, make.undo) == ("change", "Reads it again.", "made.undo_it")
    assert undo.is_hidden
    assert Made.declarations["made.undo_it"].method == "take_back"
    assert {**Made.declarations["made.make"].finders} == {"who": "find_person", "people": "find_person"}
    assert {**Made.declarations["made.look"].finders} == {"project": "find_project"}


def test_the_schema_of_every_kind_of_parameter() -> None:
    assert Made.tools["made.make"].parameters == {
        "type": "object",
        "additionalProperties": False,
        "required": [*GOOD],
        "properties": {
            "plain": {"type": "string", "description": "a word"},
            "who": {"type": "string", "format": "person", "x-find": "person", "description": "a person"},
            "ident": {"type": "string", "format": "id", "description": "an id"},
            "mail": {"type": "string", "format": "email", "description": "an address"},
            "amount": {"type": "number", "format": "money", "description": "money"},
            "takes": {"type": "string", "format": "duration", "description": "how long"},
            "day": {"type": "string", "format": "date", "description": "a day"},
            "at": {"type": "string", "format": "date-time", "description": "a moment"},
            "kind": {"type": "string", "enum": ["a", "b"], "description": "which"},
            "flag": {"type": "boolean", "default": False, "description": "whether"},
            "people": {
                "type": "array",
                "items": {"type": "string", "format": "person", "x-find": "person"},
                "description": "more people",
            },
            "extra": {"type": "object", "additionalProperties": True, "description": "the rest"},
            "share": {"type": "number", "default": 0.5, "description": "how much"},
        },
    }
    assert Made.tools["made.look"].parameters["properties"] == {
        "text": {"type": "string", "format": "text", "description": "words"},
        "project": {"type": "string", "x-find": "project", "description": "where"},
        "from": {"type": "string", "format": "date", "description": "first day"},
        "limit": {"type": "integer", "default": 20, "description": "how many"},
    }


def test_arguments_become_values_with_defaults() -> None:
    assert arguments({}) == {
        "plain": "x", "who": "Ana", "ident": "7", "mail": "a@b.example", "amount": Decimal("12.50"),
        "takes": timedelta(minutes=90), "day": date(2027, 1, 31), "at": datetime(2027, 1, 31, 9, tzinfo=UTC),
        "kind": "a", "flag": False, "people": None, "extra": None, "share": 0.5,
    }  # fmt: skip
    look = parse(Made.tools["made.look"], Made.declarations["made.look"], {"text": "x", "from": "2027-01-31"})
    assert look == {"text": "x", "project": None, "from_": date(2027, 1, 31), "limit": 20}


@pytest.mark.parametrize(
    ("given", "minutes"),
    [
        ("1h30m", 90), ("45m", 45), ("2d", 2880), ("1w", 10080), ("90s", 1.5), ("1.5h", 90), (" 1 H 30 M ", 90),
        ("1 hour 30 minutes", 90), ("2 hours and 5 mins", 125), ("30 min", 30), ("1 day, 2 hrs", 1560),
        ("90", 90), (90, 90), (0.5, 0.5), ("PT1H30M", 90), ("0m", 0), (timedelta(hours=1), 60),
    ],
)  # fmt: skip
def test_durations(given: Any, minutes: float) -> None:
    assert arguments({"takes": given})["takes"] == timedelta(minutes=minutes)


WRONG: dict[str, list[Any]] = {
    "takes": ["", "  ", "soon", "1x", "h", "1h 3", "1.2.3h", "-30m", -5, True, float("nan"), float("inf"), 1e12],
    "day": [20270131, "31.01.2027", "2027-02-30", 0.0],
    "at": [1893456000, "noon"],
    "amount": ["12 EUR", "NaN", "Infinity", float("inf"), None, "", []],
    "kind": ["c"],
    "flag": ["perhaps"],
    "plain": [5, None, ""],
    "people": ["Ana"],
    "extra": [[1]],
    "share": ["half"],
    "other": [1],
}


@pytest.mark.parametrize("change", [{name: value} for name, values in WRONG.items() for value in values])
def test_what_does_not_fit_names_its_parameter(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        arguments(change)
    assert caught.value.parameter == next(iter(change))


def test_money_is_exact() -> None:
    for value in (0.1, "0.1", Decimal("0.1")):
        assert arguments({"amount": value})["amount"] == Decimal("0.1")


def test_one_of_several_is_needed() -> None:
    made = Made.tools["made.look"], Made.declarations["made.look"]
    for args in ({}, {"limit": 3}, {"text": ""}, {"text": None, "project": None}):
        with pytest.raises(InvalidArgument, match="text or project"):
            parse(*made, args)
    assert parse(*made, {"project": "PAY"})["project"] == "PAY"


@given(
    st.dictionaries(st.sampled_from([*GOOD, "flag", "people", "extra", "share"]), st.none() | st.text() | st.floats())
)
def test_any_argument_is_a_value_or_an_invalid_one(change: dict[str, Any]) -> None:
    try:
        found = arguments(change)
    except InvalidArgument as error:
        refused = error.parameter
        assert refused in GOOD | change
    else:
        assert found["takes"] >= timedelta(0)


# --- malformed declarations


class Color(Enum):
    """A type that a schema would only point to."""

    RED = "red"


class Nested(BaseModel):
    """Another."""

    inner: int


async def sound(self: Any, a: Annotated[str, "x"]) -> Change:
    """Do it."""
    return Change(TASK)


async def no_type(self: Any, a) -> Change:  # type: ignore[no-untyped-def]
    """Do it."""
    return Change(TASK)


async def no_words(self: Any, a: str) -> Change:
    """Do it."""
    return Change(TASK)


async def no_sentence(self: Any) -> Change:
    """do it"""
    return Change(TASK)


async def no_docstring(self: Any) -> Change:
    return Change(TASK)


async def no_change(self: Any) -> Task:
    """Do it."""
    return TASK


async def no_record(self: Any) -> str:
    """Read it."""
    return ""


async def no_return(self: Any):  # type: ignore[no-untyped-def]
    """Read it."""


def no_coroutine(self: Any) -> Change:
    """Do it."""
    return Change(TASK)


async def any_names(self: Any, **more: Annotated[str, "x"]) -> Change:
    """Do it."""
    return Change(TASK)


async def no_finder(self: Any, a: Annotated[str, finds("planet"), "x"]) -> Change:
    """Do it."""
    return Change(TASK)


async def with_enum(self: Any, a: Annotated[Color, "x"]) -> Change:
    """Do it."""
    return Change(TASK)


async def with_model(self: Any, a: Annotated[list[Nested], "x"]) -> Change:
    """Do it."""
    return Change(TASK)


WRITES: dict[str, Any] = {"effect": "write", "proof": "read", "irreversible": "it is so"}


def declared(method: Callable[..., Any], **options: Any) -> Any:
    return build(Made, method.__name__, tool(**options)(method), ())


@pytest.mark.parametrize(
    ("method", "change", "said"),
    [
        (no_type, {}, "parameter a needs a type and a description"),
        (no_words, {}, "parameter a needs a type and a description"),
        (no_sentence, {}, "docstring of one sentence"),
        (no_docstring, {}, "docstring of one sentence"),
        (no_change, {}, "returns a Change"),
        (no_record, {"effect": "read"}, "must return a Record"),
        (no_return, {"effect": "read"}, "must return a Record"),
        (no_coroutine, {}, "must be async"),
        (any_names, {}, "more stands for any"),
        (no_finder, {}, "find_planet"),
        (with_enum, {}, "takes Color"),
        (with_model, {}, "takes Nested"),
        (sound, {"effect": "delete"}, "no known effect"),
        (sound, {"proof": ""}, "method that proves"),
        (sound, {"proof": "none"}, "method that proves"),
        (sound, {"irreversible": ""}, "needs an undo or the reason"),
        (sound, {"undo": "take_back"}, "needs an undo or the reason"),
        (sound, {"irreversible": "", "undo": "read"}, "is no tool"),
        (sound, {"irreversible": "final."}, "no reason in words"),
        (sound, {"recover": "none"}, "is no method"),
        (sound, {"one_of": ("b",)}, "no parameter b"),
        (sound, {"name": "Two Words"}, "lower-case words"),
        (sound, {"name": "two__words"}, "lower-case words"),
    ],
)
def test_a_malformed_declaration_says_what_is_missing(
    method: Callable[..., Any], change: dict[str, Any], said: str
) -> None:
    with pytest.raises(TypeError, match=said) as caught:
        declared(method, **WRITES | change)
    assert method.__name__ in str(caught.value)


def same() -> Any:
    async def twin(self: Any) -> Change:
        """Do it."""
        return Change(TASK)

    return tool(**WRITES, name="same")(twin)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"key": None}, "its key"),
        ({"name": None}, "its name"),
        ({"category": None}, "its category"),
        ({"auth": None}, "its auth"),
        ({"base_url": None}, "its base_url"),
        ({"category": "cooking"}, "no known category"),
        ({"key": "two.words"}, "lower-case words"),
        ({"key": "two__words"}, "lower-case words"),
        ({"key": "Two"}, "lower-case words"),
        ({"one": same(), "two": same()}, "two tools called"),
    ],
)
def test_a_malformed_integration_fails_when_it_is_defined(change: dict[str, Any], said: str) -> None:
    facts: dict[str, Any] = {
        "key": "odd", "name": "Odd", "category": "crm", "auth": BearerToken(), "base_url": "https://odd.example",
        "read": Made.read,
    }  # fmt: skip
    facts |= change
    with pytest.raises(TypeError, match=said):
        type("Odd", (Integration,), {name: value for name, value in facts.items() if value is not None})


def test_what_is_not_declared_cannot_be_reached() -> None:
    assert {*Made.tools} == {"made.look", "made.make", "made.undo_it"}
