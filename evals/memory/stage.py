"""The stage: the assistant over the demo company, a fresh database for each script, a clock that the script moves."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from agent.ledger import LedgerRow
from agent.model import Interpreter
from bot.app import Services, services
from bot.locale import Writer
from bot.present import found
from core.errors import ConfigInvalid
from core.message import Message, Part, Plan, Press, Question
from core.principal import Principal
from core.settings import Settings
from evals.memory.play import Kept, Made, Played, Recorder, Seen, Store
from evals.memory.script import HOME, Script, Turn
from sandbox.server import Sandbox, serve
from sandbox.world import World
from tools.kit.connection import Connection

SWITCH = "personal"  # the setting that switches memory
STEP = timedelta(minutes=3)
FIRST_HOUR = 8


class Stage:
    """The demo company with the assistants that played on it."""

    def __init__(self, sandbox: Sandbox, client: httpx.AsyncClient, hosts: Any, clients: Any) -> None:
        self._sandbox = sandbox
        self._client = client
        self._hosts = hosts
        self._clients = clients
        self._readers: dict[bool, Interpreter] = {}

    async def play(self, script: Script, *, with_memory: bool) -> Played:
        """Play a script from the first turn to the last, in a home of its own."""
        with tempfile.TemporaryDirectory(prefix="atom-memory-") as home:
            chosen: dict[str, Any] = {SWITCH: with_memory} if has_switch() else {}
            settings = Settings(home=Path(home), clients=self._clients, **chosen)
            reader = self._readers.get(with_memory)
            async with services(settings, hosts=self._hosts, interpreter=reader) as running:
                if hasattr(running, "memory") and not has_switch():
                    raise ConfigInvalid(f"Memory is there, but no setting “{SWITCH}” to switch it off for comparison.")
                self._readers[with_memory] = running.interpreter
                scene = _Scene(running, self._sandbox, script)
                await asyncio.gather(*(self._connect(running, scene.principal(who), script) for who in script.people))
                played = await scene.play()
        touched = {made.tool for made in played.done} | {turn.call for turn in script.turns}
        for key in {tool.partition(".")[0] for tool in touched} & {*self._sandbox.vendors}:
            (await self._client.post(f"{self._sandbox.url}/_sandbox/{key}/reset")).raise_for_status()
        return played

    async def _connect(self, running: Services, who: Principal, script: Script) -> None:
        """Connect a person, as somebody whose systems' names are known already: nobody here is new."""
        for key in script.systems:
            asked = {"vendor": key, "email": who.email, "refresh": True}
            issued = (await self._client.post(f"{self._sandbox.url}/_sandbox/token", json=asked)).json()
            base = str(issued.get("instance_url") or "")
            await running.registry.settle(who, Connection(who.tenant, who.id, key, issued["secret"], base))
        await running.conversation.names.learn(who)


