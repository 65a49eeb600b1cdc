"""Finding and reading HubSpot's objects: by id, link, address or words; pipelines, owners, ties."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from core.errors import Candidate, NotFound, OutcomeUnknown
from core.principal import Principal
from core.records import Party, Person, Record, Ref
from tools.integrations.hubspot.mapping import FIELDS, PLURAL, SINGULAR, Lens, millis, moment
from tools.integrations.hubspot.platform import KINDS
from tools.kit.http import Http
from tools.kit.paging import by_cursor, dig, listed, take, walk

OBJECTS = "/crm/v3/objects"
LINK = re.compile(r"/record/(0-[123])/(\d+)|/(contact|company|deal)/(\d+)")
WORD = re.compile(r"\b(contact|company|deal)\b", re.IGNORECASE)
Filter = dict[str, Any]


class Search:
    """The reading half of the integration, under one person's connection."""

    http: Http
    who: Principal

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Owners, as HubSpot calls its own users, by address or words of the name."""
        if "@" in text:
            found = (await self.http.get("/crm/v3/owners/", email=text.strip(), limit=100))["results"]
        else:
            found = [one for one in await self.owners() if _has(text, _name(one)) or one["id"] == text.strip()]
        return [Candidate(one["id"], _name(one), one.get("email") or "") for one in found if not one.get("archived")]

    async def find_contact(self, text: str) -> Sequence[Candidate]:
        """Contacts by id, link, address or words of the name."""
        return await self._find(text, ("contact",))

    async def find_company(self, text: str) -> Sequence[Candidate]:
        """Companies by id, link, domain or words of the name."""
        return await self._find(text, ("company",))

    async def find_deal(self, text: str) -> Sequence[Candidate]:
        """Deals by id, link or words of the name."""
        return await self._find(text, ("deal",))

    async def find_record(self, text: str) -> Sequence[Candidate]:
        """Contacts, companies and deals alike; an id says which, as in `deals/12`."""
        plural, _, own = text.strip().partition("/")
        if plural in SINGULAR and own.isdigit():
            text = f"/{SINGULAR[plural]}/{own}"
        kinds = [word.lower() for word in WORD.findall(text) if len(text.split()) > 1] or ("contact", "company", "deal")
        found = await asyncio.gather(*(self._find(text, (kind,)) for kind in dict.fromkeys(kinds)))
        pairs = zip(dict.fromkeys(kinds), found, strict=True)
        return [
            Candidate(f"{PLURAL[kind]}/{one.id}", one.label, " ".join((kind, one.detail)), (*one.also, one.detail))
            for kind, some in pairs
            for one in some
        ]

    async def find_stage(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Stages by name, of the pipeline or deal that is spoken of where there is one."""
        wanted = str(args.get("pipeline") or "")
        if args.get("deal"):
            deal = await self.http.get(f"{OBJECTS}/deals/{args['deal']}", properties="pipeline")
            wanted = deal["properties"].get("pipeline") or ""
        every = [
            (pipeline, stage)
            for pipeline in await self.pipelines()
            for stage in pipeline["stages"]
            if stage["id"] == text.strip() or _has(text, stage["label"])
        ]
        mine = [(p, s) for p, s in every if wanted and (p["id"] == wanted or _has(wanted, p["label"]))]
        return [Candidate(stage["id"], stage["label"], pipeline["label"]) for pipeline, stage in mine or every]

    async def find_pipeline(self, text: str) -> Sequence[Candidate]:
        """Pipelines of deals by name."""
        every = await self.pipelines()
        return [Candidate(one["id"], one["label"]) for one in every if text == one["id"] or _has(text, one["label"])]

    async def find_lifecycle_stage(self, text: str) -> Sequence[Candidate]:
        """The stages that a contact goes through in this account."""
        return await self._options("contacts", "lifecyclestage", text)

    async def find_industry(self, text: str) -> Sequence[Candidate]:
        """The industries that this account knows."""
        return await self._options("companies", "industry", text)

    async def owners(self) -> list[dict[str, Any]]:
        """All of HubSpot's users."""
        return await take(
            by_cursor(self.http, "/crm/v3/owners/", "results", "paging.next.after", "after", limit=100), 500
        )

    async def pipelines(self) -> list[dict[str, Any]]:
        """The pipelines of deals with their stages, as HubSpot orders them."""
        found = listed(await self.http.get("/crm/v3/pipelines/deals"), "results")
        for pipeline in found:
            pipeline["stages"].sort(key=lambda stage: stage["displayOrder"])
        return sorted(found, key=lambda pipeline: int(pipeline["displayOrder"]))

    def rows(
        self,
        kind: str,
        filters: Iterable[Filter],
        query: str = "",
        sort: str = "",
        is_rising: bool = False,
        size: int = 100,
    ) -> AsyncIterator[Any]:
        """The objects that a search finds, the last changed first unless said otherwise."""
        by = sort or ("lastmodifieddate" if kind == "contact" else "hs_lastmodifieddate")
        body: dict[str, Any] = {
            "limit": size,
            "properties": FIELDS[kind],
            "sorts": [{"propertyName": by, "direction": "ASCENDING" if is_rising else "DESCENDING"}],
        }
        tests = list(filters)
        body |= {"filterGroups": [{"filters": tests}]} if tests else {}
        body |= {"query": query[:3000]} if query else {}

        async def page(after: Any) -> tuple[list[Any], Any]:
            wanted = body | ({"after": after} if after else {})
            data = await self.http.post(f"{OBJECTS}/{PLURAL[kind]}/search", wanted, is_read=True)
            return listed(data, "results"), dig(data, "paging.next.after")

        return walk(page)

    async def search(self, kind: str, filters: Sequence[Filter], query: str | None, limit: int) -> list[Record]:
        """The records that a search finds."""
        return await self.records(kind, await take(self.rows(kind, filters, query or "", size=min(limit, 100)), limit))

    async def records(self, kind: str, items: Sequence[Mapping[str, Any]], about: str = "") -> list[Record]:
        """Objects as records, with the names of their owners and stages."""
        lens = await self.lens(kind, items)
        return [lens.record(kind, item, about=about) for item in items]

    async def lens(self, kind: str, items: Iterable[Mapping[str, Any]] = ()) -> Lens:
        """How to see objects of a kind."""
        stages = {}
        if kind == "deal":
            stages = {stage["id"]: stage["label"] for one in await self.pipelines() for stage in one["stages"]}
        owners = {item["properties"].get("hubspot_owner_id") for item in items} - {None, ""}
        named = await asyncio.gather(*(self._owner(owner) for owner in sorted(owners)))
        return Lens(self.http.connection.site, self.who.zone, stages, {party.id: party for party in named})

    async def item(self, kind: str, own: str, **options: Any) -> dict[str, Any]:
        """One object with the properties that its record shows."""
        names = ",".join(FIELDS[kind])
        found: dict[str, Any] = await self.http.get(f"{OBJECTS}/{PLURAL[kind]}/{own}", properties=names, **options)
        return found

    async def whole(self, kind: str, own: str) -> Record:
        """One object with what it is tied to."""
        ties = {"contact": "companies", "deal": "companies", "company": None}
        item = await self.item(kind, own, associations=ties.get(kind, "contacts,companies,deals"))
        near = {
            plural: listed(dig(item, f"associations.{plural}"), "results") for plural in item.get("associations") or {}
        }
        about, company = "", ""
        if kind in ("note", "task"):
            about = next((f"{plural}/{some[0]['id']}" for plural, some in near.items() if some), "")
        elif near.get("companies"):
            first = await self.http.get(f"{OBJECTS}/companies/{near['companies'][0]['id']}", properties="name")
            company = first["properties"].get("name") or ""
        return (await self.lens(kind, [item])).record(kind, item, company, about)

    async def near(self, kind: str, own: str, other: str, most: int) -> list[Record]:
        """The latest objects of another kind that one is tied to."""
        path = f"/crm/v4/objects/{PLURAL[kind]}/{own}/associations/{PLURAL[other]}"
        ties = await take(by_cursor(self.http, path, "results", "paging.next.after", "after", limit=500), 1000)
        latest = sorted({str(tie["toObjectId"]) for tie in ties}, key=int, reverse=True)[:most]
        if not latest:
            return []
        body = {"properties": FIELDS[other], "propertiesWithHistory": [], "inputs": [{"id": one} for one in latest]}
        data = await self.http.post(f"{OBJECTS}/{PLURAL[other]}/batch/read", body, is_read=True)
        order = {own: place for place, own in enumerate(latest)}
        found = sorted(listed(data, "results"), key=lambda item: order[str(item["id"])])
        return await self.records(other, found, f"{PLURAL[kind]}/{own}")

    async def read_record(self, ref: Ref) -> Record:
        """Reads the record again, with what it is tied to."""
        return await self.whole(ref.kind, ref.id)

    async def latest(self, kind: str, name: str, value: str, since_ms: int) -> dict[str, Any]:
        """The object that was made since with this very name.

        Raises:
            OutcomeUnknown: HubSpot's search shows none, which it does for a while after one was made.
        """
        filters = [test("hs_createdate" if kind == "task" else "createdate", "GTE", since_ms), test(name, "EQ", value)]
        found: list[dict[str, Any]] = await take(self.rows(kind, filters, sort="hs_lastmodifieddate"), 1)
        if not found:
            raise OutcomeUnknown("HubSpot does not show it, but its search is slow to show what is new.")
        return found[0]

    async def _owner(self, owner: str) -> Party:
        try:
            return Party(id=owner, name=_name(await self.http.get(f"/crm/v3/owners/{owner}")))
        except NotFound:
            return Party(id=owner)

    async def _find(self, text: str, kinds: Sequence[str]) -> list[Candidate]:
        [kind], wanted = kinds, text.strip()
        link = LINK.search(wanted)
        if link:
            its, own = KINDS.get(link[1] or "", link[3]), link[2] or link[4]
            return [_candidate(await self._one(kind, own), text)] if its == kind else []
        if wanted.isdigit() and len(wanted) < 16:
            return [_candidate(await self._one(kind, wanted), text)]
        if kind == "contact" and "@" in wanted:
            try:
                item = await self.item("contact", wanted.lower(), idProperty="email")
            except NotFound:
                return []
            return [_candidate((await self.records("contact", [item]))[0])]
        by_domain = kind == "company" and "." in wanted and " " not in wanted
        filters = [test("domain", "EQ", wanted.lower())] if by_domain else []
        words = WORD.sub("", wanted).strip() or wanted
        items = await take(self.rows(kind, filters, "" if by_domain else words), 8)
        site = Lens(self.http.connection.site, self.who.zone, {}, {})
        return [_candidate(site.record(kind, item)) for item in items]

    async def _one(self, kind: str, own: str) -> Record:
        return Lens("", self.who.zone, {}, {}).record(kind, await self.item(kind, own))

    async def _options(self, plural: str, name: str, text: str) -> list[Candidate]:
        told = await self.http.get(f"/crm/v3/properties/{plural}/{name}")
        every = [one for one in listed(told, "options") if not one.get("hidden")]
        fits = [one for one in every if text == one["value"] or _has(text, one["label"])]
        return [Candidate(one["value"], one["label"], also=(f"{one['label']}s",)) for one in fits]


