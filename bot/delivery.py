"""What must be remembered so that a thread is followed after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import Clock, utc_now
from core.db import Database, Moment, Table


class NoteRow(Table):
    """A small fact an adapter keeps about a thread, a card or a person: where it is, who joined."""

    __tablename__ = "adapter_note"

    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    key: Mapped[str] = mapped_column(String(700), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Moment)


class Notes:
    """The adapters' small facts, by kind and key; a key begins with the tenant."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._insert = postgresql.insert if "postgresql" in database.url else sqlite.insert
        self._clock = clock

    async def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """What was kept, or None."""
        async with self._database.session() as session:
            row = await session.get(NoteRow, (kind, key))
        return row.value if row else None

    async def put(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Keep it, in place of what was kept before."""
        new = {"kind": kind, "key": key, "value": value, "at": self._clock()}
        async with self._database.session() as session:
            put = self._insert(NoteRow).values(new)  # two turns at once may keep the same
            await session.execute(
                put.on_conflict_do_update(index_elements=["kind", "key"], set_={"value": value, "at": new["at"]})
            )

    async def drop(self, kind: str, key: str) -> None:
        """Forget it."""
        async with self._database.session() as session:
            await session.execute(delete(NoteRow).where(NoteRow.kind == kind, NoteRow.key == key))

    async def drop_ending(self, kinds: Sequence[str], begin: str, end: str) -> int:
        """Forget what is kept under keys that begin and end so; gives how many it was."""
        async with self._database.session() as session:
            done = await session.execute(
                delete(NoteRow).where(
                    NoteRow.kind.in_(kinds),
                    NoteRow.key.startswith(begin, autoescape=True),
                    NoteRow.key.endswith(end, autoescape=True),
                )
            )
            return int(done.rowcount)  # type: ignore[attr-defined]

    async def keys(self, kind: str) -> list[str]:
        """The keys under which something of this kind is kept."""
        async with self._database.session() as session:
            return list(await session.scalars(select(NoteRow.key).where(NoteRow.kind == kind)))
