"""Graph's mail and calendar JSON to records and back; no key of Graph's passes these functions."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from core.records import Channel, Event, Meeting, Message, Party, Ref
from tools.integrations.outlook.recurrence import spoken
from tools.kit.attachment import Attachment
from tools.kit.microsoft import moment, plain, zoned

KEY = "outlook"
# ids that a move to another folder does not change, and bodies without HTML
PREFER = 'IdType="ImmutableId", outlook.body-content-type="text"'
SHORT = 60
ANSWERS = {
    "accepted": "accepted", "declined": "declined", "tentativelyAccepted": "tentative", "organizer": "organizer",
}  # fmt: skip
ACTIONS = {"accepted": "accept", "declined": "decline", "tentative": "tentativelyAccept"}
Item = Mapping[str, Any]
Span = tuple[datetime, datetime]


def to_message(item: Item, folders: Mapping[str, str] | None = None) -> Message:
    """A mail; `folders` says by id how the folders are called."""
    labels = [str(one) for one in item.get("categories") or ()]
    labels += ["Draft"] if item.get("isDraft") else []
    labels += ["Unread"] if item.get("isRead") is False and not item.get("isDraft") else []
    labels += ["Flagged"] if (item.get("flag") or {}).get("flagStatus") == "flagged" else []
    kind = "draft" if item.get("isDraft") else "message"
    return Message(
        ref=Ref(integration=KEY, kind=kind, id=str(item["id"]), url=str(item.get("webLink") or "")),
        title=str(item.get("subject") or ""),
        text=body(item),
        author=named(item.get("from") or item.get("sender")),
        channel=(folders or {}).get(str(item.get("parentFolderId")), ""),
        thread=str(item.get("conversationId") or ""),
        sent_at=moment(item.get("sentDateTime") or item.get("receivedDateTime")),
        to=addresses(item.get("toRecipients")),
        cc=addresses(item.get("ccRecipients")),
        bcc=addresses(item.get("bccRecipients")),
        labels=tuple(labels),
        files=tuple(str(one.get("name")) for one in item.get("attachments") or () if not one.get("isInline")),
        priority=str(item.get("importance") or ""),
    )


def to_folder(item: Item, above: str = "") -> Channel:
    """A mail folder."""
    return Channel(
        ref=Ref(integration=KEY, kind="folder", id=str(item["id"])),
        title=str(item.get("displayName") or ""),
        section=above,
        size=item.get("totalItemCount"),
    )


def to_meeting(item: Item, zone: ZoneInfo) -> Meeting:
    """A calendar entry; times are in `zone`, an all-day one lasts from midnight to midnight there."""
    people = [one for one in item.get("attendees") or () if address(one)]
    answers = {address(one): ANSWERS.get(str((one.get("status") or {}).get("response")), "none") for one in people}
    own = ANSWERS.get(str((item.get("responseStatus") or {}).get("response")), "")
    return Meeting(
        ref=Ref(integration=KEY, kind="event", id=str(item["id"]), url=str(item.get("webLink") or "")),
        title=str(item.get("subject") or ""),
        starts_at=_edge(item, "start", zone),
        ends_at=_edge(item, "end", zone),
        is_all_day=bool(item.get("isAllDay")),
        location=str((item.get("location") or {}).get("displayName") or ""),
        description=body(item),
        organizer=_party(item["organizer"]) if item.get("organizer") else None,
        guests=tuple(_party(one) for one in people),
        responses=answers,
        video_url=str((item.get("onlineMeeting") or {}).get("joinUrl") or item.get("onlineMeetingUrl") or ""),
        recurrence=spoken(item.get("recurrence")),
        status="cancelled" if item.get("isCancelled") else own or str(item.get("showAs") or ""),
    )


def to_slot(item: Item, zone: ZoneInfo) -> Meeting:
    """A time that Outlook suggests, with who is free then."""
    span = item.get("meetingTimeSlot") or {}
    begin, end = _edge(span, "start", zone), _edge(span, "end", zone)
    answers = {}
    for one in item.get("attendeeAvailability") or ():
        answers[address(one.get("attendee") or {})] = str(one.get("availability") or "")
    return Meeting(
        ref=Ref(integration=KEY, kind="slot", id=f"{begin}/{end}"),
        title="Free" if all(one == "free" for one in answers.values()) else "Possible",
        starts_at=begin,
        ends_at=end,
        description=str(item.get("suggestionReason") or ""),
        guests=tuple(Party(id=one) for one in answers),
        responses=answers,
        status="free",
    )


def to_auto_reply(item: Item, zone: ZoneInfo) -> Event:
    """The automatic reply as it is set; its detail says both texts, and who outside gets one."""
    told = item.get("automaticRepliesSetting") or {}
    status = {"alwaysEnabled": "on", "scheduled": "scheduled"}.get(str(told.get("status")), "off")
    spans = {}
    for name in ("scheduledStartDateTime", "scheduledEndDateTime"):
        at = zoned(told.get(name)) if status == "scheduled" else None
        spans[name] = at.astimezone(zone) if at else None
    inside, outside = (plain(str(told.get(f"{name}ReplyMessage") or "")) for name in ("internal", "external"))
    audience = str(told.get("externalAudience") or "none")
    text = f"{inside}\n\nOutside ({audience}): {outside}"
    return Event(
        ref=Ref(integration=KEY, kind="auto_reply", id="me"),
        title="Automatic reply",
        status=status,
        started_at=spans["scheduledStartDateTime"],
        ended_at=spans["scheduledEndDateTime"],
        detail=text if status != "off" else "",
    )


def letter(
    to: Sequence[str] | None, subject: str | None, text: str, cc: Sequence[str] | None, importance: str = "normal",
    files: Iterable[Attachment] = (),
) -> dict[str, Any]:  # fmt: skip
    """A new mail as Graph takes it; without a subject the beginning of the text is one."""
    made: dict[str, Any] = {
        "subject": " ".join((subject or subject_of(text)).split()),
        "body": {"contentType": "text", "content": text},
        "toRecipients": recipients(to),
        "ccRecipients": recipients(cc),
        "importance": importance,
    }
    attached = [
        {
            "@odata.type": "#microsoft.graph.fileAttachment", "name": one.name, "contentType": one.mime_type,
            "contentBytes": base64.b64encode(one.content).decode(),
        }
        for one in files
    ]  # fmt: skip
    return made | ({"attachments": attached} if attached else {})


def event_fields(
    title: str | None = None, span: Span | None = None, zone: str = "", location: str | None = None,
    text: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The fields of a new or changed event; what is None is left out. A span of whole days makes an all-day one."""
    found: dict[str, Any] = {}
    found |= {"subject": title} if title is not None else {}
    found |= {"location": {"displayName": location}} if location is not None else {}
    found |= {"body": {"contentType": "text", "content": text}} if text is not None else {}
    if span:
        edges = {name: f"{at:%Y-%m-%dT%H:%M:%S}" for name, at in zip(("start", "end"), span, strict=True)}
        found |= {name: {"dateTime": text, "timeZone": zone} for name, text in edges.items()}
        found["isAllDay"] = is_days(span)
    return found


