"""Finding calendars, people and events: by id or link, by words, by the day and the time that are said."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import quote

from core.clock import utc_now
from core.errors import Candidate, NotFound
from core.principal import Principal
from core.records import Channel, Meeting
from tools.directory import People
from tools.integrations.google_calendar.mapping import DAY, MINE, parted, to_calendar, to_meeting
from tools.integrations.google_calendar.occasion import to_occasion
from tools.kit.http import Http
from tools.kit.paging import by_cursor, take

AHEAD = timedelta(days=366)
OWN_ID = re.compile(r"([^/\s]+@[^/\s]+/)?[a-v0-9]{20,}(_\d{8}(T\d{6}Z)?)?")
Found = tuple[Mapping[str, Any], Meeting]


class Search:
    """The reading half of the integration, under one person's connection."""

    http: Http
    who: Principal
    people: People

    async def calendars(self) -> list[Channel]:
        """The calendars one can see."""
        pages = by_cursor(self.http, "/users/me/calendarList", "items", "nextPageToken", "pageToken", maxResults=250)
        return [to_calendar(item) async for item in pages]

    async def find_calendar(self, text: str) -> Sequence[Candidate]:
        """A calendar by id or words of its name; “my calendar” is the person's own."""
        wanted = re.sub(r"\b(the|calendar|google)\b", " ", text.lower()).split()
        if not wanted or wanted in (["my"], ["mine"], [MINE]):
            return [Candidate(MINE, "My calendar", also=(text,))]
        found = await self.calendars()
        exact = [one for one in found if text.lower() in (one.ref.id.lower(), one.title.lower())]
        near = [one for one in found if all(word in one.title.lower() for word in wanted)]
        return [Candidate(one.ref.id, one.title, also=(one.ref.id,)) for one in exact or near]

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """An address, a colleague by the company's directory, or a room whose calendar one can see."""
        wanted = text.strip().lower()
        if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", wanted):
            return [Candidate(wanted, text, wanted, also=(text,))]
        if wanted in ("me", "my", "i", "myself", self.who.name.lower(), self.who.email.lower()):
            return [Candidate(self.who.email, self.who.name, self.who.email, also=(text,))]
        people = list(await self.people.find(text))
        rooms = [] if people else await self.find_calendar(re.sub(r"\b(the|room)\b", " ", wanted).strip())
        return people or [Candidate(one.id, one.label, one.id, one.also) for one in rooms if one.id != MINE]

    async def find_event(self, text: str) -> Sequence[Candidate]:
        """An event by id or link, else by words of its title or guests, its day and its time, the next ones first."""
        direct = _linked(text) or (text if OWN_ID.fullmatch(text) else "")
        if direct:
            item = await self.event(direct)
            event = to_meeting(item, parted(direct)[0], self.who.zone)
            return [Candidate(event.ref.id, event.title, _moment(event), also=(text, event.title))]
        named = await self._search(text, utc_now())
        whole = [one for one in named if text.strip().lower() in one[1].title.lower()]
        found = whole or await self._occasion(text)
        return [
            Candidate(one.ref.id, one.title, _moment(one), also=(one.title, *((text,) if len(found) == 1 else ())))
            for _, one in found[:10]
        ]

    async def event(self, event: str) -> Mapping[str, Any]:
        """A living event by id.

        Raises:
            NotFound: it is not there, or it was deleted.
        """
        item: Mapping[str, Any] = await self.http.get(events_path(*parted(event)))
        if item.get("status") == "cancelled":
            raise NotFound("This event was deleted.")
        return item

    def pages(self, calendar: str, **parameters: Any) -> AsyncIterator[Any]:
        """Events of a calendar, page after page."""
        return by_cursor(self.http, events_path(calendar), "items", "nextPageToken", "pageToken", **parameters)

    async def listed(
        self, calendar: str, begin: datetime, end: datetime | None, query: str | None, limit: int
    ) -> list[Found]:
        """Events of a period in order, the repetitions of a series each for itself."""
        pages = self.pages(
            calendar, timeMin=begin.isoformat(timespec="seconds"), q=query,
            timeMax=end.isoformat(timespec="seconds") if end else None, singleEvents=True, orderBy="startTime",
            timeZone=self.who.timezone, maxResults=min(250, max(1, limit)),
        )  # fmt: skip
        return [(item, to_meeting(item, calendar, self.who.zone)) for item in await take(pages, limit)]

    async def _search(self, query: str | None, begin: datetime, end: datetime | None = None) -> list[Found]:
        """What is ahead on the person's own calendar; of a series only the next one."""
        found = await self.listed(MINE, self.here(begin), end or self.here(begin) + AHEAD, query, 100)
        first: dict[str, Found] = {}
        for item, meeting in found:
            first.setdefault(item.get("recurringEventId") or item["id"], (item, meeting))
        return list(first.values())

    async def _occasion(self, text: str) -> list[Found]:
        """What fits the words, on the day and at the time that are said."""
        said = to_occasion(text, utc_now().astimezone(self.who.zone).date())
        begin, end = utc_now(), None
        if said.day:
            begin = datetime.combine(said.day, time(), self.who.zone)
            end = begin + DAY
        found = await self._search(" ".join(said.words) or None, begin, end)
        return [one for one in found if not said.at or (one[1].starts_at and one[1].starts_at.time() == said.at)]

    def here(self, moment: datetime) -> datetime:
        """In the person's zone; a moment without a zone is meant in it."""
        zone = self.who.zone
        return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


def events_path(calendar: str, event: str = "") -> str:
    """Where the events of a calendar are, or one of them."""
    tail = f"/{quote(event, safe='')}" if event else ""
    return f"/calendars/{quote(calendar, safe='@')}/events{tail}"


def _linked(text: str) -> str:
    """The id in a link to an event: `eid` is the event and its calendar in base64."""
    hit = re.search(r"[?&]eid=([\w-]+)", text)
    if not hit:
        return ""
    try:
        said = base64.urlsafe_b64decode(hit[1] + "=" * (-len(hit[1]) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return said.split(" ")[0]


def _moment(event: Meeting) -> str:
    if event.starts_at is None:
        return ""
    return f"{event.starts_at:%a %-d %b}" if event.is_all_day else f"{event.starts_at:%a %-d %b %H:%M}"
