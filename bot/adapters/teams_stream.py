"""An answer shown in Teams while it is being written; only private chats have that.

Teams takes one update a second, each holding all that came before, and ends a stream by itself after two minutes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from bot.adapters.teams_reference import Reference
from bot.adapters.teams_transport import JSON, Transport
from core.errors import VendorError
from core.log import logger

EVERY_S = 1.0
_TYPING_S = 2.0
_log = logger(__name__)


class Stream:
    """The stream of one turn; what Teams refuses ends it, and the answer then comes as any other message."""

    def __init__(
        self,
        transport: Transport,
        place: Reference,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._transport = transport
        self._place = place
        self._now = now
        self._sleep = sleep
        self._number = 0
        self._sent_at = float("-inf")
        self._is_writing = False
        self._is_over = False
        self.id = ""

    @property
    def is_open(self) -> bool:
        """Whether a stream began and is to be ended by a message."""
        return bool(self.id) and not self._is_over

    async def inform(self, text: str) -> None:
        """Show what is being done, until the first words of the answer come."""
        if not self._is_writing:
            await self._show(text, "informative")

    async def write(self, text: str) -> None:
        """Show the answer so far."""
        if text.strip():
            self._is_writing = await self._show(text, "streaming") or self._is_writing

    async def finish(self, activity: JSON) -> str:
        """Put the message in the stream's place; its id.

        Raises:
            VendorError: Teams does not take it; the stream is over.
        """
        await self._sleep(max(0.0, self._sent_at + EVERY_S - self._now()))
        self._is_over = True  # whatever comes of it, this stream takes no more
        info = {"type": "streaminfo", "streamId": self.id, "streamType": "final"}
        final = {**activity, "entities": [*activity.get("entities", ()), info]}
        return await self._transport.send(self._place, final) or self.id

    async def _show(self, text: str, kind: Literal["informative", "streaming"]) -> bool:
        if self._is_over or self._now() - self._sent_at < EVERY_S:
            return False
        self._number += 1
        info: JSON = {"type": "streaminfo", "streamType": kind, "streamSequence": self._number}
        if self.id:
            info["streamId"] = self.id
        try:
            async with asyncio.timeout(_TYPING_S):
                sent = await self._transport.send(self._place, {"type": "typing", "text": text, "entities": [info]})
        except TimeoutError:
            return False
        except VendorError as error:
            _log.info("teams.stream_refused", error=type(error).__name__)
            self._is_over = True
            return False
        self.id = self.id or sent
        self._sent_at = self._now()
        return True
