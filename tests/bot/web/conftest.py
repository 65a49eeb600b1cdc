"""The web chat on a loopback port, a browser without a screen, and an assistant that says what it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from bot.assistant import Sink
from bot.web.chat import WebChat
from core.message import Field, Message, Press, Reply
from core.principal import Principal

SECRET = b"a secret of thirty-two characters"
ANNA = Principal(tenant="acme", id="anna@acme.example", name="Anna Berger")
BO = Principal(tenant="acme", id="bo@acme.example", name="Bo Lindqvist")


@dataclass
class Scripted:
    """Remembers what it heard and answers by `on_hear` and `on_press`."""

    heard: list[Message] = field(default_factory=list)
    pressed: list[Press] = field(default_factory=list)
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
        return self.fields

    async def home(self, who: Principal) -> Reply:
        return Reply.of_text(f"The home of {who.id}")

    async def prompts(self, who: Principal) -> tuple[str, ...]:
        return ("what is on my calendar today?",)


@dataclass(frozen=True)
class Event:
    name: str
    data: dict[str, Any]
    id: str = ""


@dataclass
class Browser:
    """What the page does, without a page."""

    client: httpx.AsyncClient
    conversation: str = ""

    async def enter(self, **wish: Any) -> dict[str, Any]:
        answer = await self.post("session", wish)
        answer.raise_for_status()
        entered: dict[str, Any] = answer.json()
        self.conversation = entered["conversation"]
        return entered

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        own = {"x-atom-chat": quote(self.conversation) or "new", **headers}
        return await self.client.post(f"/chat/{path}", json=body, headers=own)

    async def say(self, text: str, client_id: str = "client-id-1") -> httpx.Response:
        return await self.post("messages", {"text": text, "client_id": client_id})

    async def press(self, action: str, target: str, value: str = "") -> httpx.Response:
        return await self.post("press", {"action": action, "target": target, "value": value})

    @asynccontextmanager
    async def stream(self, last_id: str = "") -> AsyncIterator[AsyncIterator[Event]]:
        headers = {"last-event-id": last_id} if last_id else {}
        where = {"conversation": self.conversation}
        async with self.client.stream("GET", "/chat/stream", params=where, headers=headers) as answer:
            answer.raise_for_status()
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield _events(answer.aiter_lines())

    async def backlog(self, last_id: str = "") -> list[Event]:
        """The entries that a page gets which opens the stream now."""
        async with self.stream(last_id) as events:
            return await until(events, "ready")


async def until(events: AsyncIterator[Event], name: str, **fields: Any) -> list[Event]:
    """Entries up to the first event `name` with these fields, that one included if it is an entry."""
    entries = []
    async with asyncio.timeout(5):
        async for event in events:
            if event.name == "entry":
                entries.append(event)
            if event.name == name and fields.items() <= event.data.items():
                return entries
    raise AssertionError(f"the stream ended without {name}")


async def take(events: AsyncIterator[Event], count: int) -> list[Event]:
    """The next `count` entries."""
    entries: list[Event] = []
    async with asyncio.timeout(5):
        while len(entries) < count:
            event = await anext(events)
            if event.name == "entry":
                entries.append(event)
    return entries


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    fields: dict[str, str] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            if "event" in fields:
                yield Event(fields["event"], json.loads(fields["data"]), fields.get("id", ""))
            fields = {}


Serve = Callable[[WebChat], Awaitable[Browser]]


@pytest.fixture
def assistant() -> Scripted:
    return Scripted()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves a chat on a free port of this machine and opens a browser on it."""
    async with AsyncExitStack() as stack:

        async def start(chat: WebChat) -> Browser:
            config = uvicorn.Config(Starlette(routes=chat.routes()), port=0, log_level="error", lifespan="off")
            server = uvicorn.Server(config)
            task = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 - it tells in no other way
                await asyncio.sleep(0.01)
            stack.push_async_callback(asyncio.wait_for, task, 5)
            stack.callback(setattr, server, "should_exit", True)
            stack.push_async_callback(chat.close, 1)
            port = server.servers[0].sockets[0].getsockname()[1]
            client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False)
            return Browser(await stack.enter_async_context(client))

        yield start


@pytest.fixture
async def browser(serve: Serve, assistant: Scripted) -> Browser:
    """Anna's browser, with a session."""
    opened = await serve(WebChat(assistant, ANNA, SECRET))
    await opened.enter()
    return opened
