"""The work after the acknowledgement: each message and press ends in an answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any

from bot.adapters.slack_file import attachments
from bot.adapters.slack_payload import Caller, Card
from bot.adapters.slack_people import SlackDirectory
from bot.adapters.slack_reader import SlackReader
from bot.adapters.slack_sink import Cards, Places, SlackSink, place_key
from bot.adapters.slack_wire import SlackWire
from bot.assistant import Assistant
from bot.render.block_kit import Choice, to_home
from core.clock import Clock
from core.errors import AtomError, StorageUnavailable
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
        self.reader = SlackReader(wire, self._directory)

    async def hear(
        self,
        caller: Caller,
        text: str,
        key: str,
        sent_at: datetime,
        event: Mapping[str, Any] | None = None,
        *,
        reads_thread: bool = False,
        about: str = "",
    ) -> None:
        """Work on a message; `reads_thread` takes in what was said in its thread before."""
        sink = self.sink(caller, asked=key)
        await self._guarded(caller, self._hear(caller, text, key, sent_at, sink, event or {}, reads_thread, about))

    async def press(
        self, caller: Caller, key: str, action: PressAction, choice: Choice, card: Card | None, at: datetime
    ) -> None:
        """Work on a button."""
        sink = self.sink(caller, (choice.target, card) if card else None)
        await self._guarded(caller, self._press(caller, key, action, choice, at, sink))

    async def take_back(self, caller: Caller, asked: str, at: datetime) -> bool:
        """Cancel the plan that still waits because of a message; false where none does."""
        noted = await self.noted(f"asked:{asked}")
        if not noted or not noted.get("approval"):
            return False
        try:
            await self._assistant.form(noted["approval"], await self.known(caller))
        except AtomError:
            return False
        choice = Choice(target=noted["approval"])
        await self.press(caller, f"{asked}:{at.timestamp()}", "reject", choice, None, at)
        return True

    async def was_heard(self, caller: Caller, asked: str) -> bool:
        """Whether a message was worked on."""
        return await self.noted(f"asked:{asked}") is not None

    async def publish(self, caller: Caller) -> None:
        """Show the person their home."""
        await self._guarded(caller, self._publish(caller))

    async def _publish(self, caller: Caller) -> None:
        view = to_home(await self._assistant.home(await self.known(caller)))
        await self._wire.call(caller.client, "views.publish", user_id=caller.user, view=view)

    async def note(self, key: str, value: dict[str, str]) -> None:
        """Keep a small fact about a message of Slack."""
        await self._places.keep(key, value)

    async def noted(self, key: str) -> dict[str, str] | None:
        """What was kept under the key, or None."""
        return await self._places.find(key)

    async def say(self, caller: Caller, reply: Reply) -> None:
        """Say something to the person."""
        await self._guarded(caller, self.sink(caller).send(reply))

    async def tell(self, caller: Caller, error: BaseException) -> None:
        """Say what went wrong, to the person alone."""
        await _tell(self.sink(caller), error)

    def sink(self, caller: Caller, pressed: tuple[str, Card] | None = None, asked: str = "") -> SlackSink:
        """Where answers to `caller` go; `pressed` and `asked` as the sink takes them."""
        return SlackSink(self._wire, self._cards, self._places, caller, pressed, asked)

    async def _guarded(self, caller: Caller, work: Coroutine[Any, Any, None]) -> None:
        """Do the work; what stops it is told, unless it is our own storage: then it is worth another attempt."""
        try:
            await work
        except StorageUnavailable:
            raise
        except AtomError as error:
            await self.tell(caller, error)
        except Exception as error:
            _log.error("slack_turn_broke", error=type(error).__name__, exc_info=error)
            await self.tell(caller, error)

    async def _hear(
        self,
        caller: Caller,
        text: str,
        key: str,
        sent_at: datetime,
        sink: SlackSink,
        event: Mapping[str, Any],
        reads_thread: bool,
        about: str,
    ) -> None:
        author = await self.known(caller)
        plain = await self.reader.plain(caller, text)
        message = Message(
            id=key,
            platform="slack",
            conversation=caller.place.channel,
            thread=caller.place.thread,
            audience=caller.place.audience,
            author=author,
            text=plain,
            sent_at=sent_at,
            about=about or (await self.reader.thread(caller, event) if reads_thread else ""),
            files=attachments(event),
            has_outsiders=await self.reader.has_outsiders(caller),
        )
        await self.note(f"asked:{key}", {})
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
            by=await self.known(caller),
            action=action,
            target=choice.target,
            value=choice.value,
            pressed_at=at,
        )
        await self._assistant.press(press, sink)

    async def known(self, caller: Caller) -> Principal:
        """Who the caller is; how to reach them here is remembered on the way."""
        place = caller.place
        tenant = self._tenant_of("slack", place.team)
        person = await self._directory.principal(caller.client, place.team, tenant, caller.user)
        value = {"team": place.team, "user": caller.user}
        for key in (place_key(tenant, place.channel, place.thread, person.id), place_key(tenant, "", "", person.id)):
            if await self._places.find(key) != value:
                await self._places.keep(key, value)
        return person


async def _tell(sink: SlackSink, error: BaseException) -> None:
    failure = _BROKEN
    if isinstance(error, AtomError):
        failure = Failure(text=error.message, next_step=error.next_step)
    try:
        await sink.send(Reply(parts=(failure,), is_private=True))
    except AtomError as lost:
        _log.error("slack_answer_lost", error=type(lost).__name__, cause=lost.cause)
