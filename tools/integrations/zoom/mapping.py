"""Zoom's JSON to records and back; no key of Zoom's passes these functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from core.errors import Rejected
from core.records import Document, Meeting, Party, Person, Ref, Report
from tools.integrations.zoom.recurrence import to_phrase

OPTIONS = {
    "waiting_room": "waiting room", "join_before_host": "join before host", "mute_upon_entry": "mute on entry",
    "meeting_authentication": "sign-in needed",
}  # fmt: skip
WAITING = OPTIONS["waiting_room"]
# Zoom's own numbers, as the statuses that they mean
STATUS = {
    124: 401, 4700: 403, 4711: 403, 200: 403, 1010: 403, 3003: 403, 3161: 403, 2305: 403, 3018: 403, 3037: 403,
    1001: 404, 3001: 404, 3301: 404, 3002: 409, 3007: 409, 3027: 409, 3043: 409, 3310: 409, 3063: 409, 429: 429,
    500: 500,
}  # fmt: skip


def meeting_ref(id: Any, url: str = "", occurrence: str = "") -> Ref:
    """A meeting by its number, or one time of a series: its id is the number and its own."""
    key = f"{str(id)[:3]} {str(id)[3:7]} {str(id)[7:]}".strip()
    return Ref(integration="zoom", kind="meeting", id=f"{id}/{occurrence}" if occurrence else str(id), key=key, url=url)


def to_meeting(item: Mapping[str, Any]) -> Meeting:
    """A scheduled meeting; of a series the next time, if the vendor says which."""
    settings = item.get("settings") or {}
    starts = moment(item.get("start_time")) or next((at for _, at in times(item)), None)
    minutes = int(item.get("duration") or 0)
    host = item.get("host_email") or item.get("host_id")
    options = [said for name, said in OPTIONS.items() if settings.get(name)]
    if settings.get("approval_type") in (0, 1):
        options.append("registration")
    return Meeting(
        ref=meeting_ref(item["id"], item.get("join_url") or ""),
        title=item.get("topic") or "",
        starts_at=starts,
        ends_at=starts + timedelta(minutes=minutes) if starts else None,
        description=item.get("agenda") or "",
        organizer=Party(id=host) if host else None,
        guests=tuple(Party(id=str(one.get("email"))) for one in settings.get("meeting_invitees") or ()),
        video_url=item.get("join_url") or "",
        recurrence=to_phrase(item.get("recurrence") or {}),
        status=item.get("status") or "",
        passcode=item.get("password") or "",
        options=tuple(options),
    )


def times(item: Mapping[str, Any]) -> list[tuple[str, datetime]]:
    """The times of a series that were not called off: each its id and moment."""
    rows = [one for one in item.get("occurrences") or () if one.get("status") != "deleted"]
    found = [(str(one["occurrence_id"]), moment(one.get("start_time"))) for one in rows]
    return [(id, at) for id, at in found if at]


def written(
    topic: str | None,
    start: datetime | None,
    duration: timedelta | None,
    agenda: str | None,
    invitees: Sequence[str] | None,
    zone: str,
) -> dict[str, Any]:
    """The body of a create or update; what is None is left out.

    Raises:
        Rejected: a text is longer than Zoom takes.
    """
    for name, text, most in (("topic", topic, 200), ("agenda", agenda, 2000)):
        if text and len(text) > most:
            raise Rejected(f"Zoom takes {most} characters of {name} at most.", fields={name: "is too long"})
    fields: dict[str, Any] = {
        "topic": topic,
        "start_time": start.strftime("%Y-%m-%dT%H:%M:%S") if start else None,
        "timezone": zone if start else None,
        "duration": round(duration.total_seconds() / 60) if duration else None,
        "agenda": agenda,
        "settings": {"meeting_invitees": [{"email": one} for one in invitees]} if invitees is not None else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def former(item: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """What these fields of a meeting hold now, as an update takes it."""
    found = {name: item.get(name) or "" for name in fields if name not in ("settings", "recurrence")}
    if "recurrence" in item and "start_time" in fields:
        found["recurrence"] = dict(item["recurrence"])
    if "settings" in fields:
        invited = (item.get("settings") or {}).get("meeting_invitees") or ()
        found["settings"] = {"meeting_invitees": [{"email": one["email"]} for one in invited]}
    return found


def begins(fields: Mapping[str, Any]) -> datetime | None:
    """The start in the body of an update: on the wall of its zone, or in UTC."""
    start = moment(fields.get("start_time"))
    return start.replace(tzinfo=ZoneInfo(fields["timezone"])) if start and not start.tzinfo else start


def expected(fields: Mapping[str, Any], start: datetime | None) -> dict[str, Any]:
    """What the record read back must hold after these fields were written."""
    found: dict[str, Any] = {}
    if "topic" in fields:
        found["title"] = fields["topic"]
    if "agenda" in fields:
        found["description"] = fields["agenda"]
    if start:
        found["starts_at"] = start
    if "settings" in fields:
        found["guests"] = tuple(Party(id=one["email"]) for one in fields["settings"]["meeting_invitees"])
    return found


def to_recording(item: Mapping[str, Any]) -> Document:
    """A meeting's cloud recording, all its files as one; its id is the instance's UUID."""
    files = item.get("recording_files") or ()
    video = next((one for one in files if one.get("file_type") == "MP4"), files[0] if files else {})
    link = video.get("play_url") or item.get("share_url") or ""
    kinds = ", ".join(dict.fromkeys(str(one.get("file_type", "")).lower() for one in files))
    passcode = item.get("password") or item.get("recording_play_passcode") or ""
    return Document(
        ref=Ref(integration="zoom", kind="recording", id=item["uuid"], key=item.get("topic") or "", url=link),
        title=item.get("topic") or "",
        mime_type="video/mp4" if video.get("file_type") == "MP4" else "",
        text=f"{kinds}; {item.get('duration', 0)} min",
        size=int(item.get("total_size") or 0),
        link=link,
        access=f"passcode {passcode}" if passcode else "",
        modified_at=moment(item.get("start_time")),
    )


def to_summary(item: Mapping[str, Any]) -> Report:
    """An AI summary; what a person corrected goes before what was generated."""
    edited = item.get("edited_summary") or {}
    details = [f"{one.get('label', '')}: {one.get('summary', '')}" for one in item.get("summary_details") or ()]
    steps = edited.get("next_steps") or item.get("next_steps") or ()
    overview = edited.get("summary_overview") or item.get("summary_overview") or item.get("summary_content") or ""
    return Report(
        ref=Ref(integration="zoom", kind="summary", id=item["meeting_uuid"], key=item.get("meeting_topic") or ""),
        title=item.get("summary_title") or item.get("meeting_topic") or "",
        text=overview,
        sections=(*([edited["summary_details"]] if edited.get("summary_details") else details),
                  *(f"Next step: {one}" for one in steps)),
    )  # fmt: skip


def to_participant(item: Mapping[str, Any]) -> Person:
    """Somebody who was in a meeting, and for how long."""
    came, left = moment(item.get("join_time")), moment(item.get("leave_time"))
    span = f"{came:%H:%M} to {left:%H:%M} UTC, " if came and left else ""
    return Person(
        ref=Ref(integration="zoom", kind="participant", id=str(item.get("id") or item.get("user_id") or "")),
        title=item.get("name") or "",
        email=item.get("user_email") or "",
        description=f"{span}{round(int(item.get('duration') or 0) / 60)} min",
        status="in the waiting room" if item.get("status") == "in_waiting_room" else "",
    )


def to_registrant(item: Mapping[str, Any], meeting: str) -> Person:
    """Somebody who registered; their id is the meeting's number and their own."""
    id = item.get("id") or item.get("registrant_id")
    return Person(
        ref=Ref(
            integration="zoom",
            kind="registrant",
            id=f"{meeting}/{id}",
            key=item.get("email") or "",
            url=item.get("join_url") or "",
        ),
        title=f"{item.get('first_name') or ''} {item.get('last_name') or ''}".strip(),
        email=item.get("email") or "",
        status=item.get("status") or "",
    )


def segment(id: str) -> str:
    """A number or UUID in an address; one with a slash is written so that it survives being read twice."""
    once = quote(id, safe="=")
    return quote(once, safe="=") if "/" in id else once


def moment(text: str | None) -> datetime | None:
    """A moment, if there is one."""
    return datetime.fromisoformat(text) if text else None
