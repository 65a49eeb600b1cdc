"""Emoji on messages."""

from __future__ import annotations

from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.slack.base import Workspace


class Reactions(Workspace):
    """reactions.*"""

    @route("GET POST", "/api/reactions.add", scope="reactions:write")
    def reactions_add(self, call: Call) -> Json:
        """Put an emoji on a message."""
        channel = self.channel(call)
        row, name, me = (
            self.message(channel, call.need("timestamp")),
            str(call.need("name")).strip(":"),
            self.me(call),
        )
        if not name.replace("_", "").replace("-", "").replace("+", "").replace(":", "").isalnum():
            raise Refusal("invalid_name")
        found = next((r for r in row.get("reactions", []) if r["name"] == name), None)
        if found is None:
            found = {"name": name, "users": [], "count": 0}
            row.setdefault("reactions", []).append(found)
        if me in found["users"]:
            raise Refusal("already_reacted")
        found["users"].append(me)
        found["count"] += 1
        item = {"type": "message", "channel": channel["id"], "ts": row["ts"]}
        self.event("reaction_added", user=me, reaction=name, item_user=row["user"], item=item)
        return {}

    @route("GET POST", "/api/reactions.remove", scope="reactions:write")
    def reactions_remove(self, call: Call) -> Json:
        """Take one's emoji off."""
        row, name = (
            self.message(self.channel(call), call.need("timestamp")),
            str(call.need("name")).strip(":"),
        )
        found = next((r for r in row.get("reactions", []) if r["name"] == name), None)
        if found is None or self.me(call) not in found["users"]:
            raise Refusal("no_reaction")
        found["users"].remove(self.me(call))
        found["count"] -= 1
        row["reactions"] = [r for r in row["reactions"] if r["count"]]
        if not row["reactions"]:
            del row["reactions"]
        return {}

    @route("GET POST", "/api/reactions.get", scope="reactions:read")
    def reactions_get(self, call: Call) -> Json:
        """A message with its reactions."""
        channel = self.channel(call)
        row = self.message(channel, call.need("timestamp"))
        return {
            "type": "message",
            "channel": channel["id"],
            "message": {**row, "permalink": self.shape.permalink(channel["id"], row)},
        }
