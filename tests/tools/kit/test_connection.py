"""Connections: sealed at rest, one person's alone, never overwritten by what was read before a change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from core.db import Database
from core.errors import NotConnected, SecretUnreadable
from core.vault import Vault
from tools.kit.connection import Connection, ConnectionRow, Connections, needs

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
TOKEN = "xoxp-0123456789-very-secret"
MINE = Connection("acme", "ana", "jira", {"access_token": TOKEN, "refresh_token": "ref-456"}, scopes=("a", "b"))


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    found = Database(
        f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    await found.migrate()
    yield found
    await Connections(found, Vault(found, b"k" * 32)).remove("acme", "ana", "jira")
    await found.close()


async def test_a_connection_comes_back_as_it_was(database: Database) -> None:
    store = Connections(database, Vault(database, b"k" * 32), lambda: NOW)
    whole = replace(MINE, base_url="https://a", site="https://s", account="7", expires_at=NOW)
    await store.put(whole)
    found = await store.get("acme", "ana", "jira")
    assert found is not None
    assert replace(found, version=1) == whole
    assert await store.get("acme", "bo", "jira") is None
    assert await store.get("other", "ana", "jira") is None
    assert await store.keys("acme", "ana") == {"jira": "active"}
    assert found.is_due(NOW - timedelta(seconds=59))
    assert not found.is_due(NOW - timedelta(seconds=61))
    await store.remove("acme", "ana", "jira")
    assert await store.get("acme", "ana", "jira") is None


async def test_the_token_is_nowhere_in_the_files(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}")
    await database.migrate()
    store = Connections(database, Vault(database, b"k" * 32))
    await store.put(MINE)
    assert (await store.get("acme", "ana", "jira")) is not None
    await database.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"ana" in kept
    for secret in (TOKEN, "ref-456", "access_token"):
        assert secret.encode() not in kept
    assert TOKEN not in f"{MINE!r} {MINE} {[MINE]}"


@pytest.mark.parametrize("moved", [{"principal": "mallory"}, {"integration": "slack"}, {"tenant": "other"}])
async def test_a_row_moved_to_somebody_else_cannot_be_opened(tmp_path: Path, moved: dict[str, str]) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}")
    await database.migrate()
    vault = Vault(database, b"k" * 32)
    store = Connections(database, vault)
    await store.put(MINE)
    await vault.seal("other", "x", "has a key of its own")
    async with database.session() as session:
        await session.execute(update(ConnectionRow).values(**moved))
    where = {"tenant": "acme", "principal": "ana", "integration": "jira"} | moved
    with pytest.raises(SecretUnreadable):
        await store.get(**where)
    await database.close()


async def test_of_many_changes_to_one_reading_one_is_stored(database: Database) -> None:
    store = Connections(database, Vault(database, b"k" * 32))
    await store.put(MINE)
    read = await store.get("acme", "ana", "jira")
    assert read is not None
    changed = [replace(read, secret={"access_token": str(number)}) for number in range(8)]
    stored = await asyncio.gather(*(store.replace(one) for one in changed))
    assert stored.count(True) == 1
    kept = await store.get("acme", "ana", "jira")
    assert kept is not None
    assert kept.secret == changed[stored.index(True)].secret
    await store.put(MINE)
    assert not await store.replace(kept)
    await store.remove("acme", "ana", "jira")
    await store.put(MINE)
    assert not await store.replace(kept)


async def test_one_of_many_gets_the_lease(database: Database) -> None:
    now = [NOW]
    stores = [Connections(database, Vault(database, b"k" * 32), lambda: now[0]) for _ in range(8)]
    await stores[0].put(MINE)
    read = await stores[0].get("acme", "ana", "jira")
    assert read is not None
    life = timedelta(seconds=20)
    assert [await store.lease(read, life) for store in stores].count(True) == 1
    await stores[0].release(read)
    assert (await asyncio.gather(*(store.lease(read, life) for store in stores))).count(True) == 1
    now[0] += life + timedelta(seconds=1)
    assert await stores[0].lease(read, life)
    assert await stores[0].replace(read)
    again = await stores[0].get("acme", "ana", "jira")
    assert again is not None
    assert await stores[0].lease(again, life)


async def test_many_store_at_once(database: Database) -> None:
    store = Connections(database, Vault(database, b"k" * 32))
    await asyncio.gather(*(store.put(replace(MINE, principal=f"p{number}")) for number in range(40)))
    assert [await store.keys("acme", f"p{number}") for number in range(40)] == [{"jira": "active"}] * 40
    for number in range(40):
        await store.remove("acme", f"p{number}", "jira")


def test_what_cannot_be_used_is_told() -> None:
    assert needs(MINE, "jira", "Jira") is MINE
    with pytest.raises(NotConnected, match="not connected"):
        needs(None, "jira", "Jira")
    with pytest.raises(NotConnected, match="ended"):
        needs(replace(MINE, status="broken"), "jira", "Jira")
