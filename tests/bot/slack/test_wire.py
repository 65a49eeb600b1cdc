"""Posting when Slack limits, fails or refuses."""

from __future__ import annotations

import asyncio
import time

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack_wire import SlackWire
from bot.assistant import Sink
from bot.render.block_kit import Post
from core.errors import ConfigInvalid, VendorUnavailable
from core.message import Message, Reply
from tests.bot.slack.conftest import Stage
from tests.bot.slack.web_api import Fault

LIMITED = Fault(429, '{"ok": false, "error": "ratelimited"}', {"Retry-After": "0"})


@pytest.mark.behaviour("throttled")
async def test_rate_limit_is_obeyed(stage: Stage) -> None:
    stage.slack.faults["chat.postMessage"] += [LIMITED, LIMITED]
    await stage.slack.say("hi")
    await stage.adapter.drain()
    assert len(stage.slack.called("chat.postMessage")) == 3
    assert [post.text for post in stage.slack.posted] == ["Heard: hi"]


@pytest.mark.behaviour("platform-down")
async def test_lost_answer_does_not_post_twice(stage: Stage) -> None:
    stage.slack.faults["chat.postMessage"] += [Fault(500, is_done=True)]
    await stage.slack.say("hi")
    await stage.adapter.drain()
    assert [post.text for post in stage.slack.posted] == ["Heard: hi"]
    assert len(stage.slack.called("chat.postMessage")) == 1


async def test_post_that_did_not_happen_is_made_again(stage: Stage) -> None:
    stage.slack.faults["chat.postMessage"] += [Fault(503)]
    await stage.slack.say("hi", thread="1700000000.000001")
    await stage.adapter.drain()
    assert [post.text for post in stage.slack.posted] == ["Heard: hi"]
    assert len(stage.slack.called("conversations.replies")) == 1


async def test_whisper_without_an_answer_is_made_again(stage: Stage) -> None:
    async def whisper(message: Message, sink: Sink) -> None:
        await sink.send(Reply(parts=Reply.of_text("For you.").parts, is_private=True))

    stage.assistant.on_hear = whisper
    stage.slack.faults["chat.postEphemeral"] += [Fault(502)]
    await stage.slack.say(f"<@{stage.slack.bot}> hi", channel="C1")
    await stage.adapter.drain()
    assert [(post.text, post.user) for post in stage.slack.posted] == [("For you.", "U1")]


async def test_status_that_is_not_shown_stops_nothing(stage: Stage) -> None:
    async def work(message: Message, sink: Sink) -> None:
        await sink.status("Working …")
        await sink.send(Reply.of_text("Done."))

    stage.assistant.on_hear = work
    stage.slack.faults["assistant.threads.setStatus"] += [Fault(200, '{"ok": false, "error": "no_permission"}')]
    await stage.slack.say("hi", thread="1700000000.000001")
    await stage.adapter.drain()
    assert [post.text for post in stage.slack.posted] == ["Done."]


async def test_look_up_is_repeated(stage: Stage) -> None:
    stage.slack.faults["users.info"] += [Fault(500)]
    await stage.slack.say("hi")
    await stage.adapter.drain()
    assert len(stage.assistant.heard) == 1


@pytest.mark.behaviour("every-answer")
async def test_refused_blocks_are_said_as_text(stage: Stage) -> None:
    stage.slack.faults["chat.postMessage"] += [Fault(200, '{"ok": false, "error": "invalid_blocks"}')]
    await stage.slack.say("hi")
    await stage.adapter.drain()
    assert [(post.text, post.blocks) for post in stage.slack.posted] == [("Heard: hi", [])]


@pytest.mark.behaviour("no-app")
async def test_answer_from_a_closed_channel_reaches_the_asker(stage: Stage) -> None:
    async def leave(message: Message, sink: Sink) -> None:
        stage.slack.members.clear()
        await sink.send(Reply.of_text("Here you are."))

    stage.assistant.on_hear = leave
    await stage.slack.say(f"<@{stage.slack.bot}> hi", channel="C1")
    await stage.adapter.drain()
    assert [(post.channel, post.thread_ts) for post in stage.slack.posted] == [("DU1", "")]


async def test_answer_that_cannot_be_posted_at_all_is_no_crash(stage: Stage) -> None:
    stage.slack.faults["chat.postMessage"] += [Fault(200, '{"ok": false, "error": "account_inactive"}')] * 9
    await stage.slack.say("hi")
    await stage.adapter.drain()
    assert stage.slack.posted == []


@pytest.mark.behaviour("splitting")
async def test_long_answer_is_split(stage: Stage) -> None:
    text = "\n".join(f"{n}. " + "lorem & ipsum " * 20 for n in range(150))

    async def lecture(message: Message, sink: Sink) -> None:
        await sink.send(Reply.of_text(text))

    stage.assistant.on_hear = lecture
    await stage.slack.say("tell me all")
    await stage.adapter.drain()
    assert len(stage.slack.posted) > 1
    assert all(len(one["text"]["text"]) <= 3_000 for post in stage.slack.posted for one in post.blocks)
    said = "\n".join(post.text for post in stage.slack.posted).replace("&amp;", "&")
    assert said.split() == text.split()


@pytest.mark.behaviour("posting-limits")
async def test_posts_are_paced_by_channel(stage: Stage) -> None:
    wire = SlackWire(pace_s=0.1, burst=2)
    client = AsyncWebClient(stage.slack.token, base_url=stage.slack.api_url)
    post = Post((), "hi")
    started = time.monotonic()
    await asyncio.gather(*(wire.post(client, "C1", "", post) for _ in range(4)))
    assert 0.2 <= time.monotonic() - started < 0.6
    started = time.monotonic()
    await wire.post(client, "DU1", "", post)
    assert time.monotonic() - started < 0.1


async def test_wrong_tokens_are_named(stage: Stage) -> None:
    assert await stage.adapter.check() == "Acme"
    stage.slack.token = "xoxb-rotated"
    with pytest.raises(ConfigInvalid, match="bot token"):
        await stage.adapter.check()
    with pytest.raises(ConfigInvalid, match="app token"):
        await stage.adapter.run_socket("xapp-wrong")


@pytest.mark.behaviour("platform-down")
async def test_slack_away_is_named(stage: Stage) -> None:
    with pytest.raises(VendorUnavailable):
        await stage.adapter.run_socket("xapp", base_url="http://127.0.0.1:9/api/")
