"""A Teams on loopback and the adapter that listens to it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from bot.adapters.teams import TeamsAdapter
from bot.assistant import Sink
from bot.inbox import EventInbox
from core.db import Database
from core.errors import ApprovalInvalid, NotFound
from core.message import Field, Message, Press, Reply
from core.principal import Principal
from tests.bot.teams.server import APP_ID, DIRECTORY, PASSWORD, PRIYA, TeamsServer

Script = Callable[[Any, Sink], Awaitable[None]]


class Shelf:
    """What outlives an adapter: references in memory, and the database of an inbox for each process."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.kept: dict[tuple[str, str], dict[str, Any]] = {}

    def inbox(self) -> EventInbox:
        """The inbox of one process."""
        return EventInbox(self.database, poll_s=0.05)

    async def store(self, tenant: str, key: str, value: dict[str, Any]) -> None:
        self.kept[tenant, key] = value

    async def load(self, tenant: str, key: str) -> dict[str, Any] | None:
        return self.kept.get((tenant, key))

    async def drop(self, tenant: str, key: str) -> None:
        self.kept.pop((tenant, key), None)


class ScriptedAssistant:
    """Does what the test wrote down, and keeps what it was told."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.presses: list[Press] = []
        self.on_hear: Script | None = None
        self.on_press: Script | None = None
        self.form_s = 0.0
        self.asker = PRIYA.email.lower()
        self.fields: tuple[Field, ...] = ()

    async def hear(self, message: Message, sink: Sink) -> None:
        self.heard.append(message)
        if self.on_hear is not None:
            await self.on_hear(message, sink)

    async def press(self, press: Press, sink: Sink) -> None:
        self.presses.append(press)
        if self.on_press is not None:
            await self.on_press(press, sink)

    async def form(self, approval: str, who: Principal) -> tuple[Field, ...]:
        await asyncio.sleep(self.form_s)
        if who.id != self.asker:
            raise ApprovalInvalid("Only the one who asked can change this plan.")
        return self.fields

    async def home(self, who: Principal) -> Reply:
        return Reply(parts=Reply.of_text(f"The home of {who.id}").parts, is_private=True)

    async def prompts(self, who: Principal) -> tuple[str, ...]:
        return ("what is on my calendar today?",)


def tenant_of(platform: str, external_id: str) -> str:
    """The one company that this assistant works for."""
    if (platform, external_id) != ("teams", DIRECTORY):
        raise NotFound("Your company has not set me up yet.", next_step="Ask an administrator.")
    return "acme"


def adapter_for(teams: TeamsServer, assistant: ScriptedAssistant, shelf: Shelf, **more: Any) -> TeamsAdapter:
    """An adapter that trusts and talks to the loopback Teams, connected to it."""
    adapter = TeamsAdapter(
        assistant,
        app_id=APP_ID,
        password=PASSWORD,
        events=shelf.inbox(),
        references=shelf,
        tenant_of=tenant_of,
        openid_url=teams.openid_url,
        login_url=teams.address,
        **more,
    )
    teams.connect(Starlette(routes=adapter.routes()))
    return adapter


@pytest.fixture
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant()


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, made once."""
    made = tmp_path_factory.mktemp("blank") / "atom.db"

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{made}")
        await database.migrate()
        await database.close()

    asyncio.run(make())
    return made


@pytest.fixture
async def shelf(blank: Path, tmp_path: Path) -> AsyncIterator[Shelf]:
    for file in blank.parent.iterdir():
        shutil.copy(file, tmp_path)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / blank.name}")
    yield Shelf(database)
    await database.close()


@pytest.fixture
async def teams() -> AsyncIterator[TeamsServer]:
    async with TeamsServer() as server:
        yield server


@pytest.fixture
async def adapter(teams: TeamsServer, assistant: ScriptedAssistant, shelf: Shelf) -> AsyncIterator[TeamsAdapter]:
    adapter = adapter_for(teams, assistant, shelf)
    yield adapter
    await adapter.aclose()
