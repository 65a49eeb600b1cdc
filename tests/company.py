"""The demo company served on loopback, and a person of it who is connected to what a test needs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from core.db import Database, Table
from core.principal import Principal
from core.tool import Change, Result
from core.vault import Vault
from sandbox.server import Sandbox, serve
from tests.description import check_answer, check_request
from tools.integration import Integration
from tools.kit.connection import Connection
from tools.registry import Registry


@dataclass
class Company:
    """A running sandbox, the registry that reaches it, and the person who asks."""

    sandbox: Sandbox
    registry: Registry
    database: Database
    client: httpx.AsyncClient
    who: Principal

    async def connect(self, *keys: str, who: Principal | None = None, **token: Any) -> None:
        """Connect a person, by default `who`, to integrations with tokens that the sandbox issues."""
        person = who or self.who
        for key in keys:
            asked = {"vendor": key, "email": person.email, **token}
            issued = (await self.client.post(f"{self.sandbox.url}/_sandbox/token", json=asked)).json()
            base = str(issued.get("instance_url", ""))
            await self.registry.settle(person, Connection(person.tenant, person.id, key, issued["secret"], base))

    async def open(self, key: str, call_id: str = "") -> Integration:
        """The integration as `who` has it."""
        return await self.registry.open(key, self.who, call_id)

    async def run(self, tool_id: str, **args: Any) -> Result:
        """Run a tool with arguments whose names are resolved."""
        return await (await self.open(tool_id.partition(".")[0])).run(tool_id, args)

    async def prove(self, tool_id: str, **args: Any) -> Change:
        """Run a write and check that the record read back holds what was expected."""
        system = await self.open(tool_id.partition(".")[0])
        change = await system.run(tool_id, args)
        assert isinstance(change, Change)
        record = await system.prove(tool_id, change)
        if change.is_gone:
            assert record is None
            return change
        assert record is not None
        for name, value in change.expect.items():
            actual = getattr(record, name)
            assert getattr(actual, "id", actual) == getattr(value, "id", value), name
        return change

    async def undo(self, change: Change) -> Change:
        """Run the inverse of a change, with its proof."""
        assert change.undo is not None
        return await self.prove(change.undo.tool, **change.undo.args)

    async def fault(self, key: str, **fault: Any) -> None:
        """Switch a fault of a vendor on."""
        answer = await self.client.put(f"{self.sandbox.url}/_sandbox/{key}/faults", json=fault)
        answer.raise_for_status()

    async def state(self, key: str) -> dict[str, Any]:
        """What the vendor holds."""
        state: dict[str, Any] = (await self.client.get(f"{self.sandbox.url}/_sandbox/{key}/state")).json()
        return state

    async def problems(self, key: str) -> list[str]:
        """What the vendor's own description says against the requests that came in and the answers they got."""
        found: list[str] = []
        for one in (await self.client.get(f"{self.sandbox.url}/_sandbox/{key}/requests")).json():
            if "/oauth/" in one["path"]:  # no vendor's description holds its sign-in
                continue
            sent = (key, one["method"], one["path"])
            told = check_request(*sent, one["query"], one["headers"], one["body"])
            if one["fault"] is None:
                told += check_answer(*sent, one["status"], one["answer"], one["body"])
            found += [f"{one['method']} {one['path']}: {problem}" for problem in told]
        return found


@asynccontextmanager
async def company(folder: Path, *keys: str, email: str = "") -> AsyncIterator[Company]:
    """The company with `who` (its default user, or the person with `email`) connected to `keys`."""
    async with serve() as sandbox, httpx.AsyncClient() as client:
        people = (await client.get(f"{sandbox.url}/_sandbox/people")).json()
        email = email or sandbox.world.company.default.email
        hosts = (await client.get(f"{sandbox.url}/_sandbox/hosts")).json()
        person = next(person for person in people if person["email"] == email)
        who = Principal(
            tenant="fernwick",
            id=person["email"],
            name=person["name"],
            email=person["email"],
            timezone=person["time_zone"],
        )
        database = Database(f"sqlite+aiosqlite:///{folder / 'atom.db'}")
        async with database.engine.begin() as connection:
            await connection.run_sync(Table.metadata.create_all)
        vault = Vault(database, os.urandom(32))
        clients = (await client.get(f"{sandbox.url}/_sandbox/clients")).json()
        callback = "http://127.0.0.1/oauth/callback"
        registry = Registry(database, vault, client, callback_url=callback, hosts=hosts, clients=clients)
        found = Company(sandbox, registry, database, client, who)
        await found.connect(*keys)
        try:
            yield found
        finally:
            await database.close()
