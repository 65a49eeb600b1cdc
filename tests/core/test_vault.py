"""The vault: what is sealed opens with the right key, tenant and purpose, and with no other."""

from __future__ import annotations

import asyncio
import base64
import stat
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.db import Database
from core.errors import ConfigInvalid, SecretUnreadable
from core.vault import DataKey, Vault, _open, _seal, master_key

OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    found = Database(f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}")
    await found.migrate()
    yield found
    await found.close()


@given(st.binary(), st.binary(), st.data())
def test_no_bit_of_a_sealed_secret_can_be_changed(secret: bytes, binding: bytes, data: st.DataObject) -> None:
    sealed = _seal(OLD, secret, binding)
    assert _open(OLD, sealed, binding) == secret
    at, bit = data.draw(st.integers(0, len(sealed) - 1)), data.draw(st.integers(0, 7))
    changed = bytes(byte ^ (1 << bit) if index == at else byte for index, byte in enumerate(sealed))
    for key, bytes_given, bound in (
        (OLD, changed, binding),
        (OLD, sealed[:at], binding),
        (NEW, sealed, binding),
        (OLD, sealed, binding + b"x"),
    ):
        with pytest.raises(SecretUnreadable):
            _open(key, bytes_given, bound)


async def test_a_secret_is_bound_to_tenant_and_purpose(database: Database) -> None:
    vault = Vault(database, OLD)
    sealed = await vault.seal("acme", "jira", "s3cret ü")
    assert b"s3cret" not in sealed
    assert sealed != await vault.seal("acme", "jira", "s3cret ü")
    assert await Vault(database, OLD).open("acme", "jira", sealed) == "s3cret ü"
    for tenant, purpose in (("acme", "slack"), ("other", "jira"), ("acme:jira", ""), ("acm", "e:jira")):
        with pytest.raises(SecretUnreadable) as caught:
            await vault.open(tenant, purpose, sealed)
        assert "s3cret" not in f"{caught.value!r} {vars(caught.value)}"
    with pytest.raises(SecretUnreadable):
        await Vault(database, NEW).open("acme", "jira", sealed)


async def test_the_master_key_changes_while_secrets_stay(database: Database) -> None:
    sealed = {tenant: await Vault(database, OLD).seal(tenant, "p", tenant) for tenant in ("a", "b", "c")}
    during = Vault(database, NEW, OLD)
    assert [await during.open(tenant, "p", one) for tenant, one in sealed.items()] == ["a", "b", "c"]
    assert await during.rotate() == 3
    after = Vault(database, NEW)
    assert [await after.open(tenant, "p", one) for tenant, one in sealed.items()] == ["a", "b", "c"]
    with pytest.raises(SecretUnreadable):
        await Vault(database, OLD).open("a", "p", sealed["a"])
    with pytest.raises(SecretUnreadable):
        await Vault(database, b"x" * 32).rotate()
    assert await after.open("a", "p", sealed["a"]) == "a"


async def test_many_workers_make_one_key_of_a_tenant(database: Database) -> None:
    vaults = [Vault(database, OLD) for _ in range(12)]
    sealed = await asyncio.gather(*(vault.seal("acme", "p", "x") for vault in vaults))
    assert [await vaults[0].open("acme", "p", one) for one in sealed] == ["x"] * 12
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(DataKey)) == 1


def test_the_key_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "home" / "master.key"
    with ThreadPoolExecutor(8) as pool:
        keys = {*pool.map(lambda _: master_key("", file), range(16))}
    assert len(keys) == 1
    assert len(keys.pop()) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [*file.parent.iterdir()] == [file]


@pytest.mark.parametrize("text", ["not base64!", base64.b64encode(b"short").decode(), "ü"])
def test_a_malformed_key_is_named_and_not_shown(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        master_key(text, tmp_path / "none")
    assert text not in caught.value.sentence()
    assert not (tmp_path / "none").exists()
    (tmp_path / "file").write_text(text)
    with pytest.raises(ConfigInvalid):
        master_key("", tmp_path / "file")
