"""The truth about what is remembered: rows in the database. Each change counts its owner's revision up, in one go."""

from __future__ import annotations

import asyncio
import hashlib
import random
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock, utc_now
from core.db import Database
from core.errors import StorageUnavailable
from memory.item import LONGEST, ForgottenRow, MemoryRow, Owner, OwnerRow, Said, owner_of

ATTEMPTS = 10
READ_AT_ONCE = 2_000
_PART = 400  # an IN list that every engine takes


@dataclass(frozen=True)
class Kept:
    """What keeping something came to; `before` is what it superseded."""

    row: MemoryRow
    change: Literal["new", "same", "replaced"]
    before: MemoryRow | None = None


class Store:
    """Rows by owner; nothing is read or written without one."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def revisions(self, owners: Iterable[Owner]) -> dict[Owner, int]:
        """The revision of each owner who has one."""
        wanted = [_is(OwnerRow, owner) for owner in owners]
        async with self._database.session() as session:
            rows = await session.execute(
                select(OwnerRow.tenant, OwnerRow.scope, OwnerRow.owner, OwnerRow.revision).where(or_(*wanted))
            )
            return {Owner(row.tenant, row.scope, row.owner): row.revision for row in rows}

    async def owners(self) -> dict[Owner, int]:
        """Every owner there is, with the revision."""
        async with self._database.session() as session:
            return {owner_of(row): row.revision for row in await session.scalars(select(OwnerRow))}

    async def owner(self, owner: Owner) -> OwnerRow | None:
        """What is noted of an owner."""
        async with self._database.session() as session:
            return await session.get(OwnerRow, (owner.tenant, owner.scope, owner.id))

    async def live(self, owner: Owner, most: int = READ_AT_ONCE) -> list[MemoryRow]:
        """What stands, the last used first."""
        async with self._database.session() as session:
            rows = await session.scalars(
                select(MemoryRow)
                .where(_is(MemoryRow, owner), MemoryRow.ended_at.is_(None))
                .order_by(MemoryRow.used_at.desc(), MemoryRow.id)
                .limit(most)
            )
            return list(rows)

    async def texts(self, owner: Owner) -> tuple[int, dict[str, str]]:
        """The revision, and the text of everything that stands, by id: what the index must hold."""
        async with self._database.session() as session:
            noted = await session.get(OwnerRow, (owner.tenant, owner.scope, owner.id))
            rows = await session.execute(
                select(MemoryRow.id, MemoryRow.text).where(_is(MemoryRow, owner), MemoryRow.ended_at.is_(None))
            )
            return (noted.revision if noted else -1), {row.id: row.text for row in rows}

    async def some(self, owner: Owner, ids: Sequence[str]) -> list[MemoryRow]:
        """Those of these ids that stand and are this owner's."""
        found: list[MemoryRow] = []
        async with self._database.session() as session:
            for at in range(0, len(ids), _PART):
                part = MemoryRow.id.in_(ids[at : at + _PART])
                found += await session.scalars(
                    select(MemoryRow).where(_is(MemoryRow, owner), MemoryRow.ended_at.is_(None), part)
                )
        return found

    async def told_by(self, tenant: str, person: str) -> list[MemoryRow]:
        """What stands of a person, and what they had kept for others."""
        theirs = or_(MemoryRow.author == person, and_(MemoryRow.scope == "person", MemoryRow.owner == person))
        async with self._database.session() as session:
            rows = await session.scalars(
                select(MemoryRow)
                .where(MemoryRow.tenant == tenant, MemoryRow.ended_at.is_(None), theirs)
                .order_by(MemoryRow.made_at, MemoryRow.id)
            )
            return list(rows)

    async def history(self, owner: Owner) -> list[MemoryRow]:
        """Everything, what was superseded too, oldest first."""
        async with self._database.session() as session:
            rows = await session.scalars(
                select(MemoryRow).where(_is(MemoryRow, owner)).order_by(MemoryRow.made_at, MemoryRow.id)
            )
            return list(rows)

    async def keep(self, owner: Owner, said: Said, author: str, source: str, row_id: str = "") -> Kept:
        """Keep something: what stands under its key is confirmed where it says the same, else superseded."""
        async with self._changing(owner) as session:
            now = self._clock()
            before = await session.scalar(
                select(MemoryRow).where(_is(MemoryRow, owner), MemoryRow.key == said.key, MemoryRow.ended_at.is_(None))
            )
            if before is not None and _folded(before.value or before.text) == _folded(said.value or said.text):
                before.confidence = min(1.0, max(before.confidence, said.confidence))
                before.used_at, before.data = now, said.data or before.data
                if before.kind == "habit":
                    before.text = said.text[:LONGEST]
                return Kept(before, "same")
            row = _made(owner, said, author, source, now, row_id)
            session.add(row)
            if before is not None:
                before.ended_at, before.superseded_by = now, row.id
            return Kept(row, "replaced" if before is not None else "new", before)

    async def keep_all(self, owner: Owner, items: Sequence[Said], author: str, source: str) -> None:
        """Keep many new things at once, with keys that nothing stands under."""
        async with self._changing(owner) as session:
            session.add_all([_made(owner, said, author, source, self._clock()) for said in items])

    async def used(self, owner: Owner, ids: Sequence[str]) -> None:
        """Note that these were of use. The text stays, so no index is behind."""
        async with self._database.session() as session:
            await session.execute(
                update(MemoryRow)
                .where(_is(MemoryRow, owner), MemoryRow.id.in_(ids))
                .values(uses=MemoryRow.uses + 1, used_at=self._clock())
            )

    async def forget(self, owner: Owner, ids: Sequence[str]) -> list[str]:
        """Delete items with their history, so that none can be learned again from what was before; gives the ids."""
        async with self._changing(owner) as session:
            rows = await session.scalars(select(MemoryRow).where(_is(MemoryRow, owner), MemoryRow.id.in_(ids)))
            keys = {row.key for row in rows}
            for key in keys:
                await session.merge(_forgotten(owner, key, self._clock()))
            same = and_(_is(MemoryRow, owner), or_(MemoryRow.id.in_(ids), MemoryRow.key.in_(keys)))
            gone = list(await session.scalars(select(MemoryRow.id).where(same)))
            await session.execute(delete(MemoryRow).where(same))
            return gone

    async def restore(self, owner: Owner, ended: str, instead: str) -> None:
        """Put what `instead` superseded back in its place."""
        async with self._changing(owner) as session:
            await session.execute(delete(MemoryRow).where(_is(MemoryRow, owner), MemoryRow.id == instead))
            await session.execute(
                update(MemoryRow)
                .where(_is(MemoryRow, owner), MemoryRow.id == ended)
                .values(ended_at=None, superseded_by="")
            )

    async def forget_all(self, owner: Owner) -> int:
        """Delete everything of an owner; nothing older than now is learned again."""
        async with self._changing(owner) as session:
            done = await session.execute(delete(MemoryRow).where(_is(MemoryRow, owner)))
            await session.execute(delete(ForgottenRow).where(_is(ForgottenRow, owner)))
            await session.execute(update(OwnerRow).where(_is(OwnerRow, owner)).values(learns_from=self._clock()))
            return int(done.rowcount)  # type: ignore[attr-defined]

    async def erase(self, owner: Owner) -> None:
        """Delete everything of an owner, and that there was one."""
        async with self._database.session() as session:
            for table in (MemoryRow, ForgottenRow, OwnerRow):
                await session.execute(delete(table).where(_is(table, owner)))

    async def drop(self, owner: Owner, ids: Sequence[str]) -> None:
        """Delete what is out of date; it may be learned again."""
        async with self._changing(owner) as session:
            for at in range(0, len(ids), _PART):
                part = MemoryRow.id.in_(ids[at : at + _PART])
                await session.execute(delete(MemoryRow).where(_is(MemoryRow, owner), part))

    async def learns_from(self, owner: Owner, key: str) -> datetime | None:
        """The moment before which nothing is learned under this key, because it was forgotten."""
        async with self._database.session() as session:
            noted = await session.get(OwnerRow, (owner.tenant, owner.scope, owner.id))
            gone = await session.get(ForgottenRow, (owner.tenant, owner.scope, owner.id, digest(key)))
        moments = [at for at in (noted and noted.learns_from, gone and gone.at) if at]
        return max(moments, default=None)

    async def switch(self, owner: Owner, *, off: bool) -> None:
        """Switch personalisation of this owner off or on."""
        async with self._changing(owner) as session:
            await session.execute(update(OwnerRow).where(_is(OwnerRow, owner)).values(is_off=off))

    @asynccontextmanager
    async def _changing(self, owner: Owner) -> AsyncIterator[AsyncSession]:
        """A transaction that is alone with this owner, whoever else writes, and counts the revision up."""
        await self._noted(owner)
        async with self._database.session() as session:
            await session.execute(update(OwnerRow).where(_is(OwnerRow, owner)).values(revision=OwnerRow.revision + 1))
            yield session

    async def _noted(self, owner: Owner) -> None:
        for _ in range(ATTEMPTS):
            if await self.owner(owner) is not None:
                return
            try:
                async with self._database.session() as session:
                    begun = int(self._clock().timestamp() * 1000)
                    session.add(OwnerRow(tenant=owner.tenant, scope=owner.scope, owner=owner.id, revision=begun))
                return
            except IntegrityError:  # another process was first
                await asyncio.sleep(random.uniform(0, 0.02))  # noqa: S311 - no secret
        raise StorageUnavailable("I could not open this memory.", next_step="Please try again.")


def digest(key: str) -> str:
    """What is kept of a key that was forgotten."""
    return hashlib.sha256(key.encode()).hexdigest()


def _made(owner: Owner, said: Said, author: str, source: str, now: datetime, row_id: str = "") -> MemoryRow:
    return MemoryRow(
        tenant=owner.tenant,
        id=row_id or secrets.token_hex(8),
        scope=owner.scope,
        owner=owner.id,
        author=author,
        kind=said.kind,
        key=said.key[:200],
        text=said.text[:LONGEST],
        value=said.value[:LONGEST],
        data=said.data,
        source=source,
        confidence=said.confidence,
        uses=0,
        made_at=now,
        used_at=now,
        superseded_by="",
    )


def _forgotten(owner: Owner, key: str, now: datetime) -> ForgottenRow:
    return ForgottenRow(tenant=owner.tenant, scope=owner.scope, owner=owner.id, digest=digest(key), at=now)


def _is(table: Any, owner: Owner) -> ColumnElement[bool]:
    return and_(table.tenant == owner.tenant, table.scope == owner.scope, table.owner == owner.id)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .!")
