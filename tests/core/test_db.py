"""The database beside its shape: moments, transactions, cancellation, versions up and down, many who migrate."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect, select, text
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.db import MIGRATIONS, Database, Moment
from core.errors import StorageUnavailable
from core.vault import DataKey

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}"
    return str(request.getfixturevalue("postgres_url"))


def key(tenant: str) -> DataKey:
    return DataKey(tenant=tenant, wrapped=b"x", created_at=NOW)


async def tenants(database: Database) -> set[str]:
    async with database.session() as session:
        return set(await session.scalars(select(DataKey.tenant)))


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_is_the_same_moment_afterwards(moment: datetime) -> None:
    dialect = sqlite_dialect.dialect()
    try:
        kept = Moment().process_bind_param(moment, dialect)
    except OverflowError:  # at the ends of the calendar there is no such moment in UTC
        return
    same = moment.astimezone(UTC)  # moments of an hour that comes twice are unequal to all of other zones
    assert kept == same
    assert kept is not None
    assert Moment().process_result_value(kept.replace(tzinfo=None), dialect) == same
    elsewhere = kept.replace(tzinfo=timezone(timedelta(hours=5)))
    if kept.year > 1:
        assert Moment().process_result_value(elsewhere, dialect) == elsewhere
    with pytest.raises(ValueError, match="zone"):
        Moment().process_bind_param(moment.replace(tzinfo=None), dialect)


async def test_a_transaction_is_kept_whole_or_not_at_all(url: str) -> None:
    database = Database(url)
    await database.migrate()
    before = await tenants(database)

    async def write(end: Exception | None = None) -> None:
        async with database.session() as session:
            session.add(key("whole-1"))
            await session.flush()
            if end:
                raise end
            await session.execute(text("INSERT INTO data_key SELECT * FROM data_key"))

    with pytest.raises(IntegrityError):
        await write()
    with pytest.raises(ZeroDivisionError):
        await write(ZeroDivisionError())
    assert await tenants(database) == before
    await database.close()


async def test_whoever_is_cancelled_leaves_nothing_and_no_lock(url: str) -> None:
    database = Database(url)
    await database.migrate()
    begun = asyncio.Event()

    async def write() -> None:
        async with database.session() as session:
            session.add(key("cancelled"))
            await session.flush()
            begun.set()
            await asyncio.sleep(60)

    for _ in range(20):
        task = asyncio.create_task(write())
        await begun.wait()
        begun.clear()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert "cancelled" not in await tenants(database)
    async with database.session() as session:
        session.add(key(f"after-{id(database)}"))
    await database.close()


@pytest.mark.parametrize(
    ("error", "is_ours"),
    [
        (OperationalError("INSERT", {}, Exception("disk full")), False),
        (InterfaceError("SELECT", {}, Exception("closed")), False),
        (PoolTimeout("QueuePool limit"), False),
        (IntegrityError("INSERT", {}, Exception("unique")), True),
        (DataError("INSERT", {}, Exception("too long")), True),
        (ProgrammingError("SELECT", {}, Exception("no such column")), True),
    ],
)
async def test_what_the_database_is_to_blame_for(tmp_path: Path, error: Exception, is_ours: bool) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}")
    with pytest.raises(type(error) if is_ours else StorageUnavailable) as caught:
        async with database.session():
            raise error
    if isinstance(caught.value, StorageUnavailable):
        assert caught.value.next_step
        assert "INSERT" not in caught.value.sentence()
    await database.close()


async def test_a_folder_that_is_not_there_and_a_file_that_is_no_database(tmp_path: Path) -> None:
    for name in ("none/atom.db", "text.db"):
        (tmp_path / "text.db").write_text("this is no database, and it is long enough to be looked at" * 20)
        database = Database(f"sqlite+aiosqlite:///{tmp_path / name}")
        with pytest.raises(StorageUnavailable):
            await database.migrate()
        with pytest.raises(StorageUnavailable):
            await tenants(database)
        await database.close()


async def test_a_server_that_is_away() -> None:
    database = Database("postgresql+psycopg://atom:hush@127.0.0.1:1/atom")
    with pytest.raises(StorageUnavailable) as caught:
        await tenants(database)
    assert "hush" not in f"{caught.value!r} {vars(caught.value)}"
    with pytest.raises(StorageUnavailable):
        await database.migrate()
    await database.close()


async def test_many_processes_migrate_at_once(url: str) -> None:
    databases = [Database(url) for _ in range(4)]
    await asyncio.gather(*(one.migrate() for one in databases))
    assert isinstance(await tenants(databases[0]), set)
    for one in databases:
        await one.close()


async def test_the_file_keeps_its_journal_mode(tmp_path: Path) -> None:
    """Connections need not set it: where several do at once, SQLite refuses all but one without waiting."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}")
    await database.migrate()
    with closing(sqlite3.connect(tmp_path / "atom.db")) as plain:
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    await database.close()


def test_every_version_can_be_taken_back(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}")
    for _ in range(2):
        command.upgrade(config, "head")
        command.downgrade(config, "base")
    with closing(sqlite3.connect(tmp_path / "atom.db")) as connection:
        left = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
    assert left == [("alembic_version",)]


async def test_versions_can_be_taken_back_on_postgresql(postgres_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", postgres_url.replace("%", "%%"))
    await asyncio.to_thread(command.upgrade, config, "head")
    await asyncio.to_thread(command.downgrade, config, "base")
    database = Database(postgres_url)
    async with database.engine.connect() as connection:
        left = await connection.run_sync(lambda inner: inspect(inner).get_table_names())
    assert left == ["alembic_version"]
    await database.migrate()
    await database.close()


async def test_no_value_is_shown_with_a_failed_statement(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}")
    await database.migrate()

    async def write() -> None:
        async with database.session() as session:
            session.add(DataKey(tenant="t", wrapped=b"hush-hush", created_at=NOW))

    await write()
    with pytest.raises(IntegrityError, match="INSERT INTO data_key") as caught:
        await write()
    assert "hush-hush" not in str(caught.value)
    await database.close()
