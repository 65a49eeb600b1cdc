"""How Slack's objects look on the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.company import Company, Person
from sandbox.exchange import Json, Refusal


class Shape:
    """Builds payloads; the state keeps channels and messages in nearly the same form."""

    def __init__(self, company: Company, ident: Callable[..., str]) -> None:
        self.company = company
        self._ident = ident
        self.team_id = "T" + ident(10, "team")
        self.app_id = "A" + ident(10, "app")
        self.bot_id = "B" + ident(10, "bot")
        self.bot_user_id = "U" + ident(10, "bot user")
        self.url = f"https://{company.slug}.slack.com"

    def user_id(self, person: Person) -> str:
        """`U` and ten characters."""
        return "U" + self._ident(10, "user", person.email)

    def ts(self, at: datetime, number: int) -> str:
        """A message's id: its time with six digits, made unique by `number`."""
        return f"{int(at.timestamp())}.{(at.microsecond // 1000 * 1000 + number) % 1_000_000:06d}"

    def user(self, person: Person, now: datetime) -> Json:
        """A member."""
        zone = now.astimezone(ZoneInfo(person.time_zone))
        return self._member(self.user_id(person), person.handle, person.name, person.title, person.phone) | {
            "tz": person.time_zone,
            "tz_label": zone.tzname() or person.time_zone,
            "tz_offset": int((zone.utcoffset() or now - now).total_seconds()),
            "is_admin": person.is_admin,
            "is_owner": False,
            "is_primary_owner": False,
            "profile": self._profile(person.name, person.title, person.phone)
            | {"email": person.email, "first_name": person.first, "last_name": person.last},
        }

    def bot_user(self, now: datetime) -> Json:
        """The assistant's own member."""
        return self._member(self.bot_user_id, "atom", "ATOM", "", "") | {
            "is_bot": True,
            "profile": self._profile("ATOM", "", "") | {"bot_id": self.bot_id, "api_app_id": self.app_id},
        }

    def _member(self, user_id: str, name: str, real_name: str, title: str, phone: str) -> Json:
        return {
            "id": user_id,
            "team_id": self.team_id,
            "name": name,
            "deleted": False,
            "color": "4bbe2e",
            "real_name": real_name,
            "is_bot": False,
            "is_app_user": False,
            "updated": 1700000000,
            "is_restricted": False,
            "is_ultra_restricted": False,
        }

    def _profile(self, name: str, title: str, phone: str) -> Json:
        return {
            "real_name": name,
            "display_name": name,
            "real_name_normalized": name,
            "display_name_normalized": name,
            "avatar_hash": "g" + self._ident(10, name).lower(),
            "title": title,
            "phone": phone,
            "skype": "",
            "status_text": "",
            "status_emoji": "",
            "fields": {},
            "team": self.team_id,
        }

    def new_channel(self, channel_id: str, name: str, members: list[str], creator: str, at: datetime) -> Json:
        """A channel as the state keeps it; `kind` is `channel`, `im` or `mpim`."""
        blank = {"value": "", "creator": "", "last_set": 0}
        return {
            "id": channel_id,
            "name": name,
            "kind": "channel",
            "members": members,
            "creator": creator,
            "created": int(at.timestamp()),
            "is_private": False,
            "is_archived": False,
            "topic": blank,
            "purpose": dict(blank),
        }

    def check_name(self, name: str) -> None:
        """What Slack accepts as the name of a channel."""
        if len(name) > 80:
            raise Refusal("invalid_name_maxlength")
        if not re.search(r"\w", name):
            raise Refusal("invalid_name_punctuation")
        if name != name.lower() or not re.fullmatch(r"[\w-]+", name):
            raise Refusal("invalid_name_specials")

    def conversation(self, channel: Json, me: str) -> Json:
        """A channel as `me` sees it."""
        kind, is_private = channel["kind"], channel["is_private"]
        common = {
            "id": channel["id"],
            "created": channel["created"],
            "is_archived": channel["is_archived"],
            "is_im": kind == "im",
            "is_org_shared": False,
            "is_shared": False,
        }
        if kind == "im":
            other = next((member for member in channel["members"] if member != me), me)
            return common | {"user": other, "is_user_deleted": False, "priority": 0}
        return common | {
            "name": channel["name"],
            "name_normalized": channel["name"],
            "creator": channel["creator"],
            "is_channel": kind == "channel" and not is_private,
            "is_group": kind == "channel" and is_private,
            "is_mpim": kind == "mpim",
            "is_general": channel["name"] == "general",
            "is_private": is_private,
            "is_member": me in channel["members"],
            "topic": channel["topic"],
            "purpose": channel["purpose"],
            "num_members": len(channel["members"]),
            "is_ext_shared": False,
            "is_pending_ext_shared": False,
            "unlinked": 0,
            "shared_team_ids": [self.team_id],
        }

    def listed_as(self, channel: Json) -> str:
        """The `types` value that lists it."""
        if channel["kind"] != "channel":
            return str(channel["kind"])
        return "private_channel" if channel["is_private"] else "public_channel"

    def channel_type(self, channel: Json) -> str:
        """What events call it."""
        kind = self.listed_as(channel)
        return {"public_channel": "channel", "private_channel": "group"}.get(kind, kind)

    def message(self, user: str, text: str, ts: str, is_api: bool = False) -> Json:
        """A message; one that came through the API names the app."""
        by_app = {"bot_id": self.bot_id, "app_id": self.app_id} if is_api else {}
        return {"type": "message", "user": user, "text": text, "ts": ts, "team": self.team_id, **by_app}

    def opened(self, row: Json, replies: list[Json]) -> Json:
        """A message with what it says about its thread."""
        if not replies:
            return row
        users = list(dict.fromkeys(reply["user"] for reply in replies))
        return {
            **row,
            "thread_ts": row["ts"],
            "reply_count": len(replies),
            "reply_users": users,
            "reply_users_count": len(users),
            "latest_reply": replies[-1]["ts"],
        }

    def permalink(self, channel_id: str, row: Json) -> str:
        """The address of a message."""
        link = f"{self.url}/archives/{channel_id}/p{row['ts'].replace('.', '')}"
        thread = row.get("thread_ts", row["ts"])
        return link if thread == row["ts"] else f"{link}?thread_ts={thread}&cid={channel_id}"

    def match(self, channel: Json, row: Json, username: str) -> Json:
        """A search hit."""
        place = {
            "id": channel["id"],
            "name": channel["name"] or channel["id"],
            "is_private": channel["is_private"],
            "is_mpim": channel["kind"] == "mpim",
            "is_ext_shared": False,
            "is_shared": False,
            "is_org_shared": False,
            "is_pending_ext_shared": False,
            "pending_shared": [],
        }
        return {
            "iid": self._ident(12, "hit", channel["id"], row["ts"]),
            "team": self.team_id,
            "score": 0,
            "channel": place,
            "type": "message",
            "user": row["user"],
            "username": username,
            "ts": row["ts"],
            "text": row["text"],
            "permalink": self.permalink(channel["id"], row),
        }

    def blocks(self, given: Any) -> list[Json] | None:
        """Blocks from JSON or from the text of a form."""
        if isinstance(given, str) and given:
            try:
                given = json.loads(given)
            except ValueError:
                raise Refusal("invalid_blocks_format") from None
        if not given:
            return None
        if not isinstance(given, list) or not all(isinstance(block, dict) and "type" in block for block in given):
            raise Refusal("invalid_blocks")
        return given


def at(ts: str) -> datetime:
    """The moment of a message id."""
    return datetime.fromtimestamp(float(ts), UTC)
