"""What vendors send by themselves: each delivery verified, greeted or kept once, in the order in which it happened."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, LargeBinary, String, UniqueConstraint, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import Clock, utc_now
from core.db import Database, Moment, Table
from core.errors import BadSignature, ConfigInvalid, NotFound
from core.log import logger
from core.records import Ref
from core.vault import Vault
from tools.integration import Integration
from tools.kit.webhook import Delivery, Greeting, WebhookEvent

_log = logger("tools.inbox")


class Hook(Table):
    """An address given to one vendor by one tenant; `id` is the unguessable end of it.

    `is_bound` says that the vendor handed a secret over, which is done once.
    """

    __tablename__ = "hook"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(200), index=True)
    integration: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    is_bound: Mapped[bool] = mapped_column(Boolean, default=False)
    made_at: Mapped[datetime] = mapped_column(Moment)


class EventRow(Table):
    """One event of a vendor; `is_late` says that a newer one about the same record came before it."""

    __tablename__ = "webhook_event"
    __table_args__ = (UniqueConstraint("tenant", "integration", "event"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(200))
    integration: Mapped[str] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(200))
    ref_kind: Mapped[str] = mapped_column(String(64), default="")
    ref_id: Mapped[str] = mapped_column(String(300), default="", index=True)
    ref_key: Mapped[str] = mapped_column(String(300), default="")
    ref_url: Mapped[str] = mapped_column(String(1000), default="")
    at: Mapped[datetime] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment)
    is_late: Mapped[bool] = mapped_column(Boolean, default=False)
    people: Mapped[list[str]] = mapped_column(JSON, default=list)


class Inbox:
    """Takes deliveries in. `hosts` maps vendors' addresses as the registry does."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        integrations: Mapping[str, type[Integration]],
        hosts: Mapping[str, Mapping[str, str]] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._vault = vault
        self._integrations = integrations
        self._hosts = hosts or {}
        self._clock = clock
        self._signatures = {key: kind.webhook for key, kind in integrations.items()}

    async def add(self, tenant: str, key: str, secret: str = "") -> tuple[str, str]:
        """A new place for a vendor's deliveries: the end of its address, and the secret (made, where none is given).

        Raises:
            ConfigInvalid: there is no such integration, or its vendor sends nothing.
        """
        if key not in self._integrations:
            raise ConfigInvalid(f"There is no integration “{key}”.")
        signature = self._signatures[key]
        if signature is None:
            raise ConfigInvalid(f"{self._integrations[key].name} sends no webhooks that could be verified.")
        hook, secret = secrets.token_urlsafe(24), secret or secrets.token_urlsafe(24)
        sealed = await self._vault.seal(tenant, _purpose(key, hook), secret)
        async with self._database.session() as session:
            session.add(Hook(id=hook, tenant=tenant, integration=key, sealed=sealed, made_at=self._clock()))
        return signature.address(hook, secret), secret

    async def hooks(self, tenant: str) -> Sequence[Hook]:
        """The tenant's addresses, oldest first."""
        async with self._database.session() as session:
            return list(await session.scalars(select(Hook).where(Hook.tenant == tenant).order_by(Hook.made_at)))

    async def remove(self, tenant: str, hook: str) -> None:
        """Take an address back; what comes there from now on is refused.

        Raises:
            NotFound: the tenant has none of that id.
        """
        async with self._database.session() as session:
            gone = await session.execute(delete(Hook).where(Hook.id == hook, Hook.tenant == tenant))
        if gone.rowcount != 1:  # type: ignore[attr-defined]
            raise NotFound("There is no such webhook.")

    async def receive(self, hook: str, delivery: Delivery) -> Greeting:
        """Take one delivery in, and say what the vendor is answered.

        Raises:
            NotFound: there is no such address.
            BadSignature: it is forged, stale, or came before.
        """
        async with self._database.session() as session:
            row = await session.get(Hook, hook)
        kind = self._integrations.get(row.integration) if row else None
        if row is None or kind is None:
            raise NotFound("There is no such webhook.")
        secret = await self._vault.open(row.tenant, _purpose(row.integration, hook), row.sealed)
        greeting = kind.greet(delivery, secret)
        if greeting is not None:
            if greeting.secret and not await self._learn(row, greeting.secret):
                raise BadSignature("This webhook has its secret already.")
            return greeting
        signature = self._signatures[row.integration]
        if signature is None:
            raise BadSignature("This vendor's deliveries cannot be verified.")
        moved = signature.moved(lambda address: self._moved(row.integration, address))
        await asyncio.to_thread(moved.verify, delivery, secret)
        await self._keep(row, self._read(kind, delivery))
        return Greeting()

    async def events(self, tenant: str, after: int = 0, most: int = 500) -> Sequence[EventRow]:
        """The tenant's events that came after a number, in the order in which they came."""
        wanted = select(EventRow).where(EventRow.tenant == tenant, EventRow.number > after)
        async with self._database.session() as session:
            return list(await session.scalars(wanted.order_by(EventRow.number).limit(most)))

    async def news(self, after: int = 0, most: int = 500) -> Sequence[EventRow]:
        """Every tenant's events that came after a number; each is for its own tenant's eyes alone."""
        wanted = select(EventRow).where(EventRow.number > after)
        async with self._database.session() as session:
            return list(await session.scalars(wanted.order_by(EventRow.number).limit(most)))

    def _read(self, kind: type[Integration], delivery: Delivery) -> list[WebhookEvent]:
        """The events of a genuine delivery; one of a shape that is not known is told to the log, and no more."""
        try:
            return kind.events(delivery)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            _log.error("delivery_not_understood", integration=kind.key, exc_info=error)
            return []

    async def _learn(self, row: Hook, secret: str) -> bool:
        """Keep the secret that the vendor hands over, the first time; false where it did before."""
        sealed = await self._vault.seal(row.tenant, _purpose(row.integration, row.id), secret)
        values = {"sealed": sealed, "is_bound": True}
        async with self._database.session() as session:
            found = await session.execute(
                update(Hook).where(Hook.id == row.id, Hook.is_bound.is_(False)).values(**values)
            )
        return bool(found.rowcount == 1)  # type: ignore[attr-defined]

    async def _keep(self, hook: Hook, events: Sequence[WebhookEvent]) -> None:
        for event in events:
            now = self._clock()
            ref, at = event.ref or Ref(integration=hook.integration, kind="", id=""), event.at or now
            row = EventRow(
                tenant=hook.tenant,
                integration=hook.integration,
                event=event.id[:300],
                kind=event.kind[:200],
                ref_kind=ref.kind,
                ref_id=ref.id,
                ref_key=ref.key,
                ref_url=ref.url,
                at=at,
                received_at=now,
                people=list(event.people),
            )
            try:
                async with self._database.session() as session:
                    row.is_late = bool(event.ref and await self._newest(session, row) > at)
                    session.add(row)
            except IntegrityError:
                _log.info("delivery_repeated", integration=hook.integration, kind=event.kind)

    async def _newest(self, session: Any, row: EventRow) -> datetime:
        newest: datetime | None = await session.scalar(
            select(func.max(EventRow.at)).where(
                EventRow.tenant == row.tenant,
                EventRow.integration == row.integration,
                EventRow.ref_kind == row.ref_kind,
                EventRow.ref_id == row.ref_id,
            )
        )
        return newest or row.at

    def _moved(self, key: str, address: str) -> str:
        for begin, instead in self._hosts.get(key, {}).items():
            if address.startswith(begin):
                return instead + address[len(begin) :]
        return address


def _purpose(key: str, hook: str) -> str:
    return f"hook:{key}:{hook}"
