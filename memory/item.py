"""What is remembered: one item, whose it is, and the tables that hold the truth about it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import JSON, BigInteger, Boolean, Float, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Moment, Table
from core.principal import Principal

Kind = Literal["preference", "fact", "alias", "episode", "habit"]
Scope = Literal["person", "channel", "team", "tenant"]
TEAM_ROLE = "team:"
LONGEST = 400


@dataclass(frozen=True)
class Owner:
    """Whose memory it is: a person, a channel, a team or the whole tenant. Nothing is shared between two owners."""

    tenant: str
    scope: Scope
    id: str

    @property
    def name(self) -> str:
        """The name of its collection of vectors, which tells nobody who it is."""
        return "m-" + hashlib.sha256("\0".join((self.tenant, self.scope, self.id)).encode()).hexdigest()


@dataclass(frozen=True)
class Circle:
    """The owners whose memory may be read in a turn, nearest first: what the platform vouches for, nothing said."""

    who: Principal
    channel: str = ""

    def __iter__(self) -> Iterator[Owner]:
        yield self.person
        if self.channel:
            yield Owner(self.who.tenant, "channel", self.channel)
        for role in sorted(self.who.roles):
            if role.startswith(TEAM_ROLE):
                yield Owner(self.who.tenant, "team", role.removeprefix(TEAM_ROLE))
        yield Owner(self.who.tenant, "tenant", "")

    @property
    def person(self) -> Owner:
        """The one who asks."""
        return Owner(self.who.tenant, "person", self.who.id)

    def of(self, scope: Scope) -> Owner | None:
        """The owner of this scope here; None where there is none, or several."""
        found = [owner for owner in self if owner.scope == scope]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True)
class Said:
    """Something to be kept. What has the same `key` says something about the same thing, and the newer one stands."""

    kind: Kind
    key: str
    text: str
    value: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    confidence: float = 1.0


class MemoryRow(Table):
    """One item. `source` is the turn it comes from; an item that was superseded says by which, and since when."""

    __tablename__ = "memory"
    __table_args__ = (Index("ix_memory_owner", "tenant", "scope", "owner"),)

    tenant: Mapped[str] = mapped_column(String(200), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    scope: Mapped[str] = mapped_column(String(16))
    owner: Mapped[str] = mapped_column(String(320))
    author: Mapped[str] = mapped_column(String(320))
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(String(LONGEST))
    value: Mapped[str] = mapped_column(String(LONGEST), default="")
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    source: Mapped[str] = mapped_column(String(80))
    confidence: Mapped[float] = mapped_column(Float)
    uses: Mapped[int] = mapped_column(Integer, default=0)
    made_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    superseded_by: Mapped[str] = mapped_column(String(32), default="")


class OwnerRow(Table):
    """A number that each change of an owner's items counts up, which tells every index and cache if it is behind.

    It begins with the time, so that one who was erased and comes back is never taken for who was there before.
    """

    __tablename__ = "memory_owner"

    tenant: Mapped[str] = mapped_column(String(200), primary_key=True)
    scope: Mapped[str] = mapped_column(String(16), primary_key=True)
    owner: Mapped[str] = mapped_column(String(320), primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    is_off: Mapped[bool] = mapped_column(Boolean, default=False)
    learns_from: Mapped[datetime | None] = mapped_column(Moment)


class ForgottenRow(Table):
    """That something was forgotten, without saying what: its key's digest, and from when it may be learned again."""

    __tablename__ = "memory_forgotten"

    tenant: Mapped[str] = mapped_column(String(200), primary_key=True)
    scope: Mapped[str] = mapped_column(String(16), primary_key=True)
    owner: Mapped[str] = mapped_column(String(320), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)


def owner_of(row: MemoryRow | OwnerRow) -> Owner:
    """Whose it is."""
    return Owner(row.tenant, row.scope, row.owner)  # type: ignore[arg-type]
