"""What a person changes in a plan that waits: the calls with other arguments, resolved and checked, nothing run yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import ToolCall
from pydantic import ValidationError

from agent.form import argument, fields, label, shown
from agent.ledger import LedgerRow
from agent.reference import references
from agent.resolve import Resolve
from agent.turn import Turn
from core.errors import Ambiguous, InvalidArgument, PolicyDenied, Unresolved
from core.message import Field
from core.tool import Arguments, Tool
from tools.registry import Registry


@dataclass(frozen=True)
class Edited:
    """The calls of a plan after a change. `said` are their arguments in the person's words."""

    calls: list[ToolCall]
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    said: dict[str, Arguments] = field(default_factory=dict)


class Edit:
    """Makes the form of a plan, and the plan that a filled-in form stands for."""

    def __init__(self, registry: Registry, resolve: Resolve) -> None:
        self._registry = registry
        self._resolve = resolve

    def form(self, rows: Sequence[LedgerRow], turn: Turn) -> tuple[Field, ...]:
        """The fields of the steps that wait; a step that takes something back has none."""
        found: list[Field] = []
        for step, row in enumerate(rows, 1):
            tool = self._tool(row)
            if tool is not None:
                found += fields(step, tool, row.args, row.labels, turn.who.zone)
        return tuple(found)

    async def apply(
        self, calls: Sequence[ToolCall], rows: Sequence[LedgerRow], given: Mapping[str, str], turn: Turn
    ) -> Edited:
        """The calls as the form has them; nothing is kept anywhere yet.

        Raises:
            InvalidArgument: a value does not fit, or nothing was changed; the sentence says which.
            PolicyDenied: it names a field that the form has not.
            NotConnected: a name cannot be looked up.
        """
        open_keys = {one.key for one in self.form(rows, turn)}
        if strange := set(given) - open_keys:
            raise PolicyDenied(f"“{min(strange)[:60]}” cannot be changed in this plan.")
        made: dict[str, ToolCall] = {call["id"] or "": call for call in calls}
        edited = Edited([])
        for step, row in enumerate(rows, 1):
            changes = self._changes(step, row, given, turn)
            if changes:
                made[row.id] = await self._changed(made[row.id], row, changes, edited, turn)
        if not edited.labels:
            raise InvalidArgument("That is what the plan says already.", next_step="It still waits for your word.")
        edited.calls.extend(made.values())
        return edited

    def _tool(self, row: LedgerRow) -> Tool | None:
        return None if row.undo_of else self._registry.tool(row.tool)

    def _changes(self, step: int, row: LedgerRow, given: Mapping[str, str], turn: Turn) -> dict[str, str]:
        tool = self._tool(row)
        asked = {key.partition(".")[2]: text for key, text in given.items() if key.partition(".")[0] == str(step)}
        return {
            name: text
            for name, text in asked.items()
            if tool is not None and text.strip() != shown(tool, name, row.args, row.labels, turn.who.zone).strip()
        }

    async def _changed(
        self, call: ToolCall, row: LedgerRow, changes: Mapping[str, str], edited: Edited, turn: Turn
    ) -> ToolCall:
        tool = self._registry.tool(row.tool)
        assert tool is not None  # noqa: S101 - what no tool stands for has no fields
        args, labels, said = dict(row.args), dict(row.labels), dict[str, Any]()
        for name, text in changes.items():
            value = argument(tool, name, text, turn.who.zone)
            args.pop(name, None)
            labels.pop(name, None)
            said[name] = value
            if value is not None:
                args[name] = value
        names = {name: args[name] for name in changes if name in args}
        await self._named(tool, names, args, labels, turn)
        self._check(tool, args, row.ordinal)
        edited.labels[row.id], edited.said[row.id] = labels, said
        return ToolCall(name=call["name"], args=args, id=call["id"], type="tool_call")

    async def _named(self, tool: Tool, names: Arguments, args: Arguments, labels: dict[str, str], turn: Turn) -> None:
        """Put ids in the place of the names just written."""
        for name in names:
            try:
                found = await self._resolve.look_up(tool, name, args, turn)
            except Ambiguous as error:
                offered = "; ".join(one.label for one in error.candidates)
                raise InvalidArgument(
                    f"{label(name)}: {error.message}", next_step=f"It could be: {offered}."
                ) from error
            except Unresolved as error:
                raise InvalidArgument(f"{label(name)}: {error.message}", parameter=name) from error
            if found is not None:
                args[name], labels[name] = found

    def _check(self, tool: Tool, args: Arguments, ordinal: int) -> None:
        if any(number >= ordinal for number in references(args)):
            raise InvalidArgument("A step can only use the result of a step before it.")
        if missing := tool.missing(args):
            raise InvalidArgument(f"{' or '.join(map(label, missing))} is needed.", parameter=missing[0])
        kind = self._registry.integrations.get(tool.integration)
        if kind is None or tool.id not in kind.declarations:
            return
        try:
            kind.declarations[tool.id].arguments.model_validate(args)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                name = str(one["loc"][0]) if one["loc"] else ""
                if not references(args.get(name)):
                    raise InvalidArgument(f"{label(name)}: {one['msg']}.", parameter=name) from error
