"""Events are taken once, worked off in order, and taken up again where a process died."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.inbox import MOST_ATTEMPTS, Arrival, EventInbox
from core.db import Database
from core.errors import StorageUnavailable


@pytest.fixture(params=["sqlite", "postgres"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    found = Database(url)
    await found.migrate()
    yield found
    await found.close()


class Worker:
    """An inbox of one process, and what it worked on."""

    def __init__(self, database: Database, **more: float) -> None:
        self.done: list[str] = []
        self.inbox = EventInbox(database, **{"lease_s": 0.6, "poll_s": 0.05} | more)  # type: ignore[arg-type]
        self.inbox.serve("slack", self.work)

    async def work(self, arrival: Arrival) -> None:
        await asyncio.sleep(0.001)
        self.done.append(str(arrival.body["text"]))

    async def take(self, text: str, event: str = "", lane: str = "") -> bool:
        return await self.inbox.take("acme", "slack", event or text, lane or text, {"text": text})

    async def emptied(self) -> None:
        """Wait until nothing is left, whoever works on it."""
        async with asyncio.timeout(10):
            while await self.inbox.left():  # noqa: ASYNC110 - the other process tells nobody
                await asyncio.sleep(0.02)


@pytest.mark.behaviour("duplicates")
async def test_event_is_taken_once_however_often_it_comes(database: Database) -> None:
    worker = Worker(database)
    taken = await asyncio.gather(*(worker.take(f"m{n % 50}", event=f"once-{n % 50}") for n in range(200)))
    await worker.inbox.drain()
    assert sum(taken) == 50
    assert sorted(worker.done) == sorted(f"m{n}" for n in range(50))
    assert await worker.inbox.left() == 0
    assert not await worker.take("m0", event="once-0")
    await worker.inbox.close()


@pytest.mark.behaviour("tenants")
async def test_other_tenant_with_the_same_event_id_is_another_event(database: Database) -> None:
    worker = Worker(database)
    for tenant in ("north", "south"):
        assert await worker.inbox.take(tenant, "slack", "same-id", f"{tenant}:lane", {"text": tenant})
    await worker.inbox.drain()
    assert sorted(worker.done) == ["north", "south"]
    await worker.inbox.close()


@pytest.mark.behaviour("out-of-order")
async def test_lane_keeps_its_order_over_two_processes(database: Database) -> None:
    one, two = Worker(database), Worker(database)
    two.done = one.done
    for n in range(30):
        await (one if n % 2 else two).take(f"{n:02}", event=f"ordered-{n}", lane="lane")
    await asyncio.gather(one.inbox.drain(), two.inbox.drain())
    await one.emptied()
    assert one.done == [f"{n:02}" for n in range(30)]
    await one.inbox.close()
    await two.inbox.close()


async def test_slow_work_is_held_as_long_as_it_takes(database: Database) -> None:
    one, two = Worker(database, lease_s=0.3), Worker(database, lease_s=0.3)

    async def slow(arrival: Arrival) -> None:
        await asyncio.sleep(1)
        one.done.append("slow")

    one.inbox.serve("slack", slow)
    await one.take("slow", event="held")
    two.inbox.start()
    await one.inbox.drain()
    await two.inbox.drain()
    assert (one.done, two.done) == (["slow"], [])
    await one.inbox.close()
    await two.inbox.close()


async def test_failed_work_is_begun_again_and_given_up_in_the_end(database: Database) -> None:
    worker = Worker(database, lease_s=0.05)
    attempts: list[tuple[int, bool]] = []

    async def fail(arrival: Arrival) -> None:
        attempts.append((arrival.attempt, arrival.is_last))
        raise ValueError

    worker.inbox.serve("slack", fail)
    await worker.take("poison", event="poison")
    await worker.emptied()
    assert attempts == [(n, n == MOST_ATTEMPTS) for n in range(1, MOST_ATTEMPTS + 1)]
    await worker.inbox.close()


async def test_closed_inbox_leaves_its_work_to_the_next_at_once(database: Database) -> None:
    one = Worker(database, lease_s=60)
    begun = asyncio.Event()

    async def hang(arrival: Arrival) -> None:
        begun.set()
        await asyncio.Event().wait()

    one.inbox.serve("slack", hang)
    await one.take("left", event="left")
    await begun.wait()
    await one.inbox.close(timeout_s=0)
    with pytest.raises(StorageUnavailable):
        await one.take("late", event="late")
    two = Worker(database, lease_s=60)
    await two.inbox.drain()
    assert two.done == ["left"]
    await two.inbox.close()


KILLED = """
import asyncio, sys
from bot.inbox import EventInbox
from core.db import Database

async def main():
    inbox = EventInbox(Database(sys.argv[1]), lease_s=0.6)
    async def work(arrival):
        if int(arrival.body["text"]) >= 10:
            await asyncio.Event().wait()
        print("did", arrival.body["text"], flush=True)
    inbox.serve("slack", work)
    async def take(n):
        await inbox.take("acme", "slack", f"killed-{n}", f"lane-{n}", {"text": str(n)})
        print("took", n, flush=True)
    await asyncio.gather(*(take(n) for n in range(100)))
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.behaviour("restart-mid-stream")
async def test_nothing_acknowledged_is_lost_when_the_process_is_killed(database: Database, url: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, url, stdout=subprocess.PIPE)
    assert process.stdout
    seen = set[str]()
    while sum(line.startswith("did") for line in seen) < 10 or sum(line.startswith("took") for line in seen) < 100:
        seen.add((await process.stdout.readline()).decode().strip())
    process.kill()
    await process.wait()
    worker = Worker(database)
    worker.inbox.start()
    await worker.emptied()
    taken = {line.split()[1] for line in seen if line.startswith("took")}
    did = {line.split()[1] for line in seen if line.startswith("did")}
    assert taken - did <= set(worker.done)
    assert len(worker.done) == len(set(worker.done))
    await worker.inbox.close()
