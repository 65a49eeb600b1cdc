"""The one agent loop, whatever the brain: LangChain's `create_agent` with our middleware around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain.agents import create_agent
from langchain.tools import ToolRuntime
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, RemoveMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import Command
from pydantic import BaseModel

from agent.cascade import Cascade
from agent.edit import Edit, Edited
from agent.gate import Gate
from agent.ledger import Ledger, LedgerRow
from agent.model import UNDO, Interpreter, LocalModel, last_ai
from agent.proof import Proof
from agent.resolve import Resolve
from agent.state import Pending, PlanState
from agent.turn import Turn
from agent.undo import Undo
from core.errors import ApprovalInvalid, AtomError, InvalidArgument
from core.message import Field
from core.tool import Result, Tool, tool_id
from governance.approval import Approvals
from governance.audit import Audit
from governance.policy import Policy
from tools.registry import Registry

LAST, BEFORE_LAST = "Gate.after_model", "Resolve.after_model"
STEPS = 60
PRESSED = "pressed"
MESSAGES_KEPT = 40


@dataclass(frozen=True)
class Ending:
    """How a run ended, or what it waits for. `rows` are the ledger's calls of this turn, in the order asked.

    `written` is what the person wrote in this thread, `has_outsiders` whether guests read along.
    """

    text: str = ""
    reading: Mapping[str, Any] | None = None
    waits: tuple[Pending, ...] = ()
    rows: tuple[LedgerRow, ...] = ()
    error: AtomError | None = None
    written: tuple[str, ...] = ()
    has_outsiders: bool = False


class Agent:
    """Asks, waits, goes on. One instance serves all tenants; a thread's state is in the checkpointer."""

    def __init__(
        self,
        registry: Registry,
        interpreter: Interpreter,
        ledger: Ledger,
        approvals: Approvals,
        policy: Policy,
        audit: Audit,
        checkpointer: BaseCheckpointSaver[Any],
        llm: BaseChatModel | None = None,
        model: str = "",
        threshold: float = 0.55,
        mode: str = "cascade",
    ) -> None:
        self._ledger = ledger
        self._registry = registry
        self._approvals = approvals
        self._audit = audit
        resolve = Resolve(registry)
        self._edit = Edit(registry, resolve)
        self._graph: Any = create_agent(
            LocalModel(interpreter=interpreter, tools=registry.tools),
            tools=[_undo_tool(), *(_runnable(tool, registry) for tool in registry.all_tools)],
            middleware=[
                Cascade(interpreter, registry, ledger, llm, model, threshold, mode),
                Gate(registry, policy, approvals, ledger, audit),  # after the model they run from the last to the first
                resolve,
                Undo(ledger, registry),
                Proof(registry, ledger, audit),
            ],
            state_schema=PlanState,
            context_schema=Turn,
            checkpointer=checkpointer,
        )

    async def ask(self, turn: Turn, text: str, *, is_written: bool = True) -> Ending:
        """Work on a sentence; a button said what nobody wrote.

        A plan that still waits in this thread must be answered or withdrawn before.
        """
        given = {
            "messages": [
                *await self._surplus(turn.thread),
                HumanMessage(text, additional_kwargs={} if is_written else {PRESSED: True}),
            ],
            "turn": turn.id,
            "labels": {},
            "settled": [],
            "undo_of": {},
            "has_outsiders": turn.has_outsiders,
        }
        return await self._run(turn, given)

    async def resume(self, turn: Turn, answers: Mapping[str, Any]) -> Ending:
        """Go on with what was waiting; `answers` by the id of what waits."""
        waiting = await self._interrupts(turn.thread)
        values = {key: answers[pending["id"]] for key, pending in waiting.items() if pending["id"] in answers}
        if not values:
            return Ending(error=InvalidArgument("Nothing of that is waiting any more."))
        return await self._run(turn, Command(resume=values))

    async def form(self, turn: Turn, approval: str) -> tuple[Field, ...]:
        """What can be changed in a plan that waits in this thread."""
        return self._edit.form(await self._planned(turn, approval), turn)

    async def edit(self, turn: Turn, approval: str, given: Mapping[str, str]) -> Ending:
        """Change arguments of a plan that waits: the old approval is withdrawn, a new one is asked for.

        Raises:
            InvalidArgument: a value does not fit; the plan waits as before.
            ApprovalInvalid: it was decided a moment ago.
        """
        rows = await self._planned(turn, approval)
        state = await self._graph.aget_state(self._config(turn.thread))
        message = last_ai(state.values["messages"])
        edited = await self._edit.apply(message.tool_calls, rows, given, turn)
        if not await self._approvals.withdraw(approval):
            raise ApprovalInvalid("This plan was decided a moment ago; nothing was changed in it.")
        await self._audit.note(turn.who, "edited", approval=approval, turn=turn.id)
        values = {
            "messages": [_with(message, edited)],
            "labels": {**state.values.get("labels", {}), **edited.labels},
            "jump_to": None,
        }
        await self._graph.aupdate_state(self._config(turn.thread), values, as_node=BEFORE_LAST)
        return await self._run(turn, None)

    async def _planned(self, turn: Turn, approval: str) -> list[LedgerRow]:
        if not any(pending["id"] == approval for pending in await self.waits(turn.thread)):
            raise ApprovalInvalid("This plan does not wait any more.", next_step="Please ask again.")
        return [row for row in await self._ledger.of_turn(turn.who.tenant, turn.id) if row.status == "planned"]

    async def drop(self, thread: str) -> None:
        """Set aside what waits in this thread; none of its calls can run any more."""
        state = await self._graph.aget_state(self._config(thread))
        if not state.next:
            return
        open_calls = _unanswered(state.values.get("messages", ()))
        answers = [ToolMessage("Set aside.", tool_call_id=call_id, status="error") for call_id in open_calls]
        for row in await self._ledger.of_turn(thread.partition(":")[0], state.values.get("turn", "")):
            await self._ledger.end(row.tenant, row.id, "rejected")
        await self._graph.aupdate_state(self._config(thread), {"messages": answers, "jump_to": "end"}, as_node=LAST)

    async def go_on(self, turn: Turn) -> Ending:
        """Take up a run that was cut off between two steps; what already ran is not run again."""
        return await self._run(turn, None)

    async def last(self, turn: Turn) -> Ending:
        """How the thread's last run ended, or what it waits for, without going on."""
        return await self._ending(turn, None)

    async def is_cut_off(self, thread: str) -> bool:
        """Whether the thread's last run stopped between two steps and waits for nobody."""
        state = await self._graph.aget_state(self._config(thread))
        # `next` leaves out a task that is done and whose result was written, but not yet taken in.
        return bool(state.tasks) and not any(task.interrupts for task in state.tasks)

    async def turn_of(self, thread: str) -> str:
        """The id of the thread's last turn, "" where there was none."""
        state = await self._graph.aget_state(self._config(thread))
        return str(state.values.get("turn", ""))

    async def waits(self, thread: str) -> tuple[Pending, ...]:
        """What this thread waits for."""
        return tuple((await self._interrupts(thread)).values())

    async def _run(self, turn: Turn, given: Any) -> Ending:
        error = None
        try:
            await self._graph.ainvoke(given, self._config(turn.thread), context=turn)
        except AtomError as raised:
            error = raised
        return await self._ending(turn, error)

    async def _ending(self, turn: Turn, error: AtomError | None) -> Ending:
        rows = tuple(await self._ledger.of_turn(turn.who.tenant, turn.id))
        state = await self._graph.aget_state(self._config(turn.thread))
        waits = tuple(one.value for task in state.tasks for one in task.interrupts)
        messages = state.values.get("messages", ())
        message = _last(messages)
        return Ending(
            text=str(message.text) if message and not waits and not error else "",
            reading=message.additional_kwargs.get("atom") if message else None,
            waits=() if error else waits,
            rows=rows,
            error=error,
            written=tuple(str(one.text) for one in messages if _is_written(one)),
            has_outsiders=bool(state.values.get("has_outsiders")),
        )

    async def _interrupts(self, thread: str) -> dict[str, Pending]:
        state = await self._graph.aget_state(self._config(thread))
        return {one.id: one.value for task in state.tasks for one in task.interrupts}

    async def _surplus(self, thread: str) -> list[BaseMessage]:
        """Removals of the oldest messages, so that a long conversation does not grow for ever."""
        state = await self._graph.aget_state(self._config(thread))
        messages: Sequence[BaseMessage] = state.values.get("messages", ())
        return [RemoveMessage(id=message.id or "") for message in messages[: max(0, len(messages) - MESSAGES_KEPT)]]

    @staticmethod
    def _config(thread: str) -> RunnableConfig:
        return {"configurable": {"thread_id": thread}, "recursion_limit": STEPS}


