"""Reading events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.exchange import Call, Json, page
from sandbox.vendor import route
from sandbox.vendors.google_calendar.base import READ, Base, moment, refused
from sandbox.vendors.google_calendar.series import ends, expand, find_instance, starts

PAGE = 250
MOST = 2500
EARLY = datetime(1970, 1, 1, tzinfo=UTC)


class Reading(Base):
    """Finding events in series and exceptions."""

    def event(self, call: Call, calendar: str) -> Json:
        """The event of the path, deleted or not; a repetition without exception is made on the fly."""
        event_id = str(call.params["event"])
        events = self.state["events"]
        found = events.get(event_id)
        if found is None:
            series = events.get(event_id.rpartition("_")[0])
            found = find_instance(series, self.zone(calendar), event_id) if series and "recurrence" in series else None
        if found is None or not self.lies_on(found, calendar):
            raise refused(404, "notFound", "Not Found")
        return dict(found)

    def on(self, calendar: str, after: datetime, before: datetime | None, single: bool) -> list[Json]:
        """Events of a calendar in a period; with `single` the repetitions in place of the series."""
        events: dict[str, Json] = self.state["events"]
        zone, found = self.zone(calendar), []
        for event in list(events.values()):
            if not self.lies_on(event, calendar) or self._is_orphan(event, calendar):
                continue
            if "recurrence" in event:
                if not single:
                    found.append(event)
                elif self.status(event, calendar) != "cancelled":
                    made = expand(event, zone, after, before)
                    found.extend(one for one in made if one["id"] not in events)
            elif ends(event, zone) > after and (before is None or starts(event, zone) < before):
                found.append(event)
        return found

    def _is_orphan(self, event: Json, calendar: str) -> bool:
        series = self.state["events"].get(event.get("recurringEventId"))
        return bool(series) and self.status(series, calendar) == "cancelled"


class Events(Reading):
    """`events.list`, `get` and `instances`."""

    @route("GET", "/calendar/v3/calendars/{calendar}/events", scope=READ)
    def list_events(self, call: Call) -> Json:
        """Events by period, words, change, in order."""
        calendar = self.calendar_id(call)
        single, order = call.flag("singleEvents"), call.get("orderBy")
        if order == "startTime" and not single:
            raise refused(400, "badRequest", "The requested ordering is not available for the particular query.")
        token = call.get("syncToken")
        if token and not str(token).startswith("sync-"):
            raise refused(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
        after, before = self._period(call)
        since = moment(call.get("updatedMin"), "updatedMin") if call.get("updatedMin") else None
        found = self.on(calendar, after, before, single)
        if since:
            found = [event for event in found if moment(event["updated"], "updated") >= since]
        if token:
            found = [event for event in found if event["etag"] > int(str(token).removeprefix("sync-"))]
        if not (call.flag("showDeleted") or since or token):
            found = [event for event in found if self.status(event, calendar) != "cancelled"]
        words = str(call.get("q") or "").lower().split()
        found = [event for event in found if all(word in self._text(event) for word in words)]
        zone = self.zone(calendar)
        found.sort(key=lambda event: event["updated"] if order == "updated" else starts(event, zone).timestamp())
        items, more = page(found, call.get("pageToken"), call.whole("maxResults", PAGE, MOST))
        mark = {"nextPageToken": more} if more else {"nextSyncToken": f"sync-{self.count('etag', 1000)}"}
        return {
            "kind": "calendar#events", "etag": '"p1"', "summary": self.name(calendar) or calendar,
            "updated": max((event["updated"] for event in found), default="2026-01-01T00:00:00.000Z"),
            "timeZone": call.get("timeZone") or zone, "accessRole": self.role(call.person, calendar),
            "defaultReminders": [], **mark, "items": [self.payload(event, calendar) for event in items],
        }  # fmt: skip

    @route("GET", "/calendar/v3/calendars/{calendar}/events/{event}", scope=READ)
    def get_event(self, call: Call) -> Json:
        """One event, a deleted one too."""
        calendar = self.calendar_id(call)
        event = self.event(call, calendar)
        if self._is_orphan(event, calendar):
            event["status"] = "cancelled"
        return self.payload(event, calendar)

    @route("GET", "/calendar/v3/calendars/{calendar}/events/{event}/instances", scope=READ)
    def instances(self, call: Call) -> Json:
        """The repetitions of a series."""
        calendar = self.calendar_id(call)
        series = self.event(call, calendar)
        after, before = self._period(call)
        found = [one for one in self.on(calendar, after, before, True) if one.get("recurringEventId") == series["id"]]
        items, more = page(found, call.get("pageToken"), call.whole("maxResults", PAGE, MOST))
        return {
            "kind": "calendar#events", "timeZone": self.zone(calendar), "items": [
                self.payload(event, calendar) for event in items
            ], **({"nextPageToken": more} if more else {}),
        }  # fmt: skip

    def _period(self, call: Call) -> tuple[datetime, datetime | None]:
        after = moment(call.get("timeMin"), "timeMin") if call.get("timeMin") else EARLY
        before = moment(call.get("timeMax"), "timeMax") if call.get("timeMax") else None
        if before and before <= after:
            raise refused(400, "timeRangeEmpty", "The specified time range is empty.")
        return after, before

    def _text(self, event: Json) -> str:
        people: list[Any] = [self.name(event["calendar"]), event["calendar"]]
        for guest in event["attendees"]:
            people += [guest["email"], guest.get("displayName") or self.name(guest["email"])]
        parts = [event.get("summary"), event.get("description"), event.get("location"), *people]
        return " ".join(str(part) for part in parts if part).lower()
