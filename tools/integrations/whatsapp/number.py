"""One business number: whom it may write to, its templates, groups, profile and the people it blocks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from core.errors import Candidate, NotFound, Rejected
from core.records import Channel
from tools.integrations.whatsapp import mapping
from tools.kit.http import Http
from tools.kit.paging import listed, walk

NOISE = re.compile(r"\b(the|our|template|group|whatsapp|wa)\b")
PAGE = 100


class Number:
    """The finders of the integration, and what they read."""

    http: Http

    async def find_contact(self, text: str) -> Sequence[Candidate]:
        """A phone number with its country code."""
        digits = mapping.phone(text)
        return [Candidate(digits, f"+{digits}", also=(text,))] if digits else []

    async def find_recipient(self, text: str) -> Sequence[Candidate]:
        """A phone number with its country code, or a group of the number by its subject."""
        if text.startswith(mapping.GROUP):
            group = mapping.to_group(await self.http.get(f"/{text.removeprefix(mapping.GROUP)}"))
            return [Candidate(text, group.title, "group", (text,))]
        if found := await self.find_contact(text):
            return found
        wanted = " ".join(NOISE.sub(" ", text.lower()).split())
        groups = [row async for row in self.groups()]
        near = [row for row in groups if wanted and wanted in str(row.get("subject")).lower()]
        same = [row for row in near if str(row.get("subject")).lower() == wanted]
        return [Candidate(f"{mapping.GROUP}{row['id']}", row["subject"], "group") for row in same or near]

    async def find_template(self, text: str) -> Sequence[Candidate]:
        """A template by its name, in whatever language."""
        wanted = re.sub(r"[\s\-]+", "_", NOISE.sub(" ", text.lower()).strip())
        found: dict[str, list[str]] = {}
        async for row in self.templates():
            if wanted and wanted in row["name"]:
                found.setdefault(row["name"], []).append(f"{row.get('language')} {row.get('status')}")
        same = [name for name in found if name == wanted]
        return [
            Candidate(name, name, ", ".join(found[name]), (text,) if same else ()) for name in same or sorted(found)
        ]

    def templates(self, name: str | None = None) -> AsyncIterator[Any]:
        """Templates, each once for every language; WhatsApp finds parts of names too."""
        return self._pages(f"/{self.account}/message_templates", "data", name=name)

    def groups(self) -> AsyncIterator[Any]:
        """The number's groups, the newest first."""
        return self._pages(f"/{self.number}/groups", "data.groups")

    def blocked(self) -> AsyncIterator[Any]:
        """People who may not write to the business."""
        return self._pages(f"/{self.number}/block_users", "data")

    async def template(self, name: str, language: str) -> Mapping[str, Any]:
        """A template in one language, if WhatsApp lets it be sent.

        Raises:
            NotFound: there is none of this name.
            Rejected: it is not there in this language, or not approved.
        """
        rows = {row["language"]: row async for row in self.templates(name) if row["name"] == name}
        if not rows:
            raise NotFound(f"There is no template “{name}”.", status=404)
        if language not in rows:
            said = f"“{name}” is there in {', '.join(sorted(rows))}."
            raise Rejected(said, fields={"language": f"not {language}"})
        found: Mapping[str, Any] = rows[language]
        if found.get("status") != "APPROVED":
            said = f"“{name}” is not approved: it is {str(found.get('status')).lower()}."
            raise Rejected(said, fields={"template": "cannot be sent"})
        return found

    async def profile(self) -> Mapping[str, Any]:
        """What the business profile holds."""
        path = f"/{self.number}/whatsapp_business_profile"
        data = await self.http.get(path, fields=",".join(mapping.PROFILE))
        row: Mapping[str, Any] = next(iter(data.get("data") or ()), {})
        found: Mapping[str, Any] = row.get("business_profile") or row
        return found

    async def group(self, id: str) -> Channel:
        """A group with those who are in it and the link that lets others in."""
        item = await self.http.get(f"/{id}")
        link = await self.http.get(f"/{id}/invite_link")
        return mapping.to_group(item, str(link.get("invite_link") or ""))

    def _pages(self, path: str, items: str, **parameters: Any) -> AsyncIterator[Any]:
        """Graph's cursors: there is one on the last page too, where no `next` stands beside it."""

        async def fetch(cursor: Any) -> tuple[list[Any], Any]:
            data = await self.http.get(path, limit=PAGE, after=cursor, **parameters)
            paging = data.get("paging") or {}
            more = (paging.get("cursors") or {}).get("after") if paging.get("next") else None
            return listed(data, items), more

        return walk(fetch)

    @property
    def number(self) -> str:
        """The id of the business's phone number."""
        return str(self.http.connection.secret["phone_number_id"])

    @property
    def account(self) -> str:
        """The id of the WhatsApp Business account."""
        return str(self.http.connection.secret["business_account_id"])
