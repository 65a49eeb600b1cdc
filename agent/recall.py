"""Middleware: what is remembered. It stands before any brain: words to the memory itself are read by rules, phrases
that stand for something remembered are put plainly, and what a plan leaves out is filled in, each with its reason.

The memory away or slow never stops a turn: then it says less.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse, ToolCallRequest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolCall, ToolMessage
from langgraph.types import Command as Jump

from agent.ledger import Ledger, LedgerRow
from agent.state import PlanState
from agent.turn import Turn
from core.errors import AtomError
from core.log import logger
from core.tool import Tool, tool_id
from memory.command import Command, Heard, correction, heard
from memory.default import habitual, preferred, reason
from memory.gate import Refusal, is_name, judge
from memory.habit import Done, habits, hour
from memory.item import Circle, Owner, Said
from memory.memory import Memory
from memory.phrase import Use, resolved
from memory.shelf import Shelf
from memory.statement import relation
from tools.registry import Registry

FITTING_TOKENS = 160
_PLACES = ("channel", "chat", "space", "to", "group", "project", "board", "repo")
HABITS_FROM = 60
_USUAL = re.compile(r"\b(?:usual|as always|like always|as usual)\b", re.I)
_log = logger("agent.recall")

Answer = ModelResponse[Any]
Handler = Callable[[ModelRequest[Turn]], Awaitable[Answer]]
Runner = Callable[[ToolCallRequest], Awaitable[ToolMessage | Jump[Any]]]
Shelves = Mapping[Owner, Shelf]


class Recall(AgentMiddleware[PlanState, Turn]):
    """Puts the memory to use, and learns from what was done."""

    state_schema = PlanState

    def __init__(self, memory: Memory, registry: Registry, ledger: Ledger, *, has_llm: bool = False) -> None:
        super().__init__()
        self._has_llm = has_llm
        self._memory = memory
        self._registry = registry
        self._ledger = ledger

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Handler) -> Answer:
        """Answer one step."""
        turn, last = request.runtime.context, request.messages[-1]
        if turn.undo_receipt:
            return await handler(request)
        if not isinstance(last, HumanMessage):
            return self._shown_again(request.messages, await handler(request))
        said = heard(str(last.text))
        circle = Circle(turn.who, turn.channel)
        try:
            shelves = await self._memory.standing(circle)
            is_personal = await self._memory.is_personal(circle.person)
        except AtomError as error:
            _log.warning("memory_unavailable", kind=type(error).__name__)
            return await handler(request)
        said = self._only_known(said, shelves, str(last.text))
        told = await self._told(said.commands, circle, shelves, turn)
        if told is not None and not said.rest:
            return _answer(told)
        if told is None and is_personal and not said.is_without:
            return await self._personal(request, handler, said, circle, shelves)
        anew = _without_last(request) if said.is_without else request
        answer = await handler(_asking(anew, said.rest))
        return answer if told is None else _both(told, answer)

    async def awrap_tool_call(self, request: ToolCallRequest, handler: Runner) -> ToolMessage | Jump[Any]:
        """Run a call, and learn from it beside the turn where it was done."""
        answer = await handler(request)
        turn: Turn = request.runtime.context  # type: ignore[assignment]
        if isinstance(answer, ToolMessage) and answer.status == "success":
            self._memory.beside(self._learn(request.tool_call["id"] or "", turn))
        return answer

    # -- what is said to the memory itself

    def _only_known(self, said: Heard, shelves: Shelves, text: str) -> Heard:
        """Questions that the memory cannot answer are not for it."""
        for number, one in enumerate(said.commands):
            if one.act == "ask" and not _known(one.what, shelves):
                kept = said.commands[:number]
                return Heard(kept, text if not kept else _from(text, one.what, kept))
        return said

    async def _told(
        self, commands: Sequence[Command], circle: Circle, shelves: Shelves, turn: Turn
    ) -> AIMessage | None:
        """The calls, or the words, for what was said to the memory; None where nothing was."""
        if not commands:
            return None
        calls: list[ToolCall] = []
        words: list[str] = []
        for one in commands:
            answer = await self._one(one, circle, shelves)
            if isinstance(answer, str):
                words.append(answer)
            else:
                name, args = answer
                call_id = f"{turn.id}.m{len(calls)}"
                calls.append(ToolCall(name=f"memory__{name}", args=args, id=call_id, type="tool_call"))
        kept = {**_reading("call" if calls else "decline"), "is_private": True}
        return AIMessage("" if calls else " ".join(words), tool_calls=calls, additional_kwargs={"atom": kept})

    async def _one(self, one: Command, circle: Circle, shelves: Shelves) -> str | tuple[str, dict[str, Any]]:
        place = {"place": circle.channel} if circle.channel else {}
        if one.act == "remember" and one.told is not None:
            scope = one.told.scope if circle.of(one.told.scope) else "person"
            is_admin = "admin" in circle.who.roles
            refused = judge(one.told.said, scope, is_own_words=True, is_admin=is_admin)
            return refused.reason if refused else ("remember_fact", {"text": one.what, **place})
        if one.act == "forget":
            return await self._forget(one.what, circle, place)
        if one.act == "show":
            return "show_memory", ({"about": one.what} if one.what else {}) | place
        if one.act == "ask":
            return str(_known(one.what, shelves))
        simple: dict[str, tuple[str, dict[str, Any]]] = {
            "forget_all": ("forget_everything", {}),
            "export": ("export_memory", {}),
            "off": ("set_personal", {"is_on": False}),
            "on": ("set_personal", {"is_on": True}),
        }
        return simple[one.act]

    async def _forget(self, what: str, circle: Circle, place: dict[str, str]) -> str | tuple[str, dict[str, Any]]:
        system = await self._registry.open("memory", circle.who)
        if await system.find("memory.forget_fact", "item", what, place):
            return "forget_fact", {"item": what, **place}
        return f"I remember nothing about “{what}”, so there is nothing to forget."

    # -- what shapes a plan

    async def _personal(
        self, request: ModelRequest[Turn], handler: Handler, said: Heard, circle: Circle, shelves: Shelves
    ) -> Answer:
        """The brain's answer to the sentence put plainly, with what it leaves out filled in."""
        turn = request.runtime.context
        text, uses, learned = await self._corrected(request.messages, said.rest, circle, shelves)
        if not learned:
            text, uses = resolved(said.rest, shelves)
        mine = shelves.get(circle.person, Shelf(-1))
        turn.called = mine.by_key["name"].value if "name" in mine.by_key else ""
        if self._has_llm:
            fitting = await self._memory.fitting(circle, said.rest, tokens=FITTING_TOKENS)
            turn.recalled = tuple(one.row.text for one in fitting)
        answer = await handler(_asking(request, text))
        message = answer.result[-1]
        if not isinstance(message, AIMessage) or message.additional_kwargs.get("atom", {}).get("act") == "undo":
            return answer
        filled, more = self._filled(message, said.rest, circle.person, mine, turn)
        kept = filled.additional_kwargs.get("atom", {})
        shown = [*({"text": learned, "item": "", "say": ""} for _ in [0] if learned)]
        shown += [_shown(use, said.rest) for use in ([] if learned else uses) + more]
        if not shown:
            return answer
        self._memory.beside(self._note(uses + more))
        revised = filled.model_copy(update={"additional_kwargs": {"atom": {**kept, "recalled": shown}}})
        return _answer(revised)

    async def _corrected(
        self, messages: Sequence[AnyMessage], text: str, circle: Circle, shelves: Shelves
    ) -> tuple[str, list[Use], str]:
        """The sentence before with the person's own value in the place of what was taken, learned at once."""
        value = correction(text)
        before = _last_recalled(messages)
        if not value or before is None or not is_name(value):
            return text, [], ""
        item, sentence = before
        owner, row = next(((o, s.by_id[item]) for o, s in shelves.items() if item in s.by_id), (None, None))
        if owner is None or row is None or owner.scope != "person" or row.kind == "episode":
            return text, [], ""
        if row.kind == "habit":
            await self._memory.forget(owner, [row.id])
            parameter = str(row.data.get("parameter", "")).replace("_", " ")
            return (
                _with(sentence, value, parameter),
                [],
                f"I took {value} and will not assume {row.data['label']} again.",
            )
        said = Said(row.kind, row.key, row.text.replace(row.value, value), value, dict(row.data))  # type: ignore[arg-type]
        kept = await self._memory.learn(owner, said, circle.who.id, "correction")
        if isinstance(kept, Refusal):
            return text, [], ""
        plain, uses = resolved(sentence, {owner: Shelf(0, (kept.row,))})
        if not uses:
            plain = f"{sentence}, {row.data.get('parameter', '')} {value}".strip()
        return plain, uses, f"I took {value}, and keep it in mind instead of {row.value}."

    def _filled(
        self, message: AIMessage, sentence: str, owner: Owner, shelf: Shelf, turn: Turn
    ) -> tuple[AIMessage, list[Use]]:
        """A plan with what preferences and habits add; a question that they answer becomes a plan."""
        reading = message.additional_kwargs.get("atom", {})
        asked = reading.get("asked", ()) if reading.get("outcome") == "clarify" and not message.tool_calls else ()
        is_open = bool(asked) and bool(reading.get("missing"))
        planned = [(one["tool"], dict(one["args"])) for one in asked] if is_open else [
            (tool_id(call["name"]), dict(call["args"])) for call in message.tool_calls
        ]  # fmt: skip
        uses: list[Use] = []
        for name, args in planned:
            tool = self._registry.tool(name)
            if tool is not None:
                uses += self._fill(tool, args, sentence, owner, shelf)
        if not uses:
            return message, []
        if is_open and any(self._lacks(name, args) for name, args in planned):
            return message, []
        ids = [call["id"] for call in message.tool_calls] or [f"{turn.id}.{n}" for n in range(len(planned))]
        calls = [
            ToolCall(name=name.replace(".", "__"), args=args, id=one, type="tool_call")
            for (name, args), one in zip(planned, ids, strict=True)
        ]
        kept = {**reading, "outcome": "call", "options": [], "missing": "", "asked": []} if is_open else reading
        return AIMessage("", id=message.id, tool_calls=calls, additional_kwargs={"atom": kept}), uses

    @staticmethod
    def _fill(tool: Tool, args: dict[str, Any], sentence: str, owner: Owner, shelf: Shelf) -> list[Use]:
        uses: list[Use] = []
        is_asked_for = bool(_USUAL.search(sentence))
        for parameter, value, use in habitual(tool, args, tool.missing(args), owner, shelf, is_asked_for=is_asked_for):
            args[parameter] = value
            uses.append(use)
        for parameter, value, use in preferred(tool, args, sentence, owner, shelf):
            args[parameter] = value
            uses.append(use)
        return uses

    def _lacks(self, name: str, args: Mapping[str, Any]) -> bool:
        tool = self._registry.tool(name)
        return tool is None or bool(tool.missing(args))

    def _shown_again(self, messages: Sequence[AnyMessage], answer: Answer) -> Answer:
        """What a plan of reads alone took from memory is said with the answer: nobody saw the plan before it ran."""
        planned = next((one for one in reversed(messages) if isinstance(one, AIMessage)), None)
        message = answer.result[-1]
        if planned is None or not isinstance(message, AIMessage) or message.tool_calls:
            return answer
        kept = planned.additional_kwargs.get("atom", {})
        if then := kept.get("then"):
            return _answer(AIMessage(then["text"], additional_kwargs={"atom": then["atom"]}))
        tools = [self._registry.tool(tool_id(call["name"])) for call in planned.tool_calls]
        if not kept.get("recalled") or any(tool is None or tool.effect != "read" for tool in tools):
            return answer
        own = message.additional_kwargs.get("atom", {}) or _reading("call")
        revised = message.model_copy(update={"additional_kwargs": {"atom": {**own, "recalled": kept["recalled"]}}})
        return _answer(revised)

    # -- what is learned

    async def _note(self, uses: Sequence[Use]) -> None:
        for use in uses:
            await self._memory.store.used(use.owner, [use.row.id])

    async def _learn(self, call_id: str, turn: Turn) -> None:
        """An episode of a write that was done, and the habits that its tool shows."""
        row = await self._ledger.get(turn.who.tenant, call_id)
        if row is None or row.status != "done" or row.effect == "read" or row.tool.startswith("memory."):
            return
        owner = Circle(turn.who).person
        tool = self._registry.tool(row.tool)
        title = f"{tool.title}: {_words(row.tool)}" if tool else row.tool
        await self._memory.learned(owner, _episode(row, title), turn.id, turn.now)
        noted = await self._memory.store.owner(owner)
        done = await self._ledger.of_person(turn.who, row.tool, noted.learns_from if noted else None, HABITS_FROM)
        found = list(habits(row.tool, title, [Done(one.args, one.labels, one.made_at) for one in done]))
        found += hour(row.tool, title, [one.made_at.astimezone(turn.who.zone) for one in done])
        await self._memory.habits(owner, row.tool, found, turn.id, turn.now)


