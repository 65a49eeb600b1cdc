"""Approvals: bound to the exact calls, good once, for the right person, until they expire."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import JSON, String, and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import Clock, utc_now
from core.db import Database, Moment, Table
from core.errors import ApprovalInvalid
from core.principal import Principal
from core.tool import Call

MOST_AT_ONCE = 200
Status = Literal["pending", "approved", "rejected", "withdrawn", "used"]


class ApprovalRow(Table):
    """A plan that waits for, or got, a person's word."""

    __tablename__ = "approval"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(200))
    thread: Mapped[str] = mapped_column(String(700), index=True)
    principal: Mapped[str] = mapped_column(String(320))
    digest: Mapped[str] = mapped_column(String(64))
    calls: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(16), default="pending")
    made_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)


class ApproverRow(Table):
    """Somebody else whose word an approval waits for; where there are such, the asker's own does not count."""

    __tablename__ = "approver"

    tenant: Mapped[str] = mapped_column(String(200), primary_key=True)
    person: Mapped[str] = mapped_column(String(320), primary_key=True)
    approval: Mapped[str] = mapped_column(String(32), primary_key=True, index=True)


def digest(calls: Sequence[Call]) -> str:
    """What an approval is bound to: the tools and arguments, in order."""
    plain = [[call.tool, call.model_dump(mode="json")["args"]] for call in calls]
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class Approvals:
    """The store of approvals."""

    def __init__(self, database: Database, life: timedelta, clock: Clock = utc_now) -> None:
        self._database = database
        self._life = life
        self._clock = clock

    async def ask(
        self,
        who: Principal,
        thread: str,
        calls: Sequence[Call],
        approval_id: str = "",
        approvers: Collection[str] = (),
    ) -> ApprovalRow:
        """A pending approval for these calls; asked again with the same id, the same one.

        It is the asker's to give, or where `approvers` are named, one of theirs.

        Raises:
            ApprovalInvalid: the id belongs to other calls or to somebody else.
        """
        now = self._clock()
        row = ApprovalRow(
            id=approval_id or secrets.token_hex(8),
            tenant=who.tenant,
            thread=thread,
            principal=who.id,
            digest=digest(calls),
            calls=[call.model_dump(mode="json") for call in calls],
            status="pending",
            made_at=now,
            expires_at=now + self._life,
        )
        found = await self.get(who.tenant, row.id)
        if found is None:
            try:
                async with self._database.session() as session:
                    session.add(row)
                    session.add_all(ApproverRow(tenant=who.tenant, person=one, approval=row.id) for one in approvers)
            except IntegrityError:  # asked twice at the same moment, or another tenant has it
                found = await self.get(who.tenant, row.id)
            else:
                return row
        if found is None or (found.principal, found.digest) != (who.id, row.digest):
            raise ApprovalInvalid("This plan is not the one I asked about.", next_step="Please ask again.")
        return found

    async def get(self, tenant: str, approval_id: str) -> ApprovalRow | None:
        """One approval of this tenant."""
        async with self._database.session() as session:
            row = await session.get(ApprovalRow, approval_id)
        return row if row is not None and row.tenant == tenant else None

    async def open(self, approval_id: str, by: Principal) -> ApprovalRow:
        """An approval that still waits for this person's word.

        Raises:
            ApprovalInvalid: it is unknown, somebody else's, decided already, or expired; the sentence says which.
        """
        row = await self.get(by.tenant, approval_id)
        if row is None:
            raise ApprovalInvalid("I do not know this plan any more.", next_step="Please ask again.")
        approvers = await self.approvers(row)
        if by.id not in approvers:
            whom = "the person who asked" if approvers == [row.principal] else " or ".join(approvers)
            raise ApprovalInvalid(f"Only {whom} can decide this plan.")
        if row.status != "pending":
            raise ApprovalInvalid(f"This plan was already {_PAST[row.status]}; nothing happened again.")
        if row.expires_at <= self._clock():
            raise ApprovalInvalid("This plan waited too long and has expired.", next_step="Please ask again.")
        return row

    async def approvers(self, row: ApprovalRow) -> list[str]:
        """Whose word counts: the asker's, or that of any of those who were named instead."""
        async with self._database.session() as session:
            named = await session.scalars(
                select(ApproverRow.person)
                .where(ApproverRow.tenant == row.tenant, ApproverRow.approval == row.id)
                .order_by(ApproverRow.person)
            )
            return list(named) or [row.principal]

    async def decide(self, approval_id: str, by: Principal, *, approve: bool) -> ApprovalRow:
        """Give the person's word; the first word stands.

        Raises:
            ApprovalInvalid: it is unknown, somebody else's, decided already, or expired; the sentence says which.
        """
        row = await self.open(approval_id, by)
        if not await self._move(row.id, "pending", "approved" if approve else "rejected"):
            raise ApprovalInvalid("This plan was decided a moment ago; nothing happened again.")
        row.status = "approved" if approve else "rejected"
        return row

    async def withdraw(self, approval_id: str) -> bool:
        """Take a pending approval out of the way, because the conversation went on; false when it was not pending."""
        return await self._move(approval_id, "pending", "withdrawn")

    async def use(self, approval_id: str, calls: Sequence[Call]) -> bool:
        """Whether the calls that are about to run are exactly those a person approved.

        A run that was cut off may come again with the same calls: the ledger then keeps each from running twice.
        """
        async with self._database.session() as session:
            row = await session.get(ApprovalRow, approval_id)
        if row is None or row.digest != digest(calls) or row.status not in ("approved", "used"):
            return False
        if row.status == "approved":
            await self._move(approval_id, "approved", "used")  # else the same run came twice and was first
        return True

    async def waiting(self, who: Principal) -> list[ApprovalRow]:
        """What waits for this person's word, oldest first."""
        named = select(ApproverRow.approval).where(ApproverRow.tenant == who.tenant)
        asks_others = named.where(ApproverRow.approval == ApprovalRow.id).correlate(ApprovalRow).exists()
        async with self._database.session() as session:
            rows = await session.scalars(
                select(ApprovalRow)
                .where(ApprovalRow.tenant == who.tenant)
                .where(
                    or_(
                        and_(ApprovalRow.principal == who.id, ~asks_others),
                        ApprovalRow.id.in_(named.where(ApproverRow.person == who.id)),
                    )
                )
                .where(ApprovalRow.status == "pending", ApprovalRow.expires_at > self._clock())
                .order_by(ApprovalRow.made_at)
            )
            return list(rows)

    async def redact(self, who: Principal, prefix: str = "") -> int:
        """Take the calls out of this person's plans, of all or those with a tool that begins so; gives how many."""
        count = 0
        async with self._database.session() as session:
            mine = (ApprovalRow.tenant == who.tenant, ApprovalRow.principal == who.id)
            for row in await session.scalars(select(ApprovalRow).where(*mine)):
                if row.calls and any(str(call["tool"]).startswith(prefix) for call in row.calls):
                    row.calls, count = [], count + 1
                    row.status = "withdrawn" if row.status == "pending" else row.status
        return count

    async def worded(self, who: Principal) -> int:
        """How many of this person's plans still hold their calls."""
        async with self._database.session() as session:
            mine = (ApprovalRow.tenant == who.tenant, ApprovalRow.principal == who.id)
            return sum(bool(row.calls) for row in await session.scalars(select(ApprovalRow).where(*mine)))

    async def expired(self) -> list[ApprovalRow]:
        """Plans of everybody that waited too long and whose cards do not say so yet."""
        async with self._database.session() as session:
            late = select(ApprovalRow).where(ApprovalRow.status == "pending", ApprovalRow.expires_at <= self._clock())
            return list(await session.scalars(late.order_by(ApprovalRow.expires_at).limit(MOST_AT_ONCE)))

    async def unfinished(self) -> list[ApprovalRow]:
        """Plans that a person approved and that nobody has begun, after a crash say."""
        async with self._database.session() as session:
            return list(await session.scalars(select(ApprovalRow).where(ApprovalRow.status == "approved")))

    async def _move(self, approval_id: str, before: Status, after: Status) -> bool:
        async with self._database.session() as session:
            changed = await session.execute(
                update(ApprovalRow)
                .where(ApprovalRow.id == approval_id, ApprovalRow.status == before)
                .values(status=after, decided_at=self._clock())
            )
            return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


_PAST = {"approved": "approved", "used": "approved", "rejected": "cancelled", "withdrawn": "set aside"}
