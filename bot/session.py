"""What the commands do once everything heavy is loaded: demo chat, server, connect, rotation."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Literal

import uvicorn
from rich.console import Console
from starlette.types import ASGIApp

from core.db import Database
from core.errors import AtomError, ConfigInvalid, StorageUnavailable
from core.log import logger
from core.settings import Settings

if TYPE_CHECKING:
    from bot.app import Services
    from bot.conversation import Conversation
    from core.principal import Principal
    from tools.inbox import Inbox

GREETING = "ATOM · you are {name} at the demo company. Say what you want done; “help” shows what I can do."
CONSENT_S, EXPIRY_S = 900, 60
_log = logger("bot.session")
EXAMPLE = "Try: create a bug in PAY: checkout times out on iOS, assign it to Priya, and tell #eng-oncall"


class _Server(uvicorn.Server):
    """Leaves the signals of the process to whoever owns them."""

    def install_signal_handlers(self) -> None:
        return


def bound(host: str, port: int) -> tuple[socket.socket, str]:
    """A socket that listens, and its address.

    Raises:
        ConfigInvalid: the port is taken.
    """
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        said = f"Port {port} on {host} cannot be used."
        raise ConfigInvalid(said, cause=repr(error), next_step="Set ATOM_PORT.") from error
    return listener, f"http://{host}:{listener.getsockname()[1]}"


@asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket, lifespan: Literal["on", "off"] = "off") -> AsyncIterator[None]:
    """Serve an app while the block runs."""
    server = _Server(uvicorn.Config(app, log_level="error", lifespan=lifespan, timeout_graceful_shutdown=2))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


async def demo_chat(settings: Settings, *, with_web: bool) -> None:
    """Chat as the demo company's default user, in the terminal and the browser."""
    from bot.demo import default_name

    console = Console()
    console.print(GREETING.format(name=default_name()))
    with console.status("Starting the demo company …"):
        from bot.app import create_app, services
        from bot.demo import connect_all, demo
        from bot.terminal import Terminal
        from bot.web.chat import WebChat
    home = settings.home / "demo"
    is_person = sys.stdin.isatty()
    listener, address = bound(settings.host, settings.port if is_person else 0)
    ours = settings.model_copy(update={"home": home, "public_url": address})
    async with demo(home) as company, services(ours, hosts=company.hosts, clients=company.clients) as running:
        await connect_all(company, running.registry, company.who)
        await running.conversation.names.learn(company.who)
        terminal = Terminal(running.conversation, company.who, console)
        web = WebChat(running.conversation, company.who, os.urandom(32), suggestions=SUGGESTIONS)
        running.conversation.openers |= {"terminal": terminal, "web": web}
        async with serving(create_app(running, web.routes() if with_web else ()), listener):
            if with_web:
                console.print(f"The same in the browser: {address}/chat", markup=False, highlight=False)
            console.print(EXAMPLE, markup=False, highlight=False)
            console.print()
            unasked = asyncio.create_task(running.courier.run()) if is_person else None
            await terminal.chat()
            if unasked:
                unasked.cancel()
            await web.close()


SUGGESTIONS = (
    "create a bug in PAY: checkout times out on iOS, assign it to Priya, and tell #eng-oncall",
    "what's on my calendar tomorrow?",
    "which stripe invoices are still open?",
    "show my open jira issues",
)


async def feedback_counts(settings: Settings) -> Counter[tuple[str, str, str]]:
    """What people thought of answers, by tenant, value and reason."""
    from bot.feedback import Feedback

    database = Database(settings.database)
    try:
        await database.migrate()
        return await Feedback(database).counts()
    finally:
        await database.close()


async def _expire(conversation: Conversation) -> None:
    """Let plans that waited too long say so, every minute."""
    while True:
        try:
            await conversation.expire()
        except AtomError as error:
            _log.warning("expiry_put_off", kind=type(error).__name__, cause=error.cause)
        await asyncio.sleep(EXPIRY_S)


async def serve_all(settings: Settings) -> None:
    """Serve until the process is told to stop."""
    from bot.app import create_app, services, slack

    is_socket = bool(settings.slack_app_token.get_secret_value())
    has_slack = bool(settings.slack_bot_token.get_secret_value())
    if not has_slack and not settings.teams_app_id and not settings.teams_allow_anonymous:
        raise ConfigInvalid(
            "Neither Slack nor Teams is set up.", next_step="See the README; `atom settings` explains each variable."
        )
    async with services(settings) as running:
        app = create_app(running)
        running.events.start()
        try:
            server = uvicorn.Server(
                uvicorn.Config(app, host=settings.host, port=settings.port, log_level="warning", lifespan="off")
            )
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(running.conversation.recover())
                chores = [
                    tasks.create_task(_housekeep(running)),
                    tasks.create_task(running.courier.run()),
                    tasks.create_task(_expire(running.conversation)),
                ]
                if is_socket and has_slack:
                    link = tasks.create_task(slack(running).run_socket(settings.slack_app_token.get_secret_value()))
                await server.serve()
                for chore in chores:
                    chore.cancel()
                if is_socket and has_slack:
                    link.cancel()
        finally:
            for close in running.closers:
                await close()