def _known(what: str, shelves: Shelves) -> str:
    """What is remembered under a name that was asked for, "" for nothing."""
    plain = what.lower().strip(' .“”"')
    key = relation(re.sub(r"^(?:my|our|the) ", "", plain))
    for shelf in shelves.values():
        row = shelf.by_key.get(key) or shelf.by_key.get(f"alias {key}")
        if row is not None and (row.kind == "alias" or plain.startswith(("my ", "our "))):
            return row.text
    return ""


def _from(text: str, what: str, kept: Sequence[Command]) -> str:
    """The message from the sentence on that holds these words; what came before was for the memory."""
    at = text.find(what)
    start = max(text.rfind(mark, 0, at) for mark in ".!?;") + 1
    return text[start:].strip() if kept else text


def _episode(row: LedgerRow, title: str) -> Said:
    where = next((row.labels[name] for name in _PLACES if row.labels.get(name)), "")
    about = f" “{row.title}”" if row.title else f" · {where}" if where else ""
    key = f" ({row.key})" if row.key and row.key not in about else ""
    data = {"tool": row.tool, "key": row.key, "url": row.url, "call": row.id, "at": row.made_at.isoformat()}
    return Said("episode", f"episode {row.id}", f"{title}{about}{key}, {row.made_at:%d %b %Y}."[:400], row.key, data)


