"""Zendesk's JSON to records and back; no key of Zendesk's passes these functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from core.records import Message, Party, Person, Ref, Ticket

Status = Literal["open", "pending", "hold", "solved"]
AnyStatus = Literal["new", "open", "pending", "hold", "solved", "closed"]
Priority = Literal["urgent", "high", "normal", "low"]
Kind = Literal["problem", "incident", "question", "task"]
BESIDE = ("users", "groups", "organizations")  # what comes beside tickets, so that they have names


def to_ticket(item: Mapping[str, Any], page: Mapping[str, Any], site: str) -> Ticket:
    """A ticket, with the names that came beside it on the page."""
    users, groups, companies = (_names(page, kind) for kind in BESIDE)
    requester, company = item.get("requester_id"), item.get("organization_id")
    return Ticket(
        ref=ticket_ref(item["id"], site),
        title=item.get("subject") or "",
        status=item.get("status") or "",
        priority=item.get("priority") or "",
        kind=item.get("type") or "",
        requester=users.get(requester, str(requester or "")),
        company=companies.get(company, ""),
        owner=_party(item.get("assignee_id"), users),
        group=_party(item.get("group_id"), groups),
        labels=tuple(item.get("tags") or ()),
        description=item.get("description") or "",
        due_at=_moment(item.get("due_at")),
        created_at=_moment(item.get("created_at")),
        updated_at=_moment(item.get("updated_at")),
    )


def ticket_ref(number: Any, site: str) -> Ref:
    """A ticket by its number."""
    url = f"{site}/agent/tickets/{number}" if site else ""
    return Ref(integration="zendesk", kind="ticket", id=str(number), key=f"#{number}", url=url)


def part_ref(ticket: Any, kind: str, id: str, site: str) -> Ref:
    """Something of a ticket: its id is the ticket's number and its own."""
    return ticket_ref(ticket, site).model_copy(update={"kind": kind, "id": f"{ticket}/{id}"})


def to_comment(item: Mapping[str, Any], page: Mapping[str, Any], ticket: Any, site: str) -> Message:
    """A comment with its author."""
    users, author = _names(page, "users"), item.get("author_id")
    said = to_words(ticket, item["id"], item.get("body") or "", not item.get("public", True), site)
    return said.model_copy(
        update={"author": users.get(author, str(author or "")), "sent_at": _moment(item.get("created_at"))}
    )


def to_words(ticket: Any, comment: Any, text: str, is_private: bool, site: str) -> Message:
    """What a comment says and who may see it."""
    ref = part_ref(ticket, "comment", str(comment), site)
    return Message(ref=ref, text=text, channel=str(ticket), is_private=is_private)


def to_person(item: Mapping[str, Any], page: Mapping[str, Any], site: str) -> Person:
    """A customer or an agent."""
    url = f"{site}/agent/users/{item['id']}" if site else ""
    return Person(
        ref=Ref(integration="zendesk", kind="user", id=str(item["id"]), url=url),
        title=item.get("name") or "",
        email=item.get("email") or "",
        phone=item.get("phone") or "",
        company=_names(page, "organizations").get(item.get("organization_id"), ""),
        timezone=item.get("iana_time_zone") or "",
        status=item.get("role") or "",
        description=item.get("details") or "",
        is_active=bool(item.get("active", True)) and not item.get("suspended"),
    )


def written(
    status: str | None = None,
    priority: str | None = None,
    kind: str | None = None,
    assignee: str | None = None,
    group: str | None = None,
    labels: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The fields of a ticket as Zendesk takes them; what is None is left out."""
    fields = {
        "status": status,
        "priority": priority,
        "type": kind,
        "assignee_id": int(assignee) if assignee else None,
        "group_id": int(group) if group else None,
        "tags": list(labels) if labels is not None else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def former(before: Ticket, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The values that an undo sets. A ticket is never new again; solving gives one to an agent, an agent to a group."""
    every = {
        "status": "open" if before.status == "new" else before.status,
        "priority": before.priority or None,
        "type": before.kind or None,
        "assignee_id": int(before.owner.id) if before.owner else None,
        "group_id": int(before.group.id) if before.group else None,
        "tags": list(before.labels),
    }
    held = {"assignee_id", "group_id"}
    names = {*fields} | (held if {*held, "status"} & {*fields} else set())
    return {name: every[name] for name in sorted(names)}


def expected(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the ticket read back must hold after these fields were written."""
    ticket = to_ticket({"id": "", **fields}, {}, "")
    names = {"type": "kind", "assignee_id": "owner", "group_id": "group", "tags": "labels"}
    return {names.get(name, name): getattr(ticket, names.get(name, name)) for name in fields}


def tagged(tags: Sequence[str]) -> list[str]:
    """Tags as Zendesk keeps them: lower case, without spaces, each once."""
    return sorted({"_".join(tag.lower().split()) for tag in tags if tag.strip()})


def retagged(tags: Sequence[str], added: Sequence[str] | None, removed: Sequence[str] | None) -> list[str] | None:
    """All tags after some were put on and others taken off; None where nothing is asked for."""
    if not added and not removed:
        return None
    return [one for one in tagged([*tags, *(added or ())]) if one not in tagged(removed or ())]


def wanted(now: Ticket, **asked: Any) -> dict[str, Any]:
    """What a ticket must hold after the arguments of an update."""
    labels = retagged(now.labels, asked["add_tags"], asked["remove_tags"])
    return expected(written(asked["status"], asked["priority"], None, asked["assignee"], asked["group"], labels))


def shows(now: Ticket, expect: Mapping[str, Any]) -> bool:
    """Whether a ticket holds what is expected."""
    pairs = [(getattr(now, name), value) for name, value in expect.items()]
    return all(_plain(is_now) == _plain(value) for is_now, value in pairs)


def refusal(data: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The sentence of an error body, and its reason for each field that was refused."""
    error, details = data.get("error"), data.get("details")
    inner = error.get("message") or error.get("title") if isinstance(error, Mapping) else error
    fields = {
        str(name): " ".join(str(one.get("description") or one.get("error") or "") for one in reasons)
        for name, reasons in (details.items() if isinstance(details, Mapping) else ())
        if isinstance(reasons, list)
    }
    return " ".join(
        [str(data.get("description") or data.get("error_description") or inner or ""), *fields.values()]
    ), fields


def _names(page: Mapping[str, Any], kind: str) -> dict[Any, str]:
    return {one["id"]: str(one.get("name") or one.get("email") or "") for one in page.get(kind) or ()}


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, tuple) else getattr(value, "id", value)


def _party(id: Any, names: Mapping[Any, str]) -> Party | None:
    return Party(id=str(id), name=names.get(id, "")) if id else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
