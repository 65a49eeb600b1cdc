"""The same conversation through Socket Mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.bot.slack.conftest import Stage
from tests.bot.slack.test_conversation import propose, settle


@asynccontextmanager
async def connected(stage: Stage) -> AsyncIterator[None]:
    running = asyncio.create_task(stage.adapter.run_socket(stage.slack.app_token))
    await stage.slack.until_connected()
    yield
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_conversation_through_the_socket(stage: Stage) -> None:
    stage.slack.app = None
    stage.assistant.on_hear, stage.assistant.on_press = propose, settle
    async with connected(stage):
        ts = await stage.slack.say(f"<@{stage.slack.bot}> create a bug", channel="C1")
        [card] = await stage.slack.until(1)
        await stage.slack.press(card, "Approve")
        await stage.adapter.drain()
        assert (card.edits, card.thread_ts) == (1, ts)
        assert len(stage.assistant.heard) == len(stage.assistant.pressed) == 1

        assert (await stage.slack.command("hi"))["text"] == "Working on it …"
        await stage.slack.until(3)
        assert stage.assistant.heard[1].text == "hi"


@pytest.mark.behaviour("retries")
async def test_redelivery_through_the_socket_has_no_second_effect(stage: Stage) -> None:
    stage.slack.app = None
    event = {"type": "message", "channel_type": "im", "channel": "DU1", "user": "U1", "text": "hi", "ts": "17.1"}
    async with connected(stage):
        for _ in range(2):
            await stage.slack.event(event, event_id="Ev-same")
        await stage.adapter.drain()
    assert len(stage.assistant.heard) == 1
