"""Middleware: the local interpreter reads first; a language model, where there is one, takes what it is unsure of.

The language model down, slow, or answering nonsense ends in the local answer. What it plans after it was shown any
tool's result is marked: text from outside was read, so no write of that plan runs unasked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolCall, ToolMessage
from pydantic import ValidationError

from agent.claim import INSTEAD, without_claims, without_links
from agent.interpretation import Request
from agent.language import counter, faults, sendable, system_message
from agent.ledger import Ledger
from agent.model import UNDO, Interpreter, LocalModel, last_ai, request_of
from agent.reference import references
from agent.state import PlanState
from agent.turn import Turn
from core.errors import BudgetExceeded
from core.log import logger
from core.tool import Tool, tool_id
from tools.registry import Registry

SHORTLIST = 12
ROUNDS = 8
LONGEST_ANSWER = 1_500
FAULTS_BEFORE_REST, REST_S = 2, 30.0
STOPPED = "The language model stopped answering, so I did not go on from here. Ask again for what is missing."
Answer = ModelResponse[Any]
Handler = Callable[[ModelRequest[Turn]], Awaitable[Answer]]
_log = logger("agent.cascade")


def stands(act: str, outcome: str, confidence: float, threshold: float) -> bool:
    """Whether a local reading is kept: plain talk, or a confident plan.

    A question or a refusal never is, however confident: more often than not something was overlooked.
    """
    return act in ("undo", "why", "help", "small_talk", "reject") or (outcome == "call" and confidence >= threshold)


class Cascade(AgentMiddleware[PlanState, Turn]):
    """Chooses the brain of each step. `mode` is `cascade`, `local` or `llm`."""

    state_schema = PlanState

    def __init__(
        self,
        interpreter: Interpreter,
        registry: Registry,
        ledger: Ledger,
        llm: BaseChatModel | None,
        model: str = "",
        threshold: float = 0.55,
        mode: str = "cascade",
    ) -> None:
        super().__init__()
        self._local = LocalModel(interpreter=interpreter, tools=registry.tools)
        self._interpreter = interpreter
        self._registry = registry
        self._ledger = ledger
        self._llm = None if mode == "local" else llm
        self._model = model
        self._threshold = threshold
        self._mode = mode
        self._faults = 0
        self._rests_until = 0.0

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Handler) -> Answer:
        """Answer one step."""
        turn, messages = request.runtime.context, request.messages
        turn.left_s()
        if turn.undo_receipt:
            return _answer(_asks_undo(messages, turn))
        if not isinstance(messages[-1], HumanMessage) and _is_by_llm(messages):
            return await self._go_on(request, handler, turn)
        local = await handler(request.override(model=self._local, model_settings={"turn": turn}, tools=[]))
        if self._llm is None or not isinstance(messages[-1], HumanMessage):
            return local
        if self._mode == "cascade" and self._is_sure(_message(local), messages):
            return local
        try:
            answer = await self._by_llm(self._llm, request, handler, turn)
        except BudgetExceeded:
            answer = None
        is_question = answer is not None and _outcome(_message(answer)) == "clarify"
        return local if answer is None or (is_question and _outcome(_message(local)) == "clarify") else answer

    def _is_sure(self, local: AIMessage, messages: Sequence[AnyMessage]) -> bool:
        """Whether the local answer stands; plain talk may be the answer to a question of the model's."""
        reading = local.additional_kwargs["atom"]
        if reading["act"] in ("small_talk", "reject") and _is_asked_by_llm(messages[:-1]):
            return False
        return stands(reading["act"], reading["outcome"], reading["confidence"], self._threshold)

    async def _go_on(self, request: ModelRequest[Turn], handler: Handler, turn: Turn) -> Answer:
        """The next step of what the language model began.

        Raises:
            BudgetExceeded: it had its rounds, or more text than a turn may take.
        """
        if _rounds(request.messages) >= ROUNDS:
            raise BudgetExceeded(f"I worked on this in {ROUNDS} rounds of steps and stopped here.")
        answer = await self._by_llm(self._llm, request, handler, turn) if self._llm else None
        return answer or _answer(AIMessage(STOPPED, additional_kwargs={"atom": _reading("decline")}))

    async def _by_llm(
        self, llm: BaseChatModel, request: ModelRequest[Turn], handler: Handler, turn: Turn
    ) -> Answer | None:
        """The language model's answer, or None when it gave none that can be used.

        Raises:
            BudgetExceeded: the turn has no tokens or no time left.
        """
        if time.monotonic() < self._rests_until:
            return None
        fitting = self._interpreter.nearest(_asked(request.messages, turn), SHORTLIST)
        by_name = {getattr(tool, "name", ""): tool for tool in request.tools}
        tools = [by_name[name] for name in (*(tool.name for tool in fitting), UNDO) if name in by_name]
        sent = sendable(request.messages, turn, counter(self._model), tools)
        changed = request.override(model=llm, system_message=system_message(turn), messages=sent, tools=tools)
        left_s = turn.left_s()
        try:
            async with asyncio.timeout(left_s):
                answer = await handler(changed)
            message = _message(answer)
            is_sound = self._is_sound(message, fitting, is_first=isinstance(request.messages[-1], HumanMessage))
        except faults() as error:
            self._count_fault()
            _log.warning("language_model_failed", kind=type(error).__name__)
            return None
        self._faults = 0
        if not is_sound:
            _log.warning("language_model_nonsense", calls=len(message.tool_calls))
            return None
        is_tainted = any(isinstance(one, ToolMessage) for one in sent)
        return _answer(await self._own(message, request.messages, turn, is_tainted))

    def _count_fault(self) -> None:
        """After some faults in a row it rests, so that not every message waits for what is down."""
        self._faults += 1
        if self._faults >= FAULTS_BEFORE_REST:
            self._rests_until = time.monotonic() + REST_S

    def _is_sound(self, message: AIMessage, fitting: Sequence[Tool], *, is_first: bool) -> bool:
        """Tools it was given, arguments that fit them, or some words; words that only claim are none."""
        if message.invalid_tool_calls:
            return False
        if not message.tool_calls:
            return not is_first or bool(without_claims(str(message.text)))
        if any(call["name"] == UNDO for call in message.tool_calls):
            return is_first and len(message.tool_calls) == 1
        known = {tool.id: tool for tool in fitting}
        named = [(known.get(tool_id(call["name"])), call["args"]) for call in message.tool_calls]
        return all(tool is not None and self._fits(tool, args) for tool, args in named)

    def _fits(self, tool: Tool, args: dict[str, Any]) -> bool:
        if not set(args) <= set(tool.properties) or tool.missing(args):
            return False
        kind = self._registry.integrations.get(tool.integration)
        if kind is None or tool.id not in kind.declarations:
            return True
        try:
            kind.declarations[tool.id].arguments.model_validate(args)
        except ValidationError as error:  # what refers to another call's result has its value later
            return all(one["loc"] and references(args.get(str(one["loc"][0]))) for one in error.errors())
        return True

    async def _own(self, message: AIMessage, messages: Sequence[AnyMessage], turn: Turn, is_tainted: bool) -> AIMessage:
        """The message with ids of ours, and without claims and links that the ledger does not back."""
        step = sum(isinstance(one, AIMessage) for one in messages)
        calls = [
            ToolCall(name=call["name"], args=call["args"], id=f"{turn.id}.{step}.{n}", type="tool_call")
            for n, call in enumerate(message.tool_calls)
        ]
        said = str(message.text).strip()
        text = without_claims(said)
        rows = await self._ledger.of_turn(turn.who.tenant, turn.id)
        if text != said and not calls and not any(row.effect != "read" and row.status == "done" for row in rows):
            text = f"{text} {INSTEAD}".strip()
        links = {row.url for row in rows} | {one["url"] for row in rows for one in _results(row.result) if "url" in one}
        asked = str(next(one for one in reversed(messages) if isinstance(one, HumanMessage)).text)
        text = without_links(text, links | set(asked.split()))
        outcome = "call" if calls else "clarify" if text.endswith("?") else "decline"
        kept = _reading(outcome, is_tainted=is_tainted)
        return AIMessage(text[:LONGEST_ANSWER], tool_calls=calls, additional_kwargs={"atom": kept})