def test(name: str, operator: str, value: Any) -> Filter:
    """One condition of a search."""
    return {"propertyName": name, "operator": operator, "value": str(value)}


def equal(values: Mapping[str, str | None]) -> list[Filter]:
    """The conditions that properties have these values; those that are None are left out."""
    return [test(name, "EQ", value) for name, value in values.items() if value is not None]


def between(name: str, first: date | None, end: date | None, zone: ZoneInfo) -> list[Filter]:
    """The condition that a moment lies on `first` or later, and before `end`; one, as a search takes only six."""
    begin, until = millis(first, zone) if first else None, millis(end, zone) if end else None
    if begin is not None and until is not None:
        return [test(name, "BETWEEN", begin) | {"highValue": str(until - 1)}]
    if begin is not None:
        return [test(name, "GTE", begin)]
    return [test(name, "LT", until)] if until is not None else []


def made_since(item: Mapping[str, Any], since_ms: int) -> bool:
    """Whether an object was made at or after a moment."""
    made = moment(item.get("createdAt"))
    return made is not None and made.timestamp() * 1000 >= since_ms


def _candidate(record: Record, *also: str) -> Candidate:
    detail = record.email if isinstance(record, Person) else getattr(record, "website", "")
    return Candidate(record.ref.id, record.title, detail, also)


def _name(owner: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (owner.get("firstName"), owner.get("lastName")))) or owner.get("email") or ""


def _has(text: str, label: str) -> bool:
    """Whether each word of the text begins a word of the label."""
    words = re.split(r"[\s,&/()-]+", label.casefold())
    parts = [part for part in re.split(r"[\s,&/()-]+", text.casefold()) if part not in ("", "and", "the", "stage")]
    return bool(parts) and all(any(word.startswith((part, part.removesuffix("s"))) for word in words) for part in parts)
