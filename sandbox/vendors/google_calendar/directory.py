"""The calendars that a person sees, and their settings."""

from __future__ import annotations

from sandbox.exchange import Call, Json, page
from sandbox.vendor import route
from sandbox.vendors.google_calendar.base import LIST, READ, Base, refused

PAGE = 100


class Directory(Base):
    """`calendarList`, `calendars` and `settings`."""

    @route("GET", "/calendar/v3/users/me/calendarList", scope=LIST)
    def calendar_list(self, call: Call) -> Json:
        """The person's own calendar and the shared ones."""
        ids = [call.person.email, *(one for one in self.state["calendars"] if self.role(call.person, one))]
        rank = ["freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner"]
        least = str(call.get("minAccessRole", "freeBusyReader"))
        ids = [one for one in ids if rank.index(self.role(call.person, one)) >= rank.index(least)]
        items, more = page(ids, call.get("pageToken"), call.whole("maxResults", PAGE, 250))
        mark = {"nextPageToken": more} if more else {"nextSyncToken": self.ident(20, "list", call.person.email)}
        entries = [self._entry(call, one) for one in items]
        return {"kind": "calendar#calendarList", "etag": '"p33"', **mark, "items": entries}

    @route("GET", "/calendar/v3/users/me/calendarList/{calendar}", scope=LIST)
    def calendar_entry(self, call: Call) -> Json:
        """One of them; `primary` is the person's own."""
        return self._entry(call, self.calendar_id(call))

    @route("GET", "/calendar/v3/calendars/{calendar}", scope=f"{LIST} {READ}")
    def get_calendar(self, call: Call) -> Json:
        """What a calendar is."""
        calendar = self.calendar_id(call)
        return {
            "kind": "calendar#calendar", "etag": '"p1"', "id": calendar, "summary": self._summary(calendar),
            "timeZone": self.zone(calendar),
        }  # fmt: skip

    @route("GET", "/calendar/v3/users/me/settings/{setting}", scope=f"{LIST} {READ}")
    def setting(self, call: Call) -> Json:
        """The person's time zone or language."""
        values = {"timezone": call.person.time_zone, "locale": "en_GB", "weekStart": "1"}
        name = str(call.params["setting"])
        if name not in values:
            raise refused(404, "notFound", "Not Found")
        return {"kind": "calendar#setting", "etag": '"s1"', "id": name, "value": values[name]}

    def _entry(self, call: Call, calendar: str) -> Json:
        own = {"primary": True} if calendar == call.person.email else {}
        about = self.state["calendars"].get(calendar, {}).get("description")
        return {
            "kind": "calendar#calendarListEntry", "etag": '"e1"', "id": calendar, "summary": self._summary(calendar),
            **({"description": about} if about else {}), "timeZone": self.zone(calendar), "colorId": "14",
            "backgroundColor": "#9fe1e7", "foregroundColor": "#000000", "selected": True,
            "accessRole": self.role(call.person, calendar), "defaultReminders": [], **own,
        }  # fmt: skip

    def _summary(self, calendar: str) -> str:
        return calendar if calendar in self.company.by_email else str(self.state["calendars"][calendar]["summary"])
