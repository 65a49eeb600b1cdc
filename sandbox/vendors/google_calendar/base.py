"""What all of Google Calendar's resources share: errors, access, how an event looks to whom."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.company import Person
from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import Grant, ident
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor
from sandbox.vendors.google_calendar.seed import HEX, seed_calendar, stamp

HOST = "https://www.googleapis.com/calendar"
SCOPE = "https://www.googleapis.com/auth/calendar"
WRITE = f"{SCOPE} {SCOPE}.events {SCOPE}.events.owned"
READ = f"{WRITE} {SCOPE}.readonly {SCOPE}.events.readonly"
FREE = f"{SCOPE} {SCOPE}.readonly {SCOPE}.freebusy {SCOPE}.events.freebusy"
LIST = f"{SCOPE} {SCOPE}.readonly {SCOPE}.calendarlist {SCOPE}.calendarlist.readonly"
SHARED = ("summary", "description", "location", "start", "end", "recurrence", "status", "transparency", "visibility")
GATE = {
    "unauthenticated": (401, "required", "Login Required."),
    "invalid_token": (401, "authError", "Invalid Credentials"),
    "expired": (401, "authError", "Invalid Credentials"),
    "revoked": (401, "authError", "Invalid Credentials"),
    "missing_scope": (403, "insufficientPermissions", "Request had insufficient authentication scopes."),
    "rate_limited": (403, "rateLimitExceeded", "Rate Limit Exceeded"),
    "server_error": (500, "backendError", "Backend Error"),
    "no_route": (404, "notFound", "Not Found"),
    "invalid_body": (400, "parseError", "This API does not support parsing form-encoded input."),
}


def refused(status: int, reason: str, message: str) -> Refusal:
    """A refusal with Google's reason."""
    return Refusal(reason, message, status=status)


