"""Looking things up in Chat: spaces by name, direct messages by person, one's own messages by words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.errors import Candidate, NotFound
from core.principal import Principal
from core.records import Channel, Message, Person, Record, Ref
from tools.directory import People
from tools.integrations.google_chat import mapping
from tools.integrations.google_chat.mapping import named, quoted, to_channel, to_message
from tools.kit.http import Http
from tools.kit.paging import by_cursor, listed, take, walk

AT_ONCE = 8
FOUND = 5
MOST = 1_000
JUST_NOW = timedelta(minutes=5)
_NEWEST = re.compile(r"\b(?:last|latest|newest|most recent)\b", re.IGNORECASE)
_PLACE = re.compile(r"\b(?:in|into|from|to|with)\s+(?:the\s+)?(.+?)(?:\s+(?:space|room|chat))?$", re.IGNORECASE)
_FILLER = re.compile(
    r"\b(?:my|the|own|that|a|i|thing|sent|wrote|posted|message|messages|post|google|chat|gchat|about|saying|says|in|"
    r"with|space|duplicate)\b",
    re.IGNORECASE,
)


class Lookup:
    """What the tools of Google Chat share."""

    http: Http
    who: Principal
    people: People

    def spaces(self, kind: str | None = None) -> AsyncIterator[Any]:
        """Where the person is a member."""
        only = f'spaceType = "{mapping.KINDS[kind]}"' if kind else None
        return by_cursor(self.http, "/v1/spaces", "spaces", "nextPageToken", "pageToken", filter=only, pageSize=1000)

    def messages(self, space: str, only: str | None = None, order: str = "DESC", size: int = 100) -> AsyncIterator[Any]:
        """Messages of a space."""
        return by_cursor(
            self.http, f"/v1/{space}/messages", "messages", "nextPageToken", "pageToken", filter=only,
            orderBy=f"createTime {order}", pageSize=size,
        )  # fmt: skip

    async def search(self, *terms: str, limit: int) -> list[Mapping[str, Any]]:
        """Messages of all spaces, newest first."""
        only, size = " AND ".join(one for one in terms if one), max(1, min(limit, 100))

        async def fetch(mark: Any) -> tuple[list[Any], Any]:
            body = {"filter": only, "pageSize": size} | ({"pageToken": mark} if mark else {})
            data = await self.http.post("/v1/spaces/-/messages:search", body, is_read=True)
            return listed(data, "results"), data.get("nextPageToken")

        return [one["message"] for one in await take(walk(fetch), limit)]

    async def memberships(self, space: str) -> list[Mapping[str, Any]]:
        """Everybody in a space, invited people too."""
        path = f"/v1/{space}/members"
        rows = by_cursor(self.http, path, "memberships", "nextPageToken", "pageToken", pageSize=1000, showInvited=True)
        return await take(rows, MOST)

    async def titled(self, items: Sequence[Mapping[str, Any]]) -> list[Channel]:
        """Spaces as records; what has no name of its own is called by the others in it."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(item: Mapping[str, Any]) -> Channel:
            if item.get("displayName"):
                return to_channel(item)
            async with turn:
                people = await self.memberships(str(item["name"]))
            names = [mapping.to_party(one.get("member") or {}) for one in people]
            others = [
                str(party) for party in names if self.who.email not in (party.id, "") and party.name != self.who.name
            ]
            return to_channel(item, people, ", ".join(others))

        return list(await asyncio.gather(*(one(item) for item in items)))

    # proofs

    async def read_message(self, ref: Ref) -> Record:
        """Reads the message again."""
        item = await self.http.get(f"/v1/{ref.id}")
        if item.get("deleteTime"):
            raise NotFound("It was deleted.")
        return to_message(item)

    async def read_space_again(self, ref: Ref) -> Record:
        """Reads the space and who is in it again."""
        return to_channel(await self.http.get(f"/v1/{ref.id}"), await self.memberships(ref.id))

    async def read_member(self, ref: Ref) -> Record:
        """Reads again whether the person is in the space."""
        space = ref.id.partition("/members/")[0]
        for one in await self.memberships(space):
            if one["name"] == ref.id:
                return mapping.to_member(one)
        raise NotFound("Nobody like that is in it.")

    # finders

    async def find_space(self, text: str) -> Sequence[Candidate]:
        """Spaces by name, link or id; a person's name or address stands for the direct message with them."""
        if name := named(text):
            space = name.partition("/messages/")[0].partition("/threads/")[0]
            [record] = await self.titled([await self.http.get(f"/v1/{space}")])
            return [Candidate(space, record.title, also=(text,))]
        wanted = _bare(text)
        every = await take(self.spaces(), MOST)
        titles = [(str(one["name"]), str(one["displayName"])) for one in every if one.get("displayName")]
        exact = [one for one in titles if one[1].lower() == wanted]
        found = exact or [one for one in titles if all(word in one[1].lower() for word in wanted.split())]
        if found:
            return [Candidate(name, title, also=(text,) if len(found) == 1 else ()) for name, title in found]
        return await self._with_person(text)

    async def find_thread(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Threads by link or id, or by words in a message of the space."""
        name = named(text)
        if "/threads/" in name:
            return [Candidate(name, text)]
        if "/messages/" in name:
            thread = str(((await self.http.get(f"/v1/{name}")).get("thread") or {}).get("name") or "")
            return [Candidate(thread, text)] if thread else []
        if not args.get("space"):
            return []
        words = _words(text)
        found: dict[str, Candidate] = {}
        for item in await take(self.messages(str(args["space"])), 200):
            record = to_message(item)
            if record.thread and all(word in record.text.lower() for word in words):
                found.setdefault(record.thread, _candidate(record, record.thread))
        hits = list(found.values())
        return hits[:1] if _NEWEST.search(text) else hits[:FOUND]

    async def find_message(self, text: str) -> Sequence[Candidate]:
        """Messages by link or id, or one's own by words and place, newest first."""
        if name := named(text):
            return [_candidate(to_message(await self.http.get(f"/v1/{name}")), name)]
        rest, place = text, ""
        if hit := _PLACE.search(text):
            there = await self.find_space(hit[1])
            if len(there) == 1:
                rest, place = text[: hit.start()], f'space.name = "{there[0].id}"'
        words = [quoted(one) for one in _words(rest)]
        most = 1 if _NEWEST.search(text) else FOUND
        found = await self.search(*words, 'sender.name = "users/me"', place, limit=most)
        return [_candidate(to_message(one), str(one["name"])) for one in found]

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Addresses as they are, and colleagues of the other systems."""
        return [Candidate(text.strip().lower(), text.strip())] if "@" in text else await self.people.find(text)

    async def direct(self, address: str) -> str:
        """The direct message with a person, or ""."""
        try:
            found = await self.http.get("/v1/spaces:findDirectMessage", name=f"users/{address}")
        except NotFound:
            return ""
        return str(found["name"])

    async def just_said(self, space: str, text: str, thread: str | None = None) -> Message | None:
        """One's own message in a space that says this and is a few minutes old at most."""
        for item in await take(self.messages(space), 50):
            record = to_message(item)
            is_new = record.sent_at is not None and utc_now() - record.sent_at < JUST_NOW
            sender = item.get("sender") or {}
            is_mine = mapping.address(sender) == self.who.email.lower() or sender.get("displayName") == self.who.name
            if is_new and is_mine and record.text == text and thread in (None, record.thread):
                return record
        return None

    async def _with_person(self, text: str) -> list[Candidate]:
        found = []
        for one in (await self.find_person(text))[:FOUND]:
            if space := await self.direct(one.id):
                found.append(Candidate(space, one.label, one.id, also=(text,)))
        return found


def since(moment: datetime) -> str:
    """A moment as the filters of Chat want it."""
    return moment.isoformat(timespec="microseconds")


def _bare(text: str) -> str:
    words = re.sub(r"\b(?:the|space|room|google|chat|gchat)\b", " ", text.lower())
    return " ".join(words.split()) or text.lower().strip()


def _words(text: str) -> list[str]:
    plain = _FILLER.sub(" ", _NEWEST.sub(" ", text.lower()))
    return [one for one in re.split(r"[^\w'’-]+", plain) if one]


def _candidate(record: Message, name: str) -> Candidate:
    when = f"{record.sent_at:%-d %b %H:%M}" if record.sent_at else ""
    return Candidate(name, record.text[:80] or "(no text)", f"{record.author} {when}".strip())


def to_people(rows: Sequence[Mapping[str, Any]]) -> list[Person]:
    """Memberships as people, apps left out."""
    return [mapping.to_member(one) for one in rows if (one.get("member") or {}).get("type") != "BOT"]
