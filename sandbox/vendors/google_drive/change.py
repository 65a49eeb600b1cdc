"""Change tokens and notification channels."""

from __future__ import annotations

from datetime import timedelta

from sandbox.exchange import Call, Json
from sandbox.google import refused
from sandbox.hook import Target
from sandbox.vendor import route
from sandbox.vendors.google_drive.base import BASE, READ, Base

FIRST = 5000


class Changes(Base):
    """`changes` and `channels`."""

    @route("GET", f"{BASE}/changes/startPageToken", scope=READ)
    def start(self, call: Call) -> Json:
        """The token of now."""
        return {"kind": "drive#startPageToken", "startPageToken": str(self._last())}

    @route("GET", f"{BASE}/changes", scope=READ)
    def list_changes(self, call: Call) -> Json:
        """What the caller sees of what happened since a token, each file once."""
        token, size = call.whole("pageToken", 0, 10**12), call.whole("pageSize", 100, 1000) or 100
        if token < FIRST:
            raise refused(400, "invalid", "Invalid Value")
        rows = [one for one in self.state["changes"] if one["number"] > token]
        latest = {one["file"]: one for one in rows}
        after = [one for one in rows if latest[one["file"]] is one]
        shown = []
        for one in after[:size]:
            file = self.state["files"].get(one["file"])
            about: Json = {"kind": "drive#change", "changeType": "file", "time": one["at"], "fileId": one["file"]}
            if file is None:
                shown.append(about | {"removed": True})
            elif self.role(call.person, file, by_link=False):
                shown.append(about | {"removed": False, "file": self.shown(call, file)})
        told: Json = {"kind": "drive#changeList", "changes": shown}
        if len(after) > size:
            return told | {"nextPageToken": str(after[size - 1]["number"])}
        return told | {"newStartPageToken": str(self._last())}

    @route("POST", f"{BASE}/changes/watch", scope=READ)
    def watch(self, call: Call) -> Json:
        """Open a channel."""
        channel = str(call.need("id"))
        try:
            target = Target.parse({"url": call.need("address"), "secret": call.get("token", "")})
        except ValueError:
            raise refused(400, "webhookUrlNotHttps", "WebHook callback must be HTTPS.") from None
        self.hooks.targets.append(target)
        self.state["channels"][channel] = {"address": target.url, "token": target.secret}
        self.emit("", state="sync")
        ends = str(int((self.world.time() + timedelta(days=7)).timestamp() * 1000))
        return {"kind": "api#channel", "id": channel, "resourceId": "o3hgv1538sdjfh", "expiration": ends}

    def _last(self) -> int:
        rows = self.state["changes"]
        return int(rows[-1]["number"]) if rows else FIRST
