"""Connections: somebody's authorised link to an integration, sealed in the vault, refreshed once however many ask."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, LargeBinary, String, delete, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import Clock, utc_now
from core.db import Database, Moment, Table
from core.errors import NotConnected
from core.vault import Vault

EARLY = timedelta(seconds=60)


class ConnectionRow(Table):
    """A connection; `version` changes with every change, so that what was read before it cannot be written after.

    `refreshing_until` is how long one process has the right to refresh it.
    """

    __tablename__ = "connection"

    tenant: Mapped[str] = mapped_column(String(200), primary_key=True)
    principal: Mapped[str] = mapped_column(String(320), primary_key=True)
    integration: Mapped[str] = mapped_column(String(64), primary_key=True)
    base_url: Mapped[str] = mapped_column(String(500), default="")
    site: Mapped[str] = mapped_column(String(500), default="")
    account: Mapped[str] = mapped_column(String(320), default="")
    scopes: Mapped[str] = mapped_column(String(4000), default="")
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    status: Mapped[str] = mapped_column(String(16), default="active")
    version: Mapped[int] = mapped_column(Integer, default=1)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    refreshing_until: Mapped[datetime | None] = mapped_column(Moment)


@dataclass(frozen=True)
class Connection:
    """A connection as the kit uses it; `secret` never leaves the kit."""

    tenant: str
    principal: str
    integration: str
    secret: dict[str, Any]
    base_url: str = ""
    site: str = ""
    account: str = ""
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    status: str = "active"
    version: int = 1

    def __repr__(self) -> str:
        return f"Connection({self.tenant}, {self.principal}, {self.integration}, {self.status})"

    def is_due(self, now: datetime) -> bool:
        """Whether its access token ends within a minute."""
        return self.expires_at is not None and self.expires_at - EARLY <= now


class Connections:
    """The store of connections."""

    def __init__(self, database: Database, vault: Vault, clock: Clock = utc_now) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def get(self, tenant: str, principal: str, integration: str) -> Connection | None:
        """The person's connection, or None."""
        async with self._database.session() as session:
            row = await session.get(ConnectionRow, (tenant, principal, integration))
        if row is None:
            return None
        opened = await self._vault.open(tenant, _purpose(integration, principal), row.sealed)
        return Connection(
            tenant,
            principal,
            integration,
            json.loads(opened),
            row.base_url,
            row.site,
            row.account,
            tuple(row.scopes.split()),
            row.expires_at,
            row.status,
            row.version,
        )

    async def keys(self, tenant: str, principal: str) -> dict[str, str]:
        """The status of each of the person's connections, by integration."""
        async with self._database.session() as session:
            rows = await session.execute(
                select(ConnectionRow.integration, ConnectionRow.status)
                .where(ConnectionRow.tenant == tenant, ConnectionRow.principal == principal)
                .order_by(ConnectionRow.integration)
            )
            return {integration: status for integration, status in rows}

    async def holders(self, tenant: str, integration: str, accounts: Sequence[str] = ()) -> list[str]:
        """Who of a tenant has a working connection to an integration; of those, whose account there is one of these."""
        wanted = select(ConnectionRow.principal).where(
            ConnectionRow.tenant == tenant, ConnectionRow.integration == integration, ConnectionRow.status == "active"
        )
        if accounts:
            wanted = wanted.where(ConnectionRow.account.in_(accounts))
        async with self._database.session() as session:
            return list(await session.scalars(wanted.order_by(ConnectionRow.principal)))

    async def put(self, connection: Connection) -> None:
        """Store a new connection, or replace the person's former one."""
        row = await self._row(connection)
        async with self._database.session() as session:
            found = await session.get(ConnectionRow, (row.tenant, row.principal, row.integration))
            # where there is none now, the number must not be one that a refresh under way still holds
            row.version = found.version + 1 if found else secrets.randbelow(2**30) + 1
            row.refreshing_until = None
            await session.merge(row)

    async def lease(self, connection: Connection, life: timedelta) -> bool:
        """Take the right to refresh a connection as it was read; false where another has it or was faster."""
        now = self._clock()
        return await self._update(
            connection,
            {"refreshing_until": now + life},
            or_(ConnectionRow.refreshing_until.is_(None), ConnectionRow.refreshing_until < now),
        )

    async def release(self, connection: Connection) -> None:
        """Give the right to refresh back, unused."""
        await self._update(connection, {"refreshing_until": None})

    async def replace(self, connection: Connection) -> bool:
        """Store a changed connection if nobody changed it since it was read; says whether it was stored."""
        row = await self._row(connection)
        values = {
            "sealed": row.sealed,
            "expires_at": row.expires_at,
            "status": row.status,
            "scopes": row.scopes,
            "version": connection.version + 1,
            "updated_at": row.updated_at,
            "refreshing_until": None,
        }
        return await self._update(connection, values)

    async def _update(self, connection: Connection, values: dict[str, Any], *conditions: ColumnElement[bool]) -> bool:
        async with self._database.session() as session:
            changed = await session.execute(
                update(ConnectionRow)
                .where(
                    ConnectionRow.tenant == connection.tenant,
                    ConnectionRow.principal == connection.principal,
                    ConnectionRow.integration == connection.integration,
                    ConnectionRow.version == connection.version,
                    *conditions,
                )
                .values(**values)
            )
            return bool(changed.rowcount == 1)  # type: ignore[attr-defined]

    async def remove(self, tenant: str, principal: str, integration: str) -> None:
        """Forget a connection and its secret."""
        async with self._database.session() as session:
            await session.execute(
                delete(ConnectionRow).where(
                    ConnectionRow.tenant == tenant,
                    ConnectionRow.principal == principal,
                    ConnectionRow.integration == integration,
                )
            )

    async def _row(self, connection: Connection) -> ConnectionRow:
        purpose = _purpose(connection.integration, connection.principal)
        secret = json.dumps(connection.secret, separators=(",", ":"))
        sealed = await self._vault.seal(connection.tenant, purpose, secret)
        return ConnectionRow(
            tenant=connection.tenant,
            principal=connection.principal,
            integration=connection.integration,
            base_url=connection.base_url,
            site=connection.site,
            account=connection.account,
            scopes=" ".join(connection.scopes),
            sealed=sealed,
            expires_at=connection.expires_at,
            status=connection.status,
            version=connection.version,
            updated_at=self._clock(),
        )


def _purpose(integration: str, principal: str) -> str:
    """What a secret is bound to: a row copied to another person or integration cannot be opened."""
    return f"{integration}:{principal}"


Refresh = Callable[[Connection], Awaitable[Connection]]


def needs(connection: Connection | None, integration: str, name: str) -> Connection:
    """The connection, if it can be used.

    Raises:
        NotConnected: there is none, or the vendor no longer accepts it.
    """
    if connection is None:
        raise NotConnected(integration, name)
    if connection.status != "active":
        raise NotConnected(integration, name, expired=True)
    return connection
