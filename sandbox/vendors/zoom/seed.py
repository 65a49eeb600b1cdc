"""Fernwick's calls: what is ahead, what took place, who was there, what was recorded."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.company import Company, Person
from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.story import Meeting, Story
from sandbox.vendors.zoom.series import occurrences, stamp

SITE = "https://fernwick.zoom.us"
WEEKLY = ("Product and engineering weekly", "Dana / Priya sync", "Pipeline review", "Leadership weekly")
SINGLE = (
    "Spring launch go/no-go", "Harbourlight Books renewal call", "Pinecrest demo of line-item refunds",
    "Company all hands", "Interview Senior Android Engineer",
)  # fmt: skip
# what only Zoom knows: days ahead, time in UTC, minutes, whether one must register
TRAININGS = (("Line-item refunds for shop managers", 8, 15, 45), ("Till training for new merchants", 12, 9, 60))
PAST: tuple[tuple[str, str, float, int, tuple[str, ...]], ...] = (  # topic, host, days ago, minutes, who came
    ("Nordkaffe post-incident call", "dana.whitlock", 3, 34,
     ("dana.whitlock", "ines.carvalho", "Freja Holm", "Mads Lund")),
    ("Harbourlight Books check-in", "dana.whitlock", 9, 27, ("dana.whitlock", "tom.hargreaves", "Edith Marlowe")),
    ("Partial refunds kickoff", "dana.whitlock", 16, 52,
     ("dana.whitlock", "ines.carvalho", "priya.raman", "mila.jovanovic", "jonas.keller")),
    ("Saffron Lane printer clinic", "sofia.marin", 5, 41, ("sofia.marin", "Yousef Nader")),
    ("Tip screen research readout", "dana.whitlock", 23, 48, ("dana.whitlock", "mila.jovanovic", "kofi.asante")),
)  # fmt: skip
RECORDED = ("Nordkaffe post-incident call", "Partial refunds kickoff", "Product and engineering weekly")
SUMMARIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "Nordkaffe post-incident call": (
        "Nordkaffe lost card payments for 38 minutes during incident 4471. Ines explained the certificate chain; Freja "
        "accepts the explanation and wants earlier notice next time.",
        ("Ines sends the written review by Friday", "Dana offers Nordkaffe a credit for the hour"),
    ),
    "Partial refunds kickoff": (
        "Scope of line-item refunds was fixed: single lines and quantities, no shipping. Mila shows flows in a week.",
        ("Priya estimates the ledger change", "Mila draws the merchant flow", "Jonas counts refunds by line"),
    ),
}
SETTINGS: Json = {
    "host_video": True, "participant_video": False, "join_before_host": False, "mute_upon_entry": False,
    "waiting_room": False, "approval_type": 2, "audio": "both", "auto_recording": "none", "alternative_hosts": "",
    "meeting_invitees": [], "email_notification": True, "registrants_email_notification": True, "use_pmi": False,
}  # fmt: skip


def number(*parts: object) -> int:
    """A meeting number of eleven digits."""
    return 80_000_000_000 + int(ident(10, "zoom", *parts, alphabet="0123456789")) % 9_000_000_000


def uuid(*parts: object) -> str:
    """The id of one instance; some begin with a slash, as Zoom's do."""
    digits = ident(32, "zoom", "uuid", *parts, alphabet="0123456789abcdef")
    return base64.b64encode(bytes.fromhex(digits)).decode()


def user_id(person: Person) -> str:
    """A user's id."""
    return ident(22, "zoom", "user", person.email)


def meeting_row(person: Person, topic: str, start: datetime, minutes: int, zone: str, made: datetime, id: int) -> Json:
    """A scheduled meeting as it begins; its passcode is in the link."""
    passcode = ident(6, "zoom", "passcode", id, alphabet="0123456789")
    return {
        "uuid": uuid(id, stamp(start)), "id": id, "host_id": user_id(person), "host_email": person.email,
        "assistant_id": "", "topic": topic, "type": 2, "status": "waiting", "start_time": stamp(start),
        "duration": minutes, "timezone": zone, "agenda": "", "created_at": stamp(made),
        "start_url": f"{SITE}/s/{id}?zak=eyJ0eXAiOiJKV1Qi", "password": passcode, "h323_password": passcode,
        "pstn_password": passcode, "encrypted_password": ident(32, "zoom", "secret", id).lower(),
        "join_url": f"{SITE}/j/{id}?pwd={ident(32, 'zoom', 'secret', id).lower()}",
        "settings": {name: value for name, value in SETTINGS.items()} | {"meeting_invitees": []},
    }  # fmt: skip


