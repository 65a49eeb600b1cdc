"""What the tools do at Zendesk step by step: read a ticket, write to it, look whether a lost write arrived."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.errors import Candidate, NotFound
from core.records import Message, Person, Record, Ref, Ticket
from core.tool import Call, Change
from tools.integrations.zendesk import mapping, search
from tools.kit.http import Http
from tools.kit.paging import take
from tools.stream import Batch

BESIDE = ",".join(mapping.BESIDE)
MANY = 1000
RECENT = timedelta(minutes=10)


class Desk:
    """Zendesk under one connection."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.site = http.connection.site

    def mapped(self, item: Mapping[str, Any], page: Mapping[str, Any]) -> Ticket:
        """A ticket of a page."""
        return mapping.to_ticket(item, page, self.site)

    async def ticket(self, number: int | str) -> Ticket:
        """A ticket with its names."""
        page = await self._http.get(f"/api/v2/tickets/{number}", include=BESIDE)
        return self.mapped(page["ticket"], page)

    async def comments(self, number: int | str) -> list[Message]:
        """Everything that was said on a ticket, oldest first."""
        path = f"/api/v2/tickets/{number}/comments"
        pages = search.by_more(
            self._http, path, "comments", lambda i, p: mapping.to_comment(i, p, number, self.site), include="users"
        )
        return await take(pages, MANY)

    async def search(self, query: str, limit: int) -> list[Ticket]:
        """Tickets that a query gives, the latest first."""
        asked = {"query": query, "sort_by": "created_at", "sort_order": "desc", "include": f"tickets({BESIDE})"}
        pages = search.by_number(self._http, "/api/v2/search", "results", self.mapped, **asked)
        return await take(pages, min(limit, search.SEARCH_MOST))

    async def queue(self, view: str, limit: int) -> list[Ticket]:
        """The tickets of a view."""
        path = f"/api/v2/views/{view}/tickets"
        return await take(search.by_more(self._http, path, "tickets", self.mapped, include=BESIDE), limit)

    async def users(self, text: str, limit: int, roles: Sequence[str] = ()) -> list[Person]:
        """People by id, address or words of the name."""
        if text.strip().isdigit():
            try:
                one = await self._http.get(f"/api/v2/users/{text.strip()}", include="organizations")
            except NotFound:
                return []
            return [mapping.to_person(one["user"], one, self.site)]
        asked = {"query": search.words(text), "include": "organizations"}
        pages = search.by_number(
            self._http, "/api/v2/users/search", "users", lambda i, p: mapping.to_person(i, p, self.site), **asked
        )
        found: list[Person] = await take(pages, MANY if roles else limit)
        return [one for one in found if not roles or (one.status in roles and one.is_active)][:limit]

    async def customers(self, text: str) -> list[Candidate]:
        """People and organizations by words of the name, each as the term that the search takes."""
        if text.partition(":")[0] in ("requester", "organization"):
            return [Candidate(text, text)]
        people = [Candidate(f"requester:{one.ref.id}", one.title, one.email) for one in await self.users(text, 20)]
        if "@" in text:
            return people
        asked = {"query": f"type:organization {search.words(text)}"}
        pages = search.by_number(self._http, "/api/v2/search", "results", lambda item, _: item, **asked)
        return [*people, *(Candidate(f"organization:{one['id']}", one["name"]) for one in await take(pages, 20))]

    async def groups(self) -> list[Candidate]:
        """The groups of agents."""
        pages = search.by_more(self._http, "/api/v2/groups", "groups", lambda item, _: item)
        return [Candidate(str(one["id"]), one["name"]) for one in await take(pages, MANY)]

    async def views(self) -> list[Candidate]:
        """The views that the agent sees."""
        pages = search.by_more(self._http, "/api/v2/views", "views", lambda item, _: item, active="true")
        return [Candidate(str(one["id"]), one["title"]) for one in await take(pages, MANY)]

    async def changes(self, cursor: str) -> Batch:
        """Tickets that changed since the cursor of Zendesk's own export."""
        begin = {"cursor": cursor} if cursor else {"start_time": 1}
        page = await self._http.get("/api/v2/incremental/tickets/cursor", **begin, include=BESIDE, per_page=500)
        rows = [self.mapped(item, page) for item in page["tickets"]]
        gone = [row.ref for row in rows if row.status == "deleted"]
        kept = [row for row in rows if row.status != "deleted"]
        return Batch(kept, page.get("after_cursor") or cursor, not page.get("end_of_stream", True), gone)

    async def open(self, requester: str, subject: str, body: str, fields: Mapping[str, Any]) -> Change:
        """A new ticket for somebody known by id, or by an address that Zendesk makes a user of."""
        name = requester.partition("@")[0]
        whose: dict[str, Any] = {"requester": {"name": name, "email": requester}}
        if requester.isdigit():
            name = (await self._http.get(f"/api/v2/users/{requester}"))["user"]["name"]
            whose = {"requester_id": int(requester)}
        sent = {**fields, **whose, "subject": subject, "comment": {"body": body}}
        once = {"Idempotency-Key": uuid.uuid4().hex}  # Zendesk knows it for new tickets alone
        made = await self._http.post("/api/v2/tickets", {"ticket": sent}, headers=once, is_repeatable=True)
        expect = mapping.expected(fields) | {"title": subject, "description": body, "requester": name}
        return opened(self.mapped(made["ticket"], made), expect)

    async def opened_lately(self, subject: str) -> Change | None:
        """The ticket that this agent opened with this very subject within the last minutes."""
        pages = search.by_more(self._http, "/api/v2/tickets", "tickets", lambda item, _: item, sort="-id")
        for item in await take(pages, 100):
            found, by = self.mapped(item, {}), str(item.get("submitter_id"))
            if by == self._http.connection.account and found.title == subject and _is_recent(found.created_at):
                return opened(found, {"title": subject})
        return None

    async def say(self, number: int, text: str, *, is_private: bool, status: str | None = None) -> Change:
        """Comment on a ticket."""
        fields = {"comment": {"body": text.strip(), "public": not is_private}} | mapping.written(status)
        answer = await self._http.send("PUT", f"/api/v2/tickets/{number}", json={"ticket": fields})
        event = next(one for one in answer.data["audit"]["events"] if one["type"] == "Comment")
        return self._said(number, event["id"], text.strip(), is_private, status)

    async def said_lately(
        self, number: int, text: str, *, is_private: bool, status: str | None = None
    ) -> Change | None:
        """The comment that this agent made with these very words within the last minutes."""
        page = await self._http.get("/api/v2/users/me")
        me, comments = page["user"]["name"], reversed(await self.comments(number))
        for one in comments:
            is_same = (one.text.strip(), one.is_private, one.author) == (text.strip(), is_private, me)
            if is_same and _is_recent(one.sent_at):
                return self._said(number, one.ref.id.partition("/")[2], text.strip(), is_private, status)
        return None

    async def comment(self, ref: Ref) -> Record:
        """A ticket with one comment alone.

        Raises:
            NotFound: the comment is not on it.
        """
        number, _, id = ref.id.partition("/")
        for one in await self.comments(number):
            if one.ref.id == ref.id:
                words = mapping.to_words(number, id, one.text.strip(), one.is_private, self.site)
                return (await self.ticket(number)).model_copy(update={"ref": ref, "comments": (words,)})
        raise NotFound(f"Ticket {number} has no such comment.")

    async def update(self, before: Ticket, fields: Mapping[str, Any]) -> Change:
        """Set fields; tags only if nobody changed the ticket in between, for they are sent whole."""
        sent, is_whole = dict(fields), "tags" in fields
        if is_whole and before.updated_at:
            sent |= {"safe_update": True, "updated_stamp": before.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        path = f"/api/v2/tickets/{before.ref.id}"
        await self._http.send("PUT", path, json={"ticket": sent}, is_repeatable=not is_whole)
        undo = {"ticket": int(before.ref.id), "fields": mapping.former(before, fields)}
        return Change(before, mapping.expected(fields), undo=Call(tool="zendesk.reset_ticket", args=undo))

    async def updated_lately(self, number: int, **asked: Any) -> Change | None:
        """The ticket, if it holds what an update asked for."""
        now = await self.ticket(number)
        expect = mapping.wanted(now, **asked)
        return Change(now, expect) if mapping.shows(now, expect) else None

    async def deleted_lately(self, number: int) -> Change | None:
        """The deletion, if the ticket is not there."""
        try:
            await self.ticket(number)
        except NotFound:
            return deleted(Ticket(ref=mapping.ticket_ref(number, self.site)))
        return None

    async def merge(self, target: int, sources: Sequence[int]) -> Change:
        """Fold tickets into another one."""
        before = await self.ticket(target)
        answer = await self._http.post(f"/api/v2/tickets/{target}/merge", {"ids": list(sources)})
        await search.finished(self._http, answer["job_status"])
        ref = mapping.part_ref(target, "merge", ",".join(map(str, sources)), self.site)
        return Change(before.model_copy(update={"ref": ref}), {"merged": tuple(map(str, sources))})

    async def merged(self, ref: Ref) -> Record:
        """The ticket that stays, with those that were closed into it."""
        target, _, sources = ref.id.partition("/")
        others = [await self.ticket(one) for one in sources.split(",")]
        merged = tuple(one.ref.id for one in others if one.status == "closed" and "closed_by_merge" in one.labels)
        return (await self.ticket(target)).model_copy(update={"ref": ref, "merged": merged})

    def _said(self, number: int, comment: Any, text: str, is_private: bool, status: str | None) -> Change:
        words = mapping.to_words(number, comment, text, is_private, self.site)
        ref = mapping.part_ref(number, "comment", str(comment), self.site)
        expect = {"comments": (words,)} | mapping.expected(mapping.written(status))
        return Change(Ticket(ref=ref, title=text[:80], comments=(words,)), expect)


def opened(ticket: Ticket, expect: Mapping[str, Any]) -> Change:
    """A ticket that was opened, and how it goes away again."""
    return Change(ticket, expect, undo=Call(tool="zendesk.delete_ticket", args={"ticket": int(ticket.ref.id)}))


def deleted(ticket: Ticket) -> Change:
    """A ticket that was deleted, and how it comes back."""
    undo = Call(tool="zendesk.undelete_ticket", args={"ticket": int(ticket.ref.id)})
    return Change(ticket, is_gone=True, undo=undo)


def _is_recent(moment: datetime | None) -> bool:
    return moment is not None and utc_now() - moment < RECENT
