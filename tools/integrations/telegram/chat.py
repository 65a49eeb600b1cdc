"""The chats that the bot is in, by what people call them. A bot cannot list any, so they are known from two places:
what was named when it was connected, and what has come in and was not yet looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from core.errors import Candidate, Conflict, Forbidden, NotFound, RateLimited, Rejected, VendorUnavailable
from core.records import Message
from tools.integrations.telegram import mapping
from tools.kit.http import Http

OFFERED = 5
PAGE = 100
CHAT = re.compile(r"-?\d+|@\w+")
LINK = re.compile(r"t\.me/(?:c/(\d+)|([A-Za-z]\w{3,}))(?:/(\d+))?(?:\?|$|\s)")
NOISE = frozenset("the a message messages post posts one about with saying says that from of on in telegram tg".split())
FILLER = re.compile(r"\b(the|our|telegram|tg|chat|group|channel|on|in)\b")


class Moved(Conflict):
    """A group became a supergroup, and has another id now."""

    def __init__(self, chat: int) -> None:
        super().__init__("This group has another id now.", status=400, cause=f"migrated to {chat}")
        self.chat = chat


class Chats:
    """The finders of the integration, and what they read, under one bot."""

    http: Http

    async def find_chat(self, text: str) -> Sequence[Candidate]:
        """A chat by id, link or @name, or one that is known by its title or the person's name."""
        wanted, link = text.strip(), LINK.search(text.strip())
        if link:
            wanted = f"-100{link[1]}" if link[1] else f"@{link[2]}"
        known = await self.known()
        handle = wanted.lstrip("@").lower()
        exact = [row for row in known if wanted == str(row["id"]) or handle == str(row.get("username") or "").lower()]
        if not exact and (wanted.startswith("@") or wanted.lstrip("-").isdigit()):
            exact = [await self.ask("getChat", chat_id=mapping.number(wanted), is_read=True)]
        if exact:
            return [_of(row, text) for row in exact]
        bare = " ".join(FILLER.sub(" ", wanted.lower()).split())
        same = [row for row in known if mapping.chat_name(row).lower() in (wanted.lower(), bare)]
        near = [row for row in known if bare and all(word in _searched(row) for word in bare.split())]
        return [_of(row, *((text,) if same else ())) for row in same or near]

    async def find_person(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Somebody of the chat by id, or by name among its administrators and those who wrote lately."""
        chat, wanted = str(args["chat"]), text.strip().lstrip("@").lower()
        if wanted.isdigit():
            item = await self.ask("getChatMember", chat_id=mapping.number(chat), user_id=int(wanted), is_read=True)
            return [_of_user(item["user"], text)]
        found: dict[int, Mapping[str, Any]] = {}
        for user in [*mapping.users_of(await self.pending(), chat), *await self.admins(chat)]:
            names = (mapping.user_name(user).lower(), str(user.get("username") or "").lower())
            if not user.get("is_bot") and any(name.startswith(wanted) or wanted in name.split() for name in names):
                found.setdefault(user["id"], user)
        return [_of_user(user) for user in found.values()]

    async def find_message(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """A message of the chat by number or link, the pinned one, or one that came in lately, by words."""
        chat, link = str(args["chat"]), LINK.search(text)
        direct = link[3] if link and link[3] else text.strip().lstrip("#")
        if direct.isdigit():
            return [Candidate(direct, f"message {direct}", also=(text,))]
        lower = text.lower()
        rows = []
        if "pinned" in lower:
            pinned = (await self.ask("getChat", chat_id=mapping.number(chat), is_read=True)).get("pinned_message")
            rows = [pinned] if pinned else []
        if not rows:
            came = [mapping.incoming(update) for update in await self.pending()]
            here = [one for one in came if one and str(one["chat"]["id"]) == chat][::-1]
            words = [one for one in re.findall(r"\w+", lower) if one not in NOISE]
            rows = [one for one in here if words and all(word in _heard(one) for word in words)]
        return [_of_message(row, *((text,) if len(rows) == 1 else ())) for row in rows[:OFFERED]]

    def told(self) -> list[str]:
        """The ids and @names of chats that were given with the token; a dash stands for none."""
        given = str(self.http.connection.secret.get("chats") or "")
        return [name for name in re.split(r"[,;\s]+", given) if name.strip("-")]

    async def prove_chats(self) -> None:
        """Look at each chat that was given.

        Raises:
            Rejected: one is no id or @name.
            NotFound: the bot cannot see one.
        """
        for name in self.told():
            if not CHAT.fullmatch(name):
                raise Rejected(f"“{name}” is no id or @name of a Telegram chat.", fields={"chats": name})
            await self.ask("getChat", chat_id=mapping.number(name), is_read=True)

    async def known(self) -> list[Mapping[str, Any]]:
        """Every chat that is known, each once."""
        found: dict[int, Mapping[str, Any]] = {}
        for name in filter(CHAT.fullmatch, self.told()):
            with suppress(NotFound, Forbidden):  # the bot was put out of it
                row = await self.ask("getChat", chat_id=mapping.number(name), is_read=True)
                found[row["id"]] = row
        for update in await self.pending():
            message = mapping.incoming(update)
            if message:
                found.setdefault(message["chat"]["id"], message["chat"])
        return [*found.values()]

    async def pending(self) -> list[Mapping[str, Any]]:
        """What has come in and was not yet looked at; it stays there. None while a webhook takes it."""
        with suppress(Conflict):
            return [*await self.ask("getUpdates", limit=PAGE, is_read=True)]
        return []

    async def fresh(self, chat: str | None, limit: int) -> list[Message]:
        """What has come in since the last look, oldest first; what is shown, up to the first that is not, is let go."""
        updates = await self.ask("getUpdates", limit=PAGE, is_read=True)
        found: list[Message] = []
        seen, has_gap = 0, False
        for update in updates:
            message = mapping.incoming(update)
            is_wanted = message is not None and (not chat or str(message["chat"]["id"]) == chat)
            if message is not None and is_wanted and len(found) < limit:
                found.append(mapping.to_message(message))
            elif message is not None:
                has_gap = True
            seen = seen if has_gap else int(update["update_id"])
        if seen:
            with suppress(VendorUnavailable, RateLimited):  # then it is shown once more
                await self.ask("getUpdates", offset=seen + 1, limit=1, is_read=True)
        return found

    async def admins(self, chat: str) -> list[Mapping[str, Any]]:
        """Those who run a chat; in a conversation with one person there is nobody."""
        if not chat.startswith(("-", "@")):
            return []
        rows = await self.ask("getChatAdministrators", chat_id=mapping.number(chat), is_read=True)
        return [row["user"] for row in rows]

    async def ask(self, method: str, *, is_read: bool = False, is_repeatable: bool = False, **fields: Any) -> Any:
        """Call a method of the bot; a group that has moved is asked under its new id."""
        body = {name: value for name, value in fields.items() if value is not None}
        try:
            return (await self.http.post(f"/{method}", body, is_read=is_read, is_repeatable=is_repeatable))["result"]
        except Moved as moved:
            body["chat_id"] = moved.chat
            return (await self.http.post(f"/{method}", body, is_read=is_read, is_repeatable=is_repeatable))["result"]


def _of(chat: Mapping[str, Any], *also: str) -> Candidate:
    name = str(chat.get("username") or "")
    return Candidate(str(chat["id"]), mapping.chat_name(chat), f"@{name}" if name else chat.get("type", ""), also)


def _of_user(user: Mapping[str, Any], *also: str) -> Candidate:
    handle = str(user.get("username") or "")
    return Candidate(str(user["id"]), mapping.user_name(user), f"@{handle}" if handle else "", (handle, *also))


def _of_message(row: Mapping[str, Any], *also: str) -> Candidate:
    message = mapping.to_message(row)
    at = f"{message.sent_at:%-d %b %H:%M}" if message.sent_at else ""
    return Candidate(str(row["message_id"]), f"{message.author}: {message.text[:80]}", at, also)


def _searched(chat: Mapping[str, Any]) -> str:
    return f"{mapping.chat_name(chat)} {chat.get('username') or ''}".lower()


def _heard(row: Mapping[str, Any]) -> str:
    message = mapping.to_message(row)
    return f"{message.text} {message.author}".lower()