def seed_zoom(company: Company, story: Story) -> Json:
    """Meetings by number, past instances and recordings by UUID, registrants by meeting."""
    state: Json = {"meetings": {}, "past": {}, "recordings": {}, "registrants": {}}
    now = story.now
    for meeting in story.meetings:
        if meeting.title in WEEKLY + SINGLE:
            _scheduled(state, meeting, now)
    host = company.default
    for topic, days, hour, minutes in TRAININGS:
        start = (now + timedelta(days=days)).replace(hour=hour, minute=0, second=0)
        row = meeting_row(host, topic, start, minutes, host.time_zone, now - timedelta(days=4), number(topic))
        row["settings"] |= {"approval_type": 0, "waiting_room": True}
        row["registration_url"] = f"{SITE}/meeting/register/{ident(16, 'zoom', topic)}"
        state["meetings"][str(row["id"])] = row
        guests = [contact for customer in company.customers[:4] for contact, _ in customer.contacts[:1]]
        state["registrants"][str(row["id"])] = {}
        for name, customer in zip(guests, company.customers, strict=False):
            first, _, last = name.partition(" ")
            email = f"{name.lower().replace(' ', '.')}@{customer.domain}"
            made = registrant_row(row, email, first, last, stamp(now - timedelta(days=2)))
            state["registrants"][str(row["id"])][made["id"]] = made
    for topic, handle, ago, minutes, people in PAST:
        _took_place(state, company, topic, company.person(handle), now - timedelta(days=ago), minutes, people)
    weekly = next(row for row in state["meetings"].values() if row["topic"] == WEEKLY[0])
    crew = ("dana.whitlock", "ines.carvalho", "tomasz.wrona", "farid.haddad")
    for one in weekly["occurrences"]:
        at = datetime.fromisoformat(one["start_time"])
        if at < now - timedelta(hours=2):
            _took_place(state, company, weekly["topic"], company.default, at, 47, crew, weekly["id"])
    return state


def registrant_row(meeting: Json, email: str, first: str, last: str, at: str) -> Json:
    """Somebody who registered."""
    id = ident(22, "zoom", "registrant", meeting["id"], email)
    return {
        "id": id, "email": email, "first_name": first, "last_name": last, "status": "approved", "create_time": at,
        "join_url": f"{SITE}/w/{meeting['id']}?tk={id.lower()}",
    }  # fmt: skip


def _scheduled(state: Json, meeting: Meeting, now: datetime) -> None:
    minutes = round((meeting.end - meeting.start).total_seconds() / 60)
    host, id = meeting.organizer, number(meeting.title)
    row = meeting_row(host, meeting.title, meeting.start, minutes, host.time_zone, now - timedelta(days=40), id)
    guests = [{"email": person.email, "internal_user": True} for person in meeting.attendees[:12]]
    if meeting.customer:
        name = meeting.customer.contacts[0][0].lower().replace(" ", ".")
        guests.append({"email": f"{name}@{meeting.customer.domain}", "internal_user": False})
    row["settings"]["meeting_invitees"] = guests
    if meeting.rule:
        day = (meeting.start.isoweekday() % 7) + 1
        rule = {"type": 2, "repeat_interval": 1, "weekly_days": str(day), "end_times": 30}
        row |= {"type": 8, "recurrence": rule}
        row["occurrences"] = occurrences(meeting.start, host.time_zone, rule, minutes)
    state["meetings"][str(id)] = row


