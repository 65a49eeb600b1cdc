"""Microsoft Teams: verifies activities, acknowledges at once, works after, answers in place."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.adapters.teams_activity import Activity, Deed, to_message, to_press
from bot.adapters.teams_reference import (
    Deliveries,
    Reference,
    References,
    person_key,
    recall,
    remember,
    thread_key,
)
from bot.adapters.teams_roster import Roster, TenantOf
from bot.adapters.teams_sink import TeamsSink, open_chat
from bot.adapters.teams_token import OPENID_URL, TokenRefused, TokenVerifier
from bot.adapters.teams_transport import Transport
from bot.adapters.teams_wire import LOGIN_URL, Wire
from bot.assistant import Assistant
from core.clock import Clock, utc_now
from core.errors import AtomError, ConfigInvalid, NotFound, VendorError
from core.log import logger
from core.message import Failure, PressAction, Reply
from core.principal import Principal

PATH = "/api/messages"

_log = logger(__name__)
_CHANNEL = "msteams"
_LARGEST = 1_000_000
_TIMEOUT_S = 15.0
_GREETING = (
    "Hello, I am ATOM. Tell me in your own words what should be done in the systems you work with: "
    "I show you what I am about to do, do it when you approve, and prove that it was done."
)
_BROKEN = Failure(
    text="Something broke inside me, and I stopped there.",
    next_step="Check what was done before you ask me again; an administrator finds the cause in the log.",
)
_TAKEN: dict[PressAction, str] = {
    "approve": "On it.",
    "reject": "Cancelling it.",
    "choose": "Got it.",
    "undo": "Taking it back.",
}


class TeamsAdapter:
    """The edge to Teams. An empty `app_id` accepts unsigned activities from this machine's emulator only."""

    def __init__(
        self,
        assistant: Assistant,
        *,
        app_id: str,
        password: str = "",
        tenant: str = "",
        allow_anonymous: bool = False,
        deliveries: Deliveries,
        references: References,
        tenant_of: TenantOf,
        openid_url: str = OPENID_URL,
        login_url: str = LOGIN_URL,
        clock: Clock = utc_now,
        client: httpx.AsyncClient | None = None,
        transport: Transport | None = None,
    ) -> None:
        _check(app_id, password, allow_anonymous)
        self._assistant = assistant
        self._deliveries = deliveries
        self._references = references
        self._tenant_of = tenant_of
        self._clock = clock
        self._client = client or httpx.AsyncClient(timeout=_TIMEOUT_S)
        self._verifier = TokenVerifier(app_id, self._client, openid_url=openid_url, clock=clock) if app_id else None
        wire = Wire(self._client, app_id, password, tenant=tenant, login_url=login_url, clock=clock)
        self._transport = transport or _botbuilder(wire, app_id)
        self._roster = Roster(self._transport, tenant_of, clock)
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> list[Route]:
        """The one address that the Bot Connector posts to."""
        return [Route(PATH, self._receive, methods=["POST"])]

    async def reach(self, tenant: str, person: str) -> TeamsSink:
        """A sink to somebody's private chat, for what is said unasked; `NotFound` where they never met me."""
        chat = await recall(self._references, tenant, person_key(person))
        if chat is None:
            raise NotFound("I have never met this person in Teams.")
        if not chat.conversation:
            chat = await open_chat(self._transport, self._references, tenant, person, chat)
        return self._sink(chat, tenant, person)

    async def reopen(self, tenant: str, conversation: str, thread: str, person: str) -> TeamsSink:
        """The sink of a conversation that the assistant took part in, for work that goes on later."""
        place = await recall(self._references, tenant, thread_key(conversation, thread))
        if place is None:
            raise NotFound("I do not know this conversation in Teams.")
        asker = await recall(self._references, tenant, person_key(person))
        if asker is not None:
            place = place.model_copy(update={"user": asker.user, "user_name": asker.user_name})
        return self._sink(place, tenant, person)

    async def drain(self, timeout_s: float = 20.0) -> None:
        """Let the work under way end, and cut it off after `timeout_s`."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=timeout_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def aclose(self) -> None:
        """Drain, then close the connections to Teams."""
        await self.drain()
        await self._client.aclose()

    # --- what comes in

    async def _receive(self, request: Request) -> Response:
        try:
            activity = await self._verified(request)
        except TokenRefused as error:
            _log.warning("teams.refused", cause=error.cause, status=error.status)
            return Response(status_code=error.status)
        except VendorError as error:
            _log.error("teams.keys_unavailable", cause=error.cause)
            return Response(status_code=503)
        except ValidationError as error:
            _log.warning("teams.malformed", problems=error.error_count())
            return Response(status_code=400)
        return self._accept(activity)

    async def _verified(self, request: Request) -> Activity:
        header = request.headers.get("Authorization", "")
        if self._verifier is not None and not header:
            raise TokenRefused("no bearer token")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST:
                raise TokenRefused("too large", 413)
        activity = Activity.model_validate_json(bytes(body))
        if self._verifier is None:
            if not _is_local(activity.service_url):
                raise TokenRefused("anonymous and not local", 403)
        elif activity.channel_id != _CHANNEL:
            raise TokenRefused("channel", 403)
        else:
            await self._verifier.verify(header, activity.channel_id, activity.service_url)
        return activity

    def _accept(self, activity: Activity) -> Response:
        """Acknowledge; what there is to do goes on in the background."""
        if activity.type == "invoke":
            return self._accept_invoke(activity)
        if activity.is_install:
            self._spawn(self._answer(activity, self._greet(activity)))
        elif activity.type == "message" and not activity.is_by_bot:
            self._spawn(self._answer(activity, self._hear(activity)))
        return Response(status_code=202)

    def _accept_invoke(self, activity: Activity) -> Response:
        if activity.name != "adaptiveCard/action":
            return Response(status_code=501)
        deed = activity.deed
        if deed is None:
            error = {"code": "BadRequest", "message": "This button is not one of mine."}
            return JSONResponse({"statusCode": 400, "type": "application/vnd.microsoft.error", "value": error})
        self._spawn(self._answer(activity, self._press(activity, deed)))
        taken = {"type": "application/vnd.microsoft.activity.message", "value": _TAKEN.get(deed.action, "Got it.")}
        return JSONResponse({"statusCode": 200, **taken})

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- the work

    async def _answer(self, activity: Activity, work: Coroutine[Any, Any, None]) -> None:
        """Do the work; whatever stops it ends in a message."""
        error = (await asyncio.gather(work, return_exceptions=True))[0]
        if error is None:
            return
        if isinstance(error, AtomError):
            _log.warning("teams.failed", error=type(error).__name__, cause=error.cause)
            failure = Failure(text=error.message, next_step=error.next_step)
        else:
            _log.error("teams.broken", error=type(error).__name__, exc_info=error)
            failure = _BROKEN
        try:
            await self._sink(activity.reference).send(Reply(parts=(failure,)))
        except VendorError as lost:
            _log.error("teams.undelivered", cause=lost.cause)

    async def _hear(self, activity: Activity) -> None:
        tenant = self._tenant_of("teams", activity.directory)
        deed = activity.deed
        if deed is not None:
            await self._press(activity, deed)
        elif await self._is_addressed(activity, tenant) and await self._is_new(activity, tenant):
            author = await self._author(activity)
            sink = self._sink(activity.reference, author.tenant, author.id)
            await self._assistant.hear(to_message(activity, author, self._clock), sink)

    async def _press(self, activity: Activity, deed: Deed) -> None:
        if await self._is_new(activity, self._tenant_of("teams", activity.directory)):
            author = await self._author(activity)
            sink = self._sink(activity.reference, author.tenant, author.id, pressed={deed.target: activity.reply_to_id})
            await self._assistant.press(to_press(activity, deed, author, self._clock), sink)

    async def _greet(self, activity: Activity) -> None:
        """Say hello once to each conversation, and remember how to reach it."""
        tenant = self._tenant_of("teams", activity.directory)
        if activity.is_personal and not activity.is_by_bot:
            tenant = (await self._author(activity)).tenant
        else:
            await remember(self._references, tenant, thread_key(activity.place, ""), activity.reference)
        if await self._deliveries.first(tenant, "teams", f"{activity.conversation.id}/hello"):
            await self._sink(activity.reference, tenant).send(Reply.of_text(_GREETING))

    async def _is_addressed(self, activity: Activity, tenant: str) -> bool:
        """Whether it is meant for the assistant: alone with it, by mention, or in a thread it joined."""
        if activity.is_personal or activity.is_mention:
            return True
        if not activity.thread:
            return False
        return await self._references.load(tenant, thread_key(activity.place, activity.thread)) is not None

    async def _is_new(self, activity: Activity, tenant: str) -> bool:
        is_new = await self._deliveries.first(tenant, "teams", activity.event)
        if not is_new:
            _log.info("teams.redelivered", event_id=activity.event)
        return is_new

    async def _author(self, activity: Activity) -> Principal:
        """Whoever sent it; how to reach them and the conversation is remembered on the way."""
        author = await self._roster.author(activity)
        place = activity.reference
        await remember(self._references, author.tenant, thread_key(activity.place, activity.thread), place)
        key = person_key(author.id)
        if activity.is_personal:
            await remember(self._references, author.tenant, key, place)
        elif await self._references.load(author.tenant, key) is None:
            unopened = place.model_copy(update={"conversation": "", "is_personal": True})
            await remember(self._references, author.tenant, key, unopened)
        return author

    def _sink(
        self, place: Reference, tenant: str = "", person: str = "", pressed: dict[str, str] | None = None
    ) -> TeamsSink:
        return TeamsSink(self._transport, self._references, place, tenant, person, pressed or {})


def _check(app_id: str, password: str, allow_anonymous: bool) -> None:
    if not app_id and not allow_anonymous:
        raise ConfigInvalid(
            "Teams has no app id.",
            next_step="Set teams_app_id, or teams_allow_anonymous for an emulator on this machine.",
        )
    if app_id and not password:
        raise ConfigInvalid("Teams has an app id but no password.", next_step="Set teams_app_password.")


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _botbuilder(wire: Wire, app_id: str) -> Transport:
    from bot.adapters.teams_botbuilder import BotBuilderTransport  # imports for a second: only where used

    return BotBuilderTransport(wire, app_id)
