"""No value from nowhere: what stands in a plan was written, stands in the conversation, the directory or the schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from agent.interpretation import Interpretation, Request
from agent.local.interpreter import Interpreter
from agent.local.read import read
from agent.local.text import fold
from core.tool import Tool
from evals.brain import request_of
from evals.case import load_cases
from evals.cli import SETS
from tests.agent.local.conftest import NORA, NOW
from tests.agent.local.test_any_text import TEXT
from tools.registry import offered

COUNTED = ("number", "integer", "boolean")
TIMED = ("date", "date-time", "duration", "time")


def strangers(reading: Interpretation, request: Request, tools: dict[str, Tool]) -> Iterator[tuple[str, str, Any]]:
    """Tool, parameter and value of what has no source."""
    said = request.utterance + "\n" + "\n".join(turn.text for turn in request.context)
    told = json.dumps([[s.args, s.result] for t in request.context for s in t.calls], ensure_ascii=False, default=str)
    names = [name for group in request.directory.names.values() for name in group]
    known = _letters(" ".join([said, told, *names, request.user.name, request.user.email, "me"]))
    spans = {span.kind for text in said.split("\n") for span in read(text, request.now).spans}
    for call in (*reading.calls, *reading.rest):
        for name, value in call.args.items():
            schema = tools[call.tool].properties[name]
            for one in value if isinstance(value, list) else [value]:
                if not _is_grounded(one, schema, known, spans):
                    yield call.tool, name, one


def _is_grounded(value: Any, schema: Any, known: str, spans: set[str]) -> bool:
    inner = schema.get("items", schema)
    choices = [*schema.get("enum", ()), *inner.get("enum", ()), schema.get("default")]
    if isinstance(value, dict | bool) or value in choices:  # a reference to an earlier call, or one of the schema's own
        return True
    if inner.get("format") in TIMED:
        return bool(spans & {"when", "duration", "every", "time"}) or _letters(str(value)) in known
    if "money" in spans and re.fullmatch(r"[a-z]{3}", str(value), re.I):  # £ is gbp
        return True
    if isinstance(value, int | float):
        return bool(re.search(r"\d", known)) or bool(spans)
    text = re.sub(r"\{\{\d+\.\w+\}\}", " ", str(value))
    return all(_letters(word) in known for word in text.split())


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", fold(text))


@settings(
    max_examples=150,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=TEXT)
def test_any_text_brings_no_value_of_its_own(interpreter: Interpreter, seven: list[Tool], text: str) -> None:
    request = Request(text, NOW, NORA)
    found = interpreter.interpret(request)
    assert not list(strangers(found, request, {tool.id: tool for tool in seven}))


@pytest.mark.slow
def test_people_s_sentences_bring_no_value_of_their_own() -> None:
    tools = {tool.id: tool for tool in offered()}
    interpreter = Interpreter(list(tools.values()))
    cases = [case for path in sorted((SETS.parent / "dev").glob("*.jsonl")) for case in load_cases(path)]
    asked = [(case.id, request_of(case)) for case in cases]
    found = [(key, odd) for key, one in asked for odd in strangers(interpreter.interpret(one), one, tools)]
    assert not found
