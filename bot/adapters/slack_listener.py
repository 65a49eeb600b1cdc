"""What happens to what was kept: messages, edits, buttons and commands, each to its end."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, cast, get_args

from pydantic import ValidationError
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack_payload import (
    CHANGED,
    DELETED,
    Caller,
    Place,
    card_of,
    is_written,
    place_of_card,
    place_of_event,
    value_of,
    workspace_of,
)
from bot.adapters.slack_turn import SlackTurns
from bot.adapters.slack_wire import SlackWire
from bot.inbox import EventInbox
from bot.render.block_kit import Choice
from core.clock import Clock
from core.errors import InvalidArgument, Rejected
from core.log import logger
from core.message import PressAction, Reply

COMMAND = "/atom"
_ACTION = re.compile(rf"^atom:({'|'.join(set(get_args(PressAction)) - {'edit'})}):\d+$")
_WORKED_ON = (
    "You changed a message that I had already worked on. Nothing more happened; say it anew, if it is to be done."
)
_TAKEN_BACK = "You deleted your request, so I dropped it; nothing was changed."
_log = logger(__name__)

Ack = Callable[..., Awaitable[Any]]
JSON = dict[str, Any]


class Threads(Protocol):
    """Remembers the threads that the assistant takes part in, over restarts."""

    async def joined(self, thread_key: str) -> bool:
        """Whether the assistant takes part."""

    async def join(self, thread_key: str) -> None:
        """Take part from now on."""


class SlackListeners:
    """Bolt's listeners for what is written, pressed and commanded; each ends when the person has an answer."""

    def __init__(
        self,
        turns: SlackTurns,
        wire: SlackWire,
        threads: Threads,
        events: EventInbox,
        tenant_of: Callable[[str, str], str],
        clock: Clock,
    ) -> None:
        self._turns = turns
        self._wire = wire
        self._threads = threads
        self._events = events
        self._tenant_of = tenant_of
        self._clock = clock

    def register(self, app: AsyncApp) -> None:
        """Let Bolt call these."""
        app.middleware(self._on_change)  # ahead of the assistant's middleware, which drops what it does not know
        app.event("message")(self.on_message)
        app.event("app_mention")(self.on_message)
        app.action(_ACTION)(self._on_press)
        app.action("atom:connect")(_acknowledge)
        app.command(COMMAND)(self._on_command)

    async def on_message(self, body: JSON, event: JSON, client: AsyncWebClient, context: Mapping[str, Any]) -> None:
        """Somebody wrote."""
        bot = str(context.get("bot_user_id") or "")
        if is_written(event, bot):
            await self._hear(workspace_of(body), event, client, bot)

    async def _hear(self, team: str, event: JSON, client: AsyncWebClient, bot: str, key: str = "") -> None:
        place, text = place_of_event(team, event), str(event.get("text") or "")
        is_called = place.audience == "direct" or event["type"] == "app_mention" or f"<@{bot}>" in text
        if await self._is_ours(place, event, is_called=is_called):
            caller = Caller(client, bot, str(event["user"]), place)
            is_called_in = is_called and place.audience == "channel" and bool(event.get("thread_ts"))
            await self._turns.hear(
                caller, text, key or _key(team, event), _moment(event["ts"]), event, reads_thread=is_called_in
            )

    async def _on_change(
        self,
        body: JSON,
        client: AsyncWebClient,
        context: Mapping[str, Any],
        next: Callable[[], Awaitable[Any]],
    ) -> Any:
        event = body.get("event") or {}
        if event.get("type") != "message" or event.get("subtype") not in (CHANGED, DELETED):
            return await next()
        bot = str(context.get("bot_user_id") or "")
        change = self._changed if event["subtype"] == CHANGED else self._deleted
        await change(workspace_of(body), event, client, bot)
        return await cast(Ack, context["ack"])()

    async def _changed(self, team: str, event: JSON, client: AsyncWebClient, bot: str) -> None:
        """An edit: a request that still waits is asked anew, one that is done stays done, and is said to be."""
        now, before = event["message"], event.get("previous_message") or {}
        written = {"type": "message", **now, "channel": event["channel"]}
        if not is_written(written, bot) or now.get("text") == before.get("text"):
            return  # Slack says so, too, when it shows a link's preview
        key = _key(team, written)
        if await self._events.first(self._tenant_of("slack", team), "slack", key):
            await self._hear(team, written, client, bot)  # the edit came first, or called the assistant only now
            return
        caller = Caller(client, bot, str(now["user"]), place_of_event(team, written))
        if await self._turns.take_back(caller, key, self._clock()):
            await self._hear(team, written, client, bot, f"{key}:{_edited(event)}")
        elif await self._turns.was_heard(caller, key):
            await self._turns.say(caller, Reply(parts=Reply.of_text(_WORKED_ON).parts, is_private=True))

    async def _deleted(self, team: str, event: JSON, client: AsyncWebClient, bot: str) -> None:
        """A deleted request: what waits because of it is withdrawn; one that was not heard yet never will be."""
        written = {"type": "message", **(event.get("previous_message") or {}), "channel": event["channel"]}
        if not is_written(written, bot):
            return
        key = _key(team, written)
        if await self._events.first(self._tenant_of("slack", team), "slack", key):
            return
        caller = Caller(client, bot, str(written["user"]), place_of_event(team, written))
        if await self._turns.take_back(caller, key, self._clock()):
            await self._turns.say(caller, Reply(parts=Reply.of_text(_TAKEN_BACK).parts, is_private=True))

    async def _on_press(
        self, ack: Ack, body: JSON, action: JSON, client: AsyncWebClient, context: Mapping[str, Any]
    ) -> None:
        bot, user, team = str(context.get("bot_user_id") or ""), str(body["user"]["id"]), workspace_of(body)
        caller = Caller(client, bot, user, place_of_card(team, body))
        try:
            choice = Choice.model_validate_json(value_of(action))
        except ValidationError:
            stale = InvalidArgument("This button does not work any more.", next_step="Ask me again.")
            await self._turns.tell(caller, stale)
        else:
            caller = caller.at(caller.place.at(choice.origin))
            key = f"{team}:{action['action_ts']}:{user}:{choice.target}"
            verb = cast(PressAction, str(action["action_id"]).split(":")[1])
            card = card_of(body)
            if card is None:  # the home: what is said goes to the direct message, and the home is shown anew
                opened = await self._wire.call(client, "conversations.open", users=user)
                caller = caller.at(Place(team, str(opened["channel"]["id"]), ""))
            await self._turns.press(caller, key, verb, choice, card, _moment(action["action_ts"]))
            if card is None:
                await self._turns.publish(caller)
        await ack()

    async def _on_command(self, ack: Ack, body: JSON, client: AsyncWebClient, context: Mapping[str, Any]) -> None:
        bot, user, team = str(context.get("bot_user_id") or ""), str(body["user_id"]), workspace_of(body)
        caller = Caller(client, bot, user, Place(team, user, ""))
        key = f"{team}:{body['trigger_id']}"
        place = await self._command_place(caller, str(body["channel_id"]), key)
        await self._turns.hear(caller.at(place), str(body.get("text") or ""), key, self._clock())
        await ack()

    async def _command_place(self, caller: Caller, channel: str, key: str) -> Place:
        """Commands know no threads: in a channel a message of ours begins the thread of the answer."""
        place = Place(caller.place.team, channel, "")
        if place.audience == "channel":
            if begun := await self._turns.noted(f"root:{key}"):
                return Place(place.team, channel, begun["ts"])
            params = {"channel": channel, "text": f"Working on a request by <@{caller.user}>."}
            try:
                root = await self._wire.call(caller.client, "chat.postMessage", **params)
            except Rejected:
                _log.info("slack_command_moved_to_direct_message", channel=channel)
            else:
                place = Place(place.team, channel, str(root["ts"]))
                await self._turns.note(f"root:{key}", {"ts": place.thread})
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


async def _acknowledge(ack: Ack) -> None:
    await ack()


def _key(team: str, event: Mapping[str, Any]) -> str:
    return f"{team}:{event['channel']}:{event['ts']}"


def _edited(event: Mapping[str, Any]) -> str:
    return str((event["message"].get("edited") or {}).get("ts") or event.get("event_ts") or event.get("ts"))


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)
