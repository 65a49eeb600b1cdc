"""How long a turn takes without the vendor's own time, and where the rest goes."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from bot.app import Services, services
from bot.demo import Demo, connect_all
from core.clock import utc_now
from core.message import Message
from core.principal import Principal
from core.settings import Settings
from tests.assistant import Recorder

pytestmark = pytest.mark.bench

TURNS = 60
SENTENCES = {
    "read": "list my jira issues in PAY",
    "plan": "create a bug in PAY: checkout times out on iOS, assign it to Priya, and tell #eng-oncall",
    "approve": "yes",
    "talk": "good morning!",
}


@dataclass
class Stopwatch:
    """Seconds spent with vendors and with the database since the last reset."""

    vendor: float = 0.0
    database: float = 0.0
    reading: float = 0.0
    begun: dict[int, float] = field(default_factory=dict)


class Timed(httpx.AsyncHTTPTransport):
    """Adds the time of each request to the stopwatch; requests that overlap count each."""

    def __init__(self, watch: Stopwatch) -> None:
        super().__init__()
        self._watch = watch

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        begun = time.perf_counter()
        response = await super().handle_async_request(request)
        await response.aread()
        self._watch.vendor += time.perf_counter() - begun
        return response


class TimedInterpreter:
    """The local interpreter, with its time taken."""

    def __init__(self, inner: Any, watch: Stopwatch) -> None:
        self._inner = inner
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def interpret(self, request: Any) -> Any:
        begun = time.perf_counter()
        reading = self._inner.interpret(request)
        self._watch.reading += time.perf_counter() - begun
        return reading


@asynccontextmanager
async def company() -> AsyncIterator[Demo]:
    """The sandbox in a process of its own, as vendors are."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().split()[-1].rstrip("/")
        async with httpx.AsyncClient() as client:
            hosts = (await client.get(f"{url}/_sandbox/hosts")).json()
            clients = (await client.get(f"{url}/_sandbox/clients")).json()
            people = (await client.get(f"{url}/_sandbox/people")).json()
        dana = next(person for person in people if person["name"] == "Dana Whitlock")
        who = Principal(tenant="bench", id=dana["email"], name=dana["name"], email=dana["email"])
        yield Demo(url, hosts, clients, who)
    finally:
        process.terminate()
        await process.wait()


def time_database(running: Services, watch: Stopwatch) -> None:
    """Count the time that statements of the engine take."""
    engine = running.database.engine.sync_engine

    @event.listens_for(engine, "before_cursor_execute")
    def before(_: Any, cursor: Any, *__: Any) -> None:
        watch.begun[id(cursor)] = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def after(_: Any, cursor: Any, *__: Any) -> None:
        watch.database += time.perf_counter() - watch.begun.pop(id(cursor), time.perf_counter())


async def test_turn(tmp_path: Path) -> None:
    watch = Stopwatch()
    async with company() as demo:
        from agent.local.interpreter import Interpreter
        from tools.registry import offered

        reader = TimedInterpreter(Interpreter(offered()), watch)
        async with services(
            Settings(home=tmp_path, clients=demo.clients), hosts=demo.hosts, interpreter=reader, transport=Timed(watch)
        ) as running:
            for kind in running.registry.integrations.values():
                kind.calls_per_s = 1e6  # the pace is the vendors' wish, not our time
            await connect_all(demo, running.registry, demo.who)
            await running.conversation.names.learn(demo.who)
            time_database(running, watch)
            rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in SENTENCES}
            for number in range(TURNS):
                for name, text in SENTENCES.items():
                    figures = await _turn(running, demo, text, f"c{number}", watch)
                    if number >= TURNS // 10:
                        rows[name].append(figures)
    print()
    print("milliseconds without the vendor's own time (p50 / p95), of which reading, database; vendor beside")
    for name, found in rows.items():
        ours, reading, database, vendor = (sorted(column) for column in zip(*found, strict=True))
        parts = f"reading {_p(reading)}   database {_p(database)}   vendor {_p(vendor)}"
        print(f"{name:8} ours {_p(ours)}   {parts}   n={len(ours)}")


async def _turn(
    running: Services, demo: Demo, text: str, conversation: str, watch: Stopwatch
) -> tuple[float, float, float, float]:
    watch.vendor = watch.database = watch.reading = 0.0
    message = Message(
        id=uuid.uuid4().hex,
        platform="terminal",
        conversation=conversation,
        author=demo.who,
        text=text,
        sent_at=utc_now(),
    )
    begun = time.perf_counter()
    sink = Recorder()
    await running.conversation.hear(message, sink)
    spent = time.perf_counter() - begun
    assert sink.replies
    return (spent - watch.vendor) * 1e3, watch.reading * 1e3, watch.database * 1e3, watch.vendor * 1e3


def _p(values: list[float]) -> str:
    return f"{statistics.median(values):6.1f} / {values[int(len(values) * 0.95)]:6.1f}"
