"""Telegram's JSON to records and back; no key of Telegram's passes these functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from core.errors import Rejected
from core.records import Channel, Message, Party, Person, Ref

SITE = "https://t.me"
MESSAGES = ("message", "edited_message", "channel_post", "edited_channel_post", "business_message")
KINDS = {"private": "private chat", "group": "group", "supergroup": "group", "channel": "channel"}
STATES = {"creator": "owner", "kicked": "banned", "left": "not in it"}
LONGEST_BAN = timedelta(days=366)


def chat_name(chat: Mapping[str, Any]) -> str:
    """What a chat is called: its title, or the person's name."""
    person = f"{chat.get('first_name') or ''} {chat.get('last_name') or ''}".strip()
    return str(chat.get("title") or person or chat.get("username") or chat.get("id") or "")


def user_name(user: Mapping[str, Any]) -> str:
    """What a person is called."""
    name = f"{user.get('first_name') or ''} {user.get('last_name') or ''}".strip()
    return name or str(user.get("username") or "")


def link(chat: Mapping[str, Any], message: Any = "") -> str:
    """Where a chat or a message in it is shown; small groups have no such place."""
    tail = f"/{message}" if message else ""
    if chat.get("username"):
        return f"{SITE}/{chat['username']}{tail}"
    id = str(chat.get("id") or "")
    return f"{SITE}/c/{id[4:]}{tail}" if id.startswith("-100") and message else ""


def to_channel(
    chat: Mapping[str, Any], size: int | None = None, admins: Sequence[Mapping[str, Any]] = (), uses: int | None = None
) -> Channel:
    """A chat in full."""
    users = [one.get("user") or {} for one in admins]
    return Channel(
        ref=Ref(integration="telegram", kind="chat", id=str(chat["id"]), key=chat_name(chat), url=link(chat)),
        title=chat_name(chat),
        topic=chat.get("description") or chat.get("bio") or "",
        is_private=not chat.get("username"),
        kind=KINDS.get(chat.get("type") or "", ""),
        size=size,
        admins=tuple(Party(id=str(one.get("id")), name=user_name(one)) for one in users),
        link=chat.get("invite_link") or link(chat),
        uses=uses,
    )


def to_message(item: Mapping[str, Any]) -> Message:
    """A message; its id is the chat's and its own."""
    chat = item["chat"]
    sender = item.get("from") or {}
    file = item.get("document") or item.get("video") or item.get("audio") or {}
    poll = item.get("poll") or {}
    reply = (item.get("reply_to_message") or {}).get("message_id")
    return Message(
        ref=message_ref(chat, item["message_id"]),
        text=item.get("text") or item.get("caption") or poll.get("question") or "",
        author=user_name(sender) if sender else chat_name(item.get("sender_chat") or {}),
        channel=chat_name(chat),
        thread=str(reply or ""),
        sent_at=datetime.fromtimestamp(int(item["date"]), UTC),
        is_private=chat.get("type") == "private",
        file=str(file.get("file_name") or file.get("file_id") or ("photo" if item.get("photo") else "")),
        options=tuple(str(one.get("text")) for one in poll.get("options") or ()),
    )


def message_ref(chat: Mapping[str, Any], message: Any) -> Ref:
    """A message by its chat and number."""
    id = f"{chat['id']}/{message}"
    return Ref(integration="telegram", kind="message", id=id, key=f"message {message}", url=link(chat, message))


def incoming(update: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The message that an update brings, if it brings one."""
    return next((update[name] for name in MESSAGES if update.get(name)), None)


def users_of(updates: Sequence[Mapping[str, Any]], chat: str) -> Iterator[Mapping[str, Any]]:
    """Everybody who wrote to a chat, or joined it."""
    for update in updates:
        message = incoming(update)
        if message and str(message["chat"]["id"]) == chat:
            yield from [message["from"]] if message.get("from") else []
            yield from message.get("new_chat_members") or ()


def to_member(item: Mapping[str, Any], chat: str) -> Person:
    """Somebody's place in a chat; their id is the chat's and their own."""
    user, status = item["user"], str(item.get("status") or "")
    handle = str(user.get("username") or "")
    url = f"{SITE}/{handle}" if handle else ""
    return Person(
        ref=Ref(integration="telegram", kind="member", id=f"{chat}/{user['id']}", key=user_name(user), url=url),
        title=user_name(user),
        handle=handle,
        status=banned(item.get("until_date")) if status == "kicked" else STATES.get(status, status),
        is_active=status not in ("kicked", "left"),
    )


def banned(until: int | None) -> str:
    """A ban in words, by the second at which it ends."""
    return f"banned until {datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M}" if until else "banned"


def ban_ends(until: datetime | None, now: datetime) -> int | None:
    """The second at which a ban ends.

    Raises:
        Rejected: Telegram would make it one for good.
    """
    if until is None:
        return None
    if not timedelta(seconds=30) < until - now < LONGEST_BAN:
        raise Rejected("A ban with an end lasts from half a minute to a year.", fields={"until": "is out of reach"})
    return int(until.timestamp())


def to_invite(item: Mapping[str, Any], chat: Mapping[str, Any]) -> Channel:
    """An invite link; its id holds all that reading it again needs."""
    ends, uses, address = item.get("expire_date"), item.get("member_limit"), str(item["invite_link"])
    id = "|".join((str(chat["id"]), str(ends or ""), str(uses or ""), address))
    return to_channel(chat, uses=uses).model_copy(
        update={
            "ref": Ref(integration="telegram", kind="invite_link", id=id, key=chat_name(chat), url=address),
            "link": address,
            "expires_at": datetime.fromtimestamp(ends, UTC) if ends else None,
        }
    )


def number(id: str) -> int | str:
    """An id as Telegram takes it; a @name stays as it is."""
    return int(id) if id.lstrip("-").isdigit() else id


def status_of(code: int, said: str) -> int:
    """What an error is by its words; Telegram tells most of them with 400."""
    lower = said.lower()
    if code == 404:  # there is no method, or no bot, of such a name
        return 401
    if code != 400:
        return code
    if any(
        part in lower for part in ("not found", "user_id_invalid", "participant_id_invalid", "expired", "id_invalid")
    ):
        return 404
    if any(
        part in lower for part in ("rights", "admin", "can't be", "can't remove", "owner", "not a member", "forbidden")
    ):
        return 403
    if "not modified" in lower or "upgraded" in lower:
        return 409
    return 400
