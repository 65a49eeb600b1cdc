"""Reading a mailbox: folders, mails by words, people one writes with, what was just sent found again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.errors import Candidate, NotFound, OutcomeUnknown, Rejected, VendorError, VendorUnavailable
from core.principal import Principal
from core.records import Channel, Message, Record, Ref
from core.tool import Call, Change
from tools.directory import People
from tools.integrations.outlook import mapping
from tools.integrations.outlook.mapping import to_auto_reply, to_folder, to_message
from tools.integrations.outlook.search import kql, own_id, sought
from tools.kit.attachment import Attachment, attachment
from tools.kit.http import Http
from tools.kit.microsoft import by_next, in_utc
from tools.kit.paging import take

PAGE = 50
FOUND = 8
PEOPLE = 10
JUST_NOW = timedelta(minutes=5)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SETTLES_S = (0.0, 0.4, 1.2)  # Exchange takes a moment until a mail lies in Sent Items
MOST_BYTES = 3_000_000
SETTING = "automaticRepliesSetting"
WELL_KNOWN = {
    "inbox": ("inbox", "in box"),
    "drafts": ("drafts", "draft"),
    "sentitems": ("sent", "sent items", "sent mail", "outbox"),
    "deleteditems": ("deleted items", "deleted", "trash", "bin", "wastebasket"),
    "junkemail": ("junk", "junk email", "junk e-mail", "spam"),
    "archive": ("archive", "archived"),
}


class Mailbox:
    """What the tools for mail share."""

    http: Http
    who: Principal
    people: People

    # reading

    async def message(self, number: str) -> Mapping[str, Any]:
        """One mail, with the names of its files."""
        item: dict[str, Any] = dict(await self.http.get(f"/me/messages/{number}"))
        if item.get("hasAttachments"):
            query = {"$select": "id,name,contentType,size,isInline"}
            item["attachments"] = await take(by_next(self.http, f"/me/messages/{number}/attachments", query), PAGE)
        return item

    async def folders(self) -> list[Channel]:
        """Every folder, those at the top first; `section` is the one above."""
        found: list[Channel] = []
        waiting = [("/me/mailFolders", "")]
        for path, above in waiting:  # grows while folders with folders in them are found
            async for item in by_next(self.http, path, {"$top": 100}):
                found.append(to_folder(item, above))
                if item.get("childFolderCount"):
                    waiting.append((f"/me/mailFolders/{item['id']}/childFolders", str(item.get("displayName") or "")))
        return found

    async def folder_names(self) -> dict[str, str]:
        """Folders by id."""
        return {one.ref.id: one.title for one in await self.folders()}

    # finders

    async def find_folder(self, text: str) -> Sequence[Candidate]:
        """A folder by name, path or id; Outlook's own ones by what people call them."""
        steps = [one.strip() for one in text.replace(">", "/").split("/") if one.strip()]
        wanted = (steps or [""])[-1].lower().removeprefix("the ").removesuffix(" folder")
        found = await self.folders()
        known = next((name for name, called in WELL_KNOWN.items() if wanted in (name, *called)), "")
        if known and not any(one.title.lower() == wanted for one in found):
            item = await self.http.get(f"/me/mailFolders/{known}")
            return [Candidate(str(item["id"]), str(item.get("displayName") or known), also=(text, wanted))]
        above = steps[-2].lower() if len(steps) > 1 else ""
        near = [one for one in found if text == one.ref.id or wanted in one.title.lower()]
        near = [one for one in near if not above or one.section.lower() == above]
        exact = [one for one in near if wanted == one.title.lower()]
        return [Candidate(one.ref.id, one.title, one.section, (text, wanted)) for one in exact or near]

    async def find_message(self, text: str) -> Sequence[Candidate]:
        """Mails by id, link or words, newest first."""
        if number := own_id(text):
            return [_candidate(await self.message(number), text)]
        meant = sought(text)
        most = 1 if meant.is_newest else FOUND
        for query in dict.fromkeys((kql(meant.words, meant.sender), kql(f"{meant.sender} {meant.words}"))):
            if query == '""':
                found = await self.listed({"$orderby": "receivedDateTime desc", "$top": most}, most)
            else:
                found = await self.listed({"$search": query, "$top": PAGE}, most)
            if found:
                exact = [one for one in found if str(one.get("subject") or "").lower() == text.strip().lower()]
                return [_candidate(one) for one in (exact[:1] if len(exact) == 1 else found)]
        return []

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """An address as it is, oneself, whoever one works or writes with, else a colleague of the other systems."""
        wanted = text.strip().lower()
        if "@" in wanted:
            return [Candidate(wanted, text.strip(), wanted)]
        if wanted in ("me", "myself", "i", self.who.name.lower()):
            return [Candidate(self.who.email.lower(), self.who.name, self.who.email, (text,))]
        query = {"$search": f'"{wanted.replace(chr(34), " ")}"', "$top": PEOPLE}
        found = []
        for item in await take(by_next(self.http, "/me/people", query), PEOPLE):
            rows = item.get("scoredEmailAddresses") or [{"address": item.get("userPrincipalName")}]
            where = str(rows[0].get("address") or "").lower()
            found += [Candidate(where, str(item.get("displayName") or where), where)] if where else []
        return found or list(await self.people.find(text))

    async def listed(self, query: Mapping[str, Any], most: int, folder: str = "") -> list[Mapping[str, Any]]:
        path = f"/me/mailFolders/{folder}/messages" if folder else "/me/messages"
        return await take(by_next(self.http, path, query), most)

    # sending

    async def attached(self, files: Sequence[str] | None) -> list[Attachment]:
        """The files that go along.

        Raises:
            Rejected: they are too large for one request.
        """
        found = [attachment(one) for one in files or ()]
        if sum(len(one.content) for one in found) > MOST_BYTES:
            raise Rejected("The files are larger than 3 MB together.", fields={"attachments": "too large"})
        return found

    async def sent(self, draft: Mapping[str, Any], expect: Mapping[str, Any]) -> Change:
        """Send a draft off; where that is refused, the draft goes too."""
        number = str(draft["id"])
        try:
            await self.http.send("POST", f"/me/messages/{number}/send")
        except OutcomeUnknown:
            raise
        except VendorError:
            with suppress(VendorError):
                await self.http.send("DELETE", f"/me/messages/{number}", is_repeatable=True)
            raise
        record = to_message({**draft, "isDraft": False})
        return Change(record, {"title": record.title, **expect})

    async def answered(self, action: str, message: str, text: str | None, **fields: Any) -> tuple[Any, dict[str, Any]]:
        """A draft that answers a mail or passes it on, and what it must show.

        Raises:
            Rejected: Outlook left the text out.
        """
        body = {"Comment": text or "", **fields}
        draft = await self.http.post(f"/me/messages/{message}/{action}", body)
        record = to_message(draft)
        if " ".join((text or "").split()) not in " ".join(record.text.split()):
            await self.http.send("DELETE", f"/me/messages/{draft['id']}", is_repeatable=True)
            raise Rejected("Outlook left the text out of the answer.")
        return draft, {"title": record.title, "text": record.text, "to": record.to, "cc": record.cc}

    def shows(self, written: Mapping[str, Any], text: str) -> dict[str, Any]:
        """What a mail must show that was written like this."""
        record = to_message({"id": "", **written})
        return {"title": record.title, "text": text.strip(), "to": record.to, "cc": record.cc, "files": record.files}

    # the automatic reply

    async def set_reply(self, told: Mapping[str, Any]) -> Change:
        """Change the setting of the automatic reply."""
        before = await self.http.get("/me/mailboxSettings")
        body = {SETTING: dict(told)}
        await self.http.send("PATCH", "/me/mailboxSettings", json=body, is_repeatable=True)
        wanted = to_auto_reply({SETTING: told}, self.who.zone)
        expect = {name: getattr(wanted, name) for name in ("status", "started_at", "ended_at", "detail")}
        args = {"setting": before.get(SETTING) or {"status": "disabled"}}
        undo = Call(tool="outlook.restore_auto_reply", args=args)
        return Change(to_auto_reply(before, self.who.zone), expect, undo=undo)

    def reply_period(self, start: datetime | None, end: datetime | None) -> dict[str, Any]:
        """The period of an automatic reply.

        Raises:
            Rejected: it has no end, or ends before it begins.
        """
        begin, until = (
            one if one.tzinfo else one.replace(tzinfo=self.who.zone) for one in (start or utc_now(), end or EPOCH)
        )
        if until <= begin:
            raise Rejected("Say until when the reply is sent.", fields={"end": "missing, or not after start"})
        edges = {"scheduledStartDateTime": begin, "scheduledEndDateTime": until}
        return {name: {"dateTime": in_utc(at).removesuffix("Z"), "timeZone": "UTC"} for name, at in edges.items()}

    # proofs

    async def read_message_again(self, ref: Ref) -> Record:
        """Reads the mail again, with the folder it lies in; in Deleted Items it is gone."""
        item = await self.message(ref.id)
        names = await self.folder_names()
        bin_ = await self.http.get("/me/mailFolders/deleteditems")
        if item.get("parentFolderId") == bin_.get("id"):
            raise NotFound("It lies in Deleted Items.")
        return to_message(item, names)

    async def read_moved(self, ref: Ref) -> Record:
        """Reads the mail again, with the folder it lies in."""
        return to_message(await self.message(ref.id), await self.folder_names())

    async def read_sent(self, ref: Ref) -> Record:
        """Reads the mail again as it lies in Sent Items."""
        for wait in SETTLES_S:
            await asyncio.sleep(wait)
            with suppress(NotFound):
                item = await self.message(ref.id)
                if not item.get("isDraft"):
                    return to_message(item)
        raise VendorUnavailable("It is under way and not in Sent Items yet.", cause="not in sent items")

    async def read_auto_reply(self, ref: Ref) -> Record:
        """Reads the automatic reply again."""
        return to_auto_reply(await self.http.get("/me/mailboxSettings"), self.who.zone)

    # after a lost answer

    async def recover_send(
        self, to: Sequence[str], body: str, subject: str | None = None, cc: Sequence[str] | None = None, **_: Any
    ) -> Change | None:
        """The mail of the last minutes to these people with this text, if it went out."""
        wanted = mapping.letter(to, subject, body, cc)
        return await self._just_sent(wanted["subject"], body, mapping.addresses(wanted["toRecipients"]))

    async def recover_answer(self, message: str, body: str, **_: Any) -> Change | None:
        """The answer of the last minutes in that conversation, if it went out."""
        thread = str((await self.http.get(f"/me/messages/{message}")).get("conversationId"))
        return await self._just_sent("", body, (), thread)

    async def recover_forward(
        self, message: str, to: Sequence[str], body: str | None = None, **_: Any
    ) -> Change | None:
        """The mail that was passed on in the last minutes, if it went out."""
        before = to_message(await self.http.get(f"/me/messages/{message}"))
        return await self._just_sent(before.title, body or "", tuple(one.lower() for one in to), is_part=True)

    async def recover_draft(
        self,
        body: str,
        to: Sequence[str] | None = None,
        subject: str | None = None,
        message: str | None = None,
        **_: Any,
    ) -> Change | None:
        """The draft of the last minutes with this text, if it is there."""
        title = "" if message else mapping.letter(to, subject, body, None)["subject"]
        for record in await self._recent():
            if record.ref.kind == "draft" and (not title or record.title == title) and _says(record, body):
                return self.kept(record)
        return None

    def kept(self, record: Message, expect: Mapping[str, Any] | None = None) -> Change:
        """A draft that was made."""
        undo = Call(tool="outlook.delete_draft", args={"draft": record.ref.id})
        return Change(record, expect or {"title": record.title, "text": record.text}, undo=undo)

    async def _recent(self) -> list[Message]:
        since = in_utc(utc_now() - JUST_NOW)
        query = {"$filter": f"receivedDateTime ge {since}", "$orderby": "receivedDateTime desc", "$top": PAGE}
        return [to_message(one) for one in await self.listed(query, PAGE)]

    async def _just_sent(
        self, title: str, text: str, to: Sequence[str], thread: str = "", is_part: bool = False
    ) -> Change | None:
        own = (self.http.connection.account or self.who.email).lower()
        for record in await self._recent():
            fits = record.ref.kind == "message" and own in record.author.lower() and _says(record, text)
            fits = fits and (record.thread == thread if thread else {*to} <= {*record.to})
            if fits and (title in record.title if is_part else title in ("", record.title)):
                return Change(record, {"title": record.title, "text": record.text, "to": record.to})
        return None


def _says(record: Message, text: str) -> bool:
    return " ".join(record.text.split()).startswith(" ".join(text.split()))


def _candidate(item: Mapping[str, Any], *also: str) -> Candidate:
    record = to_message(item)
    when = f"{record.sent_at:%-d %b}" if record.sent_at else ""
    return Candidate(record.ref.id, record.title or "(no subject)", f"{record.author} · {when}", also)
