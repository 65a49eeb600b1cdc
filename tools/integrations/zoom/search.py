"""Finding meetings: by number, link or UUID, by words of the topic, by the day and the time that are said."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from core.clock import utc_now
from core.errors import Candidate, Rejected
from core.principal import Principal
from core.records import Document, Meeting
from tools.directory import People
from tools.integrations.zoom.mapping import meeting_ref, moment, segment, times, to_meeting, to_recording
from tools.kit.http import Http
from tools.kit.paging import by_cursor, take
from tools.stream import Batch

NEXT = "next_page_token"
OFFERED = 10
LOOKED_AT = 300
PERIOD = timedelta(days=30)
MOST_PERIODS = 12
NUMBER = re.compile(r"(?<!\d)\d{3}[ -]?\d{3,4}[ -]?\d{3,4}(?!\d)")
LINK = re.compile(r"zoom\.us/(?:j|s|w|wc(?:/join)?|my)/(\d{9,11})")
UUID = re.compile(r"[A-Za-z0-9+/]{22}==")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NOISE = frozenset(
    "my the a our zoom call meeting link of on at from this that with for in o'clock oclock clock next last morning "
    "afternoon evening recording one in instance s".split()
)


@dataclass(frozen=True)
class Said:
    """What of a meeting was said: words of its topic, its day, its time as hours and minutes."""

    words: tuple[str, ...]
    day: date | None
    at: tuple[tuple[int, int], ...]

    def fits(self, topic: str, starts: datetime | None, zone: ZoneInfo) -> bool:
        """Whether a meeting can be the one."""
        there = re.findall(r"\w+", topic.lower())
        here = starts.astimezone(zone) if starts else None
        return (
            all(any(one.startswith(word) for one in there) for word in self.words)
            and (not self.day or (here is not None and here.date() == self.day))
            and (not self.at or (here is not None and (here.hour, here.minute) in self.at))
        )


def understand(text: str, today: date, is_past: bool) -> Said:
    """Take a phrase such as “tomorrow's 4 o'clock with the board” apart."""
    lower = text.lower().replace("’", "'")
    at: tuple[tuple[int, int], ...] = ()
    clock = re.search(r"\b(\d{1,2})(?:[:.](\d\d))?\s*(am|pm|a\.m\.|p\.m\.|o'?\s?clock|h\b)|\b(\d{1,2}):(\d\d)\b", lower)
    if clock:
        hour, minute, half = int(clock[1] or clock[4]), int(clock[2] or clock[5] or 0), (clock[3] or "")[:1]
        hour += 12 if half == "p" and hour < 12 else 0
        at = ((hour, minute), (hour + 12, minute)) if half == "o" and hour < 12 else ((hour, minute),)
        lower = lower.replace(clock[0], " ")
    day, lower = _day(lower, today, is_past)
    words = [one.removesuffix("'s") for one in re.findall(r"[\w']+", lower)]
    return Said(tuple(one for one in words if one and one not in NOISE), day, at)


def _day(text: str, today: date, is_past: bool) -> tuple[date | None, str]:
    for pattern, days in (
        (r"\bthis (morning|afternoon|evening)\b|\btoday\b", 0),
        (r"\btomorrow\b", 1),
        (r"\byesterday\b", -1),
    ):
        if re.search(pattern, text):
            return today + timedelta(days=days), re.sub(pattern, " ", text)
    if iso := re.search(r"\b\d{4}-\d\d-\d\d\b", text):
        return date.fromisoformat(iso[0]), text.replace(iso[0], " ")
    if named := re.search(r"\b(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b", text):
        away = (DAYS.index(named[1][:3]) - today.weekday()) % 7
        return today + timedelta(days=away - 7 if is_past and away else away), text.replace(named[0], " ")
    return None, text


class Search:
    """The finders of the integration, and what they read, under one person's connection."""

    http: Http
    who: Principal
    people: People

    def meetings(self, kind: str, begin: date | None = None, end: date | None = None) -> AsyncIterator[Any]:
        """One's own meetings of a kind, as Zoom lists them; a series once for each time."""
        dates = {"from": begin.isoformat() if begin else None, "to": end.isoformat() if end else None}
        return by_cursor(
            self.http, "/users/me/meetings", "meetings", NEXT, NEXT, type=kind, page_size=LOOKED_AT, **dates
        )

    async def ahead(self) -> list[Mapping[str, Any]]:
        """What is ahead, each meeting once, the next first."""
        rows = await take(self.meetings("upcoming"), 1000)
        first: dict[Any, Mapping[str, Any]] = {}
        for row in sorted(rows, key=lambda row: str(row.get("start_time") or "")):
            first.setdefault(row["id"], row)
        return [*first.values()]

    async def meeting(self, id: str) -> Mapping[str, Any]:
        """A scheduled meeting by its number."""
        found: Mapping[str, Any] = await self.http.get(f"/meetings/{segment(id)}")
        return found

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """An address, or a colleague by the company's directory."""
        address = text.strip().lower()
        return [Candidate(address, text, address)] if "@" in address else await self.people.find(text)

    async def find_meeting(self, text: str) -> Sequence[Candidate]:
        """A scheduled meeting by number or link, else by topic, day and time."""
        if number := _number(text):
            return [_of(to_meeting(await self.meeting(number)), self.who.zone, text)]
        said = understand(text, self._today(), is_past=False)
        named = [to_meeting(row) for row in await self.ahead()]
        whole = [one for one in named if one.title.lower() == text.strip().lower()]
        found = whole or [one for one in named if said.fits(one.title, one.starts_at, self.who.zone)]
        return [_of(one, self.who.zone, *((text,) if len(found) == 1 else ())) for one in found[:OFFERED]]

    async def find_past_meeting(self, text: str) -> Sequence[Candidate]:
        """An instance that is over by UUID, number or link, else by topic, day and time, the latest first.

        Of a series whose day is not said only the latest instance is offered.
        """
        direct = UUID.search(text)
        if direct or _number(text):
            id = direct[0] if direct else _number(text)
            row = await self.http.get(f"/past_meetings/{segment(id)}")
            return [self._instance(row, text, str(row.get("id")))]
        rows = await take(self.meetings("previous_meetings"), LOOKED_AT)
        rows.sort(key=lambda row: str(row.get("start_time") or ""), reverse=True)
        return [self._instance(row, *more) for row, *more in self._fitting(rows, text)]

    async def find_recording(self, text: str) -> Sequence[Candidate]:
        """A recording of the last months by UUID, number, link or topic, the latest first."""
        direct = UUID.search(text)
        if direct or _number(text):
            id = direct[0] if direct else _number(text)
            row = await self.http.get(f"/meetings/{segment(id)}/recordings")
            return [self._instance(row, text, str(row.get("id")))]
        today = self._today()
        rows = await self._recorded(today - 3 * PERIOD, today)
        return [self._instance(row, *more) for row, *more in self._fitting(rows, text)]

    async def find_occurrence(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """One time of a series by its id, day or time; “next” or “this week” is the first one ahead."""
        every = times(await self.meeting(str(args["meeting"])))
        exact = [one for one in every if one[0] == text.strip()]
        now, zone = utc_now(), self.who.zone
        rest = [one for one in every if one[1] + timedelta(hours=1) > now]
        said = understand(text, self._today(), is_past=False)
        found = exact or [one for one in rest if Said((), said.day, said.at).fits("", one[1], zone)]
        if not exact and not said.day and not said.at:
            found = found[:1] if re.search(r"\b(next|this|upcoming|one)\b", text.lower()) else found[:5]
        return [Candidate(id, f"{at.astimezone(zone):%a %-d %b %H:%M}", at.isoformat()) for id, at in found]

    async def recordings(self, begin: date | None, end: date | None, query: str | None) -> list[Document]:
        """Recordings of a period, the latest first; a month up to its end where it has no beginning."""
        last = end or self._today()
        rows = await self._recorded(begin or last - PERIOD, last)
        words = (query or "").lower().split()
        return [to_recording(row) for row in rows if all(word in str(row.get("topic")).lower() for word in words)]

    async def _recorded(self, begin: date, end: date) -> list[Mapping[str, Any]]:
        """Zoom lists a month at a time."""
        found: list[Mapping[str, Any]] = []
        for _ in range(MOST_PERIODS):
            first = max(begin, end - PERIOD)
            dates = {"from": first.isoformat(), "to": end.isoformat()}
            pages = by_cursor(self.http, "/users/me/recordings", "meetings", NEXT, NEXT, page_size=LOOKED_AT, **dates)
            found += sorted([row async for row in pages], key=lambda row: str(row["start_time"]), reverse=True)
            end = first - timedelta(days=1)
            if end < begin:
                break
        return found

    async def registrations(self, meeting: str) -> list[Mapping[str, Any]]:
        """Everybody who registered and was not denied."""
        found: list[Mapping[str, Any]] = []
        for status in ("approved", "pending"):
            path = f"/meetings/{segment(meeting)}/registrants"
            found += [
                row async for row in by_cursor(self.http, path, "registrants", NEXT, NEXT, status=status, page_size=300)
            ]
        return found

    async def changed(self, cursor: str) -> Batch:
        """Meetings that are new, moved or reworded; Zoom tells no time of change, so the cursor keeps their marks."""
        before: dict[str, str] = json.loads(cursor) if cursor else {}
        rows = {str(row["id"]): row async for row in self.meetings("scheduled")}
        marks = {id: _mark(row) for id, row in rows.items()}
        changed = [to_meeting(row) for id, row in rows.items() if before.get(id) != marks[id]]
        gone = [meeting_ref(id) for id in before if id not in marks]
        return Batch(changed, json.dumps(marks, sort_keys=True), gone=gone)

    def _fitting(self, rows: Sequence[Mapping[str, Any]], text: str) -> list[tuple[Any, ...]]:
        said = understand(text, self._today(), is_past=True)
        fits = [row for row in rows if said.fits(str(row.get("topic")), moment(row.get("start_time")), self.who.zone)]
        latest: dict[Any, Mapping[str, Any]] = {}
        for row in fits:
            latest.setdefault(row["uuid"] if said.day else row["id"], row)
        found = [*latest.values()]
        return [(row, text) if len(found) == 1 else (row,) for row in found[:OFFERED]]

    def _instance(self, row: Mapping[str, Any], *also: str) -> Candidate:
        at, topic = moment(row.get("start_time")), str(row.get("topic") or "")
        return Candidate(row["uuid"], topic, f"{at.astimezone(self.who.zone):%a %-d %b %H:%M}" if at else "", also)

    def _today(self) -> date:
        return utc_now().astimezone(self.who.zone).date()


def placed(start: datetime, zone: str | None, who: Principal) -> datetime:
    """A start in the zone that was named: “3pm, Berlin time” was read as 3pm of one's own, and means Berlin's wall.

    Raises:
        Rejected: there is no such zone.
    """
    if not zone:
        return start.astimezone(who.zone)
    wanted = zone.strip().replace(" ", "_").lower()
    name = next((one for one in sorted(available_timezones()) if one.lower() == wanted), None)
    name = name or next((one for one in sorted(available_timezones()) if one.lower().endswith(f"/{wanted}")), None)
    if name is None:
        raise Rejected(f"I know no time zone “{zone}”.", fields={"timezone": zone})
    own = start.astimezone(who.zone)
    is_own = own.utcoffset() == start.utcoffset()
    return own.replace(tzinfo=ZoneInfo(name)) if is_own else start.astimezone(ZoneInfo(name))


def _number(text: str) -> str:
    link = LINK.search(text)
    hit = NUMBER.search(text)
    return link[1] if link else re.sub(r"\D", "", hit[0]) if hit and not re.search(r"\d{4}-\d\d-\d\d", text) else ""


def _of(meeting: Meeting, zone: ZoneInfo, *also: str) -> Candidate:
    at = f"{meeting.starts_at.astimezone(zone):%a %-d %b %H:%M}" if meeting.starts_at else ""
    return Candidate(meeting.ref.id, meeting.title, at, (meeting.ref.key, *also))


def _mark(row: Mapping[str, Any]) -> str:
    told = [row.get(name) for name in ("topic", "duration", "agenda", "timezone", "type", "created_at")]
    at = "" if row.get("type") == 8 else row.get("start_time")
    return hashlib.sha256(json.dumps([*told, at]).encode()).hexdigest()[:12]
