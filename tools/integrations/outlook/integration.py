"""Outlook through Microsoft Graph 1.0: the mailbox and the calendar of the person who is connected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from core.errors import NotFound, Rejected
from core.records import Message
from core.tool import Call, Change
from tools.declare import Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.outlook import feed
from tools.integrations.outlook.agenda import CALENDAR, UNDO, Agenda
from tools.integrations.outlook.mailbox import PAGE
from tools.integrations.outlook.mapping import PREFER, letter, page, recipients, to_message
from tools.integrations.outlook.search import kql, sought
from tools.kit.microsoft import (
    Graph,
    in_utc,
    microsoft_oauth,
    notified,
    quoted,
)  # fmt: skip
from tools.kit.webhook import Delivery, WebhookEvent
from tools.stream import Batch, stream

MAIL, SETTINGS = ("Mail.ReadWrite",), ("MailboxSettings.ReadWrite",)
SEND = (*MAIL, "Mail.Send")
SENT_OFF = "a mail that went out cannot be called back"

MessageName = Annotated[str, finds("message")]
FolderName = Annotated[str, finds("folder")]


class Outlook(Agenda, Graph, Integration):
    """Outlook under one person's connection."""

    key = "outlook"
    name = "Outlook"
    category = "email_calendar"
    aliases = ("outlook", "microsoft 365 mail", "office 365 calendar", "exchange")
    headers = {"Prefer": PREFER}
    auth = microsoft_oauth(*SEND, *CALENDAR, "Calendars.Read.Shared", *SETTINGS, "User.Read", "People.Read")
    calls_per_s = 16.0  # 10,000 in ten minutes for each mailbox
    names = ("folder", "person")

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """The mails and meetings that changed."""
        return notified(cls.key, delivery, {"message": "message", "event": "event"})

    @stream("message")
    async def stream_messages(self, cursor: str) -> Batch:
        """Every mail outside drafts, junk and Deleted Items, then those that came, went, or were read or moved."""
        return await feed.mails(self.http, cursor, await self.folder_names())

    @stream("event")
    async def stream_events(self, cursor: str) -> Batch:
        """The meetings from a month back to a year ahead, then those that changed."""
        return await feed.meetings(self.http, cursor, self.who.zone)

    async def identify(self) -> Account:
        """The address of the mailbox."""
        me = await self.http.get("/me")
        return Account(str(me.get("mail") or me["userPrincipalName"]).lower(), site="https://outlook.office.com")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """The mail folders."""
        return {"folder": [one.title for one in await self.folders()]}

    @tool("read", scopes=MAIL)
    async def search_messages(
        self,
        query: Annotated[str | None, "words in the mail"] = None,
        from_: Annotated[Who | None, "who wrote it"] = None,
        subject: Annotated[str | None, "words in the subject line"] = None,
        unread: Annotated[bool | None, "only unread, or only read ones"] = None,
        after: Annotated[date | None, "that day or later"] = None,
        before: Annotated[date | None, "earlier than that day"] = None,
        folder: Annotated[FolderName | None, "only in this folder"] = None,
        has_attachments: Annotated[bool | None, "only those with a file"] = None,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Message]:
        """Find mails by words, sender, subject, folder or date, newest first."""
        begin, end = (datetime.combine(one, time(), self.who.zone) if one else None for one in (after, before))
        if query:  # a search takes neither filter nor order
            asked = {"$search": kql(sought(query).words, from_ or "", subject or "", after, before, has_attachments)}
        else:
            rules = [
                f"receivedDateTime ge {in_utc(begin) if begin else '1900-01-01T00:00:00Z'}",
                f"receivedDateTime lt {in_utc(end)}" if end else "",
                f"from/emailAddress/address eq {quoted(from_)}" if from_ else "",
                f"contains(subject,{quoted(subject)})" if subject else "",
                "" if unread is None else f"isRead eq {str(not unread).lower()}",
                "" if has_attachments is None else f"hasAttachments eq {str(has_attachments).lower()}",
            ]
            filters = " and ".join(one for one in rules if one)
            asked = {"$filter": filters, "$orderby": "receivedDateTime desc"}
        most = limit * 4 if query else limit
        items = await self.listed({**asked, "$top": max(1, min(limit, PAGE))}, most, folder or "")
        found = [to_message(item) for item in items]
        if query:
            found = [one for one in found if unread is None or ("Unread" in one.labels) is unread]
            found = [one for one in found if not (one.sent_at and begin and one.sent_at < begin)]
            found = [one for one in found if not (one.sent_at and end and one.sent_at >= end)]
        return found[:limit]

    @tool("read", scopes=MAIL)
    async def read_message(self, message: Annotated[MessageName, "the mail, by words, its link or id"]) -> Message:
        """Open one mail and read all of it."""
        return to_message(await self.message(message))

    @tool("write", scopes=SEND, proof="read_sent", irreversible=SENT_OFF, recover="recover_send")
    async def send_message(
        self,
        to: Annotated[list[Who], "names or addresses"],
        body: Annotated[Text, "what the mail says"],
        subject: Annotated[str | None, "its subject line; made from the body if left out"] = None,
        cc: Annotated[list[Who] | None, "who gets a copy"] = None,
        importance: Annotated[Literal["low", "normal", "high"], "how important it is marked"] = "normal",
        attachments: Annotated[list[str] | None, "the attached files"] = None,
    ) -> Change:
        """Write a new mail and send it off at once."""
        files = await self.attached(attachments)
        written = letter(to, subject, body, cc, importance, files)
        draft = await self.http.post("/me/messages", written)
        expect = self.shows(written, body) | {"priority": importance}
        return await self.sent(draft, expect)

    @tool("write", scopes=SEND, proof="read_sent", irreversible=SENT_OFF, recover="recover_answer")
    async def reply(
        self,
        message: Annotated[MessageName, "the mail that is answered"],
        body: Annotated[Text, "the answer"],
        reply_all: Annotated[bool, "to everybody in it, not only the sender"] = False,
    ) -> Change:
        """Answer a mail and send the answer off."""
        action = "createReplyAll" if reply_all else "createReply"
        return await self.sent(*await self.answered(action, message, body))

    @tool("write", scopes=SEND, proof="read_sent", irreversible=SENT_OFF, recover="recover_forward")
    async def forward(
        self,
        message: Annotated[MessageName, "the mail, by words, its link or id"],
        to: Annotated[list[Who], "names or addresses"],
        body: Annotated[Text | None, "a note above it"] = None,
    ) -> Change:
        """Pass a mail on to somebody else, with its files."""
        return await self.sent(*await self.answered("createForward", message, body, ToRecipients=recipients(to)))

    @tool("write", scopes=MAIL, proof="read_moved", undo="delete_draft", recover="recover_draft")
    async def create_draft(
        self,
        body: Annotated[Text, "what the mail says"],
        to: Annotated[list[Who] | None, "names or addresses"] = None,
        subject: Annotated[str | None, "its subject line; made from the body if left out"] = None,
        cc: Annotated[list[Who] | None, "who gets a copy"] = None,
        message: Annotated[MessageName | None, "the mail that it answers"] = None,
    ) -> Change:
        """Prepare a mail or an answer and keep it unsent."""
        if message:
            fields = {name: value for name, value in letter(to, subject, body, cc).items() if name != "body"}
            given = {"toRecipients": to, "ccRecipients": cc, "subject": subject}
            fields = {name: fields[name] for name, value in given.items() if value}
            draft, expect = await self.answered("createReply", message, body, **({"Message": fields} if fields else {}))
            return self.kept(to_message(draft), expect)
        written = letter(to, subject, body, cc)
        draft = await self.http.post("/me/messages", written)
        return self.kept(to_message(draft), self.shows(written, body))

    @tool("write", scopes=MAIL, proof="read_moved", undo="move_message")
    async def move_message(
        self,
        message: Annotated[MessageName, "the mail, by words, its link or id"],
        folder: Annotated[FolderName, "the folder it goes to"],
    ) -> Change:
        """File a mail in another folder."""
        before, names = await self.http.get(f"/me/messages/{message}"), await self.folder_names()
        body = {"DestinationId": folder}
        await self.http.send("POST", f"/me/messages/{message}/move", json=body, is_repeatable=True)
        args = {"message": message, "folder": str(before["parentFolderId"])}
        expect = {"channel": names.get(folder, folder)}
        return Change(to_message(before, names), expect, undo=Call(tool="outlook.move_message", args=args))

    @tool("destructive", scopes=MAIL, proof="read_message_again", undo="move_message")
    async def delete_message(self, message: Annotated[MessageName, "the mail, by words, its link or id"]) -> Change:
        """Throw a mail away: it lies in Deleted Items then."""
        before = await self.http.get(f"/me/messages/{message}")
        if before.get("parentFolderId") == (await self.http.get("/me/mailFolders/deleteditems"))["id"]:
            raise NotFound("It lies in Deleted Items already.")
        await self.http.send("DELETE", f"/me/messages/{message}", is_repeatable=True)
        args = {"message": message, "folder": str(before["parentFolderId"])}
        return Change(to_message(before), is_gone=True, undo=Call(tool="outlook.move_message", args=args))

    @tool("write", scopes=SETTINGS, proof="read_auto_reply", undo="restore_auto_reply")
    async def set_auto_reply(
        self,
        enabled: Annotated[bool, "false switches it off"] = True,
        text: Annotated[Text | None, "what colleagues get"] = None,
        external_text: Annotated[Text | None, "what people outside get, if something else"] = None,
        audience: Annotated[Literal["none", "contactsOnly", "all"], "who outside gets one"] = "all",
        start: Annotated[datetime | None, "from when"] = None,
        end: Annotated[datetime | None, "until when"] = None,
    ) -> Change:
        """Switch the out-of-office answer on, for a period if one is given, or off."""
        told: dict[str, Any] = {"status": "alwaysEnabled" if enabled else "disabled"}
        if enabled and not text:
            raise Rejected("An automatic reply needs a text.", fields={"text": "missing"})
        if enabled:
            outside = page(external_text or text or "")
            told |= {"externalAudience": audience, "internalReplyMessage": page(text or "")}
            told["externalReplyMessage"] = outside
        if enabled and (start or end):
            told |= {"status": "scheduled", **self.reply_period(start, end)}
        return await self.set_reply(told)

    @tool("write", scopes=MAIL, proof="read_message_again", irreversible=UNDO, is_hidden=True)
    async def delete_draft(self, draft: Annotated[str, "id"]) -> Change:
        """Throw a draft away."""
        before = to_message(await self.http.get(f"/me/messages/{draft}"))
        await self.http.send("DELETE", f"/me/messages/{draft}", is_repeatable=True)
        return Change(before, is_gone=True)

    @tool("write", scopes=SETTINGS, proof="read_auto_reply", irreversible=UNDO, is_hidden=True)
    async def restore_auto_reply(
        self, setting: Annotated[dict[str, Any], "former setting, in Graph's words"]
    ) -> Change:
        """Set the automatic reply back to what it was."""
        return await self.set_reply(setting)
