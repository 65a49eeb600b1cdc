"""Reading a mailbox: many messages at once, and what was just written found again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import timedelta
from typing import Any

from core.clock import utc_now
from core.errors import NotFound
from core.principal import Principal
from core.records import Message, Record, Ref
from tools.directory import People
from tools.integrations.gmail import mapping
from tools.integrations.gmail.letter import Letter
from tools.integrations.gmail.mapping import to_draft, to_message
from tools.kit.attachment import Attachment
from tools.kit.http import Http
from tools.kit.paging import by_cursor, listed, take

ME = "/gmail/v1/users/me"
AT_ONCE = 8
JUST_NOW = timedelta(minutes=5)
ABOUT = ["Subject", "From", "To", "Cc"]
Items = list[Mapping[str, Any]]


class Mailbox:
    """What the tools of Gmail share."""

    http: Http
    who: Principal
    people: People

    # reading

    def listed(self, what: str, **parameters: Any) -> AsyncIterator[Any]:
        """Ids of messages, threads or drafts, newest first."""
        return by_cursor(self.http, f"{ME}/{what}", what, "nextPageToken", "pageToken", **parameters)

    async def many(self, ids: Iterable[str], what: str = "messages", is_whole: bool = False) -> Items:
        """Several messages, threads or drafts; without what was said in them unless they are wanted whole."""
        options = {"format": "full"} if is_whole else {"format": "metadata", "metadataHeaders": ABOUT}
        if what == "drafts":
            options = {"format": "full"}
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(number: str) -> Mapping[str, Any]:
            async with turn:
                found: Mapping[str, Any] = await self.http.get(f"{ME}/{what}/{number}", **options)
                return found

        return list(await asyncio.gather(*(one(number) for number in ids)))

    async def message(self, number: str) -> Mapping[str, Any]:
        """One message, whole."""
        item: Mapping[str, Any] = await self.http.get(f"{ME}/messages/{number}", format="full")
        return item

    async def thread(self, number: str) -> Mapping[str, Any]:
        """One conversation, whole."""
        item: Mapping[str, Any] = await self.http.get(f"{ME}/threads/{number}", format="full")
        return item

    async def labels(self) -> list[Mapping[str, Any]]:
        """Gmail's labels and the person's own."""
        return listed(await self.http.get(f"{ME}/labels"), "labels")

    async def own_labels(self, items: Items) -> dict[str, str]:
        """How the person's own labels on these messages are called; nothing is asked where there are none."""
        if not any(one.startswith("Label_") for item in items for one in item.get("labelIds") or ()):
            return {}
        return {str(one["id"]): str(one["name"]) for one in await self.labels() if one.get("type") == "user"}

    async def files(self, item: Mapping[str, Any]) -> tuple[Attachment, ...]:
        """The files of a message."""
        found = []
        for part in mapping.parts(item.get("payload") or {}):
            if not part.get("filename"):
                continue
            held = part.get("body") or {}
            if held.get("attachmentId"):
                held = await self.http.get(f"{ME}/messages/{item['id']}/attachments/{held['attachmentId']}")
            found.append(Attachment(str(part["filename"]), mapping.content(held), str(part.get("mimeType") or "")))
        return tuple(found)

    # proofs

    async def read_message(self, ref: Ref) -> Record:
        """Reads the message again; in the trash it is gone."""
        item = await self.message(ref.id)
        if mapping.TRASH in (item.get("labelIds") or ()):
            raise NotFound("It lies in the trash.")
        return to_message(item)

    async def read_thread_again(self, ref: Ref) -> Record:
        """Reads the conversation again."""
        return mapping.to_thread(await self.thread(ref.id))

    async def read_several(self, ref: Ref) -> Record:
        """Reads again which labels the messages have."""
        items = await self.many(ref.id.split(","))
        return mapping.to_several(items, await self.own_labels(items))

    async def read_draft(self, ref: Ref) -> Record:
        """Reads the draft again."""
        return to_draft(await self.http.get(f"{ME}/drafts/{ref.id}", format="full"))

    async def read_label(self, ref: Ref) -> Record:
        """Reads the label again."""
        return mapping.to_label(await self.http.get(f"{ME}/labels/{ref.id}"))

    # after a lost answer

    async def just_sent(self, letter: Letter | None = None) -> Message | None:
        """What this person sent within the last minutes and shows just what the letter does."""
        ids = await take(self.listed("messages", labelIds=mapping.SENT, maxResults=10), 10)
        for item in await self.many((one["id"] for one in ids), is_whole=True):
            record = to_message(item)
            if self.is_just(record, letter):
                return record
        return None

    async def just_drafted(self, letter: Letter) -> Message | None:
        """The draft of the last minutes that shows just what the letter does."""
        ids = await take(self.listed("drafts", maxResults=10), 10)
        drafts = [to_draft(one) for one in await self.many((one["id"] for one in ids), "drafts")]
        return next((one for one in drafts if self.is_just(one, letter)), None)

    def is_just(self, record: Message, letter: Letter | None) -> bool:
        """Whether a message is a few minutes old at most and shows just what the letter does."""
        is_new = record.sent_at is not None and utc_now() - record.sent_at < JUST_NOW
        return is_new and (letter is None or _shows(record, letter))

    @property
    def me(self) -> str:
        """The person's own address."""
        return self.http.connection.account or self.who.email


def _shows(record: Message, letter: Letter) -> bool:
    wanted = letter.shows()
    return all(_plain(getattr(record, name)) == _plain(value) for name, value in wanted.items())


def _plain(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else sorted(value)
