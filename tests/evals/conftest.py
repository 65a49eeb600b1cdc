"""A handful of tools and ways to write cases and predictions shortly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from core.records import Person, Ref
from core.tool import Call, Tool
from evals.case import Case, Outcome, Prediction, User

BERLIN_NOON = datetime.fromisoformat("2026-11-24T12:00:00+01:00")
MakeCase = Callable[..., Case]
MakePrediction = Callable[..., Prediction]


def _tool(name: str, effect: Any, **properties: dict[str, Any]) -> Tool:
    return Tool(
        id=name,
        description=f"{name} does it.",
        effect=effect,
        parameters={"type": "object", "properties": properties},
        integration=name.partition(".")[0],
    )


def call(name: str, **args: Any) -> Call:
    """A call, shortly."""
    return Call(tool=name, args=args)


@pytest.fixture
def tools() -> dict[str, Tool]:
    text = {"type": "string"}
    found = [
        _tool("desk.read", "read", item=text, limit={"type": "integer", "default": 20}),
        _tool(
            "desk.open",
            "write",
            title=text,
            owner={"type": "string", "format": "person"},
            due={"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
            labels={"type": "array", "items": text},
            kind={"type": "string", "default": "Task"},
        ),
        _tool("chat.post", "write", channel=text, text={"type": "string", "format": "text"}),
        _tool("desk.drop", "destructive", item=text),
        _tool(
            "plan.book",
            "write",
            start={"type": "string", "format": "date-time"},
            since={"type": "string", "format": "date-time", "default": "now"},
            length={"type": "string", "format": "duration", "default": "30m"},
            guests={"type": "array", "items": {"type": "string", "format": "person"}},
        ),
    ]
    return {tool.id: tool for tool in found}


@pytest.fixture
def people() -> list[Person]:
    def person(number: str, name: str) -> Person:
        email = f"{name.lower().replace(' ', '.')}@firm.example"
        return Person(ref=Ref(integration="chat", kind="user", id=number), title=name, email=email)

    return [person("U1", "Priya Nair"), person("U2", "Ben Alder"), person("U3", "Priya Shah")]


@pytest.fixture
def make_case() -> MakeCase:
    def make(*gold: Call, expect: Outcome = "call", number: str = "1", tags: tuple[str, ...] = ()) -> Case:
        user = User(name="Mia Sander", email="mia.sander@firm.example", timezone="Europe/Berlin")
        return Case(id=number, utterance="do it", now=BERLIN_NOON, user=user, expect=expect, gold=gold, tags=tags)

    return make


@pytest.fixture
def make_prediction() -> MakePrediction:
    def make(*calls: Call, outcome: Outcome = "call", number: str = "1", **more: Any) -> Prediction:
        return Prediction(id=number, outcome=outcome, calls=calls, **more)

    return make
