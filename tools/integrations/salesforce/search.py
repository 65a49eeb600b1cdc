"""Finding and reading records: by id or link, by words of their names, by SOQL."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.errors import Candidate, NotFound, Rejected
from core.records import Record
from tools.integrations.salesforce.mapping import FIELDS, ID, TITLES, kind_of, to_record
from tools.integrations.salesforce.soql import contains, literal, select
from tools.kit.http import Http
from tools.kit.paging import take, walk

DATA = "/services/data/v62.0"


class Search:
    """The reading half of the integration, under one person's connection."""

    http: Http

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Active users by address or words of the name."""
        named = f"(Email = {literal(text.strip())} OR ({contains('Name', text)}))"
        found = await self.rows("User", ("IsActive = true", named), "Name", 20)
        return [Candidate(one["Id"], one["Name"], one.get("Email") or "") for one in found]

    async def find_account(self, text: str) -> Sequence[Candidate]:
        """Accounts by id, link or words of the name."""
        return await self._find(text, ("Account",))

    async def find_contact(self, text: str) -> Sequence[Candidate]:
        """Contacts by id, link, words of the name or address."""
        return await self._find(text, ("Contact",))

    async def find_opportunity(self, text: str) -> Sequence[Candidate]:
        """Opportunities by id, link or words of the name."""
        return await self._find(text, ("Opportunity",))

    async def find_record(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """A record of the kind asked for, else of any kind that has a name."""
        kinds = (str(args["object"]),) if args.get("object") else ("Account", "Contact", "Opportunity", "Lead", "Case")
        return await self._find(text, kinds)

    async def find_stage(self, text: str) -> Sequence[Candidate]:
        """The stages of an opportunity."""
        return await self.choices("Opportunity", "StageName")

    async def find_lead_status(self, text: str) -> Sequence[Candidate]:
        """The states of a lead."""
        return await self.choices("Lead", "Status")

    async def pairs(self, kind: str, text: str) -> dict[str, Any]:
        """`industry is Retail, employees = 450` by the labels that Salesforce shows people."""
        found: dict[str, Any] = {}
        if not text.strip():
            return found
        known = (await self.http.get(f"{DATA}/sobjects/{kind}/describe"))["fields"]
        names = {name.lower(): one for one in known if one["updateable"] for name in (one["label"], one["name"])}
        for part in re.split(r"[,;\n]+|\band\b(?=[^,;]*(?:=|:|\bis\b|\bto\b))", text):
            said = re.fullmatch(r"\s*(?:the\s+|set\s+)*(.+?)\s*(?:=|:|\bis\b|\bto\b)\s*(.+?)\s*", part, re.IGNORECASE)
            said = said or re.fullmatch(r"\s*(.+?)\s+(\d[\d.,]*)\s*", part)
            label = re.sub(r"^(number of|new|its|their)\s+", "", said[1].lower()) if said else ""
            field = names.get(label)
            if said is None or field is None:
                raise Rejected(f"{kind} records have no field like “{part.strip()}”.", fields={"fields": part.strip()})
            found[field["name"]] = _typed(said[2].strip("\"' "), field["type"])
        return found

    async def choices(self, kind: str, field: str) -> list[Candidate]:
        """The values that a field with a list of them may have."""
        described = (await self.http.get(f"{DATA}/sobjects/{kind}/describe"))["fields"]
        values = next(one["picklistValues"] for one in described if one["name"] == field)
        return [Candidate(one["value"], one["label"]) for one in values if one["active"]]

    async def _find(self, text: str, kinds: Iterable[str]) -> list[Candidate]:
        direct = ID.search(text)
        if direct:
            record = await self.record(direct[0])
            return [Candidate(record.ref.id, record.title, also=(text,))]
        found = await together(*(self.rows(kind, (_named(kind, text),), "LastModifiedDate DESC", 10) for kind in kinds))
        return [_candidate(item) for rows in found for item in rows]

    async def record(self, record: str, kind: str = "") -> Record:
        """One record by id.

        Raises:
            Rejected: it is of another kind.
            NotFound: there is none.
        """
        own = kind_of(record)
        if not own or (kind and kind != own):
            raise Rejected(f"“{record}” is no {kind or 'record'}.", fields={"record": "of another kind"})
        found = await self.rows(own, (f"Id = {literal(record)}",), "", 1)
        if not found:
            raise NotFound(f"This {own.lower()} is not in Salesforce, or you may not see it.", status=404)
        return to_record(found[0], self.site)

    async def rows(self, kind: str, conditions: Iterable[str], order: str, limit: int) -> list[Mapping[str, Any]]:
        """Objects of a kind with their main fields, page after page."""
        return await take(self.every(kind, conditions, order, limit), limit)

    def every(self, kind: str, conditions: Iterable[str], order: str, limit: int = 0) -> AsyncIterator[Any]:
        """The same as a stream, by default without an end."""
        query = select(FIELDS[kind], kind, conditions, order, limit)

        async def page(address: Any) -> tuple[list[Any], Any]:
            data = await (self.http.get(address) if address else self.http.get(f"{DATA}/query", q=query))
            return data["records"], None if data["done"] else data.get("nextRecordsUrl")

        return walk(page)

    @property
    def site(self) -> str:
        """Where people open records."""
        return self.http.connection.site


async def together(*reads: Coroutine[Any, Any, Any]) -> list[Any]:
    """The results of reads that run side by side; when one fails the others end."""
    tasks = [asyncio.ensure_future(read) for read in reads]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _named(kind: str, text: str) -> str:
    title = TITLES.get(kind, "Name")
    conditions = [f"({contains(title, text)})"]
    if kind == "Case":
        conditions.append(f"CaseNumber = {literal(text.strip())}")
    if kind in ("Contact", "Lead"):
        conditions.append(f"Email = {literal(text.strip())}")
    return f"({' OR '.join(conditions)})"


def _candidate(item: Mapping[str, Any]) -> Candidate:
    kind = item["attributes"]["type"]
    title = str(item.get(TITLES.get(kind, "Name")) or "")
    owner = (item.get("Account") or {}).get("Name") or item.get("Company") or ""
    also = tuple(filter(None, (item.get("CaseNumber"), item.get("Email"))))
    return Candidate(item["Id"], title, f"{kind}{f' at {owner}' if owner else ''}", also)


def _typed(text: str, kind: str) -> Any:
    if kind in ("int", "double", "currency", "percent"):
        number = Decimal(re.sub(r"[^\d.\-]", "", text) or "0")
        return int(number) if kind == "int" else float(number)
    if kind == "boolean":
        return text.lower() in ("true", "yes", "on", "1")
    return text
