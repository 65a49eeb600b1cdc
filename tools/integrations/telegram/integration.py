"""Telegram, Bot API: what a bot of the company may do in the chats that it is in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from core.clock import utc_now
from core.errors import Conflict, RateLimited, Rejected, VendorError
from core.records import Channel, Message, Ref
from core.tool import Call, Change
from tools.declare import Id, Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.telegram import mapping
from tools.integrations.telegram.chat import Moved
from tools.integrations.telegram.proof import Proof
from tools.kit.attachment import attachment
from tools.kit.auth import Key
from tools.kit.http import Answer, by_status
from tools.kit.webhook import Delivery, WebhookEvent, repeated

Chat = Annotated[str, finds("chat")]
MessageId = Annotated[Id, finds("message")]

MOST, QUESTION, CAPTION = 4096, 300, 1024
FILE_ID = re.compile(r"[\w-]{20,}", re.ASCII)
NO_FORMER = "Telegram shows a bot no former text"


class Telegram(Proof, Integration):
    """A bot of the company in Telegram."""

    key = "telegram"
    name = "Telegram"
    category = "communication"
    aliases = ("telegram", "tg")
    base_url = "https://api.telegram.org"
    auth = Key(asks=("token", "chats"), path="/bot{token}")
    calls_per_s = 25.0  # about 30 messages a second in all, one in a chat
    webhook = repeated("X-Telegram-Bot-Api-Secret-Token")
    names = ("chat",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Telegram's `{ok: false, error_code, description, parameters}`."""
        data = answer.data
        if not isinstance(data, Mapping) or data.get("ok") is not False:
            return None
        more, said = data.get("parameters") or {}, str(data.get("description") or "")
        if more.get("migrate_to_chat_id"):
            return Moved(int(more["migrate_to_chat_id"]))
        code = int(data.get("error_code") or answer.status)
        if code == 429:
            wait = more.get("retry_after")
            return RateLimited(f"{cls.name} asks for a moment.", retry_after_s=None if wait is None else float(wait))
        return by_status(cls.name, replace(answer, status=mapping.status_of(code, said)), said)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """The one thing that an update tells: its kind is the field that it has."""
        update = delivery.data
        kind, told = next((name, value) for name, value in update.items() if name != "update_id")
        chat = told.get("chat") or (told.get("message") or {}).get("chat") or {}
        ref, date = None, told.get("date") or (told.get("message") or {}).get("date")
        if told.get("message_id"):
            ref = mapping.message_ref(chat, told["message_id"])
        elif told.get("new_chat_member"):
            ref = mapping.to_member(told["new_chat_member"], str(chat["id"])).ref
        elif chat:
            ref = Ref(integration=cls.key, kind="chat", id=str(chat["id"]), key=mapping.chat_name(chat))
        return [WebhookEvent(str(update["update_id"]), kind, ref, datetime.fromtimestamp(date, UTC) if date else None)]

    async def identify(self) -> Account:
        """The bot's id; the chats are read too, so that one that it cannot see is told at once."""
        me = await self.ask("getMe", is_read=True)
        await self.prove_chats()
        return Account(str(me["id"]))

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Chats that are known."""
        return {"chat": [mapping.chat_name(row) for row in await self.known()]}

    @tool("write", proof="read_message", undo="delete_message")
    async def send_message(
        self,
        chat: Annotated[Chat, "the group, channel or person"],
        text: Annotated[Text, "the message"],
        reply_to: Annotated[MessageId | None, "the message that it answers: its number, link or words in it"] = None,
        silent: Annotated[bool, "without a sound"] = False,
    ) -> Change:
        """Write to a Telegram chat, as the bot."""
        _short("text", text, MOST)
        fields = _common(chat, silent) | {"text": text}
        fields["reply_parameters"] = {"message_id": int(reply_to)} if reply_to else None
        return self.sent(await self.ask("sendMessage", **fields), text)

    @tool("write", proof="read_message", undo="delete_message")
    async def send_file(
        self,
        chat: Annotated[Chat, "the group, channel or person"],
        file: Annotated[str, "the attached file, a link to one, or an id that Telegram gave"],
        caption: Annotated[Text | None, "words under it"] = None,
    ) -> Change:
        """Send a file to a Telegram chat, with a few words if wanted."""
        _short("caption", caption or "", CAPTION)
        if file.startswith(("http://", "https://")) or FILE_ID.fullmatch(file):
            item = await self.ask("sendDocument", chat_id=mapping.number(chat), document=file, caption=caption)
            return self.sent(item, caption)
        given = attachment(file)
        upload = {"document": (given.name or "file", given.content, given.mime_type)}
        form = {"chat_id": chat, "caption": caption}
        answer = await self.http.send("POST", "/sendDocument", form=form, files=upload)
        return self.sent(answer.data["result"], caption)

    @tool("write", proof="read_message", undo="delete_message")
    async def send_poll(
        self,
        chat: Annotated[Chat, "the group or channel"],
        question: Annotated[str, "what is asked"],
        options: Annotated[list[str], "the answers to choose from"],
        multiple: Annotated[bool, "more than one may be chosen"] = False,
        anonymous: Annotated[bool, "nobody sees who chose what"] = True,
    ) -> Change:
        """Ask a Telegram chat to vote."""
        _short("question", question, QUESTION)
        if not 1 <= len(options) <= 12:
            raise Rejected("A poll has 1 to 12 answers.", fields={"options": f"{len(options)} are given"})
        answers = [{"text": one} for one in options]
        fields: dict[str, Any] = {"allows_multiple_answers": multiple, "is_anonymous": anonymous, "options": answers}
        item = await self.ask("sendPoll", chat_id=mapping.number(chat), question=question, **fields)
        return self.sent(item, question)

    @tool("read")
    async def read_new_messages(
        self,
        chat: Annotated[Chat | None, "only from this one"] = None,
        limit: Annotated[int, "how many"] = 50,
    ) -> list[Message]:
        """See what was written to the Telegram bot, or in its groups, since the last look."""
        return await self.fresh(chat, limit)

    @tool("read")
    async def get_chat(self, chat: Annotated[Chat, "the group, channel or person"]) -> Channel:
        """Show a Telegram chat: what it is about, how many are in it, who runs it."""
        id = mapping.number(chat)
        item = await self.ask("getChat", chat_id=id, is_read=True)
        size = await self.ask("getChatMemberCount", chat_id=id, is_read=True)
        admins = [{"user": user} for user in await self.admins(str(item["id"]))]
        return mapping.to_channel(item, int(size), admins)

    @tool("write", proof="read_pin", undo="unpin_message")
    async def pin_message(
        self,
        chat: Annotated[Chat, "the group or channel"],
        message: Annotated[MessageId, "its number, its link, or words in it"],
        silent: Annotated[bool, "without telling everybody"] = True,
    ) -> Change:
        """Keep a message at the top of a Telegram chat."""
        fields: dict[str, Any] = {
            "chat_id": mapping.number(chat),
            "message_id": int(message),
            "disable_notification": silent,
        }
        now = (await self.ask("getChat", chat_id=fields["chat_id"], is_read=True)).get("pinned_message") or {}
        if str(now.get("message_id")) == message:
            raise Conflict("It is pinned already.")
        await self.ask("pinChatMessage", is_repeatable=True, **fields)
        return self.pinned(chat, message)

    @tool("write", proof="read_invite", undo="revoke_invite_link")
    async def create_invite_link(
        self,
        chat: Annotated[Chat, "the group or channel"],
        expires: Annotated[datetime | None, "until when it works"] = None,
        uses: Annotated[int | None, "how many may come in by it"] = None,
    ) -> Change:
        """Make a link that lets people into a Telegram group or channel."""
        id = mapping.number(chat)
        if uses is not None and not 1 <= uses <= 99_999:
            raise Rejected("A link lets in 1 to 99999 people.", fields={"uses": "is out of reach"})
        ends = int(expires.timestamp()) if expires else None
        item = await self.ask("createChatInviteLink", chat_id=id, expire_date=ends, member_limit=uses)
        return self.invited(item, await self.ask("getChat", chat_id=id, is_read=True), expires, uses)

    @tool("write", proof="read_message", irreversible=NO_FORMER)
    async def edit_message(
        self,
        chat: Annotated[Chat, "the chat"],
        message: Annotated[MessageId, "its number, its link, or “the pinned one”"],
        text: Annotated[Text, "what it should say"],
    ) -> Change:
        """Reword a message that the Telegram bot sent."""
        _short("text", text, MOST)
        fields: dict[str, Any] = {"chat_id": mapping.number(chat), "message_id": int(message), "text": text}
        try:
            item = await self.ask("editMessageText", is_repeatable=True, **fields)
        except Conflict:  # it says so already, perhaps since an answer that was lost
            item = True
        return self.reworded(item, chat, message, text)

    @tool("destructive", proof="read_message", irreversible="Telegram deletes a message for good",
          recover="recover_deletion")  # fmt: skip
    async def delete_message(
        self,
        chat: Annotated[Chat, "the chat"],
        message: Annotated[MessageId, "its number, its link, or words in it"],
    ) -> Change:
        """Remove a message from a Telegram chat for everybody."""
        await self.ask("deleteMessage", chat_id=mapping.number(chat), message_id=int(message))
        ref = mapping.message_ref({"id": mapping.number(chat)}, message)
        return Change(Message(ref=ref), is_gone=True)

    @tool("destructive", proof="read_member", undo="lift_ban")
    async def remove_member(
        self,
        chat: Annotated[Chat, "the group or channel"],
        person: Annotated[Who, "who has to go: name, @name or id"],
        until: Annotated[datetime | None, "when they may come back; never, when left out"] = None,
        delete_messages: Annotated[bool, "whether all that they wrote goes too"] = False,
    ) -> Change:
        """Put somebody out of a Telegram group or channel and keep them out."""
        fields: dict[str, Any] = {"chat_id": mapping.number(chat), "user_id": int(person)}
        before = mapping.to_member(await self.ask("getChatMember", is_read=True, **fields), chat)
        ends = mapping.ban_ends(until, utc_now())
        await self.ask(
            "banChatMember", is_repeatable=True, until_date=ends, revoke_messages=delete_messages or None, **fields
        )
        undo = Call(tool="telegram.lift_ban", args={"chat": chat, "person": person})
        return Change(before, {"status": mapping.banned(ends)}, undo=undo)


def _common(chat: str, silent: bool) -> dict[str, Any]:
    return {"chat_id": mapping.number(chat), "disable_notification": True if silent else None}


def _short(name: str, text: str, most: int) -> None:
    if len(text) > most:
        raise Rejected(f"Telegram takes {most} characters of {name} at most.", fields={name: "is too long"})
