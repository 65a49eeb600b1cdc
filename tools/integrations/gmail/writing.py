"""Writing mails and labels, and finding out after a lost answer whether it was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.errors import NotFound
from core.records import Message
from core.tool import Call, Change
from tools.integrations.gmail import mapping
from tools.integrations.gmail.letter import Letter, forwarded, lower, reply_to, subject_of
from tools.integrations.gmail.mailbox import ME, Items, Mailbox
from tools.integrations.gmail.mapping import to_message
from tools.kit.attachment import attachment

Names = Sequence[str] | None


class Writing(Mailbox):
    """What the writes of Gmail share."""

    def letter(
        self, to: Names, body: str, subject: str | None, cc: Names = None, bcc: Names = None, files: Names = None
    ) -> Letter:
        """A new mail."""
        held = tuple(attachment(one) for one in files or ())
        named = tuple(replace(one, name=one.name or f"file {place}") for place, one in enumerate(held, 1))
        return Letter(lower(to), subject or subject_of(body), body, lower(cc), lower(bcc), named)

    async def passed_on(self, message: str, to: Sequence[str], body: str | None, cc: Names) -> Letter:
        """A mail that is sent on with its files."""
        item = await self.message(message)
        return replace(forwarded(item, body or "", to, cc), files=await self.files(item))

    async def drafted(self, body: str, to: Names, subject: str | None, thread: str | None) -> Letter:
        """A mail that is not sent yet, new or an answer."""
        if not thread:
            return self.letter(to, body, subject)
        answer = reply_to(await self.thread(thread), self.me, False, body, to or ())
        return replace(answer, subject=subject or answer.subject)

    async def sent(self, letter: Letter) -> Change:
        """Send a mail off."""
        item = await self.http.post(f"{ME}/messages/send", letter.raw())
        return self.gone_out(to_message(item), letter)

    def gone_out(self, record: Message, letter: Letter) -> Change:
        """A mail that was sent."""
        return Change(record.model_copy(update={"title": letter.subject}), letter.shows())

    def kept(self, record: Message, letter: Letter) -> Change:
        """A draft that was made."""
        undo = Call(tool="gmail.delete_draft", args={"draft": record.ref.id})
        return Change(record, letter.shows() | {"thread": letter.thread or record.thread}, undo=undo)

    def labelled(self, item: Mapping[str, Any], name: str, color: str | None) -> Change:
        """A label that was made."""
        undo = Call(tool="gmail.delete_label", args={"label": str(item["id"])})
        shade = {"color": mapping.COLORS[color.strip().lower()][0]} if color else {}
        return Change(mapping.to_label(item), {"title": name, **shade}, undo=undo)

    async def relabel(self, items: Items, wanted: Mapping[str, Sequence[str]]) -> Change:
        """Give each message just these labels; what changes alike goes in one request."""
        before = {str(one["id"]): sorted(one.get("labelIds") or ()) for one in items}
        for body in mapping.differing(before, wanted):
            await self.http.send("POST", f"{ME}/messages/batchModify", json=body, is_repeatable=True)
        after: Items = [{**one, "labelIds": wanted[str(one["id"])]} for one in items]
        names = await self.own_labels([*items, *after])
        expect = {"text": mapping.to_several(after, names).text}
        undo = Call(tool="gmail.restore_labels", args={"labels": before})
        return Change(mapping.to_several(items, names), expect, undo=undo)

    # after a lost answer

    async def recover_message(
        self,
        to: Sequence[str],
        body: str,
        subject: str | None = None,
        cc: Names = None,
        bcc: Names = None,
        attachments: Names = None,
    ) -> Change | None:
        """The same mail, if it went out just now."""
        return await self._gone_out(self.letter(to, body, subject, cc, bcc, attachments))

    async def recover_reply(self, thread: str, body: str, reply_all: bool = False) -> Change | None:
        """One's own last mail in the conversation, if it says the same and went out just now."""
        item = await self.thread(thread)
        said = item.get("messages") or ()
        mine = [one for one in said if mapping.SENT in (one.get("labelIds") or ())]
        for one in reversed(mine):
            others = {**item, "messages": [other for other in said if other is not one]}
            letter = reply_to(others, self.me, reply_all, body)
            if self.is_just(to_message(one), letter):
                return self.gone_out(to_message(one), letter)
        return None

    async def recover_forward(
        self, message: str, to: Sequence[str], body: str | None = None, cc: Names = None
    ) -> Change | None:
        """The mail that was sent on, if it went out just now."""
        return await self._gone_out(await self.passed_on(message, to, body, cc))

    async def recover_draft(
        self, body: str, to: Names = None, subject: str | None = None, thread: str | None = None
    ) -> Change | None:
        """The same draft, if it was made just now."""
        letter = await self.drafted(body, to, subject, thread)
        record = await self.just_drafted(letter)
        return self.kept(record, letter) if record else None

    async def recover_sent(self, draft: str) -> Change | None:
        """What went out just now, if the draft is no more."""
        try:
            await self.http.get(f"{ME}/drafts/{draft}", format="minimal")
        except NotFound:
            record = await self.just_sent()
            return Change(record) if record else None
        return None

    async def recover_label(self, name: str, color: str | None = None) -> Change | None:
        """The label of this name."""
        item = next((one for one in await self.labels() if one.get("name") == name), None)
        return self.labelled(await self.http.get(f"{ME}/labels/{item['id']}"), name, color) if item else None

    async def _gone_out(self, letter: Letter) -> Change | None:
        record = await self.just_sent(letter)
        return self.gone_out(record, letter) if record else None
