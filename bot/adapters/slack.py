"""Slack through Bolt: events over signed HTTP or Socket Mode in, messages out.

A request is acknowledged once it is known to be new; the work goes on in a task of its own.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, cast, get_args

import aiohttp
from pydantic import ValidationError
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization.async_authorize import AsyncCallableAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from starlette.routing import Route

from bot.adapters.slack_endpoint import SlackEndpoint
from bot.adapters.slack_payload import (
    Caller,
    Place,
    card_of,
    is_written,
    place_of_card,
    place_of_event,
    team_of,
    value_of,
)
from bot.adapters.slack_sink import Cards, MemoryCards, MemoryPlaces, Places, SlackSink, place_key
from bot.adapters.slack_turn import SlackTurns
from bot.adapters.slack_wire import SlackWire, retry_handlers
from bot.assistant import Assistant
from bot.render.block_kit import Choice
from core.clock import Clock, utc_now
from core.errors import AtomError, ConfigInvalid, InvalidArgument, NotFound, Rejected, VendorUnavailable
from core.log import logger
from core.message import PressAction

API_URL = "https://slack.com/api/"
COMMAND = "/atom"
_ACTION = re.compile(rf"^atom:({'|'.join(get_args(PressAction))}):\d+$")
_CALL_TIMEOUT_S = 30

_log = logger(__name__)
# Bolt and its client put whole payloads into lines below this level.
_sdk_log = logging.getLogger("atom.slack_sdk")
_sdk_log.setLevel(logging.ERROR)

Ack = Callable[..., Awaitable[Any]]


class Deliveries(Protocol):
    """Remembers what was delivered, over restarts and all workers."""

    async def first(self, tenant: str, platform: str, event_id: str) -> bool:
        """Whether this event comes for the first time; the asking itself makes it known."""


class Threads(Protocol):
    """Remembers the threads that the assistant takes part in, over restarts."""

    async def joined(self, thread_key: str) -> bool:
        """Whether the assistant takes part."""

    async def join(self, thread_key: str) -> None:
        """Take part from now on."""


class SlackAdapter:
    """Turns what Slack delivers into messages and presses, and answers in the same thread.

    `authorize` is Bolt's, for an app that many workspaces install; else `token` is the one workspace's bot token.
    `tenant_of` maps ("slack", team id) to the tenant.
    """

    def __init__(
        self,
        assistant: Assistant,
        *,
        deliveries: Deliveries,
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
        self._deliveries = deliveries
        self._threads = threads
        self._tenant_of = tenant_of
        self._clock = clock
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
        self._app.event(re.compile(r".*"))(self._on_event)
        self._app.action(_ACTION)(self._on_press)
        self._app.action("atom:connect")(_acknowledge)
        self._app.command(COMMAND)(self._on_command)

    def routes(self) -> list[Route]:
        """The endpoint for events, buttons and commands; none without a signing secret to check them by."""
        return self._endpoint.routes(self._app, self._open) if self._endpoint else []

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
        await self._turns.drain()

    async def close(self, timeout_s: float = 20) -> None:
        """Finish what was taken, for at most `timeout_s`, and let go of the connections."""
        try:
            await asyncio.wait_for(self.drain(), timeout_s)
        except TimeoutError:
            await self._turns.abandon()
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

    async def _on_event(self, event: dict[str, Any], client: AsyncWebClient, context: Mapping[str, Any]) -> None:
        bot = str(context.get("bot_user_id") or "")
        if not is_written(event, bot):
            return
        place, text = place_of_event(team_of(context), event), str(event.get("text") or "")
        is_called = place.audience == "direct" or event["type"] == "app_mention" or f"<@{bot}>" in text
        caller = Caller(client, bot, str(event["user"]), place)
        # A redelivery, and the second event that a mention makes, have the ts of the first.
        key = f"{place.team}:{place.channel}:{event['ts']}"
        try:
            is_new = await self._is_ours(place, event, is_called=is_called) and await self._is_first(place, key)
        except AtomError as error:
            if not is_called:
                raise  # not acknowledged: Slack delivers it again
            self._turns.tell(caller, error)
            return
        if is_new:
            self._turns.hear(caller, text, key, _moment(event["ts"]))

    async def _on_press(
        self,
        ack: Ack,
        body: dict[str, Any],
        action: dict[str, Any],
        client: AsyncWebClient,
        context: Mapping[str, Any],
    ) -> None:
        bot, user = str(context.get("bot_user_id") or ""), str(body["user"]["id"])
        caller = Caller(client, bot, user, place_of_card(team_of(context), body))
        try:
            choice = Choice.model_validate_json(value_of(action))
            caller = caller.at(caller.place.at(choice.origin))
            key = f"{caller.place.team}:{action['action_ts']}:{user}:{choice.target}"
            if await self._is_first(caller.place, key):
                verb = cast(PressAction, str(action["action_id"]).split(":")[1])
                self._turns.press(caller, key, verb, choice, card_of(body), _moment(action["action_ts"]))
        except ValidationError:
            self._turns.tell(caller, InvalidArgument("This button does not work any more.", next_step="Ask me again."))
        except AtomError as error:
            self._turns.tell(caller, error)
        await ack()

    async def _on_command(
        self, ack: Ack, body: dict[str, Any], client: AsyncWebClient, context: Mapping[str, Any]
    ) -> None:
        bot, user = str(context.get("bot_user_id") or ""), str(body["user_id"])
        caller = Caller(client, bot, user, Place(team_of(context), user, ""))
        key = f"{caller.place.team}:{body['trigger_id']}"
        try:
            if await self._is_first(caller.place, key):
                work = self._command(caller, str(body["channel_id"]), str(body.get("text") or ""), key)
                self._turns.begin(caller, work)
        except AtomError as error:
            await ack(text=error.sentence(), response_type="ephemeral")
        else:
            await ack(text="Working on it …", response_type="ephemeral")

    async def _command(self, caller: Caller, channel: str, text: str, key: str) -> None:
        place = await self._command_place(caller, channel)
        self._turns.hear(caller.at(place), text, key, self._clock())

    async def _command_place(self, caller: Caller, channel: str) -> Place:
        """Commands know no threads: in a channel a message of ours begins the thread of the answer."""
        place = Place(caller.place.team, channel, "")
        if place.audience == "channel":
            params = {"channel": channel, "text": f"Working on a request by <@{caller.user}>."}
            try:
                root = await self._wire.call(caller.client, "chat.postMessage", **params)
            except Rejected:
                _log.info("slack_command_moved_to_direct_message", channel=channel)
            else:
                place = Place(place.team, channel, str(root["ts"]))
                await self._threads.join(place.key)
                return place
        opened = await self._wire.call(caller.client, "conversations.open", users=caller.user)
        return Place(place.team, str(opened["channel"]["id"]), "")

    async def _is_ours(self, place: Place, event: Mapping[str, Any], *, is_called: bool) -> bool:
        """Whether the assistant is meant: called, or taking part in the thread."""
        if place.audience == "direct":
            return True
        if is_called:
            await self._threads.join(place.key)
            return True
        return bool(event.get("thread_ts")) and await self._threads.joined(place.key)

    async def _is_first(self, place: Place, key: str) -> bool:
        return await self._deliveries.first(self._tenant_of("slack", place.team), "slack", key)


async def _acknowledge(ack: Ack) -> None:
    await ack()


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


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)
