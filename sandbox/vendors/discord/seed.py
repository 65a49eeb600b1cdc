"""The community server at the start: channels, roles, members, what was written, events."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from sandbox.company import Company
from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.story import Story

EPOCH_MS = 1_420_070_400_000
VIEW = 1 << 10


def snowflake(moment: datetime, number: int = 0) -> str:
    """An id that carries its moment."""
    return str(((int(moment.timestamp() * 1000) - EPOCH_MS) << 22) + number)


def moment_of(id: str) -> datetime:
    """The moment in an id."""
    return datetime.fromtimestamp(((int(id) >> 22) + EPOCH_MS) / 1000).astimezone()


def stamp(moment: datetime) -> str:
    """As Discord writes a time."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def user_row(id: str, username: str, name: str, is_bot: bool = False) -> Json:
    """A user."""
    return {
        "id": id, "username": username, "global_name": name, "avatar": None, "discriminator": "0", "public_flags": 0,
        "flags": 0, "primary_guild": None, **({"bot": True, "discriminator": "4471"} if is_bot else {}),
    }  # fmt: skip


def channel_row(
    guild: str, id: str, name: str, kind: int, position: int, parent: str | None, topic: str | None
) -> Json:
    """A channel of the server."""
    return {
        "id": id, "guild_id": guild, "name": name, "type": kind, "position": position, "flags": 0, "nsfw": False,
        "parent_id": parent, "topic": topic, "permission_overwrites": [], "rate_limit_per_user": 0,
        "last_message_id": None,
    }  # fmt: skip


def message_row(id: str, channel: str, author: Json, text: str, at: datetime) -> Json:
    """A message."""
    return {
        "id": id, "channel_id": channel, "author": author, "content": text, "type": 0, "timestamp": stamp(at),
        "edited_timestamp": None, "flags": 0, "pinned": False, "mention_everyone": False, "tts": False, "mentions": [],
        "mention_roles": [], "attachments": [], "embeds": [], "components": [],
    }  # fmt: skip


def thread_row(guild: str, id: str, name: str, kind: int, parent: str, owner: str, at: datetime) -> Json:
    """A thread."""
    return {
        "id": id, "guild_id": guild, "name": name, "type": kind, "parent_id": parent, "owner_id": owner, "flags": 0,
        "last_message_id": None, "rate_limit_per_user": 0, "message_count": 0, "member_count": 1,
        "total_message_sent": 0, "thread_metadata": {
            "archived": False, "archive_timestamp": stamp(at), "auto_archive_duration": 4320, "locked": False,
            "create_timestamp": stamp(at),
        },
    }  # fmt: skip


def event_row(guild: str, id: str, creator: str, asked: Json) -> Json:
    """A scheduled event."""
    return {
        "id": id, "guild_id": guild, "channel_id": asked.get("channel_id"), "creator_id": creator, "status": 1,
        "name": asked["name"], "description": asked.get("description"), "image": None, "entity_id": None,
        "scheduled_start_time": asked["scheduled_start_time"], "scheduled_end_time": asked.get("scheduled_end_time"),
        "entity_type": asked["entity_type"], "recurrence_rule": None, "privacy_level": 2, "user_count": 1,
        "guild_scheduled_event_exceptions": [], "entity_metadata": asked.get("entity_metadata"),
    }  # fmt: skip


def seed_discord(company: Company, story: Story) -> Json:
    """Everything by kind and id; messages by channel."""
    told = yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))
    return _Server(company, story, told).made()


