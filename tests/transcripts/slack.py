"""Conversations in Slack."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from bot.app import slack as slack_adapter
from sandbox.server import Sandbox
from tests.bot.slack.server import SlackServer
from tests.bot.slack.web_api import Posted
from tests.transcripts.stage import DANA, INES, Card, Person, Stage


class SlackStage(Stage):
    """Slack over signed HTTP."""

    platform = "slack"

    def __init__(self, home: Path, sandbox: Sandbox, client: httpx.AsyncClient, slack: SlackServer) -> None:
        super().__init__(home, sandbox, client)
        self.slack = slack
        self.root = ""
        self._people()

    async def say(
        self, text: str, who: Person = DANA, *, where: str = "direct", copies: int = 1, wait: bool = True
    ) -> None:
        is_mention, text = text.startswith("@"), text.removeprefix("@")
        place = {"channel": self.slack.direct(who.slack), "channel_type": "im"}
        if where == "channel":
            place = {"channel": "C1", "channel_type": "channel"}
            text = f"<@{self.slack.bot}> {text}" if is_mention else text
        ts = self.slack.next_ts()
        event = {"type": "message", "user": who.slack, "text": text, "ts": ts, **place}
        if where == "channel" and self.root:
            event["thread_ts"] = self.root
        elif where == "channel":
            self.root = ts
        kinds = ["message", "app_mention"] if is_mention and where == "channel" else ["message"]
        for kind in kinds:
            payload = self.slack.envelope({**event, "type": kind})
            await asyncio.gather(*(self.deliver(payload, n) for n in range(copies)))
        if wait:
            await self.drain()

    async def deliver(self, payload: Mapping[str, Any], number: int) -> None:
        """One delivery of an event; each is signed at a time of its own."""
        body = json.dumps(payload)
        answer = await self.slack.send(body, self.slack.sign(body, at=time.time() - number))
        assert answer.status_code == 200

    async def press(
        self, card: Card, label: str, who: Person = DANA, *, where: str = "direct", copies: int = 1, wait: bool = True
    ) -> None:
        await asyncio.gather(*(self.slack.press(card.raw, label, user=who.slack) for _ in range(copies)))
        if wait:
            await self.drain()

    def direct(self, who: Person = DANA) -> list[Card]:
        return [_of_slack(one) for one in self.slack.posted if one.channel == self.slack.direct(who.slack)]

    def channel(self) -> list[Card]:
        return [_of_slack(one) for one in self.slack.posted if one.channel == "C1" and not one.user]

    def whispers(self, who: Person = DANA) -> list[Card]:
        return [_of_slack(one) for one in self.slack.posted if one.channel == "C1" and one.user == who.slack]

    def move(self, external: str = "") -> None:
        self.slack.team = external or "T1"
        self._people()

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "slack_bot_token": self.slack.token,
            "slack_signing_secret": self.slack.secret,
            "slack_api_url": self.slack.api_url,
            "slack_pace_s": 0,
        }

    async def attach(self) -> None:
        self.slack.app = self.app

    async def cut(self) -> None:
        await self.adapter.close(timeout_s=0)

    def _people(self) -> None:
        for person in (DANA, INES):
            self.slack.add_person(person.slack, person.name, person.email, tz="Europe/London")


class SocketStage(SlackStage):
    """Slack through Socket Mode."""

    async def deliver(self, payload: Mapping[str, Any], number: int) -> None:
        await self.slack.event(payload["event"], payload["event_id"])

    async def attach(self) -> None:
        self.slack.app = None
        adapter = slack_adapter(self.running)
        self._link = asyncio.create_task(adapter.run_socket(self.slack.app_token))
        await self.slack.until_connected()

    async def close(self) -> None:
        self._link.cancel()
        with suppress(asyncio.CancelledError):
            await self._link
        await super().close()


def _of_slack(posted: Posted) -> Card:
    found = [one for block in posted.blocks for one in block.get("elements", ()) if isinstance(one, dict)]
    links = {one["text"]["text"]: one["url"] for one in found if one.get("url") and isinstance(one.get("text"), dict)}
    # The raw message lives on and changes when it is edited; a card is what it was when it was looked at.
    return Card(posted.shown, tuple(posted.buttons), links, replace(posted))
