"""Freshdesk's JSON to records and back; its numbers for status and priority do not pass these functions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape, unescape
from re import sub
from typing import Any, Literal

from core.records import Message, Party, Person, Ref, Ticket
from tools.kit.webhook import Delivery, WebhookEvent

Status = Literal["open", "pending", "resolved", "closed"]
Priority = Literal["low", "medium", "high", "urgent"]
STATUS: Mapping[str, int] = {"open": 2, "pending": 3, "resolved": 4, "closed": 5}
PRIORITY: Mapping[str, int] = {"low": 1, "medium": 2, "high": 3, "urgent": 4}
Names = Mapping[str, Mapping[int, str]]  # of agents, groups and requesters by id


def to_ticket(item: Mapping[str, Any], names: Names, site: str) -> Ticket:
    """A ticket; its requester is an address where that came along."""
    asks = item.get("requester") or {}
    requester = asks.get("email") or asks.get("name") or names.get("requesters", {}).get(item.get("requester_id") or 0)
    return Ticket(
        ref=ticket_ref(item["id"], site),
        title=item.get("subject") or "",
        status=_word(STATUS, item.get("status")),
        priority=_word(PRIORITY, item.get("priority")),
        kind=item.get("type") or "",
        requester=requester or "",
        company=(item.get("company") or {}).get("name") or "",
        owner=_party(item.get("responder_id"), names.get("agents", {})),
        group=_party(item.get("group_id"), names.get("groups", {})),
        labels=tuple(item.get("tags") or ()),
        description=item.get("description_text") or plain(item.get("description") or ""),
        due_at=_moment(item.get("due_by")),
        created_at=_moment(item.get("created_at")),
        updated_at=_moment(item.get("updated_at")),
    )


def ticket_ref(number: Any, site: str) -> Ref:
    """A ticket by its number."""
    url = f"{site}/a/tickets/{number}" if site else ""
    return Ref(integration="freshdesk", kind="ticket", id=str(number), key=f"#{number}", url=url)


def to_message(item: Mapping[str, Any], ticket: Any, names: Names, site: str) -> Message:
    """A reply, a note, or what the requester wrote; its id is the ticket's number and its own."""
    base, author = ticket_ref(ticket, site), item.get("user_id")
    by = names.get("agents", {}).get(author or 0) or ("" if not item.get("incoming") else item.get("from_email"))
    return Message(
        ref=base.model_copy(update={"kind": "conversation", "id": f"{ticket}/{item['id']}"}),
        text=item.get("body_text") or plain(item.get("body") or ""),
        author=by or "",
        channel=str(ticket),
        is_private=bool(item.get("private")),
        sent_at=_moment(item.get("created_at")),
    )


def to_person(item: Mapping[str, Any], company: str, site: str) -> Person:
    """A contact."""
    url = f"{site}/a/contacts/{item['id']}" if site else ""
    return Person(
        ref=Ref(integration="freshdesk", kind="contact", id=str(item["id"]), url=url),
        title=item.get("name") or "",
        email=item.get("email") or "",
        phone=item.get("phone") or item.get("mobile") or "",
        job_title=item.get("job_title") or "",
        company=company,
        timezone=item.get("time_zone") or "",
        description=item.get("description") or "",
        is_active=not item.get("deleted"),
    )


def written(
    status: str | None = None,
    priority: str | None = None,
    assignee: str | None = None,
    tags: Sequence[str] | None = None,
    group: str | None = None,
    kind: str | None = None,
) -> dict[str, Any]:
    """The fields of a ticket as Freshdesk takes them; what is None is left out."""
    fields = {
        "status": STATUS[status] if status else None,
        "priority": PRIORITY[priority] if priority else None,
        "responder_id": int(assignee) if assignee else None,
        "tags": list(dict.fromkeys(tags)) if tags is not None else None,
        "group_id": int(group) if group else None,
        "type": kind,
    }
    return {name: value for name, value in fields.items() if value is not None}


def former(before: Ticket, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The values that an undo sets."""
    every = {
        "status": STATUS.get(before.status) or int(before.status.removeprefix("status ") or 2),
        "priority": PRIORITY.get(before.priority),
        "responder_id": int(before.owner.id) if before.owner else None,
        "tags": list(before.labels),
        "group_id": int(before.group.id) if before.group else None,
        "type": before.kind or None,
    }
    return {name: every[name] for name in fields}


def expected(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the ticket read back must hold after these fields were written."""
    ticket = to_ticket({"id": "", **fields}, {}, "")
    names = {"responder_id": "owner", "group_id": "group", "tags": "labels", "type": "kind"}
    return {names.get(name, name): getattr(ticket, names.get(name, name)) for name in fields}


def shows(now: Ticket, expect: Mapping[str, Any]) -> bool:
    """Whether a ticket holds what is expected."""
    return all(_bare(getattr(now, name)) == _bare(value) for name, value in expect.items())


def markup(text: str) -> str:
    """Text as the HTML that Freshdesk wants."""
    return f"<div>{escape(text.strip(), quote=False)}</div>".replace("\n", "<br>")


def plain(html: str) -> str:
    """HTML as text."""
    return unescape(sub(r"<[^>]+>", "", sub(r"<br\s*/?>|</p>|</div>(?=.)", "\n", html))).strip()


def refusal(data: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The sentence of an error body, and its reason for each field that was refused."""
    errors = [one for one in data.get("errors") or () if isinstance(one, Mapping)]
    fields = {str(one["field"]): str(one.get("message") or one.get("code") or "") for one in errors if one.get("field")}
    reasons = [f"{name}: {reason}" for name, reason in fields.items()] or [str(e.get("message") or "") for e in errors]
    return " ".join([str(data.get("description") or data.get("message") or ""), *reasons]).strip(), fields


def event(delivery: Delivery) -> WebhookEvent:
    """What an automation rule told; it has no id of its own, so the whole text is one."""
    told = delivery.data["freshdesk_webhook"]
    at = str(told.get("ticket_modified_on") or "")
    try:
        moment = datetime.fromisoformat(at) if at else None
    except ValueError:
        moment = None
    moment = moment if moment and moment.tzinfo else None
    id = hashlib.sha256(delivery.body).hexdigest()
    return WebhookEvent(id, str(told.get("triggered_event") or ""), ticket_ref(told["ticket_id"], ""), moment)


def _word(scale: Mapping[str, int], number: Any) -> str:
    found = next((word for word, one in scale.items() if one == number), "")
    return found or (f"status {number}" if number and scale is STATUS else "")


def _party(id: Any, names: Mapping[int, str]) -> Party | None:
    return Party(id=str(id), name=names.get(id, "")) if id else None


def _bare(value: Any) -> Any:
    return sorted(value) if isinstance(value, tuple) else getattr(value, "id", value)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
