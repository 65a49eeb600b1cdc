"""Looking things up in Analytics: properties, accounts, metrics and dimensions, key events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from core.errors import Candidate, NotFound, Rejected
from core.principal import Principal
from core.records import Project, Record, Ref
from tools.integrations.google_analytics import mapping
from tools.integrations.google_analytics.mapping import number_of, to_property
from tools.integrations.google_analytics.query import REALTIME, Kind, meant
from tools.kit.http import Http
from tools.kit.paging import listed, take, walk

MOST = 2_000
COMMON = "0"  # the property whose metadata hold what every property has


class Lookup:
    """What the tools of Google Analytics share."""

    http: Http
    who: Principal

    def admin(self, path: str, items: str, **parameters: Any) -> AsyncIterator[Any]:
        """A list of the Admin API."""

        async def fetch(mark: Any) -> tuple[list[Any], Any]:
            params = {"pageSize": 200, "pageToken": mark, **parameters}
            data = (await self.http.send("GET", f"/v1beta/{path}", params=params, site="admin")).data
            return listed(data, items), data.get("nextPageToken")

        return walk(fetch)

    async def summaries(self) -> list[Mapping[str, Any]]:
        """The accounts that the person sees, each with its properties."""
        return await take(self.admin("accountSummaries", "accountSummaries"), MOST)

    async def properties(self) -> list[Project]:
        """Every property that the person sees."""
        rows = await self.summaries()
        return [to_property(one, row) for row in rows for one in row.get("propertySummaries") or ()]

    async def chosen(self, number: str | None) -> Project:
        """The property that is meant: the one that was named, or the only one there is."""
        there = await self.properties()
        found = [one for one in there if number in (None, one.ref.id)]
        if not found:
            raise NotFound("There is no such property, or you may not see it.")
        if len(found) > 1:
            names = ", ".join(one.title for one in found[:10])
            raise Rejected(f"Say which property: {names}.", fields={"property": "several"})
        return found[0]

    async def metadata(self, number: str) -> Mapping[str, Any]:
        """The metrics and dimensions of a property."""
        found: Mapping[str, Any] = await self.http.get(f"/v1beta/properties/{number}/metadata")
        return found

    async def kinds(self, number: str) -> Kind:
        """Tells the API name, and whether it is a metric or a dimension, of a name as people write it."""
        data = await self.metadata(number)
        known = {kind: mapping.fields(data, kind) for kind in ("metric", "dimension")}

        def kind(name: str) -> tuple[str, str]:
            for one in ("metric", "dimension"):
                found = meant(name, known[one])
                if len(found) == 1:
                    return found[0], one
            raise Rejected(f"Analytics measures nothing called “{name}”.", fields={name: "unknown"})

        return kind

    async def key_events(self, number: str) -> list[Mapping[str, Any]]:
        """The key events of a property, as they are."""
        return await take(self.admin(f"properties/{number}/keyEvents", "keyEvents"), MOST)

    async def key_event(self, number: str, name: str) -> Mapping[str, Any] | None:
        """One of them, by the name of the event."""
        return next((one for one in await self.key_events(number) if one.get("eventName") == name), None)

    # proofs

    async def read_key_event(self, ref: Ref) -> Record:
        """Reads the key event again."""
        return mapping.to_key_event((await self.http.send("GET", f"/v1beta/{ref.id}", site="admin")).data)

    # finders

    async def find_property(self, text: str) -> Sequence[Candidate]:
        """Properties by number, link or name."""
        number, wanted = number_of(text), text.strip().lower()
        there = await self.properties()
        if number:
            found = [one for one in there if one.ref.id == number]
        else:
            found = [one for one in there if one.title.lower() == wanted]
            found = found or [one for one in there if all(word in one.title.lower() for word in _bare(wanted))]
        also = (text,) if len(found) == 1 else ()
        return [Candidate(one.ref.id, one.title, f"{one.state}, {one.ref.id}", also=also) for one in found]

    async def find_account(self, text: str) -> Sequence[Candidate]:
        """Accounts by number or name."""
        wanted, found = text.strip().lower(), []
        for row in await self.summaries():
            number, name = str(row["account"]).rpartition("/")[2], str(row.get("displayName") or "")
            if wanted in (number, str(row["account"])) or all(word in name.lower() for word in _bare(wanted)):
                found.append(Candidate(number, name, number, also=(str(row["account"]),)))
        return found

    async def find_metric(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Metrics of the property by the name in the API or in Analytics, or the usual word."""
        return await self._field(text, "metric", args)

    async def find_dimension(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Dimensions of the property by the name in the API or in Analytics, or the usual word."""
        return await self._field(text, "dimension", args)

    async def find_live_metric(self, text: str) -> Sequence[Candidate]:
        """Metrics of the realtime report."""
        return _candidates(text, REALTIME["metric"])

    async def find_live_dimension(self, text: str) -> Sequence[Candidate]:
        """Dimensions of the realtime report."""
        return _candidates(text, REALTIME["dimension"])

    async def find_key_event(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Key events of the property by the event's name."""
        number = (await self.chosen(await self._of(args))).ref.id
        wanted = text.strip().lower().replace(" ", "_")
        names = [str(one.get("eventName") or "") for one in await self.key_events(number)]
        exact = [one for one in names if one.lower() == wanted]
        return [Candidate(one, one, also=(text,)) for one in exact or [one for one in names if wanted in one.lower()]]

    async def _of(self, args: Mapping[str, Any]) -> str | None:
        """The number of the property that stands beside; it may not have been looked up yet."""
        text = str(args.get("property") or "")
        found = await self.find_property(text) if text and not number_of(text) else []
        return number_of(text) or (found[0].id if len(found) == 1 else None)

    async def _field(self, text: str, kind: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        data = await self.metadata(await self._of(args) or COMMON)
        return _candidates(text, mapping.fields(data, kind))


def _candidates(text: str, known: Mapping[str, str]) -> list[Candidate]:
    found = meant(text, known)
    also = (text,) if len(found) == 1 else ()
    return [Candidate(name, known[name], name, also=also) for name in found[:20]]


def _bare(text: str) -> list[str]:
    return [
        word for word in text.split() if word not in ("the", "our", "property", "account", "ga", "ga4", "analytics")
    ]
