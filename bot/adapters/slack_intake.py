"""What Slack delivers, sorted: what is kept and worked off later, and what is answered at once."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.adapters.slack_payload import is_for_us, place_of_card, place_of_event, workspace_of
from bot.inbox import EventInbox
from core.errors import StorageUnavailable
from core.log import logger

PLATFORM = "slack"
LAST_RETRY = 3
_KEPT_ACTIONS = (
    "approve",
    "reject",
    "choose",
    "undo",
    "share",
    "rate",
    "snooze",
    "less",
    "set",
    "disconnect",
    "forget",
)
_log = logger(__name__)

JSON = Mapping[str, Any]
Dispatch = Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]
Sorry = Callable[[JSON, StorageUnavailable], Awaitable[None]]


@dataclass(frozen=True)
class Answer:
    """What Slack is told: `body` is JSON, or None for nothing."""

    status: int = 200
    body: JSON | None = None


class SlackIntake:
    """Takes deliveries of either door. What can wait is on the disk before it is acknowledged.

    A form, a shortcut and the button that opens a form go straight to Bolt, whose answer Slack waits for; `sorry`
    tells a person that nothing could be kept, where Slack will not deliver again.
    """

    def __init__(
        self, events: EventInbox, tenant_of: Callable[[str, str], str], dispatch: Dispatch, sorry: Sorry
    ) -> None:
        self._events = events
        self._tenant_of = tenant_of
        self._dispatch = dispatch
        self._sorry = sorry

    async def receive(self, kind: str, payload: JSON, retry: int = 0) -> Answer:
        """Take one delivery; `kind` is Slack's name for it in Socket Mode, `retry` how often it came before."""
        if payload.get("type") == "url_verification":
            return Answer(body={"challenge": payload.get("challenge")})
        if payload.get("type") == "app_rate_limited":
            _log.warning("slack_events_limited", team=payload.get("team_id"), minute=payload.get("minute_rate_limited"))
            return Answer()
        if kind == "events_api":
            return await self._event(payload, retry)
        if kind == "slash_commands":
            return await self._command(payload)
        if _is_kept_press(payload):
            return await self._press(payload)
        answer = await self._dispatch(AsyncBoltRequest(body=dict(payload), mode="socket_mode"))
        return Answer(answer.status, _body(answer))

    async def _event(self, payload: JSON, retry: int) -> Answer:
        if not is_for_us(payload):
            return Answer()
        key, lane = _event_key(payload), _event_lane(payload)
        try:
            await self._keep(key, lane, "events_api", payload)
        except StorageUnavailable as error:
            if retry >= LAST_RETRY:
                await self._sorry(payload, error)
                return Answer()
            return Answer(status=503)
        return Answer()

    async def _press(self, payload: JSON) -> Answer:
        action, team, user = payload["actions"][0], workspace_of(payload), payload["user"]["id"]
        lane = f"{place_of_card(team, payload).key}:{user}"
        try:
            await self._keep(f"{team}:{action['action_ts']}:{user}:{action['action_id']}", lane, "interactive", payload)
        except StorageUnavailable as error:
            await self._sorry(payload, error)
        return Answer()

    async def _command(self, payload: JSON) -> Answer:
        team, user = workspace_of(payload), payload["user_id"]
        lane = f"{team}:{payload['channel_id']}:/:{user}"
        try:
            await self._keep(f"{team}:{payload['trigger_id']}", lane, "slash_commands", payload)
        except StorageUnavailable as error:
            return Answer(body={"text": error.sentence(), "response_type": "ephemeral"})
        return Answer(body={"text": "Working on it …", "response_type": "ephemeral"})

    async def _keep(self, key: str, lane: str, kind: str, payload: JSON) -> None:
        tenant = self._tenant_of(PLATFORM, workspace_of(payload))
        is_new = await self._events.take(tenant, PLATFORM, key, lane, {"kind": kind, "payload": payload})
        if not is_new:
            _log.info("slack_redelivered", kind=kind)


def _is_kept_press(payload: JSON) -> bool:
    """Whether a button of ours was pressed in a message or in the home, and its work can wait."""
    return payload.get("type") == "block_actions" and bool(_verb(payload))


def _verb(payload: JSON) -> str:
    """The action of a button of ours that can wait, else ""."""
    name = str((payload.get("actions") or [{}])[0].get("action_id") or "")
    parts = name.split(":")
    return parts[1] if len(parts) == 3 and parts[0] == "atom" and parts[1] in _KEPT_ACTIONS else ""


def _event_key(payload: JSON) -> str:
    """A redelivery, and the second event that a mention makes, have the ts of the first; other events their own id."""
    event, team = payload["event"], workspace_of(payload)
    if event["type"] in ("message", "app_mention") and event.get("subtype") not in (
        "message_changed",
        "message_deleted",
    ):
        return f"{team}:{event['channel']}:{event['ts']}"
    return f"{team}:{payload.get('event_id')}"


def _event_lane(payload: JSON) -> str:
    """A person in a thread: what they write there is worked off in its order."""
    event, team = payload["event"], workspace_of(payload)
    written = event.get("message") or event.get("previous_message") or event
    if event["type"] not in ("message", "app_mention"):
        return f"{team}:{event['type']}:{event.get('user') or payload.get('event_id')}"
    place = place_of_event(team, {**written, "channel": event["channel"]})
    return f"{place.key}:{written.get('user')}"


def _body(answer: BoltResponse) -> JSON | None:
    return json.loads(answer.body) if answer.body and answer.body.startswith("{") else None