class _Server:
    def __init__(self, company: Company, story: Story, told: Json) -> None:
        self.company = company
        self.now = story.now
        self.told = told
        self.began = story.now - timedelta(days=400)
        self.guild = snowflake(self.began)
        self.people: dict[str, Json] = {}
        self.state: Json = {
            "guild": {"id": self.guild, "name": f"{company.name} Community"},
            **{name: {} for name in ("roles", "channels", "members", "messages", "events")},
        }

    def made(self) -> Json:
        self._roles()
        self._channels()
        self._members()
        for channel, lines in self.told["talk"].items():
            self._talk(self._channel(channel), lines)
        for place, row in enumerate(self.told["threads"]):
            self._thread(row, place)
        for place, row in enumerate(self.told["events"]):
            self._event(row, place)
        return self.state

    def _roles(self) -> None:
        for place, name in enumerate(["@everyone", *self.told["roles"]]):
            id = self.guild if not place else snowflake(self.began, 10 + place)
            self.state["roles"][id] = {
                "id": id, "name": name, "permissions": str(VIEW), "position": place, "color": 0, "hoist": False,
                "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}, "managed": False,
                "mentionable": bool(place), "icon": None, "unicode_emoji": None, "flags": 0,
            }  # fmt: skip

    def _channels(self) -> None:
        for place, row in enumerate(self.told["channels"]):
            parent = self._channel(row["under"])["id"] if "under" in row else None
            id = snowflake(self.began, 100 + place)
            made = channel_row(self.guild, id, row["name"], row["kind"], place, parent, row.get("topic"))
            if row.get("private"):
                made["permission_overwrites"] = [{"id": self.guild, "type": 0, "allow": "0", "deny": str(VIEW)}]
            self.state["channels"][id] = made
            self.state["messages"][id] = {}

    def _members(self) -> None:
        self._member("bot", "fernwick-assistant", "Fernwick Assistant", [], is_bot=True)
        for handle, roles in self.told["staff"].items():
            self._member(handle, handle, self.company.person(handle).name, roles)
        for handle, (name, roles) in self.told["outside"].items():
            self._member(handle, handle, name, roles)

    def _member(self, key: str, username: str, name: str, roles: list[str], is_bot: bool = False) -> None:
        joined = self.began + timedelta(days=len(self.people))
        id = snowflake(joined, int(ident(4, "discord", username, alphabet="0123456789")))
        self.people[key] = user_row(id, username, name, is_bot)
        known = {row["name"]: id for id, row in self.state["roles"].items()}
        self.state["members"][id] = {
            "user": self.people[key], "nick": None, "roles": [known[role] for role in roles], "avatar": None,
            "banner": None, "communication_disabled_until": None, "flags": 0, "joined_at": stamp(joined),
            "pending": False, "premium_since": None, "mute": False, "deaf": False,
        }  # fmt: skip

    def _talk(self, channel: Json, lines: list[str]) -> None:
        for place, line in enumerate(lines):
            who, _, text = line.partition(": ")
            at = self.now - timedelta(hours=5.0 * (len(lines) - place), minutes=channel["position"])
            text, _, picture = text.partition(" @file")
            row = message_row(snowflake(at, place), channel["id"], self.people[who], text, at)
            if picture or line.endswith("@file"):
                url = f"https://cdn.discordapp.com/attachments/{channel['id']}/{row['id']}/screen.png"
                told: dict[str, Any] = {"id": row["id"], "filename": "screen.png", "size": 48_211, "url": url}
                row["attachments"] = [told | {"proxy_url": url, "content_type": "image/png"}]
            self.state["messages"][channel["id"]][row["id"]] = row
            channel["last_message_id"] = row["id"]

    def _thread(self, row: Json, place: int) -> None:
        channel = self._channel(row["channel"])
        messages = self.state["messages"][channel["id"]].values()
        root = next(one for one in messages if one["content"].startswith(row["from"]))
        owner, at = self.people[row["by"]]["id"], self.now - timedelta(hours=4 + place)
        made = thread_row(self.guild, root["id"], row["name"], 11, channel["id"], owner, at)
        self.state["channels"][root["id"]] = made
        self.state["messages"][root["id"]] = {}
        self._talk(made | {"position": 3}, [])

    def _event(self, row: Json, place: int) -> None:
        day = (self.now + timedelta(days=row["in_days"])).date()
        start = datetime.combine(day, time.fromisoformat(row["at"]), self.now.tzinfo)
        hall = next((one for one in self.state["channels"].values() if one["name"] == row["where"]), None)
        asked: Json = {"name": row["name"], "description": row["about"], "scheduled_start_time": start.isoformat()}
        if hall:
            asked |= {"entity_type": 1 if hall["type"] == 13 else 2, "channel_id": hall["id"], "entity_metadata": None}
        else:
            end = (start + timedelta(hours=row["hours"])).isoformat()
            where = {"location": row["where"]}
            asked |= {"entity_type": 3, "scheduled_end_time": end, "entity_metadata": where}
        id = snowflake(self.now - timedelta(days=2), place)
        self.state["events"][id] = event_row(self.guild, id, self.people["dana.whitlock"]["id"], asked)

    def _channel(self, name: str) -> Json:
        found: Json = next(row for row in self.state["channels"].values() if row["name"] == name)
        return found
