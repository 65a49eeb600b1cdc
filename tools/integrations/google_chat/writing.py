"""Writing to Chat, and finding out after a lost answer whether it was done."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from core.clock import utc_now
from core.records import Message, Party
from core.tool import Call, Change
from tools.integrations.google_chat import mapping
from tools.integrations.google_chat.lookup import JUST_NOW, MOST, Lookup
from tools.integrations.google_chat.mapping import to_channel, to_member, to_message
from tools.kit.paging import take


class Writing(Lookup):
    """What the writes of Google Chat share."""

    def once(self, what: str) -> str:
        """An id of the request, the same when it is sent again: Chat then does it once."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.http.call_id}:{what}"))

    async def post(self, space: str, text: str, thread: str | None) -> Message:
        """Say something in a space."""
        body: dict[str, Any] = {"text": text} | ({"thread": {"name": thread}} if thread else {})
        params = {"requestId": self.once("message"), "messageReplyOption": "REPLY_MESSAGE_OR_FAIL" if thread else None}
        path = f"/v1/{space}/messages"
        return to_message((await self.http.send("POST", path, json=body, params=params, is_repeatable=True)).data)

    def said(self, record: Message, text: str, thread: str | None) -> Change:
        """A message that was posted."""
        expect = {"text": text} | ({"thread": thread} if thread else {})
        return Change(record, expect, undo=Call(tool="google_chat.delete_message", args={"message": record.ref.id}))

    def opened(
        self, item: Mapping[str, Any], name: str, members: Sequence[str] | None, description: str | None
    ) -> Change:
        """A space that was opened; who opened it manages it and is no mere member."""
        there = tuple(Party(id=one.lower()) for one in dict.fromkeys(members or ()))
        expect = {"title": name, "members": there} | ({"topic": description} if description else {})
        undo = Call(tool="google_chat.delete_space", args={"space": str(item["name"])})
        return Change(to_channel(item), expect, undo=undo)

    def joined(self, item: Mapping[str, Any], person: str) -> Change:
        """A person who was let in."""
        undo = Call(tool="google_chat.remove_member", args={"membership": str(item["name"])})
        return Change(to_member(item), {"email": person.lower(), "is_active": True}, undo=undo)

    async def member(self, space: str, person: str) -> Mapping[str, Any] | None:
        """The membership of a person, if they are in the space."""
        rows = await self.memberships(space)
        return next((one for one in rows if mapping.address(one.get("member") or {}) == person.lower()), None)

    # after a lost answer

    async def recover_message(self, space: str, text: str, thread: str | None = None) -> Change | None:
        """One's own message there that says this, if it was posted just now."""
        record = await self.just_said(space, text, thread)
        return self.said(record, text, thread) if record else None

    async def recover_direct(self, to: str, text: str) -> Change | None:
        """What one just wrote to the person, if it says this."""
        space = await self.direct(to)
        return await self.recover_message(space, text) if space else None

    async def recover_space(
        self, name: str, members: Sequence[str] | None = None, description: str | None = None
    ) -> Change | None:
        """The space of this name that is new."""
        for item in await take(self.spaces("space"), MOST):
            made = mapping.moment(item.get("createTime"))
            if item.get("displayName") == name and made and utc_now() - made < JUST_NOW:
                return self.opened(item, name, members, description)
        return None

    async def recover_member(self, space: str, person: str) -> Change | None:
        """The person's membership, if there is one."""
        found = await self.member(space, person)
        return self.joined(found, person) if found else None
