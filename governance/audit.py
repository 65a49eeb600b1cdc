"""The audit trail: one entry per decision and effect, appended only, each chained to the one before by a hash."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Integer, String, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import Clock, utc_now
from core.db import Database, Moment, Table
from core.errors import StorageUnavailable
from core.principal import Principal

ATTEMPTS = 20
WAIT_S = 0.01


class AuditRow(Table):
    """One entry; `digest` covers the entry and the digest before it in this tenant."""

    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("tenant", "number"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(200))
    number: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(Moment)
    principal: Mapped[str] = mapped_column(String(320))
    event: Mapped[str] = mapped_column(String(64))
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))


class Audit:
    """Appends entries and checks the chain."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._lock = asyncio.Lock()  # entries of one process queue here instead of colliding in the database

    async def note(self, who: Principal, event: str, **fields: Any) -> None:
        """Append one entry; `fields` hold ids and digests, never the text of a message or a secret.

        Raises:
            StorageUnavailable: it cannot be written, so what it is about must not happen.
        """
        kept = json.loads(json.dumps(fields, default=str))
        for attempt in range(ATTEMPTS):
            try:
                async with self._lock, self._database.session() as session:
                    last = await session.scalar(
                        select(AuditRow).where(AuditRow.tenant == who.tenant).order_by(AuditRow.number.desc()).limit(1)
                    )
                    number, before = (last.number + 1, last.digest) if last else (1, "")
                    row = AuditRow(
                        tenant=who.tenant,
                        number=number,
                        at=self._clock().astimezone(UTC),
                        principal=who.id,
                        event=event,
                        fields=kept,
                        digest="",
                    )
                    row.digest = _digest(before, row)
                    session.add(row)
                return
            except IntegrityError:  # another process took the number
                await asyncio.sleep(random.uniform(0, WAIT_S * 2 ** min(attempt, 6)))  # noqa: S311 - no secret
        raise StorageUnavailable("I could not write the audit trail, so I did nothing.", next_step="Try again.")

    async def check(self, tenant: str) -> int:
        """How many entries stand in an unbroken chain; fewer than there are means that one was changed."""
        before, count = "", 0
        async with self._database.session() as session:
            rows = await session.scalars(select(AuditRow).where(AuditRow.tenant == tenant).order_by(AuditRow.number))
            for row in rows:
                if row.number != count + 1 or row.digest != _digest(before, row):
                    break
                before, count = row.digest, count + 1
        return count


def _digest(before: str, row: AuditRow) -> str:
    entry = [before, row.tenant, row.number, row.at.isoformat(), row.principal, row.event, row.fields]
    return hashlib.sha256(json.dumps(entry, sort_keys=True, default=str).encode()).hexdigest()
