"""The audit trail: unbroken with many who write, broken by any change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from core.db import Database
from core.principal import Principal
from governance.audit import Audit, AuditRow

ANA = Principal(tenant="acme", id="ana", name="Ana")
BO = Principal(tenant="other", id="bo", name="Bo")


@pytest.fixture(params=["sqlite", "postgresql"])
async def databases(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[Database]]:
    """Two, as two processes have them."""
    url = (
        f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}"
        if request.param == "sqlite"
        else str(request.getfixturevalue("postgres_url"))
    )
    found = [Database(url) for _ in range(2)]
    await found[0].migrate()
    async with found[0].session() as session:
        await session.execute(delete(AuditRow))
    yield found
    for one in found:
        await one.close()


async def test_many_writers_make_one_chain_a_tenant(databases: list[Database]) -> None:
    audits = [Audit(one) for one in databases]
    await asyncio.gather(
        *(audits[number % 2].note(ANA, "started", number=number) for number in range(60)),
        *(audits[number % 2].note(BO, "started", number=number) for number in range(10)),
    )
    assert [await audits[0].check(tenant) for tenant in ("acme", "other", "nobody")] == [60, 10, 0]
    async with databases[0].session() as session:
        rows = (await session.scalars(select(AuditRow).where(AuditRow.tenant == "acme"))).all()
    assert sorted(row.fields["number"] for row in rows) == list(range(60))


@pytest.mark.parametrize(
    "change",
    [
        {"event": "approved"},
        {"principal": "mallory"},
        {"fields": {"n": 9}},
        {"at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"digest": "0" * 64},
        {"number": 9},
        {"tenant": "third"},
    ],
)
async def test_any_change_breaks_the_chain(databases: list[Database], change: dict[str, Any]) -> None:
    audit = Audit(databases[0])
    for number in range(5):
        await audit.note(ANA, "started", n=number)
    assert await audit.check("acme") == 5
    async with databases[0].session() as session:
        await session.execute(update(AuditRow).where(AuditRow.number == 3).values(**change))
    assert await audit.check("acme") == 2


async def test_an_entry_taken_out_breaks_the_chain(databases: list[Database]) -> None:
    audit = Audit(databases[0])
    for number in range(5):
        await audit.note(ANA, "started", n=number)
    async with databases[0].session() as session:
        await session.execute(delete(AuditRow).where(AuditRow.number == 2))
    assert await audit.check("acme") == 1


async def test_a_chain_copied_to_another_tenant_does_not_hold(databases: list[Database]) -> None:
    audit = Audit(databases[0])
    await audit.note(ANA, "started")
    async with databases[0].session() as session:
        await session.execute(update(AuditRow).values(tenant="other"))
    assert await audit.check("other") == 0


async def test_odd_fields_and_clocks_are_kept_as_they_are_read(databases: list[Database]) -> None:
    elsewhere = timezone(timedelta(hours=5, minutes=45))
    audit = Audit(databases[0], lambda: datetime(2027, 1, 4, 9, 0, 0, 123456, elsewhere))
    odd = {"tuple": (1, 2), "keys": {10: "a", 9: "b"}, "day": datetime(2027, 1, 1), "text": "ü “x” 🙂", "none": None}
    await audit.note(ANA, "odd", **odd, number=0.1)
    await audit.note(ANA, "next")
    assert await audit.check("acme") == 2
