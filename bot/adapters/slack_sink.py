"""Where an answer goes in Slack."""

from __future__ import annotations

from typing import Protocol

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.adapters.slack_payload import Caller, Card
from bot.adapters.slack_wire import SlackWire
from bot.render.block_kit import Post, to_posts
from core.errors import AtomError, Rejected
from core.log import logger
from core.message import Connect, Reply

_log = logger(__name__)
_CARDS_KEPT = 10_000
_ANSWERED_PRIVATELY = Reply.of_text("Answered privately.")


class Cards(Protocol):
    """Remembers in which message the buttons of an approval stand."""

    async def keep(self, approval: str, channel: str, ts: str) -> None:
        """Remember the message of `approval`."""

    async def find(self, approval: str) -> tuple[str, str] | None:
        """Channel and ts of the message, or None when it is not known."""


class MemoryCards:
    """Cards of this process; after a restart the pressed message itself says where it stands."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, str]] = {}

    async def keep(self, approval: str, channel: str, ts: str) -> None:
        """Remember the message of `approval`, forgetting the oldest beyond 10,000."""
        self._kept[approval] = (channel, ts)
        if len(self._kept) > _CARDS_KEPT:
            del self._kept[next(iter(self._kept))]

    async def find(self, approval: str) -> tuple[str, str] | None:
        """Channel and ts of the message, or None when it is not known."""
        return self._kept.get(approval)


class Places(Protocol):
    """Remembers how a person is reached where they spoke, over restarts."""

    async def keep(self, key: str, value: dict[str, str]) -> None:
        """Keep `value` under the key, in place of what was there."""

    async def find(self, key: str) -> dict[str, str] | None:
        """What was kept under the key, or None."""


class MemoryPlaces:
    """Places of this process, forgetting the oldest beyond 10,000."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, str]] = {}

    async def keep(self, key: str, value: dict[str, str]) -> None:
        """Keep `value` under the key."""
        self._kept[key] = value
        if len(self._kept) > _CARDS_KEPT:
            del self._kept[next(iter(self._kept))]

    async def find(self, key: str) -> dict[str, str] | None:
        """What was kept under the key, or None."""
        return self._kept.get(key)


def place_key(tenant: str, conversation: str, thread: str, person: str) -> str:
    """Names a person in a thread of a tenant; `person` is their principal's id."""
    return f"{tenant}:{conversation}:{thread}:{person}"


class SlackSink:
    """Answers a caller where they are.

    `pressed` is what a pressed button is about and the message it stands in, `asked` names the message answered.
    """

    def __init__(
        self,
        wire: SlackWire,
        cards: Cards,
        places: Places,
        caller: Caller,
        pressed: tuple[str, Card] | None = None,
        asked: str = "",
    ) -> None:
        self._wire = wire
        self._cards = cards
        self._places = places
        self._asked = asked
        self._client = caller.client
        self._user = caller.user
        self._place = caller.place
        self._pressed = pressed

    async def status(self, text: str) -> None:
        """Shown under the thread of a direct message; a channel is not troubled with it."""
        if self._place.audience != "direct" or not self._place.thread:
            return
        params = {"channel_id": self._place.channel, "thread_ts": self._place.thread}
        try:
            await self._wire.call(self._client, "assistant.threads.setStatus", **params, status=text)
        except AtomError:
            _log.info("slack_status_not_shown", channel=self._place.channel)

    async def draft(self, text: str) -> None:
        """Nothing yet: only the finished answer is shown."""

    async def send(self, reply: Reply) -> None:
        """Post a reply; a private one, and any invitation to connect, reaches the asker alone."""
        for one in _by_audience(reply):
            for post in to_posts(one, self._place.origin):
                await self._send(post, is_private=one.is_private)

    async def send_once(self, key: str, reply: Reply, *, is_again: bool) -> None:
        """Post a reply in a private chat under a key; what `is_again` posted is looked for there first."""
        for number, post in enumerate(to_posts(reply, self._place.origin)):
            mark = f"{key}-{number}"
            await self._wire.post(self._client, self._place.channel, self._place.thread, post, mark, is_again=is_again)

    async def settle(self, approval: str, reply: Reply) -> None:
        """Replace the card of a plan; where it is gone, post the reply."""
        posts = to_posts(reply, self._place.origin)
        card = await self._card(approval)
        is_leak = reply.is_private and self._place.audience == "channel" and not (card and card.response_url)
        if card and is_leak:
            await self._replace(card, to_posts(_ANSWERED_PRIVATELY)[0])
        elif card and posts and await self._replace(card, posts[0]):
            posts = posts[1:]
        for post in posts:
            await self._send(post, is_private=reply.is_private)

    async def _card(self, approval: str) -> Card | None:
        if self._pressed and self._pressed[0] == approval:
            return self._pressed[1]
        found = await self._cards.find(approval)
        return Card(*found) if found else None

    async def _replace(self, card: Card, post: Post) -> bool:
        try:
            if card.response_url:
                return await self._replace_whisper(card.response_url, post)
            await self._wire.update(self._client, card.channel, card.ts, post)
        except Rejected:
            return False
        return True

    async def _replace_whisper(self, url: str, post: Post) -> bool:
        webhook = AsyncWebhookClient(url, session=self._client.session, proxy=self._client.proxy)
        try:
            answer = await webhook.send(text=post.text, blocks=list(post.blocks), replace_original=True)
        except (ClientError, TimeoutError, SlackApiError) as error:
            _log.warning("slack_call_failed", method="response_url", error=type(error).__name__)
            return False
        return answer.status_code == 200

    async def _send(self, post: Post, *, is_private: bool) -> None:
        place = self._place
        try:
            if is_private and place.audience == "channel":
                await self._wire.whisper(self._client, place.channel, place.thread, self._user, post)
                if post.approval and self._asked:
                    await self._places.keep(f"asked:{self._asked}", {"approval": post.approval})
                return
            channel, ts = await self._wire.post(self._client, place.channel, place.thread, post)
        except Rejected:
            if place.audience == "direct":
                raise
            # The channel is closed to us: the asker still gets the answer.
            channel, ts = await self._wire.post(self._client, self._user, "", post)
        if post.approval:
            await self._keep(post.approval, channel, ts)

    async def _keep(self, approval: str, channel: str, ts: str) -> None:
        """Note where the plan stands, and which message it answers."""
        await self._cards.keep(approval, channel, ts)
        if self._asked:
            await self._places.keep(f"asked:{self._asked}", {"approval": approval})


def _by_audience(reply: Reply) -> list[Reply]:
    """The reply without its invitations, and these by themselves."""
    invitations = tuple(part for part in reply.parts if isinstance(part, Connect))
    rest = tuple(part for part in reply.parts if not isinstance(part, Connect))
    if reply.is_private or not invitations:
        return [reply]
    return [Reply(parts=rest), Reply(parts=invitations, is_private=True)]
