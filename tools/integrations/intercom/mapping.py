"""Intercom's JSON to records and back; no key of Intercom's passes these functions."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.records import Document, Message, Party, Person, Ref, Ticket
from tools.kit.webhook import WebhookEvent

Names = Mapping[str, str]
_TAG = re.compile(r"<[^>]+>")
_BREAK = re.compile(r"<br\s*/?>|</p>|</div>|</li>|</h[1-6]>", re.IGNORECASE)
KINDS = {"user": "contact", "lead": "contact", "contact": "contact", "conversation": "conversation", "ticket": "ticket"}


def to_ticket(item: Mapping[str, Any], site: str, admins: Names, teams: Names) -> Ticket:
    """A conversation, with what was said where the answer has it; `due_at` is when a snooze ends."""
    source = item.get("source") or {}
    author, body = source.get("author") or {}, to_text(source.get("body"))
    parts = (item.get("conversation_parts") or {}).get("conversation_parts") or ()
    said = [to_part(part, item, site) for part in parts if part.get("body")]
    return Ticket(
        ref=_ref("conversation", item["id"], site),
        title=item.get("title") or to_text(source.get("subject")) or _short(body),
        status=item.get("state") or "",
        priority=(item.get("priority") or "").replace("none", ""),
        kind="conversation",
        requester=author.get("name") or author.get("email") or "",
        company=(item.get("company") or {}).get("name") or "",
        owner=_party(item.get("admin_assignee_id"), admins),
        group=_party(item.get("team_assignee_id"), teams),
        labels=tuple(tag["name"] for tag in (item.get("tags") or {}).get("tags") or ()),
        description=body,
        due_at=moment(item.get("snoozed_until")) if item.get("state") == "snoozed" else None,
        created_at=moment(item.get("created_at")),
        updated_at=moment(item.get("updated_at")),
        comments=tuple(said),
    )


def to_part(part: Mapping[str, Any], conversation: Mapping[str, Any], site: str) -> Message:
    """A reply or note; its id is the conversation's and its own."""
    author, home = part.get("author") or {}, str(conversation["id"])
    return Message(
        ref=_ref("part", f"{home}/{part['id']}", site, home),
        text=to_text(part.get("body")),
        author=author.get("name") or author.get("email") or "",
        channel=home,
        sent_at=moment(part.get("created_at")),
        is_private=part.get("part_type") == "note",
    )


def latest(item: Mapping[str, Any], site: str, author: str, text: str, since: datetime | None = None) -> Message | None:
    """The newest part with this text that this teammate wrote, since a moment where one is given."""
    parts = (item.get("conversation_parts") or {}).get("conversation_parts") or ()
    mine = [part for part in parts if str((part.get("author") or {}).get("id")) == author]
    for part in sorted(mine, key=lambda one: int(one["id"]), reverse=True):
        found = to_part(part, item, site)
        is_new = since is None or (found.sent_at is not None and found.sent_at >= since)
        if is_new and " ".join(found.text.split()) == " ".join(text.split()):
            return found
    return None


def to_person(item: Mapping[str, Any], site: str) -> Person:
    """A customer: a user or a lead."""
    seen = moment(item.get("last_seen_at"))
    return Person(
        ref=_ref("contact", item["id"], site),
        title=item.get("name") or item.get("email") or "Somebody without a name",
        email=item.get("email") or "",
        phone=item.get("phone") or "",
        role=item.get("role") or "",
        status=f"last seen {seen:%Y-%m-%d %H:%M} UTC" if seen else "",
        is_active=not item.get("has_hard_bounced", False),
    )


def to_case(item: Mapping[str, Any], site: str, requester: str = "") -> Ticket:
    """A ticket, which is not a conversation."""
    told, state = item.get("ticket_attributes") or {}, item.get("ticket_state") or {}
    if isinstance(state, str):
        state = {"category": state}
    return Ticket(
        ref=_ref("ticket", item["id"], site, str(item.get("ticket_id") or "")),
        title=told.get("_default_title_") or "",
        description=to_text(told.get("_default_description_")),
        status=state.get("category") or "",
        kind=(item.get("ticket_type") or {}).get("name") or "",
        requester=requester,
        created_at=moment(item.get("created_at")),
        updated_at=moment(item.get("updated_at")),
    )


def to_article(item: Mapping[str, Any]) -> Document:
    """An article of the help center."""
    ref = Ref(integration="intercom", kind="article", id=str(item["id"]), url=item.get("url") or "")
    return Document(
        ref=ref,
        title=item.get("title") or "",
        mime_type="text/html",
        text=to_text(item.get("body") or item.get("description")),
        access=item.get("state") or "",
        modified_at=moment(item.get("updated_at")),
    )


def to_events(data: Mapping[str, Any]) -> list[WebhookEvent]:
    """One notification; a ping is none."""
    item = (data.get("data") or {}).get("item") or {}
    if data.get("topic") == "ping":
        return []
    kind = KINDS.get(str(item.get("type")))
    ref = Ref(integration="intercom", kind=kind, id=str(item["id"])) if kind and item.get("id") else None
    return [WebhookEvent(str(data["id"]), str(data["topic"]), ref, moment(data.get("created_at")))]


def to_html(text: str) -> str:
    """Plain text as the body of a reply."""
    paragraphs = re.split(r"\n\s*\n", html.escape(text.strip(), quote=False))
    return "".join(f"<p>{part}</p>" for part in paragraphs).replace("\n", "<br>")


def to_text(body: Any) -> str:
    """A body as plain text."""
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", str(body or "")))).strip()


def moment(value: Any) -> datetime | None:
    """A moment in seconds since 1970; None for nothing."""
    return datetime.fromtimestamp(int(value), UTC) if value else None


def _party(own: Any, names: Names) -> Party | None:
    return Party(id=str(own), name=names.get(str(own), "")) if own else None


def _short(text: str) -> str:
    first = text.partition("\n")[0]
    return first if len(first) <= 80 else f"{first[:77]}…"


def _ref(kind: str, own: Any, site: str, key: str = "") -> Ref:
    path = {"conversation": f"inbox/inbox/all/conversations/{own}", "part": f"inbox/inbox/all/conversations/{key}"}
    path |= {"contact": f"users/{own}/all-conversations", "ticket": f"inbox/inbox/all/conversations/{own}"}
    return Ref(integration="intercom", kind=kind, id=str(own), key=key, url=f"{site}/{path[kind]}" if site else "")
