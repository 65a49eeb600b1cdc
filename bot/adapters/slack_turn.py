"""The work after the acknowledgement: each message and press in a task of its own that ends in an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from bot.adapters.slack_payload import Caller, Card
from bot.adapters.slack_people import SlackDirectory
from bot.adapters.slack_sink import Cards, Places, SlackSink, place_key
from bot.adapters.slack_text import to_plain
from bot.adapters.slack_wire import SlackWire
from bot.assistant import Assistant
from bot.render.block_kit import Choice
from core.clock import Clock
from core.errors import AtomError
from core.log import logger
from core.message import Failure, Message, Press, PressAction, Reply
from core.principal import Principal

_log = logger(__name__)
_BROKEN = Failure(
    text="Something went wrong on my side.",
    next_step="Check what is already done before you ask again.",
)


class SlackTurns:
    """Hands messages and presses to the assistant; whatever fails there becomes a sentence for the person."""

    def __init__(
        self,
        assistant: Assistant,
        wire: SlackWire,
        cards: Cards,
        places: Places,
        tenant_of: Callable[[str, str], str],
        clock: Clock,
    ) -> None:
        self._assistant = assistant
        self._wire = wire
        self._cards = cards
        self._places = places
        self._tenant_of = tenant_of
        self._directory = SlackDirectory(wire, clock=clock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._order: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def hear(self, caller: Caller, text: str, key: str, sent_at: datetime) -> None:
        """Begin to work on a message."""
        sink = self.sink(caller)
        self._begin(self._hear(caller, text, key, sent_at, sink), sink)

    def press(self, caller: Caller, key: str, action: PressAction, choice: Choice, card: Card, at: datetime) -> None:
        """Begin to work on a button."""
        sink = self.sink(caller, (choice.target, card))
        self._begin(self._press(caller, key, action, choice, at, sink), sink)

    def tell(self, caller: Caller, error: BaseException) -> None:
        """Say what went wrong, to the person alone."""
        self._begin(_tell(self.sink(caller), error), None)

    def begin(self, caller: Caller, work: Coroutine[Any, Any, None]) -> None:
        """Begin other work for a person; a failure of it is told to them."""
        self._begin(work, self.sink(caller))

    async def drain(self) -> None:
        """Wait until everything begun is answered."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def abandon(self) -> None:
        """Stop what is still going on, and wait until it has stopped."""
        if self._tasks:
            _log.warning("slack_work_abandoned", tasks=len(self._tasks))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def sink(self, caller: Caller, pressed: tuple[str, Card] | None = None) -> SlackSink:
        """Where answers to `caller` go; `pressed` as the sink takes it."""
        return SlackSink(self._wire, self._cards, caller, pressed)

    def _begin(self, work: Coroutine[Any, Any, None], sink: SlackSink | None) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._end(done, sink))

    def _end(self, task: asyncio.Task[None], sink: SlackSink | None) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        if not isinstance(error, AtomError):
            _log.error("slack_turn_broke", error=type(error).__name__, exc_info=error)
        if sink:
            self._begin(_tell(sink, error), None)

    async def _hear(self, caller: Caller, text: str, key: str, sent_at: datetime, sink: SlackSink) -> None:
        # Quick follow-ups reach the assistant in the order they were written.
        async with self._order.setdefault(caller.place.key, asyncio.Lock()):
            author = await self._known(caller)
            plain = await self._plain(caller, text)
        message = Message(
            id=key,
            platform="slack",
            conversation=caller.place.channel,
            thread=caller.place.thread,
            audience=caller.place.audience,
            author=author,
            text=plain,
            sent_at=sent_at,
        )
        await self._assistant.hear(message, sink)

    async def _press(
        self, caller: Caller, key: str, action: PressAction, choice: Choice, at: datetime, sink: SlackSink
    ) -> None:
        press = Press(
            id=key,
            platform="slack",
            conversation=caller.place.channel,
            thread=caller.place.thread,
            audience=caller.place.audience,
            by=await self._known(caller),
            action=action,
            target=choice.target,
            value=choice.value,
            pressed_at=at,
        )
        await self._assistant.press(press, sink)

    async def _known(self, caller: Caller) -> Principal:
        """Who the caller is; how to reach them here is remembered on the way."""
        place = caller.place
        tenant = self._tenant_of("slack", place.team)
        person = await self._directory.principal(caller.client, place.team, tenant, caller.user)
        value = {"team": place.team, "user": caller.user}
        for key in (place_key(tenant, place.channel, place.thread, person.id), place_key(tenant, "", "", person.id)):
            if await self._places.find(key) != value:
                await self._places.keep(key, value)
        return person

    async def _plain(self, caller: Caller, text: str) -> str:
        async def person(user: str) -> str:
            return await self._directory.person_name(caller.client, caller.place.team, user)

        async def channel(one: str) -> str:
            return await self._directory.channel_name(caller.client, caller.place.team, one)

        return await to_plain(text, caller.bot, person, channel)


async def _tell(sink: SlackSink, error: BaseException) -> None:
    failure = _BROKEN
    if isinstance(error, AtomError):
        failure = Failure(text=error.message, next_step=error.next_step)
    try:
        await sink.send(Reply(parts=(failure,), is_private=True))
    except AtomError as lost:
        _log.error("slack_answer_lost", error=type(lost).__name__, cause=lost.cause)
