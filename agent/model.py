"""The local interpreter as a LangChain chat model: it answers with `tool_calls`, as any model does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolCall, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

from agent.interpretation import Interpretation, Request, Step
from agent.interpretation import Turn as Said
from agent.talk import answer
from agent.turn import Turn
from core.tool import Tool, tool_id

UNDO = "atom__undo"
TURNS_READ = 8


class Interpreter(Protocol):
    """Reads sentences."""

    def interpret(self, request: Request) -> Interpretation:
        """What a sentence means; never raises on any text."""

    def nearest(self, request: Request, most: int) -> Sequence[Tool]:
        """The tools that fit a sentence best, best first."""


class LocalModel(BaseChatModel):
    """A chat model that needs no network. Each call gets the `Turn` it serves as `turn`."""

    interpreter: Any
    tools: Any = ()

    @property
    def _llm_type(self) -> str:
        return "atom-local"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The tools are the interpreter's own; only the turn is bound."""
        return self.bind(**kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        turn: Turn = kwargs["turn"]
        if isinstance(messages[-1], ToolMessage):
            message = AIMessage("")  # what was found and done is shown from the ledger
        else:
            reading = self.interpreter.interpret(request_of(messages, turn))
            message = message_of(reading, turn, messages, self.tools)
        return ChatResult(generations=[ChatGeneration(message=message)])


def request_of(messages: Sequence[BaseMessage], turn: Turn) -> Request:
    """The last sentence with the turns before it."""
    return Request(
        utterance=str(messages[-1].text),
        now=turn.now,
        user=turn.who,
        context=context_of(messages[:-1])[-TURNS_READ:],
        directory=turn.directory,
        connected=turn.connected,
    )


def context_of(messages: Sequence[BaseMessage]) -> list[Said]:
    """Messages as turns: what was said, which calls were planned, and what came of them."""
    results = {
        message.tool_call_id: _parsed(str(message.text)) for message in messages if isinstance(message, ToolMessage)
    }
    said: list[Said] = []
    for message in messages:
        if isinstance(message, HumanMessage):
            said.append(Said("user", str(message.text)))
        elif isinstance(message, AIMessage):
            reading = message.additional_kwargs.get("atom", {})
            worded = reading.get("said") or [call["args"] for call in message.tool_calls]  # names, not the ids found
            calls = [
                Step(tool_id(call["name"]), args, results.get(call["id"] or ""))
                for call, args in zip(message.tool_calls, worded, strict=True)
            ]
            calls += [Step(c["tool"], c["args"]) for c in reading.get("asked", ())]
            if calls or message.text:
                said.append(Said("assistant", str(message.text), tuple(calls)))
    return said


def message_of(
    reading: Interpretation, turn: Turn, messages: Sequence[BaseMessage], tools: Sequence[Tool]
) -> AIMessage:
    """The reading as a model's message; the reading itself rides along for `why?` and the record."""
    kept: dict[str, Any] = {
        "outcome": reading.outcome,
        "act": reading.act,
        "confidence": round(reading.confidence, 4),
        "options": list(reading.options),
        "missing": reading.missing,
        "reason": reading.reason,
        "words": [[call, parameter, words] for (call, parameter), words in reading.words.items()],
        "ms": round(reading.ms, 2),
    }
    if reading.act == "undo":
        return AIMessage("", tool_calls=[_call(turn, 0, UNDO, {})], additional_kwargs={"atom": kept})
    if reading.outcome == "call":
        made = [_call(turn, n, c.tool.replace(".", "__"), c.args) for n, c in enumerate(reading.calls)]
        return AIMessage("", tool_calls=made, additional_kwargs={"atom": kept})
    if reading.outcome == "clarify":
        kept["asked"] = [c.model_dump(mode="json") for c in (*reading.calls, *reading.rest)]
        return AIMessage(reading.question, additional_kwargs={"atom": kept})
    return AIMessage(answer(reading, turn, messages, tools), additional_kwargs={"atom": kept})


def _call(turn: Turn, number: int, name: str, args: dict[str, Any]) -> ToolCall:
    return ToolCall(name=name, args=args, id=f"{turn.id}.{number}", type="tool_call")


def _parsed(content: str) -> Any:
    """What came of a call; None where it was set aside or refused, so that a correction can take it up again."""
    try:
        return json.loads(content)
    except json.JSONDecodeError:
        return None


def last_ai(messages: Sequence[AnyMessage]) -> AIMessage:
    """The newest message of the model."""
    return next(message for message in reversed(messages) if isinstance(message, AIMessage))
