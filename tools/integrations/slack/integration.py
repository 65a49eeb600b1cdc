"""Slack's Web API under the asker's own token: every method answers HTTP 200 and says `ok` in the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from core.clock import utc_now
from core.errors import Candidate, Conflict, NotFound, OutcomeUnknown, VendorError
from core.records import Channel, Message, Person, Record, Ref
from core.tool import Call, Change
from tools.declare import Id, Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.slack.fault import STATUS
from tools.integrations.slack.feed import to_events, to_greeting
from tools.integrations.slack.mapping import (
    emoji_name,
    escape,
    moment,
    said,
    sent,
    to_channel,
    to_membership,
    to_message,
    to_reaction,
    to_recurrence,
    to_reminder,
    to_scheduled,
    to_text,
)
from tools.integrations.slack.phrase import LINK, is_id, near
from tools.integrations.slack.workspace import ALONE, CURSOR, LOOKED_AT, Workspace
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.kit.paging import by_cursor, by_page, take
from tools.kit.webhook import Delivery, Greeting, Signature, WebhookEvent, slack_style
from tools.stream import Batch, by_time, since, stream

ChannelName = Annotated[str, finds("channel")]

CHAT = ("chat:write",)
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
MANAGE = ("channels:write", "groups:write")
JUST_NOW = timedelta(minutes=5)
DAY = timedelta(days=1)
IS_UNDO = "it is itself an undo"


class Slack(Integration):
    """Slack under one person's connection."""

    key = "slack"
    name = "Slack"
    category = "communication"
    aliases = ("slack", "slack workspace")
    base_url = "https://slack.com/api"
    # Slack keeps PKCE for apps without a secret; switching it on makes an app such a one for good.
    auth = OAuth2(
        authorize_url="https://slack.com/oauth/v2/authorize",
        token_url="https://slack.com/api/oauth.v2.access",  # noqa: S106 - an address
        revoke_url="https://slack.com/api/auth.revoke",
        scopes=(
            *CHAT, *HISTORY, "channels:read", "groups:read", "im:read", "mpim:read", *MANAGE, "im:write", "mpim:write",
            "users:read", "users:read.email", "search:read", "reminders:read", "reminders:write", "reactions:write",
        ),
        scope_parameter="user_scope",
        scope_separator=",",
        token_path=("authed_user",),
        has_pkce=False,
        is_revoked_by_header=True,
    )  # fmt: skip
    webhook = Signature(slack_style)
    names = ("channel", "person")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Slack's `{ok: false, error}`."""
        if not isinstance(answer.data, Mapping) or answer.data.get("ok") is not False:
            return None
        code = str(answer.data.get("error", "unknown"))
        status = answer.status if answer.status >= 400 else STATUS.get(code, 400)
        needed = f" ({answer.data['needed']})" if answer.data.get("needed") else ""
        return by_status(cls.name, replace(answer, status=status), code.replace("_", " ") + needed)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """The message, reaction or channel that it is about."""
        return to_events(delivery)

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """Slack's challenge."""
        return to_greeting(delivery)

    async def identify(self) -> Account:
        """The person's own id and the workspace's address."""
        me = await self.http.get("/auth.test")
        return Account(me["user_id"], site=me["url"].rstrip("/"))

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Channels and active people."""
        channels = await take(self._space.channels(), 1000)
        people = await take(self._space.people(), 1000)
        return {
            "channel": [item["name"] for item in channels if not item["is_archived"]],
            "person": [person.title for person in people],
        }

    async def find_channel(self, text: str) -> Sequence[Candidate]:
        """A channel by id, link or name, or a person to write to; # asks for a channel, @ for a person."""
        wanted = text.strip().strip("<>").partition("|")[0]
        link = LINK.search(wanted)
        direct = link[1] if link else wanted.lstrip("#")
        if is_id(direct, "CDG"):
            try:
                return [self._of_channel(await self._space.info(direct), text)]
            except NotFound:
                if link:
                    raise
        if "@" in wanted or wanted.lower() in ALONE or is_id(wanted, "UW"):
            return await self.find_person(text)
        named: list[tuple[Candidate, Sequence[str]]] = [
            (self._of_channel(item), (item["name"],)) async for item in self._space.channels()
        ]
        if not wanted.startswith("#"):
            named += [(_of_person(one), (one.title, one.handle)) async for one in self._space.people()]
        return near(wanted, named)

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Active people by id, address, name or handle."""
        return [_of_person(one, text) for one in await self._space.find_people(text)]

    @tool("write", scopes=CHAT, proof="read_message", undo="delete_message", recover="recover_message")
    async def send_message(
        self,
        channel: Annotated[ChannelName, "where it goes: a channel or a colleague"],
        text: Annotated[Text, "the message"],
        thread: Annotated[Id | None, "the message to answer: its link, its timestamp or words in it"] = None,
    ) -> Change:
        """Write to a channel, a thread in it, or a colleague."""
        place = await self._space.place(channel)
        root = await self._space.stamp(place, thread, "thread") if thread else None
        answer = await self._space.post("chat.postMessage", channel=place, text=escape(text), thread_ts=root)
        return self._sent(answer["message"], place, text, root)

    @tool("write", scopes=CHAT, proof="read_message", undo="restore_message")
    async def edit_message(
        self,
        channel: Annotated[ChannelName, "the channel, or the colleague of a direct message"],
        message: Annotated[Id, "link to or timestamp of the message, or words such as “my last message”"],
        text: Annotated[Text, "what it should say"],
    ) -> Change:
        """Reword a message of the asker's own."""
        place = await self._space.place(channel)
        return await self._rewritten(place, await self._space.stamp(place, message, "message"), escape(text), text)

    @tool(
        "write", scopes=("reactions:write",), proof="read_reaction", undo="remove_reaction", recover="recover_reaction"
    )
    async def add_reaction(
        self,
        channel: Annotated[ChannelName, "the channel, or the colleague of a direct message"],
        message: Annotated[Id, "link to or timestamp of the message, or words such as “Tom's last message”"],
        emoji: Annotated[str, "the emoji, by its name or itself"],
    ) -> Change:
        """React to a message with an emoji."""
        place, name = await self._space.place(channel), emoji_name(emoji)
        ts = await self._space.stamp(place, message, "message")
        await self._space.post("reactions.add", channel=place, timestamp=ts, name=name)
        return self._reacted(place, ts, name)

    @tool("write", scopes=CHAT, proof="read_scheduled", undo="delete_scheduled_message", recover="recover_scheduled")
    async def schedule_message(
        self,
        channel: Annotated[ChannelName, "the channel, or the colleague of a direct message"],
        text: Annotated[Text, "the message"],
        at: Annotated[datetime, "the moment it goes out"],
    ) -> Change:
        """Let Slack post a message by itself later, within the next 120 days."""
        place, when = await self._space.place(channel), int(at.timestamp())
        answer = await self._space.post("chat.scheduleMessage", channel=place, text=escape(text), post_at=when)
        item = {"text": answer["message"]["text"], "post_at": answer["post_at"]}
        return _waiting(to_scheduled(item, place, answer["scheduled_message_id"]), text, item["text"], when)

    @tool(
        "write", scopes=("reminders:write",), proof="read_reminder", undo="delete_reminder", recover="recover_reminder"
    )
    async def set_reminder(
        self,
        text: Annotated[str, "what it is about"],
        at: Annotated[datetime, "the moment, of a repeated one the first"],
        recurrence: Annotated[str | None, "how it repeats, such as “every weekday”"] = None,
    ) -> Change:
        """Set a reminder of the asker's own in Slack, for one time or repeated."""
        time = to_recurrence(recurrence, at) if recurrence else str(int(at.timestamp()))
        answer = await self._space.post("reminders.add", text=escape(text), time=time)
        return _reminding(answer["reminder"], text, at, recurrence)

    @tool("read", scopes=("search:read",))
    async def search_messages(
        self,
        query: Annotated[str, "the words in it"],
        channel: Annotated[ChannelName | None, "the channel it was written in"] = None,
        from_: Annotated[Who | None, "who wrote it"] = None,
        after: Annotated[date | None, "first day"] = None,
        before: Annotated[date | None, "last day"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Message]:
        """Look through everything the asker may read in Slack, narrowed by sender, channel and days."""
        terms = [query]
        if channel:
            is_channel = channel[0] not in "UW"
            terms.append(f"in:#{(await self._space.info(channel))['name']}" if is_channel else f"in:<@{channel}>")
        terms += [f"from:<@{from_}>"] if from_ else []
        # both ends are exclusive at Slack
        terms += [f"after:{after - DAY}"] if after else []
        terms += [f"before:{before + DAY}"] if before else []
        pages = by_page(
            self.http, "/search.messages", "messages.matches", "messages.paging.pages",
            query=" ".join(terms), count=min(limit, 100), sort="timestamp", sort_dir="desc",
        )  # fmt: skip
        found = await take(pages, limit)
        names = await self._space.names(found)
        return [to_message(item, item["channel"]["id"], names=names) for item in found]

    @tool("read", scopes=HISTORY)
    async def read_channel(
        self,
        channel: Annotated[ChannelName, "the channel"],
        since: Annotated[datetime | None, "begin after this moment"] = None,
        limit: Annotated[int, "how many"] = 50,
    ) -> list[Message]:
        """Catch up on a channel: its newest messages, oldest of them first."""
        place = await self._space.place(channel)
        found = await take(self._space.history(place, since, limit), limit)
        return await self._space.shown(place, reversed(found))

    @tool("read", scopes=HISTORY)
    async def read_thread(
        self,
        channel: Annotated[ChannelName, "where the thread is"],
        thread: Annotated[Id, "the message that opened it: its link, its timestamp or words in it"],
    ) -> list[Message]:
        """Read a whole thread, from the message that opened it on."""
        place = await self._space.place(channel)
        root = await self._space.stamp(place, thread, "thread")
        return await self._space.shown(place, await take(self._space.replies(place, root), 1000))

    @tool("read", scopes=("channels:read", "groups:read"))
    async def list_channels(
        self,
        include_private: Annotated[bool, "private ones that the asker is in, too"] = False,
        include_archived: Annotated[bool, "archived ones too"] = False,
        limit: Annotated[int, "how many"] = 100,
    ) -> list[Channel]:
        """Show which channels there are."""
        types = "public_channel,private_channel" if include_private else "public_channel"
        found = await take(self._space.channels(types, min(limit, 200), not include_archived), limit)
        return [to_channel(item, self._site) for item in found]

    @tool("write", scopes=MANAGE, proof="read_conversation", undo="archive_channel", recover="recover_channel")
    async def create_channel(
        self,
        name: Annotated[str, "how it is called, at most 80 characters"],
        private: Annotated[bool, "only for those invited"] = False,
        members: Annotated[list[Who] | None, "who joins from the start"] = None,
        topic: Annotated[str | None, "what it is about"] = None,
    ) -> Change:
        """Open a new channel, with a topic and people if wanted."""
        wanted, others = _channel_name(name), [one for one in dict.fromkeys(members or ()) if one != self._me]
        made = (await self._space.post("conversations.create", name=wanted, is_private=private))["channel"]
        try:
            if others:
                await self._space.post("conversations.invite", channel=made["id"], users=",".join(others))
            if topic:
                await self._space.post("conversations.setTopic", channel=made["id"], topic=escape(topic))
        except OutcomeUnknown:
            raise
        except VendorError as error:
            raise Conflict(
                f"#{wanted} is there now, but not as you wanted it. {error.message}",
                cause=error.cause,
                next_step="Invite people or set the topic again, or archive it.",
            ) from error
        return self._opened(made, wanted, private, others, topic)

    @tool("write", scopes=MANAGE, proof="read_membership", undo="remove_from_channel")
    async def invite_to_channel(
        self, channel: Annotated[ChannelName, "the channel"], people: Annotated[list[Who], "who to add"]
    ) -> Change:
        """Bring people into a channel."""
        there = set(await self._space.members(channel))
        fresh = [one for one in dict.fromkeys(people) if one not in there]
        if not fresh:
            raise Conflict("They are in the channel already.")
        others = [one for one in fresh if one != self._me]
        if self._me in fresh:
            await self._space.post("conversations.join", channel=channel, is_repeatable=True)
        if others:
            await self._space.post("conversations.invite", channel=channel, users=",".join(others))
        undo = Call(tool="slack.remove_from_channel", args={"channel": channel, "people": fresh})
        record = to_membership(channel, fresh)
        return Change(record, {"members": record.members}, undo=undo)

    @tool("read", scopes=("users:read", "users:read.email"), name="find_person")
    async def look_up_person(self, who: Annotated[str, "the colleague, by name, handle or address"]) -> list[Person]:
        """Show who a colleague is: handle, job, address, phone and time zone."""
        return (await self._space.find_people(who))[:10]

    @tool("destructive", scopes=CHAT, proof="read_message", irreversible="Slack deletes a message for good")
    async def delete_message(
        self,
        channel: Annotated[ChannelName, "the channel, or the colleague of a direct message"],
        message: Annotated[Id, "link to or timestamp of the message, or words such as “my last message”"],
    ) -> Change:
        """Remove a message of the asker's own for good."""
        place = await self._space.place(channel)
        ts = await self._space.stamp(place, message, "message")
        record = to_message(await self._space.item(place, ts), place, self._site)
        await self._space.post("chat.delete", channel=place, ts=ts)
        return Change(record, is_gone=True)

    @tool("write", scopes=CHAT, proof="read_message", irreversible=IS_UNDO, is_hidden=True)
    async def restore_message(
        self,
        channel: Annotated[str, "id of the channel"],
        message: Annotated[str, "timestamp"],
        text: Annotated[str, "former text, in Slack's own markup"],
    ) -> Change:
        """Set a message back to what it said."""
        return await self._rewritten(channel, message, text, to_text(text))

    @tool("write", scopes=("reactions:write",), proof="read_reaction", irreversible=IS_UNDO, is_hidden=True)
    async def remove_reaction(
        self,
        channel: Annotated[str, "id of the channel"],
        message: Annotated[str, "timestamp"],
        emoji: Annotated[str, "emoji name"],
    ) -> Change:
        """Take one's emoji off a message."""
        record = self._reacted(channel, message, emoji).record
        await self._space.post("reactions.remove", channel=channel, timestamp=message, name=emoji)
        return Change(record, is_gone=True)

    @tool("write", scopes=CHAT, proof="read_scheduled", irreversible=IS_UNDO, is_hidden=True)
    async def delete_scheduled_message(
        self, channel: Annotated[str, "id of the channel"], message: Annotated[str, "Slack's number of it"]
    ) -> Change:
        """Take a message back before it is posted."""
        record = to_scheduled(await self._space.scheduled(channel, message), channel, message)
        await self._space.post("chat.deleteScheduledMessage", channel=channel, scheduled_message_id=message)
        return Change(record, is_gone=True)

    @tool("write", scopes=("reminders:write",), proof="read_reminder", irreversible=IS_UNDO, is_hidden=True)
    async def delete_reminder(self, reminder: Annotated[str, "id of the reminder"]) -> Change:
        """Forget a reminder."""
        record = to_reminder(await self._space.reminder(reminder))
        await self._space.post("reminders.delete", reminder=reminder)
        return Change(record, is_gone=True)

    @tool("destructive", scopes=MANAGE, proof="read_conversation", irreversible=IS_UNDO, is_hidden=True)
    async def archive_channel(self, channel: Annotated[str, "id of the channel"]) -> Change:
        """Close a channel."""
        record = to_channel(await self._space.info(channel), self._site)
        await self._space.post("conversations.archive", channel=channel)
        return Change(record, {"is_archived": True})

    @tool("destructive", scopes=MANAGE, proof="read_membership", irreversible=IS_UNDO, is_hidden=True)
    async def remove_from_channel(
        self, channel: Annotated[str, "id of the channel"], people: Annotated[list[str], "ids of who must go"]
    ) -> Change:
        """Take people out of a channel."""
        for one in people:
            if one == self._me:
                await self._space.post("conversations.leave", channel=channel)
            else:
                await self._space.post("conversations.kick", channel=channel, user=one)
        return Change(to_membership(channel, people), {"members": ()})

    @stream("message")
    async def stream_messages(self, cursor: str) -> Batch:
        """Messages of the channels that the asker is in, as they were written; changes to them come by webhook."""
        return await by_time(self._space.all_messages(since(cursor)), cursor, sent, self._of_message)

    async def read_message(self, ref: Ref) -> Record:
        """Reads the message again, and its permalink."""
        place, _, ts = ref.id.partition("/")
        item = await self._space.item(place, ts)
        link = await self.http.get("/chat.getPermalink", channel=place, message_ts=ts)
        return to_message(item, place, url=link["permalink"])

    async def read_reaction(self, ref: Ref) -> Record:
        """Reads the message's reactions again."""
        place, ts, emoji = ref.id.split("/")
        found = to_reaction(await self._space.item(place, ts), place, emoji, self._me)
        if found is None:
            raise NotFound(f"There is no :{emoji}: of yours on it.")
        return found

    async def read_scheduled(self, ref: Ref) -> Record:
        """Reads the list of scheduled messages again."""
        place, _, number = ref.id.partition("/")
        return to_scheduled(await self._space.scheduled(place, number), place, number)

    async def read_reminder(self, ref: Ref) -> Record:
        """Reads the reminder again."""
        return to_reminder(await self._space.reminder(ref.id))

    async def read_conversation(self, ref: Ref) -> Record:
        """Reads the channel and its members again."""
        return to_channel(await self._space.info(ref.id), self._site, sorted(await self._space.members(ref.id)))

    async def read_membership(self, ref: Ref) -> Record:
        """Reads who is in the channel again."""
        place, _, people = ref.id.partition("/")
        there = set(await self._space.members(place))
        record = to_membership(place, people.split(","))
        return record.model_copy(update={"members": tuple(one for one in record.members if one.id in there)})

    async def recover_message(self, channel: str, text: str, thread: str | None) -> Change | None:
        """The asker's message with this very text of the last minutes, if there is one."""
        place = await self._space.place(channel)
        root = await self._space.stamp(place, thread, "thread") if thread else None
        since = utc_now() - JUST_NOW
        items = self._space.replies(place, root) if root else self._space.history(place, since, LOOKED_AT)
        for item in sorted([one async for one in items], key=lambda one: str(one["ts"]), reverse=True):
            is_new = moment(item["ts"]) > since
            if is_new and item.get("user") == self._me and item["text"] == escape(text):
                return self._sent(item, place, text, root)
        return None

    async def recover_reaction(self, channel: str, message: str, emoji: str) -> Change | None:
        """The asker's reaction, if it is there."""
        place, name = await self._space.place(channel), emoji_name(emoji)
        ts = await self._space.stamp(place, message, "message")
        is_there = to_reaction(await self._space.item(place, ts), place, name, self._me) is not None
        return self._reacted(place, ts, name) if is_there else None

    async def recover_scheduled(self, channel: str, text: str, at: datetime) -> Change | None:
        """The scheduled message with this text and time, if there is one."""
        place, when = await self._space.place(channel), int(at.timestamp())
        async for item in by_cursor(
            self.http, "/chat.scheduledMessages.list", "scheduled_messages", *CURSOR, channel=place
        ):
            if item["post_at"] == when and item["text"] == escape(text):
                return _waiting(to_scheduled(item, place, item["id"]), text, item["text"], when)
        return None

    async def recover_reminder(self, text: str, at: datetime, recurrence: str | None) -> Change | None:
        """The reminder with this text and time, if there is one."""
        for item in (await self.http.get("/reminders.list"))["reminders"]:
            is_then = item["recurring"] if recurrence else item.get("time") == int(at.timestamp())
            if is_then and item["text"] == escape(text) and not item.get("complete_ts"):
                return _reminding(item, text, at, recurrence)
        return None

    async def recover_channel(
        self, name: str, private: bool, members: list[str] | None, topic: str | None
    ) -> Change | None:
        """The channel of this name that the asker made in the last minutes, if there is one."""
        wanted, others = _channel_name(name), [one for one in dict.fromkeys(members or ()) if one != self._me]
        async for item in self._space.channels():
            is_new = moment(item["created"]) > utc_now() - JUST_NOW and item["creator"] == self._me
            if item["name"] == wanted and is_new:
                return self._opened(item, wanted, private, others, topic)
        return None

    def _sent(self, item: Mapping[str, Any], place: str, text: str, root: str | None) -> Change:
        expect = {"text": said(text, item["text"]), "author": self._me, "thread": root or ""}
        undo = Call(tool="slack.delete_message", args={"channel": place, "message": item["ts"]})
        return Change(to_message(item, place, self._site), expect, undo=undo)

    async def _rewritten(self, place: str, ts: str, raw: str, text: str) -> Change:
        before = await self._space.item(place, ts)
        answer = await self._space.post("chat.update", channel=place, ts=ts, text=raw, is_repeatable=True)
        former = {"channel": place, "message": ts, "text": before["text"]}
        record = to_message({**before, "text": answer["text"]}, place, self._site)
        expect = {"text": said(text, answer["text"])}
        return Change(record, expect, undo=Call(tool="slack.restore_message", args=former))

    def _reacted(self, place: str, ts: str, emoji: str) -> Change:
        item = {"ts": ts, "reactions": [{"name": emoji, "users": [self._me]}]}
        record = to_reaction(item, place, emoji, self._me)
        assert record is not None  # noqa: S101 - it was built with the reaction
        undo = Call(tool="slack.remove_reaction", args={"channel": place, "message": ts, "emoji": emoji})
        return Change(record, {"reactions": (emoji,), "author": self._me}, undo=undo)

    def _opened(
        self, item: Mapping[str, Any], name: str, private: bool, others: Sequence[str], topic: str | None
    ) -> Change:
        record = to_channel(item, self._site, sorted({self._me, *others}))
        expect = {"title": name, "is_private": private, "topic": (topic or "").strip(), "members": record.members}
        undo = Call(tool="slack.archive_channel", args={"channel": item["id"]})
        return Change(record, expect, undo=undo)

    def _of_message(self, item: Mapping[str, Any]) -> Message:
        return to_message(item, item["channel"], self._site)

    def _of_channel(self, item: Mapping[str, Any], *also: str) -> Candidate:
        channel = to_channel(item, self._site)
        return Candidate(channel.ref.id, channel.ref.label, channel.topic, (channel.title, *also))

    @property
    def _space(self) -> Workspace:
        return Workspace(self.http, self.who.zone)

    @property
    def _me(self) -> str:
        return self.http.connection.account

    @property
    def _site(self) -> str:
        return self.http.connection.site


def _of_person(person: Person, *also: str) -> Candidate:
    return Candidate(person.ref.id, person.title, person.email, (person.handle, *also))


def _channel_name(text: str) -> str:
    return "-".join(text.strip().lstrip("#").lower().split())


def _waiting(record: Message, text: str, echo: str, when: int) -> Change:
    place, _, number = record.ref.id.partition("/")
    undo = Call(tool="slack.delete_scheduled_message", args={"channel": place, "message": number})
    return Change(record, {"text": said(text, echo), "sent_at": moment(when)}, undo=undo)


def _reminding(item: Mapping[str, Any], text: str, at: datetime, recurrence: str | None) -> Change:
    due = {"recurrence": "recurring"} if recurrence else {"due_at": moment(int(at.timestamp()))}
    undo = Call(tool="slack.delete_reminder", args={"reminder": item["id"]})
    return Change(to_reminder(item), {"title": said(text, item["text"]), **due}, undo=undo)
