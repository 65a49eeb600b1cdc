"""Where everything is joined: settings in, a running assistant and one ASGI app out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from langgraph.checkpoint.base import BaseCheckpointSaver
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

import agent.local
from agent.language import close, language_model
from agent.ledger import Ledger
from agent.loop import Agent
from agent.model import Interpreter
from agent.turn import Limits
from bot.connect import CALLBACK, CONNECT, connect_routes
from bot.conversation import Conversation
from bot.courier import Courier
from bot.delivery import Notes
from bot.erasure import Erasure
from bot.feedback import Feedback
from bot.home import Home
from bot.hook import hook_routes
from bot.inbox import EventInbox
from bot.memory import STANDING, Shelf, integration
from bot.morning import Mornings
from bot.noticeboard import Noticeboard
from bot.outbox import Outbox
from bot.page import page
from bot.preference import SETTINGS
from bot.recipient import Recipients
from bot.reminder import KEY as REMINDERS
from bot.reminder import integration as reminders
from bot.rule import followed
from bot.taste import Tastes
from bot.usual import Usual
from bot.watch import Watch
from core.db import Database
from core.errors import ConfigInvalid
from core.settings import Settings
from core.vault import Vault, master_key
from governance.approval import Approvals
from governance.audit import Audit
from governance.policy import Policy
from memory.encoder import Encoder
from memory.memory import Memory
from memory.toolset import KEY
from tools.inbox import Inbox
from tools.integration import Integration
from tools.registry import Registry, discover

TOKENIZER = Path(agent.local.__file__).parent / "weights" / "tokenizer.json"  # the same words as the memory's encoder
Closer = Callable[[], Any]


@dataclass
class Services:
    """Everything that runs, joined."""

    settings: Settings
    database: Database
    registry: Registry
    ledger: Ledger
    approvals: Approvals
    policy: Policy
    audit: Audit
    interpreter: Interpreter
    agent: Agent
    conversation: Conversation
    events: EventInbox
    notes: Notes
    inbox: Inbox
    outbox: Outbox
    recipients: Recipients
    courier: Courier
    checkpointer: BaseCheckpointSaver[Any]
    memory: Memory
    erasure: Erasure
    closers: list[Closer] = field(default_factory=list)


@asynccontextmanager
async def services(
    settings: Settings,
    *,
    hosts: Mapping[str, Mapping[str, str]] | None = None,
    clients: Mapping[str, Mapping[str, str]] | None = None,
    mode: str = "cascade",
    interpreter: Interpreter | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Services]:
    """Open the database and join everything; close it all at the end.

    `interpreter` is the local one by default, `transport` what carries requests to vendors.

    Raises:
        ConfigInvalid: a setting does not fit.
        StorageUnavailable: the database cannot be opened.
    """
    async with AsyncExitStack() as stack:
        settings.home.mkdir(parents=True, exist_ok=True)
        database = Database(settings.database)
        stack.push_async_callback(database.close)
        await database.migrate()
        key = master_key(settings.master_key.get_secret_value(), settings.home / "master.key")
        previous = settings.master_key_previous.get_secret_value()
        vault = Vault(database, key, master_key(previous, settings.home / "none") if previous else None)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport))
        vectors = settings.memory_index or str(settings.home / "vectors")
        days = {str(kind): number for kind, number in settings.memory_days.items()}
        memory = Memory(database, vectors, Encoder(TOKENIZER), settings.personal, days)
        memory.begin()
        stack.push_async_callback(memory.close)
        outbox, recipients, tastes = Outbox(database), Recipients(database), Tastes(database)
        registry = Registry(
            database,
            vault,
            client,
            callback_url=settings.public_url.rstrip("/") + CALLBACK,
            connect_url=settings.public_url.rstrip("/") + CONNECT,
            hosts=hosts or settings.hosts,
            clients=clients or settings.clients,
            timeout_s=settings.vendor_timeout_s,
            integrations=discover() | await _mcp(settings) | {KEY: integration(memory), REMINDERS: reminders(outbox)},
        )
        interpreter = interpreter or local_interpreter(registry, settings)
        ledger, audit = Ledger(database), Audit(database)
        approvals = Approvals(database, timedelta(hours=settings.approval_hours))
        policy = Policy(database, standing=STANDING)
        llm = language_model(settings)
        stack.push_async_callback(close, llm)
        checkpointer = await _checkpointer(settings, stack)
        agent = Agent(
            registry,
            interpreter,
            ledger,
            approvals,
            policy,
            audit,
            checkpointer,
            llm,
            settings.model,
            settings.local_threshold,
            mode,
            memory,
        )
        limits = Limits(settings.turn_timeout_s, settings.turn_calls, settings.turn_tokens)
        notes, events = Notes(database), EventInbox(database)
        stack.push_async_callback(events.close)
        conversation = Conversation(agent, registry, approvals, ledger, notes, limits=limits)
        stack.push_async_callback(conversation.names.drain)
        feedback = Feedback(database)
        conversation.handlers["rate"] = feedback.rate
        furnish(conversation, Home(registry, approvals, ledger, audit, conversation.preferences))
        board = Noticeboard(outbox, recipients, tastes, follows=tuple(followed(registry.integrations)))
        board.join(conversation.handlers)
        conversation.sections.append(board.section)
        conversation.watchers.append(board.met)
        courier = Courier(database, outbox, recipients, tastes, conversation.openers)
        courier.feeders.append(Mornings(registry, outbox, recipients).round)
        inbox = Inbox(database, vault, registry.integrations, hosts or settings.hosts)
        courier.feeders.append(Watch(registry, inbox, outbox, recipients, notes).round)
        erasure = Erasure(database, memory, checkpointer, ledger, approvals, notes, audit, outbox, feedback)
        conversation.after.append(erasure.after)
        conversation.sections.append(Shelf(memory).section)
        conversation.prompters.append(Usual(memory, registry).of)
        conversation.handlers["forget"] = Shelf(memory).forget
        yield Services(
            settings,
            database,
            registry,
            ledger,
            approvals,
            policy,
            audit,
            interpreter,
            agent,
            conversation,
            events,
            notes,
            inbox,
            outbox,
            recipients,
            courier,
            checkpointer,
            memory,
            erasure,
        )


def furnish(conversation: Conversation, home: Home) -> None:
    """Give the conversation its home page and the buttons on it."""
    conversation.sections += home.sections
    conversation.handlers |= {"connect": home.connect, "disconnect": home.disconnect}
    conversation.setters |= dict.fromkeys(SETTINGS, home.choose)


async def _mcp(settings: Settings) -> dict[str, type[Integration]]:
    """The MCP servers that the settings name."""
    if not settings.mcp:
        return {}
    with extra("mcp"):
        from tools.mcp import load

    return await load(settings.mcp, settings.vendor_timeout_s)


def local_interpreter(registry: Registry, settings: Settings) -> Interpreter:
    """The interpreter over everything the registry can do, in the version that the settings name.

    Raises:
        ConfigInvalid: a version is not where the settings say.
    """
    from agent.local.interpreter import Interpreter as Local
    from agent.local.shadow import Shadowed

    tools = [tool for tool in registry.tools if tool.integration != KEY]  # rules read what is for the memory

    def version(folder: str) -> Local:
        return Local.of_version(tools, Path(folder)) if folder else Local(tools)

    running = version(settings.interpreter)
    return Shadowed(running, version(settings.interpreter_shadow)) if settings.interpreter_shadow else running


async def _checkpointer(settings: Settings, stack: AsyncExitStack) -> BaseCheckpointSaver[Any]:
    """Conversations' state, in an engine of the same kind as the database."""
    if settings.database.startswith("postgresql"):
        from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

        address = settings.database.replace("postgresql+psycopg://", "postgresql://", 1)
        large = await stack.enter_async_context(AsyncPostgresSaver.from_conn_string(address))
        await large.setup()
        return large
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    file = settings.database.partition("sqlite+aiosqlite:///")[2].removesuffix(".db") + "-threads.db"
    saver = await stack.enter_async_context(AsyncSqliteSaver.from_conn_string(file))
    await saver.setup()
    await saver.conn.execute("PRAGMA synchronous=NORMAL")  # as our own database; a turn writes some twenty times
    return saver