async def _housekeep(running: Services) -> None:
    """Drop, every hour, what is remembered no longer, and learn from what was passed over."""
    while True:
        with suppress(StorageUnavailable):  # there is another hour
            await running.events.forget_old()
            await running.outbox.forget_old()
            await running.courier.learn_from_silence()
        await asyncio.sleep(3600)


async def connect_demo(settings: Settings, key: str) -> None:
    """Connect the demo's user to one integration by consent, as a real person would."""
    from bot.app import create_app, services
    from bot.demo import demo

    home = settings.home / "demo"
    listener, address = bound(settings.host, 0)
    ours = settings.model_copy(update={"home": home, "public_url": address})
    async with (
        demo(home) as company,
        services(ours, hosts=company.hosts, clients=company.clients) as running,
        serving(create_app(running), listener),
    ):
        who, connections = company.who, running.registry.connections
        print(f"Open this address and consent: {await running.registry.link(key, who)}", flush=True)
        before = await connections.get(who.tenant, who.id, key)
        for _ in range(CONSENT_S):
            await asyncio.sleep(1)
            now = await connections.get(who.tenant, who.id, key)
            if now is not None and (before is None or now.secret != before.secret):
                print(f"Connected {key} as {now.account}.")
                return
        raise ConfigInvalid("Nobody consented within a quarter of an hour.")


async def rotate(settings: Settings) -> None:
    """Re-wrap the tenants' keys."""
    from core.db import Database
    from core.vault import Vault, master_key

    database = Database(settings.database)
    try:
        await database.migrate()
        key = master_key(settings.master_key.get_secret_value(), settings.home / "master.key")
        previous = settings.master_key_previous.get_secret_value()
        vault = Vault(database, key, master_key(previous, settings.home / "none") if previous else None)
        print(f"{await vault.rotate()} keys are wrapped with the current master key.")
    finally:
        await database.close()


@asynccontextmanager
async def _inbox(settings: Settings) -> AsyncIterator[Inbox]:
    from core.db import Database
    from core.vault import Vault, master_key
    from tools.inbox import Inbox
    from tools.registry import discover

    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    try:
        await database.migrate()
        key = master_key(settings.master_key.get_secret_value(), settings.home / "master.key")
        yield Inbox(database, Vault(database, key), discover(), settings.hosts)
    finally:
        await database.close()


async def add_hook(settings: Settings, tenant: str, key: str, secret: str) -> tuple[str, str]:
    """The address of a new webhook, and its secret."""
    from bot.hook import HOOKS

    async with _inbox(settings) as inbox:
        hook, secret = await inbox.add(tenant, key, secret)
    return f"{settings.public_url.rstrip('/')}{HOOKS}/{hook}", secret


async def list_hooks(settings: Settings, tenant: str) -> list[str]:
    """A line for each of a tenant's webhooks."""
    async with _inbox(settings) as inbox:
        return [f"{hook.integration:20} {hook.id}  since {hook.made_at:%Y-%m-%d}" for hook in await inbox.hooks(tenant)]


async def remove_hook(settings: Settings, tenant: str, hook: str) -> None:
    """Take a webhook's address back."""
    async with _inbox(settings) as inbox:
        await inbox.remove(tenant, hook)


async def list_notices(settings: Settings, tenant: str, person: str, most: int, *, as_json: bool) -> list[str]:
    """A line for each notice of a tenant, or all of them as JSON; never what they say, which is the person's own."""
    from bot.outbox import Outbox
    from core.db import Database

    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    try:
        await database.migrate()
        rows = await Outbox(database).of(tenant, person, most)
    finally:
        await database.close()
    return [json.dumps([row.to_json() for row in rows], indent=2)] if as_json else [row.line for row in rows]


async def serve_mcp(settings: Settings, who: Principal | None, port: int) -> None:
    """Serve a person's tools over MCP; the demo company's default user where nobody is named.

    Raises:
        ConfigInvalid: the extra that this needs is not installed.
    """
    from bot.app import extra, services
    from bot.demo import connect_all, demo

    with extra("mcp"):
        from bot.mcp import McpDoor, http_app, serve_stdio
    async with AsyncExitStack() as stack:
        if who is None:
            home = settings.home / "demo"
            company = await stack.enter_async_context(demo(home))
            ours = settings.model_copy(update={"home": home})
            running = await stack.enter_async_context(services(ours, hosts=company.hosts, clients=company.clients))
            await connect_all(company, running.registry, company.who)
            who = company.who
        else:
            running = await stack.enter_async_context(services(settings))
        door = McpDoor(running, who)
        if not port:
            await serve_stdio(door)
            return
        listener, address = bound("127.0.0.1", port)
        token = secrets.token_urlsafe(24)
        print(f"{address}/mcp\nAuthorization: Bearer {token}   (good until this stops)", file=sys.stderr, flush=True)
        app = http_app(door, token)
        await uvicorn.Server(uvicorn.Config(app, log_level="warning")).serve(sockets=[listener])
