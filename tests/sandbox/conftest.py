"""A running sandbox, and clients that hold somebody's token."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sandbox.server import Sandbox, serve
from sandbox.world import World

TLS = ssl.create_default_context()  # made once: a client would make its own in 30 ms, and never use it
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ClientFor = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A fresh sandbox on a free port."""
    async with serve(World(now=NOW)) as running:
        yield running


@pytest.fixture
async def control(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """The control API."""
    async with httpx.AsyncClient(base_url=f"{sandbox.url}/_sandbox", trust_env=False, verify=TLS) as client:
        yield client


@pytest.fixture
async def client_for(sandbox: Sandbox, control: httpx.AsyncClient) -> AsyncIterator[ClientFor]:
    """Make a client: `await client_for("jira", path="/ex/jira/x", email=..., scopes=...)`."""
    opened: list[httpx.AsyncClient] = []

    async def make(vendor: str, path: str = "", **ask: Any) -> httpx.AsyncClient:
        answer = await control.post("/token", json={"vendor": vendor, **ask})
        token = answer.raise_for_status().json()["access_token"]
        client = httpx.AsyncClient(
            base_url=f"{sandbox.url}/{vendor}{path}",
            headers={"authorization": f"Bearer {token}"},
            trust_env=False,
            verify=TLS,
        )
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.aclose()
