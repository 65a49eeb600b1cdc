"""The demo company: the sandbox beside the assistant, and its default user connected to all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from core.principal import Principal
from sandbox.company import Company
from sandbox.server import serve
from tools.kit.auth import Open
from tools.kit.connection import Connection
from tools.registry import Registry

TENANT = "demo"


@dataclass(frozen=True)
class Demo:
    """A running demo company: its address, the vendors' addresses in it and OAuth clients there, and who chats."""

    url: str
    hosts: Mapping[str, Mapping[str, str]]
    clients: Mapping[str, Mapping[str, str]]
    who: Principal


def default_name() -> str:
    """Who chats at the demo company."""
    return Company().default.name


@asynccontextmanager
async def demo(home: Path, port: int = 0) -> AsyncIterator[Demo]:
    """Serve the demo company; what is done in it is kept in `home` for the next time."""
    async with serve(state_file=_state_file(home), port=port) as sandbox, httpx.AsyncClient() as client:
        hosts = (await client.get(f"{sandbox.url}/_sandbox/hosts")).json()
        clients = (await client.get(f"{sandbox.url}/_sandbox/clients")).json()
        person = sandbox.world.company.default
        who = Principal(
            tenant=TENANT,
            id=person.email,
            name=person.name,
            email=person.email,
            timezone=person.time_zone,
            roles=frozenset({"member", "admin"}),
        )
        yield Demo(sandbox.url, hosts, clients, who)


async def connect_all(running: Demo, registry: Registry, who: Principal) -> None:
    """Connect a person of the demo company to everything it uses."""
    connected = await registry.connected(who)
    async with httpx.AsyncClient() as client:

        async def connect(key: str) -> None:
            if key in connected:
                await registry.connections.remove(who.tenant, who.id, key)
            asked = {"vendor": key, "email": who.email, "refresh": True}
            issued = (await client.post(f"{running.url}/_sandbox/token", json=asked)).json()
            base = str(issued.get("instance_url") or "")
            await registry.settle(who, Connection(who.tenant, who.id, key, issued["secret"], base))

        asks = (key for key, kind in registry.integrations.items() if not isinstance(kind.auth, Open))
        await asyncio.gather(*(connect(key) for key in asks))


def _state_file(home: Path) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    return home / "sandbox.json"
