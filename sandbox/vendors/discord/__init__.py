"""Discord's HTTP API, version 10, for a bot in one server: channels, threads, messages, members, roles, events."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import Vendor, route
from sandbox.vendors.discord.seed import channel_row, event_row, message_row, seed_discord, snowflake, thread_row

UNKNOWN = {
    "channel": (10003, "Unknown Channel"), "guild": (10004, "Unknown Guild"), "member": (10007, "Unknown Member"),
    "message": (10008, "Unknown Message"), "role": (10011, "Unknown Role"), "user": (10013, "Unknown User"),
    "event": (10070, "Unknown Guild Scheduled Event"),
}  # fmt: skip
BY_STATUS: Mapping[int, tuple[int, str]] = {
    400: (50035, "Invalid Form Body"), 403: (50013, "Missing Permissions"), 404: (0, "404: Not Found"),
    409: (160004, "A thread has already been created for this message"), 422: (50035, "Invalid Form Body"),
}  # fmt: skip
TALKING = (0, 2, 5, 10, 11, 12, 13)
NAMED = (0, 5, 15)


class Discord(Vendor):
    """Fernwick's community server, and the bot in it."""

    key = "discord"
    hosts = ("https://discord.com",)
    base = "/api/v10"

    def seed(self) -> Json:
        return seed_discord(self.company, self.world.story)

    @property
    def public_key(self) -> str:
        """What the application's page shows, in hex."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"fernwick community").digest())

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        at = str(int(self.world.time().timestamp()))
        return {"x-signature-timestamp": at, "x-signature-ed25519": self._key.sign(at.encode() + body).hex()}

    def credential(self, call: Call) -> str | None:
        scheme, _, value = call.headers.get("authorization", "").partition(" ")
        return value.strip() or None if scheme == "Bot" else None

    def refuse(self, refusal: Refusal) -> Answer:
        if refusal.kind in ("unauthenticated", "invalid_token", "expired", "revoked"):
            return Answer(401, {"message": "401: Unauthorized", "code": 0})
        if refusal.kind == "rate_limited":
            wait = refusal.detail.get("retry_after", 1)
            told = {"message": "You are being rate limited.", "retry_after": float(max(wait, 0)), "global": False}
            return Answer(429, told | {"code": 0}, {"retry-after": str(wait), "x-ratelimit-scope": "user"})
        if refusal.kind == "server_error":
            return Answer(500, {"message": "500: Internal Server Error", "code": 0})
        if refusal.kind == "unknown":
            code, said = UNKNOWN[refusal.message]
            return Answer(404, {"message": said, "code": code})
        if refusal.kind in ("missing", "invalid"):
            mark = "BASE_TYPE_REQUIRED" if refusal.kind == "missing" else "INVALID_VALUE"
            wrong = {"_errors": [{"code": mark, "message": refusal.message}]}
            errors = {refusal.detail.get("name", "content"): wrong}
            return Answer(400, {"message": "Invalid Form Body", "code": 50035, "errors": errors})
        if refusal.kind == "coded":
            return Answer(refusal.status, {"message": refusal.message, "code": refusal.detail["code"]})
        status = 404 if refusal.kind == "no_route" else refusal.status
        code, said = BY_STATUS.get(status, BY_STATUS[400])
        return Answer(status, {"message": said, "code": code})

    @route("GET", "/users/@me")
    def show_me(self, call: Call) -> Json:
        return self._me | {"mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}

    @route("GET", "/users/@me/guilds")
    def list_guilds(self, call: Call) -> list[Json]:
        row = self.state["guild"] | {"icon": None, "banner": None, "owner": False, "permissions": "8"}
        return [row | {"features": ["COMMUNITY"]}]

    @route("GET", "/guilds/{guild}/channels")
    def list_channels(self, call: Call) -> list[Json]:
        self._guild(call)
        return [row for row in self.state["channels"].values() if "thread_metadata" not in row]

    @route("GET", "/guilds/{guild}/threads/active")
    def list_threads(self, call: Call) -> Json:
        self._guild(call)
        rows = [row for row in self.state["channels"].values() if "thread_metadata" in row]
        return {"threads": [row for row in rows if not row["thread_metadata"]["archived"]], "members": []}

    @route("POST", "/guilds/{guild}/channels")
    def create_channel(self, call: Call) -> Answer:
        self._guild(call)
        name, kind, parent = self._name(call), int(call.get("type") or 0), call.get("parent_id")
        if parent and self.state["channels"].get(parent, {}).get("type") != 4:
            raise Refusal("invalid", "Not a category", name="parent_id")
        if kind in NAMED:
            name = "-".join(name.lower().split())
        id, place = self._id(), len(self.state["channels"])
        row = channel_row(self.state["guild"]["id"], id, name, kind, place, parent, call.get("topic"))
        self.state["channels"][id] = row
        self.state["messages"][id] = {}
        return Answer(201, dict(row))

    @route("GET", "/channels/{channel}")
    def get_channel(self, call: Call) -> Json:
        return self._channel(call)

    @route("DELETE", "/channels/{channel}")
    def delete_channel(self, call: Call) -> Json:
        row = self._channel(call)
        del self.state["channels"][row["id"]]
        del self.state["messages"][row["id"]]
        root = self.state["messages"].get(row["parent_id"] or "", {}).get(row["id"])
        if root:
            root["flags"] &= ~32
            root.pop("thread", None)
        return row

    @route("GET", "/channels/{channel}/messages")
    def list_messages(self, call: Call) -> list[Json]:
        rows = sorted(self.state["messages"][self._channel(call)["id"]].values(), key=lambda row: int(row["id"]))
        limit, before, after = call.whole("limit", 50, top=100) or 50, call.get("before"), call.get("after")
        if after is not None:
            return [row for row in rows if int(row["id"]) > int(after)][:limit][::-1]
        return [row for row in rows if before is None or int(row["id"]) < int(before)][-limit:][::-1]

    @route("POST", "/channels/{channel}/messages")
    def create_message(self, call: Call) -> Json:
        channel, text = self._channel(call), str(call.get("content") or "").strip()
        if channel["type"] not in TALKING:
            raise Refusal("coded", "Cannot send messages in a non-text channel", code=50008)
        if not text:
            raise Refusal("coded", "Cannot send an empty message", code=50006)
        if len(text) > 2000:
            raise Refusal("invalid", "Must be 2000 or fewer in length.", name="content")
        there = self.state["messages"][channel["id"]]
        nonce, reply = call.get("nonce"), (call.get("message_reference") or {}).get("message_id")
        if call.get("enforce_nonce") and nonce:
            same: Json | None = next((row for row in there.values() if row.get("nonce") == nonce), None)
            if same:
                return same
        if reply and reply not in there:
            raise Refusal("invalid", "Unknown message", name="message_reference")
        now = self.world.time()
        row = message_row(self._id(), channel["id"], self._me, text, now)
        if nonce:
            row["nonce"] = nonce
        if reply:
            guild = self.state["guild"]["id"]
            row["message_reference"] = {"type": 0, "channel_id": channel["id"], "message_id": reply, "guild_id": guild}
            row["type"] = 19
        there[row["id"]] = row
        channel["last_message_id"] = row["id"]
        self._bookmarked(row)
        return row

    @route("GET", "/channels/{channel}/messages/{message}")
    def get_message(self, call: Call) -> Json:
        return self._message(call)

    @route("DELETE", "/channels/{channel}/messages/{message}")
    def delete_message(self, call: Call) -> None:
        row = self._message(call)
        del self.state["messages"][row["channel_id"]][row["id"]]

    @route("POST", "/channels/{channel}/threads")
    def create_thread(self, call: Call) -> Answer:
        channel = self._channel(call)
        is_post = channel["type"] == 15
        if is_post and not (call.body.get("message") or {}).get("content"):
            raise Refusal("missing", "This field is required", name="message")
        return self._threaded(call, channel, self._id(), 11 if is_post else int(call.get("type") or 12))

    @route("POST", "/channels/{channel}/messages/{message}/threads")
    def branch_thread(self, call: Call) -> Answer:
        channel, root = self._channel(call), self._message(call)
        if root["id"] in self.state["channels"]:
            raise Refusal("coded", "A thread has already been created for this message", code=160004)
        root["flags"] |= 32
        return self._threaded(call, channel, root["id"], 10 if channel["type"] == 5 else 11)

    @route("GET", "/guilds/{guild}/messages/search")
    def search(self, call: Call) -> Json:
        self._guild(call)
        words = str(call.get("content") or "").lower().split()
        places, authors, has = call.many("channel_id"), call.many("author_id"), call.many("has")
        rows = [row for there in self.state["messages"].values() for row in there.values()]
        rows = [row for row in rows if all(word in row["content"].lower() for word in words)]
        rows = [row for row in rows if not places or row["channel_id"] in places]
        rows = [row for row in rows if not authors or row["author"]["id"] in authors]
        rows = [row for row in rows if all(_has(row, kind) for kind in has)]
        rows.sort(key=lambda row: int(row["id"]), reverse=True)
        start = call.whole("offset", 0, top=9975)
        part = rows[start : start + (call.whole("limit", 25, top=25) or 25)]
        found = {"messages": [[row | {"hit": True}] for row in part], "total_results": len(rows)}
        return found | {"doing_deep_historical_index": False}

    @route("GET", "/guilds/{guild}/members/search")
    def search_members(self, call: Call) -> list[Json]:
        self._guild(call)
        wanted, limit = str(call.need("query")).lower(), call.whole("limit", 1, top=1000)
        rows = [row for row in self.state["members"].values() if any(n.lower().startswith(wanted) for n in _names(row))]
        return rows[:limit]

    @route("GET", "/guilds/{guild}/members/{user}")
    def get_member(self, call: Call) -> Json:
        return self._member(call)

    @route("PUT", "/guilds/{guild}/members/{user}/roles/{role}")
    def add_role(self, call: Call) -> None:
        row, role = self._member(call), self._role(call)
        if role["name"] == "Admin":
            raise Refusal("refused", status=403)
        if role["id"] not in row["roles"]:
            row["roles"].append(role["id"])

    @route("DELETE", "/guilds/{guild}/members/{user}/roles/{role}")
    def remove_role(self, call: Call) -> None:
        row, role = self._member(call), self._role(call)
        if role["id"] in row["roles"]:
            row["roles"].remove(role["id"])

    @route("GET", "/guilds/{guild}/roles")
    def list_roles(self, call: Call) -> list[Json]:
        self._guild(call)
        return [*self.state["roles"].values()]

    @route("GET", "/guilds/{guild}/scheduled-events")
    def list_events(self, call: Call) -> list[Json]:
        self._guild(call)
        return [*self.state["events"].values()]

    @route("POST", "/guilds/{guild}/scheduled-events")
    def create_event(self, call: Call) -> Json:
        self._guild(call)
        asked, kind = dict(call.body), call.need("entity_type")
        for name in ("name", "scheduled_start_time", "privacy_level"):
            call.need(name)
        if datetime.fromisoformat(asked["scheduled_start_time"]) < self.world.time():
            raise Refusal("invalid", "Cannot schedule event in the past.", name="scheduled_start_time")
        if kind == 3 and not asked.get("scheduled_end_time"):
            raise Refusal("missing", "This field is required", name="scheduled_end_time")
        hall = self.state["channels"].get(asked.get("channel_id") or "", {}).get("type")
        if kind != 3 and hall != {1: 13, 2: 2}[kind]:
            raise Refusal("invalid", "Invalid channel for this kind of event.", name="channel_id")
        id = self._id()
        self.state["events"][id] = event_row(self.state["guild"]["id"], id, self._me["id"], asked)
        return dict(self.state["events"][id])

    @route("DELETE", "/guilds/{guild}/scheduled-events/{event}")
    def delete_event(self, call: Call) -> None:
        self._guild(call)
        if self.state["events"].pop(call.params["event"], None) is None:
            raise Refusal("unknown", "event")

    @property
    def _me(self) -> Json:
        me: Json = next(row["user"] for row in self.state["members"].values() if row["user"].get("bot"))
        return me

    def _id(self) -> str:
        return snowflake(self.world.time(), self.count("id") % 4096)

    def _guild(self, call: Call) -> None:
        if call.params["guild"] != self.state["guild"]["id"]:
            raise Refusal("unknown", "guild")

    def _channel(self, call: Call) -> Json:
        row: Json | None = self.state["channels"].get(call.params["channel"])
        if row is None:
            raise Refusal("unknown", "channel")
        return row

    def _message(self, call: Call) -> Json:
        row: Json | None = self.state["messages"][self._channel(call)["id"]].get(call.params["message"])
        if row is None:
            raise Refusal("unknown", "message")
        return row

    def _member(self, call: Call) -> Json:
        self._guild(call)
        row: Json | None = self.state["members"].get(call.params["user"])
        if row is None:
            raise Refusal("unknown", "member")
        return row

    def _role(self, call: Call) -> Json:
        row: Json | None = self.state["roles"].get(call.params["role"])
        if row is None:
            raise Refusal("unknown", "role")
        return row

    def _name(self, call: Call) -> str:
        name = str(call.need("name")).strip()
        if not 1 <= len(name) <= 100:
            raise Refusal("invalid", "Must be between 1 and 100 in length.", name="name")
        return name

    def _threaded(self, call: Call, channel: Json, id: str, kind: int) -> Answer:
        name, now = self._name(call), self.world.time()
        row = thread_row(self.state["guild"]["id"], id, name, kind, channel["id"], self._me["id"], now)
        self.state["channels"][id] = row
        post = call.body.get("message") if isinstance(call.body, dict) else None
        first = post.get("content") if isinstance(post, dict) else None
        root = message_row(id, id, self._me, first, now) if first else None
        self.state["messages"][id] = {id: root} if root else {}
        return Answer(201, dict(row))

    def _bookmarked(self, row: Json) -> None:
        """A reader uses the app's command on the new message: what Discord sends over HTTP are interactions."""
        reader = next(one for one in self.state["members"].values() if one["user"]["username"] == "caseysurf")
        self.emit({
            "version": 1, "id": self._id(), "application_id": self._me["id"], "type": 2, "token": "aW50ZXJhY3Rpb24",
            "guild_id": self.state["guild"]["id"], "channel_id": row["channel_id"], "member": reader,
            "data": {"id": self._me["id"], "name": "Bookmark", "type": 3, "target_id": row["id"]},
        })  # fmt: skip


def _names(row: Json) -> list[str]:
    return [name for name in (row["nick"], row["user"]["username"], row["user"]["global_name"]) if name]


def _has(row: Json, kind: str) -> bool:
    images = [one for one in row["attachments"] if one.get("content_type", "").startswith("image/")]
    return {"link": "http" in row["content"], "file": bool(row["attachments"]), "image": bool(images)}.get(kind, False)
