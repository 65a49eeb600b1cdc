"""Reading back what a bot can read back, and the inverses that nobody asks for by name.

A bot cannot read messages. That one is there is shown by taking one's own reactions off it, of which there are none:
Telegram answers whether it found the message, and nothing changes. What it says is in the answer to the sending.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from core.errors import NotFound, OutcomeUnknown
from core.records import Channel, Message, Person, Record, Ref
from core.tool import Call, Change
from tools.declare import tool
from tools.integrations.telegram import mapping
from tools.integrations.telegram.chat import Chats

UNDO = "it is itself an undo"


class Proof(Chats):
    """The writing half of the integration but for the requests themselves."""

    @tool("write", proof="read_pin", irreversible=UNDO, is_hidden=True)
    async def unpin_message(self, chat: Annotated[str, "id"], message: Annotated[str, "number"]) -> Change:
        """Take a message off the top of a chat."""
        fields: dict[str, Any] = {"chat_id": mapping.number(chat), "message_id": int(message)}
        await self.ask("unpinChatMessage", **fields)
        return Change(Message(ref=_pin(chat, message)), is_gone=True)

    @tool("destructive", proof="read_invite", irreversible=UNDO, is_hidden=True)
    async def revoke_invite_link(self, link: Annotated[str, "the link with its limits"]) -> Change:
        """Make an invite link worthless."""
        ref = Ref(integration="telegram", kind="invite_link", id=link)
        chat, *_, address = link.split("|")
        fields: dict[str, Any] = {"chat_id": mapping.number(chat), "invite_link": address}
        await self.ask("revokeChatInviteLink", **fields)
        return Change(Channel(ref=ref), is_gone=True)

    @tool("write", proof="read_member", irreversible=UNDO, is_hidden=True)
    async def lift_ban(self, chat: Annotated[str, "id"], person: Annotated[str, "id"]) -> Change:
        """Let somebody who was banned join again."""
        fields: dict[str, Any] = {"chat_id": mapping.number(chat), "user_id": int(person), "only_if_banned": True}
        await self.ask("unbanChatMember", is_repeatable=True, **fields)
        ref = Ref(integration="telegram", kind="member", id=f"{chat}/{person}")
        return Change(Person(ref=ref), {"status": mapping.STATES["left"]})

    async def read_message(self, ref: Ref) -> Record:
        """Asks whether the message is there; a bot cannot read what it says."""
        chat, _, message = ref.id.partition("/")
        fields: dict[str, Any] = {"chat_id": mapping.number(chat), "message_id": int(message), "reaction": []}
        await self.ask("setMessageReaction", is_read=True, **fields)
        return Message(ref=ref)

    async def read_pin(self, ref: Ref) -> Record:
        """Reads what is pinned at the top of the chat again."""
        chat, _, message = ref.id.partition("/")
        pinned = (await self.ask("getChat", chat_id=mapping.number(chat), is_read=True)).get("pinned_message") or {}
        if str(pinned.get("message_id")) != message:
            raise NotFound("It is not pinned.", status=404)
        return mapping.to_message(pinned).model_copy(update={"is_pinned": True})

    async def read_member(self, ref: Ref) -> Record:
        """Reads the person's place in the chat again."""
        chat, _, person = ref.id.partition("/")
        fields: dict[str, Any] = {"chat_id": mapping.number(chat), "user_id": int(person)}
        return mapping.to_member(await self.ask("getChatMember", is_read=True, **fields), chat)

    async def read_invite(self, ref: Ref) -> Record:
        """Sets the link to the limits that it has, which is the only way to see it."""
        chat, ends, uses, address = ref.id.split("|", 3)
        fields: dict[str, Any] = {"chat_id": mapping.number(chat), "invite_link": address}
        limits: dict[str, Any] = {
            "expire_date": int(ends) if ends else None,
            "member_limit": int(uses) if uses else None,
        }
        item = await self.ask("editChatInviteLink", is_read=True, **fields, **limits)
        if item.get("is_revoked"):
            raise NotFound("The link was revoked.", status=404)
        return mapping.to_invite(item, await self.ask("getChat", chat_id=mapping.number(chat), is_read=True))

    async def recover_deletion(self, chat: str, message: str) -> Change | None:
        """Whether the message is gone."""
        ref = Ref(integration="telegram", kind="message", id=f"{chat}/{message}")
        try:
            await self.read_message(ref)
        except NotFound:
            return Change(Message(ref=ref), is_gone=True)
        return None

    def sent(self, item: Mapping[str, Any], text: str | None) -> Change:
        """What sending did, if Telegram shows the text that was sent."""
        record = mapping.to_message(item)
        _agree(record, text)
        chat, _, message = record.ref.id.partition("/")
        undo = Call(tool="telegram.delete_message", args={"chat": chat, "message": message})
        return Change(record, undo=undo)

    def reworded(self, item: Any, chat: str, message: str, text: str) -> Change:
        """What an edit did; an answer without the message says only that it was done."""
        ref = Ref(integration="telegram", kind="message", id=f"{chat}/{message}")
        record = mapping.to_message(item) if isinstance(item, Mapping) else Message(ref=ref, text=text)
        _agree(record, text)
        return Change(record)

    def pinned(self, chat: str, message: str) -> Change:
        """What pinning did."""
        undo = Call(tool="telegram.unpin_message", args={"chat": chat, "message": message})
        return Change(Message(ref=_pin(chat, message), is_pinned=True), {"is_pinned": True}, undo=undo)

    def invited(
        self, item: Mapping[str, Any], chat: Mapping[str, Any], ends: datetime | None, uses: int | None
    ) -> Change:
        """What making an invite link did."""
        record = mapping.to_invite(item, chat)
        until = ends.astimezone(UTC).replace(microsecond=0) if ends else None
        undo = Call(tool="telegram.revoke_invite_link", args={"link": record.ref.id})
        return Change(record, {"link": record.link, "expires_at": until, "uses": uses}, undo=undo)


def _pin(chat: str, message: str) -> Ref:
    id = mapping.number(chat)
    return mapping.message_ref({"id": id}, message).model_copy(update={"kind": "pin"})


def _agree(record: Message, text: str | None) -> None:
    """What Telegram shows must be what was sent, but for blanks.

    Raises:
        OutcomeUnknown: it is something else.
    """
    if text is not None and record.text.split() != text.split():
        raise OutcomeUnknown("Telegram took it, but shows another text.", cause="the echo differs")
