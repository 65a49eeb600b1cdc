"""The one database: SQLAlchemy async on SQLite by default, PostgreSQL when outgrown. Every row carries its tenant."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio.to_thread
from sqlalchemy import DateTime, MetaData, event
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, InterfaceError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.types import TypeDecorator

from core.errors import ConfigInvalid, StorageUnavailable

LOCK_WAIT_S = 5
OURS = (IntegrityError, DataError, ProgrammingError)  # the statement is at fault, not the database
MIGRATIONS = Path(__file__).parent / "migrations"
_migrating = threading.Lock()  # Alembic keeps its context in the module; one at a time in a process


class Table(DeclarativeBase):
    """Base of all tables; each lives in the module of its noun."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Moment(TypeDecorator[datetime]):
    """An aware moment, stored in UTC on every engine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments: they mean something else on every machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite gives naive UTC back, PostgreSQL the session's zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """An engine and its sessions.

    Raises:
        ConfigInvalid: the address names no engine we know.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        if url.startswith("sqlite+aiosqlite://"):
            self.engine = _sqlite(url)
        elif url.startswith("postgresql+psycopg://"):
            self.engine = create_async_engine(
                url,
                pool_pre_ping=True,
                pool_timeout=LOCK_WAIT_S,
                connect_args={"connect_timeout": LOCK_WAIT_S},
                hide_parameters=True,
            )
        else:
            raise ConfigInvalid(
                "The database address must begin with sqlite+aiosqlite:// or postgresql+psycopg://.",
                next_step="Set ATOM_DATABASE_URL.",
            )
        self._session = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back on an error.

        Raises:
            StorageUnavailable: the database is locked, full or away; nothing of the transaction was kept.
        """
        try:
            async with self._session.begin() as session:
                yield session
        except OURS:
            raise
        except (DatabaseError, InterfaceError, PoolTimeout) as error:
            raise unavailable(error) from error

    @asynccontextmanager
    async def durable(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that outlives a power cut once this ends; for what is acknowledged to others.

        Raises:
            StorageUnavailable: as `session`.
        """
        is_sqlite = self.engine.dialect.name == "sqlite"
        try:
            async with self.engine.connect() as connection:
                if is_sqlite:
                    await _synchronous(connection, "FULL")
                try:
                    async with connection.begin():
                        yield connection
                finally:
                    if is_sqlite:
                        await _synchronous(connection, "NORMAL")
        except OURS:
            raise
        except (DatabaseError, InterfaceError, PoolTimeout) as error:
            raise unavailable(error) from error

    async def migrate(self) -> None:
        """Bring the schema to the newest version."""
        await anyio.to_thread.run_sync(_upgrade, self.url)

    async def scrub(self) -> None:
        """Write the files anew, without what was deleted; PostgreSQL overwrites freed space with time."""
        async with self.engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
            await connection.exec_driver_sql("VACUUM")
            if self.engine.dialect.name == "sqlite":
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()


def is_storage_error(error: BaseException) -> bool:
    """Whether an error is a driver's own word for a database that is locked, full or away."""
    driver = type(error).__module__.partition(".")[0]
    return type(error).__name__ == "OperationalError" and driver in ("sqlite3", "psycopg", "sqlalchemy")


def unavailable(error: Exception) -> StorageUnavailable:
    """What a person is told of such an error."""
    return StorageUnavailable(
        "I could not reach my own database just now.",
        cause=str(getattr(error, "orig", None) or type(error).__name__),
        next_step="Please send it again in a minute.",
    )


def _sqlite(url: str) -> AsyncEngine:
    # kept open: closing the last connection costs a checkpoint, five times what a write costs
    engine = create_async_engine(
        url,
        connect_args={"timeout": LOCK_WAIT_S},
        poolclass=AsyncAdaptedQueuePool,
        pool_timeout=LOCK_WAIT_S,
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def pragmas(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten
        cursor.close()

    return engine


async def _synchronous(connection: AsyncConnection, level: str) -> None:
    await connection.exec_driver_sql(f"PRAGMA synchronous={level}")
    await connection.commit()


def _upgrade(url: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    try:
        with _migrating:
            command.upgrade(config, "head")
    except (DatabaseError, InterfaceError) as error:
        raise unavailable(error) from error
