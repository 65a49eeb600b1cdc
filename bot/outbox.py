"""What is to be said unasked: each state once, with a trace of what became of it and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import JSON, Boolean, Index, Integer, String, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from agent.state import short_id
from bot.tact import Verdict
from bot.taste import Sign
from core.clock import Clock, utc_now
from core.db import Database, Moment, Table
from core.message import Notice, NoticeKind, Reply

Status = Literal["waiting", "posting", "sent", "held", "expired", "replaced", "withdrawn", "kept"]
OPEN: tuple[Status, ...] = ("waiting", "kept")
TOLD: tuple[Status, ...] = ("sent", "held")
SETTLES = timedelta(hours=24)  # a state that comes back within this time is flapping
HELD_DOWN = timedelta(hours=4)  # how long one that flaps must last before it is said again
REMEMBERED = timedelta(days=90)
LONGEST = 400
_TRACE = 20


class NoticeRow(Table):
    """A notice and what became of it. `over_at` is when its state ended, `delivery` names the message it stands in."""

    __tablename__ = "notice"
    __table_args__ = (Index(None, "status", "due_at"),)

    tenant: Mapped[str] = mapped_column(String(200), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person: Mapped[str] = mapped_column(String(320), index=True)
    kind: Mapped[NoticeKind] = mapped_column(String(16))
    topic: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(400))
    signature: Mapped[str] = mapped_column(String(400))
    reply: Mapped[dict[str, Any]] = mapped_column(JSON)
    why: Mapped[str] = mapped_column(String(500))
    is_urgent: Mapped[bool] = mapped_column(Boolean, default=False)
    is_digest: Mapped[bool] = mapped_column(Boolean, default=False)
    status: Mapped[Status] = mapped_column(String(16), default="waiting")
    made_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    over_at: Mapped[datetime | None] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    is_snoozed: Mapped[bool] = mapped_column(Boolean, default=False)
    is_judged: Mapped[bool] = mapped_column(Boolean, default=False)
    pressed: Mapped[str] = mapped_column(String(16), default="")
    delivery: Mapped[str] = mapped_column(String(32), default="")
    platform: Mapped[str] = mapped_column(String(16), default="")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    trace: Mapped[list[list[str]]] = mapped_column(JSON)

    @property
    def words(self) -> Reply:
        """What it says."""
        return Reply.model_validate(self.reply)

    @property
    def taste(self) -> str:
        """What a person learns to like or not: the topic within its kind."""
        return f"{self.kind}:{self.topic}" if self.topic else self.kind

    @property
    def because(self) -> str:
        """The last line of the trace: why it is where it is."""
        return self.trace[-1][2] if self.trace else ""

    @property
    def line(self) -> str:
        """What became of it, in a line."""
        head = f"{self.made_at:%Y-%m-%d %H:%M}  {self.status:9} {self.kind:10} {self.person}"
        return f"{head}  {self.subject}: {self.because or self.why}"

    def to_json(self) -> dict[str, Any]:
        """What became of it, without what it says."""
        shown = ("id", "person", "kind", "topic", "subject", "signature", "why", "status", "platform", "trace")
        moments = {name: at.isoformat() for name in ("made_at", "due_at", "sent_at") if (at := getattr(self, name))}
        return {name: getattr(self, name) for name in shown} | moments

    def note(self, now: datetime, what: str, because: str) -> None:
        """Add a line to the trace."""
        self.trace = [*self.trace, [now.isoformat(timespec="seconds"), what, because]][-_TRACE:]


class Outbox:
    """Takes notices in and keeps what became of them; the courier carries them out."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def put(self, notice: Notice) -> Verdict:
        """Take a notice in. What is known already is not said again; a newer state replaces the one that waits."""
        try:
            async with self._database.session() as session:
                return await self._put(session, notice)
        except IntegrityError:  # another worker put the same one at the same moment
            return Verdict("hold", "you are told of it already")

    async def over(self, tenant: str, subject: str, person: str = "") -> None:
        """The state that was told of ended: what waits is withdrawn, and it may be told again if it comes back."""
        async with self._database.session() as session:
            wanted = select(NoticeRow).where(NoticeRow.tenant == tenant, NoticeRow.subject == subject)
            wanted = wanted.where(NoticeRow.over_at.is_(None), *([NoticeRow.person == person] if person else []))
            for row in await session.scalars(wanted):
                row.over_at = self._clock()
                if row.status in OPEN:
                    self._end(row, "withdrawn", "it was over before you were told")

    async def told(self, tenant: str, subject: str) -> list[str]:
        """The people whose notices of this subject tell of a state that has not ended."""
        wanted = select(NoticeRow.person).where(NoticeRow.tenant == tenant, NoticeRow.subject == subject)
        async with self._database.session() as session:
            return list(await session.scalars(wanted.where(NoticeRow.over_at.is_(None)).distinct()))

    async def of(self, tenant: str, person: str = "", most: int = 50) -> Sequence[NoticeRow]:
        """A person's notices, newest first; a whole tenant's where nobody is named."""
        wanted = select(NoticeRow).where(NoticeRow.tenant == tenant)
        if person:
            wanted = wanted.where(NoticeRow.person == person)
        async with self._database.session() as session:
            return list(await session.scalars(wanted.order_by(NoticeRow.made_at.desc(), NoticeRow.id).limit(most)))

    async def get(self, tenant: str, person: str, notice: str) -> NoticeRow | None:
        """One notice, if it is this person's."""
        async with self._database.session() as session:
            row = await session.get(NoticeRow, (tenant, notice))
        return row if row is not None and row.person == person else None

    async def snooze(self, row: NoticeRow, until: datetime) -> bool:
        """Show a notice again at a later moment."""
        because = "you asked to see it later"
        async with self._database.session() as session:
            kept = await session.get(NoticeRow, (row.tenant, row.id), with_for_update=True)
            if kept is None or kept.status not in ("sent", "waiting", "kept", "held"):
                return False
            kept.status, kept.due_at, kept.is_snoozed, kept.is_judged = "waiting", until, True, True
            kept.note(self._clock(), "snoozed", because)
        return True

    async def withdraw(self, row: NoticeRow, because: str) -> bool:
        """Say it no more; false where it was said already."""
        async with self._database.session() as session:
            kept = await session.get(NoticeRow, (row.tenant, row.id), with_for_update=True)
            if kept is None or kept.status not in OPEN:
                return False
            self._end(kept, "withdrawn", because)
        return True

    async def pressed(self, row: NoticeRow, sign: Sign) -> bool:
        """Note what a person pressed on a notice; false where they pressed the same before."""
        mine = (NoticeRow.tenant == row.tenant, NoticeRow.id == row.id, NoticeRow.pressed != sign)
        async with self._database.session() as session:
            values = {"pressed": sign, "is_judged": True}
            changed = await session.execute(update(NoticeRow).where(*mine).values(**values))
            return bool(changed.rowcount == 1)  # type: ignore[attr-defined]

    async def judged(self, row: NoticeRow) -> bool:
        """Note that a notice told what the person thinks of its topic; false where it did before."""
        mine = (NoticeRow.tenant == row.tenant, NoticeRow.id == row.id, NoticeRow.is_judged.is_(False))
        async with self._database.session() as session:
            changed = await session.execute(update(NoticeRow).where(*mine).values(is_judged=True))
            return bool(changed.rowcount == 1)  # type: ignore[attr-defined]

    async def back(self, tenant: str, person: str) -> None:
        """What could not be delivered is tried once more: the person is here."""
        async with self._database.session() as session:
            mine = (NoticeRow.tenant == tenant, NoticeRow.person == person, NoticeRow.status == "kept")
            values = {"status": "waiting", "due_at": self._clock(), "attempts": 0}
            await session.execute(update(NoticeRow).where(*mine).values(**values))

    async def forget_old(self) -> None:
        """Drop what ended long ago."""
        async with self._database.session() as session:
            old = NoticeRow.made_at < self._clock() - REMEMBERED
            await session.execute(delete(NoticeRow).where(old, NoticeRow.status.not_in((*OPEN, "posting"))))

    async def forget(self, tenant: str, person: str) -> int:
        """Erase everything of a person; gives how many notices there were."""
        async with self._database.session() as session:
            gone = await session.execute(
                delete(NoticeRow).where(NoticeRow.tenant == tenant, NoticeRow.person == person)
            )
            return int(gone.rowcount)  # type: ignore[attr-defined]

    async def kept(self, tenant: str, person: str) -> int:
        """How many notices of a person there are."""
        async with self._database.session() as session:
            mine = (NoticeRow.tenant == tenant, NoticeRow.person == person)
            return await session.scalar(select(func.count()).select_from(NoticeRow).where(*mine)) or 0

    async def _put(self, session: AsyncSession, notice: Notice) -> Verdict:
        now = self._clock()
        about = select(NoticeRow).where(
            NoticeRow.tenant == notice.tenant,
            NoticeRow.person == notice.person,
            NoticeRow.subject == _subject(notice),
        )
        rows = list(await session.scalars(about.order_by(NoticeRow.made_at, NoticeRow.id)))
        before = [row for row in rows if row.kind == notice.kind]
        if known := self._known(before if notice.kind == "approval" else rows, notice, now):
            return known
        row = self._row(notice, sum(one.signature == notice.signature for one in before), now)
        self._hold_down(row, before, now)
        for older in before:
            older.over_at = older.over_at or now
            if older.status in OPEN:
                if older.is_snoozed and not notice.is_urgent:
                    row.due_at = max(row.due_at, older.due_at)
                self._end(older, "replaced", "newer news of the same took its place")
        session.add(row)
        return Verdict("wait", row.because or "it is on its way", row.due_at)

    def _known(self, rows: Sequence[NoticeRow], notice: Notice, now: datetime) -> Verdict | None:
        """Why there is nothing new in a notice; where newer news waits that it takes back, that is withdrawn."""
        same = [row for row in rows if row.signature == _signature(notice)]
        for row in same:
            if row.status in (*OPEN, "posting") and row.over_at is None:
                if notice.is_urgent and not row.is_urgent:
                    row.is_urgent, row.due_at = True, now
                row.note(now, "repeated", "it came again while it waited")
                return Verdict("hold", "it waits already")
        last = max((row for row in same if row.status in TOLD), key=_told_at, default=None)
        if last is None or (last.over_at is not None and now - last.over_at >= SETTLES):
            return None
        newer = [row for row in rows if row.kind == last.kind and _told_at(row) > _told_at(last)]
        if any(row.status in (*TOLD, "posting") for row in newer):
            return None
        last.over_at = None
        last.note(now, "repeated", "you know it already")
        for row in rows:
            if row.kind == last.kind and row.status in OPEN:
                self._end(row, "withdrawn", "it went back to what you know")
        return Verdict("hold", "you were told of it already")

    def _hold_down(self, row: NoticeRow, before: Sequence[NoticeRow], now: datetime) -> None:
        """A state that was told and left within a day must last before it is told again."""
        told = [one for one in before if one.signature == row.signature and one.status in TOLD]
        ended = max((one.over_at or _told_at(one) for one in told), default=None)
        if ended and now - ended < SETTLES and not row.is_urgent:
            row.due_at = max(row.due_at, now + HELD_DOWN)
            row.note(now, "waiting", "it keeps coming and going; you are told if it lasts")

    def _row(self, notice: Notice, round_: int, now: datetime) -> NoticeRow:
        key = (notice.tenant, notice.person, notice.kind, _subject(notice), _signature(notice), str(round_))
        return NoticeRow(
            tenant=notice.tenant,
            id=short_id(*key),
            person=notice.person,
            kind=notice.kind,
            topic=notice.topic[:100],
            subject=_subject(notice),
            signature=_signature(notice),
            reply=notice.reply.model_dump(mode="json"),
            why=notice.why[:500],
            is_urgent=notice.is_urgent,
            is_digest=False,
            is_snoozed=False,
            status="waiting",
            made_at=now,
            due_at=max(now, notice.not_before or now),
            expires_at=notice.expires_at,
            pressed="",
            attempts=0,
            trace=[],
        )

    def _end(self, row: NoticeRow, status: Status, because: str) -> None:
        row.status = status
        row.note(self._clock(), status, because)


def _told_at(row: NoticeRow) -> datetime:
    return row.sent_at or row.made_at


def _subject(notice: Notice) -> str:
    return _short(notice.subject or notice.signature)


def _signature(notice: Notice) -> str:
    return _short(notice.signature)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 17]}-{short_id(name)}"
