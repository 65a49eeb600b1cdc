"""Slack through Bolt: events over signed HTTP or Socket Mode in, messages out.

A request is acknowledged once it is on the disk; the work is done after, and taken up again where it was cut off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization.async_authorize import AsyncCallableAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from starlette.routing import Route

from bot.adapters.slack_endpoint import SlackEndpoint
from bot.adapters.slack_home import SlackHome
from bot.adapters.slack_intake import PLATFORM, SlackIntake
from bot.adapters.slack_listener import SlackListeners, Threads
from bot.adapters.slack_payload import Caller, Place, caller_of, workspace_of
from bot.adapters.slack_sink import Cards, MemoryCards, MemoryPlaces, Places, SlackSink, place_key
from bot.adapters.slack_turn import SlackTurns
from bot.adapters.slack_wire import SlackWire, retry_handlers
from bot.assistant import Assistant
from bot.inbox import Arrival, EventInbox
from core.clock import Clock, utc_now
from core.errors import AtomError, ConfigInvalid, NotFound, StorageUnavailable, VendorUnavailable
from core.log import frames, logger
from core.message import Failure

API_URL = "https://slack.com/api/"
_CALL_TIMEOUT_S = 30

_GIVEN_UP = Failure(
    text="I was cut off again and again while I worked on this.",
    next_step="Check what is already done before you ask again.",
)
_log = logger(__name__)
# Bolt and its client put whole payloads into lines below this level.
_sdk_log = logging.getLogger("atom.slack_sdk")
_sdk_log.setLevel(logging.ERROR)


class SlackAdapter:
    """Turns what Slack delivers into messages and presses, and answers in the same thread.

    `authorize` is Bolt's, for an app that many workspaces install; else `token` is the one workspace's bot token.
    `tenant_of` maps ("slack", team id) to the tenant.
    """

    def __init__(
        self,
        assistant: Assistant,
        *,
        events: EventInbox,
        threads: Threads,
        tenant_of: Callable[[str, str], str],
        token: str = "",
        signing_secret: str = "",
        authorize: Callable[..., Awaitable[Any]] | None = None,
        base_url: str = API_URL,
        cards: Cards | None = None,
        places: Places | None = None,
        wire: SlackWire | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._events = events
        self._wire = wire or SlackWire()
        self._places = places or MemoryPlaces()
        self._turns = SlackTurns(assistant, self._wire, cards or MemoryCards(), self._places, tenant_of, clock)
        self._client = AsyncWebClient(
            token or None, base_url=base_url, logger=_sdk_log, retry_handlers=retry_handlers()
        )
        self._authorize = AsyncCallableAuthorize(logger=_sdk_log, func=authorize) if authorize else None
        self._endpoint = SlackEndpoint(signing_secret, clock=clock) if signing_secret else None
        self._app = AsyncApp(
            name="atom",
            logger=_sdk_log,
            client=self._client,
            authorize=authorize,
            signing_secret=signing_secret,
            request_verification_enabled=self._endpoint is not None,
            process_before_response=True,
        )
        self._app.error(_keep_quiet)
        listeners = SlackListeners(self._turns, self._wire, threads, events, tenant_of, clock)
        listeners.register(self._app)
        SlackHome(self._turns, assistant, self._wire, clock).register(self._app, listeners)
        self._intake = SlackIntake(events, tenant_of, self._app.async_dispatch, self._sorry)
        events.serve(PLATFORM, self._work)

    def routes(self) -> list[Route]:
        """The endpoint for events, buttons and commands; none without a signing secret to check them by."""
        return self._endpoint.routes(self._intake, self._open) if self._endpoint else []

    async def check(self) -> str:
        """The workspace's name.

        Raises:
            ConfigInvalid: Slack does not accept the bot token.
        """
        self._open()
        return str((await _checked(self._client.auth_test(), "bot token")).get("team") or "")

    async def run_socket(self, app_token: str, base_url: str | None = None) -> None:
        """Receive through a websocket that Slack keeps open, until cancelled.

        Raises:
            ConfigInvalid: Slack does not accept the app token.
        """
        self._open()
        client = AsyncWebClient(base_url=base_url or self._client.base_url, logger=_sdk_log)
        client.proxy = self._client.proxy
        opened = await _checked(client.apps_connections_open(app_token=app_token), "app token")
        handler = AsyncSocketModeHandler(self._app, app_token, logger=_sdk_log, web_client=client)
        handler.client.wss_uri = str(opened["url"])
        handler.client.socket_mode_request_listeners = [self._on_socket]
        try:
            await handler.connect_async()  # type: ignore[no-untyped-call]
            await asyncio.Event().wait()
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]

    async def reopen(self, tenant: str, conversation: str, thread: str, person: str) -> SlackSink:
        """The sink of a thread in which `person` spoke to the assistant, for work that goes on later.

        Raises:
            NotFound: they never did, or the app is not installed there any more.
        """
        kept = await self._places.find(place_key(tenant, conversation, thread, person))
        if kept is None:
            raise NotFound("I do not know this conversation in Slack.")
        self._open()
        client = await self._client_of(kept["team"])
        return self._turns.sink(Caller(client, "", kept["user"], Place(kept["team"], conversation, thread)))

    async def reach(self, tenant: str, person: str) -> SlackSink:
        """The sink of somebody's direct messages, for what is said unasked.

        Raises:
            NotFound: they never spoke to the assistant in Slack, or the app is not installed there any more.
        """
        kept = await self._places.find(place_key(tenant, "", "", person))
        if kept is None:
            raise NotFound("I have never met this person in Slack.")
        self._open()
        client = await self._client_of(kept["team"])
        opened = await self._wire.call(client, "conversations.open", users=kept["user"])
        place = Place(kept["team"], str(opened["channel"]["id"]), "")
        return self._turns.sink(Caller(client, "", kept["user"], place))

    async def drain(self) -> None:
        """Wait until everything taken so far is answered."""
        await self._events.drain()

    async def close(self, timeout_s: float = 20) -> None:
        """Finish what was taken, for at most `timeout_s`, leave the rest to the next process, and let go of Slack."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self.drain()
        await self._events.close(timeout_s=0)
        if self._client.session:
            await self._client.session.close()

    def _open(self) -> None:
        """One connection pool for all calls; it can only be made inside the running loop."""
        if self._client.session is None or self._client.session.closed:
            self._client.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_CALL_TIMEOUT_S))

    async def _client_of(self, team: str) -> AsyncWebClient:
        """The client of a workspace, where many have installed the app."""
        if self._authorize is None:
            return self._client
        context = AsyncBoltContext({"client": self._client, "logger": _sdk_log})
        found = await self._authorize(context=context, enterprise_id=None, team_id=team, user_id=None)
        if found is None or not found.bot_token:
            raise NotFound("I am not installed in this workspace any more.")
        client = AsyncWebClient(
            found.bot_token, base_url=self._client.base_url, logger=_sdk_log, retry_handlers=retry_handlers()
        )
        client.session, client.proxy = self._client.session, self._client.proxy
        return client

    async def _work(self, arrival: Arrival) -> None:
        """Work on something that was kept."""
        self._open()
        payload = dict(arrival.body["payload"])
        if arrival.is_last:
            await self._sorry(payload, StorageUnavailable(_GIVEN_UP.text, next_step=_GIVEN_UP.next_step))
            return
        answer = await self._app.async_dispatch(AsyncBoltRequest(body=payload, mode="socket_mode"))
        if answer.status >= 500:
            raise StorageUnavailable("This could not be worked on now.")

    async def _sorry(self, payload: Mapping[str, Any], error: StorageUnavailable) -> None:
        """Tell the person behind a delivery that it was not taken; nobody, where nobody called the assistant."""
        with suppress(AtomError):
            if caller := caller_of(payload, await self._client_of(workspace_of(payload))):
                await self._turns.tell(caller, error)

    async def _on_socket(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """The same deliveries by websocket; what is not acknowledged comes again."""
        retry = getattr(request, "retry_attempt", 0) or 0
        answer = await self._intake.receive(request.type, request.payload, int(retry))
        if answer.status == 200:
            response = SocketModeResponse(envelope_id=request.envelope_id, payload=dict(answer.body or {}) or None)
            await client.send_socket_mode_response(response)


async def _keep_quiet(error: Exception) -> None:
    """Bolt's own handler writes whole errors into the log."""
    _log.warning("slack_listener_failed", kind=type(error).__name__, where=frames(error))
    raise error


async def _checked(call: Awaitable[AsyncSlackResponse], what: str) -> AsyncSlackResponse:
    try:
        return await call
    except SlackApiError as error:
        reason = str(error.response.get("error") or "no reason given")
        raise ConfigInvalid(
            f"Slack does not accept the {what} ({reason}).", next_step="Copy it anew from the app's settings."
        ) from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise VendorUnavailable("Slack does not answer.", cause=type(error).__name__) from error
