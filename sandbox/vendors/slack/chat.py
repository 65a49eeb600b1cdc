"""Messages: said, changed, taken away, scheduled."""

from __future__ import annotations

from sandbox.exchange import Call, Json, Refusal, page
from sandbox.vendor import route
from sandbox.vendors.slack.base import Workspace


class Chat(Workspace):
    """chat.*"""

    @route("GET POST", "/api/chat.postMessage", scope="chat:write")
    def chat_post(self, call: Call) -> Json:
        """Say something in a channel, a thread or to a person."""
        channel = self.joined(call, self.channel(call, by_name=True))
        text = self._said(call)
        thread = call.get("thread_ts")
        if thread:
            self.message(channel, thread)
        row = self.post(channel, self.me(call), text, thread_ts=thread, blocks=self.shape.blocks(call.get("blocks")))
        return {"channel": channel["id"], "ts": row["ts"], "message": row}

    def _said(self, call: Call) -> str:
        text = str(call.get("text") or "")
        if not text and not call.get("blocks") and not call.get("attachments"):
            raise Refusal("no_text")
        if len(text) > 40_000:
            raise Refusal("msg_too_long")
        return text

    @route("GET POST", "/api/chat.postEphemeral", scope="chat:write")
    def chat_post_ephemeral(self, call: Call) -> Json:
        """Say something that one person sees; nothing is kept."""
        channel = self.joined(call, self.channel(call))
        self._said(call)
        if call.need("user") not in channel["members"]:
            raise Refusal("user_not_in_channel")
        return {"message_ts": self.shape.ts(self.world.time(), self.count("ts"))}

    def _own(self, call: Call, channel: Json, code: str) -> Json:
        row = self.message(channel, call.need("ts"))
        if row["user"] != self.me(call):
            raise Refusal(code)
        return row

    @route("GET POST", "/api/chat.update", scope="chat:write")
    def chat_update(self, call: Call) -> Json:
        """Change one's own message."""
        channel = self.channel(call)
        row = self._own(call, channel, "cant_update_message")
        row["text"] = self._said(call)
        blocks = self.shape.blocks(call.get("blocks"))
        row.pop("blocks", None)
        row |= {"blocks": blocks} if blocks else {}
        row["edited"] = {"user": self.me(call), "ts": self.shape.ts(self.world.time(), self.count("ts"))}
        self.event(
            "message",
            subtype="message_changed",
            channel=channel["id"],
            message=row,
            hidden=True,
            channel_type=self.shape.channel_type(channel),
            event_ts=row["edited"]["ts"],
        )
        shown = {key: row[key] for key in ("type", "user", "text") if key in row}
        return {"channel": channel["id"], "ts": row["ts"], "text": row["text"], "message": shown}

    @route("GET POST", "/api/chat.delete", scope="chat:write")
    def chat_delete(self, call: Call) -> Json:
        """Take one's own message away."""
        channel = self.channel(call)
        row = self._own(call, channel, "cant_delete_message")
        self.state["messages"][channel["id"]].remove(row)
        self.event(
            "message",
            subtype="message_deleted",
            channel=channel["id"],
            deleted_ts=row["ts"],
            hidden=True,
            channel_type=self.shape.channel_type(channel),
        )
        return {"channel": channel["id"], "ts": row["ts"]}

    @route("GET POST", "/api/chat.getPermalink")
    def chat_permalink(self, call: Call) -> Json:
        """The link to a message."""
        channel = self.channel(call)
        row = self.message(channel, call.need("message_ts"))
        return {"channel": channel["id"], "permalink": self.shape.permalink(channel["id"], row)}

    @route("GET POST", "/api/chat.scheduleMessage", scope="chat:write")
    def chat_schedule(self, call: Call) -> Json:
        """Say something later, 120 days ahead at most."""
        channel = self.joined(call, self.channel(call, by_name=True))
        text = self._said(call)
        at, now = call.whole("post_at", 0, 10**10), int(self.world.time().timestamp())
        if at <= now or at > now + 120 * 86400:
            raise Refusal("time_in_past" if at <= now else "time_too_far")
        key = "Q" + self.ident(10, "scheduled", self.count("scheduled"))
        row = {
            "id": key,
            "channel_id": channel["id"],
            "post_at": at,
            "date_created": now,
            "text": text,
            "user": self.me(call),
            "thread_ts": call.get("thread_ts"),
        }
        self.state["scheduled"][key] = row
        message = {
            "type": "delayed_message",
            "text": text,
            "bot_id": self.shape.bot_id,
            "user": row["user"],
            "team": self.shape.team_id,
        }
        return {"channel": channel["id"], "scheduled_message_id": key, "post_at": at, "message": message}

    @route("GET POST", "/api/chat.scheduledMessages.list")
    def chat_scheduled(self, call: Call) -> Json:
        """What the caller has scheduled."""
        mine = [
            {name: row[name] for name in ("id", "channel_id", "post_at", "date_created", "text")}
            for row in self.state["scheduled"].values()
            if row["user"] == self.me(call) and call.get("channel") in (None, "", row["channel_id"])
        ]
        rows, cursor = page(mine, call.get("cursor"), call.whole("limit", 100))
        return {"scheduled_messages": rows, "response_metadata": {"next_cursor": cursor or ""}}

    @route("GET POST", "/api/chat.deleteScheduledMessage", scope="chat:write")
    def chat_unschedule(self, call: Call) -> Json:
        """Take a scheduled message back."""
        row = self.state["scheduled"].get(call.need("scheduled_message_id"))
        if row is None or row["channel_id"] != self.channel(call)["id"] or row["user"] != self.me(call):
            raise Refusal("invalid_scheduled_message_id")
        del self.state["scheduled"][row["id"]]
        return {}
