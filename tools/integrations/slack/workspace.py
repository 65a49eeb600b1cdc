"""Reading a workspace: conversations, messages, people, and what the words of a person point at there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.errors import Ambiguous, Candidate, NotFound, Rejected, Unresolved
from core.records import Message, Person
from tools.integrations.slack.mapping import moment, to_message, to_person
from tools.integrations.slack.phrase import LINK, STAMP, is_id, meant, near
from tools.kit.http import Http
from tools.kit.paging import by_cursor, take

CURSOR = ("response_metadata.next_cursor", "cursor")
NOTICES = ("channel_join", "channel_leave", "channel_topic", "channel_purpose", "channel_name", "tombstone")
ALONE = ("me", "my", "myself", "i")
LOOKED_AT, THREADS_LOOKED_AT, MOST_PEOPLE = 100, 5, 20_000


class Workspace:
    """A workspace as the owner of a token sees it; `zone` is the one their times are told in."""

    def __init__(self, http: Http, zone: ZoneInfo) -> None:
        self.http = http
        self.zone = zone

    @property
    def me(self) -> str:
        """The id of the token's owner."""
        return self.http.connection.account

    @property
    def site(self) -> str:
        """The workspace's address."""
        return self.http.connection.site

    async def post(self, method: str, is_repeatable: bool = False, **form: Any) -> Any:
        """Call a writing method and give its answer."""
        return (await self.http.send("POST", f"/{method}", form=form, is_repeatable=is_repeatable)).data

    async def place(self, channel: str) -> str:
        """The conversation's id; of a person, the direct message with them."""
        if channel[:1] not in ("U", "W"):
            return channel
        return str((await self.post("conversations.open", users=channel, is_repeatable=True))["channel"]["id"])

    async def stamp(self, place: str, phrase: str, parameter: str) -> str:
        """The timestamp that a link, a timestamp or the words of a person mean in a conversation.

        Raises:
            Ambiguous: the words fit several messages.
            Unresolved: they fit none.
        """
        if link := LINK.search(phrase):
            if link[1] != place:
                raise Rejected("The link is to a message in another channel.", fields={parameter: "another channel"})
            return (parameter == "thread" and link[4]) or f"{link[2]}.{link[3]}"
        if exact := STAMP.search(phrase):
            return exact[0]
        items = await self._recent(place, with_replies=parameter == "message")
        names = await self.names(items)
        found, close = meant(phrase, items, names, self.me)
        if len(found) == 1:
            return str(found[0]["ts"])
        options = [self._of_message(item, names) for item in (found or close)[:5]]
        if found:
            raise Ambiguous(parameter, phrase, options)
        raise Unresolved(parameter, phrase, "this channel", options)

    async def _recent(self, place: str, with_replies: bool) -> list[Mapping[str, Any]]:
        """The latest messages, newest first; the replies of the liveliest threads among them if wanted."""
        items = await take(self.history(place, None, LOOKED_AT), LOOKED_AT)
        if with_replies:
            lively = sorted((one for one in items if one.get("latest_reply")), key=lambda one: str(one["latest_reply"]))
            for one in lively[-THREADS_LOOKED_AT:]:
                items += [reply async for reply in self.replies(place, one["ts"]) if reply["ts"] != one["ts"]]
        return sorted(items, key=lambda one: str(one["ts"]), reverse=True)

    async def history(self, place: str, since: datetime | None, limit: int) -> AsyncIterator[Any]:
        """The messages of a conversation, newest first, without the replies and the notices of Slack."""
        oldest = f"{since.timestamp():.6f}" if since else None
        pages = by_cursor(
            self.http, "/conversations.history", "messages", *CURSOR,
            channel=place, oldest=oldest, limit=max(1, min(limit, 200)),
        )  # fmt: skip
        async for item in pages:
            if item.get("subtype") not in NOTICES:
                yield item

    async def all_messages(self, begin: datetime | None) -> AsyncIterator[Any]:
        """The messages of every conversation that the owner of the token is in, oldest first, each with its channel."""
        found = [
            {**item, "channel": channel["id"]}
            async for channel in self.channels()
            if channel.get("is_member")
            for item in [one async for one in self.history(channel["id"], begin, 200)]
        ]
        for item in sorted(found, key=lambda one: str(one["ts"])):
            yield item

    def replies(self, place: str, root: str) -> AsyncIterator[Any]:
        """A thread, oldest first; its first item is the message that opened it."""
        return by_cursor(self.http, "/conversations.replies", "messages", *CURSOR, channel=place, ts=root, limit=200)

    async def item(self, place: str, ts: str) -> Mapping[str, Any]:
        """One message, be it a reply or not."""
        found = await self.http.get(
            "/conversations.replies", channel=place, ts=ts, oldest=ts, latest=ts, inclusive="true"
        )
        for item in found["messages"]:
            if item["ts"] == ts and item.get("subtype") != "tombstone":
                return dict(item)
        raise NotFound("That message is not there.")

    async def scheduled(self, place: str, number: str) -> Mapping[str, Any]:
        """A message that waits, as the list of them has it."""
        async for item in by_cursor(
            self.http, "/chat.scheduledMessages.list", "scheduled_messages", *CURSOR, channel=place
        ):
            if item["id"] == number:
                return dict(item)
        raise NotFound("No such message is scheduled.")

    async def reminder(self, reminder: str) -> Mapping[str, Any]:
        """One reminder of the token's owner."""
        for item in (await self.http.get("/reminders.list"))["reminders"]:
            if item["id"] == reminder:
                return dict(item)
        raise NotFound("There is no such reminder.")

    async def info(self, channel: str) -> Mapping[str, Any]:
        """A conversation."""
        info: Mapping[str, Any] = (await self.http.get("/conversations.info", channel=channel))["channel"]
        return info

    async def members(self, channel: str) -> list[str]:
        """The ids of those in a conversation."""
        pages = by_cursor(self.http, "/conversations.members", "members", *CURSOR, channel=channel, limit=1000)
        return [str(member) async for member in pages]

    def channels(
        self, types: str = "public_channel,private_channel", size: int = 1000, is_open: bool = False
    ) -> AsyncIterator[Any]:
        """Channels that the token's owner may see."""
        closed = "true" if is_open else None
        return by_cursor(
            self.http, "/conversations.list", "channels", *CURSOR, types=types, limit=size, exclude_archived=closed
        )

    async def people(self) -> AsyncIterator[Person]:
        """Active people, without bots."""
        async for item in by_cursor(self.http, "/users.list", "members", *CURSOR, limit=1000):
            if not item.get("deleted") and not item.get("is_bot") and item["id"] != "USLACKBOT":
                yield to_person(item, self.site)

    async def find_people(self, text: str) -> list[Person]:
        """Active people by id, mention, address, name or handle."""
        wanted = text.strip().strip("<>").partition("|")[0].removeprefix("mailto:")
        direct = self.me if wanted.lower() in ALONE else wanted.lstrip("@")
        if is_id(direct, "UW"):
            try:
                return [to_person((await self.http.get("/users.info", user=direct))["user"], self.site)]
            except NotFound:
                pass  # a name in capitals
        if "@" in wanted[1:]:
            try:
                found = await self.http.get("/users.lookupByEmail", email=wanted)
            except NotFound:
                return []
            return [to_person(found["user"], self.site)]
        people = await take(self.people(), MOST_PEOPLE)
        return near(wanted, [(one, (one.title, one.handle)) for one in people])

    async def names(self, items: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """The names of those who wrote `items`."""

        async def name(user: str) -> str:
            try:
                return to_person((await self.http.get("/users.info", user=user))["user"], "").title
            except NotFound:
                return ""

        users = sorted({str(item["user"]) for item in items if item.get("user")})
        return dict(zip(users, await asyncio.gather(*map(name, users)), strict=True))

    async def shown(self, place: str, items: Iterable[Mapping[str, Any]]) -> list[Message]:
        """Messages with the names of their authors."""
        found = list(items)
        names = await self.names(found)
        return [to_message(item, place, self.site, names) for item in found]

    def _of_message(self, item: Mapping[str, Any], names: Mapping[str, str]) -> Candidate:
        shown = to_message(item, "", names=names)
        at = f"{moment(item['ts']).astimezone(self.zone):%a %d %b %H:%M}"
        return Candidate(item["ts"], shown.text[:80], f"{shown.author}, {at}")
