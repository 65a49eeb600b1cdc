"""Names that a person's systems use, learned in the background, so that a sentence is read with them at hand."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime, timedelta

from agent.interpretation import Directory
from core.clock import Clock, utc_now
from core.log import logger
from core.principal import Principal
from tools.registry import Registry

LIFE = timedelta(minutes=10)
PEOPLE_KEPT = 2_000
_log = logger("bot.names")


class Names:
    """A directory per person; a stale one is still given while it is learned anew."""

    def __init__(self, registry: Registry, clock: Clock = utc_now) -> None:
        self._registry = registry
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], tuple[datetime, Directory]] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, who: Principal) -> Directory:
        """The names known now."""
        key = (who.tenant, who.id)
        learned, names = self._known.get(key, (None, Directory()))
        if learned is None or self._clock() - learned > LIFE:
            self._keep(who, names)
            task = asyncio.create_task(self.learn(who))
            self._tasks.add(task)
            task.add_done_callback(self._ended)
        return names

    async def learn(self, who: Principal) -> None:
        """Ask the person's systems for their names."""
        self._keep(who, Directory(await self._registry.names(who)))

    async def drain(self) -> None:
        """Wait for what is being learned."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _keep(self, who: Principal, names: Directory) -> None:
        self._known[(who.tenant, who.id)] = (self._clock(), names)
        self._known.move_to_end((who.tenant, who.id))
        while len(self._known) > PEOPLE_KEPT:
            self._known.popitem(last=False)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.warning("names_unavailable", kind=type(error).__name__)
