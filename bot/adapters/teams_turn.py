"""The work behind what Teams posts: messages, their edits, buttons, coming and going. Each ends in an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from bot.adapters.teams_activity import PRESSED, RATED, WISHED, Activity, Deed, to_message, to_press, to_wish
from bot.adapters.teams_past import Past
from bot.adapters.teams_reference import (
    Deliveries,
    Reference,
    References,
    directory_key,
    person_key,
    recall,
    remember,
    thread_key,
)
from bot.adapters.teams_roster import Roster, TenantOf
from bot.adapters.teams_sink import TeamsSink, open_chat
from bot.adapters.teams_stream import Stream
from bot.adapters.teams_transport import Transport
from bot.assistant import Assistant
from bot.render.adaptive_card import CardMessage
from bot.render.card_form import attached, form_card
from core.clock import Clock
from core.errors import AtomError, NotFound
from core.log import logger
from core.message import Failure, Reply
from core.principal import Principal

_log = logger(__name__)
_GREETING = (
    "Hello, I am ATOM. Tell me in your own words what should be done in the systems you work with: "
    "I show you what I am about to do, do it when you approve, and prove that it was done."
)
_BROKEN = Failure(
    text="Something broke inside me, and I stopped there.",
    next_step="Check what was done before you ask me again; an administrator finds the cause in the log.",
)
_WORKED_ON = (
    "You changed a message that I have already worked on, so I did nothing more. "
    "Send it as a new message if you want that done too."
)
_NOTHING_TO_EDIT = Failure(
    text="Nothing in this plan can be changed by a form.", next_step="Say it once more, in the words you want."
)
_HOME = "home"
_EMPTY_HOME = "There is nothing between us yet. Tell me what you want done."


class Turns:
    """Does the work of one activity."""

    def __init__(
        self,
        assistant: Assistant,
        transport: Transport,
        deliveries: Deliveries,
        references: References,
        tenant_of: TenantOf,
        clock: Clock,
    ) -> None:
        self._assistant = assistant
        self._transport = transport
        self._deliveries = deliveries
        self._references = references
        self._tenant_of = tenant_of
        self._clock = clock
        self._past = Past(references)
        self._roster = Roster(transport, tenant_of, clock)

    async def answer(self, activity: Activity, *, is_first: bool = True) -> None:
        """Do what there is to do; whatever stops it ends in a message. `is_first` where its message was not known."""
        work = self.hear(activity) if activity.is_edit and is_first else self._work(activity)
        if work is None:
            return
        error = (await asyncio.gather(work, return_exceptions=True))[0]
        if isinstance(error, asyncio.CancelledError):
            raise error
        if isinstance(error, Exception):
            await self.excuse(activity, error)

    def _work(self, activity: Activity) -> Coroutine[Any, Any, None] | None:
        if activity.is_install:
            return self.greet(activity)
        if activity.is_uninstall:
            return self.leave(activity)
        works = {
            "message": self.hear,
            "messageUpdate": self.change,
            "messageDelete": self.take_back,
            RATED: self.rate,
            WISHED: self.wish,
        }
        if activity.name == PRESSED and activity.deed:
            return self.press(activity, activity.deed)
        work = works.get(activity.name if activity.type == "invoke" else activity.type)
        return work(activity) if work else None

    async def excuse(self, activity: Activity, error: Exception) -> None:
        """Say what stopped the work."""
        if isinstance(error, AtomError):
            _log.warning("teams.failed", error=type(error).__name__, cause=error.cause)
            failure = Failure(text=error.message, next_step=error.next_step)
        else:
            _log.error("teams.broken", error=type(error).__name__, exc_info=error)
            failure = _BROKEN
        try:
            await self.sink(await self._spoken_to(activity)).send(Reply(parts=(failure,)))
        except AtomError as lost:
            _log.error("teams.undelivered", cause=lost.cause)

    # --- messages

    async def hear(self, activity: Activity) -> None:
        """A message: a button of an older client, or something to work on."""
        deed = activity.deed
        if deed is not None:
            await self.press(activity, deed)
        else:
            await self._work_on(activity)

    async def change(self, activity: Activity) -> None:
        """A message was edited: it is asked anew while its plan waits, and never worked on twice."""
        tenant = self._tenant_of("teams", activity.directory)
        before = await self._past.of_message(tenant, activity.conversation.id, activity.id)
        if before is not None and before.approvals:
            await self._work_on(activity, activity.event)
            return
        author = await self.author(activity)
        await self.sink(activity.reference, author.tenant, author.id).send(Reply.of_text(_WORKED_ON))

    async def take_back(self, activity: Activity) -> None:
        """A message was deleted: what waits for approval because of it is cancelled, what was done stays done."""
        tenant = self._tenant_of("teams", activity.directory)
        before = await self._past.of_message(tenant, activity.conversation.id, activity.id)
        for approval in before.approvals if before else ():
            author = await self.author(activity)
            sink = self.sink(activity.reference, author.tenant, author.id)
            deed = Deed(action="reject", target=approval)
            await self._assistant.press(to_press(activity, deed, author, self._clock), sink)

    async def _work_on(self, activity: Activity, event: str = "") -> None:
        author = await self.author(activity)
        sink = self.sink(activity.reference, author.tenant, author.id, asked=activity.id)
        if activity.said.lower() == _HOME and not activity.files:
            await self.home(author, sink)
            return
        mixed = not activity.is_personal and await self._roster.has_outsiders(activity)
        message = to_message(activity, author, self._clock, has_outsiders=mixed)
        await self._assistant.hear(message.model_copy(update={"id": event}) if event else message, sink)

    async def wish(self, activity: Activity) -> None:
        """Something to do with a message that somebody wrote elsewhere; the answer goes to the private chat."""
        author = await self.author(activity)
        chat = await self.private_chat(author, activity.reference)
        wished = to_wish(activity, author, chat.conversation, self._clock)
        await self._assistant.hear(wished, self.sink(chat, author.tenant, author.id, asked=activity.id))

    async def home(self, who: Principal, sink: TeamsSink) -> None:
        """What stands between this person and the assistant."""
        reply = await self._assistant.home(who)
        shown = reply if reply.parts else Reply(parts=Reply.of_text(_EMPTY_HOME).parts, is_private=True)
        await sink.send(shown, await self._assistant.prompts(who))

    # --- buttons

    async def press(self, activity: Activity, deed: Deed) -> None:
        """A button; one that only opens a form shows it."""
        author = await self.author(activity)
        sink = self.sink(activity.reference, author.tenant, author.id, pressed={deed.target: activity.reply_to_id})
        if deed.is_opening:
            await sink.show(CardMessage(_message(attached(await self.form(author, deed)))))
            return
        await self._assistant.press(to_press(activity, deed, author, self._clock), sink)

    async def form(self, author: Principal, deed: Deed) -> dict[str, Any]:
        """The card in which a plan is changed.

        Raises:
            AtomError: the plan is not this person's, is decided or gone, or nothing in it can be changed.
        """
        fields = await self._assistant.form(deed.target, author)
        if not fields:
            raise NotFound(_NOTHING_TO_EDIT.text, next_step=_NOTHING_TO_EDIT.next_step)
        return form_card(deed.target, fields)

    async def rate(self, activity: Activity) -> None:
        """Thumbs under an answer; Teams itself says thank you."""
        tenant = self._tenant_of("teams", activity.directory)
        rated = await self._past.of_answer(tenant, activity.conversation.id, activity.reply_to_id)
        if rated is None:
            _log.info("teams.rated_unknown")
            return
        author = await self.author(activity)
        press = to_press(activity, Deed(action="rate", target=rated.id, value=activity.verdict), author, self._clock)
        await self._assistant.press(press, self.sink(activity.reference, author.tenant, author.id))

    # --- coming and going

    async def greet(self, activity: Activity) -> None:
        """Say hello once to each conversation, with sentences to begin with, and remember how to reach it."""
        tenant, prompts = self._tenant_of("teams", activity.directory), tuple[str, ...]()
        sink = self.sink(activity.reference, tenant)
        if activity.is_personal and not activity.is_by_bot:
            author = await self.author(activity)
            tenant, prompts = author.tenant, await self._assistant.prompts(author)
            sink = self.sink(activity.reference, tenant, author.id)
        else:
            await remember(self._references, tenant, thread_key(activity.place, ""), activity.reference)
        left = await self._references.load(tenant, _left_key(activity.place)) or {}
        if await self._deliveries.first(tenant, "teams", f"{activity.conversation.id}/hello{left.get('id', '')}"):
            await sink.send(Reply.of_text(_GREETING), prompts)

    async def leave(self, activity: Activity) -> None:
        """Forget how to reach a conversation that the app was taken out of; there is nobody left to tell."""
        tenant = self._tenant_of("teams", activity.directory)
        await self._references.store(tenant, _left_key(activity.place), {"id": activity.id})
        await self._references.drop(tenant, thread_key(activity.place, activity.thread))
        known = await self._references.load(tenant, directory_key(activity.sender.aad_object_id))
        if activity.is_personal and known:
            await self._references.drop(tenant, person_key(known["person"]))

    def changed(self, activity: Activity) -> None:
        """Who takes part in a conversation changed."""
        self._roster.forget(activity)

    # --- who and where

    async def author(self, activity: Activity) -> Principal:
        """Whoever sent it; how to reach them and the conversation is remembered on the way."""
        author = await self._roster.author(activity)
        place = activity.reference
        await remember(self._references, author.tenant, thread_key(activity.place, activity.thread), place)
        if activity.sender.aad_object_id:
            key, known = directory_key(activity.sender.aad_object_id), {"person": author.id, "name": author.name}
            if await self._references.load(author.tenant, key) != known:
                await self._references.store(author.tenant, key, known)
        key = person_key(author.id)
        if activity.is_personal:
            await remember(self._references, author.tenant, key, place)
        elif await self._references.load(author.tenant, key) is None:
            unopened = place.model_copy(update={"conversation": "", "is_personal": True})
            await remember(self._references, author.tenant, key, unopened)
        return author

    async def _spoken_to(self, activity: Activity) -> Reference:
        """Where a word to the sender belongs: where they wrote, or in private where the assistant is no member."""
        if activity.name != WISHED:
            return activity.reference
        author = await self.author(activity)
        return await self.private_chat(author, activity.reference)

    async def private_chat(self, author: Principal, place: Reference) -> Reference:
        """The person's own chat with the assistant, opened where it is not.

        Raises:
            VendorError: Teams does not open it, as where the person has not added the app.
        """
        known = await recall(self._references, author.tenant, person_key(author.id))
        if known is not None and known.conversation:
            return known
        return await open_chat(self._transport, self._references, author.tenant, author.id, place)

    def sink(
        self,
        place: Reference,
        tenant: str = "",
        person: str = "",
        *,
        asked: str = "",
        pressed: dict[str, str] | None = None,
    ) -> TeamsSink:
        """Where an answer goes; that to a message in a private chat is shown as it grows."""
        stream = Stream(self._transport, place) if asked and place.is_personal else None
        return TeamsSink(self._transport, self._references, place, tenant, person, asked, pressed or {}, stream)

    async def is_addressed(self, activity: Activity, tenant: str) -> bool:
        """Whether it is meant for the assistant: alone with it, by mention, or in a thread it joined."""
        if activity.is_personal or activity.is_mention or activity.deed:
            return True
        if not activity.thread:
            return False
        return await self._references.load(tenant, thread_key(activity.place, activity.thread)) is not None


def _left_key(place: str) -> str:
    return f"teams:left:{place}"


def _message(attachment: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "summary": "Change the plan", "attachments": [attachment]}
