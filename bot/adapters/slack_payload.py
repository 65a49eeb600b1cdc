"""What Slack delivers, read: who wrote, where, with which button."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from core.message import Audience

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


def team_of(context: Mapping[str, Any]) -> str:
    """The workspace, or the organisation where the app is installed in the whole of it."""
    return str(context.get("team_id") or context.get("enterprise_id") or "")


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


def card_of(body: Mapping[str, Any]) -> Card:
    """The message whose button was pressed."""
    box = body["container"]
    url = str(body.get("response_url") or "") if box.get("is_ephemeral") else ""
    return Card(str(box["channel_id"]), str(box["message_ts"]), url)


def place_of_card(team: str, body: Mapping[str, Any]) -> Place:
    """The thread that the pressed message stands in or begins."""
    message = body.get("message") or {}
    box = body["container"]
    thread = box.get("thread_ts") or message.get("thread_ts") or ""
    event = {"channel": box["channel_id"], "ts": box["message_ts"], "thread_ts": thread}
    return place_of_event(team, event)


def value_of(action: Mapping[str, Any]) -> str:
    """What the button or the chosen option carries."""
    return str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")