def create_app(running: Services, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """One ASGI app for Slack, Teams, OAuth, and whatever `routes` adds (the web chat)."""

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/healthz", health),
            *connect_routes(running.registry, running.audit, running.conversation),
            *hook_routes(running.inbox, running.settings.public_url),
            Route("/privacy", _still("Privacy", _PRIVACY)),
            Route("/terms", _still("Terms", _TERMS)),
            *platform_routes(running),
            *routes,
        ]
    )


def platform_routes(running: Services) -> list[BaseRoute]:
    """The endpoints of the chat platforms that the settings name."""
    settings, found = running.settings, list[BaseRoute]()
    if settings.slack_bot_token.get_secret_value():
        found += slack(running).routes()
    if settings.teams_app_id or settings.teams_allow_anonymous:
        found += teams(running).routes()
    return found


def tenant_of(settings: Settings) -> Callable[[str, str], str]:
    """Which tenant a workspace belongs to; one that no setting names is a tenant of its own."""

    def find(platform: str, external: str) -> str:
        name = f"{platform}:{external}"
        return settings.workspaces.get(name, name)

    return find


def slack(running: Services) -> Any:
    """The Slack adapter; closed with the services."""
    with extra("slack"):
        from bot.adapters.slack import SlackAdapter
    from bot.adapters.slack_wire import SlackWire
    from bot.shelf import Cards, Places, Threads

    settings = running.settings
    adapter = SlackAdapter(
        running.conversation,
        events=running.events,
        threads=Threads(running.notes),
        tenant_of=tenant_of(settings),
        token=settings.slack_bot_token.get_secret_value(),
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        base_url=settings.slack_api_url,
        cards=Cards(running.notes),
        places=Places(running.notes),
        wire=SlackWire(pace_s=settings.slack_pace_s),
    )
    running.conversation.openers["slack"] = adapter
    running.conversation.redelivers.add("slack")
    running.closers.append(adapter.close)
    return adapter


