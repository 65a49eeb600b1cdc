"""Discord, HTTP API 10, for a bot in one server: messages, channels, threads, members, roles, events."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from core.errors import Conflict, NotFound, RateLimited, Rejected, VendorError
from core.records import Channel, Message, Person
from core.tool import Call, Change
from tools.declare import Id, Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.discord import hook, mapping
from tools.integrations.discord.mapping import Kind
from tools.integrations.discord.proof import Proof
from tools.integrations.discord.server import ID
from tools.kit.auth import BearerToken
from tools.kit.http import Answer, by_status
from tools.kit.paging import by_offset, take
from tools.kit.webhook import Delivery, Greeting, WebhookEvent, ed25519
from tools.stream import Batch, stream

Place = Annotated[str, finds("channel")]
MessageId = Annotated[Id, finds("message")]

MOST = 2000
NOT_INDEXED = 110_000
SIGNED = ed25519("X-Signature-Ed25519", "X-Signature-Timestamp")
FORBIDDEN, CONFLICTS = {50001, 50013, 40001, 50003, 50005, 50007, 20001}, {160004, 50083, 30007, 30013, 30016, 40060}


class Discord(Proof, Integration):
    """A bot of the company in one Discord server."""

    key = "discord"
    name = "Discord"
    category = "communication"
    aliases = ("discord", "discord server")
    base_url = "https://discord.com/api/v10"
    auth = BearerToken(scheme="Bot")
    calls_per_s = 20.0  # 50 a second for a bot, fewer for each route
    webhook = SIGNED
    names = ("channel", "role")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Discord's `{code, message, errors}`; a search whose index is being built answers 202."""
        data = answer.data
        if not isinstance(data, Mapping) or not {"code", "message"} <= data.keys():
            return None
        code, status = int(data["code"]), answer.status
        if status == 429 or code == NOT_INDEXED:
            wait = data.get("retry_after")
            return RateLimited(f"{cls.name} asks for a moment.", retry_after_s=None if wait is None else float(wait))
        if status <= 400:
            status = 403 if code in FORBIDDEN else 409 if code in CONFLICTS else 404 if 10001 <= code < 11000 else 400
        fields = dict(mapping.refusals(data.get("errors")))
        said = " ".join([str(data["message"]), *(f"{name}: {reason}" for name, reason in fields.items())])
        return by_status(cls.name, replace(answer, status=status), said, fields)

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """The ping at set-up, which Discord also sends with false signatures: those must be refused."""
        return hook.greeting(delivery, secret, SIGNED)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """An interaction of a member with the bot, or an event of the app."""
        return hook.events(delivery)

    async def identify(self) -> Account:
        """The bot's id, and the server that it is in."""
        me, guilds = await self.http.get("/users/@me"), await self.http.get("/users/@me/guilds")
        if not guilds:
            raise NotFound("This bot is in no Discord server yet.")
        return Account(me["id"], site=mapping.link(guilds[0]["id"]))

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Channels and roles."""
        channels = [row["name"] for row in await self.channels() if row["type"] != mapping.CATEGORY]
        return {"channel": channels, "role": [name for name in (await self.roles()).values() if name != "@everyone"]}

    @tool("write", proof="read_message", undo="delete_message", recover="recover_message")
    async def send_message(
        self,
        channel: Annotated[Place, "the channel or thread"],
        text: Annotated[Text, "the message"],
        reply_to: Annotated[MessageId | None, "the message that it answers: its link, id or words in it"] = None,
    ) -> Change:
        """Write to a channel or thread of the Discord server, as the bot."""
        if len(text) > MOST:
            raise Rejected(f"Discord takes {MOST} characters at most.", fields={"text": "is too long"})
        body: dict[str, Any] = {"content": text, "allowed_mentions": {"parse": ["users"]}, "enforce_nonce": True}
        body["nonce"] = uuid.uuid5(uuid.NAMESPACE_OID, self.http.call_id).hex[:25]
        if reply_to:
            body["message_reference"] = {"message_id": reply_to}
        made = await self.http.post(f"/channels/{channel}/messages", body, is_repeatable=True)
        return self.sent(mapping.to_message(made, self.guild), text, reply_to)

    @tool("read")
    async def read_channel(
        self,
        channel: Annotated[Place, "the channel or thread"],
        limit: Annotated[int, "how many"] = 50,
        since: Annotated[datetime | None, "begin after this moment"] = None,
        before: Annotated[MessageId | None, "only what was written before this message"] = None,
    ) -> list[Message]:
        """Catch up on a Discord channel: its newest messages, oldest of them first."""
        return await self.latest(channel, since, before, limit)

    @tool("read")
    async def search_messages(
        self,
        query: Annotated[str, "the words in it"],
        channel: Annotated[Place | None, "the channel it was written in"] = None,
        author: Annotated[Who | None, "who wrote it"] = None,
        has: Annotated[
            Literal["link", "embed", "file", "image", "video", "sound", "sticker", "poll"] | None, "what it carries"
        ] = None,
        limit: Annotated[int, "how many"] = 25,
    ) -> list[Message]:
        """Look through all channels of the Discord server for words, an author or an attachment."""
        pages = by_offset(
            self.http, f"/guilds/{self.guild}/messages/search", "messages", 25, "offset", "limit", "",
            content=query, channel_id=channel, author_id=author, has=has,
        )  # fmt: skip
        return [mapping.to_message(row[0], self.guild) for row in await take(pages, limit) if row]

    @tool("read")
    async def list_channels(self) -> list[Channel]:
        """Show all channels of the Discord server by category, voice channels and forums too."""
        rows = await self.channels()
        names = {row["id"]: str(row["name"]) for row in rows}
        return [mapping.to_channel(row, names.get(row.get("parent_id") or "", "")) for row in rows]

    @tool("write", proof="read_place", undo="delete_channel", recover="recover_channel")
    async def create_channel(
        self,
        name: Annotated[str, "how it is called"],
        kind: Annotated[Kind, "what is done in it"] = "text",
        topic: Annotated[str | None, "what it is about"] = None,
        category: Annotated[str | None, finds("category"), "the category to put it under"] = None,
    ) -> Change:
        """Open a new channel in the Discord server: for text, voice, posts of a forum or announcements."""
        body = {"name": name, "type": mapping.TYPES[kind], "topic": topic, "parent_id": category}
        body = {field: value for field, value in body.items() if value is not None}
        made = await self.http.post(f"/guilds/{self.guild}/channels", body)
        title = made["name"] if mapping.is_same_name(made["name"], name) else name
        expect = {"title": title, "kind": kind, "topic": topic or ""}
        expect |= {"section": (await self.place(category)).title if category else ""}
        return await self.opened(made["id"], expect)

    @tool("write", proof="read_place", undo="delete_channel", recover="recover_thread")
    async def create_thread(
        self,
        channel: Annotated[Place, "the channel it is opened in"],
        name: Annotated[str, "how it is called"],
        message: Annotated[MessageId | None, "the message that it starts from: its link, id or words in it"] = None,
        private: Annotated[bool, "only for those who are added"] = False,
    ) -> Change:
        """Open a thread in a Discord channel, from a message or without one; in a forum it is a post."""
        place = await self.http.get(f"/channels/{channel}")
        if message and private:
            raise Rejected("A thread that starts from a message cannot be private.", fields={"private": "not here"})
        body: dict[str, Any] = {"name": name}
        if place["type"] == mapping.FORUM:
            body["message"] = {"content": name}
        elif not message:
            body["type"] = 12 if private else 10 if place["type"] == mapping.ANNOUNCEMENT else 11
        start = f"/channels/{channel}/messages/{message}" if message else f"/channels/{channel}"
        made = await self.http.post(f"{start}/threads", body)
        expect = {"title": name, "section": place["name"], "kind": "private thread" if private else "thread"}
        return await self.opened(made["id"], expect)

    @tool("read")
    async def find_member(
        self, query: Annotated[str, "how the name begins"], limit: Annotated[int, "how many"] = 10
    ) -> list[Person]:
        """Look members of the Discord server up, with their handles and roles."""
        names = await self.roles()
        return [mapping.to_member(row, names) for row in await self.members(query.strip().lstrip("@"), limit)]

    @tool("write", proof="read_member", undo="remove_role")
    async def add_role(
        self,
        member: Annotated[Who, "whom"],
        role: Annotated[str, finds("role"), "the role"],
    ) -> Change:
        """Give somebody a role in the Discord server."""
        names, row = await self.roles(), await self.http.get(f"/guilds/{self.guild}/members/{member}")
        before = mapping.to_member(row, names)
        if role in row["roles"]:
            raise Conflict(f"{before.title} has this role already.")
        path = f"/guilds/{self.guild}/members/{member}/roles/{role}"
        await self.http.send("PUT", path, is_repeatable=True)
        undo = Call(tool="discord.remove_role", args={"member": member, "role": role})
        return Change(before, {"labels": (*before.labels, names.get(role, role))}, undo=undo)

    @tool("write", proof="read_event", undo="delete_event", recover="recover_event")
    async def create_event(
        self,
        name: Annotated[str, "how it is called"],
        start: Annotated[datetime, "when it begins"],
        end: Annotated[datetime | None, "when it ends; needed for one at a place"] = None,
        where: Annotated[str | None, finds("venue"), "a voice or stage channel, or a place or link"] = None,
        description: Annotated[Text | None, "what it is about"] = None,
    ) -> Change:
        """Announce an event on the Discord server's own list, in a voice channel or at a place."""
        hall = await self.http.get(f"/channels/{where}") if where and ID.fullmatch(where) else None
        if not where:
            raise Rejected("Discord wants to know where: a voice channel or a place.", fields={"where": "is missing"})
        if hall is None and end is None:
            raise Rejected("An event at a place needs an end.", fields={"end": "is missing"})
        body = mapping.written_event(name, start, end, description, where, hall)
        made = await self.http.post(f"/guilds/{self.guild}/scheduled-events", body)
        expect = {"title": name, "started_at": start, "ended_at": end, "detail": description or ""}
        expect["location"] = hall["name"] if hall else where
        return self.planned(mapping.to_event(made, {}), expect)

    @tool("destructive", proof="read_message", irreversible="Discord deletes a message for good",
          recover="recover_deletion")  # fmt: skip
    async def delete_message(
        self,
        channel: Annotated[Place, "the channel or thread"],
        message: Annotated[MessageId, "its link or id, “my last message”, or words in it"],
    ) -> Change:
        """Remove a message from a Discord channel for good."""
        before = mapping.to_message(await self.http.get(f"/channels/{channel}/messages/{message}"), self.guild)
        await self.http.send("DELETE", f"/channels/{channel}/messages/{message}")
        return Change(before, is_gone=True)

    @stream("message")
    async def stream_messages(self, cursor: str) -> Batch:
        """What is written in the server's channels; edits and deletions are told by the gateway alone."""
        return await self.new_messages(cursor)