def _last(messages: Sequence[BaseMessage]) -> AIMessage | None:
    last = messages[-1] if messages else None
    return last if isinstance(last, AIMessage) else None


def _with(message: AIMessage, edited: Edited) -> AIMessage:
    """The message with the changed calls; how often it was changed tells its approvals apart."""
    reading = message.additional_kwargs.get("atom", {})
    worded = reading.get("said") or [call["args"] for call in message.tool_calls]
    said = [
        {name: value for name, value in {**one, **edited.said.get(call["id"] or "", {})}.items() if value is not None}
        for call, one in zip(message.tool_calls, worded, strict=True)
    ]
    kept = {**reading, "said": said, "edits": reading.get("edits", 0) + 1}
    return message.model_copy(update={"tool_calls": edited.calls, "additional_kwargs": {"atom": kept}})


def _is_written(message: BaseMessage) -> bool:
    return isinstance(message, HumanMessage) and not message.additional_kwargs.get(PRESSED)


def _unanswered(messages: Sequence[BaseMessage]) -> list[str]:
    answered = {message.tool_call_id for message in messages if isinstance(message, ToolMessage)}
    calls = [call for message in messages if isinstance(message, AIMessage) for call in message.tool_calls]
    return [call["id"] for call in calls if call["id"] and call["id"] not in answered]


class _NoInput(BaseModel):
    """What LangChain is told of a tool's input: the schema is checked by the integration."""


class _Quick(StructuredTool):
    """A tool for which LangChain builds no model of its own: with some hundred tools that takes a second."""

    def get_input_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        """Nothing to be injected by name."""
        return _NoInput


def _runnable(tool: Tool, registry: Registry) -> BaseTool:
    async def run(runtime: ToolRuntime[Turn], **args: Any) -> tuple[str, Result]:
        system = await registry.open(tool.integration, runtime.context.who, runtime.tool_call_id or "")
        return "", await system.run(tool_id(tool.name), args)

    return _Quick(
        name=tool.name,
        description=tool.description,
        args_schema=dict(tool.parameters),
        coroutine=run,
        response_format="content_and_artifact",
    )


def _undo_tool() -> BaseTool:
    async def run() -> str:
        return "There was nothing to take back."

    return StructuredTool(
        name=UNDO,
        description="Take back what was just done in this conversation.",
        args_schema={"type": "object", "properties": {}},
        coroutine=run,
    )