def teams(running: Services) -> Any:
    """The Teams adapter; closed with the services."""
    with extra("teams"):
        from bot.adapters.teams import TeamsAdapter
    from bot.shelf import References

    settings = running.settings
    adapter = TeamsAdapter(
        running.conversation,
        app_id=settings.teams_app_id,
        password=settings.teams_app_password.get_secret_value(),
        tenant=settings.teams_tenant_id,
        allow_anonymous=settings.teams_allow_anonymous,
        events=running.events,
        references=References(running.notes),
        tenant_of=tenant_of(settings),
        openid_url=settings.teams_openid_url,
        login_url=settings.teams_login_url,
    )
    running.conversation.openers["teams"] = adapter
    running.conversation.redelivers.add("teams")
    running.closers.append(adapter.aclose)
    return adapter


@contextmanager
def extra(name: str) -> Iterator[None]:
    """An import that needs an extra.

    Raises:
        ConfigInvalid: the extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = f"What {name.capitalize()} needs is not installed ({error.name})."
        raise ConfigInvalid(missing, next_step=f"pip install -e '.[{name}]'") from error


def _still(title: str, text: str) -> Callable[[Request], Any]:
    async def show(_: Request) -> Response:
        return HTMLResponse(page(title, text))

    return show


_PRIVACY = (
    "This assistant keeps, in your company's own database, what you ask it, what it did and when, and your "
    "connections' tokens, encrypted. It sends nothing to its makers."
)
_TERMS = "This assistant is run by your company, under your company's own terms of use."
