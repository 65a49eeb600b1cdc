"""What the tools do at Freshdesk step by step: read a ticket, write to it, look whether a lost write arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.errors import Candidate, Forbidden, NotFound, Rejected
from core.records import Message, Person, Record, Ref, Ticket
from core.tool import Call, Change
from tools.integrations.freshdesk import mapping, search
from tools.integrations.freshdesk.mapping import Names
from tools.kit.http import Http
from tools.kit.paging import by_link, take
from tools.stream import Batch, by_time, since

MANY, NAMED = 1000, 10
RECENT = timedelta(minutes=10)
LONG = timedelta(days=730)
FIRST = "2010-01-01T00:00:00Z"


class Desk:
    """Freshdesk under one connection."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.site = http.connection.site

    async def names(self) -> Names:
        """Agents and groups by id; none where the agent may not list them."""
        agents, groups = await self.agents(), await self.groups()
        return {"agents": {int(a.id): a.label for a in agents}, "groups": {int(g.id): g.label for g in groups}}

    async def agents(self) -> list[Candidate]:
        """Who works at the desk."""
        rows = await self._rows("/agents")
        people = [(row["id"], row.get("contact") or {}) for row in rows]
        return [Candidate(str(id), one.get("name") or "", one.get("email") or "") for id, one in people]

    async def groups(self) -> list[Candidate]:
        """The groups of agents."""
        return [Candidate(str(row["id"]), row["name"]) for row in await self._rows("/groups")]

    async def requesters(self, text: str) -> list[Candidate]:
        """Contacts by id, address, number or words of the name."""
        return [Candidate(one.ref.id, one.title, one.email) for one in await self.contacts(text, NAMED)]

    async def contacts(self, text: str, limit: int) -> list[Person]:
        """Contacts with their companies."""
        query = search.contact_query(text)
        if query:
            rows = await take(search.by_total(self._http, "/search/contacts", query), limit)
        else:
            ids = [text.strip()]
            if not text.strip().isdigit():
                found = await self._http.get("/contacts/autocomplete", term=text.strip())
                ids = [str(one["id"]) for one in found[:limit]]
            rows = [row for id in ids if (row := await self._one(f"/contacts/{id}"))]
        firms = {id: await self._one(f"/companies/{id}") for id in _distinct(row.get("company_id") for row in rows)}
        return [
            mapping.to_person(row, (firms.get(row.get("company_id")) or {}).get("name", ""), self.site) for row in rows
        ]

    async def ticket(self, number: int | str, names: Names | None = None) -> Ticket:
        """A ticket with its requester and company.

        Raises:
            NotFound: it is not there, or lies in the trash.
        """
        item = await self._http.get(f"/tickets/{number}", include="requester,company")
        if item.get("deleted"):
            raise NotFound(f"Ticket #{number} lies in the trash.")
        return mapping.to_ticket(item, names or {}, self.site)

    async def whole(self, number: int) -> Ticket:
        """A ticket with its names and everything that was said."""
        names = await self.names()
        said = await self.said(number, names)
        return (await self.ticket(number, names)).model_copy(update={"comments": tuple(said)})

    async def said(self, number: int | str, names: Names | None = None) -> list[Message]:
        """Replies and notes, oldest first."""
        rows = await take(by_link(self._http, f"/tickets/{number}/conversations", per_page=100), MANY)
        return [mapping.to_message(row, number, names or {}, self.site) for row in rows]

    async def search(
        self, query: str, text: str | None, created_after: date | None, due_before: date | None, zone: str, limit: int
    ) -> list[Ticket]:
        """Tickets that fit; where there are words alone, the list of two years is read instead of the search."""
        names = dict(await self.names())
        if query:
            rows = await take(search.by_total(self._http, "/search/tickets", query), MANY)
        else:
            begin = _iso(utc_now() - LONG)
            more = {"updated_since": begin, "include": "requester,description", "order_by": "created_at"}
            rows = await take(by_link(self._http, "/tickets", per_page=100, **more), MANY)
        pairs = [(row, mapping.to_ticket(row, names, self.site)) for row in rows]
        kept = [row for row, one in pairs if search.keeps(one, text, created_after, due_before, zone)][:limit]
        bare = [row.get("requester_id") for row in kept if not row.get("requester")]
        people = {id: await self._one(f"/contacts/{id}") or {} for id in _distinct(bare)}
        names["requesters"] = {id: one.get("email") or one.get("name") or "" for id, one in people.items()}
        return [mapping.to_ticket(row, names, self.site) for row in kept]

    async def listed(
        self, requester: str | None, ready_made: str | None, updated_since: datetime | None, limit: int
    ) -> list[Ticket]:
        """Tickets as Freshdesk lists them, the latest first."""
        begin = updated_since or utc_now() - LONG if requester or updated_since else None
        asked: dict[str, Any] = {
            "requester_id": requester,
            "filter": ready_made,
            "updated_since": _iso(begin) if begin else None,
            "order_by": "updated_at" if updated_since else "created_at",
            "order_type": "desc",
            "include": "requester",
        }
        names = await self.names()
        rows = await take(by_link(self._http, "/tickets", per_page=100, **asked), limit)
        return [mapping.to_ticket(row, names, self.site) for row in rows]

    async def changes(self, cursor: str) -> Batch:
        """Tickets by the time of their last change."""
        begin = since(cursor)
        asked = {"updated_since": _iso(begin) if begin else FIRST, "include": "requester,description"}
        rows = by_link(self._http, "/tickets", per_page=100, order_by="updated_at", order_type="asc", **asked)
        return await by_time(
            rows, cursor, at=lambda row: str(row["updated_at"]), to=lambda row: mapping.to_ticket(row, {}, self.site)
        )

    async def open(self, requester: str, subject: str, text: str, fields: Mapping[str, Any]) -> Change:
        """A new ticket; a requester whom Freshdesk does not know becomes a contact."""
        sent = {**fields, "email": requester, "subject": subject, "description": mapping.markup(text)}
        item = await self._http.post("/tickets", {"status": mapping.STATUS["open"], "source": 2, **sent})
        expect = {"title": subject, "description": text, "requester": requester.lower(), **mapping.expected(fields)}
        return _opened(mapping.to_ticket(item, {}, self.site), expect)

    async def opened_lately(self, requester: str, subject: str) -> Change | None:
        """The ticket with this very subject that was opened within the last minutes."""
        try:
            rows = await self._http.get("/tickets", email=requester, order_by="created_at", include="requester")
        except (NotFound, Rejected):  # nobody is known by this address
            return None
        for found in (mapping.to_ticket(row, {}, self.site) for row in rows):
            if found.title == subject and _is_recent(found.created_at):
                return _opened(found, {"title": subject})
        return None

    async def say(self, number: int, way: str, text: str, is_private: bool, **more: Any) -> Change:
        """Reply to the requester, or leave a note."""
        body = {"body": mapping.markup(text)} | {name: value for name, value in more.items() if value is not None}
        made = await self._http.post(f"/tickets/{number}/{way}", body)
        return self._written(mapping.to_message(made, number, {}, self.site), text, is_private, way)

    async def said_lately(self, number: int, way: str, text: str, is_private: bool) -> Change | None:
        """What this agent wrote with these very words within the last minutes."""
        rows = await take(by_link(self._http, f"/tickets/{number}/conversations", per_page=100), MANY)
        for row in reversed(rows):
            found = mapping.to_message(row, number, {}, self.site)
            is_mine = str(row.get("user_id")) == self._http.connection.account
            is_same = " ".join(found.text.split()) == " ".join(text.split()) and found.is_private == is_private
            if is_mine and is_same and _is_recent(found.sent_at):
                return self._written(found, text, is_private, way)
        return None

    async def message(self, ref: Ref) -> Record:
        """A reply or note by its place on the ticket.

        Raises:
            NotFound: it is not on it.
        """
        number = ref.id.partition("/")[0]
        for one in await self.said(number):
            if one.ref.id == ref.id:
                return one
        raise NotFound(f"Ticket #{number} has no such note.")

    async def update(self, before: Ticket, fields: Mapping[str, Any]) -> Change:
        """Set fields of a ticket."""
        await self._http.send("PUT", f"/tickets/{before.ref.id}", json=dict(fields), is_repeatable=True)
        undo = {"ticket": int(before.ref.id), "fields": mapping.former(before, fields)}
        return Change(before, mapping.expected(fields), undo=Call(tool="freshdesk.reset_ticket", args=undo))

    async def _rows(self, path: str) -> list[Any]:
        try:
            return await take(by_link(self._http, path, per_page=100), MANY)
        except Forbidden:
            return []

    async def _one(self, path: str) -> Any:
        try:
            return await self._http.get(path)
        except (NotFound, Forbidden):
            return None

    def _written(self, message: Message, text: str, is_private: bool, way: str) -> Change:
        expect = {"text": text, "is_private": is_private}
        number, _, id = message.ref.id.partition("/")
        undo = Call(tool="freshdesk.delete_note", args={"ticket": int(number), "note": id}) if way == "notes" else None
        return Change(message, expect, undo=undo)


def deleted(ticket: Ticket) -> Change:
    """A ticket in the trash, and how it comes back."""
    undo = Call(tool="freshdesk.restore_ticket", args={"ticket": int(ticket.ref.id)})
    return Change(ticket, is_gone=True, undo=undo)


def _opened(ticket: Ticket, expect: Mapping[str, Any]) -> Change:
    undo = Call(tool="freshdesk.delete_ticket", args={"ticket": int(ticket.ref.id)})
    return Change(ticket, expect, undo=undo)


def _distinct(ids: Iterable[Any]) -> list[Any]:
    return [*dict.fromkeys(id for id in ids if id)][:NAMED]


def _is_recent(moment: datetime | None) -> bool:
    return moment is not None and utc_now() - moment < RECENT


def _iso(moment: datetime) -> str:
    return moment.astimezone(utc_now().tzinfo).strftime("%Y-%m-%dT%H:%M:%SZ")