class Base(Vendor):
    """Google Calendar of one Workspace."""

    hosts = (HOST, "https://accounts.google.com", "https://oauth2.googleapis.com")
    oauth = OAuth("/o/oauth2/v2/auth", "/token", "/revoke", expires_in=3599)

    def seed(self) -> Json:
        """Events, shared calendars, notification channels."""
        return seed_calendar(self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        """Google's `{error: {code, message, errors: [{domain, reason, message}]}}`."""
        status, reason, message = GATE.get(refusal.kind, (refusal.status, refusal.kind, refusal.message))
        if refusal.kind == "missing":
            status, reason, message = 400, "required", refusal.message
        domain = "usageLimits" if reason.endswith("Exceeded") else "global"
        error = {"domain": domain, "reason": reason, "message": message}
        return Answer(status, {"error": {"code": status, "message": message, "errors": [error]}})

    def new_token(self, grant: Grant, serial: int) -> str:
        """A token as Google's look."""
        return f"ya29.{ident(64, self.key, grant.email, serial)}"

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """Nothing is signed: the channel's token is repeated."""
        return {
            "x-goog-channel-id": str(about.get("channel", "channel-1")), "x-goog-channel-token": secret,
            "x-goog-message-number": str(about.get("number", 1)), "x-goog-resource-id": "ret08u3rv24htgh289g",
            "x-goog-resource-state": str(about.get("state", "exists")),
            "x-goog-resource-uri": f"{HOST}/v3/calendars/{about.get('calendar', '')}/events",
        }  # fmt: skip

    # calendars

    def calendar_id(self, call: Call) -> str:
        """The calendar of the path, which the caller can at least see."""
        name = str(call.params["calendar"])
        found = call.person.email if name == "primary" else name
        if not self.role(call.person, found):
            raise refused(404, "notFound", "Not Found")
        return found

    def role(self, person: Person, calendar: str) -> str:
        """What a person may do with a calendar: `owner`, `writer`, `reader`, or nothing."""
        if calendar == person.email:
            return "owner"
        if calendar in self.company.by_email:
            return "reader"
        row = self.state["calendars"].get(calendar)
        if row is None:
            return ""
        for access, role in (("owners", "owner"), ("writers", "writer"), ("readers", "reader")):
            if {"*", person.team, person.email} & set(row.get(access, [])):
                return role
        return ""

    def zone(self, calendar: str) -> str:
        """The time zone of a calendar."""
        if calendar in self.company.by_email:
            return self.company.by_email[calendar].time_zone
        return str(self.state["calendars"][calendar]["timeZone"])

    def name(self, address: str) -> str:
        """How a calendar's owner or a room is called, as far as the directory knows."""
        if address in self.company.by_email:
            return self.company.by_email[address].name
        row = self.state["calendars"].get(address)
        return str(row["summary"]) if row else ""

    # events

    def lies_on(self, event: Json, calendar: str) -> bool:
        """Whether a calendar holds (its copy of) an event, deleted or not."""
        return calendar == event["calendar"] or any(guest["email"] == calendar for guest in event["attendees"])

    def status(self, event: Json, calendar: str) -> str:
        """The status that a calendar's copy has."""
        return "cancelled" if calendar in event["removed"] else str(event["status"])

    def payload(self, event: Json, calendar: str) -> Json:
        """An event as the holder of a calendar sees it."""
        shown: Json = {
            "kind": "calendar#event", "etag": f'"{event["etag"]:016d}"', "id": event["id"],
            "status": self.status(event, calendar), "htmlLink": link(event["id"], calendar),
            "created": event["created"], "updated": event["updated"],
        }  # fmt: skip
        shown |= {name: event[name] for name in SHARED if event.get(name) and name != "status"}
        shown["creator"] = self._who(event["creator"], calendar)
        shown["organizer"] = self._who(event["calendar"], calendar)
        for name in ("recurringEventId", "originalStartTime"):
            if name in event:
                shown[name] = event[name]
        shown |= {"iCalUID": f"{event.get('recurringEventId', event['id'])}@google.com", "sequence": event["sequence"]}
        if event["attendees"]:
            shown["attendees"] = [self._guest(guest, event, calendar) for guest in event["attendees"]]
        if event.get("meet"):
            address = f"https://meet.google.com/{event['meet']}"
            shown["hangoutLink"] = address
            shown["conferenceData"] = {
                "entryPoints": [{"entryPointType": "video", "uri": address, "label": address[8:]}],
                "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
                "conferenceId": event["meet"],
            }
        return shown | {"reminders": {"useDefault": True}, "eventType": "default"}

    def touch(self, event: Json, **fields: Any) -> None:
        """Keep an event with a new etag and tell whoever watches."""
        now = stamp(self.world.time())
        event |= {**fields, "updated": now, "etag": self.count("etag", 1000)}
        self.state["events"][event["id"]] = event
        self.emit("", calendar=event["calendar"], number=event["etag"])

    def new_event(self, call: Call, calendar: str, event_id: str | None = None) -> Json:
        """An event without content."""
        number = self.count("event")
        return {
            "id": event_id or self.ident(26, "event", number, alphabet=HEX), "calendar": calendar,
            "creator": call.person.email, "status": "confirmed", "sequence": 0, "removed": [], "attendees": [],
            "created": stamp(self.world.time()),
        }  # fmt: skip

    def meet(self, event_id: str) -> str:
        """The code of a new video meeting."""
        code = self.ident(10, "meet", event_id, alphabet="abcdefghijklmnopqrstuvwxyz")
        return f"{code[:3]}-{code[3:7]}-{code[7:]}"

    def _who(self, address: str, calendar: str) -> Json:
        mine = {"self": True} if address == calendar else {}
        row = self.state["calendars"].get(address)
        return {"email": address, **({"displayName": row["summary"]} if row else {}), **mine}

    def _guest(self, guest: Json, event: Json, calendar: str) -> Json:
        name = guest.get("displayName") or self.name(guest["email"])
        shown = {**guest, **({"displayName": name} if name else {})}
        shown |= {"organizer": True} if guest["email"] == event["calendar"] else {}
        return shown | ({"self": True} if guest["email"] == calendar else {})


def link(event_id: str, calendar: str) -> str:
    """Where people open an event."""
    eid = base64.urlsafe_b64encode(f"{event_id} {calendar}".encode()).decode().rstrip("=")
    return f"https://www.google.com/calendar/event?eid={eid}"


def moment(text: Any, name: str) -> datetime:
    """An RFC 3339 moment of a query or body, aware."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        raise refused(400, "invalid", f"Invalid value for: Invalid format: {name}") from None
    if found.tzinfo is None:
        raise refused(400, "badRequest", "Bad Request")
    return found
