"""Google Calendar, API 3: the person's own calendars, guests by address, times in the person's zone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal

from core.clock import utc_now
from core.errors import Conflict, NotFound, RateLimited, Rejected, VendorError
from core.records import Channel, Meeting, Party, Record, Ref
from core.tool import Call, Change
from tools.declare import Duration, Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.google_calendar.feed import to_events
from tools.integrations.google_calendar.mapping import (
    DAY,
    MINE,
    cleared,
    expected,
    expected_guests,
    former,
    free,
    is_days,
    joined,
    parted,
    to_meeting,
    to_slot,
    written,
)  # fmt: skip
from tools.integrations.google_calendar.recurrence import first_start, to_rule
from tools.integrations.google_calendar.search import Search, events_path
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.kit.webhook import Delivery, WebhookEvent, repeated
from tools.stream import Batch, stream

EventId = Annotated[str, finds("event")]
CalendarId = Annotated[str, finds("calendar")]

API = "https://www.googleapis.com/auth/calendar"
EVENTS, BUSY, LIST = (f"{API}.events",), (f"{API}.freebusy",), (f"{API}.calendarlist.readonly",)
SOON = ("rateLimitExceeded", "userRateLimitExceeded")
LATER = ("quotaExceeded", "dailyLimitExceeded")
LATER_S = 3600.0
LOST = timedelta(minutes=5)
PAGE = 250


class GoogleCalendar(Search, Integration):
    """Google Calendar under one person's connection."""

    key = "google_calendar"
    name = "Google Calendar"
    category = "email_calendar"
    aliases = ("google calendar", "gcal", "calendar", "my calendar")
    base_url = "https://www.googleapis.com/calendar/v3"
    auth = OAuth2(
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        revoke_url="https://oauth2.googleapis.com/revoke",
        scopes=(*EVENTS, *BUSY, *LIST),
        extra={"access_type": "offline", "prompt": "consent"},
    )
    webhook = repeated("X-Goog-Channel-Token")
    names = ("calendar",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Google's `{error: {message, errors: [{reason}]}}`, and the errors inside a free/busy answer."""
        data = answer.data if isinstance(answer.data, Mapping) else {}
        if answer.status < 400:
            hidden = [who for who, one in (data.get("calendars") or {}).items() if one.get("errors")]
            return NotFound(f"I cannot see the calendar of {', '.join(hidden)}.") if hidden else None
        error = data.get("error")
        if not isinstance(error, Mapping):
            return None
        reasons = [str(one.get("reason", "")) for one in error.get("errors") or ()]
        said = str(error.get("message", ""))
        if answer.status in (403, 429) and any(reason in SOON for reason in reasons):
            return RateLimited("Google Calendar asks for fewer requests.", status=answer.status)
        if any(reason in LATER for reason in reasons):
            return RateLimited("Google Calendar's quota is used up.", retry_after_s=LATER_S, status=answer.status)
        return by_status(cls.name, answer, said)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """The calendar in which something changed."""
        return to_events(delivery)

    async def identify(self) -> Account:
        """The person's own calendar, whose id is their address."""
        own = await self.http.get(f"/users/me/calendarList/{MINE}")
        return Account(own["id"], site="https://calendar.google.com")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """The calendars one can see."""
        return {"calendar": [calendar.title for calendar in await self.list_calendars()]}

    @tool("read", scopes=EVENTS)
    async def list_events(
        self,
        from_: Annotated[datetime | None, "beginning of the period, now by default"] = None,
        to: Annotated[datetime | None, "end of the period"] = None,
        query: Annotated[str | None, "words in the event"] = None,
        calendar: Annotated[CalendarId, "name or id of the calendar"] = MINE,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Meeting]:
        """Show the meetings, appointments and other events of a day or period, or look one up by its words."""
        begin = self.here(from_ or utc_now())
        end = self.here(to) if to else None
        if end and end <= begin:
            end = datetime.combine(begin.date(), time(), begin.tzinfo) + DAY
        return [one for _, one in await self.listed(calendar, begin, end, query, limit)]

    @tool("read", scopes=BUSY)
    async def check_availability(
        self,
        people: Annotated[list[Who], "who must have time, rooms too"],
        from_: Annotated[datetime, "beginning of the period"],
        to: Annotated[datetime, "end of the period"],
        duration: Annotated[Duration, "how long the slot must be"] = timedelta(minutes=30),
    ) -> list[Meeting]:
        """Look up when people and rooms are free or busy, to find a time to meet."""
        begin, end = max(self.here(from_), self.here(utc_now())), self.here(to)
        if end <= begin:
            raise Rejected("The period is over, or ends before it begins.", fields={"to": "not after from"})
        body = {
            "timeMin": begin.isoformat(timespec="seconds"), "timeMax": end.isoformat(timespec="seconds"),
            "timeZone": self.who.timezone, "items": [{"id": one} for one in dict.fromkeys(people)],
        }  # fmt: skip
        answer = await self.http.post("/freeBusy", body, is_read=True)
        busy = {
            who: [(self._at(one["start"]), self._at(one["end"])) for one in calendar["busy"]]
            for who, calendar in answer["calendars"].items()
        }
        gaps = free((span for spans in busy.values() for span in spans), begin, end, duration)
        everyone = [Party(id=who) for who in busy]
        slots = [to_slot(span, "Free", "free", everyone) for span in gaps]
        taken = sorted((span, who) for who, spans in busy.items() for span in spans)
        return slots + [to_slot(span, f"{who} is busy", "busy", [Party(id=who)]) for span, who in taken]

    @tool("write", scopes=EVENTS, proof="read_event", undo="cancel_event", recover="recover_event")
    async def create_event(
        self,
        title: Annotated[str, "title"],
        start: Annotated[datetime, "when it begins"],
        end: Annotated[datetime | None, "when it ends, or give a duration"] = None,
        duration: Annotated[Duration, "how long it lasts"] = timedelta(minutes=30),
        guests: Annotated[list[Who] | None, "who is invited"] = None,
        location: Annotated[str | None, "where"] = None,
        description: Annotated[Text | None, "notes"] = None,
        video_call: Annotated[bool, "whether it gets a Google Meet link"] = False,
        recurrence: Annotated[str | None, "how it repeats, e.g. every Tuesday"] = None,
        calendar: Annotated[CalendarId, "name or id of the calendar"] = MINE,
    ) -> Change:
        """Book a meeting, appointment or other event on a calendar, and invite its guests."""
        begin = self.here(start)
        length = self.here(end) - begin if end else duration
        if length <= timedelta():
            raise Rejected("The event ends before it begins.", fields={"end": "not after start"})
        repeats = self._rule(recurrence, begin) if recurrence else None
        begin = first_start(repeats, begin) if repeats else begin
        fields = written(title, location, description, (begin, begin + length), self.who.timezone)
        fields |= {"recurrence": [repeats]} if repeats else {}
        body = fields | {"id": uuid.uuid4().hex}
        body |= {"attendees": [{"email": guest} for guest in dict.fromkeys(guests)]} if guests else {}
        if video_call:
            solution = {"conferenceSolutionKey": {"type": "hangoutsMeet"}, "requestId": body["id"]}
            body["conferenceData"] = {"createRequest": solution}
        made = to_meeting(await self._insert(calendar, body), calendar, self.who.zone)
        expect = expected(fields, self.who.zone) | {"guests": expected_guests(dict.fromkeys(guests or ()), made)}
        expect |= {"video_url": made.video_url} if video_call else {}
        return Change(made, expect, undo=self._cancelling(made, bool(repeats)))

    @tool("write", scopes=EVENTS, proof="read_event", undo="cancel_event", recover="recover_quick")
    async def quick_add(
        self,
        text: Annotated[str, "the sentence, with day and time"],
        calendar: Annotated[CalendarId, "name or id of the calendar"] = MINE,
    ) -> Change:
        """Add an event to a calendar from a single sentence that names it and its time."""
        path = f"{events_path(calendar)}/quickAdd"
        answer = await self.http.send("POST", path, params={"text": text, "sendUpdates": "all"})
        return self._added(to_meeting(answer.data, calendar, self.who.zone))

    @tool("write", scopes=EVENTS, proof="read_event", undo="restore_event")
    async def update_event(
        self,
        event: Annotated[EventId, "the event, by its id or by words and the day"],
        start: Annotated[datetime | None, "new beginning"] = None,
        end: Annotated[datetime | None, "new end"] = None,
        duration: Annotated[Duration | None, "new length"] = None,
        title: Annotated[str | None, "new title"] = None,
        location: Annotated[str | None, "new place"] = None,
        description: Annotated[Text | None, "new notes"] = None,
        notify: Annotated[bool, "tell the guests"] = True,
    ) -> Change:
        """Move or reschedule an event or meeting, or edit its title, location or description."""
        item = await self.event(event)
        before = to_meeting(item, parted(event)[0], self.who.zone)
        span = None
        if start or end or duration:
            begin = self.here(start) if start else before.starts_at or self.here(utc_now())
            kept = before.ends_at - before.starts_at if before.starts_at and before.ends_at else timedelta(minutes=30)
            span = (begin, self.here(end) if end else begin + (duration or kept))
            if span[1] <= span[0]:
                raise Rejected("The event would end before it begins.", fields={"end": "not after start"})
            if before.is_all_day and not is_days(span) and not (end or duration):
                span = (begin, begin + timedelta(minutes=30))
        zone = (item.get("start") or {}).get("timeZone") or self.who.timezone
        fields = written(title, location, description, span, zone)
        if not fields:
            raise Rejected("There is nothing to change.")
        return await self._patch(event, item, fields, notify)

    @tool("write", scopes=EVENTS, proof="read_event", undo="restore_event", one_of=("add", "remove"))
    async def invite_guests(
        self,
        event: Annotated[EventId, "the event, by its id or by words and the day"],
        add: Annotated[list[Who] | None, "who is invited"] = None,
        remove: Annotated[list[Who] | None, "who is no longer"] = None,
    ) -> Change:
        """Invite people to an event or meeting, or take guests off it."""
        item = await self.event(event)
        guests = {str(guest["email"]).lower(): guest for guest in item.get("attendees") or ()}
        wrong = [one for one in add or () if one in guests]
        if wrong and len(wrong) == len(add or ()) and not remove:
            raise Conflict(f"Already invited: {', '.join(wrong)}.")
        missing = [one for one in remove or () if one not in guests]
        if missing:
            raise Rejected(f"Not invited: {', '.join(missing)}.", fields={"remove": "not a guest"})
        kept = [guest for address, guest in guests.items() if address not in (remove or ())]
        new = [{"email": one} for one in dict.fromkeys(add or ()) if one not in guests]
        return await self._patch(event, item, {"attendees": kept + new}, notify=True)

    @tool("write", scopes=EVENTS, proof="read_event", undo="restore_event")
    async def respond(
        self,
        event: Annotated[EventId, "the event, by its id or by words and the day"],
        answer: Annotated[Literal["accepted", "declined", "tentative"], "the answer"],
        comment: Annotated[Text | None, "a note to go with the answer"] = None,
    ) -> Change:
        """Answer an invitation with yes, no or maybe: accept it, decline it or accept it tentatively."""
        item = await self.event(event)
        mine = next((guest for guest in item.get("attendees") or () if guest.get("self")), None)
        if mine is None:
            raise Conflict(f"You are not invited to {item.get('summary') or 'this event'}.")
        note = {"comment": comment} if comment else {}
        answered = {**mine, "responseStatus": answer, **note}
        guests = [answered if guest is mine else guest for guest in item["attendees"]]
        return await self._patch(event, item, {"attendees": guests}, notify=True)

    @tool("destructive", scopes=EVENTS, proof="read_event", undo="restore_event")
    async def cancel_event(
        self,
        event: Annotated[EventId, "the event, by its id or by words and the day"],
        whole_series: Annotated[bool, "every repetition of it"] = False,
        notify: Annotated[bool, "tell the guests"] = True,
    ) -> Change:
        """Cancel (delete) an event or meeting, or its whole series, and let the guests know."""
        item = await self.event(event)
        calendar = parted(event)[0]
        if whole_series and item.get("recurringEventId"):
            event = joined(calendar, item["recurringEventId"])
            item = await self.event(event)
        before = to_meeting(item, calendar, self.who.zone)
        path = events_path(*parted(event))
        await self.http.send("DELETE", path, params={"sendUpdates": "all" if notify else "none"})
        answers = ("attendees",) if not item.get("organizer", {}).get("self") and item.get("attendees") else ()
        args = {"event": event, "fields": former(item, ("status", *answers)), "notify": notify}
        return Change(before, is_gone=True, undo=Call(tool="google_calendar.restore_event", args=args))

    @tool("read", scopes=LIST)
    async def list_calendars(self) -> list[Channel]:
        """Show which calendars there are, the asker's own and those shared with them."""
        return await self.calendars()

    @tool("write", scopes=EVENTS, proof="read_event", irreversible="it is itself an undo", is_hidden=True)
    async def restore_event(
        self,
        event: Annotated[str, "id"],
        fields: Annotated[dict[str, Any], "former values, in Google's own words"],
        notify: Annotated[bool, "tell the guests"] = True,
    ) -> Change:
        """Set fields of an event back to what they were; a deleted event comes back by its status."""
        item = await self.http.get(events_path(*parted(event)))
        return await self._patch(event, item, fields, notify)

    async def read_event(self, ref: Ref) -> Record:
        """Reads the event again."""
        return to_meeting(await self.event(ref.id), parted(ref.id)[0], self.who.zone)

    async def recover_event(self, title: str, start: datetime, calendar: str, **_: Any) -> Change | None:
        """The event that this person made with this very title and time within the last minutes, if there is one."""
        return await self._recent(calendar, lambda one: one.title == title and one.starts_at == self.here(start))

    async def recover_quick(self, text: str, calendar: str) -> Change | None:
        """The event that this person made within the last minutes and whose title is part of the sentence."""
        return await self._recent(calendar, lambda one: bool(one.title) and one.title.lower() in text.lower())

    async def _recent(self, calendar: str, fits: Callable[[Meeting], bool]) -> Change | None:
        since = utc_now() - LOST
        pages = self.pages(calendar, updatedMin=since.isoformat(timespec="seconds"))
        async for item in pages:
            record = to_meeting(item, calendar, self.who.zone)
            is_new = datetime.fromisoformat(item["created"]) >= since and item.get("creator", {}).get("self")
            if is_new and item["status"] != "cancelled" and fits(record):
                return self._added(record)
        return None

    @stream("event")
    async def stream_events(self, cursor: str) -> Batch:
        """Events of the person's own calendar as they change; Google keeps the place."""
        mark: dict[str, str] = json.loads(cursor) if cursor else {}
        try:
            page = await self.http.get(events_path(MINE), maxResults=PAGE, **mark)
        except NotFound:  # a place that Google keeps no longer: everything is given anew
            return Batch([], "", has_more=bool(mark))
        found = [(item, to_meeting(item, MINE, self.who.zone)) for item in page["items"]]
        live = [record for item, record in found if item["status"] != "cancelled"]
        gone = [record.ref for item, record in found if item["status"] == "cancelled"]
        more = page.get("nextPageToken")
        after = {**mark, "pageToken": more} if more else {"syncToken": page["nextSyncToken"]}
        return Batch(live, json.dumps(after), bool(more), gone)

    async def _insert(self, calendar: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Our own id makes a second arrival a conflict, so the first one's event is read."""
        options = {"sendUpdates": "all", "conferenceDataVersion": 1}
        try:
            made = await self.http.send("POST", events_path(calendar), params=options, json=body, is_repeatable=True)
        except Conflict:
            return await self.event(joined(calendar, body["id"]))
        item: Mapping[str, Any] = made.data
        return item

    async def _patch(self, event: str, item: Mapping[str, Any], fields: dict[str, Any], notify: bool) -> Change:
        """Change an event that nobody else changed meanwhile."""
        calendar, own = parted(event)
        before = to_meeting(item, calendar, self.who.zone)
        wanted = to_meeting({**item, **fields}, calendar, self.who.zone)
        expect = expected(fields, self.who.zone)
        expect |= {"guests": wanted.guests, "responses": wanted.responses} if "attendees" in fields else {}
        expect |= {"status": fields["status"]} if "status" in fields else {}
        try:
            answer = await self.http.send(
                "PATCH", events_path(calendar, own), params={"sendUpdates": "all" if notify else "none"},
                json=cleared(fields, item), headers={"If-Match": item["etag"]}, is_repeatable=True,
            )  # fmt: skip
            record = to_meeting(answer.data, calendar, self.who.zone)
        except Conflict:  # somebody was faster, or an answer was lost and this was the second arrival
            record = to_meeting(await self.event(event), calendar, self.who.zone)
            if any(getattr(record, name) != value for name, value in expect.items() if name != "guests"):
                raise
        if "guests" in expect:
            expect["guests"] = expected_guests((guest.id for guest in wanted.guests), record)
        args = {"event": event, "fields": former(item, fields), "notify": notify}
        return Change(before, expect, undo=Call(tool="google_calendar.restore_event", args=args))

    def _added(self, record: Meeting) -> Change:
        expect = {name: getattr(record, name) for name in ("title", "starts_at", "ends_at", "recurrence")}
        return Change(record, expect, undo=self._cancelling(record, bool(record.recurrence)))

    def _cancelling(self, record: Meeting, whole_series: bool) -> Call:
        args = {"event": record.ref.id, "whole_series": whole_series}
        return Call(tool="google_calendar.cancel_event", args=args)

    def _rule(self, phrase: str, start: datetime) -> str:
        try:
            return to_rule(phrase, start)
        except ValueError as error:
            raise Rejected(
                f"I do not understand how “{phrase}” repeats.",
                fields={"recurrence": "say daily, every weekday, every other Monday, monthly or the like"},
            ) from error

    def _at(self, text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone(self.who.zone)
