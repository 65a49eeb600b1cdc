"""The memory, joined: gate, rows, vectors, recall, forgetting."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.clock import Clock, utc_now
from core.db import Database
from core.log import logger
from memory.encoder import Encoder
from memory.gate import Refusal, judge
from memory.index import Index
from memory.item import Circle, MemoryRow, Owner, Said, Scope
from memory.recall import Recall, Recalled
from memory.retention import DAYS, Days, tidy
from memory.shelf import Shelf, Shelves
from memory.store import Kept, Store

OPENS_AFTER_S = 2.0  # the first answers come before Chroma's import takes a second of the processor
SWEEP_S = 60.0
TIDY_S = 3_600.0
_log = logger("memory.memory")


@dataclass(frozen=True)
class Gone:
    """What forgetting came to. `left` says what could not be reached now and goes at the next repair."""

    items: int
    left: tuple[str, ...] = ()


class Memory:
    """What the assistant remembers. The index may be away at any time; the rows are what counts."""

    def __init__(
        self,
        database: Database,
        where: str,
        encoder: Encoder,
        personal: bool = True,
        days: Days = DAYS,
        clock: Clock = utc_now,
    ) -> None:
        self.personal = personal
        self._days = {**DAYS, **days}
        self.store = Store(database, clock)
        self.index = Index(where, encoder, self.store)
        self.shelves = Shelves(self.store)
        self.recall = Recall(self.store, self.index, self.shelves, clock)
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Open the index and keep it level, beside whatever else goes on."""
        self._sweeper = asyncio.create_task(self._sweep())

    async def close(self) -> None:
        """End what runs beside, and let the index go."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        await asyncio.gather(*self._tasks, *([self._sweeper] if self._sweeper else []), return_exceptions=True)
        await self.index.close()

    async def learn(
        self, owner: Owner, said: Said, author: str, source: str, *, is_own_words: bool = True, is_admin: bool = False,
        row_id: str = "",
    ) -> Kept | Refusal:  # fmt: skip
        """Keep something, if the gate lets it through."""
        if refusal := judge(said, owner.scope, is_own_words=is_own_words, is_admin=is_admin):
            return refusal
        kept = await self.store.keep(owner, said, author, source, row_id)
        self._level(owner)
        return kept

    async def learned(self, owner: Owner, said: Said, source: str, at: datetime) -> Kept | None:
        """Keep what behaviour at this time shows, unless it was forgotten since."""
        since = await self.store.learns_from(owner, said.key)
        if (since is not None and at <= since) or judge(said, owner.scope, is_own_words=True):
            return None
        kept = await self.store.keep(owner, said, owner.id, source)
        self._level(owner)
        return kept

    async def habits(self, owner: Owner, tool: str, found: Sequence[Said], source: str, at: datetime) -> None:
        """Keep what the calls of a tool show now, and let go of what they do not show any more."""
        shelf = (await self.shelves.of([owner])).get(owner, Shelf(-1))
        shown = {said.key for said in found}
        stale = [
            row.id for row in shelf.rows if row.kind == "habit" and row.data["tool"] == tool and row.key not in shown
        ]
        if stale:
            await self.store.drop(owner, stale)
        for said in found:
            await self.learned(owner, said, source, at)

    async def fitting(self, circle: Circle, text: str, *, most: int = 8, tokens: int = 200) -> list[Recalled]:
        """What fits a text, best first, within a budget."""
        return await self.recall.fitting(circle, text, most=most, tokens=tokens)

    async def standing(self, circle: Circle, *scopes: Scope) -> dict[Owner, Shelf]:
        """What stands of the owners of a circle, by owner, nearest first."""
        return await self.shelves.of([owner for owner in circle if not scopes or owner.scope in scopes])

    async def all_of(self, owner: Owner) -> Sequence[MemoryRow]:
        """Everything that stands of an owner, the last used first."""
        return await self.store.live(owner, most=100_000)

    async def everything(self, tenant: str, person: str) -> Sequence[MemoryRow]:
        """All that stands of a person, and what they had kept for a channel, a team or everybody."""
        await self.settle()
        return await self.store.told_by(tenant, person)

    async def forget(self, owner: Owner, ids: Sequence[str]) -> Gone:
        """Forget items, from rows, vectors and caches."""
        gone = await self.store.forget(owner, ids)
        return await self._cleared(owner, len(gone))

    async def forget_all(self, owner: Owner) -> Gone:
        """Forget all of an owner, and learn nothing older than now again."""
        gone = await self.store.forget_all(owner)
        return await self._cleared(owner, gone)

    async def restore(self, owner: Owner, ended: str, instead: str) -> Gone:
        """Take a newer word back: what it superseded stands again."""
        await self.store.restore(owner, ended, instead)
        return await self._cleared(owner, 1)

    async def is_personal(self, owner: Owner) -> bool:
        """Whether what is remembered may shape plans and answers for this person."""
        noted = await self.store.owner(owner)
        return self.personal and (noted is None or not noted.is_off)

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something while the turn goes on; where it fails the log says so, and nobody waits."""
        task = asyncio.create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _cleared(self, owner: Owner, items: int) -> Gone:
        self.shelves.drop(owner)
        revision = (await self.store.revisions([owner])).get(owner, -1)
        if await self.index.level(owner, revision) and await self.index.scrub():
            return Gone(items)
        left = "vectors without text, until the index is there again" if not self.index.is_open else ""
        return Gone(items, tuple(filter(None, [left])))

    def _level(self, owner: Owner) -> None:
        """Bring the index level beside the turn; nobody waits for a vector."""
        self.beside(self._leveled(owner))

    async def _leveled(self, owner: Owner) -> None:
        revision = (await self.store.revisions([owner])).get(owner)
        if revision is not None:
            await self.index.level(owner, revision)

    async def settle(self) -> None:
        """Wait for what runs beside."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def tidy(self) -> int:
        """Drop what was kept for long enough, and condense old episodes; gives how many rows went."""
        gone = 0
        for owner in await self.store.owners():
            if count := await tidy(self.store, owner, self._clock(), self._days):
                gone += count
                await self._leveled(owner)
        return gone

    async def _sweep(self) -> None:
        tidied = -TIDY_S
        await asyncio.sleep(OPENS_AFTER_S)
        while True:
            try:
                if mended := await self.index.repair():
                    _log.info("index_repaired", collections=mended)
                now = asyncio.get_running_loop().time()
                if now - tidied >= TIDY_S:
                    tidied = now
                    _log.info("memory_tidied", rows=await self.tidy())
            except Exception as error:  # the next sweep tries again
                _log.warning("sweep_failed", kind=type(error).__name__)
            await asyncio.sleep(SWEEP_S)


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:
        _log.warning("memory_work_failed", kind=type(error).__name__)
