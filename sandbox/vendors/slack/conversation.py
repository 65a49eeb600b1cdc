"""Channels and direct messages."""

from __future__ import annotations

from sandbox.exchange import Call, Json, Refusal, page
from sandbox.vendor import route
from sandbox.vendors.slack.base import MANAGE, READ, Workspace


class Conversations(Workspace):
    """conversations.*, but for what is said in them."""

    @route("GET POST", "/api/conversations.list", scope=READ)
    def conversations_list(self, call: Call) -> Json:
        """The channels of the wanted types that the caller may see."""
        me = self.me(call)
        types = str(call.get("types") or "public_channel").split(",")
        found = [
            channel
            for channel in self.state["channels"].values()
            if self.sees(channel, me)
            and self.shape.listed_as(channel) in types
            and not (channel["is_archived"] and call.flag("exclude_archived"))
        ]
        found, cursor = page(found, call.get("cursor"), call.whole("limit", 100))
        return {
            "channels": [self.shape.conversation(channel, me) for channel in found],
            "response_metadata": {"next_cursor": cursor or ""},
        }

    @route("GET POST", "/api/conversations.info", scope=READ)
    def conversations_info(self, call: Call) -> Json:
        """One channel."""
        return self.conversation(call, self.channel(call))

    @route("GET POST", "/api/conversations.members", scope=READ)
    def conversations_members(self, call: Call) -> Json:
        """The ids of those in a channel."""
        members, cursor = page(self.channel(call)["members"], call.get("cursor"), call.whole("limit", 100))
        return {"members": members, "response_metadata": {"next_cursor": cursor or ""}}

    @route("GET POST", "/api/conversations.create", scope=MANAGE)
    def conversations_create(self, call: Call) -> Json:
        """A new channel with its creator in it."""
        name = str(call.need("name"))
        self.shape.check_name(name)
        if any(channel["name"] == name for channel in self.state["channels"].values()):
            raise Refusal("name_taken")
        me = self.me(call)
        channel_id = "C" + self.ident(10, "channel", name, self.count("channel"))
        channel = self.shape.new_channel(channel_id, name, [me], me, self.world.time())
        channel["is_private"] = call.flag("is_private")
        self.state["channels"][channel_id] = channel
        self.state["messages"][channel_id] = []
        self.event(
            "channel_created",
            channel={"id": channel_id, "name": name, "creator": me, "created": channel["created"]},
        )
        return self.conversation(call, channel)

    @route("GET POST", "/api/conversations.invite", scope=MANAGE)
    def conversations_invite(self, call: Call) -> Json:
        """Add people; all or none."""
        channel = self.joined(call, self.channel(call))
        users = str(call.need("users")).split(",")
        for user in users:
            self.user(user)
        if self.me(call) in users:
            raise Refusal("cant_invite_self")
        fresh = [user for user in users if user not in channel["members"]]
        if not fresh:
            raise Refusal("already_in_channel")
        channel["members"] += fresh
        for user in fresh:
            self.event(
                "member_joined_channel",
                user=user,
                channel=channel["id"],
                channel_type="C",
                team=self.shape.team_id,
                inviter=self.me(call),
            )
        return self.conversation(call, channel)

    @route("GET POST", "/api/conversations.kick", scope=MANAGE)
    def conversations_kick(self, call: Call) -> Json:
        """Take somebody out."""
        channel = self.joined(call, self.channel(call))
        user = call.need("user")
        if user not in channel["members"]:
            raise Refusal("not_in_channel")
        if user == self.me(call):
            raise Refusal("cant_kick_self")
        if channel["name"] == "general":
            raise Refusal("cant_kick_from_general")
        channel["members"].remove(user)
        return {}

    @route("GET POST", "/api/conversations.join", scope="channels:join channels:write")
    def conversations_join(self, call: Call) -> Json:
        """Enter a public channel."""
        channel = self.channel(call)
        if channel["is_archived"]:
            raise Refusal("is_archived")
        if self.me(call) not in channel["members"]:
            channel["members"].append(self.me(call))
        return self.conversation(call, channel)

    @route("GET POST", "/api/conversations.leave", scope=MANAGE)
    def conversations_leave(self, call: Call) -> Json:
        """Leave a channel."""
        channel = self.channel(call)
        if channel["name"] == "general":
            raise Refusal("cant_leave_general")
        if self.me(call) not in channel["members"]:
            return {"not_in_channel": True}
        channel["members"].remove(self.me(call))
        return {}

    @route("GET POST", "/api/conversations.archive", scope=MANAGE)
    def conversations_archive(self, call: Call) -> Json:
        """Close a channel."""
        channel = self.channel(call)
        if channel["name"] == "general":
            raise Refusal("cant_archive_general")
        if channel["is_archived"]:
            raise Refusal("already_archived")
        channel["is_archived"] = True
        return {}

    @route("GET POST", "/api/conversations.unarchive", scope=MANAGE)
    def conversations_unarchive(self, call: Call) -> Json:
        """Open an archived channel again."""
        channel = self.channel(call)
        if not channel["is_archived"]:
            raise Refusal("not_archived")
        channel["is_archived"] = False
        return {}

    @route("GET POST", "/api/conversations.setTopic", scope=MANAGE)
    def conversations_set_topic(self, call: Call) -> Json:
        """A new topic."""
        channel = self.joined(call, self.channel(call))
        topic = str(call.get("topic", ""))
        if len(topic) > 250:
            raise Refusal("too_long")
        stamp = int(self.world.time().timestamp())
        channel["topic"] = {"value": topic, "creator": self.me(call), "last_set": stamp}
        return self.conversation(call, channel)

    @route("GET POST", "/api/conversations.open", scope="im:write mpim:write")
    def conversations_open(self, call: Call) -> Json:
        """A direct message with one or more people."""
        if call.get("channel"):
            return self.conversation(call, self.channel(call))
        users = str(call.need("users")).split(",")
        for user in users:
            self.user(user)
        channel = self.direct([self.me(call), *users])
        if call.flag("return_im") or channel["kind"] == "mpim":
            return self.conversation(call, channel)
        return {"channel": {"id": channel["id"]}}
