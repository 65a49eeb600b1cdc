"""Google Calendar's JSON to records and back; no key of Google's passes these functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.records import Channel, Meeting, Party, Ref

KEY = "google_calendar"
MINE = "primary"
DAY = timedelta(days=1)
WORK = (time(8), time(18))
Span = tuple[datetime, datetime]


def to_meeting(item: Mapping[str, Any], calendar: str, zone: ZoneInfo) -> Meeting:
    """An event; times are in `zone`, an all-day event lasts from midnight to midnight there."""
    guests = item.get("attendees") or ()
    return Meeting(
        ref=Ref(integration=KEY, kind="event", id=joined(calendar, item["id"]), url=item.get("htmlLink", "")),
        title=item.get("summary", ""),
        starts_at=_moment(item.get("start"), zone),
        ends_at=_moment(item.get("end"), zone),
        is_all_day="date" in (item.get("start") or {}),
        location=item.get("location", ""),
        description=item.get("description", ""),
        organizer=_party(item["organizer"]) if item.get("organizer") else None,
        guests=tuple(_party(guest) for guest in guests),
        responses={_address(guest): guest.get("responseStatus", "needsAction") for guest in guests},
        video_url=item.get("hangoutLink", ""),
        recurrence="\n".join(item.get("recurrence") or ()),
        status=item.get("status", ""),
    )


def to_calendar(item: Mapping[str, Any]) -> Channel:
    """An entry of the list of calendars."""
    return Channel(
        ref=Ref(integration=KEY, kind="calendar", id=item["id"]),
        title=item.get("summaryOverride") or item.get("summary", ""),
        topic=item.get("description", ""),
    )


def written(
    title: str | None = None, location: str | None = None, description: str | None = None, span: Span | None = None,
    zone: str = "",
) -> dict[str, Any]:  # fmt: skip
    """The fields of an insert or patch; what is None is left out. A span of whole days makes an all-day event."""
    fields = {"summary": title, "location": location, "description": description}
    found: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    if span:
        found |= {"start": _when(span[0], is_days(span), zone), "end": _when(span[1], is_days(span), zone)}
    return found


def expected(fields: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """What the record read back must hold after these fields were written; guests go by `expected_guests`."""
    record = to_meeting({"id": "", **fields}, MINE, zone)
    names = {
        "summary": "title", "location": "location", "description": "description", "recurrence": "recurrence",
        "start": "starts_at", "end": "ends_at",
    }  # fmt: skip
    return {names[name]: getattr(record, names[name]) for name in fields if name in names}


def expected_guests(wanted: Iterable[str], answered: Meeting) -> tuple[Party, ...]:
    """These people and nobody else, with the names that the answer gave them."""
    addresses = [address.lower() for address in wanted]
    if sorted(addresses) == sorted(guest.id for guest in answered.guests):
        return answered.guests
    return tuple(Party(id=address) for address in addresses)


def former(item: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """What these fields hold now, as a patch that brings it back; an empty value clears a field."""
    return {name: item.get(name, [] if name == "attendees" else "") for name in fields}


def cleared(fields: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    """A patch that also takes the day away from an event that gets a time, and the time from one that gets a day."""
    found = dict(fields)
    for name in {"start", "end"} & fields.keys():
        gone = [key for key in item.get(name, {}) if key not in fields[name]]
        found[name] = {**fields[name], **dict.fromkeys(gone)}
    return found


def is_days(span: Span) -> bool:
    """Whether a span is one of whole days, midnight to midnight."""
    return span[1] > span[0] and all(moment.time() == time() for moment in span)


def free(busy: Iterable[Span], begin: datetime, end: datetime, length: timedelta) -> list[Span]:
    """Gaps of at least `length`; of a longer period than half a day only working hours on weekdays count."""
    gaps = []
    for opens, closes in _open(begin, end):
        at = opens
        for start, stop in sorted(busy):
            if start >= closes:
                break
            if start - at >= length:
                gaps.append((at, start))
            at = max(at, stop)
        if closes - at >= length:
            gaps.append((at, closes))
    return gaps


def to_slot(span: Span, title: str, status: str, people: Sequence[Party]) -> Meeting:
    """A free or busy stretch of time."""
    place = f"{span[0].isoformat()}/{span[1].isoformat()}"
    return Meeting(
        ref=Ref(integration=KEY, kind="slot", id=place), title=title, starts_at=span[0], ends_at=span[1],
        status=status, guests=tuple(people),
    )  # fmt: skip


def joined(calendar: str, event: str) -> str:
    """The id of an event: with its calendar, unless that is the person's own."""
    return event if calendar == MINE else f"{calendar}/{event}"


def parted(event: str) -> tuple[str, str]:
    """The calendar and the vendor's id of an event."""
    calendar, _, own = event.rpartition("/")
    return calendar or MINE, own


def _open(begin: datetime, end: datetime) -> list[Span]:
    if end - begin <= timedelta(hours=12):
        return [(begin, end)]
    found = []
    day = begin.date()
    while day <= end.date():
        opens, closes = (datetime.combine(day, hour, begin.tzinfo) for hour in WORK)
        if day.weekday() < 5 and max(opens, begin) < min(closes, end):
            found.append((max(opens, begin), min(closes, end)))
        day += DAY
    return found


def _when(moment: datetime, is_day: bool, zone: str) -> dict[str, Any]:
    if is_day:
        return {"date": moment.date().isoformat()}
    return {"dateTime": moment.isoformat(timespec="seconds"), "timeZone": zone}


def _moment(item: Mapping[str, Any] | None, zone: ZoneInfo) -> datetime | None:
    if not item:
        return None
    if item.get("dateTime"):
        return datetime.fromisoformat(item["dateTime"]).astimezone(zone)
    return datetime.combine(date.fromisoformat(item["date"]), time(), zone)


def _address(item: Mapping[str, Any]) -> str:
    return str(item.get("email") or item.get("id") or "").lower()


def _party(item: Mapping[str, Any]) -> Party:
    return Party(id=_address(item), name=item.get("displayName", ""))
