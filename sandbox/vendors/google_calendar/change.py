"""Writing events: insert, quickAdd, patch, update, delete, and who may."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.exchange import Call, Json
from sandbox.vendor import route
from sandbox.vendors.google_calendar.base import SHARED, WRITE, moment, refused
from sandbox.vendors.google_calendar.event import Reading
from sandbox.vendors.google_calendar.quick import read_sentence
from sandbox.vendors.google_calendar.series import check_rule, ends, starts

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
ANSWERS = ("needsAction", "declined", "tentative", "accepted")
UPDATES = (None, "all", "externalOnly", "none")


class Changes(Reading):
    """The methods of `events` that change something."""

    @route("POST", "/calendar/v3/calendars/{calendar}/events", scope=WRITE)
    def insert(self, call: Call) -> Json:
        """A new event, under the caller's own id if one is given."""
        calendar = self._writable(call)
        body = self._body(call)
        event_id = body.get("id")
        if event_id is not None and not re.fullmatch(r"[a-v0-9]{5,1024}", str(event_id)):
            raise refused(400, "invalid", "Invalid resource id value.")
        if event_id in self.state["events"]:
            raise refused(409, "duplicate", "The requested identifier already exists.")
        for edge in ("start", "end"):
            if not body.get(edge):
                raise refused(400, "required", f"Missing {edge} time.")
        event = self.new_event(call, calendar, event_id)
        self._write(event, body, calendar, set(SHARED) | {"attendees"})
        if body.get("conferenceData") and call.whole("conferenceDataVersion", 0, 1) == 1:
            event["meet"] = self.meet(event["id"])
        self.touch(event)
        return self.payload(event, calendar)

    @route("POST", "/calendar/v3/calendars/{calendar}/events/quickAdd", scope=WRITE)
    def quick_add(self, call: Call) -> Json:
        """A new event out of a sentence."""
        calendar = self._writable(call)
        self._check_updates(call)
        now = self.world.time().astimezone(ZoneInfo(self.zone(calendar)))
        event = self.new_event(call, calendar) | read_sentence(str(call.need("text")), now, self.zone(calendar))
        self.touch(event)
        return self.payload(event, calendar)

    @route("PATCH PUT", "/calendar/v3/calendars/{calendar}/events/{event}", scope=WRITE)
    def patch(self, call: Call) -> Json:
        """Change the fields that are given; lists are replaced, null and "" clear; a deleted event may come back."""
        calendar = self._writable(call)
        event, body = self.event(call, calendar), self._body(call)
        wanted = call.headers.get("if-match")
        if wanted and wanted not in ("*", self.payload(event, calendar)["etag"]):
            raise refused(412, "conditionNotMet", "Precondition Failed")
        is_own = event["calendar"] == calendar
        if not is_own and body.get("status") == "confirmed" and calendar in event["removed"]:
            event["removed"] = [one for one in event["removed"] if one != calendar]
        allowed = {"attendees"} | (set(SHARED) if is_own else set())
        foreign = [name for name in SHARED if name in body and not is_own and name != "status"]
        if [name for name in foreign if body[name] != self.payload(event, calendar).get(name)]:
            raise refused(403, "forbiddenForNonOrganizer", "Shared properties can only be changed by the organizer.")
        if "attendees" in body and not is_own:
            kept = {str(guest.get("email")).lower() for guest in body["attendees"]}
            if any(guest["email"] not in kept for guest in event["attendees"] if guest["email"] != calendar):
                raise refused(403, "forbiddenForNonOrganizer", "Guests can only be removed by the organizer.")
        self._write(event, body, calendar, allowed)
        if body.get("conferenceData") and call.whole("conferenceDataVersion", 0, 1) == 1:
            event["meet"] = self.meet(event["id"])
        self.touch(event, sequence=event["sequence"] + (1 if {"start", "end"} & body.keys() else 0))
        return self.payload(event, calendar)

    @route("DELETE", "/calendar/v3/calendars/{calendar}/events/{event}", scope=WRITE)
    def delete(self, call: Call) -> None:
        """The organizer cancels for everybody; a guest takes it off their own calendar and declines."""
        calendar = self._writable(call)
        self._check_updates(call)
        event = self.event(call, calendar)
        if self.status(event, calendar) == "cancelled":
            raise refused(410, "deleted", "Resource has been deleted")
        if event["calendar"] == calendar:
            self.touch(event, status="cancelled")
            return
        guests = [
            guest | {"responseStatus": "declined"} if guest["email"] == calendar else guest
            for guest in event["attendees"]
        ]
        self.touch(event, removed=[*event["removed"], calendar], attendees=guests)

    def _writable(self, call: Call) -> str:
        calendar = self.calendar_id(call)
        if self.role(call.person, calendar) not in ("writer", "owner"):
            raise refused(403, "requiredAccessLevel", "You need to have writer access to this calendar.")
        return calendar

    def _body(self, call: Call) -> Json:
        self._check_updates(call)
        if not isinstance(call.body, dict):
            raise refused(400, "parseError", "Parse Error")
        return call.body

    def _check_updates(self, call: Call) -> None:
        if call.get("sendUpdates") not in UPDATES:
            raise refused(400, "invalidParameter", f"Invalid value '{call.get('sendUpdates')}'.")

    def _write(self, event: Json, body: Json, calendar: str, allowed: set[str]) -> None:
        """Check and take over the fields of a body."""
        for name in sorted(allowed & body.keys()):
            value = body[name]
            if name in ("start", "end"):
                event[name] = self._edge(event.get(name, {}), value)
            elif name == "attendees":
                event[name] = [self._invited(event, guest, calendar) for guest in value or []]
            elif name == "status" and value not in ("confirmed", "tentative", "cancelled"):
                raise refused(400, "invalid", f"Invalid value for: {value} is not a valid value")
            elif value in (None, "", []):
                event.pop(name, None)
            else:
                event[name] = value
        zone = self.zone(calendar)
        if ("date" in event["start"]) != ("date" in event["end"]):
            raise refused(400, "invalid", "Invalid start and end: must both be a date or both be a date-time.")
        if ends(event, zone) - starts(event, zone) < timedelta() or event["start"].get("date") == event["end"].get(
            "date", "-"
        ):
            raise refused(400, "timeRangeEmpty", "The specified time range is empty.")
        if event.get("recurrence"):
            check_rule(event["recurrence"])
            if "dateTime" in event["start"] and "timeZone" not in event["start"]:
                raise refused(400, "required", "Missing time zone definition for start time.")

    def _edge(self, before: Json, value: Any) -> Json:
        if not isinstance(value, dict):
            raise refused(400, "invalid", "Invalid value for: start or end")
        edge = {name: one for name, one in {**before, **value}.items() if one is not None}
        if {"date", "dateTime"} <= edge.keys() or not {"date", "dateTime"} & edge.keys():
            raise refused(400, "invalid", "Invalid start or end: give either a date or a date-time.")
        if "timeZone" in edge:
            try:
                ZoneInfo(edge["timeZone"])
            except (ZoneInfoNotFoundError, ValueError):
                raise refused(400, "invalid", f"Invalid time zone definition: {edge['timeZone']}") from None
        if "date" in edge:
            return {"date": edge["date"]}
        at = moment(edge["dateTime"], "dateTime")
        if "timeZone" in edge:
            at = at.astimezone(ZoneInfo(edge["timeZone"]))
        return edge | {"dateTime": at.isoformat(timespec="seconds")}

    def _invited(self, event: Json, guest: Any, calendar: str) -> Json:
        address = str(guest.get("email", "")).lower()
        if not ADDRESS.fullmatch(address):
            raise refused(400, "invalid", "Invalid attendee email.")
        former: Json = next((one for one in event["attendees"] if one["email"] == address), {})
        may_answer = event["calendar"] == calendar or address == calendar
        answer = guest.get("responseStatus") if may_answer else None
        answer = answer or former.get("responseStatus", "needsAction")
        if answer not in ANSWERS:
            raise refused(400, "invalid", f"Invalid value for: {answer} is not a valid value")
        found: Json = {"email": address, "responseStatus": answer}
        if self.state["calendars"].get(address, {}).get("kind") == "room":
            found |= {"resource": True, "responseStatus": "accepted"}
        for name in ("comment", "optional", "displayName"):
            value = guest.get(name) if may_answer else former.get(name)
            if value and not (name == "displayName" and value == self.name(address)):
                found[name] = value
        return found