def _reading(outcome: str, *, is_tainted: bool = False) -> dict[str, Any]:
    return {"outcome": outcome, "act": "command", "confidence": None, "by": "llm", "is_tainted": is_tainted}


def _results(result: Any) -> list[dict[str, Any]]:
    return [one for one in (result if isinstance(result, list) else [result]) if isinstance(one, dict)]


def _asked(messages: Sequence[AnyMessage], turn: Turn) -> Request:
    """The person's last sentence: what came after it never decides which tools are offered."""
    last = max(number for number, one in enumerate(messages) if isinstance(one, HumanMessage))
    return request_of(messages[: last + 1], turn)


def _rounds(messages: Sequence[AnyMessage]) -> int:
    last = max(number for number, one in enumerate(messages) if isinstance(one, HumanMessage))
    return sum(isinstance(one, AIMessage) for one in messages[last:])


def _is_by_llm(messages: Sequence[AnyMessage]) -> bool:
    said = [one for one in messages if isinstance(one, AIMessage)]
    return bool(said) and said[-1].additional_kwargs.get("atom", {}).get("by") == "llm"


def _is_asked_by_llm(messages: Sequence[AnyMessage]) -> bool:
    return _is_by_llm(messages) and _outcome(last_ai(messages)) == "clarify"


def _outcome(message: AIMessage) -> str:
    return str(message.additional_kwargs["atom"]["outcome"])


def _asks_undo(messages: Sequence[AnyMessage], turn: Turn) -> AIMessage:
    if not isinstance(messages[-1], HumanMessage):
        return AIMessage("")
    call = ToolCall(name=UNDO, args={}, id=f"{turn.id}.0", type="tool_call")
    return AIMessage("", tool_calls=[call], additional_kwargs={"atom": {"outcome": "call", "act": "undo"}})


def _answer(message: AIMessage) -> Answer:
    return ModelResponse(result=[message])


def _message(answer: Answer) -> AIMessage:
    message = answer.result[-1]
    return message if isinstance(message, AIMessage) else AIMessage(str(message.text))
