"""Notification channels."""

from __future__ import annotations

from datetime import timedelta

from sandbox.exchange import Call, Json
from sandbox.hook import Target
from sandbox.vendor import route
from sandbox.vendors.google_calendar.base import HOST, READ, Base, refused

LIFE = timedelta(days=7)


class Watches(Base):
    """`events.watch` and `channels.stop`."""

    @route("POST", "/calendar/v3/calendars/{calendar}/events/watch", scope=READ)
    def watch(self, call: Call) -> Json:
        """Open a channel and send it the first message."""
        calendar, channel = self.calendar_id(call), str(call.need("id"))
        if channel in self.state["channels"]:
            raise refused(400, "channelIdNotUnique", f"Channel id {channel} not unique")
        try:
            target = Target.parse({"url": call.need("address"), "secret": call.get("token", "")})
        except ValueError:
            raise refused(400, "webhookUrlNotHttps", "WebHook callback must be HTTPS.") from None
        self.hooks.targets.append(target)
        row = {"address": target.url, "token": target.secret, "resourceId": self.ident(24, "watch", calendar)}
        self.state["channels"][channel] = row
        self.emit("", channel=channel, calendar=calendar, state="sync")
        ends = self.world.time() + LIFE
        return {
            "kind": "api#channel", "id": channel, "resourceId": row["resourceId"], "token": row["token"],
            "resourceUri": f"{HOST}/v3/calendars/{calendar}/events?alt=json",
            "expiration": str(int(ends.timestamp() * 1000)),
        }  # fmt: skip

    @route("POST", "/calendar/v3/channels/stop", scope=READ)
    def stop(self, call: Call) -> None:
        """Close a channel."""
        row = self.state["channels"].get(str(call.need("id")))
        if row is None or row["resourceId"] != call.need("resourceId"):
            raise refused(404, "notFound", f"Channel '{call.get('id')}' not found for project")
        del self.state["channels"][str(call.get("id"))]
        self.hooks.targets.remove(Target(row["address"], row["token"]))
