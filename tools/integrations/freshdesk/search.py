"""What is asked of Freshdesk's search, and what is sifted here because the search cannot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.errors import Candidate
from core.records import Ticket
from tools.integrations.freshdesk.mapping import PRIORITY, STATUS
from tools.kit.http import Http
from tools.kit.paging import listed, walk

PAGE, PAGES = 30, 10  # the search gives no more


def by_total(http: Http, path: str, query: str) -> AsyncIterator[Any]:
    """The pages of a search, which says how many there are in all."""

    async def fetch(number: Any) -> tuple[list[Any], Any]:
        found = await http.get(path, query=f'"{query}"', page=number)
        is_more = number < PAGES and number * PAGE < int(found.get("total") or 0)
        return listed(found, "results"), number + 1 if is_more else None

    return walk(fetch, 1)


def query(
    status: str | None,
    priority: str | None,
    assignee: str | None,
    tag: str | None,
    kind: str | None,
    created_after: date | None,
    due_before: date | None,
) -> str:
    """A query for tickets; its days are wider by one on each side, for Freshdesk counts them in UTC."""
    terms = [
        f"status:{STATUS[status]}" if status else "",
        f"priority:{PRIORITY[priority]}" if priority else "",
        f"agent_id:{assignee}" if assignee else "",
        f"tag:{quoted(tag)}" if tag else "",
        f"type:{quoted(kind)}" if kind else "",
        f"created_at:>'{created_after}'" if created_after else "",
        f"due_by:<'{due_before + timedelta(days=1)}'" if due_before else "",
    ]
    return " AND ".join(term for term in terms if term)


def keeps(ticket: Ticket, text: str | None, created_after: date | None, due_before: date | None, zone: str) -> bool:
    """Whether a ticket has the words, and lies within the days as the asker counts them."""
    here = ZoneInfo(zone or "UTC")
    words = f"{ticket.title} {ticket.description}".lower()
    if text and not all(word in words for word in text.lower().split()):
        return False
    opened, due = ticket.created_at, ticket.due_at
    if created_after and not (opened and opened.astimezone(here).date() > created_after):
        return False
    return not due_before or bool(due and due.astimezone(here).date() < due_before)


def contact_query(text: str) -> str:
    """A query for contacts by address or number; "" for a name, which the search does not take."""
    if "@" in text:
        return f"email:{quoted(text.strip())}"
    digits = "".join(char for char in text if char.isdigit())
    if len(digits) >= 5 and not any(char.isalpha() for char in text):
        return f"phone:{quoted(text.strip())} OR mobile:{quoted(text.strip())}"
    return ""


def quoted(text: str) -> str:
    """A value that holds nothing but itself."""
    kept = "".join(" " if char in "'\"\\" else char for char in text)
    return f"'{' '.join(kept.split())}'"


def fitting(text: str, rows: Sequence[Candidate]) -> list[Candidate]:
    """Those of a short list that a name may stand for: by id, else by any of its words."""
    exact = [row for row in rows if text.strip() == row.id]
    wanted = text.lower().split()
    return exact or [row for row in rows if any(word in f"{row.label} {row.detail}".lower() for word in wanted)]


def site(secret: Mapping[str, Any], base: str) -> str:
    """Where people see this Freshdesk."""
    return f"https://{secret['domain']}.freshdesk.com" if secret.get("domain") else base.removesuffix("/api/v2")
