"""Google Chat, API 1: the spaces and direct messages of the person who is connected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from core.errors import Conflict, VendorError
from core.records import Channel, Message, Person, Ref
from core.tool import Call, Change
from tools.declare import Id, Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.google_chat import mapping
from tools.integrations.google_chat.feed import Feed
from tools.integrations.google_chat.lookup import since as stamp
from tools.integrations.google_chat.lookup import to_people
from tools.integrations.google_chat.mapping import SITE, human, quoted, to_channel, to_message
from tools.integrations.google_chat.writing import Writing
from tools.kit.google import google_error, google_oauth
from tools.kit.http import Answer
from tools.kit.paging import take
from tools.kit.webhook import Delivery, GoogleToken, WebhookEvent
from tools.stream import Batch, stream

API = "https://www.googleapis.com/auth/chat."
SPACES, MESSAGES, MEMBERS, DELETE = (f"{API}spaces",), (f"{API}messages",), (f"{API}memberships",), (f"{API}delete",)
GONE = "a deleted message does not come back"
UNDO = "it is itself an undo"

SpaceName = Annotated[str, finds("space")]
MessageId = Annotated[Id, finds("message")]


class GoogleChat(Feed, Writing, Integration):
    """Google Chat under one person's connection."""

    key = "google_chat"
    name = "Google Chat"
    category = "communication"
    aliases = ("google chat", "gchat", "hangouts chat")
    base_url = "https://chat.googleapis.com"
    auth = google_oauth(*SPACES, *MESSAGES, *MEMBERS, *DELETE)
    calls_per_s = 10.0
    webhook = GoogleToken()
    names = ("channel",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Google's errors."""
        return google_error(cls.name, answer)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """What a subscription tells through Pub/Sub, or what happened to an app in Chat itself."""
        pushed = delivery.data.get("message") or {}
        told = pushed.get("attributes") or {}
        if "ce-type" in told:
            said = json.loads(mapping.decoded(pushed.get("data")))
            ref = mapping.event_ref(said, str(told.get("ce-subject") or ""))
            return [WebhookEvent(str(told["ce-id"]), str(told["ce-type"]), ref, mapping.moment(told.get("ce-time")))]
        kind, at = str(delivery.data["type"]), str(delivery.data["eventTime"])
        ref = mapping.event_ref(delivery.data, "")
        return [WebhookEvent(f"{kind}:{at}:{ref.id if ref else ''}", kind, ref, mapping.moment(at))]

    @stream("message")
    async def stream_messages(self, cursor: str) -> Batch:
        """Every message of every space one is in, then the new, edited and deleted ones."""
        return await self.changes(cursor)

    async def identify(self) -> Account:
        """Chat has no word for who is connected, so reading a space proves the connection."""
        await self.http.get("/v1/spaces", pageSize=1)
        return Account(self.who.email, site=SITE)

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """The named spaces that one is in."""
        return {"channel": [str(one["displayName"]) for one in await take(self.spaces("space"), 500)]}

    @tool("write", scopes=MESSAGES, proof="read_message", undo="delete_message", recover="recover_message")
    async def send_message(
        self,
        space: Annotated[SpaceName, "the space, by name or link"],
        text: Annotated[Text, "what it says"],
        thread: Annotated[Annotated[Id, finds("thread")] | None, "the thread that it answers: link or words"] = None,
    ) -> Change:
        """Post in a space of Chat, or answer in one of its threads."""
        return self.said(await self.post(space, text, thread), text, thread)

    @tool("write", scopes=MESSAGES, proof="read_message", undo="delete_message", recover="recover_direct")
    async def send_direct_message(
        self, to: Annotated[Who, "who gets it"], text: Annotated[Text, "what it says"]
    ) -> Change:
        """Write to one person alone."""
        space = await self.direct(to)
        if not space:
            body = {"space": {"spaceType": mapping.KINDS["direct_message"]}, "memberships": [human(to)]}
            made = await self.http.post("/v1/spaces:setup", body, is_repeatable=True)  # there is one with each person
            space = str(made["name"])
        return self.said(await self.post(space, text, None), text, None)

    @tool("read", scopes=SPACES)
    async def list_spaces(
        self,
        kind: Annotated[
            Literal["space", "group_chat", "direct_message"] | None, "only named spaces, group chats or direct messages"
        ] = None,
        limit: Annotated[int, "how many"] = 50,
    ) -> list[Channel]:
        """Show the spaces, group chats and direct messages one is in."""
        return await self.titled(await take(self.spaces(kind), limit))

    @tool("read", scopes=MESSAGES)
    async def read_space(
        self,
        space: Annotated[SpaceName, "the space, by name or link, or a person for the chat with them"],
        since: Annotated[datetime | None, "only what came after"] = None,
        limit: Annotated[int, "how many"] = 25,
    ) -> list[Message]:
        """Read the newest messages of one space or direct message, oldest of them first."""
        only = f'create_time > "{stamp(since)}"' if since else None
        found = await take(self.messages(space, only, size=max(1, min(limit, 1000))), limit)
        return [to_message(one) for one in reversed(found)]

    @tool("read", scopes=MESSAGES)
    async def search_messages(
        self,
        query: Annotated[str, "words in the message"],
        space: Annotated[SpaceName | None, "only in this space"] = None,
        from_: Annotated[Who | None, "only from this person"] = None,
        after: Annotated[date | None, "that day or later"] = None,
        before: Annotated[date | None, "earlier than that day"] = None,
        limit: Annotated[int, "how many"] = 25,
    ) -> list[Message]:
        """Look for messages in all spaces and chats one is in, newest first."""
        days = [(after, ">="), (before, "<")]
        found = await self.search(
            *(quoted(one) for one in query.split()),
            f'space.name = "{space}"' if space else "",
            f'sender.name = "users/{from_}"' if from_ else "",
            *(
                f'create_time {sign} "{stamp(datetime.combine(day, time(), self.who.zone))}"'
                for day, sign in days
                if day
            ),
            limit=limit,
        )
        return [to_message(one) for one in found]

    @tool("write", scopes=(*SPACES, *DELETE), proof="read_space_again", undo="delete_space", recover="recover_space")
    async def create_space(
        self,
        name: Annotated[str, "what it is called"],
        members: Annotated[list[Who] | None, "who is in it from the start"] = None,
        description: Annotated[Text | None, "what it is for"] = None,
    ) -> Change:
        """Open a new named space, with people in it."""
        about = {"spaceType": mapping.KINDS["space"], "displayName": name}
        body: dict[str, Any] = {"space": about, "requestId": self.once("space")}
        if description:
            body["space"] = {**about, "spaceDetails": {"description": description}}
        if members:
            body["memberships"] = [human(one) for one in dict.fromkeys(members)]
        made = await self.http.post("/v1/spaces:setup", body, is_repeatable=True)
        return self.opened(made, name, members, description)

    @tool("read", scopes=MEMBERS)
    async def list_members(self, space: Annotated[SpaceName, "the space, by name or link"]) -> list[Person]:
        """Show who is in a space."""
        return to_people(await self.memberships(space))

    @tool("write", scopes=MEMBERS, proof="read_member", undo="remove_member", recover="recover_member")
    async def add_member(
        self,
        space: Annotated[SpaceName, "the space, by name or link"],
        person: Annotated[Who, "who joins"],
    ) -> Change:
        """Let one more person into a space."""
        if await self.member(space, person):
            raise Conflict(f"{person} is in it already.")
        made = await self.http.post(f"/v1/{space}/members", human(person))
        return self.joined(made, person)

    @tool("write", scopes=MESSAGES, proof="read_message", undo="edit_message")
    async def edit_message(
        self,
        message: Annotated[MessageId, "one's own message: link, words in it, or “my last one in …”"],
        text: Annotated[Text, "what it is to say"],
    ) -> Change:
        """Change what a message of one's own says."""
        before = to_message(await self.http.get(f"/v1/{message}"))
        params = {"updateMask": "text"}
        await self.http.send("PATCH", f"/v1/{message}", json={"text": text}, params=params, is_repeatable=True)
        args = {"message": message, "text": before.text}
        return Change(before, {"text": text}, undo=Call(tool="google_chat.edit_message", args=args))

    @tool("destructive", scopes=MESSAGES, proof="read_message", irreversible=GONE)
    async def delete_message(
        self, message: Annotated[MessageId, "one's own message: link, words in it, or “my last one in …”"]
    ) -> Change:
        """Delete a message of one's own."""
        before = to_message(await self.http.get(f"/v1/{message}"))
        await self.http.send("DELETE", f"/v1/{message}", is_repeatable=True)
        return Change(before, is_gone=True)

    @tool("write", scopes=MEMBERS, proof="read_member", irreversible=UNDO, is_hidden=True)
    async def remove_member(self, membership: Annotated[str, "name"]) -> Change:
        """Take somebody out of a space again."""
        before = await self.read_member(Ref(integration=self.key, kind="membership", id=membership))
        await self.http.send("DELETE", f"/v1/{membership}", is_repeatable=True)
        return Change(before, is_gone=True)

    @tool("destructive", scopes=DELETE, proof="read_space_again", irreversible=UNDO, is_hidden=True)
    async def delete_space(self, space: Annotated[str, "name"]) -> Change:
        """Delete a space with all that is in it."""
        before = to_channel(await self.http.get(f"/v1/{space}"))
        await self.http.send("DELETE", f"/v1/{space}", is_repeatable=True)
        return Change(before, is_gone=True)
