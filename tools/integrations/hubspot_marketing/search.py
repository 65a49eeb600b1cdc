"""Finding campaigns, e-mails, lists, contacts and colleagues, and telling who is on a list."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from core.errors import Candidate, NotFound
from core.records import Campaign, Channel, Person
from tools.integrations.hubspot_marketing.mapping import (
    MODELS,
    PROPERTIES,
    to_campaign,
    to_email,
    to_list,
    to_person,
)
from tools.kit.http import Http
from tools.kit.paging import by_cursor, listed, take, walk

CAMPAIGNS, EMAILS, LISTS = "/marketing/v3/campaigns", "/marketing/v3/emails/", "/crm/v3/lists"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
NUMBER = re.compile(r"/(?:details|edit|objectLists|lists|record/0-1)/(\d+)")
STATIC = ["MANUAL", "SNAPSHOT"]
MOST = 500


class Search:
    """The reading half of the integration, under one person's connection."""

    http: Http

    @property
    def site(self) -> str:
        """Where people see the portal."""
        return self.http.connection.site

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Owners, as HubSpot calls its own users, by address or words of the name."""
        wanted = text.strip().lower()
        found = [
            one for one in await self._owners() if wanted in (one["id"], one.get("email")) or _has(text, _name(one))
        ]
        return [Candidate(one["id"], _name(one), one.get("email") or "") for one in found]

    async def find_contact(self, text: str) -> Sequence[Candidate]:
        """Contacts by id, link, address or words of the name."""
        link, wanted = NUMBER.search(text), text.strip()
        own = link[1] if link else wanted if wanted.isdigit() else ""
        name, value = ("hs_object_id", own) if own else ("email", wanted.lower())
        body: dict[str, Any] = {"limit": 10, "properties": ["email", "firstname", "lastname"]}
        if own or "@" in wanted:
            body["filterGroups"] = [{"filters": [{"propertyName": name, "operator": "EQ", "value": value}]}]
        else:
            body["query"] = wanted
        data = await self.http.post("/crm/v3/objects/contacts/search", body, is_read=True)
        people = [to_person(item) for item in listed(data, "results")]
        return [Candidate(one.ref.id, one.title, one.email, (text,) if link else ()) for one in people]

    async def find_campaign(self, text: str) -> Sequence[Candidate]:
        """Campaigns by id, link or words of the name."""
        guid = GUID.search(text)
        if guid:
            found = await self.campaign(guid[0])
            return [Candidate(found.ref.id, found.title, found.status, (text,))]
        items = await take(self.campaigns(name=text.strip()), 10)
        every = [to_campaign(item, "", {}) for item in items]
        return [Candidate(one.ref.id, one.title, one.status) for one in every]

    async def find_email(self, text: str) -> Sequence[Candidate]:
        """Marketing e-mails by id, link, or words of the name or subject, the last changed first."""
        link, wanted = NUMBER.search(text), text.strip()
        if link or wanted.isdigit():
            found = await self.email(link[1] if link else wanted)
            return [Candidate(found.ref.id, found.title, found.status, (text,))]
        every = [to_email(item, "") for item in await take(self.emails(sort="-updatedAt"), MOST)]
        fits = [one for one in every if _has(text, one.title) or _has(text, one.subject)]
        return [Candidate(one.ref.id, one.title, one.status, (one.subject,)) for one in fits]

    async def find_list(self, text: str) -> Sequence[Candidate]:
        """Static lists by id, link or words of the name; a list that fills itself takes nobody by hand."""
        link, wanted = NUMBER.search(text), text.strip()
        if link or wanted.isdigit():
            item = (await self.http.get(f"{LISTS}/{link[1] if link else wanted}"))["list"]
            return [Candidate(str(item["listId"]), item["name"], also=(text,))]
        found = [one async for one in self._lists(re.sub(r"\blist\b", "", wanted, flags=re.IGNORECASE).strip())]
        return [Candidate(str(one["listId"]), one["name"], also=(f"{one['name']} list",)) for one in found[:20]]

    async def find_attribution_model(self, text: str) -> Sequence[Candidate]:
        """The ways in which HubSpot credits revenue."""
        return [
            Candidate(model, names[0], also=names[1:])
            for model, names in MODELS.items()
            if text == model or any(_has(text, name) for name in names)
        ]

    def campaigns(self, **options: Any) -> AsyncIterator[Any]:
        """Campaigns, page after page."""
        names = ",".join(PROPERTIES)
        return by_cursor(
            self.http, CAMPAIGNS, "results", "paging.next.after", "after", limit=100, properties=names, **options
        )

    def emails(self, **options: Any) -> AsyncIterator[Any]:
        """Marketing e-mails, page after page."""
        return by_cursor(
            self.http,
            EMAILS,
            "results",
            "paging.next.after",
            "after",
            limit=100,
            marketingCampaignNames="true",
            **options,
        )

    async def campaign(self, own: str) -> Campaign:
        """One campaign."""
        item = await self.http.get(f"{CAMPAIGNS}/{own}", properties=",".join(PROPERTIES))
        return to_campaign(item, self.site, await self.owners([item]))

    async def email(self, own: str) -> Campaign:
        """One marketing e-mail."""
        return to_email(await self.http.get(f"{EMAILS}{own}", marketingCampaignNames="true"), self.site)

    async def owners(self, items: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
        """Names of owners by id, where a campaign has one."""
        if not any(item["properties"].get("hs_owner") for item in items):
            return {}
        return {one["id"]: _name(one) for one in await self._owners()}

    async def members(self, own: str, contacts: Sequence[str]) -> Channel:
        """A list, with those of the contacts who are on it."""
        item = (await self.http.get(f"{LISTS}/{own}"))["list"]
        there = [contact for contact in contacts if await self._is_on(own, contact)]
        people = [Person(ref=to_person({"id": one, "properties": {}}).ref) for one in there]
        return to_list(item, people, self.site)

    async def _is_on(self, own: str, contact: str) -> bool:
        try:
            told = await self.http.get(f"{LISTS}/records/0-1/{contact}/memberships")
        except NotFound:
            return False
        return own in [str(one["listId"]) for one in listed(told, "results")]

    def _lists(self, query: str) -> AsyncIterator[Any]:
        async def page(offset: Any) -> tuple[list[Any], Any]:
            body = {"query": query, "processingTypes": STATIC, "offset": int(offset or 0), "count": 100}
            data = await self.http.post(f"{LISTS}/search", body, is_read=True)
            return listed(data, "lists"), data.get("offset") if data.get("hasMore") else None

        return walk(page)

    async def _owners(self) -> list[dict[str, Any]]:
        pages = by_cursor(self.http, "/crm/v3/owners/", "results", "paging.next.after", "after", limit=100)
        return [one for one in await take(pages, MOST) if not one.get("archived")]


def _name(owner: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (owner.get("firstName"), owner.get("lastName")))) or owner.get("email") or ""


def _has(text: str, name: str) -> bool:
    """Whether each word of the text, but for "email" and the like, begins a word of the name."""
    words = re.split(r"[\s-]+", name.casefold())
    parts = [part for part in re.split(r"[\s-]+", text.casefold()) if part not in ("the", "email", "e-mail", "")]
    return bool(parts) and all(any(word.startswith(part) for word in words) for part in parts)
