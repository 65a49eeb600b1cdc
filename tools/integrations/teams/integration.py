"""Microsoft Teams through Microsoft Graph 1.0: what the person who is connected sees and may do there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from core.errors import OutcomeUnknown, Rejected
from core.records import Channel, Meeting, Message
from core.tool import Call, Change
from tools.declare import Id, Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.teams import feed, mapping
from tools.integrations.teams.mapping import newest_first, said, team_of, to_channel, to_message
from tools.integrations.teams.membership import LIST, UNDO, Membership, TeamName
from tools.kit.microsoft import Graph, in_utc, microsoft_oauth, notified
from tools.kit.paging import take
from tools.kit.webhook import Delivery, WebhookEvent
from tools.stream import Batch, stream

READ, POST, CHAT = (*LIST, "ChannelMessage.Read.All"), (*LIST, "ChannelMessage.Send"), ("Chat.ReadWrite",)
OPEN = (*LIST, "Channel.Create")
DELETE, CLOSE, MEET = ("ChannelMessage.ReadWrite",), ("Channel.Delete.All",), ("OnlineMeetings.ReadWrite",)
ChannelName = Annotated[str, finds("channel")]
PostId = Annotated[Id, finds("post")]


class Teams(Membership, Graph, Integration):
    """Microsoft Teams under one person's connection."""

    key = "teams"
    name = "Microsoft Teams"
    category = "communication"
    aliases = ("teams", "ms teams", "microsoft teams")
    auth = microsoft_oauth(
        *READ, "ChannelMessage.Send", *DELETE, *CHAT, "Channel.Create", *CLOSE, "TeamMember.ReadWrite.All", *MEET,
        "User.Read", "User.ReadBasic.All",
    )  # fmt: skip
    calls_per_s = 8.0
    names = ("team", "person")

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """The messages and memberships that changed."""
        kinds = {"chatmessage": "message", "conversationmember": "member", "channel": "channel"}
        return notified(cls.key, delivery, kinds, mapping.to_path)

    @stream("message")
    async def stream_messages(self, cursor: str) -> Batch:
        """The posts of all channels that the person sees, then those that are new, edited or deleted."""
        known = [one.ref.id for team in await self.teams() for one in await self.channels(team.ref.id)]
        return await feed.posts(self.http, json.loads(cursor) if cursor else {}, known)

    async def identify(self) -> Account:
        """The person's id in the directory."""
        return Account(str((await self.http.get("/me"))["id"]), site="https://teams.microsoft.com")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """The teams one is in."""
        return {"team": [one.title for one in await self.teams()]}

    @tool("read", scopes=LIST)
    async def list_channels(
        self, team: Annotated[TeamName | None, "the team; without one, the teams themselves are listed"] = None
    ) -> list[Channel]:
        """Show the teams one is in, or the channels of one team."""
        return await (self.channels(team) if team else self.teams())

    @tool("read", scopes=READ)
    async def read_channel(
        self,
        *,
        team: Annotated[TeamName | None, "its team, if several have such a channel"] = None,
        channel: Annotated[ChannelName, "the channel"],
        since: Annotated[datetime | None, "only what was posted after that"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Message]:
        """Read the latest posts and replies in a channel of a team."""
        name = str((await self.http.get(f"/{channel}")).get("displayName") or "")
        return newest_first(await self.posts(channel, name), self.here(since), limit)

    @tool("read", scopes=CHAT)
    async def read_chat(
        self,
        chat: Annotated[Annotated[str, finds("chat")], "the other person, or what the group chat is called"],
        since: Annotated[datetime | None, "only what was written after that"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Message]:
        """Read the latest messages of a chat with a person or a group."""
        return newest_first(await self.said_in(chat, limit), self.here(since), limit)

    @tool("read", scopes=(*READ, *CHAT))
    async def search_messages(
        self,
        query: Annotated[str, "words to look for"],
        from_: Annotated[Who | None, "who wrote it"] = None,
        after: Annotated[date | None, "that day or later"] = None,
        before: Annotated[date | None, "earlier than that day"] = None,
        limit: Annotated[int, "how many"] = 25,
    ) -> list[Message]:
        """Search all chats and channels that one sees for words."""
        author = str((await self.http.get(f"/users/{from_}")).get("displayName")) if from_ else ""
        rules = [
            query.replace('"', " ").strip() if query.count('"') % 2 else query,
            f'from:"{author}"' if author else "",
            f"sent>={after.isoformat()}" if after else "",
            f"sent<{before.isoformat()}" if before else "",
        ]
        found = await take(self.hits(" ".join(one for one in rules if one)), limit)
        return [mapping.to_hit(one) for one in found]

    @tool("write", scopes=POST, proof="read_message", undo="delete_message", recover="recover_post")
    async def send_channel_message(
        self,
        *,
        team: Annotated[TeamName | None, "its team, if several have such a channel"] = None,
        channel: Annotated[ChannelName, "the channel"],
        text: Annotated[Text, "what it says"],
        subject: Annotated[str | None, "a headline above it"] = None,
        reply_to: Annotated[PostId | None, "the post that is answered, by words, link or id"] = None,
    ) -> Change:
        """Post in a channel of a team, for all its members to see, or answer a post there."""
        path = f"{channel}/messages"
        if reply_to:  # a reply to a reply belongs to the same post
            path = f"{reply_to.partition('/replies/')[0]}/replies"
        made = await self.http.post(f"/{path}", said(text, subject))
        return self.posted(to_message(made, channel), text, **({"title": subject} if subject else {}))

    @tool("write", scopes=CHAT, proof="read_message", undo="delete_chat_message", recover="recover_chat")
    async def send_chat_message(
        self, to: Annotated[list[Who], "one person, or several in a group"], text: Annotated[Text, "what it says"]
    ) -> Change:
        """Write to one person or a few in a private chat."""
        people = [one for one in dict.fromkeys(to) if one != self.me]
        if not people:
            raise Rejected("Teams has no chat with oneself.", fields={"to": "only yourself"})
        chat = await self.chat_with(people) if len(people) > 1 else ""
        if not chat:
            members = [mapping.member(one) for one in (self.me, *people)]
            asked = {"chatType": "oneOnOne" if len(people) == 1 else "group", "members": members}
            # a chat of two is there once, whoever opens it; a group is not
            opened = await self.http.send("POST", "/chats", json=asked, is_repeatable=len(people) == 1)
            chat = str(opened.data["id"])
        made = await self.http.post(f"/chats/{chat}/messages", said(text))
        return self.written(to_message(made, f"chats/{chat}"), text)

    @tool("write", scopes=OPEN, proof="read_channel_again", undo="delete_channel", recover="recover_channel")
    async def create_channel(
        self,
        team: Annotated[TeamName, "the team it belongs to"],
        name: Annotated[str, "what it is called, in 50 characters at most"],
        description: Annotated[Text | None, "what it is for"] = None,
        kind: Annotated[
            Literal["standard", "private", "shared"], "for all of the team, for some, or across teams"
        ] = "standard",
    ) -> Change:
        """Add a channel to a team."""
        body = {"displayName": name, "membershipType": kind} | ({"description": description} if description else {})
        answer = await self.http.send("POST", f"/teams/{team}/channels", json=body)
        expect = {"title": name, "kind": kind} | ({"topic": description} if description else {})
        if answer.data:
            return self.opened(to_channel(answer.data, team), expect)
        found = await self.recover_channel(team, name)  # a shared one is made after the answer
        if found is None:
            raise OutcomeUnknown("Teams is still making the channel.")
        return Change(found.record, expect, undo=found.undo)

    @tool("write", scopes=MEET, proof="read_meeting", undo="delete_meeting", recover="recover_meeting")
    async def create_meeting(
        self,
        subject: Annotated[str, "what it is about"],
        start: Annotated[datetime, "when it begins"],
        end: Annotated[datetime | None, "when it ends; half an hour later if left out"] = None,
        attendees: Annotated[list[Who] | None, "who takes part"] = None,
    ) -> Change:
        """Make an online meeting with a link to join; nobody is told, and no calendar shows it."""
        begin = self.here(start) or start
        until = self.here(end) or begin + timedelta(minutes=30)
        if until <= begin:
            raise Rejected("The meeting ends before it begins.", fields={"end": "not after start"})
        people = [one for one in dict.fromkeys(attendees or ()) if one != self.me]
        body: dict[str, Any] = {"externalId": self.http.call_id, "subject": subject}
        body |= {"startDateTime": in_utc(begin), "endDateTime": in_utc(until)}
        body |= {"participants": {"attendees": [mapping.participant(one) for one in people]}} if people else {}
        path = "/me/onlineMeetings/microsoft.graph.createOrGet"  # the call's own mark makes a second arrival harmless
        made = (await self.http.send("POST", path, json=body, is_repeatable=True)).data
        record: Meeting = mapping.to_meeting(made, self.who.zone)
        expect = {"title": subject, "starts_at": begin, "ends_at": until, "guests": people}
        return Change(record, expect, undo=Call(tool="teams.delete_meeting", args={"meeting": record.ref.id}))

    @tool("destructive", scopes=(*LIST, *DELETE), proof="read_message", undo="restore_message")
    async def delete_message(
        self,
        *,
        team: Annotated[TeamName | None, "its team, if several have such a channel"] = None,
        channel: Annotated[ChannelName, "the channel"],
        message: Annotated[PostId, "the post or reply, by words, link or id"],
    ) -> Change:
        """Delete a post of one's own from a channel."""
        return await self.unsaid(message)

    @tool("write", scopes=DELETE, proof="read_message", irreversible=UNDO, is_hidden=True)
    async def restore_message(self, message: Annotated[str, "path"]) -> Change:
        """Bring a deleted message back."""
        await self.http.send("POST", f"/{self.owned(message)}/microsoft.graph.undoSoftDelete", is_repeatable=True)
        return Change(await self.message(message))

    @tool("destructive", scopes=CHAT, proof="read_message", undo="restore_message", is_hidden=True)
    async def delete_chat_message(self, message: Annotated[str, "path"]) -> Change:
        """Delete a message of one's own from a chat."""
        return await self.unsaid(message)

    @tool("destructive", scopes=CLOSE, proof="read_channel_again", irreversible=UNDO, is_hidden=True)
    async def delete_channel(self, channel: Annotated[str, "path"]) -> Change:
        """Delete a channel."""
        before = to_channel(await self.http.get(f"/{channel}"), team_of(channel))
        await self.http.send("DELETE", f"/{channel}", is_repeatable=True)
        return Change(before, is_gone=True)

    @tool("destructive", scopes=MEET, proof="read_meeting", irreversible=UNDO, is_hidden=True)
    async def delete_meeting(self, meeting: Annotated[str, "id"]) -> Change:
        """Delete an online meeting."""
        before = mapping.to_meeting(await self.http.get(f"/me/onlineMeetings/{meeting}"), self.who.zone)
        await self.http.send("DELETE", f"/me/onlineMeetings/{meeting}", is_repeatable=True)
        return Change(before, is_gone=True)
