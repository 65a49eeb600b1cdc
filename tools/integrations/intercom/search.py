"""Finding Intercom's conversations, customers, teammates, teams, tags and kinds of ticket."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from core.errors import Candidate, NotFound
from core.records import Message, Ticket
from tools.integrations.intercom.mapping import to_part, to_person, to_ticket
from tools.kit.http import Http
from tools.kit.paging import dig, listed, take, walk

LINK = re.compile(r"/conversations?/(\d+)")
CONTACT = re.compile(r"[0-9a-f]{24}")
PAGE = 150
Query = dict[str, Any]


class Search:
    """The reading half of the integration, under one person's connection."""

    http: Http

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Teammates by address or words of the name."""
        found = listed(await self.http.get("/admins"), "admins")
        return [
            Candidate(str(one["id"]), one["name"], one.get("email") or "")
            for one in found
            if text.strip() in (str(one["id"]), one.get("email")) or _has(text, one["name"])
        ]

    async def find_team(self, text: str) -> Sequence[Candidate]:
        """Teams by words of the name."""
        return _named(listed(await self.http.get("/teams"), "teams"), text)

    async def find_tag(self, text: str) -> Sequence[Candidate]:
        """Tags by words of the name."""
        return _named(listed(await self.http.get("/tags"), "data"), text)

    async def find_ticket_type(self, text: str) -> Sequence[Candidate]:
        """Kinds of ticket by words of the name."""
        found = listed(await self.http.get("/ticket_types"), "data")
        return _named([one for one in found if not one.get("archived")], text)

    async def find_company(self, text: str) -> Sequence[Candidate]:
        """Companies by their very name, else by words of it."""
        try:
            found = listed(await self.http.get("/companies", name=text.strip()), "data")
        except NotFound:
            found = []
        if not found:
            found = await take(self._companies(), 600)
        return _named(found, text)

    async def find_contact(self, text: str) -> Sequence[Candidate]:
        """Users and leads by id, address or words of the name."""
        if CONTACT.fullmatch(text.strip()):
            items = [await self.http.get(f"/contacts/{text.strip()}")]
        else:
            items = await take(self.rows("contacts", "data", matching(text)), 10)
        return [Candidate(one.ref.id, one.title, one.email) for one in (to_person(item, "") for item in items)]

    async def find_conversation(self, text: str) -> Sequence[Candidate]:
        """A conversation by id or link, else the latest with a customer, else by words of what was asked."""
        link = LINK.search(text)
        own = link[1] if link else text.strip().lstrip("#")
        if own.isdigit():
            return [_candidate(await self.conversation(own), text, own)]
        customers = await take(self.rows("contacts", "data", matching(text)), 5)
        asked = test("contact_ids", "IN", [one["id"] for one in customers])
        query = asked if customers else test("source.body", "~", text)
        items = await take(self.rows("conversations", "conversations", query), 5)
        return [_candidate(to_ticket(item, "", {}, {})) for item in items]

    def _companies(self) -> AsyncIterator[Any]:
        async def page(number: Any) -> tuple[list[Any], Any]:
            told = {"page": int(number or 1), "per_page": 60}
            data = (await self.http.send("POST", "/companies/list", params=told, is_read=True)).data
            last = int(dig(data, "pages.total_pages") or 0)
            return listed(data, "data"), told["page"] + 1 if told["page"] < last else None

        return walk(page)

    async def customers(self, query: str, role: str | None, company: str | None, most: int) -> list[dict[str, Any]]:
        """Users and leads by words, of one company if wanted."""
        if company is None:
            tests = [matching(query), *([test("role", "=", role)] if role else [])]
            return await take(self.rows("contacts", "data", every(tests)), most)
        some = listed(await self.http.get(f"/companies/{company}/contacts"), "data")
        said = [f"{one.get('name') or ''} {one.get('email') or ''}".casefold() for one in some]
        words = query.casefold().split()
        fits = [one for one, text in zip(some, said, strict=True) if all(word in text for word in words)]
        return [one for one in fits if role in (None, one.get("role"))][:most]

    async def part(self, conversation: str, own: str) -> Message:
        """One thing that was said.

        Raises:
            NotFound: the conversation has no such part.
        """
        item = await self.http.get(f"/conversations/{conversation}")
        for part in listed(item, "conversation_parts.conversation_parts"):
            if str(part["id"]) == own:
                return to_part(part, item, self.site)
        raise NotFound("It is not in the conversation.")

    @property
    def site(self) -> str:
        """Where people see the workspace."""
        return self.http.connection.site

    def rows(self, kind: str, items: str, query: Query, sort: Mapping[str, str] | None = None) -> AsyncIterator[Any]:
        """What a search finds, page after page."""
        body: Query = {"query": query} | ({"sort": dict(sort)} if sort else {})

        async def page(mark: Any) -> tuple[list[Any], Any]:
            wanted = body | {"pagination": {"per_page": PAGE} | ({"starting_after": mark} if mark else {})}
            data = await self.http.post(f"/{kind}/search", wanted, is_read=True)
            return listed(data, items), dig(data, "pages.next.starting_after")

        return walk(page)

    async def conversation(self, own: str) -> Ticket:
        """One conversation with all that was said."""
        item = await self.http.get(f"/conversations/{own}")
        return (await self.tickets([item]))[0]

    async def tickets(self, items: Sequence[Mapping[str, Any]]) -> list[Ticket]:
        """Conversations as records, with the names of those who have them."""
        admins: Mapping[str, str] = {}
        teams: Mapping[str, str] = {}
        if any(item.get("admin_assignee_id") for item in items):
            admins = _names(listed(await self.http.get("/admins"), "admins"))
        if any(item.get("team_assignee_id") for item in items):
            teams = _names(listed(await self.http.get("/teams"), "teams"))
        return [to_ticket(item, self.site, admins, teams) for item in items]


def test(field: str, operator: str, value: Any) -> Query:
    """One condition of a search."""
    return {"field": field, "operator": operator, "value": value}


def every(tests: Sequence[Query]) -> Query:
    """All of these conditions."""
    return tests[0] if len(tests) == 1 else {"operator": "AND", "value": list(tests)}


def matching(text: str) -> Query:
    """Customers by address or name."""
    if "@" in text:
        return test("email", "=", text.strip().lower())
    return {"operator": "OR", "value": [test("name", "~", text.strip()), test("email", "~", text.strip())]}


def _candidate(ticket: Ticket, *also: str) -> Candidate:
    return Candidate(ticket.ref.id, ticket.title, ticket.requester, also)


def _names(items: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {str(one["id"]): one.get("name") or "" for one in items}


def _named(items: Sequence[Mapping[str, Any]], text: str) -> list[Candidate]:
    fits = [one for one in items if text.strip() == str(one["id"]) or _has(text, one.get("name") or "")]
    return [Candidate(str(one["id"]), one["name"]) for one in fits]


def _has(text: str, name: str) -> bool:
    """Whether each word of the text, but for "team" and the like, begins a word of the name."""
    words = name.casefold().split()
    parts = [part for part in text.casefold().split() if part not in ("the", "team", "ticket", "tag", "type")]
    return bool(parts) and all(any(word.startswith(part) for word in words) for part in parts)
