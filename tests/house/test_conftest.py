import asyncio
import socket

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.conftest import is_loopback


@pytest.mark.parametrize("host", [None, "", "localhost", b"localhost", "127.0.0.1", "127.8.0.9", "::1"])
def test_loopback(host: object) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["example.com", b"example.com", "10.0.0.1", "192.0.2.1", "2001:db8::1"])
def test_not_loopback(host: object) -> None:
    assert not is_loopback(host)


def test_connection_abroad_is_blocked() -> None:
    with socket.socket() as plain, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        plain.connect(("192.0.2.1", 80))


async def test_http_abroad_is_blocked() -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(RuntimeError, match=r"example\.com"):
            await client.get("https://example.com/")


async def test_loopback_works() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        assert await reader.read() == b"hello\n"
        writer.close()
        await writer.wait_closed()


@pytest.mark.slow
async def test_postgres_answers(postgres_url: str) -> None:
    engine = create_async_engine(postgres_url)
    async with engine.connect() as connection:
        assert await connection.scalar(text("select 6 * 7")) == 42
    await engine.dispose()
