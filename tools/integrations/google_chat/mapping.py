"""Google Chat's JSON to records; no key of Google's passes these functions."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from core.records import Channel, Message, Party, Person, Ref

KEY = "google_chat"
SITE = "https://chat.google.com"
KINDS = {"space": "SPACE", "group_chat": "GROUP_CHAT", "direct_message": "DIRECT_MESSAGE"}
SPOKEN = {value: name for name, value in KINDS.items()}
MANAGERS = ("ROLE_MANAGER", "ROLE_ASSISTANT_MANAGER")
ROLES = {"ROLE_MANAGER": "manager", "ROLE_ASSISTANT_MANAGER": "assistant manager", "ROLE_MEMBER": "member"}
_LINK = re.compile(
    r"https://(?:chat\.google\.com|mail\.google\.com/chat)/\S*?(?:room|space|dm)/([\w-]+)(?:/([\w-]+)(?:/([\w-]+))?)?"
)
_NAME = re.compile(r"spaces/[\w-]+(?:/(?:messages/[\w.-]+|threads/[\w-]+))?")


def to_channel(item: Mapping[str, Any], people: Iterable[Mapping[str, Any]] = (), title: str = "") -> Channel:
    """A space, group chat or direct message; of its `people` the managers are told apart."""
    members = [(one.get("role"), to_party(one.get("member") or {})) for one in people]
    return Channel(
        ref=ref("space", str(item["name"]), str(item.get("spaceUri") or "")),
        title=str(item.get("displayName") or title),
        topic=str((item.get("spaceDetails") or {}).get("description") or ""),
        is_private=item.get("spaceType") != "SPACE",
        kind=SPOKEN.get(str(item.get("spaceType")), ""),
        size=(item.get("membershipCount") or {}).get("joinedDirectHumanUserCount"),
        members=tuple(party for role, party in members if role not in MANAGERS),
        admins=tuple(party for role, party in members if role in MANAGERS),
    )


def to_message(item: Mapping[str, Any], place: str = "") -> Message:
    """A message; `place` is what its space is called, where that is known."""
    name = str(item["name"])
    space, sender = name.partition("/messages/")[0], item.get("sender") or {}
    return Message(
        ref=ref("message", name),
        text=str(item.get("text") or ""),
        author=str(sender.get("displayName") or sender.get("email") or sender.get("name") or ""),
        channel=str((item.get("space") or {}).get("displayName") or place or space),
        thread=str((item.get("thread") or {}).get("name") or ""),
        sent_at=moment(item.get("createTime")),
        reactions=tuple(_reaction(one) for one in item.get("emojiReactionSummaries") or ()),
        is_private=bool(item.get("privateMessageViewer")),
        files=tuple(str(one.get("contentName") or "") for one in item.get("attachment") or ()),
    )


def to_member(item: Mapping[str, Any]) -> Person:
    """Somebody in a space."""
    who = item.get("member") or {}
    party = to_party(who)
    return Person(
        ref=ref("membership", str(item["name"])),
        title=party.name,
        email=address(who),
        role=ROLES.get(str(item.get("role")), ""),
        status=str(item.get("state") or "").lower(),
        is_active=item.get("state") != "NOT_A_MEMBER",
    )


def to_party(user: Mapping[str, Any]) -> Party:
    """A person by address, where Chat tells it, else by the id there."""
    return Party(id=address(user) or str(user.get("name") or ""), name=str(user.get("displayName") or ""))


def ref(kind: str, name: str, url: str = "") -> Ref:
    """Where something is; its link is made from its name."""
    space, _, message = name.removeprefix("spaces/").partition("/messages/")
    tail = "/" + message.replace(".", "/") if message else ""
    return Ref(integration=KEY, kind=kind, id=name, url=url or f"{SITE}/room/{space.partition('/')[0]}{tail}")


def named(text: str) -> str:
    """The name of the space, thread or message that a text is or links to, or ""."""
    text = text.strip()
    if _NAME.fullmatch(text):
        return text
    hit = _LINK.match(text)
    if not hit:
        return ""
    space, thread, message = hit.groups()
    if message:
        return f"spaces/{space}/messages/{thread}.{message}"
    return f"spaces/{space}/threads/{thread}" if thread else f"spaces/{space}"


def address(user: Mapping[str, Any]) -> str:
    """Somebody's e-mail address."""
    return str(user.get("email") or "").lower()


def moment(text: Any) -> datetime | None:
    """An RFC 3339 moment; Google writes up to nine digits of a second."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(text))) if text else None


def quoted(text: str) -> str:
    """A text as Chat's filters want it."""
    plain = text.replace("\\", " ").replace('"', " ")
    return f'"{" ".join(plain.split())}"'


def human(address: str) -> dict[str, Any]:
    """A person as a membership to be."""
    return {"member": {"name": f"users/{address}", "type": "HUMAN"}}


def decoded(data: Any) -> str:
    """What a message of Pub/Sub says, in base64."""
    return base64.b64decode(str(data or "")).decode()


def event_ref(said: Mapping[str, Any], subject: str) -> Ref | None:
    """What an event is about: a message, a membership or a space."""
    for kind in ("message", "membership", "space"):
        if name := str((said.get(kind) or {}).get("name") or ""):
            return ref(kind, name)
    space = subject.partition("chat.googleapis.com/")[2]
    return ref("space", space) if space else None


def _reaction(item: Mapping[str, Any]) -> str:
    emoji = item.get("emoji") or {}
    return str(emoji.get("unicode") or (emoji.get("customEmoji") or {}).get("emojiName") or "")
