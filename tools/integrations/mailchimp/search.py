"""Finding Mailchimp's audiences, segments, campaigns and the people in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import Ambiguous, Candidate, NotFound
from core.records import Campaign
from tools.integrations.mailchimp.mapping import hash_of, to_campaign
from tools.kit.http import Http
from tools.kit.paging import by_offset, listed, take

ID = re.compile(r"[0-9a-f]{10}")
LINK = re.compile(r"mailchimp\.com/\S*[?&]id=(\d+)")
MOST = 500


class Search:
    """The reading half of the integration, under one person's connection."""

    http: Http

    async def find_audience(self, text: str) -> Sequence[Candidate]:
        """Audiences by id, link or words of the name."""
        link, wanted = LINK.search(text), text.strip()
        found = [
            one
            for one in await self.audiences()
            if one["id"] == wanted or (link and str(one.get("web_id")) == link[1]) or _has(wanted, one["name"])
        ]
        return [Candidate(one["id"], one["name"], also=(text,) if link else ()) for one in found]

    async def find_segment(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Saved segments and tags of the audience that is spoken of, by id or words of the name."""
        rows = by_offset(
            self.http, f"/lists/{args.get('audience')}/segments", "segments", 100, "offset", "count", last=""
        )
        found = [one for one in await take(rows, MOST) if str(one["id"]) == text.strip() or _has(text, one["name"])]
        detail = {"static": "tag", "saved": "segment"}
        return [Candidate(str(one["id"]), one["name"], detail.get(one.get("type"), "")) for one in found]

    async def find_campaign(self, text: str) -> Sequence[Candidate]:
        """Campaigns by id, link, or words of the title or subject."""
        link, wanted = LINK.search(text), text.strip()
        if ID.fullmatch(wanted):
            return [_candidate(await self.campaign(wanted))]
        if link:
            rows = by_offset(self.http, "/campaigns", "campaigns", 100, "offset", "count", last="")
            items = [one for one in await take(rows, MOST) if str(one.get("web_id")) == link[1]]
            return [_candidate(to_campaign(one, ""), text) for one in items]
        found = listed(await self.http.get("/search-campaigns", query=wanted), "results")
        return [_candidate(to_campaign(one["campaign"], "")) for one in found[:20]]

    async def audiences(self, most: int = MOST) -> list[dict[str, Any]]:
        """All audiences."""
        rows = by_offset(self.http, "/lists", "lists", min(most, 100), "offset", "count", last="")
        return await take(rows, most)

    async def campaign(self, own: str) -> Campaign:
        """One campaign by its id."""
        return to_campaign(await self.http.get(f"/campaigns/{own}"), self.http.connection.site)

    async def members(self, query: str, audience: str | None = None) -> list[dict[str, Any]]:
        """People by address or name, those that fit exactly first."""
        told = await self.http.get("/search-members", query=query, list_id=audience)
        every = [one for name in ("exact_matches", "full_search") for one in listed(told, f"{name}.members")]
        return list({(one["list_id"], one["id"]): one for one in every}.values())

    async def member(self, audience: str, email: str) -> dict[str, Any] | None:
        """A person of an audience, also one who left it; None for who was never there."""
        try:
            found: dict[str, Any] = await self.http.get(f"/lists/{audience}/members/{hash_of(email)}")
        except NotFound:
            return None
        return found

    async def home(self, email: str, audience: str | None) -> str:
        """The audience that is meant; where none is said, the only one that the person is in.

        Raises:
            NotFound: they are in none.
            Ambiguous: they are in several.
        """
        if audience:
            return audience
        found = [one for one in await self.members(email) if one["email_address"].lower() == email.lower()]
        homes = {one["list_id"] for one in found if one.get("status") != "archived"}
        if not homes:
            raise NotFound(f"{email} is in no audience of Mailchimp.")
        if len(homes) > 1:
            names = {one["id"]: one["name"] for one in await self.audiences()}
            some = [Candidate(one, names.get(one, one)) for one in sorted(homes)]
            raise Ambiguous("audience", email, some)
        return str(homes.pop())


def _candidate(campaign: Campaign, *also: str) -> Candidate:
    return Candidate(campaign.ref.id, campaign.title, campaign.status, (campaign.subject, *also))


def _has(text: str, name: str) -> bool:
    """Whether each word of the text, but for "audience" and the like, begins a word of the name."""
    words = name.casefold().split()
    parts = [part for part in text.casefold().split() if part not in ("the", "audience", "list", "segment", "tag")]
    return bool(parts) and all(any(word.startswith(part) for word in words) for part in parts)
