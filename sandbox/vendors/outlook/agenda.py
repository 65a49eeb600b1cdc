"""Routes for the calendar: views, events, answers, cancelling, suggestions."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.exchange import Answer, Call, Json
from sandbox.microsoft import refused, stamp
from sandbox.vendor import route
from sandbox.vendors.outlook.base import Base
from sandbox.vendors.outlook.series import UTC, edge, ends, expand, instance, rule, starts, wall, working

READ, WRITE = "Calendars.Read Calendars.ReadWrite", "Calendars.ReadWrite"
NEVER = "0001-01-01T00:00:00Z"
ACTIONS = {"accept": "accepted", "decline": "declined", "tentativelyAccept": "tentativelyAccepted"}


class Agenda(Base):
    """Calendars."""

    @route("GET", "/v1.0/me/calendarView", scope=READ)
    def view(self, call: Call) -> Json:
        """What is on in a period, series as their repetitions."""
        after, before = self._period(call)
        found = sorted(self._on(call.person.email, after, before), key=lambda one: starts(one).timestamp())
        return self.paged(call, [self.event_shown(one, call) for one in found])

    @route("GET", "/v1.0/me/calendarView/delta", scope=READ)
    def changed_events(self, call: Call) -> Json:
        """What is on in a period, series and their repetitions, then what changed."""
        since, own = self.since(call), call.person.email
        after, before = self._period(call)
        kept = {name: str(call.get(name)) for name in ("startDateTime", "endDateTime")}
        rows = [row for row in self.state["events"].values() if self._holds(row, own)]
        if since is None:
            found = [row for row in rows if row["recurrence"]] + [*self._on(own, after, before)]
            return self.delta(call, [self.event_shown(one, call) for one in found], kept)
        touched = dict.fromkeys(
            one["id"] for one in self.state["log"] if one["n"] > since and own in one.get("people", ())
        )
        there = {row["id"]: row for row in rows}
        told = [
            self.event_shown(there[one], call) if one in there else {"id": one, "@removed": {"reason": "deleted"}}
            for one in touched
        ]
        return self.delta(call, told, kept)

    @route("POST", "/v1.0/me/events", scope=WRITE)
    def create_event(self, call: Call) -> Answer:
        """A meeting of one's own; whoever is invited has it too."""
        body = call.body if isinstance(call.body, dict) else {}
        number = self.ident_of("event", "new", self.count("event"))
        row: Json = {
            "id": number, "owner": call.person.email, "subject": "", "text": "", "start": "", "end": "", "zone": "UTC",
            "all_day": False, "location": "", "people": [], "removed": [], "exdates": [], "recurrence": None,
            "online": "", "transaction": body.get("transactionId"), "cancelled": False,
        }  # fmt: skip
        if not body.get("start") or not body.get("end"):
            raise refused(400, "ErrorPropertyValidationFailure", "At least one property failed validation.")
        self._write(row, body)
        self.state["events"][number] = row
        self._told(row, "created")
        return Answer(201, self.event_shown(row, call))

    @route("GET", "/v1.0/me/events/{event}", scope=READ)
    def get_event(self, call: Call) -> Json:
        """One event, or one repetition of a series."""
        return self.event_shown(self._event(call), call)

    @route("PATCH", "/v1.0/me/events/{event}", scope=WRITE)
    def update_event(self, call: Call) -> Json:
        """Change an event; one repetition becomes an exception."""
        row = self._event(call)
        body = call.body if isinstance(call.body, dict) else {}
        if row["owner"] != call.person.email and {"subject", "start", "end", "attendees"} & body.keys():
            raise refused(403, "ErrorAccessDenied", "You need to be an organizer to change the meeting.")
        made = dict(row)
        self._write(made, body)
        if row.get("series") and row["id"] not in self.state["events"]:
            self.state["events"][row["series"]]["exdates"].append(row["start"][:10])
        self.state["events"][row["id"]] = made
        self._told(made, "updated")
        return self.event_shown(made, call)

    @route("DELETE", "/v1.0/me/events/{event}", scope=WRITE)
    def delete_event(self, call: Call) -> None:
        """Take an event off."""
        self._off(self._event(call), call.person.email)

    @route("POST", "/v1.0/me/events/{event}/cancel", scope=WRITE)
    def cancel(self, call: Call) -> Answer:
        """Call a meeting off; only its organizer may."""
        row = self._event(call)
        if row["owner"] != call.person.email:
            message = "Your request can't be completed. You need to be an organizer to cancel a meeting."
            raise refused(400, "ErrorInvalidRequest", message)
        self._off(row, call.person.email)
        return Answer(202)

    @route("POST", "/v1.0/me/events/{event}/accept", scope=WRITE)
    def accept(self, call: Call) -> Answer:
        """Yes."""
        return self._replied(call, "accept")

    @route("POST", "/v1.0/me/events/{event}/decline", scope=WRITE)
    def decline(self, call: Call) -> Answer:
        """No: the event leaves the calendar of whoever says so."""
        return self._replied(call, "decline")

    @route("POST", "/v1.0/me/events/{event}/tentativelyAccept", scope=WRITE)
    def maybe(self, call: Call) -> Answer:
        """Maybe."""
        return self._replied(call, "tentativelyAccept")

    @route("POST", "/v1.0/me/findMeetingTimes", scope="Calendars.Read.Shared Calendars.ReadWrite.Shared")
    def find_times(self, call: Call) -> Json:
        """Free half hours of everybody within working hours."""
        people = [self.named(one)["address"] for one in call.get("attendees") or []]
        slots = (call.get("timeConstraint") or {}).get("timeSlots") or []
        length = _minutes(str(call.get("meetingDuration") or "PT30M"))
        found: list[Json] = []
        for slot in slots:
            begin, end = (self._at(slot[name], name) for name in ("start", "end"))
            found += self._gaps([call.person.email, *people], begin, end, length, self.zone_of(call))
        most = int(call.get("maxCandidates") or 20)
        empty = "" if found else "AttendeesUnavailable"
        return {"emptySuggestionsReason": empty, "meetingTimeSuggestions": found[:most]}

    # inside

    def event_shown(self, row: Json, call: Call) -> Json:
        """An event as one of its people sees it, times in UTC or the zone that is preferred."""
        own, mine = call.person.email, row["owner"] == call.person.email
        answers = {one["address"]: one["answer"] for one in row["people"]}
        kind = "seriesMaster" if row["recurrence"] else "singleInstance"
        if row.get("series"):
            kind = "exception" if row["id"] in self.state["events"] else "occurrence"
        owner = self.company.by_email[row["owner"]]
        asked = re.search(r'outlook\.timezone="([^"]+)"', call.headers.get("prefer", ""))
        zone = ZoneInfo(asked[1] if asked else "UTC")
        edges = {name: {"dateTime": f"{row[name]}.0000000", "timeZone": zone.key} for name in ("start", "end")}
        if not row["all_day"]:
            for name, at in (("start", starts(row)), ("end", ends(row))):
                edges[name]["dateTime"] = f"{wall(at.astimezone(zone))}.0000000"
        return {
            "id": row["id"], "changeKey": "CQAAABYA", "categories": [], "transactionId": row["transaction"],
            "subject": row["subject"], "bodyPreview": row["text"][:255], "isAllDay": row["all_day"],
            "body": {"contentType": "text", "content": row["text"]}, "importance": "normal", "showAs": "busy",
            "isCancelled": row["cancelled"], "isOrganizer": mine, "type": kind, "seriesMasterId": row.get("series"),
            "originalStartTimeZone": row["zone"], "originalEndTimeZone": row["zone"], **edges,
            "location": {"displayName": row["location"], "locationType": "default"},
            "recurrence": row["recurrence"], "isOnlineMeeting": bool(row["online"]),
            "onlineMeetingProvider": "teamsForBusiness" if row["online"] else "unknown",
            "onlineMeeting": {"joinUrl": row["online"]} if row["online"] else None,
            "responseStatus": {
                "response": "organizer" if mine else answers.get(own, "none"), "time": stamp(self.world.now)
            },
            "attendees": [
                {
                    "type": "required", "emailAddress": {"name": one["name"], "address": one["address"]},
                    "status": {"response": one["answer"].replace("notResponded", "none"), "time": NEVER},
                }
                for one in row["people"]
            ],
            "organizer": {"emailAddress": {"name": owner.name, "address": owner.email}},
            "webLink": f"https://outlook.office365.com/owa/?itemid={row['id']}&exvsurl=1&path=/calendar/item",
        }  # fmt: skip

    def _holds(self, row: Json, email: str) -> bool:
        is_in = row["owner"] == email or any(one["address"] == email for one in row["people"])
        return is_in and email not in row["removed"] and not row["cancelled"]

    def _event(self, call: Call) -> Json:
        number, own = str(call.params["event"]), call.person.email
        row = self.state["events"].get(number)
        series = self.state["events"].get(number[:-8])
        if row is None and series and series["recurrence"] and number[-8:].isdigit():
            day = datetime.strptime(number[-8:], "%Y%m%d").date()
            if day.isoformat() not in series["exdates"]:
                row = instance(series, day, ends(series) - starts(series))
        if row is None or not self._holds(row, own):
            raise refused(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return dict(row)

    def _on(self, email: str, after: datetime, before: datetime) -> list[Json]:
        found = []
        for row in list(self.state["events"].values()):
            if not self._holds(row, email):
                continue
            if row["recurrence"]:
                found += list(expand(row, after, before))
            elif ends(row) > after and starts(row) < before:
                found.append(row)
        return found

    def _period(self, call: Call) -> tuple[datetime, datetime]:
        edges = []
        for name in ("startDateTime", "endDateTime"):
            at = datetime.fromisoformat(str(call.need(name)))
            edges.append(at if at.tzinfo else at.replace(tzinfo=UTC))
        return edges[0], edges[1]

    def _at(self, value: Any, name: str) -> datetime:
        at, zone = edge(value, name)
        return datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone))

    def _write(self, row: Json, body: Json) -> None:
        for name in ("start", "end"):
            if name in body:
                row[name], row["zone"] = edge(body[name], name)
        row["all_day"] = bool(body.get("isAllDay", row["all_day"]))
        if ends(row) < starts(row):
            raise refused(
                400, "ErrorCalendarEndDateIsEarlierThanStartDate", "The End Date is earlier than the Start Date."
            )
        row["subject"] = str(body.get("subject", row["subject"]) or "")
        row["text"] = str((body.get("body") or {}).get("content", row["text"]) or "")
        if "location" in body:
            row["location"] = str((body["location"] or {}).get("displayName") or "")
        if "attendees" in body:
            kept = {one["address"]: one for one in row["people"]}
            told = [self.named(one) for one in body["attendees"] or []]
            row["people"] = [kept.get(one["address"], {**one, "answer": "notResponded"}) for one in told]
        if body.get("recurrence"):
            rule(body["recurrence"])
            row["recurrence"] = body["recurrence"]
        if body.get("isOnlineMeeting"):
            row["online"] = (
                row["online"] or f"https://teams.microsoft.com/l/meetup-join/{self.ident(20, row['id'], 'teams')}"
            )

    def _off(self, row: Json, email: str) -> None:
        if row["owner"] != email:
            self.state["events"][row.get("series") or row["id"]]["removed"].append(email)
        elif row.get("series"):
            self.state["events"].pop(row["id"], None)
            self.state["events"][row["series"]]["exdates"].append(row["start"][:10])
        else:
            del self.state["events"][row["id"]]
        self._told(row, "deleted")

    def _replied(self, call: Call, action: str) -> Answer:
        row, own = self._event(call), call.person.email
        if row["owner"] == own:
            message = "Your request can't be completed. You're the meeting organizer."
            raise refused(400, "ErrorInvalidRequest", message)
        held = self.state["events"][row.get("series") or row["id"]]
        held["people"] = [
            {**one, "answer": ACTIONS[action]} if one["address"] == own else one for one in held["people"]
        ]
        if action == "decline":
            held["removed"].append(own)
        self._told(held, "updated")
        return Answer(202)

    def _told(self, row: Json, change: str) -> None:
        people = [row["owner"], *(one["address"] for one in row["people"])]
        self.log(kind="event", id=row["id"], people=people)
        owner = self.company.by_email[row["owner"]]
        self.notify(change, f"Users/{self.user_id(owner)}/Events/{row['id']}", "Event", row["id"])

    def _gaps(self, people: list[str], begin: datetime, end: datetime, length: timedelta, zone: ZoneInfo) -> list[Json]:
        busy = [(starts(one), ends(one)) for who in people for one in self._on(who, begin, end)]
        found, day = [], begin.astimezone(zone).date()
        while day <= end.astimezone(zone).date():
            opens, closes = working(day, zone)
            at = opens
            while day.weekday() < 5 and at + length <= closes:
                is_free = all(at + length <= start or at >= stop for start, stop in busy)
                if is_free and at >= begin and at + length <= end:
                    found.append(self._suggestion(at, length, people[1:]))
                at += timedelta(minutes=30)
            day += timedelta(days=1)
        return found

    def _suggestion(self, at: datetime, length: timedelta, people: list[str]) -> Json:
        edges = {"start": at, "end": at + length}
        return {
            "confidence": 100.0, "order": 1, "organizerAvailability": "free", "locations": [],
            "suggestionReason": "Suggested because it is one of the nearest times when all attendees are available.",
            "meetingTimeSlot": {
                name: {"dateTime": f"{wall(one.astimezone(UTC))}.0000000", "timeZone": "UTC"}
                for name, one in edges.items()
            },
            "attendeeAvailability": [
                {"availability": "free", "attendee": {"type": "required", "emailAddress": {"address": one}}}
                for one in people
            ],
        }  # fmt: skip


def _minutes(text: str) -> timedelta:
    hit = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", text)
    if hit is None:
        raise refused(400, "ErrorInvalidArgument", "The value of 'meetingDuration' is not a duration.")
    days, hours, minutes = (int(part or 0) for part in hit.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)
