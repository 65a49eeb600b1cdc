"""Reading back what was written, finding out after a lost answer, and the inverses that nobody asks for by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from core.clock import utc_now
from core.errors import NotFound
from core.records import Channel, Message, Record, Ref
from core.tool import Call, Change
from tools.declare import tool
from tools.integrations.discord import mapping
from tools.integrations.discord.server import Server

UNDO = "it is itself an undo"
JUST_NOW = timedelta(minutes=5)


class Proof(Server):
    """The writing half of the integration but for the requests themselves."""

    @tool("destructive", proof="read_place", irreversible=UNDO, is_hidden=True)
    async def delete_channel(self, channel: Annotated[str, "id of the channel or thread"]) -> Change:
        """Delete a channel or thread that was just made."""
        before = await self.place(channel)
        await self.http.send("DELETE", f"/channels/{channel}")
        return Change(before, is_gone=True)

    @tool("write", proof="read_member", irreversible=UNDO, is_hidden=True)
    async def remove_role(
        self, member: Annotated[str, "id of the member"], role: Annotated[str, "id of the role"]
    ) -> Change:
        """Take a role from a member."""
        names, row = await self.roles(), await self.http.get(f"/guilds/{self.guild}/members/{member}")
        path = f"/guilds/{self.guild}/members/{member}/roles/{role}"
        await self.http.send("DELETE", path, is_repeatable=True)
        before = mapping.to_member(row, names)
        return Change(before, {"labels": tuple(one for one in before.labels if one != names.get(role))})

    @tool("destructive", proof="read_event", irreversible=UNDO, is_hidden=True)
    async def delete_event(self, event: Annotated[str, "id of the event"]) -> Change:
        """Take an event off the list."""
        before = await self.event(event)
        await self.http.send("DELETE", f"/guilds/{self.guild}/scheduled-events/{event}")
        return Change(mapping.to_event(before, {}), is_gone=True)

    async def read_message(self, ref: Ref) -> Record:
        """Reads the message again."""
        channel, _, id = ref.id.partition("/")
        return mapping.to_message(await self.http.get(f"/channels/{channel}/messages/{id}"), self.guild)

    async def read_place(self, ref: Ref) -> Record:
        """Reads the channel or thread again."""
        return await self.place(ref.id)

    async def read_member(self, ref: Ref) -> Record:
        """Reads the member's roles again."""
        row = await self.http.get(f"/guilds/{self.guild}/members/{ref.id}")
        return mapping.to_member(row, await self.roles())

    async def read_event(self, ref: Ref) -> Record:
        """Reads the server's event list again."""
        names = {row["id"]: str(row["name"]) for row in await self.channels()}
        return mapping.to_event(await self.event(ref.id), names)

    async def recover_message(self, channel: str, text: str, reply_to: str | None) -> Change | None:
        """The bot's message with this very text of the last minutes, if there is one."""
        async for row in self.history(channel):
            message = mapping.to_message(row, self.guild)
            if message.sent_at and message.sent_at < utc_now() - JUST_NOW:
                break
            if row["author"]["id"] == self.me and message.text.split() == text.split():
                return self.sent(message, text, reply_to)
        return None

    async def recover_channel(self, name: str, category: str | None = None, **asked: Any) -> Change | None:
        """The channel of this name that was made in the last minutes, if there is one."""
        for row in await self.channels():
            is_there = mapping.is_same_name(row["name"], name) and (row.get("parent_id") or None) == category
            if _is_new(row["id"]) and is_there:
                return await self.opened(row["id"], {"title": row["name"]})
        return None

    async def recover_thread(self, channel: str, name: str, message: str | None = None, **_: Any) -> Change | None:
        """The thread of this name that was opened in the last minutes, if there is one."""
        for row in await self._threads():
            made = (row.get("thread_metadata") or {}).get("create_timestamp")
            is_new = datetime.fromisoformat(made) > utc_now() - JUST_NOW if made else _is_new(row["id"])
            if is_new and row.get("parent_id") == channel and row["name"] == name and row.get("owner_id") == self.me:
                return await self.opened(row["id"], {"title": name})
        return None

    async def recover_event(self, name: str, start: datetime, **_: Any) -> Change | None:
        """The event of this name and start, if it was made in the last minutes."""
        for row in await self.http.get(f"/guilds/{self.guild}/scheduled-events"):
            event = mapping.to_event(row, {})
            if _is_new(row["id"]) and event.title == name and event.started_at == start:
                return self.planned(event, {"title": name, "started_at": start})
        return None

    async def recover_deletion(self, channel: str, message: str) -> Change | None:
        """Whether the message is gone."""
        ref = Ref(integration="discord", kind="message", id=f"{channel}/{message}")
        try:
            await self.read_message(ref)
        except NotFound:
            return Change(Message(ref=ref), is_gone=True)
        return None

    def sent(self, message: Message, text: str, reply_to: str | None) -> Change:
        """What sending a message did."""
        expect = {"text": text, "channel": message.channel, "thread": reply_to or ""}
        args = dict(zip(("channel", "message"), message.ref.id.split("/"), strict=True))
        return Change(message, expect, undo=Call(tool="discord.delete_message", args=args))

    async def opened(self, channel: str, expect: Mapping[str, Any]) -> Change:
        """What opening a channel or thread did."""
        record: Channel = await self.place(channel)
        return Change(record, expect, undo=Call(tool="discord.delete_channel", args={"channel": channel}))

    def planned(self, record: Record, expect: Mapping[str, Any]) -> Change:
        """What putting an event on the list did."""
        return Change(record, expect, undo=Call(tool="discord.delete_event", args={"event": record.ref.id}))


def _is_new(id: str) -> bool:
    return mapping.moment_of(id) > utc_now() - JUST_NOW
