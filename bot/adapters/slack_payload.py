"""What Slack delivers, read: who wrote, where, with which button."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from core.message import Audience

CHANGED, DELETED = "message_changed", "message_deleted"
_ALWAYS = (
    "app_home_opened",
    "app_uninstalled",
    "assistant_thread_context_changed",
    "assistant_thread_started",
    "tokens_revoked",
)
_WRITTEN = (None, "file_share", "thread_broadcast", "me_message")
_SLACKBOT = "USLACKBOT"


@dataclass(frozen=True)
class Place:
    """A thread in a conversation of a workspace; `thread` is the ts of its first message, "" for none."""

    team: str
    channel: str
    thread: str

    @property
    def audience(self) -> Audience:
        """A conversation between one person and the assistant has an id that starts with D (or is the person)."""
        return "direct" if self.channel.startswith(("D", "U", "W")) else "channel"

    @property
    def key(self) -> str:
        """Names the thread among all workspaces."""
        return f"{self.team}:{self.channel}:{self.thread}"

    @property
    def origin(self) -> str:
        """What a button carries to find back here."""
        return f"{self.channel}:{self.thread}"

    def at(self, origin: str) -> Place:
        """The place that a button names, this one where it names none."""
        channel, _, thread = origin.partition(":")
        return Place(self.team, channel, thread) if channel else self


@dataclass(frozen=True)
class Caller:
    """Who did something where, and the client that answers there; `bot` is the assistant's own user id."""

    client: AsyncWebClient
    bot: str
    user: str
    place: Place

    def at(self, place: Place) -> Caller:
        """The same person in another place."""
        return replace(self, place=place)


@dataclass(frozen=True)
class Card:
    """A message of ours; `response_url` reaches it where it is shown to one person alone."""

    channel: str
    ts: str
    response_url: str = ""


def workspace_of(payload: Mapping[str, Any]) -> str:
    """The workspace of a delivery, for which it was authorised; the organisation where there is no workspace."""
    granted = (payload.get("authorizations") or [{}])[0]
    view = payload.get("view") or {}
    team = payload.get("team") or {}
    enterprise = payload.get("enterprise") or {}
    return str(
        granted.get("team_id")
        or view.get("app_installed_team_id")
        or payload.get("team_id")
        or team.get("id")
        or (payload.get("user") or {}).get("team_id")
        or granted.get("enterprise_id")
        or payload.get("enterprise_id")
        or enterprise.get("id")
        or ""
    )


def is_for_us(payload: Mapping[str, Any]) -> bool:
    """Whether an event can be for the assistant at all: written, changed or deleted by a person, or of its own life."""
    event = payload.get("event") or {}
    if event.get("type") in _ALWAYS:
        return True
    bot = str((payload.get("authorizations") or [{}])[0].get("user_id") or "")
    if event.get("type") == "message" and event.get("subtype") in (CHANGED, DELETED):
        written = event.get("message") or event.get("previous_message") or {}
        return is_written({**written, "type": "message"}, bot)
    return is_written({"type": "", **event}, bot)


def is_written(event: Mapping[str, Any], bot: str) -> bool:
    """Whether a person wrote this just now: no bot, no edit, no join, not the assistant itself."""
    if event["type"] not in ("message", "app_mention") or event.get("subtype") not in _WRITTEN:
        return False
    return not event.get("bot_id") and event.get("user") not in (None, bot, _SLACKBOT)


def place_of_event(team: str, event: Mapping[str, Any]) -> Place:
    """Where the answer belongs: a channel's message begins a thread, a direct message needs none."""
    place = Place(team, str(event["channel"]), str(event.get("thread_ts") or ""))
    if place.audience == "direct" or place.thread:
        return place
    return replace(place, thread=str(event["ts"]))


def card_of(body: Mapping[str, Any]) -> Card | None:
    """The message whose button was pressed; None for the home."""
    box = body["container"]
    if "message_ts" not in box:
        return None
    url = str(body.get("response_url") or "") if box.get("is_ephemeral") else ""
    return Card(str(box["channel_id"]), str(box["message_ts"]), url)


def place_of_card(team: str, body: Mapping[str, Any]) -> Place:
    """The thread that the pressed message stands in or begins."""
    message = body.get("message") or {}
    box = body["container"]
    if "message_ts" not in box:
        return Place(team, str(body["user"]["id"]), "")
    thread = box.get("thread_ts") or message.get("thread_ts") or ""
    event = {"channel": box["channel_id"], "ts": box["message_ts"], "thread_ts": thread}
    return place_of_event(team, event)


def value_of(action: Mapping[str, Any]) -> str:
    """What the button, the thumb or the chosen option carries."""
    return str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")


def caller_of(payload: Mapping[str, Any], client: AsyncWebClient) -> Caller | None:
    """Who called the assistant by this delivery, None where nobody did or nobody can tell."""
    team, event = workspace_of(payload), payload.get("event")
    if event is None:
        user = payload.get("user_id") or (payload.get("user") or {}).get("id")
        place = place_of_card(team, payload) if payload.get("container") else Place(team, str(user), "")
        return Caller(client, "", str(user), place) if user else None
    bot = str((payload.get("authorizations") or [{}])[0].get("user_id") or "")
    if not is_written({"type": "", **event}, bot):
        return None
    place = place_of_event(team, event)
    is_called = place.audience == "direct" or event["type"] == "app_mention" or f"<@{bot}>" in str(event.get("text"))
    return Caller(client, bot, str(event["user"]), place) if is_called else None
