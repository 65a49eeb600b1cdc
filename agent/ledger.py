"""The ledger: every call of every plan, from the moment it is planned to its proof. Receipts and undo come from here.

A call goes `planned → started → done | failed | unknown`, or `planned → rejected | denied`. `started` is written before
anything is sent, so that a crash leaves a mark: what is found `started` is read back, never simply sent again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import JSON, Integer, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import Clock, utc_now
from core.db import Database, Moment, Table
from core.principal import Principal
from core.tool import Call

Status = Literal["planned", "started", "done", "failed", "unknown", "rejected", "denied"]
ENDED: tuple[Status, ...] = ("done", "failed", "unknown", "rejected", "denied")
UNDO_LIFE = timedelta(days=30)
LONGEST = {"title": 500, "key": 300, "url": 1000, "reason": 1000, "next_step": 500}


class LedgerRow(Table):
    """One call. `args` are exact and resolved, `labels` are what a person reads in their place."""

    __tablename__ = "ledger"

    tenant: Mapped[str] = mapped_column(String(200), primary_key=True)
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    turn: Mapped[str] = mapped_column(String(80), index=True)
    thread: Mapped[str] = mapped_column(String(700), index=True)
    principal: Mapped[str] = mapped_column(String(320))
    ordinal: Mapped[int] = mapped_column(Integer)
    tool: Mapped[str] = mapped_column(String(200))
    effect: Mapped[str] = mapped_column(String(16))
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    labels: Mapped[dict[str, str]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(16), default="planned")
    title: Mapped[str] = mapped_column(String(LONGEST["title"]), default="")
    key: Mapped[str] = mapped_column(String(LONGEST["key"]), default="")
    url: Mapped[str] = mapped_column(String(LONGEST["url"]), default="")
    result: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True, default=None)
    reason: Mapped[str] = mapped_column(String(LONGEST["reason"]), default="")
    next_step: Mapped[str] = mapped_column(String(LONGEST["next_step"]), default="")
    undo: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    undo_of: Mapped[str] = mapped_column(String(80), default="")
    undone_by: Mapped[str] = mapped_column(String(80), default="")
    made_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class Ledger:
    """The store of calls."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def plan(self, rows: Sequence[LedgerRow]) -> None:
        """Write planned calls; of those already there, one that was not begun takes the plan's arguments."""
        async with self._database.session() as session:
            for row in rows:
                found = await session.get(LedgerRow, (row.tenant, row.id))
                if found is None:
                    row.made_at = self._clock()
                    session.add(row)
                elif found.status == "planned" and found.args != row.args:
                    found.args, found.labels = row.args, row.labels

    async def get(self, tenant: str, call_id: str) -> LedgerRow | None:
        """One call."""
        async with self._database.session() as session:
            return await session.get(LedgerRow, (tenant, call_id))

    async def start(self, tenant: str, call_id: str) -> bool:
        """Mark a planned call as about to be sent; false when it was begun before."""
        return await self._set(tenant, call_id, ("planned",), {"status": "started"})

    async def end(self, tenant: str, call_id: str, status: Status, **values: Any) -> None:
        """Write what became of a call; an ended call stays as it ended."""
        for name, most in LONGEST.items():  # a vendor's words have any length
            if name in values:
                values[name] = str(values[name])[:most]
        values |= {"status": status, "ended_at": self._clock()}
        await self._set(tenant, call_id, ("planned", "started"), values)
        row = await self.get(tenant, call_id)
        if row is not None and row.undo_of and row.status == "done":
            await self._set(tenant, row.undo_of, ENDED, {"undone_by": call_id})

    async def of_turn(self, tenant: str, turn: str) -> list[LedgerRow]:
        """The calls of a turn, in the order asked."""
        async with self._database.session() as session:
            rows = await session.scalars(
                select(LedgerRow)
                .where(LedgerRow.tenant == tenant, LedgerRow.turn == turn)
                .order_by(LedgerRow.made_at, LedgerRow.ordinal)
            )
            return list(rows)

    async def undoable(self, who: Principal, thread: str) -> list[LedgerRow]:
        """The person's last turn in this thread that did something and can be taken back, newest call first."""
        async with self._database.session() as session:
            found = select(LedgerRow).where(
                LedgerRow.tenant == who.tenant,
                LedgerRow.thread == thread,
                LedgerRow.principal == who.id,
                LedgerRow.status == "done",
                LedgerRow.effect != "read",
                LedgerRow.undo_of == "",
                LedgerRow.undone_by == "",
                LedgerRow.made_at > self._clock() - UNDO_LIFE,
            )
            last = await session.scalar(found.order_by(LedgerRow.made_at.desc()).limit(1))
            if last is None:
                return []
            rows = await session.scalars(found.where(LedgerRow.turn == last.turn).order_by(LedgerRow.ordinal.desc()))
            return list(rows)

    async def planned(self, tenant: str, thread: str) -> list[LedgerRow]:
        """The calls of the plan that waits in a thread, in the order asked."""
        async with self._database.session() as session:
            rows = await session.scalars(
                select(LedgerRow)
                .where(LedgerRow.tenant == tenant, LedgerRow.thread == thread, LedgerRow.status == "planned")
                .order_by(LedgerRow.made_at, LedgerRow.ordinal)
            )
            return list(rows)

    async def recent(self, who: Principal, most: int) -> list[LedgerRow]:
        """What this person changed lately, wherever they asked for it, newest first."""
        async with self._database.session() as session:
            rows = await session.scalars(
                select(LedgerRow)
                .where(LedgerRow.tenant == who.tenant, LedgerRow.principal == who.id)
                .where(LedgerRow.effect != "read", LedgerRow.status == "done", LedgerRow.undo_of == "")
                .order_by(LedgerRow.made_at.desc())
                .limit(most)
            )
            return list(rows)

    async def used(self, who: Principal, most: int) -> Counter[str]:
        """How often each tool was used in this person's last `most` calls."""
        async with self._database.session() as session:
            last = (
                select(LedgerRow.tool)
                .where(LedgerRow.tenant == who.tenant, LedgerRow.principal == who.id, LedgerRow.status == "done")
                .order_by(LedgerRow.made_at.desc())
                .limit(most)
            )
            return Counter(await session.scalars(last))

    async def interrupted(self) -> list[LedgerRow]:
        """Calls that were begun and never ended, after a crash."""
        async with self._database.session() as session:
            return list(await session.scalars(select(LedgerRow).where(LedgerRow.status == "started")))

    async def _set(self, tenant: str, call_id: str, before: Sequence[str], values: dict[str, Any]) -> bool:
        async with self._database.session() as session:
            changed = await session.execute(
                update(LedgerRow)
                .where(LedgerRow.tenant == tenant, LedgerRow.id == call_id, LedgerRow.status.in_(before))
                .values(**values)
            )
            return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


def inverse(row: LedgerRow) -> Call | None:
    """The call that takes this one back, if there is one."""
    return Call.model_validate(row.undo) if row.undo else None
