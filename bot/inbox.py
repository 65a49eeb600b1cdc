"""What the chat platforms delivered: on the disk before it is acknowledged, worked off after, taken up after a crash.

An event is known by tenant, platform and the platform's id of it: however often it comes, it is taken once. Events of
one lane are worked off one after the other, in the order in which they came, also where several processes share the
database: whoever works on one holds a lease, and what a dead process held is taken up when its lease ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, Integer, String, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, aliased, mapped_column

from core.clock import Clock, utc_now
from core.db import Database, Moment, Table
from core.errors import StorageUnavailable
from core.log import frames, logger

KEPT = timedelta(days=3)
MOST_ATTEMPTS = 5
_GROUP = 400
_log = logger("bot.inbox")


class DeliveryRow(Table):
    """An event of a platform that was taken on."""

    __tablename__ = "delivery"

    tenant: Mapped[str] = mapped_column(String(200), primary_key=True)
    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    event: Mapped[str] = mapped_column(String(300), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, index=True)


class ArrivalRow(Table):
    """An event that is not worked off yet; it goes when it is. `owner` works on it until `leased_until`."""

    __tablename__ = "arrival"
    __table_args__ = {"sqlite_autoincrement": True}  # a number is never given twice

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(200))
    platform: Mapped[str] = mapped_column(String(16))
    event: Mapped[str] = mapped_column(String(300))
    lane: Mapped[str] = mapped_column(String(300), index=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    attempt: Mapped[int] = mapped_column(Integer)
    owner: Mapped[str] = mapped_column(String(64))
    leased_until: Mapped[datetime] = mapped_column(Moment)
    at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True)
class Arrival:
    """An event to work on; `attempt` counts from 1, and the last one is for saying that it did not work."""

    number: int
    tenant: str
    platform: str
    event: str
    lane: str
    body: Mapping[str, Any]
    attempt: int

    @property
    def is_last(self) -> bool:
        """Whether it was begun often enough and never ended."""
        return self.attempt >= MOST_ATTEMPTS


Handler = Callable[[Arrival], Awaitable[None]]


@dataclass(frozen=True)
class _Coming:
    tenant: str
    platform: str
    event: str
    lane: str
    body: Mapping[str, Any]
    taken: asyncio.Future[bool]

    @property
    def key(self) -> tuple[str, str, str]:
        return self.tenant, self.platform, self.event


class EventInbox:
    """Takes events on and hands them to the platform's handler, `most_at_once` of them side by side.

    A handler that raises is called again after a while; one that returns is done. Leases last `lease_s` and are
    renewed while the work goes on; `poll_s` is how often work left by others is looked for.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock = utc_now,
        lease_s: float = 30,
        poll_s: float = 1,
        most_at_once: int = 64,
    ) -> None:
        self._database = database
        self._insert = postgresql.insert if "postgresql" in database.url else sqlite.insert
        self._clock = clock
        self._lease = timedelta(seconds=lease_s)
        self._poll_s = poll_s
        self._most = most_at_once
        self._owner = uuid4().hex
        self._handlers: dict[str, Handler] = {}
        self._coming: list[_Coming] = []
        self._ended: list[int] = []
        self._work: dict[int, asyncio.Task[None]] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._is_coming, self._is_due, self._moved = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._is_closed = self._is_turning = False

    def serve(self, platform: str, handler: Handler) -> None:
        """From now on this handler works on the platform's events."""
        self._handlers[platform] = handler

    def start(self) -> None:
        """Begin to work off what is there and what comes."""
        if not self._loops and not self._is_closed:
            self._loops = [asyncio.create_task(loop()) for loop in (self._write, self._hand_out, self._renew)]

    async def take(self, tenant: str, platform: str, event: str, lane: str, body: Mapping[str, Any]) -> bool:
        """Take an event on; it is on the disk when this returns. False when it was taken on before.

        Raises:
            StorageUnavailable: it could not be written; nothing was taken.
        """
        self.start()
        if self._is_closed:
            raise StorageUnavailable("I am just being stopped.", next_step="Please send it again in a minute.")
        one = _Coming(tenant, platform, event, lane, body, asyncio.get_running_loop().create_future())
        self._coming.append(one)
        self._is_coming.set()
        return await one.taken

    async def first(self, tenant: str, platform: str, event: str) -> bool:
        """Whether this event, that needs no work kept, comes for the first time; asking makes it known."""
        values = {"tenant": tenant, "platform": platform, "event": event, "at": self._clock()}
        async with self._database.session() as session:
            known = self._insert(DeliveryRow).on_conflict_do_nothing().returning(DeliveryRow.event)
            return (await session.execute(known, values)).first() is not None

    async def forget_old(self) -> None:
        """Drop what no platform will deliver again."""
        async with self._database.session() as session:
            await session.execute(delete(DeliveryRow).where(DeliveryRow.at < self._clock() - KEPT))

    async def left(self) -> int:
        """How many events are not worked off yet."""
        async with self._database.session() as session:
            return await session.scalar(select(func.count()).select_from(ArrivalRow)) or 0

    async def drain(self) -> None:
        """Wait until everything that is this process's to do is done."""
        self.start()
        while not self._is_closed and (
            await self._is_any_due() or self._coming or self._work or self._ended or self._is_turning
        ):
            self._moved.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    await self._moved.wait()

    async def close(self, timeout_s: float = 20) -> None:
        """Begin nothing more; give what goes on `timeout_s` to end, and leave the rest to the next process."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._work:
            _, late = await asyncio.wait(self._work.values(), timeout=timeout_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        with suppress(StorageUnavailable):  # then it waits until the lease ends
            await self._let_go()

    # --- what comes

    async def _write(self) -> None:
        """Commit what came since the last commit, all at once."""
        while True:
            await self._is_coming.wait()
            group, self._coming = self._coming[:_GROUP], self._coming[_GROUP:]
            if not self._coming:
                self._is_coming.clear()
            await self._answer(group)
            self._is_due.set()

    async def _answer(self, group: list[_Coming]) -> None:
        """Keep a group and say which of it are new; where one of it cannot be kept, the others are, each alone."""
        try:
            new = await self._kept(group)
        except Exception as error:  # whatever it is, nobody may wait for ever
            if len(group) > 1 and not isinstance(error, StorageUnavailable):
                for one in group:
                    await self._answer([one])
                return
            for one in group:
                if not one.taken.done():
                    one.taken.set_exception(error)
            return
        for one in group:
            if not one.taken.done():
                one.taken.set_result(new.get(one.key) is one)

    async def _kept(self, group: list[_Coming]) -> dict[tuple[str, str, str], _Coming]:
        """Those of a group that are new, after they are on the disk."""
        now = self._clock()
        known = [{"tenant": c.tenant, "platform": c.platform, "event": c.event, "at": now} for c in group]
        async with self._database.durable() as connection:
            ids = (DeliveryRow.tenant, DeliveryRow.platform, DeliveryRow.event)
            asked = self._insert(DeliveryRow).on_conflict_do_nothing().returning(*ids)
            fresh = {tuple(row) for row in await connection.execute(asked, known)}
            new: dict[tuple[str, str, str], _Coming] = {}
            for one in group:
                if one.key in fresh:
                    new.setdefault(one.key, one)
            if new:
                rows = [_row(one, now) for one in new.values()]
                await connection.execute(insert(ArrivalRow), rows)
        return new

    # --- what is worked on

    async def _hand_out(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._is_due.wait()
            self._is_due.clear()
            self._is_turning = True
            try:
                ended, claimed = await self._turn_over()
            except Exception as error:  # it goes on when the database does
                _log.error("inbox_stands_still", kind=type(error).__name__, where=frames(error))
                self._is_turning = False
                await asyncio.sleep(self._poll_s)
                self._is_due.set()
                continue
            self._ended = [number for number in self._ended if number not in ended]
            for arrival in claimed:
                task = self._work[arrival.number] = asyncio.create_task(self._worked(arrival))
                task.add_done_callback(partial(self._over, arrival.number))
            self._is_turning = False
            self._moved.set()

    async def _turn_over(self) -> tuple[set[int], list[Arrival]]:
        """Strike out what ended, and claim what there is room for, in one transaction."""
        ended, room = set(self._ended), 0 if self._is_closed else self._most - len(self._work)
        async with self._database.session() as session:
            connection = await session.connection()
            if ended:
                await connection.execute(
                    delete(ArrivalRow).where(ArrivalRow.number.in_(ended), ArrivalRow.owner == self._owner)
                )
            return ended, await self._claim(connection, room) if room > 0 and self._handlers else []

    async def _claim(self, connection: AsyncConnection, room: int) -> list[Arrival]:
        now, other = self._clock(), aliased(ArrivalRow)
        is_behind = (other.number < ArrivalRow.number) | (other.leased_until > now)
        waits = select(other.number).where(other.lane == ArrivalRow.lane, other.number != ArrivalRow.number, is_behind)
        due = (
            select(ArrivalRow.number)
            .where(ArrivalRow.leased_until <= now, ArrivalRow.platform.in_(self._handlers), ~waits.exists())
            .order_by(ArrivalRow.number)
            .limit(room)
            .with_for_update(skip_locked=True)
        )
        claim = (
            update(ArrivalRow)
            .where(ArrivalRow.number.in_(due), ArrivalRow.leased_until <= now)
            .values(owner=self._owner, leased_until=now + self._lease, attempt=ArrivalRow.attempt + 1)
            .returning(*(getattr(ArrivalRow, name) for name in Arrival.__dataclass_fields__))
        )
        rows = (await connection.execute(claim)).all()
        return sorted((Arrival(*row) for row in rows), key=lambda one: one.number)

    async def _worked(self, arrival: Arrival) -> None:
        if arrival.attempt > MOST_ATTEMPTS:
            _log.error("event_given_up", platform=arrival.platform, attempt=arrival.attempt)
            return
        await self._handlers[arrival.platform](arrival)

    def _over(self, number: int, task: asyncio.Task[None]) -> None:
        del self._work[number]
        self._moved.set()
        if task.cancelled():
            return
        if (error := task.exception()) is not None:  # its lease ends by itself, then it is begun again
            _log.error("event_failed", kind=type(error).__name__, where=frames(error))
            return
        self._ended.append(number)
        self._is_due.set()

    async def _renew(self) -> None:
        """Hold on to what is worked on."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            if self._work:
                held = update(ArrivalRow).where(ArrivalRow.number.in_(self._work), ArrivalRow.owner == self._owner)
                with suppress(StorageUnavailable):
                    async with self._database.session() as session:
                        await session.execute(held.values(leased_until=self._clock() + self._lease))

    async def _let_go(self) -> None:
        async with self._database.session() as session:
            if self._ended:
                await session.execute(delete(ArrivalRow).where(ArrivalRow.number.in_(self._ended)))
            held = update(ArrivalRow).where(ArrivalRow.owner == self._owner)
            await session.execute(held.values(owner="", leased_until=self._clock()))

    async def _is_any_due(self) -> bool:
        """Whether something waits that nobody holds; what others hold, and what failed, is not waited for."""
        due = select(ArrivalRow.number).where(
            ArrivalRow.leased_until <= self._clock(), ArrivalRow.platform.in_(self._handlers)
        )
        async with self._database.session() as session:
            return await session.scalar(due.limit(1)) is not None


def _row(one: _Coming, now: datetime) -> dict[str, Any]:
    names = {"tenant": one.tenant, "platform": one.platform, "event": one.event, "lane": one.lane}
    return {**names, "body": dict(one.body), "attempt": 0, "owner": "", "leased_until": now, "at": now}
