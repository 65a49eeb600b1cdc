"""The tools for the calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal

from core.clock import utc_now
from core.errors import Candidate, Conflict, NotFound, Rejected
from core.records import Meeting, Record, Ref
from core.tool import Call, Change
from tools.declare import Duration, Text, Who, finds, tool
from tools.integrations.outlook.mailbox import Mailbox
from tools.integrations.outlook.mapping import (
    ACTIONS,
    ANSWERS,
    PREFER,
    address,
    event_fields,
    everybody,
    expected,
    former,
    invited,
    to_meeting,
    to_slot,
)  # fmt: skip
from tools.integrations.outlook.recurrence import first_start, to_recurrence
from tools.integrations.outlook.search import own_id, to_occasion
from tools.kit.microsoft import by_next, in_utc
from tools.kit.paging import take

EventName = Annotated[str, finds("event")]
CALENDAR, UNDO = ("Calendars.ReadWrite",), "it is itself an undo"
HALF_HOUR, DAY = timedelta(minutes=30), timedelta(days=1)
AHEAD, FAR = timedelta(days=7), timedelta(days=90)
MOST = 100
SCANNED = 500


class Agenda(Mailbox):
    """Meetings of the person's own calendar."""

    @tool("read", scopes=CALENDAR)
    async def list_events(
        self,
        from_: Annotated[datetime | None, "beginning of the period, now by default"] = None,
        to: Annotated[datetime | None, "end of the period; a week by default"] = None,
        query: Annotated[str | None, "words in the title, the place or people's names"] = None,
    ) -> list[Meeting]:
        """Show what is in the calendar on a day or in a period, or the next meeting with somebody."""
        begin = self.here(from_ or utc_now())
        end = self.here(to) if to else begin + (FAR if query else AHEAD)
        if end <= begin:
            end = datetime.combine(begin.date(), time(), begin.tzinfo) + DAY
        words = (query or "").lower().split()
        found = await self._view(begin, end, SCANNED if words else MOST)
        return [one for one in found if all(word in _text(one) for word in words)][:MOST]

    @tool("read", scopes=CALENDAR)
    async def find_meeting_times(
        self,
        people: Annotated[list[Who], "who must have time"],
        duration: Annotated[Duration, "how long the meeting is"] = HALF_HOUR,
        from_: Annotated[datetime | None, "not before; now by default"] = None,
        to: Annotated[datetime | None, "not after; a week later by default"] = None,
    ) -> list[Meeting]:
        """Look for free times that suit everybody; nothing is booked."""
        begin = max(self.here(from_ or utc_now()), self.here(utc_now()))
        end = self.here(to) if to else begin + AHEAD
        if end <= begin:
            raise Rejected("The period is over, or ends before it begins.", fields={"to": "not after from"})
        slot = {"start": {"dateTime": in_utc(begin)[:-1], "timeZone": "UTC"},
                "end": {"dateTime": in_utc(end)[:-1], "timeZone": "UTC"}}  # fmt: skip
        body = {
            "attendees": invited(one for one in dict.fromkeys(people) if one != self.who.email.lower()),
            "timeConstraint": {"activityDomain": "work", "timeSlots": [slot]},
            "meetingDuration": f"PT{round(duration.total_seconds() / 60)}M",
            "maxCandidates": 10,
            "returnSuggestionReasons": True,
        }
        answer = await self.http.post("/me/findMeetingTimes", body, is_read=True)
        return [to_slot(one, self.who.zone) for one in answer.get("meetingTimeSuggestions") or ()]

    @tool("write", scopes=CALENDAR, proof="read_event", undo="cancel_event", recover="recover_event")
    async def create_event(
        self,
        title: Annotated[str, "title"],
        start: Annotated[datetime, "when it begins"],
        end: Annotated[datetime | None, "when it ends, or give a duration"] = None,
        duration: Annotated[Duration, "how long it lasts"] = HALF_HOUR,
        attendees: Annotated[list[Who] | None, "who is invited"] = None,
        location: Annotated[str | None, "where"] = None,
        body: Annotated[Text | None, "notes, the agenda"] = None,
        online: Annotated[bool, "whether it gets a Teams link"] = False,
        recurrence: Annotated[str | None, "how it repeats, e.g. every other Monday"] = None,
    ) -> Change:
        """Book a new meeting or hold in the calendar, and invite its people."""
        begin = self.here(start)
        length = self.here(end) - begin if end else duration
        if length <= timedelta():
            raise Rejected("The meeting ends before it begins.", fields={"end": "not after start"})
        repeats = self._repeats(recurrence, begin) if recurrence else None
        begin = first_start(repeats, begin) if repeats else begin
        fields = event_fields(title, (begin, begin + length), self.who.timezone, location, body)
        fields |= {"recurrence": repeats} if repeats else {}
        asked: dict[str, Any] = {
            "attendees": invited(dict.fromkeys(attendees or ())),
            "transactionId": self.http.call_id,
        }
        asked |= {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"} if online else {}
        made = to_meeting(await self.http.post("/me/events", {**fields, **asked}), self.who.zone)
        expect = expected(fields, self.who.zone) | {"guests": everybody(attendees or (), made)}
        expect |= {"video_url": made.video_url or "a Teams link"} if online else {}
        return self._booked(made, expect)

    @tool("write", scopes=CALENDAR, proof="read_event", undo="restore_event")
    async def update_event(
        self,
        event: Annotated[EventName, "the meeting, by words and day, its link or id"],
        start: Annotated[datetime | None, "new beginning"] = None,
        end: Annotated[datetime | None, "new end"] = None,
        duration: Annotated[Duration | None, "new length"] = None,
        title: Annotated[str | None, "new title"] = None,
        location: Annotated[str | None, "new place"] = None,
        add_attendees: Annotated[list[Who] | None, "who is invited as well"] = None,
    ) -> Change:
        """Change a meeting that is there: its time, length, title, place, or more people in it."""
        item = await self.event(event)
        before, span = to_meeting(item, self.who.zone), None
        if start or end or duration:
            begin = self.here(start) if start else before.starts_at or self.here(utc_now())
            kept = before.ends_at - before.starts_at if before.starts_at and before.ends_at else HALF_HOUR
            span = (begin, self.here(end) if end else begin + (duration or kept))
            if span[1] <= span[0]:
                raise Rejected("The meeting would end before it begins.", fields={"end": "not after start"})
        fields = event_fields(title, span, self.who.timezone, location)
        new = [one for one in dict.fromkeys(add_attendees or ()) if one not in {guest.id for guest in before.guests}]
        if new:
            fields["attendees"] = [*(item.get("attendees") or ()), *invited(new)]
        if not fields:
            told = f"Already invited: {', '.join(add_attendees)}." if add_attendees else "There is nothing to change."
            raise Conflict(told)
        return await self._patched(event, item, fields)

    @tool("write", scopes=CALENDAR, proof="read_event", undo="respond", recover="recover_response")
    async def respond(
        self,
        event: Annotated[EventName, "the meeting, by words and day, its link or id"],
        answer: Annotated[Literal["accepted", "declined", "tentative"], "the answer"],
        comment: Annotated[Text | None, "a note to the organizer"] = None,
        notify: Annotated[bool, "tell the organizer"] = True,
    ) -> Change:
        """Answer an invitation of somebody else: yes, no or maybe."""
        item = await self.event(event)
        if item.get("isOrganizer"):
            raise Conflict(f"You organize “{item.get('subject')}” yourself.")
        before = to_meeting(item, self.who.zone)
        body: dict[str, Any] = {"SendResponse": notify} | ({"Comment": comment} if comment else {})
        await self.http.send("POST", f"/me/events/{event}/{ACTIONS[answer]}", json=body)
        earlier = ANSWERS.get(str((item.get("responseStatus") or {}).get("response")), "")
        back = {"event": event, "answer": earlier, "notify": notify}
        undo = Call(tool="outlook.respond", args=back) if earlier in ACTIONS else None
        if answer == "declined" and await self._is_off(event):  # Outlook takes what one declines off the calendar
            return Change(before, is_gone=True)
        return Change(before, {"status": answer}, undo=undo)

    @tool(
        "destructive",
        scopes=CALENDAR,
        proof="read_event",
        irreversible="its people were told",
        recover="recover_cancel",
    )
    async def cancel_event(
        self,
        event: Annotated[EventName, "the meeting, by words and day, its link or id"],
        comment: Annotated[Text | None, "a note to its people"] = None,
        series: Annotated[bool, "all its repetitions, not one of them"] = False,
    ) -> Change:
        """Call off a meeting that one organizes, and let its people know."""
        item = await self.event(event)
        if series and item.get("seriesMasterId"):
            event = str(item["seriesMasterId"])
            item = await self.event(event)
        if item.get("isOrganizer") is False:
            raise Conflict(f"Only its organizer can cancel “{item.get('subject')}”; you can decline it.")
        if item.get("attendees"):
            body = {"Comment": comment} if comment else {}
            await self.http.send("POST", f"/me/events/{event}/cancel", json=body)
        else:
            await self.http.send("DELETE", f"/me/events/{event}", is_repeatable=True)
        return Change(to_meeting(item, self.who.zone), is_gone=True)

    @tool("write", scopes=CALENDAR, proof="read_event", irreversible=UNDO, is_hidden=True)
    async def restore_event(
        self,
        event: Annotated[str, "id"],
        fields: Annotated[dict[str, Any], "former values, in Graph's own words"],
    ) -> Change:
        """Set fields of a meeting back to what they were."""
        return await self._patched(event, await self.event(event), fields)

    # shared

    async def event(self, number: str, zone: str = "") -> Mapping[str, Any]:
        """A living event by id, its times in UTC or in a zone by Outlook's name.

        Raises:
            NotFound: it is not there, or it was cancelled.
        """
        headers = {"Prefer": f'{PREFER}, outlook.timezone="{zone}"'} if zone else None
        item: Mapping[str, Any] = (await self.http.send("GET", f"/me/events/{number}", headers=headers)).data
        if item.get("isCancelled"):
            raise NotFound("This meeting was cancelled.")
        return item

    async def read_event(self, ref: Ref) -> Record:
        """Reads the meeting again."""
        return to_meeting(await self.event(ref.id), self.who.zone)

    async def find_event(self, text: str) -> Sequence[Candidate]:
        """A meeting by id or link, else by words of its title or people, its day and time, the next ones first."""
        if number := own_id(text):
            found = [to_meeting(await self.event(number), self.who.zone)]
        else:
            found = await self._named(text)
        alone = (text,) if len(found) == 1 else ()
        return [Candidate(one.ref.id, one.title, _when(one), (one.title, *alone)) for one in found[:10]]

    async def recover_event(self, title: str, start: datetime, **_: Any) -> Change | None:
        """The meeting that this very call made, if there is one: Outlook keeps the call's own mark."""
        begin = self.here(start)
        query = self._period(begin - DAY, begin + AHEAD)
        async for item in by_next(self.http, "/me/calendarView", query):
            if item.get("transactionId") == self.http.call_id:
                made = to_meeting(await self.event(str(item.get("seriesMasterId") or item["id"])), self.who.zone)
                return self._booked(made, {"title": title, "starts_at": made.starts_at, "ends_at": made.ends_at})
        return None

    async def recover_response(self, event: str, answer: str, **_: Any) -> Change | None:
        """The answer as it stands, if it is this one."""
        try:
            now = to_meeting(await self.event(event), self.who.zone)
        except NotFound:
            ref = Ref(integration="outlook", kind="event", id=event)
            return Change(Meeting(ref=ref), is_gone=True) if answer == "declined" else None
        return Change(now, {"status": answer}) if now.status == answer else None

    async def recover_cancel(self, event: str, **_: Any) -> Change | None:
        """The cancelled meeting, if it is gone."""
        ref = Ref(integration="outlook", kind="event", id=event)
        return Change(Meeting(ref=ref), is_gone=True) if await self._is_off(event) else None

    def here(self, at: datetime) -> datetime:
        """In the person's zone; a moment without a zone is meant in it."""
        return at.astimezone(self.who.zone) if at.tzinfo else at.replace(tzinfo=self.who.zone)

    async def _patched(self, event: str, item: Mapping[str, Any], fields: dict[str, Any]) -> Change:
        before, zone = to_meeting(item, self.who.zone), self.who.zone
        if "start" in fields and item.get("originalStartTimeZone"):  # so that an undo leaves it in its own zone
            item = await self.event(event, str(item["originalStartTimeZone"]))
        answer = await self.http.send("PATCH", f"/me/events/{event}", json=fields, is_repeatable=True)
        expect = expected(fields, zone)
        if "attendees" in fields:
            wanted = [address(one) for one in fields["attendees"] or ()]
            expect["guests"] = everybody(wanted, to_meeting(answer.data, zone))
        args = {"event": event, "fields": former(item, fields)}
        return Change(before, expect, undo=Call(tool="outlook.restore_event", args=args))

    async def _is_off(self, event: str) -> bool:
        try:
            await self.event(event)
        except NotFound:
            return True
        return False

    def _booked(self, made: Meeting, expect: Mapping[str, Any]) -> Change:
        args = {"event": made.ref.id, "series": bool(made.recurrence)}
        return Change(made, expect, undo=Call(tool="outlook.cancel_event", args=args))

    def _repeats(self, phrase: str, start: datetime) -> dict[str, Any]:
        try:
            return to_recurrence(phrase, start)
        except ValueError as error:
            told = "say daily, every weekday, every other Monday, monthly or the like"
            raise Rejected(f"I do not understand how “{phrase}” repeats.", fields={"recurrence": told}) from error

    def _period(self, begin: datetime, end: datetime) -> dict[str, Any]:
        return {"startDateTime": in_utc(begin), "endDateTime": in_utc(end), "$orderby": "start/dateTime", "$top": MOST}

    async def _view(self, begin: datetime, end: datetime, most: int) -> list[Meeting]:
        items = await take(by_next(self.http, "/me/calendarView", self._period(begin, end)), most)
        return [to_meeting(one, self.who.zone) for one in items if not one.get("isCancelled")]

    async def _named(self, text: str) -> list[Meeting]:
        """What fits the words, on the day and at the time that are said; of a series only the next one."""
        now = self.here(utc_now())
        said = to_occasion(text, now.date())
        begin = datetime.combine(said.day, time(), self.who.zone) if said.day else now
        end = begin + DAY if said.day else begin + FAR
        found: dict[str, Meeting] = {}
        async for item in by_next(self.http, "/me/calendarView", self._period(begin, end)):
            one = to_meeting(item, self.who.zone)
            fits = all(word in _text(one) for word in said.words) and not item.get("isCancelled")
            if fits and (not said.at or (one.starts_at and one.starts_at.time() == said.at)):
                found.setdefault(str(item.get("seriesMasterId") or one.ref.id), one)
        exact = [one for one in found.values() if one.title.lower() == text.strip().lower()]
        return exact or list(found.values())


def _text(one: Meeting) -> str:
    people = (*one.guests, *((one.organizer,) if one.organizer else ()))
    return " ".join((one.title, one.location, *(f"{who.name} {who.id}" for who in people))).lower()


def _when(one: Meeting) -> str:
    if one.starts_at is None:
        return ""
    return f"{one.starts_at:%a %-d %b}" if one.is_all_day else f"{one.starts_at:%a %-d %b %H:%M}"
