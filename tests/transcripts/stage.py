"""The whole assistant behind a chat platform on loopback, in front of the demo company, and people who talk to it.

Nothing of ours is replaced: signed requests come in, the platform answers, vendors are reached over HTTP.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import httpx
from sqlalchemy import select
from starlette.applications import Starlette

from agent.model import Interpreter
from bot.app import Services, create_app, services
from core.principal import Principal
from core.settings import Settings
from governance.approval import ApprovalRow
from sandbox.server import Sandbox
from tests.assistant import connect_person, copy_home
from tests.bot.teams.server import DIRECTORY
from tests.bot.teams.server import Person as TeamsPerson

TENANT = "fernwick"
CLIENTS = {key: {"id": f"{key}-client", "secret": "s"} for key in ("jira", "slack")}


@dataclass(frozen=True)
class Person:
    """Somebody of the demo company, as the platforms know them."""

    handle: str
    name: str

    @property
    def email(self) -> str:
        return f"{self.handle}@fernwick.example"

    @property
    def slack(self) -> str:
        return "U" + self.handle.partition(".")[0].upper()

    @property
    def teams(self) -> TeamsPerson:
        return TeamsPerson(self.name, self.email)


DANA = Person("dana.whitlock", "Dana Whitlock")
INES = Person("ines.carvalho", "Inês Carvalho")


@dataclass(frozen=True)
class Card:
    """A message of the assistant as people see it: its words, buttons, and the addresses that buttons open."""

    text: str
    labels: tuple[str, ...]
    links: Mapping[str, str]
    raw: Any = field(repr=False)


class Stage(ABC):
    """A conversation of `DANA` with the assistant, by default in the direct message."""

    platform: ClassVar[str]

    def __init__(self, home: Path, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        self.home = home
        self.sandbox = sandbox
        self.client = client
        self.brain: Interpreter | None = None
        self.more: dict[str, Any] = {}
        self.running: Services
        self.app: Starlette
        self._stack = AsyncExitStack()

    # what people do

    @abstractmethod
    async def say(
        self, text: str, who: Person = DANA, *, where: str = "direct", copies: int = 1, wait: bool = True
    ) -> None:
        """Write; “@” before the text mentions the assistant. `copies` deliver the same event at the same time."""

    @abstractmethod
    async def press(
        self, card: Card, label: str, who: Person = DANA, *, where: str = "direct", copies: int = 1, wait: bool = True
    ) -> None:
        """Press a button; `copies` are clicks at the same time."""

    @abstractmethod
    def direct(self, who: Person = DANA) -> list[Card]:
        """What stands in the person's direct message."""

    @abstractmethod
    def channel(self) -> list[Card]:
        """What everybody sees in the channel."""

    @abstractmethod
    def whispers(self, who: Person = DANA) -> list[Card]:
        """What the person alone was told about the channel."""

    @abstractmethod
    def move(self, external: str = "") -> None:
        """From now on everybody is in another workspace, with the ids they had; "" is the first one."""

    async def consent(self, link: str, who: Person = DANA) -> httpx.Response:
        """Follow a connect link, consent there and come back."""
        sent = await self.client.get(f"{link}&auto=1&login_hint={who.email}", follow_redirects=False)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app)) as browser:
            answer = await browser.get(sent.headers["location"])
        await self.drain()
        return answer

    # what happens around them

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """The platform's settings."""

    @abstractmethod
    async def attach(self) -> None:
        """Let the platform send to the app."""

    @abstractmethod
    async def cut(self) -> None:
        """Stop all work at once, as a killed process does."""

    async def open(self) -> None:
        """Start the assistant on the home folder."""
        hosts = (await self.client.get(f"{self.sandbox.url}/_sandbox/hosts")).json()
        names = {"slack:T1": TENANT, f"teams:{DIRECTORY}": TENANT}
        given = {"home": self.home, "workspaces": names, "clients": CLIENTS, **self.settings, **self.more}
        self.running = await self._stack.enter_async_context(
            services(Settings(**given), hosts=hosts, interpreter=self.brain)
        )
        self.app = create_app(self.running)
        await self.attach()

    async def close(self) -> None:
        """End it in order."""
        for close in self.running.closers:
            await close()
        await self._stack.aclose()

    async def restart(self) -> None:
        """End it in order and start anew."""
        await self.close()
        await self.open()

    async def crash(self) -> None:
        """Kill it, start anew on what was on the disk at that moment, and let it take up what was cut off."""
        left = self.home.with_name(f"{self.home.name}-left")
        copy_home(self.home, left)  # cancelled tasks still write; a killed process does not
        await self.cut()
        await self.close()
        self.home = left
        await self.open()
        await self.running.conversation.recover()
        await self.drain()

    @property
    def adapter(self) -> Any:
        return self.running.conversation.openers[self.platform]  # type: ignore[index]

    async def drain(self) -> None:
        """Wait until everything delivered is answered."""
        await self.adapter.drain()

    async def connect(self, *keys: str, who: Person = DANA, tenant: str = TENANT) -> None:
        """Connect a person with tokens that the sandbox issues."""
        person = Principal(tenant=tenant, id=who.email, name=who.name, email=who.email)
        await connect_person(self.running.registry, self.sandbox, self.client, person, *keys)

    async def fault(self, key: str, **fault: Any) -> None:
        """Switch a vendor's fault on."""
        (await self.client.put(f"{self.sandbox.url}/_sandbox/{key}/faults", json=fault)).raise_for_status()

    def revoke(self, key: str) -> None:
        """End every token that a vendor has given out."""
        for row in self.sandbox.world.sections["_grants"]["tokens"].values():
            row["revoked"] = row["revoked"] or row["vendor"] == key

    async def until(self, is_reached: Callable[[], bool]) -> None:
        """Wait for something at the vendors."""
        async with asyncio.timeout(5):
            while not is_reached():  # noqa: ASYNC110 - the sandbox tells nobody
                await asyncio.sleep(0.005)

    # what the systems hold

    async def approval(self) -> str:
        """The id of the one plan that waits."""
        async with self.running.database.session() as session:
            [row] = await session.scalars(select(ApprovalRow).where(ApprovalRow.status == "pending"))
        return str(row.id)

    def is_fault_left(self, key: str) -> bool:
        """Whether a fault of the vendor still waits for its request."""
        return any(fault.times > 0 for fault in self.sandbox.vendors[key].faults)

    def bugs(self) -> list[dict[str, Any]]:
        """The issues of that summary."""
        issues = self.sandbox.vendors["jira"].state["issues"].values()
        return [issue for issue in issues if issue["summary"] == "checkout times out on iOS"]

    def told(self) -> list[dict[str, Any]]:
        """The messages about it in #eng-oncall."""
        state = self.sandbox.vendors["slack"].state
        place = next(id for id, one in state["channels"].items() if one["name"] == "eng-oncall")
        return [one for one in state["messages"][place] if one["text"].startswith("checkout times out on iOS")]


def text(cards: list[Card]) -> str:
    """All words of some cards."""
    return "\n".join(card.text for card in cards)