def _words(tool: str) -> str:
    return tool.partition(".")[2].replace("_", " ")


def _with(sentence: str, value: str, parameter: str) -> str:
    """The sentence with a value that it left out, before what follows its colon."""
    head, colon, rest = sentence.partition(":")
    return f"{head} in {parameter} {value}{colon}{rest}" if colon else f"{sentence} in {parameter} {value}"


def _shown(use: Use, sentence: str) -> dict[str, str]:
    return {"text": reason(use), "item": use.row.id, "say": f"without memory: {sentence}", "sentence": sentence}


def _last_recalled(messages: Sequence[AnyMessage]) -> tuple[str, str] | None:
    """The one item that the last plan was made with, and the sentence it answered."""
    for message in reversed(messages[:-1]):
        if isinstance(message, AIMessage):
            shown = [one for one in message.additional_kwargs.get("atom", {}).get("recalled", ()) if one.get("item")]
            return (shown[0]["item"], shown[0]["sentence"]) if len(shown) == 1 else None
        if isinstance(message, HumanMessage):
            return None
    return None


def _without_last(request: ModelRequest[Turn]) -> ModelRequest[Turn]:
    """The request as if the exchange before it had not been: its plan holds what shall not be taken again."""
    asked = [number for number, one in enumerate(request.messages) if isinstance(one, HumanMessage)]
    return request.override(messages=[*request.messages[: asked[-2]], request.messages[-1]]) if asked[1:] else request


