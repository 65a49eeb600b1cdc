"""An adapter under test, a workspace around it, and an assistant that says what it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from bot.adapters.slack import SlackAdapter
from bot.adapters.slack_wire import SlackWire
from bot.assistant import Sink
from bot.delivery import Notes
from bot.inbox import EventInbox
from bot.shelf import Cards, Places, Threads
from core.db import Database
from core.errors import AtomError
from core.message import Field, Message, Part, Press, Reply
from core.principal import Principal
from manifest.slack import slack_manifest
from tests.bot.slack.server import SlackServer


class Memory:
    """Events, threads and small facts in a database that outlives an adapter, as a process leaves it."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite+aiosqlite:///{folder / 'slack.db'}")
        self.notes = Notes(self.database)

    def events(self, **more: Any) -> EventInbox:
        return EventInbox(self.database, **{"lease_s": 1.0, "poll_s": 0.05} | more)


@dataclass
class Scripted:
    """Remembers what it heard and answers by `on_hear` and `on_press`."""

    heard: list[Message] = field(default_factory=list)
    pressed: list[Press] = field(default_factory=list)
    parts: tuple[Part, ...] = ()
    refusal: AtomError | None = None
    on_hear: Callable[[Message, Sink], Awaitable[None]] | None = None
    on_press: Callable[[Press, Sink], Awaitable[None]] | None = None
    fields: tuple[Field, ...] = ()

    async def hear(self, message: Message, sink: Sink) -> None:
        self.heard.append(message)
        if self.on_hear:
            await self.on_hear(message, sink)
        else:
            await sink.send(Reply.of_text(f"Heard: {message.text}"))

    async def press(self, press: Press, sink: Sink) -> None:
        self.pressed.append(press)
        if self.on_press:
            await self.on_press(press, sink)

    async def form(self, approval: str, who: Principal) -> tuple[Field, ...]:
        if self.refusal:
            raise self.refusal
        return self.fields

    async def home(self, who: Principal) -> Reply:
        return Reply(parts=self.parts)

    async def prompts(self, who: Principal) -> tuple[str, ...]:
        return ("what is on my calendar today?",)


@dataclass
class Stage:
    """Everything a conversation needs."""

    slack: SlackServer
    adapter: SlackAdapter
    assistant: Scripted
    memory: Memory
    time: list[datetime]

    def later(self, **delta: float) -> None:
        """Let time pass for the adapter."""
        self.time[0] += timedelta(**delta)

    def restart(self) -> SlackAdapter:
        """A new process with the same memory; the caller closes the former adapter."""
        self.adapter = make_adapter(self.slack, self.assistant, self.memory, self.time)
        self.slack.app = Starlette(routes=self.adapter.routes())
        return self.adapter


def make_adapter(slack: SlackServer, assistant: Scripted, memory: Memory, now: list[datetime]) -> SlackAdapter:
    return SlackAdapter(
        assistant,
        events=memory.events(),
        threads=Threads(memory.notes),
        cards=Cards(memory.notes),
        places=Places(memory.notes),
        tenant_of=lambda platform, external_id: f"{platform}:{external_id}",
        token=slack.token,
        signing_secret=slack.secret,
        base_url=slack.api_url,
        wire=SlackWire(pace_s=0),
        clock=lambda: now[0],
    )


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    assistant, memory, now = Scripted(), Memory(tmp_path), [datetime.now(UTC)]
    await memory.database.migrate()
    async with SlackServer(slack_manifest("https://atom.example.com")) as slack:
        stage = Stage(slack, make_adapter(slack, assistant, memory, now), assistant, memory, now)
        slack.app = Starlette(routes=stage.adapter.routes())
        yield stage
        await stage.adapter.close()
        await memory.database.close()
