"""Whatever is written: an answer, and no argument outside the schema."""

from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from agent.interpretation import Interpretation, Request
from agent.local.interpreter import Interpreter
from agent.local.plan import Draft
from core.tool import Tool
from tests.agent.local.conftest import NORA, NOW

WORDS = st.sampled_from(
    "create close delete move tell refund book issue channel PAY-12 #eng acme/web pi_9 $40 tomorrow at 3-4pm every Monday feb 30 "
    "priority high Priya me it and then , : “text” <@U1> `code` 👍 no yes in to for the 17 2h 1/1 31.4. 24:99 0000-00-00".split()
)
TEXT = st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=25).map(" ".join))


def check(reading: Interpretation, tools: dict[str, Tool]) -> None:
    assert reading.outcome in ("call", "clarify", "decline")
    assert 0 <= reading.confidence <= 1
    assert reading.outcome != "clarify" or reading.question
    for call in (*reading.calls, *reading.rest):
        for name, value in call.args.items():
            schema = tools[call.tool].properties[name]
            if not isinstance(value, dict):
                Draft202012Validator(_plain(schema)).validate(value)
        if reading.outcome == "call":
            assert Draft(tools[call.tool], call.args).missing == ()


def _plain(schema: Any) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in ("format", "default", "x-find", "description")}


@settings(
    max_examples=150,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=TEXT)
def test_any_text(interpreter: Interpreter, seven: list[Tool], text: str) -> None:
    check(interpreter.interpret(Request(text, NOW, NORA)), {tool.id: tool for tool in seven})


@settings(max_examples=60, derandomize=True)
@given(
    now=st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)),
    text=st.lists(WORDS, max_size=12).map(" ".join),
)
def test_any_moment(interpreter: Interpreter, now: datetime, text: str) -> None:
    interpreter.interpret(Request(text, now.replace(tzinfo=NOW.tzinfo), NORA))


def test_a_very_long_text(interpreter: Interpreter, seven: list[Tool]) -> None:
    text = "please create a bug in PAY and tell #eng, " * 260
    check(interpreter.interpret(Request(text, NOW, NORA)), {tool.id: tool for tool in seven})


def test_a_thousand_tools_never_seen() -> None:
    nouns = "lamp door oven pump crane valve boiler fan gate lift".split()
    verbs = "open close start stop raise lower check reset mark count".split()
    tools = [
        Tool.from_json(
            {
                "name": f"{verb}_{noun}_{n}",
                "description": f"{verb.title()} {noun} number {n}.",
                "parameters": {
                    "type": "object",
                    "properties": {"note": {"type": "string"}, "mode": {"type": "string", "enum": ["", "fast"]}},
                    "required": [],
                },
            }
        )
        for verb in verbs
        for noun in nouns
        for n in range(10)
    ]
    interpreter, known = Interpreter(tools), {tool.id: tool for tool in tools}
    for text in ("open the lamp", "raise crane number 7, note: wind is strong", "", "hello", "x" * 10_000):
        check(interpreter.interpret(Request(text, NOW, NORA)), known)