def _took_place(
    state: Json, company: Company, topic: str, host: Person, at: datetime, minutes: int, people: Any, id: int = 0
) -> None:
    at = at.astimezone(ZoneInfo("UTC")).replace(second=0)
    id, key = id or number(topic), uuid(topic, at.date())
    if topic == PAST[0][0]:
        key = "/" + key[1:]
    came = [_participant(company, one, at, minutes, place) for place, one in enumerate(people)]
    row = {
        "uuid": key, "id": id, "host_id": user_id(host), "user_email": host.email, "user_name": host.name, "type": 2,
        "topic": topic, "start_time": stamp(at), "end_time": stamp(at + timedelta(minutes=minutes)),
        "duration": minutes, "total_minutes": sum(one["duration"] for one in came) // 60,
        "participants_count": len(came), "timezone": host.time_zone, "created_at": stamp(at - timedelta(days=3)),
        "join_url": f"{SITE}/j/{id}", "participants": came, "summary": None,
    }  # fmt: skip
    if topic in SUMMARIES:
        row["summary"] = _summary(row, *SUMMARIES[topic])
    state["past"][key] = row
    if topic in RECORDED:
        state["recordings"][key] = _recording(row)


def _participant(company: Company, who: str, at: datetime, minutes: int, place: int) -> Json:
    inside = company.by_email.get(f"{who}@{company.domain}")
    late = min(place * 2, minutes // 2)
    email = inside.email if inside else ""
    if not inside:
        homes = {name: customer for customer in company.customers for name, _ in customer.contacts}
        email = f"{who.lower().replace(' ', '.')}@{homes[who].domain}"
    return {
        "id": user_id(inside) if inside else "", "user_id": str(16_778_240 + place * 1024), "user_email": email,
        "name": inside.name if inside else who, "internal_user": bool(inside), "status": "in_meeting",
        "join_time": stamp(at + timedelta(minutes=late)), "leave_time": stamp(at + timedelta(minutes=minutes)),
        "duration": (minutes - late) * 60, "failover": False, "registrant_id": "",
    }  # fmt: skip


def _summary(row: Json, overview: str, steps: tuple[str, ...]) -> Json:
    return {
        "meeting_host_id": row["host_id"], "meeting_host_email": row["user_email"], "meeting_uuid": row["uuid"],
        "meeting_id": row["id"], "meeting_topic": row["topic"], "meeting_start_time": row["start_time"],
        "meeting_end_time": row["end_time"], "summary_start_time": row["start_time"],
        "summary_end_time": row["end_time"], "summary_created_time": row["end_time"],
        "summary_last_modified_time": row["end_time"], "summary_title": f"Meeting summary of {row['topic']}",
        "summary_overview": overview, "next_steps": list(steps),
        "summary_details": [{"label": row["topic"], "summary": overview}],
    }  # fmt: skip


def _recording(row: Json) -> Json:
    kinds = (("MP4", "shared_screen_with_speaker_view", 214_000_000), ("TRANSCRIPT", "audio_transcript", 41_000))
    files = [
        {
            "id": ident(36, "zoom", "file", row["uuid"], kind).lower(), "meeting_id": row["uuid"], "file_type": kind,
            "recording_start": row["start_time"], "recording_end": row["end_time"], "file_size": size,
            "file_extension": "MP4" if kind == "MP4" else "VTT", "recording_type": view, "status": "completed",
            "play_url": f"{SITE}/rec/play/{ident(40, 'zoom', 'play', row['uuid'], kind)}",
            "download_url": f"{SITE}/rec/download/{ident(40, 'zoom', 'load', row['uuid'], kind)}",
        }
        for kind, view, size in kinds
    ]  # fmt: skip
    return {
        "uuid": row["uuid"], "id": row["id"], "account_id": ident(22, "zoom", "account"), "host_id": row["host_id"],
        "topic": row["topic"], "type": "2", "start_time": row["start_time"], "duration": row["duration"],
        "timezone": row["timezone"], "total_size": sum(kind[2] for kind in kinds), "recording_count": len(files),
        "share_url": f"{SITE}/rec/share/{ident(40, 'zoom', 'share', row['uuid'])}", "recording_files": files,
        "trashed": False,
    }  # fmt: skip