def _asking(request: ModelRequest[Turn], text: str) -> ModelRequest[Turn]:
    last = request.messages[-1]
    if not text or text == last.text:
        return request
    return request.override(messages=[*request.messages[:-1], HumanMessage(text, id=last.id)])


def _both(told: AIMessage, answer: Answer) -> Answer:
    """What was said to the memory and the rest of the message, as one plan; a question comes after it."""
    message = answer.result[-1]
    if not isinstance(message, AIMessage) or not told.tool_calls:
        return answer
    kept = message.additional_kwargs.get("atom", {})
    if message.tool_calls:
        words = [[call + len(told.tool_calls), *more] for call, *more in kept.get("words", [])]
        both = AIMessage(
            "", tool_calls=[*told.tool_calls, *message.tool_calls], additional_kwargs={"atom": {**kept, "words": words}}
        )
        return _answer(both)
    then = {"text": str(message.text), "atom": kept}
    return _answer(
        told.model_copy(update={"additional_kwargs": {"atom": {**told.additional_kwargs["atom"], "then": then}}})
    )


def _reading(outcome: str) -> dict[str, Any]:
    return {"outcome": outcome, "act": "command", "confidence": 1.0, "by": "memory", "words": []}


def _answer(message: AIMessage) -> Answer:
    return ModelResponse(result=[message])
