"""Tools made at run time, messages' keys, and the error tree."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

import core.errors
from core.errors import AtomError, Candidate, InvalidArgument, NotConnected, RateLimited, Rejected
from core.tool import Tool, tool_id

GOOD: dict[str, Any] = {
    "name": "crm.add_note",
    "description": "Add a note.",
    "parameters": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
}


def test_a_tool_from_json_and_back() -> None:
    tool = Tool.from_json(GOOD)
    assert (tool.id, tool.name, tool.integration, tool.effect) == ("crm.add_note", "crm__add_note", "crm", "write")
    assert tool_id(tool.name) == tool.id
    assert Tool.from_json(tool.to_json()).parameters == tool.parameters
    assert Tool.from_json({"name": "weather", "integration": "sky"}).integration == "sky"
    assert Tool.from_json({"name": "weather"}).integration == ""
    assert Tool.from_json({"name": "weather", "parameters": None}).properties == {}


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": 5}, "name"),
        ({"parameters": "none"}, "parameters"),
        ({"parameters": [1]}, "parameters"),
        ({"parameters": {"type": "array"}}, "parameters"),
        ({"parameters": {"properties": ["a"]}}, "parameters"),
        ({"parameters": {"properties": {"a": "string"}}}, "parameters"),
        ({"parameters": {"properties": {}, "required": "a"}}, "parameters"),
        ({"effect": "maybe"}, "effect"),
    ],
)
def test_a_malformed_one_is_refused(change: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Tool.from_json(GOOD | change)
    assert caught.value.parameter == parameter


def test_what_is_missing() -> None:
    tool = Tool("a.b", "x", "write", {"properties": {}, "required": ["n", "flag"]}, one_of=("x", "y"))
    assert tool.missing({}) == ("n", "flag", "x", "y")
    assert tool.missing({"n": 0, "flag": False, "y": "1"}) == ()
    assert tool.missing({"n": "", "flag": None, "x": []}) == ("n", "flag", "x", "y")


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = re.findall(r"[├└]── (\w+)", core.errors.__doc__ or "")
    real = {
        name
        for name, item in inspect.getmembers(core.errors, inspect.isclass)
        if issubclass(item, AtomError) and item is not AtomError
    }
    assert sorted(drawn) == sorted(real)


def test_errors_speak_to_the_person_and_keep_the_cause_for_the_log() -> None:
    error = NotConnected("jira", "Jira", cause="HTTP 401 tok-123")
    assert error.sentence() == "You are not connected to Jira yet. Connect Jira and I will go on."
    assert "tok-123" not in str(error)
    assert (error.recovery, Rejected("x").recovery, RateLimited("x").recovery) == ("person", "model", "final")
    assert core.errors.Unresolved("due_date", "x", "Jira", [Candidate("1", "a")]).candidates == (Candidate("1", "a"),)
