"""What people thought of answers: a thumb and at most a reason from a list, by the turn; never a text."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import ColumnElement, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from bot.assistant import Sink
from core.clock import Clock, utc_now
from core.db import Database, Moment, Table
from core.errors import InvalidArgument
from core.message import Press, Reply
from core.principal import Principal

REASONS = ("", "wrong", "incomplete", "slow", "unclear", "other")
THANKS = "Thank you; that is noted."


class FeedbackRow(Table):
    """One person's word on one turn; a later one takes its place."""

    __tablename__ = "feedback"

    tenant: Mapped[str] = mapped_column(String(200), primary_key=True)
    turn: Mapped[str] = mapped_column(String(80), primary_key=True)
    principal: Mapped[str] = mapped_column(String(320), primary_key=True)
    value: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(String(16), default="")
    at: Mapped[datetime] = mapped_column(Moment)


class Feedback:
    """The store of feedback, and its button."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def rate(self, press: Press, sink: Sink) -> None:
        """Keep `up`, `down` or `down:<reason>` for the turn that is the target; words behind a line break are not kept.

        Raises:
            InvalidArgument: it is none of these.
        """
        said, _, words = press.value.partition("\n")
        value, _, reason = said.partition(":")
        reason = reason or ("other" if words.strip() else "")
        if value not in ("up", "down") or reason not in REASONS or not 0 < len(press.target) <= 80:
            raise InvalidArgument("That is no answer to how this was.")
        row = FeedbackRow(
            tenant=press.by.tenant,
            turn=press.target,
            principal=press.by.id,
            value=value,
            reason=reason,
            at=self._clock(),
        )
        async with self._database.session() as session:
            await session.merge(row)
        await sink.send(Reply(parts=Reply.of_text(THANKS).parts, is_private=True))

    async def counts(self) -> Counter[tuple[str, str, str]]:
        """How many there are, by tenant, value and reason."""
        columns = (FeedbackRow.tenant, FeedbackRow.value, FeedbackRow.reason)
        async with self._database.session() as session:
            rows = await session.execute(select(*columns, func.count()).group_by(*columns))
            return Counter({(tenant, value, reason): count for tenant, value, reason, count in rows})

    async def forget(self, who: Principal) -> int:
        """Drop a person's; gives how many it was."""
        async with self._database.session() as session:
            done = await session.execute(delete(FeedbackRow).where(*_of(who)))
            return int(done.rowcount)  # type: ignore[attr-defined]

    async def left(self, who: Principal) -> int:
        """How many of a person's there are."""
        async with self._database.session() as session:
            return await session.scalar(select(func.count()).select_from(FeedbackRow).where(*_of(who))) or 0


def _of(who: Principal) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return FeedbackRow.tenant == who.tenant, FeedbackRow.principal == who.id
