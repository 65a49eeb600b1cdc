"""Whose brief is due: once a day, at each person's hour, on the days they work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from bot.brief import brief
from bot.outbox import Outbox
from bot.recipient import RecipientRow, Recipients
from core.clock import Clock, utc_now
from core.errors import StorageUnavailable
from core.log import frames, logger
from tools.registry import Registry

EVERY = timedelta(minutes=1)
LATE = timedelta(hours=3)  # a brief that could not be made by then is of no use that day
HANDS = 4
_log = logger("bot.morning")


class Mornings:
    """Puts each person's brief into the outbox when it is due."""

    def __init__(
        self,
        registry: Registry,
        outbox: Outbox,
        recipients: Recipients,
        clock: Clock = utc_now,
        pause: timedelta = EVERY,
    ) -> None:
        self._registry = registry
        self._outbox = outbox
        self._recipients = recipients
        self._clock = clock
        self._pause = pause
        self._looked: datetime | None = None
        self._hands = asyncio.Semaphore(HANDS)

    async def round(self) -> int:
        """Make the briefs that are due now, at most once a minute; gives how many were made."""
        now = self._clock()
        if self._looked and now - self._looked < self._pause:
            return 0
        self._looked = now
        due = [row async for row in self._everybody() if is_due(row, now)]
        return sum(await asyncio.gather(*(self._make(row, now) for row in due)))

    async def _everybody(self) -> AsyncIterator[RecipientRow]:
        tenant, person = "", ""
        while rows := await self._recipients.after(tenant, person):
            for row in rows:
                yield row
            tenant, person = rows[-1].tenant, rows[-1].person

    async def _make(self, row: RecipientRow, now: datetime) -> bool:
        """One person's brief, by one worker; one that breaks spoils nobody else's, and is not made again that day."""
        async with self._hands:
            lease = await self._recipients.lease(row.tenant, row.person)
            if not lease:
                return False
            try:
                return await self._put(row, now)
            except StorageUnavailable:
                raise
            except Exception as error:
                _log.error("brief_broke", kind=type(error).__name__, where=frames(error))
                await self._recipients.brief(row, _day(row, now))
                return False
            finally:
                await self._recipients.release(row.tenant, row.person, lease)

    async def _put(self, row: RecipientRow, now: datetime) -> bool:
        fresh = await self._recipients.get(row.tenant, row.person)
        if not is_due(fresh, now):
            return False
        made = await brief(self._registry, fresh.principal, now)
        if made is not None:
            await self._outbox.put(made)
        await self._recipients.brief(fresh, _day(fresh, now))
        return made is not None


def is_due(row: RecipientRow, now: datetime) -> bool:
    """Whether this person's brief of the day is to be made now."""
    here, wishes = now.astimezone(row.zone), row.wishes
    if not wishes.wants_brief or row.briefed_on >= _day(row, now) or here.weekday() not in wishes.days:
        return False
    hour = here.replace(hour=wishes.digest_at.hour, minute=wishes.digest_at.minute, second=0, microsecond=0)
    return hour <= here < hour + LATE


def _day(row: RecipientRow, now: datetime) -> str:
    return now.astimezone(row.zone).date().isoformat()
