"""Conversations in Teams."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from sandbox.server import Sandbox
from tests.bot.teams.server import APP_ID, DIRECTORY, PASSWORD, Chat, TeamsServer, buttons, words
from tests.transcripts.stage import DANA, Card, Person, Stage

CHANNEL = Chat("19:general@thread.tacv2;messageid=1700", "channel")


class TeamsStage(Stage):
    """Teams by signed activities."""

    platform = "teams"

    def __init__(self, home: Path, sandbox: Sandbox, client: httpx.AsyncClient, teams: TeamsServer) -> None:
        super().__init__(home, sandbox, client)
        self.teams = teams

    async def say(
        self, text: str, who: Person = DANA, *, where: str = "direct", copies: int = 1, wait: bool = True
    ) -> None:
        is_mention, text = text.startswith("@") and where == "channel", text.removeprefix("@")
        more: dict[str, Any] = {"text": text}
        if is_mention:
            bot = {"id": self.teams.bot_id, "name": "ATOM"}
            more = {"text": f"<at>ATOM</at> {text}"}
            more["entities"] = [{"type": "mention", "text": "<at>ATOM</at>", "mentioned": bot}]
        activity = self.teams.activity(who.teams, self._chat(where), type="message", **more)
        answers = await asyncio.gather(*(self.teams.post(activity) for _ in range(copies)))
        assert {answer.status_code for answer in answers} == {202}
        if wait:
            await self.drain()

    async def press(
        self, card: Card, label: str, who: Person = DANA, *, where: str = "direct", copies: int = 1, wait: bool = True
    ) -> None:
        button, chat = buttons(card.raw)[label], self._chat(where)
        clicks = (self.teams.press(button, card=card.raw["id"], person=who.teams, chat=chat) for _ in range(copies))
        answers = await asyncio.gather(*clicks)
        assert {answer.status_code for answer in answers} == {200}
        if wait:
            await self.drain()

    def direct(self, who: Person = DANA) -> list[Card]:
        return [_of_teams(one) for one in self.teams.shown(self.teams.private_chat(who.teams))]

    def channel(self) -> list[Card]:
        return [_of_teams(one) for one in self.teams.shown(CHANNEL)]

    def whispers(self, who: Person = DANA) -> list[Card]:
        return self.direct(who)

    def move(self, external: str = "") -> None:
        self.teams.directory = external or DIRECTORY

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "teams_app_id": APP_ID,
            "teams_app_password": PASSWORD,
            "teams_openid_url": self.teams.openid_url,
            "teams_login_url": self.teams.address,
        }

    async def attach(self) -> None:
        self.teams.connect(self.app)

    async def cut(self) -> None:
        await self.adapter.drain(timeout_s=0)

    @staticmethod
    def _chat(where: str) -> Chat | None:
        return CHANNEL if where == "channel" else None


def _of_teams(activity: dict[str, Any]) -> Card:
    found = buttons(activity)
    links = {title: button["url"] for title, button in found.items() if "url" in button}
    return Card(re.sub(r"\\(.)", r"\1", words(activity)), tuple(found), links, activity)
