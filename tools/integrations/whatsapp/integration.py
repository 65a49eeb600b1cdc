"""WhatsApp Business, Cloud API: messages and templates of one number, its profile, groups and blocked people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Literal

from core.clock import utc_now
from core.errors import Conflict, NotFound, Rejected, VendorError
from core.records import Channel, Document
from core.tool import Call, Change
from tools.declare import Email, Id, Text, finds, tool
from tools.integration import Account, Integration
from tools.integrations.whatsapp import hook, mapping
from tools.integrations.whatsapp.proof import MANAGE, SEND, Proof
from tools.kit.attachment import attachment
from tools.kit.auth import Key
from tools.kit.http import Answer, by_status
from tools.kit.paging import take
from tools.kit.webhook import Delivery, Greeting, Signature, WebhookEvent, prefixed

Recipient = Annotated[str, finds("recipient")]
TemplateName = Annotated[str, finds("template")]

MOST, CAPTION, SUBJECT = 4096, 1024, 128
WINDOW_OVER = 131_047
SKEW = timedelta(minutes=1)  # how far WhatsApp's clock may be behind
SENT = "WhatsApp takes no message back"


class WhatsApp(Proof, Integration):
    """One number of a business in WhatsApp."""

    key = "whatsapp"
    name = "WhatsApp Business"
    category = "communication"
    aliases = ("whatsapp", "whats app", "wa", "whatsapp business")
    base_url = "https://graph.facebook.com/v23.0"
    auth = Key(asks=("token", "phone_number_id", "business_account_id"), send={"Authorization": "Bearer {token}"})
    calls_per_s = 20.0  # 80 messages a second for a number; far fewer calls an hour that manage
    webhook = Signature(prefixed("X-Hub-Signature-256", "sha256="))
    names = ("template", "group")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Graph's `{error: {message, code, error_subcode, error_data}}`; the code tells more than the status."""
        error = answer.data.get("error") if isinstance(answer.data, Mapping) else None
        if not isinstance(error, Mapping):
            return None
        status = mapping.status_of(error, answer.status)
        about = str((error.get("error_data") or {}).get("details") or error.get("error_user_msg") or "")
        said = ": ".join(filter(None, (str(error.get("message") or ""), about)))
        if error.get("code") == WINDOW_OVER:
            more = "Send an approved template instead; it may start a conversation."
            return Conflict(f"They last wrote more than 24 hours ago. {about}", status=409, cause=said, next_step=more)
        return by_status(cls.name, replace(answer, status=status), said, {"": about} if about else None)

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """The check of the address at set-up."""
        return hook.greeting(delivery, secret)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """Messages, deliveries, groups and templates, in order."""
        return hook.events(delivery)

    async def identify(self) -> Account:
        """The number, which must belong to the account."""
        if not (self.number.isdigit() and self.account.isdigit()):
            raise NotFound("The two ids of WhatsApp are numbers.")
        found = await self.http.get(f"/{self.account}/phone_numbers", limit=100)
        if self.number not in [row.get("id") for row in found.get("data") or ()]:
            raise NotFound("This number is not one of this WhatsApp Business account.")
        return Account(self.number)

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Templates and groups."""
        names = dict.fromkeys([str(row["name"]) async for row in self.templates()])
        return {"template": [*names], "group": [str(row["subject"]) async for row in self.groups()]}

    @tool("write", scopes=SEND, proof="read_message", irreversible=SENT)
    async def send_message(
        self,
        to: Annotated[Recipient, "phone number with country code, or a group"],
        text: Annotated[Text, "the message"],
        reply_to: Annotated[Id | None, "id of the message that it answers"] = None,
    ) -> Change:
        """Write freely on WhatsApp to a customer who wrote within the last day, or to a group."""
        _short("text", text, MOST)
        if reply_to and not mapping.WAMID.fullmatch(reply_to):
            raise Rejected("A WhatsApp message is named by its id, wamid.…", fields={"reply_to": "is no id"})
        body = mapping.envelope(to, "text", {"body": text, "preview_url": "https://" in text}, reply_to)
        made = await self.http.post(f"/{self.number}/messages", body)
        return Change(mapping.to_message(made, text, to, reply_to))

    @tool("write", scopes=(*SEND, *MANAGE), proof="read_message", irreversible=SENT)
    async def send_template(
        self,
        to: Annotated[Recipient, "phone number with country code, or a group"],
        template: Annotated[TemplateName, "the template"],
        language: Annotated[str, "its language, such as es or pt_BR"] = "en_US",
        values: Annotated[list[str] | None, "what goes into its placeholders, in order"] = None,
    ) -> Change:
        """Send an approved WhatsApp template, which may also begin a conversation."""
        found = mapping.to_template(await self.template(template, language))
        text = mapping.filled(found.text, values or ())
        content = mapping.template_content(template, language, values or ())
        made = await self.http.post(f"/{self.number}/messages", mapping.envelope(to, "template", content))
        return Change(mapping.to_message(made, text, to))

    @tool("write", scopes=SEND, proof="read_message", irreversible=SENT)
    async def send_file(
        self,
        to: Annotated[Recipient, "phone number with country code, or a group"],
        file: Annotated[str, "the attached file, a link to one, or the id of one that was uploaded"],
        caption: Annotated[Text | None, "words under it"] = None,
    ) -> Change:
        """Send a document or picture on WhatsApp to a customer who wrote within the last day, or to a group."""
        _short("caption", caption or "", CAPTION)
        kind, content = await self._media(file)
        content |= {"caption": caption} if caption else {}
        made = await self.http.post(f"/{self.number}/messages", mapping.envelope(to, kind, content))
        return Change(mapping.to_message(made, caption or "", to, file=content.get("filename") or file[:200]))

    @tool("read", scopes=MANAGE)
    async def list_templates(
        self,
        name: Annotated[str | None, "part of its name"] = None,
        status: Annotated[Literal["APPROVED", "PENDING", "REJECTED"] | None, "what WhatsApp said of them"] = None,
    ) -> list[Document]:
        """Show the WhatsApp templates: what they say, in which languages, and whether they are approved."""
        wanted = name.strip().lower().replace(" ", "_") if name else None
        rows = [row async for row in self.templates(wanted) if status in (None, row.get("status"))]
        return [mapping.to_template(row) for row in rows if not wanted or wanted in row["name"]]

    @tool("write", scopes=MANAGE, proof="read_template", undo="withdraw_template", recover="recover_template")
    async def create_template(
        self,
        name: Annotated[str, "its name: small letters and underscores"],
        category: Annotated[Literal["MARKETING", "UTILITY", "AUTHENTICATION"], "what it is for"],
        body: Annotated[Text, "what it says, with {{1}}, {{2}} where something is filled in"],
        language: Annotated[str, "its language, such as de or pt_BR"] = "en_US",
    ) -> Change:
        """Write a new WhatsApp template and hand it in for approval."""
        told = mapping.from_template(mapping.template_name(name), category, language, body)
        made = await self.http.post(f"/{self.account}/message_templates", told)
        return self.handed_in(mapping.to_template({**told, **made}), body)

    @tool("destructive", scopes=MANAGE, proof="read_template", recover="recover_deletion",
          irreversible="WhatsApp deletes a template for good")  # fmt: skip
    async def delete_template(self, name: Annotated[TemplateName, "the template"]) -> Change:
        """Delete a WhatsApp template in all its languages."""
        rows = [row async for row in self.templates(name) if row["name"] == name]
        if not rows:
            raise NotFound(f"There is no template “{name}”.", status=404)
        await self.http.send("DELETE", f"/{self.account}/message_templates", params={"name": name})
        return Change(mapping.to_template(rows[0]), is_gone=True)

    @tool("write", scopes=MANAGE, proof="read_profile", undo="restore_profile")
    async def update_profile(
        self,
        about: Annotated[str | None, "the one line under the name"] = None,
        description: Annotated[Text | None, "what the business does"] = None,
        address: Annotated[str | None, "where it is"] = None,
        email: Annotated[Email | None, "its address for mail"] = None,
        website: Annotated[str | None, "its site; it takes the place of those before"] = None,
    ) -> Change:
        """Change what customers see of the business on WhatsApp."""
        sites = None if website is None else [website if "://" in website else f"https://{website}"]
        told = {"about": about, "description": description, "address": address, "email": email, "websites": sites}
        fields: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
        if not fields:
            raise Rejected("There is nothing to change.")
        for name, most in mapping.LONGEST.items():
            _short(name, str(fields.get(name) or ""), most)
        return await self.update(fields)

    @tool("read", scopes=MANAGE)
    async def list_groups(self, limit: Annotated[int, "how many"] = 25) -> list[Channel]:
        """Show the WhatsApp groups of the business number, the newest first."""
        return [mapping.to_group(row) for row in await take(self.groups(), limit)]

    @tool("write", scopes=MANAGE, proof="read_new_group", undo="delete_group", recover="recover_group")
    async def create_group(
        self,
        subject: Annotated[str, "how it is called"],
        description: Annotated[Text | None, "what it is for"] = None,
    ) -> Change:
        """Start a WhatsApp group of the business number and get the link that lets people in."""
        _short("subject", subject, SUBJECT)
        since = utc_now() - SKEW
        told = {**mapping.PRODUCT, "subject": subject} | ({"description": description} if description else {})
        await self.http.post(f"/{self.number}/groups", told)
        return self.begun(since, subject, description)

    @tool("write", scopes=SEND, proof="read_blocked", undo="unblock_contact")
    async def block_contact(self, who: Annotated[str, finds("contact"), "phone number with country code"]) -> Change:
        """Let nobody at a phone number write to the business on WhatsApp any more."""
        if who in [row.get("wa_id") async for row in self.blocked()]:
            raise Conflict(f"+{who} is blocked already.")
        body = {**mapping.PRODUCT, "block_users": [{"user": who}]}
        await self.http.post(f"/{self.number}/block_users", body, is_repeatable=True)
        undo = Call(tool="whatsapp.unblock_contact", args={"who": who})
        return Change(mapping.to_blocked(who), {"status": "blocked"}, undo=undo)

    async def _media(self, file: str) -> tuple[str, dict[str, Any]]:
        """What sends a file: its kind, and the link or id of it; an attachment is uploaded first."""
        if file.startswith(("http://", "https://")):
            kind, name = mapping.media_kind(mapping.guessed(file)), file.partition("?")[0].rpartition("/")[2]
            return kind, {"link": file} | ({"filename": name} if kind == "document" and name else {})
        if file.isdigit():
            there = await self.http.get(f"/{file}")
            return mapping.media_kind(str(there.get("mime_type"))), {"id": file}
        given = attachment(file)
        upload = {"file": (given.name or "file", given.content, given.mime_type)}
        form = {**mapping.PRODUCT, "type": given.mime_type}
        made = await self.http.send("POST", f"/{self.number}/media", form=form, files=upload)
        kind = mapping.media_kind(given.mime_type)
        return kind, {"id": made.data["id"]} | ({"filename": given.name} if kind == "document" and given.name else {})


def _short(name: str, text: str, most: int) -> None:
    if len(text) > most:
        raise Rejected(f"WhatsApp takes {most} characters of {name} at most.", fields={name: "is too long"})
