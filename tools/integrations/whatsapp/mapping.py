"""WhatsApp's JSON to records and back; no key of WhatsApp's passes these functions."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from core.errors import Rejected
from core.records import Channel, Company, Document, Message, Party, Person, Ref

GROUP = "group:"
PRODUCT = {"messaging_product": "whatsapp"}
SLOT = re.compile(r"\{\{\s*(\w+)\s*\}\}")
WAMID = re.compile(r"wamid\.[\w+/=-]+")
PROFILE = ("about", "address", "description", "email", "websites")
LONGEST = {"about": 139, "address": 256, "description": 256, "email": 128}
# Meta's own numbers, as the statuses that they mean
EXPIRED, GONE = {0, 190, 102, 467}, {132001, 2593002, 131052}
FORBIDDEN = {3, 10, 368, 131005, 131031, 131045, 133010, *range(200, 300)}
CONFLICTS = {131047, 131050, 132015, 132016, 139100, 2388023, 2388024, 130472}
SLOWER = {4, 17, 80007, 130429, 131048, 131056, 133016}
TROUBLE = {1, 2, 131000, 131016, 131057, 133004}


def status_of(error: Mapping[str, Any], status: int) -> int:
    """The HTTP status that an error means; WhatsApp answers most with 400."""
    code = int(error.get("code") or 0)
    if code in EXPIRED:
        return 401
    if code in SLOWER:
        return 429
    if code in GONE or int(error.get("error_subcode") or 0) == 33:
        return 404
    if code in FORBIDDEN:
        return 403
    if code in CONFLICTS:
        return 409
    if code in TROUBLE:
        return 503
    return status if status > 400 else 400


def phone(text: str) -> str:
    """The digits of a phone number with its country code; "" where it is none."""
    bare = re.sub(r"[\s().\-/]", "", text.strip())
    digits = bare.removeprefix("+").removeprefix("00")
    return digits if re.fullmatch(r"\+?\d+", bare) and re.fullmatch(r"[1-9]\d{7,14}", digits) else ""


def message_ref(id: str) -> Ref:
    """A message by its id."""
    return Ref(integration="whatsapp", kind="message", id=id)


def to_message(answer: Mapping[str, Any], text: str, to: str, reply_to: str | None = None, file: str = "") -> Message:
    """What was sent, out of the answer to the sending."""
    number = to.removeprefix(GROUP)
    return Message(
        ref=message_ref(str(answer["messages"][0]["id"])),
        text=text,
        channel=number if to.startswith(GROUP) else f"+{number}",
        thread=reply_to or "",
        file=file,
        is_private=not to.startswith(GROUP),
    )


def envelope(to: str, kind: str, content: Mapping[str, Any], reply_to: str | None = None) -> dict[str, Any]:
    """The body that sends something to a person or a group."""
    whom = "group" if to.startswith(GROUP) else "individual"
    body: dict[str, Any] = {**PRODUCT, "recipient_type": whom, "to": to.removeprefix(GROUP), "type": kind}
    return body | {kind: dict(content)} | ({"context": {"message_id": reply_to}} if reply_to else {})


def template_content(name: str, language: str, values: Sequence[str]) -> dict[str, Any]:
    """A template with its placeholders filled in."""
    content: dict[str, Any] = {"name": name, "language": {"policy": "deterministic", "code": language}}
    if values:
        content["components"] = [{"type": "body", "parameters": [{"type": "text", "text": one} for one in values]}]
    return content


def filled(text: str, values: Sequence[str]) -> str:
    """A template's text with its placeholders filled in, in order.

    Raises:
        Rejected: there are more or fewer values than placeholders.
    """
    slots = list(dict.fromkeys(SLOT.findall(text)))
    if len(slots) != len(values):
        told = f"{len(slots)} placeholder{'s' * (len(slots) != 1)}"
        raise Rejected(f"This template has {told}: {text}", fields={"values": f"{len(values)} are given"})
    found = dict(zip(slots, values, strict=True))
    return SLOT.sub(lambda hit: found[hit[1]], text)


def to_template(item: Mapping[str, Any]) -> Document:
    """A message template in one language."""
    parts = {str(one.get("type")).upper(): str(one.get("text") or "") for one in item.get("components") or ()}
    text = "\n".join(parts[name] for name in ("HEADER", "BODY", "FOOTER") if parts.get(name))
    told = {name: str(item.get(name) or "") for name in ("status", "language", "category")}
    return Document(
        ref=Ref(integration="whatsapp", kind="template", id=str(item["id"]), key=str(item.get("name") or "")),
        title=str(item.get("name") or ""),
        text=text,
        properties=told,
    )


def from_template(name: str, category: str, language: str, body: str) -> dict[str, Any]:
    """The body that hands a template in; how one-time codes are worded is WhatsApp's own."""
    if category == "AUTHENTICATION":
        button = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}
        parts: list[dict[str, Any]] = [{"type": "BODY"}, {"type": "BUTTONS", "buttons": [button]}]
    else:
        parts = [{"type": "BODY", "text": body}]
        if slots := list(dict.fromkeys(SLOT.findall(body))):
            parts[0]["example"] = {"body_text": [[f"example {slot}" for slot in slots]]}
    return {"name": name, "category": category, "language": language, "components": parts}