class _Scene:
    """One script being played."""

    def __init__(self, running: Services, sandbox: Sandbox, script: Script) -> None:
        self._running = running
        self._company = sandbox.world.company
        self._script = script
        self._now = sandbox.world.now
        self._count = 0
        self._known: set[tuple[str, str]] = set()
        self._thread = ""

    def principal(self, who: str) -> Principal:
        """The person behind a handle; with `@tenant`, somebody of the same name and address elsewhere."""
        handle, _, tenant = who.partition("@")
        person = self._company.person(handle)
        return Principal(
            tenant=tenant or HOME, id=person.email, name=person.name, email=person.email, timezone=person.time_zone
        )

    async def play(self) -> Played:
        played = Played(self._script)
        first = self._now.replace(hour=FIRST_HOUR, minute=0, second=0)
        for number, day in enumerate(self._script.days):
            self._now = first + timedelta(days=number)
            for turn in day:
                played.seen.append((turn, await self._turn(turn)))
                self._now += STEP
        played.kept = await self._kept()
        played.done = [_made(row) for row in await self._rows() if row.status == "done"]
        return played

    async def _turn(self, turn: Turn) -> Seen:
        who = self.principal(turn.who)
        if turn.call:
            system = await self._running.registry.open(turn.call.partition(".")[0], who)
            await getattr(system, turn.call.partition(".")[2])(**turn.args)
            return Seen()
        first = await self._hear(turn, who, turn.say)
        rows = await self._new_rows()
        first.leave_out([self._listed(row, who) for row in rows if self._is_listing(row)])
        seen = Seen(first.text(), first.text(openly=True), first.text(but=Plan), calls=tuple(map(_made, rows)))
        await self._settle(turn, who, first, seen)
        return seen

    def _is_listing(self, row: LedgerRow) -> bool:
        """Whether a call showed what a system holds: the person's own to see, and nothing remembered."""
        return row.effect == "read" and row.status == "done" and row.tool.partition(".")[0] in self._script.systems

    def _listed(self, row: LedgerRow, who: Principal) -> Part:
        return found(row.result, self._running.registry.tool(row.tool), Writer.of(who))

    async def _settle(self, turn: Turn, who: Principal, first: Recorder, seen: Seen) -> None:
        """Answer the question and approve the plan that came back, where the script does."""
        last = first
        if turn.answer and _parts(last, Question):
            last = await self._hear(turn, who, turn.answer, goes_on=True)
            seen.aside += last.text()
        if turn.approve and (plans := _parts(last, Plan)):
            seen.aside += (await self._approve(turn, who, plans[-1].approval)).text()
        elif turn.approve and _parts(last, Question):
            seen.aside += (await self._hear(turn, who, "yes", goes_on=True)).text()
        await self._new_rows()

    async def _hear(self, turn: Turn, who: Principal, text: str, *, goes_on: bool = False) -> Recorder:
        sink = Recorder()
        self._count += 1
        about = {"about": turn.about} if turn.about and not goes_on else {}
        message = Message(
            id=f"{self._script.id}-{self._count}",
            author=who,
            text=text,
            sent_at=self._now,
            has_outsiders=turn.guests,
            **about,
            **self._place(turn, begins=not (goes_on or turn.follows)),
        )
        await self._running.conversation.hear(message, sink)
        return sink

    async def _approve(self, turn: Turn, who: Principal, approval: str) -> Recorder:
        sink = Recorder()
        self._count += 1
        press = Press(
            id=f"{self._script.id}-{self._count}",
            by=who,
            action="approve",
            target=approval,
            pressed_at=self._now,
            **self._place(turn, begins=False),
        )
        await self._running.conversation.press(press, sink)
        return sink

    def _place(self, turn: Turn, *, begins: bool) -> dict[str, Any]:
        """In a channel each message begins a thread unless it follows one; a direct chat has a thread a day in Slack
        and none in Teams."""
        via = turn.via or self._script.via
        if not turn.place:
            thread = f"{self._now:%Y-%m-%d}" if via == "slack" else ""
            return {"platform": via, "conversation": f"direct-{turn.who}", "thread": thread, "audience": "direct"}
        if begins:
            self._thread = f"thread-{self._count}"
        return {"platform": via, "conversation": turn.place, "thread": self._thread, "audience": "channel"}

    async def _new_rows(self) -> list[LedgerRow]:
        rows = [row for row in await self._rows() if (row.tenant, row.id) not in self._known]
        self._known |= {(row.tenant, row.id) for row in rows}
        return rows

    async def _rows(self) -> list[LedgerRow]:
        async with self._running.database.session() as session:
            return list(await session.scalars(select(LedgerRow).order_by(LedgerRow.made_at, LedgerRow.ordinal)))

    async def _kept(self) -> list[Kept] | None:
        store: Store | None = getattr(self._running, "memory", None)
        if store is None:
            return None
        found = []
        for who in self._script.people:
            person = self.principal(who)
            found += [
                Kept(who, str(one.kind), str(one.scope), one.text)
                for one in await store.everything(person.tenant, person.id)
            ]
        return found


def has_switch() -> bool:
    """Whether this assistant has a memory to switch on and off."""
    return SWITCH in Settings.model_fields


@asynccontextmanager
async def stage(now: datetime | None = None) -> AsyncIterator[Stage]:
    """The company, served for as long as the block runs."""
    async with serve(World(now or datetime.now(UTC))) as sandbox, httpx.AsyncClient() as client:
        hosts = (await client.get(f"{sandbox.url}/_sandbox/hosts")).json()
        clients = (await client.get(f"{sandbox.url}/_sandbox/clients")).json()
        yield Stage(sandbox, client, hosts, clients)


def _parts(sink: Recorder, kind: type[Part]) -> list[Any]:
    return [part for reply in sink.replies for part in reply.parts if isinstance(part, kind)]


def _made(row: LedgerRow) -> Made:
    return Made(row.tool, _name(row.tenant, row.principal), row.status, dict(row.args), dict(row.labels))


def _name(tenant: str, principal: str) -> str:
    handle = principal.partition("@")[0]
    return handle if tenant == HOME else f"{handle}@{tenant}"
