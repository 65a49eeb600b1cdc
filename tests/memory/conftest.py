from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from agent.local.encoder import WEIGHTS
from core.clock import Clock, utc_now
from core.db import Database
from core.principal import Principal
from memory.encoder import Encoder
from memory.memory import Memory

Opened = Callable[..., AbstractAsyncContextManager[Memory]]
ENCODER = Encoder(WEIGHTS / "tokenizer.json")
LENA = Principal(tenant="acme", id="lena", name="Lena Berg")
OTTO = Principal(tenant="acme", id="otto", name="Otto Lind")
TWIN = Principal(tenant="globex", id="lena", name="Lena Berg")


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Opens the memory in a folder, as a process does; several on the same folder come after one another."""

    @asynccontextmanager
    async def open_memory(
        url: str = "", where: str = "", is_open: bool = True, clock: Clock = utc_now
    ) -> AsyncIterator[Memory]:
        database = Database(url or f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}")
        await database.migrate()
        memory = Memory(database, where or str(tmp_path / "vectors"), ENCODER, clock=clock)
        if is_open:
            assert await memory.index.open()
        try:
            yield memory
        finally:
            await memory.close()
            await database.close()

    return open_memory


@pytest.fixture
async def memory(opened: Opened) -> AsyncIterator[Memory]:
    """A memory with its index open."""
    async with opened() as found:
        yield found
