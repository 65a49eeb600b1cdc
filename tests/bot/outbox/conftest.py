"""A desk on SQLite, and on each engine where that matters."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.outbox.desk import DANA, RAVI, Desk
from tests.bot.outbox.desk import desk as opened


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}", DANA, RAVI) as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    """On either engine; people are of a tenant of their own, as the server is shared."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres_url"))
    async with opened(url) as found:
        yield found


@pytest.fixture
def tenant() -> str:
    """A tenant that nobody else has."""
    return uuid.uuid4().hex
