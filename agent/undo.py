"""Middleware: “undo that” becomes the inverse calls of the asker's last turn here, newest first.

What to undo comes from the ledger, so neither a model nor a text can name anything else.
"""

from __future__ import annotations

from typing import Any

from langchain.agents.middleware import AgentMiddleware
from langchain_core.messages import ToolCall
from langgraph.runtime import Runtime

from agent.ledger import Ledger, LedgerRow, inverse
from agent.model import UNDO, last_ai
from agent.state import PlanState
from agent.turn import Turn
from tools.registry import Registry

NOTHING = "There is nothing of yours in this conversation that I can take back."


class Undo(AgentMiddleware[PlanState, Turn]):
    """Expands the undo call before anything else looks at the plan."""

    state_schema = PlanState

    def __init__(self, ledger: Ledger, registry: Registry) -> None:
        super().__init__()
        self._ledger = ledger
        self._registry = registry

    async def aafter_model(self, state: PlanState, runtime: Runtime[Turn]) -> dict[str, Any] | None:
        """Replace the undo call, if the model planned one."""
        message, turn = last_ai(state["messages"]), runtime.context
        if not any(call["name"] == UNDO for call in message.tool_calls):
            return None
        rows = await self._rows(turn)
        calls = [(row, call) for row in rows if (call := inverse(row)) and self._registry.tool(call.tool)]
        lasting = [row for row in rows if inverse(row) is None]
        if not calls:
            return {"messages": [message.model_copy(update={"content": self._nothing(lasting), "tool_calls": []})]}
        made = [
            ToolCall(name=call.tool.replace(".", "__"), args=call.args, id=f"{turn.id}.u{n}", type="tool_call")
            for n, (_, call) in enumerate(calls)
        ]
        ids = [call["id"] for call in made]
        return {
            "messages": [message.model_copy(update={"tool_calls": made})],
            "settled": ids,
            "labels": {call["id"]: _labels(row, call["args"]) for call, (row, _) in zip(made, calls, strict=True)},
            "undo_of": {call_id: row.id for call_id, (row, _) in zip(ids, calls, strict=True)},
        }

    async def _rows(self, turn: Turn) -> list[LedgerRow]:
        if not turn.undo_receipt:
            return await self._ledger.undoable(turn.who, turn.thread)
        row = await self._ledger.get(turn.who.tenant, turn.undo_receipt)
        is_mine = row is not None and row.principal == turn.who.id and row.status in ("done", "failed")
        return [row] if row is not None and is_mine and not row.undone_by else []

    def _nothing(self, lasting: list[LedgerRow]) -> str:
        if not lasting:
            return NOTHING
        tool = self._registry.tool(lasting[0].tool)
        return f"That cannot be taken back: {tool.undo if tool else 'it has no inverse'}."


def _labels(row: LedgerRow, args: dict[str, Any]) -> dict[str, str]:
    """What is undone, beside the ids that the inverse call takes."""
    return {name: row.labels[name] for name in args if name in row.labels and row.args.get(name) == args[name]}
