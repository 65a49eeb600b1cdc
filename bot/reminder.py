"""Reminders as an integration, so that they are planned, decided, proven and undone as all else is; nobody signs in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from bot.outbox import OPEN, NoticeRow, Outbox
from bot.parcel import headline
from core.clock import Clock, utc_now
from core.errors import Candidate, InvalidArgument, NotFound
from core.message import Entry, Listing, Notice, Reply
from core.records import Ref, Task
from core.tool import Call, Change
from tools.declare import Id, Text, finds, tool
from tools.integration import Integration
from tools.kit.auth import Open

KEY = "reminder"
LONGEST = timedelta(days=366)
MOST = 200


class Reminders(Integration):
    """One person's own reminders, said by the assistant itself."""

    key = KEY
    name = "Reminders"
    category = "other"
    aliases = ("atom reminders",)
    auth = Open()
    base_url = "reminder:"
    outbox: ClassVar[Outbox]
    clock: ClassVar[Clock] = staticmethod(utc_now)

    async def find_reminder(self, text: str) -> Sequence[Candidate]:
        """The person's reminders by their words."""
        wanted = text.casefold()
        rows = [row for row in await self._rows() if row.status in OPEN]
        fitting = [row for row in rows if row.id == text or wanted in _words(row).casefold()]
        return [
            Candidate(row.id, _words(row), f"{row.due_at.astimezone(self.who.zone):%a %d %b %H:%M}") for row in fitting
        ]

    @tool("write", proof="read_reminder", undo="cancel_reminder")
    async def set_reminder(
        self, text: Annotated[Text, "what to be reminded of"], at: Annotated[datetime, "when"]
    ) -> Change:
        """Remind me of something at a time, here in the chat."""
        now = type(self).clock()
        if not now < at <= now + LONGEST:
            raise InvalidArgument("A reminder needs a time that is still to come, within a year.", parameter="at")
        row = await self._put(text, at, self.http.call_id or uuid.uuid4().hex)
        made = _task(row)
        undo = Call(tool=f"{KEY}.cancel_reminder", args={"reminder": row.id})
        return Change(made, {"title": made.title, "due_at": made.due_at}, undo=undo)

    @tool("read")
    async def list_reminders(self) -> list[Task]:
        """Show my reminders that are still to come."""
        return [_task(row) for row in sorted(await self._rows(), key=lambda row: row.due_at) if row.status in OPEN]

    @tool("write", proof="read_reminder", undo="renew_reminder")
    async def cancel_reminder(self, reminder: Annotated[str, finds("reminder"), "the reminder"]) -> Change:
        """Cancel one of my reminders."""
        row = await self._row(reminder)
        if not await self.outbox.withdraw(row, "you cancelled it"):
            raise NotFound("This reminder was said already, or cancelled.")
        undo = Call(tool=f"{KEY}.renew_reminder", args={"text": _words(row), "at": row.due_at.isoformat()})
        return Change(_task(row), is_gone=True, undo=undo)

    @tool("write", proof="read_reminder", undo="cancel_reminder", is_hidden=True)
    async def renew_reminder(self, text: Annotated[Text, "what"], at: Annotated[datetime, "when"]) -> Change:
        """Set a cancelled reminder again."""
        return await self.set_reminder(text, at)

    async def read_reminder(self, ref: Ref) -> Task:
        """A reminder as it waits now.

        Raises:
            NotFound: it waits no longer.
        """
        row = await self._row(ref.id)
        if row.status not in OPEN:
            raise NotFound("This reminder waits no longer.")
        return _task(row)

    async def _put(self, text: str, at: datetime, mark: str) -> NoticeRow:
        line = Entry(text=text)
        notice = Notice(
            tenant=self.who.tenant,
            person=self.who.id,
            kind="reminder",
            signature=f"reminder:{mark}",
            reply=Reply(parts=(Listing(title="Reminder", entries=(line,)),), is_private=True),
            why="you asked me to remind you",
            not_before=at,
        )
        await self.outbox.put(notice)
        return next(row for row in await self._rows() if row.signature == notice.signature)

    async def _rows(self) -> list[NoticeRow]:
        return [row for row in await self.outbox.of(self.who.tenant, self.who.id, MOST) if row.kind == "reminder"]

    async def _row(self, reminder: Annotated[Id, "id"]) -> NoticeRow:
        row = await self.outbox.get(self.who.tenant, self.who.id, reminder)
        if row is None or row.kind != "reminder":
            raise NotFound("You have no such reminder.")
        return row


def integration(outbox: Outbox, clock: Clock = utc_now) -> type[Reminders]:
    """The integration over an outbox."""
    return type("Reminders", (Reminders,), {"outbox": outbox, "clock": staticmethod(clock), "__module__": __name__})


def _words(row: NoticeRow) -> str:
    first = row.words.parts[0]
    return first.entries[0].text if isinstance(first, Listing) and first.entries else headline(row.words)[0]


def _task(row: NoticeRow) -> Task:
    return Task(ref=Ref(integration=KEY, kind="reminder", id=row.id), title=_words(row), due_at=row.due_at)
