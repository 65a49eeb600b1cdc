"""Where an answer goes in Teams: the chat or thread, or the asker's private chat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bot.adapters.teams_past import Past
from bot.adapters.teams_reference import (
    Reference,
    References,
    card_key,
    person_key,
    recall,
    remember,
)
from bot.adapters.teams_stream import Stream
from bot.adapters.teams_transport import Transport
from bot.render.adaptive_card import CardMessage, to_card_messages, to_written, to_written_messages
from bot.render.teams_mark import marked, numbered, suggesting
from core.errors import Forbidden, NotFound, VendorError
from core.log import logger
from core.message import Reply

_log = logger(__name__)
_TYPING_S = 2.0
_PRIVATE = "I answered you in our private chat."
_UNREACHABLE = (
    "I have an answer for you alone, but Teams does not let me write to you in private. "
    "Add me to your own apps in Teams, then ask me again."
)
_MOVED = "This was decided; the answer is in the private chat."


@dataclass
class TeamsSink:
    """The sink of one turn at `place`; `person` is the asker's principal id in `tenant`.

    `asked` is the id of the message that is answered, "" where none is; `stream` shows the answer as it grows.
    """

    transport: Transport
    references: References
    place: Reference
    tenant: str
    person: str
    asked: str = ""
    pressed: dict[str, str] = field(default_factory=dict)
    """The pressed button's target, and the id of the message that the button stands in."""
    stream: Stream | None = None
    _has_begun: bool = False
    _has_pointed: bool = False

    async def status(self, text: str) -> None:
        """Show that something is being written; what exactly, in a private chat and where it takes a while."""
        if not text:
            return
        if self.stream and self._has_begun:
            await self.stream.inform(text)
            return
        self._has_begun = True
        with suppress(VendorError, TimeoutError):
            async with asyncio.timeout(_TYPING_S):
                await self.transport.send(self.place, {"type": "typing"})

    async def draft(self, text: str) -> None:
        """Show the answer as it grows in a private chat; elsewhere that one is being written."""
        if self.stream:
            await self.stream.write(to_written(numbered(Reply.of_text(text))))
        elif not self._has_begun:
            await self.status(text)

    async def send(self, reply: Reply, prompts: Sequence[str] = ()) -> None:
        """Post a reply in the thread; a private one goes to the asker's own chat. `prompts` can be said by a click."""
        if reply.is_private and not self.place.is_personal:
            await self._send_privately(reply)
            return
        messages = list(self._messages(reply))
        if prompts and self.place.is_personal:
            messages[-1] = messages[-1].but(suggesting(messages[-1].activity, prompts, self.place.user))
        if self.stream and self.stream.is_open:
            messages = await self._finish(self.stream, reply, messages)
        await self._post(self.place, messages)

    async def settle(self, approval: str, reply: Reply) -> None:
        """Put the reply in the place of the plan's card; where that cannot be, post it."""
        await Past(self.references).settled(self.tenant, self.place.conversation, approval)
        card = await self._card(approval)
        if card is None:
            await self.send(reply)
            return
        is_moved = reply.is_private and not card.is_personal
        shown = Reply.of_text(_MOVED) if is_moved else reply
        first, *rest = self._messages(shown)
        try:
            await self.transport.update(card, card.activity, first.activity)
        except VendorError as error:
            _log.warning("teams.card_lost", cause=error.cause)
            await self.send(reply)
            return
        await self._keep(card, first, card.activity)
        await self._post(card, rest)
        if is_moved:
            await self.send(reply)

    async def show(self, message: CardMessage) -> None:
        """Post a card to the person alone."""
        if self.place.is_personal:
            await self._post(self.place, [message])
        else:
            await self._post_privately([message])

    # --- what is posted, and kept about it

    def _messages(self, reply: Reply) -> tuple[CardMessage, ...]:
        shown = numbered(reply) if reply.is_generated else reply
        *first, last = to_card_messages(shown)
        return (*first, last.but(marked(last.activity, reply, has_thumbs=bool(self.asked))))

    async def _finish(self, stream: Stream, reply: Reply, messages: list[CardMessage]) -> list[CardMessage]:
        """Put the first message in the place of the stream; gives those that are still to be posted."""
        shown = numbered(reply) if reply.is_generated else reply
        first, *rest = to_written_messages(shown)
        ending = first if rest else first.but(marked(first.activity, reply, has_thumbs=bool(self.asked)))
        try:
            activity_id = await stream.finish(ending.activity)
        except VendorError as error:
            _log.info("teams.stream_refused", cause=error.cause)
            return messages
        await self._keep(self.place, ending, activity_id)
        return list(rest)

    async def _card(self, approval: str) -> Reference | None:
        known = await recall(self.references, self.tenant, card_key(approval))
        if known is None and self.pressed.get(approval):
            return self.place.model_copy(update={"activity": self.pressed[approval]})
        return known

    async def _post(self, place: Reference, messages: Sequence[CardMessage]) -> None:
        for message in messages:
            activity_id = await self.transport.send(place, message.activity)
            await self._keep(place, message, activity_id)

    async def _keep(self, place: Reference, message: CardMessage, activity_id: str) -> None:
        for approval in message.approvals:
            card = place.model_copy(update={"activity": activity_id})
            await remember(self.references, self.tenant, card_key(approval), card)
        if self.asked:
            await Past(self.references).answered(
                self.tenant, self.place.conversation, self.asked, activity_id, message.approvals
            )

    async def _send_privately(self, reply: Reply) -> None:
        try:
            await self._post_privately(self._messages(reply))
        except (Forbidden, NotFound) as error:
            _log.warning("teams.private_refused", cause=error.cause)
            await self._post(self.place, to_card_messages(Reply.of_text(_UNREACHABLE)))
            return
        if not self._has_pointed:
            self._has_pointed = True
            await self._post(self.place, to_card_messages(Reply.of_text(_PRIVATE)))

    async def _post_privately(self, messages: Sequence[CardMessage]) -> None:
        known = await recall(self.references, self.tenant, person_key(self.person))
        if known is not None and known.conversation:
            with suppress(NotFound):
                await self._post(known, messages)
                return
        chat = await open_chat(self.transport, self.references, self.tenant, self.person, self.place)
        await self._post(chat, messages)


async def open_chat(
    transport: Transport, references: References, tenant: str, person: str, place: Reference
) -> Reference:
    """The private chat with the person of `place`, opened and remembered."""
    conversation = await transport.open(place)
    chat = place.model_copy(update={"conversation": conversation, "is_personal": True, "activity": ""})
    await remember(references, tenant, person_key(person), chat)
    return chat
