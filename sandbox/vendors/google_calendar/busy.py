"""`freeBusy`: when calendars are taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.exchange import Call, Json
from sandbox.vendor import route
from sandbox.vendors.google_calendar.base import FREE, moment, refused
from sandbox.vendors.google_calendar.event import Reading
from sandbox.vendors.google_calendar.series import ends, starts

LONGEST = timedelta(days=93)
MOST = 50


class Busy(Reading):
    """Free and busy times of colleagues, rooms and shared calendars."""

    @route("POST", "/calendar/v3/freeBusy", scope=FREE)
    def free_busy(self, call: Call) -> Json:
        """Merged busy times; a calendar that cannot be seen has its error inside the answer."""
        begin, end = moment(call.need("timeMin"), "timeMin"), moment(call.need("timeMax"), "timeMax")
        if end <= begin:
            raise refused(400, "timeRangeEmpty", "The specified time range is empty.")
        if end - begin > LONGEST:
            raise refused(400, "timeRangeTooLong", "The requested time range is too long.")
        ids = [str(item.get("id", "")) for item in call.get("items") or []]
        if len(ids) > MOST:
            raise refused(400, "tooManyCalendarsRequested", "Too many calendars were requested.")
        try:
            zone = ZoneInfo(str(call.get("timeZone") or "UTC"))
        except (ZoneInfoNotFoundError, ValueError):
            raise refused(400, "invalid", "Invalid time zone definition") from None
        calendars = {one: self._taken(call, one, begin, end, zone) for one in ids}
        return {
            "kind": "calendar#freeBusy", "timeMin": _text(begin, ZoneInfo("UTC")),
            "timeMax": _text(end, ZoneInfo("UTC")), "calendars": calendars,
        }  # fmt: skip

    def _taken(self, call: Call, name: str, begin: datetime, end: datetime, zone: ZoneInfo) -> Json:
        calendar = call.person.email if name == "primary" else name
        if not self.role(call.person, calendar):
            return {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
        home = self.zone(calendar)
        spans: list[tuple[datetime, datetime]] = []
        for event in sorted(self.on(calendar, begin, end, True), key=lambda one: starts(one, home).timestamp()):
            if not self._blocks(event, calendar):
                continue
            start, stop = max(starts(event, home), begin), min(ends(event, home), end)
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(spans[-1][1], stop))
            else:
                spans.append((start, stop))
        return {"busy": [{"start": _text(start, zone), "end": _text(stop, zone)} for start, stop in spans]}

    def _blocks(self, event: Json, calendar: str) -> bool:
        answer = next((one["responseStatus"] for one in event["attendees"] if one["email"] == calendar), "accepted")
        is_there = self.status(event, calendar) != "cancelled" and answer != "declined"
        return is_there and event.get("transparency") != "transparent"


def _text(at: datetime, zone: ZoneInfo) -> str:
    if zone.key == "UTC":
        return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return at.astimezone(zone).isoformat(timespec="seconds")