def invited(people: Iterable[str]) -> list[dict[str, Any]]:
    """People as attendees."""
    return [{"type": "required", "emailAddress": {"address": one}} for one in people]


def expected(fields: Item, zone: ZoneInfo) -> dict[str, Any]:
    """What the record read back must hold after these fields were written; attendees are not among them."""
    record = to_meeting({"id": "", **fields}, zone)
    names = {"subject": ("title",), "location": ("location",), "body": ("description",), "recurrence": ("recurrence",),
             "start": ("starts_at", "is_all_day"), "end": ("ends_at",)}  # fmt: skip
    return {one: getattr(record, one) for name in fields for one in names.get(name, ())}


def everybody(wanted: Iterable[str], answered: Meeting) -> tuple[Party, ...]:
    """These people and nobody else, with the names that the answer gave them."""
    asked = dict.fromkeys(one.lower() for one in wanted)
    there = {one.id: one for one in answered.guests}
    return tuple(there.get(one, Party(id=one)) for one in asked)


def former(item: Item, fields: Iterable[str]) -> dict[str, Any]:
    """What these fields hold now, as a change that brings it back."""
    return {name: item.get(name) for name in fields}


def recipients(people: Iterable[str] | None) -> list[dict[str, Any]]:
    """Addresses as Graph takes them, each once."""
    return [{"emailAddress": {"address": one}} for one in dict.fromkeys(who.strip().lower() for who in people or ())]


def addresses(rows: Iterable[Item] | None) -> tuple[str, ...]:
    """Recipients as bare addresses."""
    return tuple(found for one in rows or () if (found := address(one)))


def address(row: Item) -> str:
    """The bare address of a recipient or attendee."""
    return str((row.get("emailAddress") or {}).get("address") or "").lower()


def named(row: Item | None) -> str:
    """A sender as people read it: name and address."""
    told = (row or {}).get("emailAddress") or {}
    name, where = str(told.get("name") or ""), str(told.get("address") or "").lower()
    return f"{name} <{where}>" if name and name.lower() != where else where


def body(item: Item) -> str:
    """What a mail or an event says, as plain text; where only its beginning is known, that."""
    told = item.get("body") or {}
    content = str(told.get("content") or "")
    if not content:
        return str(item.get("bodyPreview") or "")
    return plain(content) if str(told.get("contentType")).lower() == "html" else content.replace("\r\n", "\n").strip()


def page(text: str) -> str:
    """A text as HTML."""
    return escape(text, quote=False).replace("\n", "<br>")


def subject_of(text: str) -> str:
    """A subject out of the first line or sentence of a text."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    for mark in (". ", "! ", "? "):
        first = first.partition(mark)[0]
    return first if len(first) <= SHORT else first[:SHORT].rpartition(" ")[0] or first[:SHORT]


def is_days(span: Span) -> bool:
    """Whether a span is one of whole days, midnight to midnight."""
    return span[1] > span[0] and all(at.time() == time() for at in span)


def _edge(item: Item, name: str, zone: ZoneInfo) -> datetime | None:
    at = zoned(item.get(name))
    if at is None:
        return None
    if item.get("isAllDay"):  # a day is one, in whatever zone it is told
        return datetime.combine(at.date(), time(), zone)
    return at.astimezone(zone)


def _party(row: Item) -> Party:
    return Party(id=address(row), name=str((row.get("emailAddress") or {}).get("name") or ""))
