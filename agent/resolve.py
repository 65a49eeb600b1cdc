"""Middleware: names in a plan become the vendor's ids before anybody is asked to approve it.

Each name is looked up by the vendor's own search under the asker's connection. Where it fits several records the run
stops with one question; where the asker is not connected, it waits for the connection and goes on by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain.agents.middleware import AgentMiddleware, hook_config
from langchain_core.messages import AIMessage, ToolCall, ToolMessage
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agent.match import choose, plain
from agent.model import last_ai
from agent.reference import references
from agent.state import CONNECTED, Pending, PlanState, short_id
from agent.turn import Turn
from core.errors import Ambiguous, AtomError, Candidate, NotConnected, NotFound, Unresolved
from core.tool import Arguments, Tool, tool_id
from tools.integration import Integration
from tools.registry import Registry


class Resolve(AgentMiddleware[PlanState, Turn]):
    """Resolves the calls that the model has just planned."""

    state_schema = PlanState

    def __init__(self, registry: Registry) -> None:
        super().__init__()
        self._registry = registry

    @hook_config(can_jump_to=["end"])
    async def aafter_model(self, state: PlanState, runtime: Runtime[Turn]) -> dict[str, Any] | None:
        """Put ids in the place of names, or end the turn with a clear word."""
        message, turn = last_ai(state["messages"]), runtime.context
        settled, labels = set(state.get("settled", ())), dict(state.get("labels", {}))
        if not message.tool_calls or all(call["id"] in settled for call in message.tool_calls):
            return None
        made: list[ToolCall] = []
        for call in message.tool_calls:
            if call["id"] in settled:
                made.append(call)
                continue
            try:
                args, shown = await self._resolved(call, turn)
            except AtomError as error:
                return _ended(message, call, error)
            made.append(ToolCall(name=call["name"], args=args, id=call["id"], type="tool_call"))
            labels[call["id"] or ""] = shown
        kept = {**message.additional_kwargs.get("atom", {}), "said": [call["args"] for call in message.tool_calls]}
        revised = message.model_copy(update={"tool_calls": made, "additional_kwargs": {"atom": kept}})
        return {"messages": [revised], "labels": labels, "settled": [call["id"] for call in made]}

    async def look_up(self, tool: Tool, parameter: str, args: Arguments, turn: Turn) -> tuple[Any, str] | None:
        """The id and the label of the record that a parameter names, without a question; None where it names none.

        Raises:
            NotConnected: the asker has no connection that works.
            Ambiguous: the name fits several records.
            Unresolved: it fits none.
        """
        value = args.get(parameter)
        kind = self._registry.integrations.get(tool.integration)
        if kind is None or not value or references(value) or parameter not in _finders(kind, tool):
            return None
        system = await self._registry.open(tool.integration, turn.who)
        texts = value if isinstance(value, list) else [value]
        finder = _finders(kind, tool)[parameter].removeprefix("find_")
        found = []
        for text in map(str, texts):
            candidates = await self._candidates(system, tool, parameter, text, args, turn)
            found.append(choose(parameter, text, candidates, system.name, finder))
        ids = [one.id for one in found]
        return ids if isinstance(value, list) else ids[0], ", ".join(one.label for one in found)

    async def _resolved(self, call: ToolCall, turn: Turn) -> tuple[dict[str, Any], dict[str, str]]:
        tool = self._registry.tool(tool_id(call["name"]))
        if tool is None or not tool.integration:
            return call["args"], {}
        while True:
            try:
                return await self._looked_up(tool, call, turn)
            except NotConnected as error:  # also where the connection ends in the middle
                interrupt(
                    Pending(
                        kind="connect",
                        id=short_id(turn.id, tool.integration),
                        principal=turn.who.id,
                        turn=turn.id,
                        text=error.sentence(),
                        integration=tool.integration,
                    )
                )

    async def _looked_up(self, tool: Tool, call: ToolCall, turn: Turn) -> tuple[dict[str, Any], dict[str, str]]:
        system = await self._registry.open(tool.integration, turn.who)
        args, labels = {name: _told(tool, name, value) for name, value in call["args"].items()}, {}
        for parameter in system.declarations[tool.id].finders:
            value = args.get(parameter)
            if not value or references(value):
                continue
            texts = value if isinstance(value, list) else [value]
            found = [await self._one(system, tool, parameter, str(text), args, turn) for text in texts]
            args[parameter] = [one.id for one in found] if isinstance(value, list) else found[0].id
            labels[parameter] = ", ".join(one.label for one in found)
        return args, labels

    async def _one(
        self, system: Integration, tool: Tool, parameter: str, text: str, args: Arguments, turn: Turn
    ) -> Candidate:
        asked, kind = 0, system.declarations[tool.id].finders[parameter].removeprefix("find_")
        while True:
            candidates = await self._candidates(system, tool, parameter, text, args, turn)
            try:
                return choose(parameter, text, candidates, system.name, kind)
            except (Ambiguous, Unresolved) as error:
                asked += 1
                text = self._answer(error, turn, f"{parameter}:{text}:{asked}", kind)
                for offered in error.candidates:  # few vendors find a record by the id that a button carries
                    if offered.id == text:
                        return offered

    async def _candidates(
        self, system: Integration, tool: Tool, parameter: str, text: str, args: Arguments, turn: Turn
    ) -> Sequence[Candidate]:
        is_person = system.declarations[tool.id].finders[parameter] == "find_person"
        try:
            if is_person and turn.who.email and plain(text) in (plain(turn.who.name), "me", "myself", "i"):
                by_address = await system.find(tool.id, parameter, turn.who.email, args)
                return by_address or await system.find(tool.id, parameter, turn.who.name, args)
            return await system.find(tool.id, parameter, text, args)
        except NotFound:
            return ()

    def _answer(self, error: Ambiguous | Unresolved, turn: Turn, mark: str, kind: str) -> str:
        text = error.message
        if isinstance(error, Unresolved):
            text = f"{error.message} What is the name there?"
        options = [[f"{one.label}{f' · {one.detail}' if one.detail else ''}", one.id] for one in error.candidates]
        asked = Pending(
            kind="question",
            id=short_id(turn.id, mark),
            principal=turn.who.id,
            turn=turn.id,
            text=text,
            options=options,
            about=kind,
        )
        said = interrupt(asked)
        while said == CONNECTED:  # the word that an earlier wait ended with, which is not asked again
            said = interrupt(asked)
        return cast(str, said)


def _finders(kind: type[Integration], tool: Tool) -> Mapping[str, str]:
    declared = kind.declarations.get(tool.id)
    return declared.finders if declared else {}


def _told(tool: Tool, parameter: str, value: Any) -> Any:
    """A message that would be nothing but the link of another step also says what it links to."""
    is_link = isinstance(value, Mapping) and "$ref" in value and value.get("field", "url") == "url"
    if not is_link or tool.properties.get(parameter, {}).get("format") != "text":
        return value
    return f"{{{{{value['$ref']}.title}}}} {{{{{value['$ref']}.url}}}}"


def _ended(message: AIMessage, call: ToolCall, error: AtomError) -> dict[str, Any]:
    """Nothing of the plan runs: every call is answered, so that the history stays whole."""
    answers = [
        ToolMessage(
            error.sentence() if one["id"] == call["id"] else "Not run.",
            tool_call_id=one["id"] or "",
            name=one["name"],
            status="error",
        )
        for one in message.tool_calls
    ]
    return {"messages": [*answers, AIMessage(error.sentence())], "jump_to": "end"}
