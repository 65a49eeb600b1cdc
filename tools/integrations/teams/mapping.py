"""Graph's JSON of Teams to records and back; no key of Graph's passes these functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from core.records import Channel, Meeting, Message, Party, Person, Ref
from tools.kit.microsoft import GRAPH, moment, plain

KEY = "teams"
MEMBER = "#microsoft.graph.aadUserConversationMember"
Item = Mapping[str, Any]

_PART = re.compile(r"(\w+)\('([^']+)'\)")
_CHANNEL = re.compile(r"/l/channel/([^/?]+)")
_POST = re.compile(r"/l/message/([^/?]+)/(\d+)")
_GROUP = re.compile(r"[?&]groupId=([0-9a-f-]{36})")
_PARENT = re.compile(r"[?&]parentMessageId=(\d+)")
_PATH = re.compile(r"teams/[^/]+/channels/[^/]+(/messages/\d+(/replies/\d+)?)?")


def to_team(item: Item) -> Channel:
    """A team, which holds channels."""
    return Channel(
        ref=_ref("team", str(item["id"]), str(item.get("webUrl") or "")),
        title=str(item.get("displayName") or ""),
        topic=str(item.get("description") or ""),
        is_private=item.get("visibility") == "private",
        is_archived=bool(item.get("isArchived")),
        kind="team",
    )


def to_channel(item: Item, team: str, section: str = "") -> Channel:
    """A channel; its id holds its team's."""
    kind = str(item.get("membershipType") or "standard")
    return Channel(
        ref=_ref("channel", channel_id(team, str(item["id"])), str(item.get("webUrl") or "")),
        title=str(item.get("displayName") or ""),
        topic=str(item.get("description") or ""),
        is_private=kind == "private",
        kind=kind,
        section=section,
    )


def to_chat(item: Item, me: str) -> Channel:
    """A chat, called by its topic or by who else is in it."""
    rows = item.get("members") or ()
    people = [Party(id=str(one.get("userId") or one.get("id")), name=str(one.get("displayName") or "")) for one in rows]
    others = [one for one in people if one.id != me]
    return Channel(
        ref=_ref("chat", str(item["id"]), str(item.get("webUrl") or "")),
        title=str(item.get("topic") or "") or ", ".join(one.name for one in others),
        is_private=True,
        kind=str(item.get("chatType") or ""),
        members=tuple(people),
    )


def to_message(item: Item, place: str, channel: str = "") -> Message:
    """A post, a reply or a chat message; `place` is the path of what it lies in, and its id below it names it."""
    sender = item.get("from") or {}
    user = sender.get("user") or sender.get("application") or {}
    mail = sender.get("emailAddress") or {}
    told = item.get("body") or {}
    content = str(told.get("content") or "")
    is_html = str(told.get("contentType")).lower() == "html"
    parent = str(item.get("replyToId") or "")
    inner = (
        f"messages/{parent}/replies/{item['id']}" if parent and place.startswith("teams/") else f"messages/{item['id']}"
    )
    return Message(
        ref=_ref("message", f"{place}/{inner}", str(item.get("webUrl") or item.get("webLink") or "")),
        title=str(item.get("subject") or ""),
        text=plain(content) if is_html else content.strip(),
        author=str(user.get("displayName") or mail.get("name") or mail.get("address") or ""),
        channel=channel,
        thread=parent or str(item["id"]),
        sent_at=moment(item.get("createdDateTime")),
        reactions=tuple(str(one.get("reactionType")) for one in item.get("reactions") or ()),
        is_private=place.startswith("chats/"),
        files=tuple(str(one["name"]) for one in item.get("attachments") or () if one.get("name")),
        priority=str(item.get("importance") or ""),
    )


def to_hit(item: Item) -> Message:
    """What the search found; of the text it has only what stands around the words."""
    found = item.get("resource") or {}
    there = found.get("channelIdentity") or {}
    place = channel_id(str(there.get("teamId")), str(there["channelId"])) if there.get("channelId") else ""
    message = to_message({**found, "id": found.get("id") or item.get("hitId")}, place or f"chats/{found.get('chatId')}")
    summary = plain(re.sub(r"</?c0>|<ddd/>", "", str(item.get("summary") or "")))
    return message if message.text else message.model_copy(update={"text": summary})


