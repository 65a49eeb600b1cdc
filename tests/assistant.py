"""The whole assistant on the demo company, spoken to through its door, with what it answers kept."""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from agent.model import Interpreter
from bot.app import Services, services
from bot.render.text import to_text
from core.clock import utc_now
from core.message import Message, Part, Plan, Press, PressAction, Question, Receipt, Receipts, Reply
from core.principal import Principal
from core.settings import Settings
from sandbox.server import Sandbox, serve
from tools.kit.connection import Connection
from tools.registry import Registry


@dataclass
class Recorder:
    """A sink that keeps what it is given."""

    replies: list[Reply] = field(default_factory=list)
    settled: dict[str, Reply] = field(default_factory=dict)
    statuses: list[str] = field(default_factory=list)

    async def status(self, text: str) -> None:
        self.statuses.append(text)

    async def send(self, reply: Reply) -> None:
        self.replies.append(reply)

    async def draft(self, text: str) -> None:
        """Keep nothing: the finished answer follows."""

    async def settle(self, approval: str, reply: Reply) -> None:
        self.settled[approval] = reply


@dataclass
class Office:
    """The running assistant, the company, and a person who talks to it."""

    running: Services
    sandbox: Sandbox
    client: httpx.AsyncClient
    who: Principal
    conversation: str = "c1"

    async def say(self, text: str, who: Principal | None = None, event: str = "", **place: Any) -> Recorder:
        """Say something; gives what was answered."""
        sink = Recorder()
        message = Message(
            id=event or uuid.uuid4().hex,
            platform=place.pop("platform", "terminal"),
            conversation=self.conversation,
            author=who or self.who,
            text=text,
            sent_at=utc_now(),
            **place,
        )
        await self.running.conversation.hear(message, sink)
        return sink

    async def press(
        self, action: PressAction, target: str, value: str = "", by: Principal | None = None, **place: Any
    ) -> Recorder:
        """Press a button; gives what was answered."""
        sink = Recorder()
        press = Press(
            id=uuid.uuid4().hex,
            platform=place.pop("platform", "terminal"),
            conversation=self.conversation,
            by=by or self.who,
            action=action,
            target=target,
            value=value,
            pressed_at=utc_now(),
            **place,
        )
        await self.running.conversation.press(press, sink)
        return sink

    async def connect(self, *keys: str, who: Principal | None = None) -> None:
        """Connect a person to integrations with tokens that the sandbox issues."""
        await connect_person(self.running.registry, self.sandbox, self.client, who or self.who, *keys)

    async def state(self, key: str) -> dict[str, Any]:
        """What a vendor holds."""
        state: dict[str, Any] = (await self.client.get(f"{self.sandbox.url}/_sandbox/{key}/state")).json()
        return state

    async def fault(self, key: str, **fault: Any) -> None:
        """Switch a vendor's fault on."""
        (await self.client.put(f"{self.sandbox.url}/_sandbox/{key}/faults", json=fault)).raise_for_status()


def copy_home(home: Path, to: Path) -> None:
    """What a killed process leaves on the disk: databases as of their last commit, and the key."""
    to.mkdir()
    for file in home.iterdir():
        if file.suffix == ".db":
            with closing(sqlite3.connect(file)) as here, closing(sqlite3.connect(to / file.name)) as there:
                here.backup(there)
        elif file.suffix == ".key":
            shutil.copy(file, to)


async def connect_person(
    registry: Registry, sandbox: Sandbox, client: httpx.AsyncClient, person: Principal, *keys: str
) -> None:
    """Connect a person to integrations with tokens that the sandbox issues."""
    for key in keys:
        asked = {"vendor": key, "email": person.email, "refresh": True}
        issued = (await client.post(f"{sandbox.url}/_sandbox/token", json=asked)).json()
        base = str(issued.get("instance_url") or "")
        await registry.settle(person, Connection(person.tenant, person.id, key, issued["secret"], base))


@asynccontextmanager
async def office(
    folder: Path, *keys: str, interpreter: Interpreter | None = None, sandbox: Sandbox | None = None, **settings: Any
) -> AsyncIterator[Office]:
    """The assistant with the company's default user connected to `keys`; a `sandbox` given is used and kept."""
    if sandbox is None:
        async with serve() as made, office(folder, *keys, interpreter=interpreter, sandbox=made, **settings) as found:
            yield found
        return
    async with httpx.AsyncClient() as client:
        hosts = (await client.get(f"{sandbox.url}/_sandbox/hosts")).json()
        clients = (await client.get(f"{sandbox.url}/_sandbox/clients")).json()
        ours = Settings(home=folder, **{"clients": clients} | settings)
        async with services(ours, hosts=hosts, interpreter=interpreter) as running:
            found = Office(running, sandbox, client, principal(sandbox, sandbox.world.company.default.email))
            connected = await running.registry.connected(found.who)
            await found.connect(*(key for key in keys if key not in connected))
            yield found


def principal(sandbox: Sandbox, email: str, tenant: str = "fernwick") -> Principal:
    """A person of the demo company."""
    person = sandbox.world.company.by_email[email]
    return Principal(
        tenant=tenant,
        id=person.email,
        name=person.name,
        email=person.email,
        timezone=person.time_zone,
        roles=frozenset({"member"}),
    )


def part(sink: Recorder, kind: type[Part]) -> Any:
    """The one part of this kind that was answered."""
    found = [one for reply in sink.replies for one in reply.parts if isinstance(one, kind)]
    assert len(found) == 1, text(sink)
    return found[0]


def plan(sink: Recorder) -> Plan:
    """The plan that was shown, by itself or in the place of another."""
    changed = [one for reply in sink.settled.values() for one in reply.parts if isinstance(one, Plan)]
    found: Plan = changed[0] if changed else part(sink, Plan)
    return found


def question(sink: Recorder) -> Question:
    """The question that was asked."""
    found: Question = part(sink, Question)
    return found


def receipts(sink: Recorder) -> tuple[Receipt, ...]:
    """The receipts that were given."""
    return tuple(
        line for reply in sink.replies for one in reply.parts if isinstance(one, Receipts) for line in one.lines
    )


def text(sink: Recorder) -> str:
    """Everything answered, as the terminal prints it."""
    return "\n\n".join(to_text(reply) for reply in sink.replies)
