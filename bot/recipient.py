"""Whom the assistant may write to unasked: where they were last, what hours they keep, and who is writing just now."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy import JSON, String, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import Clock, utc_now
from core.db import Database, Moment, Table
from core.message import NoticeKind, Platform
from core.principal import Principal

LEASE = timedelta(minutes=2)
SEEN_AGAIN = timedelta(minutes=10)  # how exactly it is known when somebody was here last
EVERY_DAY = frozenset(range(7))


class Preferences(BaseModel):
    """How a person wants to be written to; `days` are the weekdays on which they work, Monday is 0.

    `per_day` is how many messages a day they want by themselves; twice as many never come. `follows` names alerts that
    are nobody's own (`stripe:payment_failed`) and that they want to have.
    """

    model_config = ConfigDict(frozen=True)

    quiet_from: time = time(19)
    quiet_until: time = time(8)
    days: frozenset[int] = frozenset(range(5))
    digest_at: time = time(8, 30)
    wants_brief: bool = True
    per_day: int = Field(8, ge=1, le=50)
    off: frozenset[NoticeKind] = frozenset()
    follows: frozenset[str] = frozenset()

    @field_validator("days")
    @classmethod
    def _some_day(cls, days: frozenset[int]) -> frozenset[int]:
        return (days & EVERY_DAY) or EVERY_DAY

    @model_validator(mode="after")
    def _approvals_stay(self) -> Self:
        if "approval" in self.off:
            raise ValueError("approvals cannot be switched off: somebody waits for them")
        return self


class RecipientRow(Table):
    """A person whom the assistant met or has something to say to; `lease` is the worker that writes to them now."""

    __tablename__ = "recipient"

    tenant: Mapped[str] = mapped_column(String(200), primary_key=True)
    person: Mapped[str] = mapped_column(String(320), primary_key=True)
    name: Mapped[str] = mapped_column(String(300), default="")
    email: Mapped[str] = mapped_column(String(320), default="")
    timezone: Mapped[str] = mapped_column(String(64), default="")
    platform: Mapped[str] = mapped_column(String(16), default="")
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    briefed_on: Mapped[str] = mapped_column(String(10), default="")
    preferences: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    lease: Mapped[str] = mapped_column(String(32), default="")
    leased_until: Mapped[datetime | None] = mapped_column(Moment)

    @property
    def wishes(self) -> Preferences:
        """What they set, the defaults where they set nothing."""
        return Preferences.model_validate(self.preferences)

    @property
    def zone(self) -> ZoneInfo:
        """Their time zone, UTC where no platform said."""
        return ZoneInfo(self.timezone or "UTC")

    @property
    def principal(self) -> Principal:
        """Who they are, for what is read under their own authority."""
        return Principal(
            tenant=self.tenant,
            id=self.person,
            name=self.name or self.person,
            email=self.email,
            timezone=self.timezone or "UTC",
        )


class Recipients:
    """The store of recipients."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def met(self, who: Principal, platform: Platform) -> bool:
        """Remember that somebody was here; says whether that is news since a while ago or another platform."""
        row, now = await self.get(who.tenant, who.id), self._clock()
        if row.platform == platform and row.seen_at and now - row.seen_at < SEEN_AGAIN:
            return False
        values: dict[str, Any] = {"name": who.name, "email": who.email, "platform": platform, "seen_at": now}
        if who.timezone != "UTC" or not row.timezone:  # a platform that does not say gives UTC
            values["timezone"] = who.timezone
        await self._update(who.tenant, who.id, values)
        return True

    async def get(self, tenant: str, person: str) -> RecipientRow:
        """The person's row, made where there is none."""
        async with self._database.session() as session:
            found = await session.get(RecipientRow, (tenant, person))
        if found is not None:
            return found
        made = RecipientRow(tenant=tenant, person=person, preferences={})
        try:
            async with self._database.session() as session:
                session.add(made)
        except IntegrityError:
            return await self.get(tenant, person)
        return made

    async def by_email(self, tenant: str, email: str) -> RecipientRow | None:
        """Whoever has this address in the tenant, of those whom the assistant met."""
        wanted = select(RecipientRow).where(RecipientRow.tenant == tenant, RecipientRow.email == email.lower())
        async with self._database.session() as session:
            found: RecipientRow | None = await session.scalar(wanted.limit(1))
            return found

    async def after(self, tenant: str, person: str, most: int = 500) -> Sequence[RecipientRow]:
        """People whom the assistant met, in order, those behind (tenant, person)."""
        behind = or_(RecipientRow.tenant > tenant, (RecipientRow.tenant == tenant) & (RecipientRow.person > person))
        wanted = select(RecipientRow).where(behind, RecipientRow.seen_at.is_not(None))
        async with self._database.session() as session:
            ordered = wanted.order_by(RecipientRow.tenant, RecipientRow.person).limit(most)
            return list(await session.scalars(ordered))

    async def prefer(self, tenant: str, person: str, **wishes: Any) -> Preferences:
        """Change some preferences.

        Raises:
            ValueError: a value does not fit.
        """
        row = await self.get(tenant, person)
        changed = Preferences.model_validate(row.wishes.model_dump() | wishes)
        await self._update(tenant, person, {"preferences": changed.model_dump(mode="json")})
        return changed

    async def brief(self, row: RecipientRow, day: str) -> bool:
        """Take the brief of a day on; false where somebody has."""
        behind = RecipientRow.briefed_on < day
        return await self._update(row.tenant, row.person, {"briefed_on": day}, behind)

    async def lease(self, tenant: str, person: str) -> str:
        """The right to write to this person now, for `LEASE`; "" where another worker has it."""
        now, mine = self._clock(), secrets.token_hex(8)
        await self.get(tenant, person)
        is_free = or_(RecipientRow.leased_until.is_(None), RecipientRow.leased_until <= now)
        values = {"lease": mine, "leased_until": now + LEASE}
        return mine if await self._update(tenant, person, values, is_free) else ""

    async def renew(self, tenant: str, person: str, lease: str) -> bool:
        """Keep the right for `LEASE` from now; false where it was lost meanwhile."""
        values = {"leased_until": self._clock() + LEASE}
        return await self._update(tenant, person, values, RecipientRow.lease == lease)

    async def release(self, tenant: str, person: str, lease: str) -> None:
        """Give the right back."""
        await self._update(tenant, person, {"lease": "", "leased_until": None}, RecipientRow.lease == lease)

    async def _update(self, tenant: str, person: str, values: dict[str, Any], *conditions: Any) -> bool:
        mine = (RecipientRow.tenant == tenant, RecipientRow.person == person)
        async with self._database.session() as session:
            changed = await session.execute(update(RecipientRow).where(*mine, *conditions).values(**values))
            return bool(changed.rowcount == 1)  # type: ignore[attr-defined]
