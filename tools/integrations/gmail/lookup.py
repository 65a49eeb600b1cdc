"""Which message, conversation, draft, label or person a text stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.clock import utc_now
from core.errors import Candidate, NotFound
from core.records import Message
from tools.integrations.gmail.letter import named as people_of
from tools.integrations.gmail.mailbox import ME, Items, Mailbox
from tools.integrations.gmail.mapping import ALSO, READ, headers, spoken, to_draft, to_message, to_several
from tools.integrations.gmail.search import Sought, named, sought
from tools.kit.paging import take

FOUND = 5
MOST = 100  # messages that one request of a person may change


class Lookup(Mailbox):
    """The finders of Gmail."""

    async def search(self, query: str, label: str | None, limit: int) -> list[Message]:
        """Messages that fit, newest first, with the person's own labels by name."""
        size = max(1, min(limit, 500))
        ids = await take(self.listed("messages", q=query or None, labelIds=label, maxResults=size), limit)
        items = await self.many((one["id"] for one in ids), is_whole=True)
        names = await self.own_labels(items)
        return [to_message(item, names) for item in items]

    async def find_message(self, text: str) -> Sequence[Candidate]:
        """Messages by id, link or words, newest first."""
        if number := named(text):
            return [_candidate(await self.message(number))]
        return [_candidate(one) for one in await self._search("messages", text, FOUND)]

    async def find_messages(self, text: str) -> Sequence[Candidate]:
        """All messages that words or ids fit, as one candidate."""
        ids = [named(one) for one in text.split(",")]
        found = await (self.many(ids) if all(ids) else self._search("messages", text, MOST + 1))
        if not found:
            return []
        if len(found) > MOST:
            raise NotFound(f"More than {MOST} messages fit “{text}”.")
        told = to_several(found)
        return [Candidate(told.ref.id, told.title, also=(text,))]

    async def find_thread(self, text: str) -> Sequence[Candidate]:
        """Conversations by id, link or words; a message stands for the conversation it is in."""
        if number := named(text):
            try:
                found = [await self.thread(number)]
            except NotFound:
                found = [await self.thread(str((await self.message(number))["threadId"]))]
        else:
            found = await self._search("threads", text, FOUND)
        return [_candidate({**one["messages"][0], "id": one["id"]}) for one in found if one.get("messages")]

    async def find_draft(self, text: str) -> Sequence[Candidate]:
        """Drafts by id, subject or addressee."""
        if "/" not in text and text.startswith("r") and text[1:].lstrip("-").isdigit():
            return [_draft(await self.http.get(f"{ME}/drafts/{text}", format="full"))]
        return [_draft(one) for one in await self._search("drafts", text, FOUND)]

    async def find_label(self, text: str) -> Sequence[Candidate]:
        """Labels by name or id; `read` too, which is the want of one."""
        wanted = text.strip().lower()
        if wanted in ALSO[READ] or text == READ:
            return [Candidate(READ, "Read", also=ALSO[READ])]
        found = []
        for item in await self.labels():
            name = str(item.get("name") or "") if item.get("type") == "user" else spoken(item["id"])
            also = (item["id"], *ALSO.get(item["id"], ()), name.rpartition("/")[2])
            if wanted in {one.lower() for one in (name, *also)} or wanted in name.lower():
                found.append(Candidate(item["id"], name, also=also))
        return found

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Addresses as they are, colleagues, and whoever one has written with."""
        if "@" in text:
            return [Candidate(text.strip().lower(), text.strip())]
        return list(await self.people.find(text)) or await self._correspondents(text)

    async def _correspondents(self, text: str) -> list[Candidate]:
        words = [one for one in text.lower().replace('"', " ").split() if one]
        for way, names in (("from", ("from",)), ("to", ("to", "cc"))):
            found: dict[str, Candidate] = {}
            ids = await take(self.listed("messages", q=f"{way}:({' '.join(words)})", maxResults=20), 20)
            for item in await self.many(one["id"] for one in ids):
                said = headers(item)
                for name, address in people_of(", ".join(said.get(one, "") for one in names)):
                    if all(word in f"{name} {address}".lower() for word in words):
                        found.setdefault(address, Candidate(address, name or address, address))
            if found:
                return list(found.values())
        return []

    async def _search(self, what: str, text: str, most: int) -> Items:
        """What the words find; where their order means nothing to Gmail, what the mere words find."""
        meant = self.sought(text)
        most = 1 if meant.is_newest else most
        for query in dict.fromkeys((meant.query, meant.words)):
            found = await take(self.listed(what, q=query or None, maxResults=min(most, 500)), most)
            if found:
                return await self.many((one["id"] for one in found), what)
        return []

    def sought(self, text: str) -> Sought:
        """A person's words as a query, with days in their zone."""
        return sought(text, utc_now().astimezone(self.who.zone).date(), self.who.zone)


def _candidate(item: Mapping[str, Any]) -> Candidate:
    record = to_message(item)
    when = f"{record.sent_at:%-d %b}" if record.sent_at else ""
    return Candidate(record.ref.id, record.title or "(no subject)", f"{record.author} · {when}")


def _draft(item: Mapping[str, Any]) -> Candidate:
    record = to_draft(item)
    return Candidate(record.ref.id, record.title or "(no subject)", ", ".join(record.to))