def template_name(text: str) -> str:
    """A name as WhatsApp has it: small letters, digits and underscores.

    Raises:
        Rejected: it cannot be written so.
    """
    name = re.sub(r"[\s\-]+", "_", text.strip().lower())
    if not re.fullmatch(r"[a-z0-9_]{1,512}", name):
        raise Rejected("A template's name has small letters, digits and underscores.", fields={"name": text})
    return name


def to_profile(item: Mapping[str, Any], number: str) -> Company:
    """What customers see of the business."""
    sites = item.get("websites") or ()
    return Company(
        ref=Ref(integration="whatsapp", kind="profile", id=number, key="business profile"),
        title="business profile",
        about=item.get("about") or "",
        description=item.get("description") or "",
        address=item.get("address") or "",
        email=item.get("email") or "",
        website=str(sites[0]) if sites else "",
    )


def expected(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the profile read back must hold after these fields were written."""
    found = {name: value for name, value in fields.items() if name != "websites"}
    return found | ({"website": (fields["websites"] or [""])[0]} if "websites" in fields else {})


def to_group(item: Mapping[str, Any], link: str = "") -> Channel:
    """A group of the number, as the list or its own page has it."""
    people = tuple(Party(id=str(one.get("wa_id"))) for one in item.get("participants") or ())
    return Channel(
        ref=Ref(integration="whatsapp", kind="group", id=str(item["id"]), key=str(item.get("subject") or ""), url=link),
        title=str(item.get("subject") or ""),
        topic=str(item.get("description") or ""),
        kind="group",
        members=people,
        size=item.get("total_participant_count"),
        link=link,
        is_private=True,
    )


def made_at(item: Mapping[str, Any]) -> datetime | None:
    """When a group was made: seconds since 1970, or ISO 8601."""
    said = str(item.get("created_at") or item.get("creation_timestamp") or "")
    if not said:
        return None
    return datetime.fromtimestamp(int(said), UTC) if said.isdigit() else datetime.fromisoformat(said)


def to_blocked(number: str, *, is_blocked: bool = True) -> Person:
    """Somebody who may not write to the business, or may again."""
    ref = Ref(integration="whatsapp", kind="blocked", id=number, key=f"+{number}")
    return Person(ref=ref, title=f"+{number}", phone=f"+{number}", status="blocked" if is_blocked else "")


def media_kind(mime_type: str) -> str:
    """Pictures that WhatsApp shows are sent as such, all else as documents."""
    return "image" if mime_type in ("image/jpeg", "image/png") else "document"


def guessed(address: str) -> str:
    """The MIME type of a link by its end."""
    return mimetypes.guess_type(address.partition("?")[0])[0] or ""
