"""The vectors on a Chroma server: away it is missed by nobody's answer, back it is level again."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from memory.item import Circle, Said
from tests.memory.conftest import LENA, Opened

pytestmark = pytest.mark.slow
TRAIN = Said("fact", "note release train", "The release train leaves on Thursdays.")
BOARD = Said("fact", "board", "Your board is Growth.", "Growth")
ASKED = "on which day does the next version go out?"


@asynccontextmanager
async def chroma(folder: Path, port: int) -> AsyncIterator[None]:
    program = str(Path(sys.executable).parent / "chroma")
    arguments = ("run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port))
    process = await asyncio.create_subprocess_exec(program, *arguments, stdout=asyncio.subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient() as client:
            for _ in range(200):
                try:
                    if (await client.get(f"http://127.0.0.1:{port}/api/v2/heartbeat")).is_success:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        yield
    finally:
        process.kill()
        await process.wait()


async def test_server_away_and_back(opened: Opened, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mine = Circle(LENA).person
    async with opened(where=f"http://127.0.0.1:{port}", is_open=False) as memory:

        async def asked(text: str) -> list[str]:
            return [one.row.text for one in await memory.fitting(Circle(LENA), text)]

        async with chroma(tmp_path / "server", port):
            assert await memory.index.open()
            await memory.learn(mine, TRAIN, "lena", "t1")
            await memory.settle()
            assert await asked(ASKED) == [TRAIN.text]
        assert await asked("the release train") == [TRAIN.text]
        assert await asked(ASKED) == []
        await memory.learn(mine, BOARD, "lena", "t2")
        (train,) = [row.id for row in await memory.store.live(mine) if row.key == TRAIN.key]
        gone = await memory.forget(mine, [train])
        assert gone.left
        async with chroma(tmp_path / "server", port):
            memory.index._tried = -100.0  # as if the wait between two tries were over
            assert await memory.index.repair() == 1
            assert await asked(ASKED) == []
            assert await asked("which kanban board is mine?") == [BOARD.text]
            assert await memory.index.count(mine) == 1
