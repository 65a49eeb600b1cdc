"""Middleware: policy and approval. One approval covers the message's whole plan and its exact arguments.

It stands behind the model and before the tools: what policy denies never runs, and what waits runs only with the right
person's unused word on exactly these calls.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware, hook_config
from langchain_core.messages import AIMessage, ToolCall, ToolMessage
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agent.ledger import Ledger, LedgerRow, Status
from agent.model import last_ai
from agent.reference import shown
from agent.state import Pending, PlanState, short_id
from agent.turn import Turn
from core.tool import Call, Tool, tool_id
from governance.approval import Approvals, digest
from governance.audit import Audit
from governance.policy import Policy, Verdict
from tools.registry import Registry

NOBODY = "Its steps are for different people to approve. Please ask for them one by one."


class Gate(AgentMiddleware[PlanState, Turn]):
    """Lets calls through, stops them, or waits for a person."""

    state_schema = PlanState

    def __init__(self, registry: Registry, policy: Policy, approvals: Approvals, ledger: Ledger, audit: Audit) -> None:
        super().__init__()
        self._registry = registry
        self._policy = policy
        self._approvals = approvals
        self._ledger = ledger
        self._audit = audit

    @hook_config(can_jump_to=["end"])
    async def aafter_model(self, state: PlanState, runtime: Runtime[Turn]) -> dict[str, Any] | None:
        """Decide on the calls just planned."""
        message, turn = last_ai(state["messages"]), runtime.context
        answered = {one.tool_call_id for one in state["messages"] if isinstance(one, ToolMessage)}
        calls = [call for call in message.tool_calls if call["id"] not in answered]
        if not calls:
            return None
        known = [self._known(call, state) for call in calls]
        await self._ledger.plan(
            [self._row(n, c, t, state, turn) for n, (c, t) in enumerate(zip(calls, known, strict=True))]
        )
        verdicts = await self._policy.decide(turn.who, known, is_tainted=_is_tainted(message))
        denied = await self._deny(calls, verdicts, turn)
        going = [call for call, verdict in zip(calls, verdicts, strict=True) if verdict.decision != "deny"]
        waits = any(verdict.decision == "confirm" for verdict in verdicts)
        approvers = _approvers(verdicts)
        if approvers is None:
            return await self._refused(going, denied, turn, NOBODY)
        if waits and not await self._agreed(message, going, turn, approvers):
            return await self._refused(going, denied, turn)
        return {"messages": denied}

    def _known(self, call: ToolCall, state: PlanState) -> Tool | None:
        tool = self._registry.tool(tool_id(call["name"]))
        is_undo = call["id"] in state.get("undo_of", {})
        return None if tool is None or (tool.is_hidden and not is_undo) else tool

    async def _agreed(self, message: AIMessage, calls: list[ToolCall], turn: Turn, approvers: Collection[str]) -> bool:
        plan = [_as_call(call) for call in calls]
        edits = message.additional_kwargs.get("atom", {}).get("edits", 0)
        marks = (turn.who.tenant, turn.id, digest(plan), *([str(edits)] if edits else ()))
        asked = await self._approvals.ask(turn.who, turn.thread, plan, short_id(*marks), approvers)
        word = interrupt(
            Pending(
                kind="approval",
                id=asked.id,
                principal=turn.who.id,
                turn=turn.id,
                calls=asked.calls,
                expires_at=asked.expires_at.isoformat(),
                approvers=sorted(approvers),
            )
        )
        agreed = word == "approve" and await self._approvals.use(asked.id, plan)
        event = "approved" if agreed else "rejected"
        await self._audit.note(turn.who, event, approval=asked.id, digest=asked.digest, turn=turn.id)
        return agreed

    async def _deny(self, calls: list[ToolCall], verdicts: list[Verdict], turn: Turn) -> list[ToolMessage]:
        answers = []
        for call, verdict in zip(calls, verdicts, strict=True):
            if verdict.decision == "deny":
                await self._end(call, "denied", f"Not allowed: {verdict.reason}.", turn)
                answers.append(_answer(call, f"Not allowed: {verdict.reason}."))
        return answers

    async def _refused(
        self, calls: list[ToolCall], denied: list[ToolMessage], turn: Turn, why: str = ""
    ) -> dict[str, Any]:
        for call in calls:
            await self._end(call, "denied" if why else "rejected", why, turn)
        said = why or "The person said no."
        return {"messages": [*denied, *(_answer(call, said) for call in calls)], "jump_to": "end"}

    async def _end(self, call: ToolCall, status: Status, reason: str, turn: Turn) -> None:
        await self._ledger.end(turn.who.tenant, call["id"] or "", status, reason=reason)
        await self._audit.note(turn.who, status, tool=tool_id(call["name"]), call=call["id"], turn=turn.id)

    def _row(self, number: int, call: ToolCall, tool: Tool | None, state: PlanState, turn: Turn) -> LedgerRow:
        call_id = call["id"] or ""
        labels = state.get("labels", {}).get(call_id, {})
        return LedgerRow(
            tenant=turn.who.tenant,
            id=call_id,
            turn=turn.id,
            thread=turn.thread,
            principal=turn.who.id,
            ordinal=number,
            tool=tool_id(call["name"]),
            effect=tool.effect if tool else "write",
            args=call["args"],
            labels={name: labels.get(name) or shown(value) for name, value in call["args"].items()},
            status="planned",
            undo_of=state.get("undo_of", {}).get(call_id, ""),
        )


def _approvers(verdicts: Sequence[Verdict]) -> frozenset[str] | None:
    """Who may decide the whole plan, nobody named where it is the asker; None where nobody may decide all of it."""
    named = [verdict.approvers for verdict in verdicts if verdict.decision == "confirm" and verdict.approvers]
    if not named:
        return frozenset()
    return frozenset.intersection(*named) or None


def _is_tainted(message: AIMessage) -> bool:
    """Whether text from outside was read before this plan was made."""
    return bool(message.additional_kwargs.get("atom", {}).get("is_tainted"))


def _as_call(call: ToolCall) -> Call:
    return Call(tool=tool_id(call["name"]), args=call["args"])


def _answer(call: ToolCall, text: str) -> ToolMessage:
    return ToolMessage(text, tool_call_id=call["id"] or "", name=call["name"], status="error")
