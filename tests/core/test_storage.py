"""The database's shape and its bad days: both engines, locked, full."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event, inspect, text

from agent.ledger import Ledger, LedgerRow
from bot.inbox import EventInbox
from core.db import Database, Table
from core.errors import ApprovalInvalid, ConfigInvalid, StorageUnavailable
from core.principal import Principal
from core.tool import Call
from core.vault import Vault
from governance.approval import Approvals
from governance.audit import Audit
from tests.assistant import office
from tests.assistant import text as said
from tools.kit.oauth import PendingLink

WHO = Principal(tenant="acme", id="ana@acme.example", name="Ana")


def sqlite(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'atom.db'}"


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Table.metadata))


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite(tmp_path)
    return str(request.getfixturevalue("postgres_url"))


async def test_migrations_give_what_the_models_say(url: str) -> None:
    database = Database(url)
    await database.migrate()
    await database.migrate()
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        tables = await connection.run_sync(lambda inner: inspect(inner).get_table_names())
    assert {"ledger", "approval", "audit_entry", "connection", "delivery", PendingLink.__tablename__} <= set(tables)
    await database.close()


async def test_both_engines_keep_the_same(url: str) -> None:
    database = Database(url)
    await database.migrate()
    vault = Vault(database, b"k" * 32)
    sealed = await vault.seal("acme", "jira", "s3cret")
    assert await Vault(database, b"k" * 32).open("acme", "jira", sealed) == "s3cret"
    deliveries = EventInbox(database)
    assert [await deliveries.first("acme", "slack", "e1") for _ in range(2)] == [True, False]
    ledger = Ledger(database)
    row = LedgerRow(
        tenant="acme", id="c1", turn="t1", thread="th", principal=WHO.id, ordinal=0, tool="x.do", effect="write",
        args={"a": 1}, labels={}, status="planned", undo_of="",
    )  # fmt: skip
    await ledger.plan([row])
    assert [await ledger.start("acme", "c1") for _ in range(2)] == [True, False]
    await ledger.end("acme", "c1", "done", result={"key": "X-1"}, reason="why " * 1000)
    await ledger.end("acme", "c1", "failed")
    kept = await ledger.get("acme", "c1")
    assert kept is not None
    assert (kept.status, kept.result) == ("done", {"key": "X-1"})
    assert kept.ended_at is not None
    assert kept.ended_at.tzinfo is not None
    audit = Audit(database)
    for number in range(3):
        await audit.note(WHO, "started", number=number)
    assert await audit.check("acme") == 3
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE audit_entry SET event = 'other' WHERE number = 2"))
    assert await audit.check("acme") == 1
    await database.close()


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(ConfigInvalid, match="must begin with"):
        Database("mysql://x")


async def test_a_locked_database_is_told_and_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.db.LOCK_WAIT_S", 0.05)
    database = Database(sqlite(tmp_path))
    await database.migrate()
    deliveries = EventInbox(database)
    await deliveries.first("acme", "slack", "e0")
    other = sqlite3.connect(tmp_path / "atom.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageUnavailable):
        await deliveries.first("acme", "slack", "e1")
    other.execute("ROLLBACK")
    other.close()
    assert await deliveries.first("acme", "slack", "e1")
    await database.close()


async def test_a_full_disk_is_told_and_nothing_is_kept(tmp_path: Path) -> None:
    database = Database(sqlite(tmp_path))
    await database.migrate()
    vault, audit = Vault(database, b"k" * 32), Audit(database)
    await vault.seal("acme", "jira", "x")
    await audit.note(WHO, "before")
    with pytest.raises(StorageUnavailable):
        await _fill(database)
    assert await audit.check("acme") == 1
    await database.close()


async def _fill(database: Database) -> None:
    """Write until SQLite has no page left; the limit is the connection's own, so it is set on each."""

    @event.listens_for(database.engine.sync_engine, "begin")
    def small(begun: Connection) -> None:
        begun.exec_driver_sql("PRAGMA max_page_count = 1")

    audit = Audit(database)
    try:
        for number in range(2000):
            await audit.note(WHO.model_copy(update={"tenant": "other"}), "filling", number=number, padding="x" * 2000)
    finally:
        event.remove(database.engine.sync_engine, "begin", small)


async def test_the_assistant_says_that_its_database_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.db.LOCK_WAIT_S", 0.05)
    async with office(tmp_path, "jira") as found:
        other = sqlite3.connect(tmp_path / "atom.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        answered = await found.say("list jira projects")
        assert "could not reach my own database" in said(answered)
        other.execute("ROLLBACK")
        other.close()
        assert "Payments" in said(await found.say("list jira projects"))


async def test_approvals_live_on_both_engines(url: str) -> None:
    database = Database(url)
    await database.migrate()
    approvals = Approvals(database, timedelta(hours=1))
    plan = [Call(tool="jira.delete_issue", args={"issue": "PAY-1"})]
    asked = await approvals.ask(WHO, "thread", plan)
    with pytest.raises(ApprovalInvalid, match="Only the person who asked"):
        await approvals.decide(asked.id, WHO.model_copy(update={"id": "bo@acme.example"}), approve=True)
    with pytest.raises(ApprovalInvalid, match="do not know"):
        await approvals.decide(asked.id, WHO.model_copy(update={"tenant": "other"}), approve=True)
    await approvals.decide(asked.id, WHO, approve=True)
    with pytest.raises(ApprovalInvalid, match="already approved"):
        await approvals.decide(asked.id, WHO, approve=True)
    assert not await approvals.use(asked.id, [Call(tool="jira.delete_issue", args={"issue": "PAY-2"})])
    assert await approvals.use(asked.id, plan)
    await database.close()
