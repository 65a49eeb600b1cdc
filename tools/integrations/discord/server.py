"""The server that the bot is in: its channels, members, roles and messages, by what people call them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.errors import Candidate, NotFound
from core.records import Channel, Message
from tools.integrations.discord import mapping
from tools.kit.http import Http
from tools.kit.paging import take, walk
from tools.stream import MOST, Batch

PAGE = 100
OFFERED = 5
ID = re.compile(r"\d{15,20}")
LINK = re.compile(r"discord(?:app)?\.com/channels/(?:\d+|@me)/(\d+)(?:/(\d+))?")
MINE = re.compile(r"\b(my|mine|your|our|you|i|(the )?bot'?s?)\b")
LAST = re.compile(r"\b(last|latest|newest|most recent)\b")
NOISE = frozenset(
    "the a message messages post posts one about with saying says that from of on in thing discord".split()
)


class Server:
    """The finders of the integration, and what they read, under one bot."""

    http: Http

    async def find_channel(self, text: str) -> Sequence[Candidate]:
        """A channel or open thread by id, link, mention or name."""
        wanted = text.strip().strip("<#>")
        link = LINK.search(text)
        if link or ID.fullmatch(wanted):
            item = await self.http.get(f"/channels/{link[1] if link else wanted}")
            return [_of(item, text)]
        rows = [row for row in [*await self.channels(), *await self._threads()] if row["type"] != mapping.CATEGORY]
        return _named(text, rows)

    async def find_category(self, text: str) -> Sequence[Candidate]:
        """A category by id or name."""
        rows = [row for row in await self.channels() if row["type"] == mapping.CATEGORY]
        return [_of(row) for row in rows if row["id"] == text.strip()] or _named(text, rows)

    async def find_venue(self, text: str) -> Sequence[Candidate]:
        """A voice or stage channel by name, or any other place as it is said."""
        rows = [row for row in await self.channels() if row["type"] in (2, mapping.STAGE)]
        wanted = re.sub(r"\b(the|stage|voice|channel)\b", " ", text.lower())
        found = [row for row in rows if row["id"] == text.strip()]
        found = found or [row for row in rows if mapping.is_same_name(row["name"], wanted)]
        return [_of(row, text) for row in found] or [Candidate(text.strip(), text.strip())]

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Members by id, mention, handle or the start of a name."""
        wanted = text.strip().strip("<@!>")
        if ID.fullmatch(wanted):
            rows = [await self.http.get(f"/guilds/{self.guild}/members/{wanted}")]
        else:
            rows = await self.members(wanted.partition("@")[0].replace(".", " ") if "@" in wanted else wanted, 20)
        return [_of_member(row, text) for row in rows if not row["user"].get("bot")]

    async def find_role(self, text: str) -> Sequence[Candidate]:
        """Roles that may be given, by id or name."""
        rows = [row for row in (await self._roles()) if row["id"] != self.guild and not row.get("managed")]
        wanted = re.sub(r"\b(the|an?|role)\b", " ", text.lower()).strip(" @")
        exact = [row for row in rows if text.strip() == row["id"] or mapping.is_same_name(row["name"], wanted)]
        near = [row for row in rows if wanted and row["name"].lower().startswith(wanted)]
        return [Candidate(row["id"], row["name"], also=(text,) if exact else ()) for row in exact or near]

    async def find_message(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """A message of the channel by id or link, as somebody's last one, or by words, the newest first."""
        channel, link = str(args["channel"]), LINK.search(text)
        direct = link[2] if link else text.strip()
        if direct and ID.fullmatch(direct):
            item = await self.http.get(f"/channels/{channel}/messages/{direct}")
            return [_of_message(item, text, direct)]
        rows = await take(self.history(channel), PAGE)
        lower = text.lower()
        if LAST.search(lower):
            who = re.match(r"(?:the )?(.+?)['’]s? (?:last|latest|newest|most recent)", text, re.IGNORECASE)
            if MINE.search(lower):
                rows = [row for row in rows if row["author"]["id"] == self.me]
            elif who:
                rows = [row for row in rows if _is_by(row, who[1])]
            return [_of_message(row, text, row["id"]) for row in rows[:1]]
        words = [one for one in re.findall(r"\w+", lower) if one not in NOISE]
        found = [row for row in rows if words and all(word in _searched(row) for word in words)]
        return [_of_message(row, *((text,) if len(found) == 1 else ()), row["id"]) for row in found[:OFFERED]]

    async def channels(self) -> list[Mapping[str, Any]]:
        """Every channel and category, in the order in which people see them."""
        rows = [*await self.http.get(f"/guilds/{self.guild}/channels")]
        places = {row["id"]: row["position"] for row in rows if row["type"] == mapping.CATEGORY}
        return sorted(rows, key=lambda row: (places.get(row.get("parent_id") or row["id"], -1),
                                             row["type"] != mapping.CATEGORY, row["position"]))  # fmt: skip

    async def members(self, start: str, limit: int) -> list[Mapping[str, Any]]:
        """Members whose handle or name begins so."""
        found = await self.http.get(f"/guilds/{self.guild}/members/search", query=start, limit=max(1, min(limit, 1000)))
        return [*found]

    async def roles(self) -> dict[str, str]:
        """Names of roles by id."""
        return {row["id"]: row["name"] for row in await self._roles()}

    def history(self, channel: str, before: str | None = None) -> Any:
        """Messages of a channel, the newest first."""

        async def page(mark: Any) -> tuple[list[Any], Any]:
            rows = await self.http.get(f"/channels/{channel}/messages", limit=PAGE, before=mark)
            return rows, rows[-1]["id"] if len(rows) == PAGE else None

        return walk(page, before)

    async def latest(self, channel: str, since: datetime | None, before: str | None, limit: int) -> list[Message]:
        """The newest messages of a channel, oldest of them first."""
        found: list[Message] = []
        async for row in self.history(channel, before):
            message = mapping.to_message(row, self.guild)
            if len(found) >= limit or (since and message.sent_at and message.sent_at <= since):
                break
            found.append(message)
        return found[::-1]

    async def place(self, channel: str) -> Channel:
        """A channel with the name of what it stands under."""
        item = await self.http.get(f"/channels/{channel}")
        above = await self.http.get(f"/channels/{item['parent_id']}") if item.get("parent_id") else {}
        return mapping.to_channel(item, str(above.get("name") or ""))

    async def event(self, id: str) -> Mapping[str, Any]:
        """A scheduled event.

        Raises:
            NotFound: there is none.
        """
        for row in await self.http.get(f"/guilds/{self.guild}/scheduled-events"):
            if row["id"] == id:
                found: Mapping[str, Any] = row
                return found
        raise NotFound("There is no such event.", status=404)

    async def new_messages(self, cursor: str) -> Batch:
        """What was written since, channel by channel; the cursor holds the last id of each."""
        seen: dict[str, str] = json.loads(cursor) if cursor else {}
        found: list[Message] = []
        for row in [*await self.channels(), *await self._threads()]:
            id, last = row["id"], row.get("last_message_id")
            if row["type"] not in mapping.WRITABLE or not last or int(last) <= int(seen.get(id, 0)):
                continue
            more, seen[id] = await self._after(id, seen.get(id, "0"), last)
            found += more
            if len(found) >= MOST:
                return Batch(found, json.dumps(seen), has_more=True)
        return Batch(found, json.dumps(seen))

    async def _after(self, channel: str, mark: str, last: str) -> tuple[list[Message], str]:
        found: list[Message] = []

        async def page(after: Any) -> tuple[list[Any], Any]:
            rows = await self.http.get(f"/channels/{channel}/messages", limit=PAGE, after=after)
            rows = sorted(rows, key=lambda row: int(row["id"]))
            return rows, rows[-1]["id"] if len(rows) == PAGE else None

        async for row in walk(page, mark):
            found.append(mapping.to_message(row, self.guild))
            mark = str(row["id"])
            if len(found) >= MOST:
                return found, mark
        return found, max(mark, last, key=int)

    async def _threads(self) -> list[Mapping[str, Any]]:
        return [*(await self.http.get(f"/guilds/{self.guild}/threads/active"))["threads"]]

    async def _roles(self) -> list[Mapping[str, Any]]:
        return [*await self.http.get(f"/guilds/{self.guild}/roles")]

    @property
    def guild(self) -> str:
        """The server's id, out of its address."""
        return self.http.connection.site.rpartition("/")[2]

    @property
    def me(self) -> str:
        """The bot's own id."""
        return self.http.connection.account


def _of(item: Mapping[str, Any], *also: str) -> Candidate:
    kind = mapping.KINDS.get(int(item["type"]), "")
    return Candidate(item["id"], f"#{item.get('name') or ''}", kind, also)


def _named(text: str, rows: Sequence[Mapping[str, Any]]) -> list[Candidate]:
    wanted = re.sub(r"\b(the|channel|thread|chat|forum)\b", " ", text.lower()).strip(" #")
    exact = [row for row in rows if mapping.is_same_name(row["name"], text)]
    exact = exact or [row for row in rows if wanted and mapping.is_same_name(row["name"], wanted)]
    words = re.findall(r"\w+", wanted)
    near = [row for row in rows if words and all(word in row["name"].lower() for word in words)]
    return [_of(row, *((text,) if exact else ())) for row in exact or near]


def _of_member(row: Mapping[str, Any], *also: str) -> Candidate:
    handle, name = row["user"]["username"], mapping.name_of(row["user"], row.get("nick"))
    is_exact = also and also[0].strip("@ ").lower() in (handle.lower(), name.lower())
    return Candidate(row["user"]["id"], name, f"@{handle}", (handle, *(also if is_exact else ())))


def _of_message(row: Mapping[str, Any], *also: str) -> Candidate:
    at = datetime.fromisoformat(row["timestamp"])
    words = str(row.get("content") or "")[:80]
    return Candidate(row["id"], f"{mapping.name_of(row['author'])}: {words}", f"{at:%-d %b %H:%M}", also)


def _is_by(row: Mapping[str, Any], who: str) -> bool:
    names = (mapping.name_of(row["author"]), str(row["author"].get("username")))
    return any(name.lower().startswith(who.strip().lower()) for name in names)


def _searched(row: Mapping[str, Any]) -> str:
    return f"{row.get('content') or ''} {mapping.name_of(row['author'])} {row['author'].get('username')}".lower()
