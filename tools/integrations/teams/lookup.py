"""Looking things up in Teams: names for a person's words, records for the proof, both after a lost answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.errors import Candidate, NotFound
from core.principal import Principal
from core.records import Channel, Message, Person, Record, Ref
from core.tool import Call, Change
from tools.directory import People
from tools.integrations.teams import mapping
from tools.integrations.teams.mapping import is_said, linked, newest_first, to_channel, to_chat, to_message, to_team
from tools.kit.http import Http
from tools.kit.microsoft import by_next, colleagues
from tools.kit.paging import take, walk

PAGE = 50
POSTS = 200
JUST_NOW = timedelta(minutes=5)
_MINE = re.compile(r"\b(?:my|mine|i|i've)\b", re.IGNORECASE)
_NEWEST = re.compile(r"\b(?:last|latest|newest|most recent|just)\b", re.IGNORECASE)
_OWNED = re.compile(r"\b([^\W\d_][\w.-]*)['’]s\b")
_FILLER = re.compile(
    r"\b(?:the|my|a|an|that|this|of|in|on|about|with|from|by|i|mine|made|wrote|posted|sent|just|last|latest|newest|most|"
    r"recent|post|posts|message|messages|reply|announcement|thread|teams|one|please)\b",
    re.IGNORECASE,
)


class Lookup:
    """What the tools of Teams share."""

    http: Http
    who: Principal
    people: People

    # reading

    async def teams(self) -> list[Channel]:
        """The teams that one is in."""
        return [to_team(item) async for item in by_next(self.http, "/me/joinedTeams")]

    async def channels(self, team: str, name: str = "") -> list[Channel]:
        """The channels of a team that one may see."""
        return [to_channel(one, team, name) async for one in by_next(self.http, f"/teams/{team}/channels")]

    async def chats(self) -> list[Channel]:
        """The chats that one is in, with their people."""
        query = {"$expand": "members", "$top": PAGE}
        return [to_chat(item, self.me) async for item in by_next(self.http, "/me/chats", query)]

    async def posts(self, channel: str, name: str = "") -> list[Message]:
        """The posts of a channel with their replies, as many as are looked at."""
        found: list[Message] = []
        items = by_next(self.http, f"/{channel}/messages", {"$expand": "replies", "$top": PAGE})
        for item in await take(items, POSTS):
            rows = [item, *(item.get("replies") or ())]
            found += [to_message(one, channel, name) for one in rows if is_said(one)]
        return found

    async def said_in(self, chat: str, most: int) -> list[Message]:
        """The latest messages of a chat."""
        items = by_next(self.http, f"/chats/{chat}/messages", {"$top": min(PAGE, max(1, most))})
        return [to_message(one, f"chats/{chat}") for one in await take(items, most) if is_said(one)]

    def hits(self, query: str) -> AsyncIterator[Any]:
        """What the search finds, page after page."""

        async def fetch(begin: Any) -> tuple[list[Any], Any]:
            asked = {
                "entityTypes": ["chatMessage"],
                "query": {"queryString": query},
                "from": int(begin or 0),
                "size": 25,
            }
            answer = await self.http.post("/search/microsoft.graph.query", {"requests": [asked]}, is_read=True)
            container = next(iter(answer["value"][0].get("hitsContainers") or ()), None) or {}
            found = list(container.get("hits") or ())
            return found, int(begin or 0) + len(found) if container.get("moreResultsAvailable") and found else None

        return walk(fetch)

    @property
    def me(self) -> str:
        """The person's own id in the directory."""
        return self.http.connection.account

    # finders

    async def find_team(self, text: str) -> Sequence[Candidate]:
        """A team by name or id."""
        wanted = _bare(text, "team")
        found = await self.teams()
        exact = [one for one in found if text.strip() == one.ref.id or one.title.lower() == wanted]
        near = exact or [one for one in found if all(word in one.title.lower() for word in wanted.split())]
        return [Candidate(one.ref.id, one.title, also=(text,) if len(near) == 1 else ()) for one in near]

    async def find_channel(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """A channel by name, by `team / channel`, path or link; in the team that is given, or in any."""
        if path := linked(text):
            item = await self.http.get(f"/{mapping.parent_of(path)}")
            one = to_channel(item, mapping.team_of(path))
            return [Candidate(one.ref.id, one.title, also=(text,))]
        steps = [step.strip() for step in re.split(r"\s*[/>]\s*", text) if step.strip()]
        wanted = _bare((steps or [""])[-1], "channel").lstrip("#")
        teams = await self.teams()
        if args.get("team"):
            teams = [one for one in teams if one.ref.id == args["team"]]
        elif len(steps) > 1:
            teams = [one for one in teams if _bare(steps[-2], "team") in one.title.lower()]
        found = [one for team in teams for one in await self.channels(team.ref.id, team.title)]
        exact = [one for one in found if one.title.lower() == wanted]
        near = exact or [one for one in found if wanted and wanted in one.title.lower()]
        also = (text,) if len(near) == 1 else ()
        return [Candidate(one.ref.id, one.title, one.section, (f"{one.section} / {one.title}", *also)) for one in near]

    async def find_chat(self, text: str) -> Sequence[Candidate]:
        """A chat by its topic or its people; with one person alone before groups that they are in."""
        wanted = _bare(text, "chat", "group", "the", "with", "my")
        found = await self.chats()
        if any(one.ref.id == text.strip() for one in found):
            return [Candidate(one.ref.id, one.title) for one in found if one.ref.id == text.strip()]
        words = [word for word in _plain(wanted).split() if word != "and"]
        fits = [one for one in found if words and all(word in _text(one) for word in words)]
        exact = [one for one in fits if one.title.lower() == wanted]
        alone = [one for one in fits if one.kind == "oneOnOne"]
        near = exact or alone or fits
        return [Candidate(one.ref.id, one.title, "", (text,) if len(near) == 1 else ()) for one in near]

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """A colleague by name, address or id, as the tenant's directory has them."""
        wanted = text.strip()
        if wanted.lower() in ("me", "myself", "i", self.who.name.lower()):
            return [Candidate(self.me, self.who.name, self.who.email, (text,))]
        found = await colleagues(self.http, wanted)
        return [Candidate(str(one["id"]), str(one.get("displayName")), str(one.get("mail") or "")) for one in found]

    async def find_post(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """A post or reply by id or link, else by words, its author, or as one's last, in the channel that is given."""
        if (path := linked(text)) and "/messages/" in path:
            return [_candidate(await self.message(path), text)]
        channel = str(args.get("channel") or "")
        if not channel:
            return []
        if text.strip().isdigit():
            return [_candidate(await self.message(f"{channel}/messages/{text.strip()}"), text)]
        found = newest_first(await self.posts(channel), None, POSTS)
        author = _OWNED.search(text)
        if author:
            found = [one for one in found if author[1].lower() in one.author.lower()]
        elif _MINE.search(text):
            found = [one for one in found if one.author == self.who.name]
        words = _plain(_FILLER.sub(" ", text.replace(author[0], " ") if author else text))
        near = [one for one in found if words in _plain(f"{one.title} {one.text}")] or [
            one for one in found if all(word in _plain(f"{one.title} {one.text}") for word in words.split())
        ]
        return [_candidate(one) for one in (near[:1] if _NEWEST.search(text) else near[:8])]

    # proofs

    async def message(self, path: str) -> Message:
        """A post, reply or chat message that still stands."""
        item = await self.http.get(f"/{path}")
        if not is_said(item):
            raise NotFound("This message was deleted.")
        return to_message(item, mapping.parent_of(path))

    async def read_message(self, ref: Ref) -> Record:
        """Reads the message again."""
        return await self.message(ref.id)

    async def read_channel_again(self, ref: Ref) -> Record:
        """Reads the channel again."""
        return to_channel(await self.http.get(f"/{ref.id}"), mapping.team_of(ref.id))

    async def read_member(self, ref: Ref) -> Record:
        """Looks again who is in the team."""
        team, number = mapping.team_of(ref.id), ref.id.rpartition("/")[2]
        found = await self.member(team, number)
        if found is None:
            raise NotFound("This person is not in the team.")
        return found

    async def read_meeting(self, ref: Ref) -> Record:
        """Reads the meeting again."""
        return mapping.to_meeting(await self.http.get(f"/me/onlineMeetings/{ref.id}"), self.who.zone)

    async def member(self, team: str, wanted: str) -> Person | None:
        """Somebody in a team, by the id of the membership, of the person, or by address."""
        async for item in by_next(self.http, f"/teams/{team}/members"):
            one = mapping.to_member(item, team)
            if wanted.lower() in (str(item["id"]).lower(), one.handle.lower(), one.email):
                return one
        return None

    # after a lost answer

    async def recover_post(self, channel: str, text: str, **_: Any) -> Change | None:
        """What one posted there within the last minutes with just this text."""
        record = self._just_said(await self.posts(channel), text)
        return self.posted(record, text) if record else None

    async def recover_chat(self, to: Sequence[str], text: str, **_: Any) -> Change | None:
        """What one wrote to these people within the last minutes with just this text."""
        chat = await self.chat_with(to)
        record = self._just_said(await self.said_in(chat, PAGE), text) if chat else None
        return self.written(record, text) if record else None

    async def recover_channel(self, team: str, name: str, **_: Any) -> Change | None:
        """The channel of this name, if it is there now."""
        found = next((one for one in await self.channels(team) if one.title.lower() == name.lower()), None)
        return self.opened(found, {"title": name}) if found else None

    async def chat_with(self, people: Sequence[str]) -> str:
        """The chat with just these people and no topic of its own, or ""."""
        wanted = {*people} - {self.me}
        for one in await self.chats():
            others = {who.id for who in one.members} - {self.me}
            names = ", ".join(who.name for who in one.members if who.id != self.me)
            if others == wanted and (one.kind == "oneOnOne" or (one.kind == "group" and one.title == names)):
                return one.ref.id
        return ""

    async def recover_meeting(self, **args: Any) -> Change | None:
        """The meeting that this very call made: asked for again by its mark, it is given and not made twice."""
        change: Change = await getattr(self, "create_meeting")(**args)  # noqa: B009
        return change

    # shared

    def here(self, at: datetime | None) -> datetime | None:
        """In the person's zone; a moment without a zone is meant in it."""
        return at and (at.astimezone(self.who.zone) if at.tzinfo else at.replace(tzinfo=self.who.zone))

    def owned(self, path: str) -> str:
        """The path under which a message can be deleted: one of a chat under its author's own."""
        return f"users/{self.me}/{path}" if path.startswith("chats/") else path

    async def unsaid(self, message: str) -> Change:
        """Delete a message."""
        before = await self.message(message)
        await self.http.send("POST", f"/{self.owned(message)}/microsoft.graph.softDelete", is_repeatable=True)
        return Change(before, is_gone=True, undo=Call(tool="teams.restore_message", args={"message": message}))

    def posted(self, record: Message, text: str, **more: Any) -> Change:
        """A post that was made."""
        args = {"channel": mapping.parent_of(record.ref.id), "message": record.ref.id}
        return Change(record, {"text": text.strip(), **more}, undo=Call(tool="teams.delete_message", args=args))

    def written(self, record: Message, text: str) -> Change:
        """A chat message that was sent."""
        undo = Call(tool="teams.delete_chat_message", args={"message": record.ref.id})
        return Change(record, {"text": text.strip()}, undo=undo)

    def opened(self, record: Channel, expect: Mapping[str, Any]) -> Change:
        """A channel that was made."""
        return Change(record, expect, undo=Call(tool="teams.delete_channel", args={"channel": record.ref.id}))

    def _just_said(self, messages: Sequence[Message], text: str) -> Message | None:
        now = utc_now()
        mine = [one for one in messages if one.author == self.who.name and one.text == text.strip()]
        return next((one for one in mine if one.sent_at and now - one.sent_at < JUST_NOW), None)


def _text(one: Channel) -> str:
    return _plain(" ".join((one.title, *(who.name for who in one.members))))


def _bare(text: str, *words: str) -> str:
    kept = re.sub(rf"\b(?:the|teams?|{'|'.join(words)})\b", " ", text.strip().lower())
    return " ".join(kept.split()) or text.strip().lower()


def _plain(text: str) -> str:
    """Lower case without accents and punctuation."""
    folded = "".join(one for one in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(one))
    return " ".join(re.sub(r"\W+", " ", folded).split())


def _candidate(one: Message, *also: str) -> Candidate:
    when = f"{one.sent_at:%-d %b %H:%M}" if one.sent_at else ""
    return Candidate(one.ref.id, one.title or one.text[:60], f"{one.author} · {when}", also)
