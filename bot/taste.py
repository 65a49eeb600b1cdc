"""What a person finds useful, learned from what they press: a Beta estimate a topic, fading so that it can recover."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Float, String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import Clock, utc_now
from core.db import Database, Moment, Table

Sign = Literal["useful", "snoozed", "ignored", "less"]
PRIOR = (2.0, 1.0)  # before anything was pressed, two of three are taken to help
WEIGHT: dict[Sign, tuple[float, float]] = {
    "useful": (1.0, 0.0),
    "snoozed": (0.25, 0.0),
    "ignored": (0.0, 0.15),
    "less": (0.0, 3.0),
}
SILENCE_SAYS = 0.3  # passing over alone brings an estimate no lower
HALF_LIFE = timedelta(days=30)


class TasteRow(Table):
    """What was pressed on one topic, as of `at`; it fades from then on."""

    __tablename__ = "notice_taste"

    tenant: Mapped[str] = mapped_column(String(200), primary_key=True)
    person: Mapped[str] = mapped_column(String(320), primary_key=True)
    topic: Mapped[str] = mapped_column(String(100), primary_key=True)
    useful: Mapped[float] = mapped_column(Float, default=0.0)
    useless: Mapped[float] = mapped_column(Float, default=0.0)
    at: Mapped[datetime] = mapped_column(Moment)


class Tastes:
    """The store of tastes."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def estimates(self, tenant: str, person: str) -> dict[str, float]:
        """The share of notices that help, by topic, of those that the person pressed something on."""
        async with self._database.session() as session:
            mine = select(TasteRow).where(TasteRow.tenant == tenant, TasteRow.person == person)
            rows = list(await session.scalars(mine))
        return {row.topic: _share(*self._faded(row)) for row in rows}

    async def learn(self, tenant: str, person: str, topic: str, sign: Sign) -> float:
        """Take a sign in; gives the new estimate."""
        for _ in range(3):
            try:
                return await self._learned(tenant, person, topic, sign)
            except IntegrityError:  # the first sign came twice at the same moment
                continue
        return unknown()

    async def forget(self, tenant: str, person: str, topic: str) -> None:
        """Begin anew with a topic."""
        async with self._database.session() as session:
            row = await session.get(TasteRow, (tenant, person, topic))
            if row is not None:
                await session.delete(row)

    async def _learned(self, tenant: str, person: str, topic: str, sign: Sign) -> float:
        key, now = (tenant, person, topic), self._clock()
        async with self._database.session() as session:
            row = await session.get(TasteRow, key, with_for_update=True)
            if row is None:
                row = TasteRow(tenant=tenant, person=person, topic=topic, useful=0.0, useless=0.0, at=now)
                session.add(row)
            useful, useless = self._faded(row)
            more_useful, more_useless = WEIGHT[sign]
            if sign == "ignored" and _share(useful, useless + more_useless) < SILENCE_SAYS:
                more_useless = 0.0
            row.useful, row.useless, row.at = useful + more_useful, useless + more_useless, now
            return _share(row.useful, row.useless)

    def _faded(self, row: TasteRow) -> tuple[float, float]:
        left: float = 0.5 ** (max(self._clock() - row.at, timedelta()) / HALF_LIFE)
        return row.useful * left, row.useless * left


def unknown() -> float:
    """The estimate of a topic on which nothing was pressed."""
    return _share(0.0, 0.0)


def _share(useful: float, useless: float) -> float:
    return (PRIOR[0] + useful) / (sum(PRIOR) + useful + useless)