def to_member(item: Item, team: str) -> Person:
    """Somebody's membership of a team."""
    roles = [str(one) for one in item.get("roles") or ()]
    return Person(
        ref=_ref("member", f"teams/{team}/members/{item['id']}"),
        title=str(item.get("displayName") or item.get("email") or ""),
        email=str(item.get("email") or "").lower(),
        handle=str(item.get("userId") or ""),
        role="owner" if "owner" in roles else "guest" if "guest" in roles else "member",
    )


def to_meeting(item: Item, zone: ZoneInfo) -> Meeting:
    """An online meeting; it stands in no calendar."""
    told = item.get("participants") or {}
    people = [_participant(one) for one in told.get("attendees") or ()]
    begin, end = moment(item.get("startDateTime")), moment(item.get("endDateTime"))
    return Meeting(
        ref=_ref("meeting", str(item["id"]), str(item.get("joinWebUrl") or "")),
        title=str(item.get("subject") or ""),
        starts_at=begin and begin.astimezone(zone),
        ends_at=end and end.astimezone(zone),
        organizer=_participant(told["organizer"]) if told.get("organizer") else None,
        guests=tuple(people),
        video_url=str(item.get("joinWebUrl") or ""),
        passcode=str((item.get("joinMeetingIdSettings") or {}).get("passcode") or ""),
    )


def said(text: str, subject: str | None = None) -> dict[str, Any]:
    """A message as Graph takes it."""
    return {"body": {"contentType": "text", "content": text}} | ({"subject": subject} if subject else {})


def member(person: str, role: str = "owner") -> dict[str, Any]:
    """A person as a member."""
    bound = f"{GRAPH}/users('{person}')"
    return {"@odata.type": MEMBER, "roles": ["owner"] if role == "owner" else [], "user@odata.bind": bound}


def participant(person: str) -> dict[str, Any]:
    """A person as somebody in a meeting: by address, or by the directory's id."""
    return (
        {"upn": person, "role": "attendee"}
        if "@" in person
        else {"identity": {"user": {"id": person}}, "role": "attendee"}
    )


def channel_id(team: str, channel: str) -> str:
    """The path that names a channel."""
    return f"teams/{team}/channels/{channel}"


def team_of(path: str) -> str:
    """The team in a channel's path."""
    return path.split("/")[1]


def parent_of(path: str) -> str:
    """The path of the channel or chat that a message's path is in."""
    return path.partition("/messages/")[0]


def to_path(resource: str) -> str:
    """The path of a resource as notifications write it: `teams('1')/channels('2')/messages('3')`."""
    return "/".join(f"{name}/{number}" for name, number in _PART.findall(resource)) or resource


def linked(text: str) -> str:
    """The path of the channel or post that a text is or links to, or ""."""
    text = text.strip()
    if _PATH.fullmatch(text):
        return text
    group, post, channel = _GROUP.search(text), _POST.search(text), _CHANNEL.search(text)
    found = post or channel
    if not (text.startswith("https://") and group and found):
        return ""
    place = channel_id(group[1], unquote(found[1]))
    if post is None:
        return place
    parent = _PARENT.search(text)
    inner = f"{parent[1]}/replies/{post[2]}" if parent and parent[1] != post[2] else post[2]
    return f"{place}/messages/{inner}"


def newest_first(messages: Iterable[Message], since: datetime | None, limit: int) -> list[Message]:
    """The latest messages, those after a moment only."""
    found = [one for one in messages if one.sent_at and not (since and one.sent_at <= since)]
    return sorted(found, key=lambda one: one.sent_at.timestamp() if one.sent_at else 0.0, reverse=True)[:limit]


def is_said(item: Item) -> bool:
    """Whether somebody said it and it still stands: events of a channel are messages too."""
    return item.get("messageType", "message") == "message" and not item.get("deletedDateTime")


def _participant(row: Item) -> Party:
    user = (row.get("identity") or {}).get("user") or {}
    return Party(
        id=str(user.get("id") or row.get("upn") or ""), name=str(user.get("displayName") or row.get("upn") or "")
    )


def _ref(kind: str, number: str, url: str = "") -> Ref:
    return Ref(integration=KEY, kind=kind, id=number, url=url)
