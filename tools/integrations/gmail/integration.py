"""Gmail, API 1: the mailbox of the person who is connected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

from core.errors import Conflict, Rejected, VendorError
from core.records import Message, Ref
from core.tool import Call, Change
from tools.declare import Id, Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.gmail import mapping
from tools.integrations.gmail.feed import Feed
from tools.integrations.gmail.letter import reply_to
from tools.integrations.gmail.lookup import Lookup
from tools.integrations.gmail.mailbox import ME
from tools.integrations.gmail.mapping import INBOX, TRASH, to_draft, to_label, to_message, to_thread
from tools.integrations.gmail.search import since, until
from tools.integrations.gmail.writing import Writing
from tools.kit.google import google_error, google_oauth
from tools.kit.http import Answer
from tools.kit.webhook import Delivery, GoogleToken, WebhookEvent
from tools.stream import Batch, stream

SCOPES = ("https://www.googleapis.com/auth/gmail.modify",)
SENT_OFF = "a mail that went out cannot be called back"
UNDO = "it is itself an undo"

ThreadId = Annotated[Id, finds("thread")]
ThreadName = Annotated[str, finds("thread")]
MessageName = Annotated[str, finds("message")]
LabelName = Annotated[str, finds("label")]


class Gmail(Lookup, Writing, Feed, Integration):
    """Gmail under one person's connection."""

    key = "gmail"
    name = "Gmail"
    category = "email_calendar"
    aliases = ("gmail", "google mail", "my inbox", "email")
    base_url = "https://gmail.googleapis.com"
    auth = google_oauth(*SCOPES)
    calls_per_s = 40.0  # 15,000 units a minute for each person; a message costs 5, a send 100
    webhook = GoogleToken()
    names = ("label",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Google's errors."""
        return google_error(cls.name, answer)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """A push of Pub/Sub: whose mailbox changed; what did, its history says."""
        pushed = delivery.data["message"]
        said = json.loads(mapping.content(pushed))
        ref = Ref(integration=cls.key, kind="mailbox", id=said["emailAddress"])
        return [
            WebhookEvent(str(pushed["messageId"]), "history", ref, datetime.fromisoformat(str(pushed["publishTime"])))
        ]

    @stream("message")
    async def stream_messages(self, cursor: str) -> Batch:
        """Every message that is no draft, then those that came, went or changed their labels."""
        return await self.changes(cursor)

    async def identify(self) -> Account:
        """The address of the mailbox."""
        profile = await self.http.get(f"{ME}/profile")
        return Account(str(profile["emailAddress"]).lower(), site="https://mail.google.com")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """The person's own labels."""
        return {"label": [str(one["name"]) for one in await self.labels() if one.get("type") == "user"]}

    @tool("read", scopes=SCOPES)
    async def search_messages(
        self,
        query: Annotated[str | None, "words in the mail, or Gmail's search operators"] = None,
        from_: Annotated[Who | None, "who wrote it"] = None,
        to: Annotated[Who | None, "who got it"] = None,
        subject: Annotated[str | None, "words in the subject line"] = None,
        unread: Annotated[bool | None, "only unread, or only read ones"] = None,
        has_attachment: Annotated[bool | None, "only those with a file"] = None,
        after: Annotated[date | None, "that day or later"] = None,
        before: Annotated[date | None, "earlier than that day"] = None,
        label: Annotated[LabelName | None, "only under this label"] = None,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Message]:
        """Look for mails by words, sender, recipient, subject, label or date, newest first."""
        zone = self.who.zone
        words = [
            self.sought(query).query if query else "",
            f"from:{from_}" if from_ else "",
            f"to:{to}" if to else "",
            f"subject:({subject})" if subject else "",
            "" if unread is None else "is:unread" if unread else "is:read",
            "" if has_attachment is None else f"{'' if has_attachment else '-'}has:attachment",
            since(after, zone) if after else "",
            until(before, zone) if before else "",
            "is:read" if label == mapping.READ else "",
        ]
        only = None if label == mapping.READ else label
        return await self.search(" ".join(one for one in words if one), only, limit)

    @tool("read", scopes=SCOPES)
    async def read_thread(self, thread: Annotated[ThreadId, "the conversation, by words, id or link"]) -> list[Message]:
        """Read one whole conversation, first message first."""
        found = (await self.thread(thread)).get("messages") or ()
        return [to_message(item) for item in found if mapping.DRAFT not in (item.get("labelIds") or ())]

    @tool("write", scopes=SCOPES, proof="read_message", irreversible=SENT_OFF, recover="recover_message")
    async def send_message(
        self,
        to: Annotated[list[Who], "names or addresses"],
        body: Annotated[Text, "what the mail says"],
        subject: Annotated[str | None, "its subject line; made from the body if left out"] = None,
        cc: Annotated[list[Who] | None, "who gets a copy"] = None,
        bcc: Annotated[list[Who] | None, "who gets a copy that the others do not see"] = None,
        attachments: Annotated[list[str] | None, "the attached files"] = None,
    ) -> Change:
        """Write a new mail and send it off."""
        return await self.sent(self.letter(to, body, subject, cc, bcc, attachments))

    @tool("write", scopes=SCOPES, proof="read_message", irreversible=SENT_OFF, recover="recover_reply")
    async def reply(
        self,
        thread: Annotated[ThreadId, "the conversation or message that is answered"],
        body: Annotated[Text, "the answer"],
        reply_all: Annotated[bool, "to everybody in it, not only the sender"] = False,
    ) -> Change:
        """Answer the last mail of a conversation, its sender or everybody."""
        return await self.sent(reply_to(await self.thread(thread), self.me, reply_all, body))

    @tool("write", scopes=SCOPES, proof="read_message", irreversible=SENT_OFF, recover="recover_forward")
    async def forward(
        self,
        message: Annotated[MessageName, "the mail, by words, id or link"],
        to: Annotated[list[Who], "names or addresses"],
        body: Annotated[Text | None, "a note above it"] = None,
        cc: Annotated[list[Who] | None, "who gets a copy"] = None,
    ) -> Change:
        """Send a mail that is there on to somebody else, with its files."""
        return await self.sent(await self.passed_on(message, to, body, cc))

    @tool("write", scopes=SCOPES, proof="read_draft", undo="delete_draft", recover="recover_draft")
    async def create_draft(
        self,
        body: Annotated[Text, "what the mail says"],
        to: Annotated[list[Who] | None, "names or addresses"] = None,
        subject: Annotated[str | None, "its subject line"] = None,
        thread: Annotated[ThreadId | None, "the conversation that it answers"] = None,
    ) -> Change:
        """Prepare a mail and keep it as a draft, without sending."""
        letter = await self.drafted(body, to, subject, thread)
        made = await self.http.post(f"{ME}/drafts", {"message": letter.raw()})
        return self.kept(to_draft(made), letter)

    @tool("write", scopes=SCOPES, proof="read_message", irreversible=SENT_OFF, recover="recover_sent")
    async def send_draft(
        self, draft: Annotated[Annotated[Id, finds("draft")], "the draft, by its subject or whom it is to"]
    ) -> Change:
        """Send off a draft that is there."""
        before = to_draft(await self.http.get(f"{ME}/drafts/{draft}", format="full"))
        if not (before.to or before.cc or before.bcc):
            raise Rejected(f"The draft “{before.title}” is to nobody yet.", fields={"to": "missing"})
        sent = await self.http.post(f"{ME}/drafts/send", {"id": draft})
        expect = {name: getattr(before, name) for name in ("title", "text", "to", "cc", "bcc", "files")}
        return Change(before.model_copy(update={"ref": to_message(sent).ref}), expect)

    @tool("write", scopes=SCOPES, proof="read_several", undo="restore_labels", one_of=("add", "remove"))
    async def label_messages(
        self,
        messages: Annotated[Annotated[str, finds("messages")], "the mails, by words or ids; all that fit"],
        add: Annotated[list[LabelName] | None, "labels they get; starred, read and unread too"] = None,
        remove: Annotated[list[LabelName] | None, "labels they lose"] = None,
    ) -> Change:
        """Put labels on mails or take them off; star them, mark them read or unread."""
        more, less = mapping.both(add, remove)
        items = await self.many(messages.split(","))
        wanted = {str(one["id"]): mapping.changed(one.get("labelIds") or (), more, less) for one in items}
        return await self.relabel(items, wanted)

    @tool("write", scopes=SCOPES, proof="read_thread_again", undo="restore_labels")
    async def archive(self, thread: Annotated[ThreadName, "the conversation, by words, id or link"]) -> Change:
        """Take a conversation out of the inbox and keep it."""
        before = await self.thread(thread)
        held = {str(one["id"]): sorted(one.get("labelIds") or ()) for one in before.get("messages") or ()}
        if not any(INBOX in labels for labels in held.values()):
            raise Conflict("It is not in the inbox.")
        body = {"removeLabelIds": [INBOX]}
        await self.http.send("POST", f"{ME}/threads/{thread}/modify", json=body, is_repeatable=True)
        kept = {one for labels in held.values() for one in labels} - {INBOX}
        undo = Call(tool="gmail.restore_labels", args={"labels": held})
        return Change(to_thread(before), {"labels": mapping.label_names(kept)}, undo=undo)

    @tool("destructive", scopes=SCOPES, proof="read_message", undo="restore_message")
    async def trash_message(self, message: Annotated[MessageName, "the mail, by words, id or link"]) -> Change:
        """Delete a mail: it lies in the trash for 30 days."""
        before = await self.message(message)
        await self.http.send("POST", f"{ME}/messages/{message}/trash", is_repeatable=True)
        args = {"message": message, "labels": sorted({*(before.get("labelIds") or ())} - {TRASH})}
        return Change(to_message(before), is_gone=True, undo=Call(tool="gmail.restore_message", args=args))

    @tool("write", scopes=SCOPES, proof="read_label", undo="delete_label", recover="recover_label")
    async def create_label(
        self,
        name: Annotated[str, "its name; a slash puts it under another"],
        color: Annotated[str | None, "red, blue, green or the like"] = None,
    ) -> Change:
        """Make a new label to sort mails with."""
        body: dict[str, Any] = {"name": name, "labelListVisibility": "labelShow", "messageListVisibility": "show"}
        if color:
            pair = mapping.COLORS.get(color.strip().lower())
            if pair is None:
                raise Rejected(f"Gmail has no {color} label.", fields={"color": ", ".join(mapping.COLORS)})
            body["color"] = {"backgroundColor": pair[0], "textColor": pair[1]}
        return self.labelled(await self.http.post(f"{ME}/labels", body), name, color)

    @tool("write", scopes=SCOPES, proof="read_draft", irreversible=UNDO, is_hidden=True)
    async def delete_draft(self, draft: Annotated[str, "id"]) -> Change:
        """Delete a draft for good."""
        before = to_draft(await self.http.get(f"{ME}/drafts/{draft}", format="full"))
        await self.http.send("DELETE", f"{ME}/drafts/{draft}", is_repeatable=True)
        return Change(before, is_gone=True)

    @tool("write", scopes=SCOPES, proof="read_label", irreversible=UNDO, is_hidden=True)
    async def delete_label(self, label: Annotated[str, "id"]) -> Change:
        """Delete a label for good."""
        before = to_label(await self.http.get(f"{ME}/labels/{label}"))
        await self.http.send("DELETE", f"{ME}/labels/{label}", is_repeatable=True)
        return Change(before, is_gone=True)

    @tool("write", scopes=SCOPES, proof="read_several", irreversible=UNDO, is_hidden=True)
    async def restore_labels(self, labels: Annotated[dict[str, list[str]], "the former labels by message"]) -> Change:
        """Give messages the labels they had."""
        return await self.relabel(await self.many(labels), labels)

    @tool("write", scopes=SCOPES, proof="read_several", irreversible=UNDO, is_hidden=True)
    async def restore_message(
        self, message: Annotated[str, "id"], labels: Annotated[list[str], "its former labels"]
    ) -> Change:
        """Take a message out of the trash, to where it was."""
        await self.http.send("POST", f"{ME}/messages/{message}/untrash", is_repeatable=True)
        return await self.relabel(await self.many([message]), {message: labels})
