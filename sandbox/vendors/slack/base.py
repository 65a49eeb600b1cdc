"""What Slack's methods share: HTTP 200 with `ok`, user and bot tokens, channels, messages, events."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from sandbox.company import Person
from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import MIXED, Grant
from sandbox.oauth import OAuth
from sandbox.vendor import Endpoint, Handler, Vendor
from sandbox.vendors.slack.seed import seed_slack
from sandbox.vendors.slack.shape import Shape

CODES = {
    "unauthenticated": "not_authed",
    "invalid_token": "invalid_auth",
    "expired": "token_expired",
    "revoked": "token_revoked",
    "no_route": "unknown_method",
    "invalid_body": "invalid_json",
    "server_error": "internal_error",
    "invalid": "invalid_arguments",
    "invalid_client": "invalid_client_id",
}
ABSENT = {
    "channel": "channel_not_found",
    "text": "no_text",
    "users": "no_user",
    "user": "user_not_found",
    "ts": "message_not_found",
    "timestamp": "bad_timestamp",
    "message_ts": "message_not_found",
    "name": "invalid_name",
    "email": "users_not_found",
    "query": "no_query",
    "time": "cannot_parse",
    "post_at": "invalid_time",
}
READ = "channels:read groups:read im:read mpim:read"
HISTORY = "channels:history groups:history im:history mpim:history"
MANAGE = "channels:manage channels:write groups:write im:write mpim:write"


class Workspace(Vendor):
    """What all of Slack's methods share: tokens, errors, channels, messages, events."""

    key = "slack"
    hosts = ("https://slack.com",)
    oauth = OAuth(authorize="/oauth/v2/authorize", token="/api/oauth.v2.access", expires_in=None, refresh=False)

    def seed(self) -> Json:
        """Channels, messages, nothing scheduled, no reminders."""
        return seed_slack(self.company, self.world.story, self.shape)

    @property
    def shape(self) -> Shape:
        """How things look on the wire."""
        return Shape(self.company, self.ident)

    def refuse(self, refusal: Refusal) -> Answer:
        """`{ok: false, error}` with HTTP 200, but for the rate limit and for our own faults."""
        code = CODES.get(refusal.kind, refusal.kind)
        if refusal.kind == "rate_limited":
            wait = str(refusal.detail.get("retry_after", 1))
            return Answer(429, {"ok": False, "error": "ratelimited"}, {"retry-after": wait})
        if refusal.kind == "missing":
            code = ABSENT.get(refusal.detail["name"], "invalid_arguments")
        body: Json = {"ok": False, "error": code}
        body |= {name: refusal.detail[name] for name in ("needed", "provided") if name in refusal.detail}
        return Answer(500 if refusal.kind == "server_error" else 200, body)

    def refuse_token(self, refusal: Refusal) -> Answer:
        """As any other method."""
        return self.refuse(Refusal("invalid_code") if refusal.kind == "invalid_grant" else refusal)

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """`v0=` and the HMAC of time and body."""
        stamp = str(int(self.world.time().timestamp()))
        digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}

    def new_token(self, grant: Grant, serial: int) -> str:
        """`xoxb-` for the bot, `xoxp-` for a person."""
        kind = "xoxb" if grant.kind == "bot" else "xoxp"
        return f"{kind}-{1000 + serial}-{self.ident(24, grant.email, grant.kind, serial, alphabet=MIXED)}"

    def token_answer(self, grant: Grant) -> Json:
        """The bot's token, and the person's beside it."""
        bot = self.give_token(grant.email, "bot", grant.scopes)
        scope = ",".join(grant.scopes or [])
        person = self.shape.user_id(self.company.by_email[grant.email])
        return {
            "ok": True,
            "app_id": self.shape.app_id,
            "access_token": bot.token,
            "token_type": "bot",
            "scope": scope,
            "bot_user_id": self.shape.bot_user_id,
            "team": {"id": self.shape.team_id, "name": self.company.name},
            "enterprise": None,
            "is_enterprise_install": False,
            "authed_user": {"id": person, "scope": scope, "access_token": grant.token, "token_type": "user"},
        }

    def answer(self, call: Call, endpoint: Endpoint, handler: Handler) -> Answer:
        """Every answer says `ok`; scheduled messages that are due go out first."""
        self.post_due()
        result = super().answer(call, endpoint, handler)
        return Answer(result.status, {"ok": True, **(result.body or {})}, result.headers)

    def me(self, call: Call) -> str:
        is_bot = call.grant is not None and call.grant.kind == "bot"
        return self.shape.bot_user_id if is_bot else self.shape.user_id(call.person)

    def user(self, user_id: str) -> Json:
        if user_id == self.shape.bot_user_id:
            return self.shape.bot_user(self.world.now)
        return self.shape.user(self.person_of(user_id), self.world.now)

    def person_of(self, user_id: str) -> Person:
        found = next((p for p in self.company.people if self.shape.user_id(p) == user_id), None)
        if found is None:
            raise Refusal("user_not_found")
        return found

    def sees(self, channel: Json, me: str) -> bool:
        return not channel["is_private"] or me in channel["members"]

    def channel(self, call: Call, name: str = "channel", by_name: bool = False) -> Json:
        wanted = str(call.need(name))
        channels = self.state["channels"]
        if by_name and wanted.startswith("U"):
            self.user(wanted)
            return self.direct([self.me(call), wanted])
        found: Json | None = channels.get(wanted)
        if found is None and by_name:
            found = next((c for c in channels.values() if c["name"] == wanted.lstrip("#")), None)
        if found is None or not self.sees(found, self.me(call)):
            raise Refusal("channel_not_found")
        return found

    def joined(self, call: Call, channel: Json) -> Json:
        if channel["is_archived"]:
            raise Refusal("is_archived")
        if self.me(call) not in channel["members"]:
            raise Refusal("not_in_channel")
        return channel

    def direct(self, members: list[str]) -> Json:
        members = sorted(set(members))
        kind = "D" if len(members) <= 2 else "G"
        channel_id = kind + self.ident(10, "direct", *members)
        if channel_id not in self.state["channels"]:
            handles = "--".join(self.user(member)["name"] for member in members)
            name = "" if kind == "D" else f"mpdm-{handles}-1"
            channel = self.shape.new_channel(channel_id, name, members, members[0], self.world.time())
            self.state["channels"][channel_id] = channel | {
                "is_private": True,
                "kind": "im" if kind == "D" else "mpim",
            }
            self.state["messages"][channel_id] = []
        found: Json = self.state["channels"][channel_id]
        return found

    def message(self, channel: Json, ts: str) -> Json:
        rows: list[Json] = self.state["messages"][channel["id"]]
        found = next((row for row in rows if row["ts"] == ts), None)
        if found is None:
            raise Refusal("message_not_found")
        return found

    def event(self, kind: str, **event: Any) -> None:
        number = self.count("event")
        self.emit(
            {
                "token": "sandbox",
                "team_id": self.shape.team_id,
                "api_app_id": self.shape.app_id,
                "type": "event_callback",
                "event_id": f"Ev{self.ident(9, 'event', number)}",
                "event_time": int(self.world.time().timestamp()),
                "event": {"type": kind, **event},
                "authorizations": [{"team_id": self.shape.team_id, "user_id": self.shape.bot_user_id, "is_bot": True}],
            }
        )

    def post(self, channel: Json, user: str, text: str, **more: Any) -> Json:
        ts = self.shape.ts(self.world.time(), self.count("ts"))
        row = self.shape.message(user, text, ts, is_api=True) | {key: value for key, value in more.items() if value}
        self.state["messages"][channel["id"]].append(row)
        self.event(
            "message",
            channel=channel["id"],
            channel_type=self.shape.channel_type(channel),
            event_ts=ts,
            **row,
        )
        return row

    def post_due(self) -> None:
        now = self.world.time().timestamp()
        for key, row in list(self.state["scheduled"].items()):
            if row["post_at"] <= now:
                del self.state["scheduled"][key]
                self.post(
                    self.state["channels"][row["channel_id"]],
                    row["user"],
                    row["text"],
                    thread_ts=row.get("thread_ts"),
                )

    def conversation(self, call: Call, channel: Json) -> Json:
        return {"channel": self.shape.conversation(channel, self.me(call))}
