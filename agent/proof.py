"""Middleware: a call runs once, is read back, and leaves a receipt. Nothing is “done” that the system does not show.

Writes of a plan run in the order asked; a call that uses another's result waits for it. After a crash a call found
`started` is not sent again: the vendor is asked what happened.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ToolCallRequest
from langchain_core.messages import ToolMessage
from langgraph.types import Command

from agent.ledger import ENDED, Ledger, LedgerRow
from agent.reference import filled, references
from agent.state import PlanState
from agent.turn import Turn
from core.errors import Ambiguous, AtomError, BudgetExceeded, InvalidArgument, NotFound, OutcomeUnknown, Unresolved
from core.log import logger
from core.records import Record
from core.tool import Change, Result, Tool
from governance.audit import Audit
from tools.registry import Registry

READ_BACK_WAITS_S = (0.0, 0.3, 1.0)
SHOWN_RECORDS = 50
_log = logger("agent.proof")

Handler = Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]


class Proof(AgentMiddleware[PlanState, Turn]):
    """Carries calls out."""

    state_schema = PlanState

    def __init__(self, registry: Registry, ledger: Ledger, audit: Audit) -> None:
        super().__init__()
        self._registry = registry
        self._ledger = ledger
        self._audit = audit

    async def awrap_tool_call(self, request: ToolCallRequest, handler: Handler) -> ToolMessage | Command[Any]:
        """Run one call of the plan and answer with what became of it."""
        turn: Turn = request.runtime.context  # type: ignore[assignment]
        call_id = request.tool_call["id"] or ""
        try:
            row = await self._ledger.get(turn.who.tenant, call_id)
            tool = self._registry.tool(row.tool) if row else None
            if row is None or tool is None:
                return _message(request, "failed", {"reason": "It was never planned."})
            if row.status not in ENDED:
                await self._carry_out(row, tool, request, handler, turn)
            ended = await self._ledger.get(turn.who.tenant, call_id)
            assert ended is not None  # noqa: S101 - rows are never deleted
            return _message(request, ended.status, ended.result if ended.status == "done" else {"reason": ended.reason})
        finally:
            turn.event(call_id).set()

    async def _carry_out(
        self, row: LedgerRow, tool: Tool, request: ToolCallRequest, handler: Handler, turn: Turn
    ) -> None:
        """Every way out of here has ended the row."""
        try:
            plan = await self._ledger.of_turn(row.tenant, row.turn)
            args = await self._ready(row, tool, plan, turn)
            turn.count_call()
            await self._audit.note(turn.who, "started", tool=tool.id, call=row.id, turn=turn.id)
            is_first = await self._ledger.start(row.tenant, row.id)
            await turn.progress(f"{tool.title}: {tool.id.partition('.')[2].replace('_', ' ')} …")
            if is_first:
                result = await self._sent(row, tool, args, request, handler, turn)
            else:
                result = await self._recovered(row, tool, args, turn)
            await self._settle(row, tool, result, turn)
        except OutcomeUnknown as error:
            _log.warning("outcome_unknown", tool=tool.id, call=row.id, cause=error.cause)
            await self._end(row, turn, "unknown", reason=error.message, next_step=error.next_step or _LOOK)
        except TimeoutError:
            await self._end(row, turn, "unknown", reason=f"{tool.title} took too long.", next_step=_LOOK)
        except (Ambiguous, Unresolved) as error:
            known = "; ".join(one.label for one in error.candidates)
            await self._end(row, turn, "failed", reason=error.message, next_step=known and f"It could be: {known}.")
        except AtomError as error:
            _log.info("call_failed", tool=tool.id, call=row.id, kind=type(error).__name__, cause=error.cause)
            await self._end(row, turn, "failed", reason=error.message, next_step=error.next_step)

    async def _ready(self, row: LedgerRow, tool: Tool, plan: Sequence[LedgerRow], turn: Turn) -> dict[str, Any]:
        """Wait for the calls before, and fill in what they gave."""
        used = references(row.args)
        for other in plan:
            comes_first = other.ordinal < row.ordinal and (tool.effect != "read" or other.ordinal in used)
            if comes_first and other.status not in ENDED:
                try:
                    await asyncio.wait_for(turn.event(other.id).wait(), turn.left_s())
                except TimeoutError:
                    raise BudgetExceeded("The step before took too long, so I did not begin this one.") from None
        if not used:
            return dict(row.args)
        ended = {other.ordinal: other for other in await self._ledger.of_turn(row.tenant, row.turn)}
        for number in used:
            if number not in ended or ended[number].status != "done":
                raise InvalidArgument(f"Step {number + 1} did not work out, and this needs its result.")
        args: dict[str, Any] = filled(row.args, {number: ended[number].result for number in used})
        return args

    async def _sent(
        self, row: LedgerRow, tool: Tool, args: dict[str, Any], request: ToolCallRequest, handler: Handler, turn: Turn
    ) -> Result:
        changed = request.override(tool_call={**request.tool_call, "args": args})
        try:
            async with asyncio.timeout(turn.left_s()):
                answer = await handler(changed)
        except OutcomeUnknown as error:
            return await self._recovered(row, tool, args, turn, error)
        assert isinstance(answer, ToolMessage)  # noqa: S101 - our tools return no commands
        result: Result = answer.artifact
        return result

    async def _recovered(
        self, row: LedgerRow, tool: Tool, args: dict[str, Any], turn: Turn, error: OutcomeUnknown | None = None
    ) -> Result:
        """Ask the vendor whether a write of unknown outcome happened; repeat only what may be repeated."""
        system = await self._registry.open(tool.integration, turn.who, row.id)
        if error is None and (tool.effect == "read" or system.idempotency_header):
            return await system.run(tool.id, args)
        unknown = error or OutcomeUnknown(f"I was cut off while {tool.title} was working on it.")
        try:
            change = await system.recover(tool.id, args)
        except LookupError:
            raise unknown from None
        if change is None:
            raise NotFound(
                f"{unknown.message} It did not happen; nothing was changed.", next_step="Ask again to retry."
            )
        return change

    async def _settle(self, row: LedgerRow, tool: Tool, result: Result, turn: Turn) -> None:
        if not isinstance(result, Change):
            await self._end(row, turn, "done", result=_plain(result))
            return
        system = await self._registry.open(tool.integration, turn.who, row.id)
        undo = result.undo.model_dump(mode="json") if result.undo else None
        record, wrong = None, ""
        for wait in READ_BACK_WAITS_S:
            await asyncio.sleep(wait)
            try:
                record = await system.prove(tool.id, result)
            except AtomError as error:
                raise OutcomeUnknown(
                    f"{tool.title} took it, but I could not read it back.", cause=error.cause
                ) from error
            wrong = difference(record, result)
            if not wrong:
                break
        shown = record or result.record
        values = {
            "key": shown.ref.label,
            "url": shown.ref.url,
            "title": shown.title[:500],
            "result": _plain(shown),
            "undo": undo,
        }
        if wrong:
            await self._end(row, turn, "failed", **values, reason=f"{tool.title} answered, but {wrong}.")
        else:
            await self._end(row, turn, "done", **values)

    async def _end(self, row: LedgerRow, turn: Turn, status: Any, **values: Any) -> None:
        await self._ledger.end(row.tenant, row.id, status, **values)
        await self._audit.note(turn.who, status, tool=row.tool, call=row.id, turn=turn.id, record=values.get("key", ""))


_LOOK = "Please look there before you ask again."


def difference(record: Record | None, change: Change) -> str:
    """What the record read back shows otherwise than the change claims; "" when it agrees."""
    if change.is_gone:
        return "" if record is None else "it is still there"
    if record is None:
        return "it is not there"
    for name, wanted in change.expect.items():
        actual = getattr(record, name)
        if _value(actual) != _value(wanted):
            return f"its {name.replace('_', ' ')} is “{_shown(actual)}”, not “{_shown(wanted)}”"
    return ""


def _value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return sorted((_value(one) for one in value), key=str)
    value = getattr(value, "id", value)
    return " ".join(value.split()) if isinstance(value, str) else value or None


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value) if value else "empty"


def _plain(result: Record | Sequence[Record]) -> Any:
    """The result as JSON, with the reference's fields on top, where a later call looks for them."""
    if isinstance(result, Record):
        data = result.model_dump(mode="json", exclude_defaults=True)
        ref = data.pop("ref")
        ref.pop("kind")
        return {"type": type(result).__name__.lower(), **ref, **data}
    return [_plain(one) for one in result[:SHOWN_RECORDS]]


def _message(request: ToolCallRequest, status: str, result: Any) -> ToolMessage:
    body = result if isinstance(result, list) else {"outcome": status, **(result or {})}
    return ToolMessage(
        json.dumps(body, ensure_ascii=False, default=str),
        tool_call_id=request.tool_call["id"] or "",
        name=request.tool_call["name"],
        status="success" if status == "done" else "error",
    )
