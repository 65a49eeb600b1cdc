"""What may run at once, what waits for a person, and what never runs. What no rule covers is denied."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import JSON, String, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import Clock, utc_now
from core.db import Database, Moment, Table
from core.errors import PolicyDenied
from core.principal import Principal
from core.tool import Effect, Tool

Decision = Literal["allow", "confirm", "deny"]
EVERYONE = "*"
BY_EFFECT: dict[Effect, Decision] = {"read": "allow", "write": "confirm", "destructive": "confirm"}


class RuleRow(Table):
    """A standing rule for one tool: of a person for themselves, or of an administrator for everyone."""

    __tablename__ = "policy_rule"

    tenant: Mapped[str] = mapped_column(String(200), primary_key=True)
    principal: Mapped[str] = mapped_column(String(320), primary_key=True)
    tool: Mapped[str] = mapped_column(String(200), primary_key=True)
    decision: Mapped[str] = mapped_column(String(16))
    made_by: Mapped[str] = mapped_column(String(320))
    made_at: Mapped[datetime] = mapped_column(Moment)
    approvers: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True), default=None)


@dataclass(frozen=True)
class Verdict:
    """A decision and why; `approvers` are the only ones whose word counts, none where it is the asker's own."""

    decision: Decision
    reason: str
    approvers: frozenset[str] = frozenset()


class Policy:
    """Decides on calls. It stands outside the model: nothing a model says reaches it but the tool's id.

    `standing` are decisions that hold until a person or an administrator rules otherwise, for tools that reach nothing
    but the asker's own.
    """

    def __init__(
        self, database: Database, clock: Clock = utc_now, standing: Mapping[str, Decision] | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._standing = dict(standing or {})

    async def decide(self, who: Principal, tools: Iterable[Tool | None], *, is_tainted: bool = False) -> list[Verdict]:
        """A verdict for each tool; None is a tool that nobody declared.

        `is_tainted` says that text from outside was read before these calls were chosen: then no write runs unasked.
        """
        wanted = list(tools)
        rules = await self._rules(who, {tool.id for tool in wanted if tool})
        return [self._verdict(who, tool, rules, is_tainted) for tool in wanted]

    async def rule(
        self,
        by: Principal,
        tool: Tool,
        decision: Decision,
        for_everyone: bool = False,
        approvers: Collection[str] = (),
    ) -> None:
        """Make a standing rule; with `approvers`, calls of the tool wait for the word of one of them.

        Raises:
            PolicyDenied: only an administrator rules for everyone and names approvers, and only a reversible tool may
                run unasked.
        """
        if approvers and (decision != "confirm" or not for_everyone):
            raise PolicyDenied("Approvers are named by an administrator, for a tool that asks everyone first.")
        if (for_everyone and "admin" not in by.roles) or by.id == EVERYONE:
            raise PolicyDenied("Only an administrator can set that for everyone.")
        if decision == "allow" and not is_reversible(tool):
            raise PolicyDenied(f"{tool.id} cannot be taken back, so I always ask first.")
        row = RuleRow(
            tenant=by.tenant,
            principal=EVERYONE if for_everyone else by.id,
            tool=tool.id,
            decision=decision,
            made_by=by.id,
            made_at=self._clock(),
            approvers=sorted(approvers) or None,
        )
        async with self._database.session() as session:
            await session.merge(row)

    async def drop(self, by: Principal, tool_id: str, for_everyone: bool = False) -> None:
        """Take a standing rule back, the person's own or everyone's.

        Raises:
            PolicyDenied: only an administrator rules for everyone.
        """
        if (for_everyone and "admin" not in by.roles) or by.id == EVERYONE:
            raise PolicyDenied("Only an administrator can set that for everyone.")
        whose = EVERYONE if for_everyone else by.id
        async with self._database.session() as session:
            await session.execute(
                delete(RuleRow).where(RuleRow.tenant == by.tenant, RuleRow.principal == whose, RuleRow.tool == tool_id)
            )

    async def _rules(self, who: Principal, tool_ids: set[str]) -> dict[tuple[str, str], RuleRow]:
        async with self._database.session() as session:
            rows = await session.scalars(
                select(RuleRow).where(
                    RuleRow.tenant == who.tenant,
                    RuleRow.tool.in_(tool_ids),
                    or_(RuleRow.principal == who.id, RuleRow.principal == EVERYONE),
                )
            )
            return {(row.principal, row.tool): row for row in rows}

    def _verdict(
        self, who: Principal, tool: Tool | None, rules: dict[tuple[str, str], RuleRow], is_tainted: bool
    ) -> Verdict:
        if tool is None:
            return Verdict("deny", "there is no such tool")
        for_all, for_self = rules.get((EVERYONE, tool.id)), rules.get((who.id, tool.id))
        by_all, by_self = for_all.decision if for_all else None, for_self.decision if for_self else None
        if "deny" in (by_all, by_self):
            return Verdict(
                "deny", "your administrator has switched it off" if by_all == "deny" else "you switched it off"
            )
        default = BY_EFFECT.get(tool.effect, "deny")
        if default != "deny" and "confirm" in (by_all, by_self):  # the more careful of two rules stands
            approvers = frozenset(for_all.approvers or () if for_all else ())
            return Verdict("confirm", "a standing rule asks first", approvers)
        allowed = "allow" in (by_all, by_self) or self._standing.get(tool.id) == "allow"
        if default == "confirm" and allowed and is_reversible(tool) and not is_tainted:
            return Verdict("allow", "a standing rule allows it")
        return Verdict(default, f"its effect is {tool.effect}")


def is_reversible(tool: Tool) -> bool:
    """Whether a write has an inverse tool; destructive ones never count."""
    has_inverse = bool(tool.integration) and tool.undo.startswith(f"{tool.integration}.") and " " not in tool.undo
    return tool.effect == "write" and has_inverse
