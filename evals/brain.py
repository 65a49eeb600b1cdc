"""The assistant's brains as the evaluation calls them: a sentence in, a prediction out, nothing carried out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage
from pydantic import AwareDatetime, Field

from agent.cascade import stands
from agent.interpretation import Interpretation, Request, Step
from agent.interpretation import Turn as Said
from agent.language import close, language_model, system_message
from agent.model import Interpreter
from agent.turn import Turn
from core.errors import ConfigInvalid
from core.principal import Principal
from core.settings import load
from core.tool import Call, Tool, tool_id
from evals.case import Case, CaseLine, Prediction, User
from evals.case import Turn as Written

SHORTLIST = 12


class Asked(CaseLine):
    """A line to interpret: a case without its answer; `tools` replaces the interpreter's own for this line."""

    utterance: str
    now: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    user: User = User(name="Me")
    context: tuple[Written, ...] = ()
    tools: tuple[dict[str, Any], ...] | None = None


def request_of(line: Asked | Case, tools: Sequence[Tool] | None = None) -> Request:
    """The line as the interpreter takes it."""
    who = Principal(
        tenant="evaluation",
        id=line.user.email or "me",
        name=line.user.name,
        email=line.user.email,
        timezone=line.user.timezone,
    )
    context = [
        Said(turn.role, turn.text, tuple(Step(call.tool, dict(call.args), call.result) for call in turn.calls))
        for turn in line.context
    ]
    own = getattr(line, "tools", None)
    given = [Tool.from_json(item) for item in own] if own is not None else tools
    return Request(line.utterance, line.now, who, context, given)


def prediction(line: CaseLine, reading: Interpretation) -> Prediction:
    """The reading in the form that is scored."""
    return Prediction(
        id=line.id,
        outcome=reading.outcome,
        calls=reading.calls,
        confidence=reading.confidence,
        ms=reading.ms,
        answered_by=reading.answered_by,
    )


class Local:
    """The local interpreter alone."""

    def __init__(self, interpreter: Interpreter, tools: Sequence[Tool] | None = None) -> None:
        self._interpreter = interpreter
        self._tools = tools

    async def __call__(self, case: Case) -> Prediction:
        """Read one case."""
        return self.read(case)

    def read(self, line: Asked | Case) -> Prediction:
        """Read one line."""
        return prediction(line, self._interpreter.interpret(request_of(line, self._tools)))


@dataclass
class Spent:
    """What a language model was used for: calls, and the tokens that it counted as read and written."""

    calls: int = 0
    read: int = 0
    written: int = 0

    def dollars(self, prices: tuple[float, float]) -> float:
        """The cost at prices for a million tokens read and written."""
        return (self.read * prices[0] + self.written * prices[1]) / 1e6


class WithLanguageModel:
    """The language model that the settings name; as a cascade only where the local interpreter is unsure.

    Raises:
        ConfigInvalid: no language model is set up.
    """

    def __init__(self, interpreter: Interpreter, tools: Sequence[Tool], *, is_cascade: bool) -> None:
        self._interpreter = interpreter
        self._tools = {tool.name: tool for tool in tools}
        self._is_cascade = is_cascade
        self._settings = load()
        self._model = language_model(self._settings)
        self.spent = Spent()
        if self._model is None:
            raise ConfigInvalid("There is no language model to score.", next_step="Set OPENAI_API_KEY.")

    async def __call__(self, case: Case) -> Prediction:
        """Read one case."""
        begun = perf_counter()
        request = request_of(case)
        local = self._interpreter.interpret(request)
        threshold = self._settings.local_threshold
        if self._is_cascade and stands(local.act, local.outcome, local.confidence, threshold):
            return prediction(case, local)
        fitting = self._interpreter.nearest(request, SHORTLIST)
        message = await self._asked(request, fitting)
        calls = tuple(Call(tool=tool_id(call["name"]), args=call["args"]) for call in message.tool_calls)
        text = str(message.text).strip()
        return Prediction(
            id=case.id,
            outcome="call" if calls else "clarify" if text.endswith("?") else "decline",
            calls=calls,
            ms=(perf_counter() - begun) * 1000,
            answered_by="llm",
        )

    async def close(self) -> None:
        """Give the connections to the endpoint back."""
        assert self._model is not None  # noqa: S101 - held since the beginning
        await close(self._model)

    async def _asked(self, request: Request, fitting: Sequence[Tool]) -> AIMessage:
        assert self._model is not None  # noqa: S101 - held since the beginning
        turn = Turn(id="evaluation", who=request.user, thread="evaluation", now=request.now)
        said = [
            (HumanMessage if one.role == "user" else AIMessage)(f"{one.text}\n{_results(one)}".strip())
            for one in request.context
        ]
        schemas = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": dict(tool.parameters),
                },
            }
            for tool in fitting
        ]
        bound = self._model.bind_tools(schemas)
        message = await bound.ainvoke([system_message(turn), *said, HumanMessage(request.utterance)])
        used = message.usage_metadata
        self.spent.calls += 1
        self.spent.read += used["input_tokens"] if used else 0
        self.spent.written += used["output_tokens"] if used else 0
        return message


def _results(said: Said) -> str:
    steps = [{"tool": step.tool, "args": step.args, "result": step.result} for step in said.calls]
    return json.dumps(steps, ensure_ascii=False, default=str) if steps else ""


def runtime_tools(items: Sequence[Mapping[str, Any]]) -> list[Tool]:
    """A run-time catalogue: each item `{name, description, parameters}`."""
    return [Tool.from_json(item) for item in items]
