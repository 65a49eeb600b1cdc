"""Discord's JSON to records and back; no key of Discord's passes these functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from core.records import Channel, Event, Message, Person, Ref

Kind = Literal["text", "voice", "forum", "announcement"]
TYPES: Mapping[str, int] = {"text": 0, "voice": 2, "forum": 15, "announcement": 5}
KINDS = {
    0: "text", 2: "voice", 4: "category", 5: "announcement", 10: "thread", 11: "thread", 12: "private thread",
    13: "stage", 15: "forum", 16: "media",
}  # fmt: skip
CATEGORY, ANNOUNCEMENT, STAGE, FORUM = 4, 5, 13, 15
WRITABLE = frozenset({0, 2, 5, 10, 11, 12, 13})
STATES = {1: "scheduled", 2: "active", 3: "completed", 4: "cancelled"}
EPOCH_MS = 1_420_070_400_000
VIEW = 1 << 10
SITE = "https://discord.com"


def snowflake(moment: datetime) -> str:
    """The id that something of this moment would have at the least."""
    return str(max(0, int(moment.timestamp() * 1000) - EPOCH_MS) << 22)


def moment_of(id: str) -> datetime:
    """The moment that an id carries."""
    return datetime.fromtimestamp(((int(id) >> 22) + EPOCH_MS) / 1000, UTC)


def link(guild: str, *parts: str) -> str:
    """Where a channel or message of a server is shown."""
    return "/".join((SITE, "channels", guild, *parts))


def to_channel(item: Mapping[str, Any], section: str = "") -> Channel:
    """A channel, thread or category; `section` is the category or channel that it stands under."""
    guild, kind, name = str(item.get("guild_id") or ""), int(item["type"]), str(item.get("name") or "")
    hides = [int(row.get("deny") or 0) & VIEW for row in item.get("permission_overwrites") or () if row["id"] == guild]
    return Channel(
        ref=Ref(integration="discord", kind="channel", id=item["id"], key=f"#{name}", url=link(guild, item["id"])),
        title=name,
        topic=item.get("topic") or "",
        is_private=kind == 12 or any(hides),
        is_archived=bool((item.get("thread_metadata") or {}).get("archived")),
        kind=KINDS.get(kind, ""),
        section=section,
    )


def to_message(item: Mapping[str, Any], guild: str) -> Message:
    """A message; its id is the channel's and its own."""
    channel, files = str(item["channel_id"]), item.get("attachments") or ()
    reference = item.get("message_reference") or {}
    return Message(
        ref=Ref(
            integration="discord", kind="message", id=f"{channel}/{item['id']}", url=link(guild, channel, item["id"])
        ),
        text=item.get("content") or "",
        author=name_of(item.get("author") or {}),
        channel=channel,
        thread=str(reference.get("message_id") or ""),
        sent_at=datetime.fromisoformat(item["timestamp"]),
        reactions=tuple(str((one.get("emoji") or {}).get("name")) for one in item.get("reactions") or ()),
        is_pinned=bool(item.get("pinned")),
        file=", ".join(str(one.get("url")) for one in files),
    )


def name_of(user: Mapping[str, Any], nick: str | None = None) -> str:
    """What a person is called: by their nick here, their own name, or their handle."""
    return str(nick or user.get("global_name") or user.get("username") or "")


def to_member(item: Mapping[str, Any], roles: Mapping[str, str]) -> Person:
    """A member with the names of their roles."""
    user = item["user"]
    return Person(
        ref=Ref(integration="discord", kind="member", id=user["id"], key=f"@{user['username']}"),
        title=name_of(user, item.get("nick")),
        handle=user["username"],
        labels=tuple(roles.get(one, one) for one in item.get("roles") or ()),
        is_active=not item.get("pending"),
    )


def to_event(item: Mapping[str, Any], channels: Mapping[str, str]) -> Event:
    """A scheduled event; where it is, is a channel's name or a place."""
    place = (item.get("entity_metadata") or {}).get("location") or ""
    hall = str(item.get("channel_id") or "")
    end = item.get("scheduled_end_time")
    return Event(
        ref=Ref(
            integration="discord", kind="event", id=item["id"], key=item["name"],
            url=f"{SITE}/events/{item['guild_id']}/{item['id']}",
        ),
        title=item["name"],
        status=STATES.get(item.get("status") or 0, ""),
        started_at=datetime.fromisoformat(item["scheduled_start_time"]),
        ended_at=datetime.fromisoformat(end) if end else None,
        detail=item.get("description") or "",
        location=channels.get(hall, hall) or place,
    )  # fmt: skip


def written_event(
    name: str, start: datetime, end: datetime | None, about: str | None, place: str, hall: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The body that creates an event in a voice or stage channel, or at a place."""
    body: dict[str, Any] = {"name": name, "scheduled_start_time": start.isoformat(), "privacy_level": 2}
    if hall is not None:
        body |= {"entity_type": 1 if hall["type"] == STAGE else 2, "channel_id": hall["id"]}
    else:
        body |= {"entity_type": 3, "entity_metadata": {"location": place}}
    if end:
        body["scheduled_end_time"] = end.isoformat()
    return body | ({"description": about} if about else {})


def is_same_name(one: str, other: str) -> bool:
    """Whether two names differ only by what Discord takes out of a channel's: capitals, blanks, signs."""
    return re.sub(r"[\W_]", "", one.lower()) == re.sub(r"[\W_]", "", other.lower())


def refusals(errors: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """What is wrong by field, out of errors nested by field name."""
    if not isinstance(errors, Mapping):
        return
    for name, inner in errors.items():
        if name == "_errors" and isinstance(inner, Sequence):
            yield path, " ".join(str(one.get("message")) for one in inner if isinstance(one, Mapping))
        else:
            yield from refusals(inner, f"{path}.{name}" if path else str(name))
