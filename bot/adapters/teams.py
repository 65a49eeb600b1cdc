"""Microsoft Teams: verifies activities, acknowledges at once, works after, answers in place."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.adapters.teams_activity import SAID, Activity
from bot.adapters.teams_gate import Gate, Refused
from bot.adapters.teams_invoke import ANSWER_S, Invokes
from bot.adapters.teams_pace import PacedTransport
from bot.adapters.teams_reference import (
    References,
    person_key,
    recall,
    thread_key,
)
from bot.adapters.teams_roster import TenantOf
from bot.adapters.teams_sink import TeamsSink, open_chat
from bot.adapters.teams_token import OPENID_URL, TokenVerifier
from bot.adapters.teams_transport import Transport
from bot.adapters.teams_turn import Turns
from bot.adapters.teams_wire import LOGIN_URL, Wire
from bot.assistant import Assistant
from bot.inbox import Arrival, EventInbox
from core.clock import Clock, utc_now
from core.errors import AtomError, ConfigInvalid, NotFound, StorageUnavailable
from core.log import logger

PATH = "/api/messages"

_TIMEOUT_S = 15.0
_log = logger(__name__)


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
        events: EventInbox,
        references: References,
        tenant_of: TenantOf,
        openid_url: str = OPENID_URL,
        login_url: str = LOGIN_URL,
        clock: Clock = utc_now,
        client: httpx.AsyncClient | None = None,
        transport: Transport | None = None,
        answer_s: float = ANSWER_S,
    ) -> None:
        _check(app_id, password, allow_anonymous)
        self._events = events
        self._references = references
        self._tenant_of = tenant_of
        self._client = client or httpx.AsyncClient(timeout=_TIMEOUT_S)
        self._gate = Gate(TokenVerifier(app_id, self._client, openid_url=openid_url, clock=clock) if app_id else None)
        wire = Wire(self._client, app_id, password, tenant=tenant, login_url=login_url, clock=clock)
        self.transport: Transport = PacedTransport(transport or _botbuilder(wire, app_id))
        self._turns = Turns(assistant, self.transport, events, references, tenant_of, clock)
        self._invokes = Invokes(self._turns, self._take, answer_s)
        events.serve("teams", self._work)

    def routes(self) -> list[Route]:
        """The one address that the Bot Connector posts to."""
        return [Route(PATH, self._receive, methods=["POST"])]

    async def reach(self, tenant: str, person: str) -> TeamsSink:
        """A sink to somebody's private chat, for what is said unasked; `NotFound` where they never met me."""
        chat = await recall(self._references, tenant, person_key(person))
        if chat is None:
            raise NotFound("I have never met this person in Teams.")
        if not chat.conversation:
            chat = await open_chat(self.transport, self._references, tenant, person, chat)
        return self._turns.sink(chat, tenant, person)

    async def reopen(self, tenant: str, conversation: str, thread: str, person: str) -> TeamsSink:
        """The sink of a conversation that the assistant took part in, for work that goes on later."""
        place = await recall(self._references, tenant, thread_key(conversation, thread))
        if place is None:
            raise NotFound("I do not know this conversation in Teams.")
        asker = await recall(self._references, tenant, person_key(person))
        if asker is not None:
            place = place.model_copy(update={"user": asker.user, "user_name": asker.user_name})
        return self._turns.sink(place, tenant, person)

    async def drain(self, timeout_s: float = 20.0) -> None:
        """Let the work under way end, and cut it off after `timeout_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._events.drain()
                return
        await self._events.close(0)

    async def aclose(self) -> None:
        """Begin nothing more, let the work under way end, then close the connections to Teams."""
        await self._events.close()
        await self._client.aclose()

    # --- what comes in

    async def _receive(self, request: Request) -> Response:
        try:
            activity = await self._gate.enter(request)
        except Refused as refused:
            return Response(status_code=refused.status)
        if activity.members_added or activity.members_removed:
            self._turns.changed(activity)
        try:
            if activity.type == "invoke":
                status, body = await self._invokes.answer(activity)
                return JSONResponse(body, status)
            if _is_for_me(activity):
                await self._take(activity)
        except StorageUnavailable as error:
            _log.error("teams.not_taken", cause=error.cause)
            return Response(status_code=503)
        return Response(status_code=202)

    async def _take(self, activity: Activity) -> None:
        """Keep what there is to do; it is on the disk when this returns."""
        try:
            tenant = self._tenant_of("teams", activity.directory)
        except AtomError as error:
            await self._turns.excuse(activity, error)
            return
        if activity.type in SAID and not await self._turns.is_addressed(activity, tenant):
            return
        body = activity.model_dump(mode="json", by_alias=True)
        for event in dict.fromkeys((activity.message_event, activity.event)):  # an edit may come before its message
            if await self._events.take(tenant, "teams", event, activity.lane, body):
                return
        _log.info("teams.redelivered", event_id=activity.event)

    async def _work(self, arrival: Arrival) -> None:
        activity = Activity.model_validate(dict(arrival.body))
        if arrival.is_last:
            await self._turns.excuse(activity, RuntimeError("begun too often"))
        else:
            await self._turns.answer(activity, is_first=arrival.event == activity.message_event)


def _is_for_me(activity: Activity) -> bool:
    """Whether there is something to do: a person wrote, changed or took back a message, or the app came or went."""
    return (
        activity.is_install
        or activity.is_uninstall
        or (activity.type in SAID and not activity.is_by_bot and not (activity.is_edit and activity.is_old))
    )


def _check(app_id: str, password: str, allow_anonymous: bool) -> None:
    if not app_id and not allow_anonymous:
        raise ConfigInvalid(
            "Teams has no app id.",
            next_step="Set teams_app_id, or teams_allow_anonymous for an emulator on this machine.",
        )
    if app_id and not password:
        raise ConfigInvalid("Teams has an app id but no password.", next_step="Set teams_app_password.")


def _botbuilder(wire: Wire, app_id: str) -> Transport:
    from bot.adapters.teams_botbuilder import BotBuilderTransport  # imports for a second: only where used

    return BotBuilderTransport(wire, app_id)
