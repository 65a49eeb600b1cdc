"""What stands around a message: the thread that the assistant was called into, and who reads along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.adapters.slack_payload import Caller
from bot.adapters.slack_people import SlackDirectory
from bot.adapters.slack_text import to_plain
from bot.adapters.slack_wire import SlackWire
from core.errors import AtomError
from core.log import logger

MESSAGES = 15
LONGEST = 6_000
SMALL = 50
_log = logger(__name__)


class SlackReader:
    """Reads with the bot's own token, which sees the channel that the asker wrote in, and no other."""

    def __init__(self, wire: SlackWire, directory: SlackDirectory) -> None:
        self._wire = wire
        self._directory = directory

    async def thread(self, caller: Caller, event: Mapping[str, Any]) -> str:
        """What was said in the thread before this message, one line for each: “name: words”. "" where it is closed."""
        params = {"channel": caller.place.channel, "ts": caller.place.thread, "latest": str(event.get("ts") or "")}
        try:
            answer = await self._wire.call(caller.client, "conversations.replies", **params, limit=MESSAGES)
        except AtomError as error:
            _log.info("slack_thread_not_read", cause=error.cause)
            return ""
        before = [one for one in answer.get("messages", ()) if one.get("ts") != event.get("ts")]
        lines = [await self._line(caller, one) for one in before[:MESSAGES]]
        return "\n".join(line for line in lines if line)[-LONGEST:]

    async def has_outsiders(self, caller: Caller) -> bool:
        """Whether guests or other organisations read along; a large channel, where it is not known, counts as so."""
        if caller.place.audience == "direct":
            return False
        team, channel = caller.place.team, caller.place.channel
        try:
            found = await self._directory.channel(caller.client, team, channel)
            if any(found.get(name) for name in ("is_ext_shared", "is_pending_ext_shared")) or found.get(
                "pending_shared"
            ):
                return True
            if int(found.get("num_members") or 0) > SMALL:
                return True
            members = await self._directory.members(caller.client, team, channel)
            return any([await self._directory.is_guest(caller.client, team, one) for one in members])
        except AtomError as error:
            _log.info("slack_audience_not_known", cause=error.cause)
            return True

    async def _line(self, caller: Caller, message: Mapping[str, Any]) -> str:
        user, text = str(message.get("user") or ""), str(message.get("text") or "")
        if user == caller.bot or not text:
            return ""
        who = await self.name(caller, user) if user else str(message.get("username") or "a bot")
        return f"{who}: {await self.plain(caller, text)}"

    async def name(self, caller: Caller, user: str) -> str:
        """The display name of a person."""
        return await self._directory.person_name(caller.client, caller.place.team, user)

    async def plain(self, caller: Caller, text: str) -> str:
        """A message's words, as people see them."""

        async def person(user: str) -> str:
            return await self.name(caller, user)

        async def channel(one: str) -> str:
            return await self._directory.channel_name(caller.client, caller.place.team, one)

        return await to_plain(text, caller.bot, person, channel)
