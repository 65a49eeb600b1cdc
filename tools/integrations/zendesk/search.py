"""What is asked of Zendesk's search, and its two ways of giving a list in pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import date
from typing import Any

from core.errors import Candidate, Conflict
from tools.kit.http import Http
from tools.kit.paging import dig, listed, walk

SEARCH_MOST = 1000  # the search gives no more, whatever is asked
WAITS_S = (0.0, 0.3, 0.6, 1.2, 2.4)
To = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]  # an item and the page that it came on


def by_number(http: Http, path: str, items: str, to: To, **parameters: Any) -> AsyncIterator[Any]:
    """Numbered pages; a `next_page` says that there is one more."""

    async def fetch(number: Any) -> tuple[list[Any], Any]:
        page = await http.get(path, **parameters, page=number, per_page=100)
        return [to(item, page) for item in listed(page, items)], number + 1 if page.get("next_page") else None

    return walk(fetch, 1)


def by_more(http: Http, path: str, items: str, to: To, **parameters: Any) -> AsyncIterator[Any]:
    """Pages by cursor; the cursor is there on the last page too, so `has_more` counts."""

    async def fetch(after: Any) -> tuple[list[Any], Any]:
        page = await http.get(path, **parameters, **{"page[size]": 100, "page[after]": after})
        more = dig(page, "meta.after_cursor") if dig(page, "meta.has_more") else None
        return [to(item, page) for item in listed(page, items)], more

    return walk(fetch)


def query(
    text: str | None = None,
    status: str | None = None,
    priority: str | None = None,
    assignee: str | None = None,
    customer: str | None = None,
    tag: str | None = None,
    created_after: date | None = None,
) -> str:
    """A query for tickets; `text` may be one of Zendesk's own, `customer` is a term that `find_customer` gave."""
    terms = [
        text.strip() if text else None,
        f"status:{status}" if status else None,
        f"priority:{priority}" if priority else None,
        f"assignee:{assignee}" if assignee else None,
        customer,
        f"tags:{quoted(tag)}" if tag else None,
        f"created>{created_after}" if created_after else None,
    ]
    kept = [term for term in terms if term]
    return " ".join(kept if any("type:" in term for term in kept) else ["type:ticket", *kept])


def words(text: str) -> str:
    """The words of a name, with nothing that the search would take for a sign of its own."""
    return " ".join("".join(" " if char in '":<>*()' else char for char in text).replace(" -", " ").split())


def quoted(text: str) -> str:
    """A value as one term."""
    return f'"{words(text)}"' if " " in text.strip() else words(text)


def fitting(text: str, rows: Sequence[Candidate]) -> list[Candidate]:
    """Those of a short list that a name may stand for: by id, else by any of its words."""
    exact = [row for row in rows if text.strip() == row.id]
    wanted = text.lower().split()
    return exact or [row for row in rows if any(word in row.label.lower() for word in wanted)]


async def finished(http: Http, job: Mapping[str, Any]) -> None:
    """Wait a little for work that Zendesk does in its own time; what takes longer is seen when it is read back.

    Raises:
        Conflict: it failed.
    """
    for wait in WAITS_S:
        if job.get("status") == "failed":
            raise Conflict(f"Zendesk says: {job.get('message') or 'it did not work'}")
        if job.get("status") == "completed" or not job.get("id"):
            return
        await asyncio.sleep(wait)
        job = (await http.get(f"/api/v2/job_statuses/{job['id']}"))["job_status"]
