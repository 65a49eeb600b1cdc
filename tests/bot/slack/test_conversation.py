"""What people write and press in Slack, over signed HTTP."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from slack_bolt.authorization import AuthorizeResult
from starlette.applications import Starlette

from bot.adapters.slack import SlackAdapter
from bot.assistant import Sink
from bot.shelf import Threads
from core.errors import NotConnected
from core.message import (
    Connect,
    Message,
    Option,
    Plan,
    PlanStep,
    Press,
    Question,
    Receipt,
    Receipts,
    Reply,
)
from tests.bot.slack.conftest import Memory, Stage, make_adapter

PLAN = Plan(
    approval="ap-1",
    asker="priya@example.com",
    steps=(
        PlanStep(
            tool="jira.create_issue",
            title="Create an issue in Jira",
            effect="write",
            arguments=(("Project", "PAY"), ("Summary", "Checkout <!channel> times out & fails")),
        ),
    ),
    expires_at=datetime(2026, 11, 25, 12, tzinfo=UTC),
)
DONE = Reply(parts=(Receipts(lines=(Receipt(status="done", text="Created PAY-7", key="PAY-7", undo="un-1"),)),))


async def propose(message: Message, sink: Sink) -> None:
    await sink.send(Reply(parts=(PLAN,)))


async def settle(press: Press, sink: Sink) -> None:
    await sink.settle(press.target, DONE)


@pytest.mark.behaviour("direct-message")
async def test_direct_message_is_answered_there(stage: Stage) -> None:
    ts = await stage.slack.say("what&#39;s <#C1|eng-oncall> about, ask <@U2> &amp; see <https://x.example/a|the doc>")
    await stage.adapter.drain()

    [message] = stage.assistant.heard
    assert message.text == "what's #eng-oncall about, ask @Tom Okafor & see the doc (https://x.example/a)"
    assert message.id == f"T1:DU1:{ts}"
    assert (message.audience, message.conversation, message.thread) == ("direct", "DU1", "")
    assert message.author.id == "priya@example.com"
    assert message.author.timezone == "Europe/Berlin"
    assert message.author.tenant == "slack:T1"
    [posted] = stage.slack.posted
    assert (posted.channel, posted.thread_ts) == ("DU1", "")
    call = stage.slack.called("chat.postMessage")[0]
    assert call["unfurl_links"] is False
    assert call["unfurl_media"] is False


async def test_person_without_address_is_known_by_their_slack_id(stage: Stage) -> None:
    stage.slack.add_person("U3", "Ann", tz="Nowhere/Land")
    await stage.slack.say("hi", user="U3")
    await stage.adapter.drain()
    author = stage.assistant.heard[0].author
    assert (author.id, author.email, author.timezone) == ("slack:U3", "", "UTC")


@pytest.mark.behaviour("guests", "single-sign-on")
async def test_address_of_another_company_is_no_identity(stage: Stage) -> None:
    stage.slack.add_person("U4", "Mallory", "priya@example.com", team_id="T9", is_stranger=True)
    await stage.slack.say(f"<@{stage.slack.bot}> hi", user="U4", channel="C1")
    await stage.adapter.drain()
    author = stage.assistant.heard[0].author
    assert (author.id, author.roles) == ("slack:U4", frozenset({"guest"}))


async def test_unconfirmed_address_is_no_identity(stage: Stage) -> None:
    stage.slack.add_person("U5", "Eve", "priya@example.com", is_email_confirmed=False)
    await stage.slack.say("hi", user="U5")
    await stage.adapter.drain()
    assert stage.assistant.heard[0].author.id == "slack:U5"


@pytest.mark.behaviour("mention", "scopes")
async def test_mention_is_answered_once_in_its_thread(stage: Stage) -> None:
    ts = await stage.slack.say(f"<@{stage.slack.bot}> create a bug", channel="C1")
    await stage.adapter.drain()
    [message] = stage.assistant.heard
    assert (message.text, message.audience, message.thread) == ("create a bug", "channel", ts)
    [posted] = stage.slack.posted
    assert (posted.channel, posted.thread_ts) == ("C1", ts)


@pytest.mark.behaviour("thread-follow-up", "references")
async def test_thread_is_followed_without_a_mention_after_a_restart(stage: Stage) -> None:
    ts = await stage.slack.say(f"<@{stage.slack.bot}> create a bug", channel="C1")
    await stage.adapter.close()
    stage.restart()
    await stage.slack.say("and assign it to Tom", user="U2", channel="C1", thread=ts)
    await stage.slack.say("not for you", channel="C1")
    await stage.slack.say("nor this", channel="C1", thread="1700000000.000001")
    await stage.adapter.drain()
    assert [m.text for m in stage.assistant.heard] == ["create a bug", "and assign it to Tom"]
    assert stage.assistant.heard[0].thread_key == stage.assistant.heard[1].thread_key


@pytest.mark.behaviour("retries")
async def test_redelivery_has_no_second_effect(stage: Stage) -> None:
    event = {"type": "message", "channel_type": "im", "channel": "DU1", "user": "U1", "text": "hi", "ts": "17.1"}
    for _ in range(3):
        await stage.slack.event(event, event_id="Ev-same")
    await stage.adapter.close()
    stage.restart()
    await stage.slack.event(event, event_id="Ev-same")
    await stage.adapter.drain()
    assert len(stage.assistant.heard) == 1


@pytest.mark.behaviour("bot-loop")
async def test_bots_edits_and_joins_are_ignored(stage: Stage) -> None:
    base = {"type": "message", "channel_type": "im", "channel": "DU1", "text": "hi"}
    for more in (
        {"user": "U9", "bot_id": "B9", "ts": "1.1"},
        {"user": stage.slack.bot, "ts": "1.2"},
        {"subtype": "bot_message", "ts": "1.3"},
        {"subtype": "message_changed", "ts": "1.4", "message": {"user": "U1", "text": "hi"}},
        {"subtype": "channel_join", "user": "U1", "ts": "1.5"},
        {"user": "USLACKBOT", "ts": "1.6"},
    ):
        await stage.slack.event({**base, **more})
    await stage.adapter.drain()
    assert stage.assistant.heard == []
    assert stage.slack.posted == []


@pytest.mark.behaviour("audience")
async def test_private_reply_reaches_the_asker_alone(stage: Stage) -> None:
    async def invite(message: Message, sink: Sink) -> None:
        card = Connect(integration="jira", name="Jira", url="https://atom.example.com/c/1", text="Connect Jira first.")
        await sink.send(Reply(parts=(card,), is_private=True))

    stage.assistant.on_hear = invite
    ts = await stage.slack.say(f"<@{stage.slack.bot}> create a bug", channel="C1")
    await stage.slack.say("create a bug")
    await stage.adapter.drain()
    whisper, direct = sorted(stage.slack.posted, key=lambda one: one.channel)
    assert (whisper.channel, whisper.user, whisper.thread_ts) == ("C1", "U1", ts)
    assert (direct.channel, direct.user) == ("DU1", "")
    assert whisper.blocks[-1]["elements"][0]["url"] == "https://atom.example.com/c/1"


@pytest.mark.behaviour("parked-connect")
async def test_invitation_to_connect_is_never_public(stage: Stage) -> None:
    async def invite(message: Message, sink: Sink) -> None:
        card = Connect(integration="jira", name="Jira", url="https://atom.example.com/c/1", text="Connect Jira.")
        await sink.send(Reply(parts=(*DONE.parts, card)))

    stage.assistant.on_hear = invite
    await stage.slack.say(f"<@{stage.slack.bot}> create a bug", channel="C1")
    await stage.adapter.drain()
    public, private = stage.slack.posted
    assert (public.user, private.user) == ("", "U1")
    assert "PAY-7" in public.text
    assert "Connect" not in public.text + public.shown


@pytest.mark.behaviour("approve", "in-place")
async def test_approved_plan_becomes_its_receipt(stage: Stage) -> None:
    stage.assistant.on_hear, stage.assistant.on_press = propose, settle
    ts = await stage.slack.say(f"<@{stage.slack.bot}> create a bug", channel="C1")
    [card] = await stage.slack.until(1)
    assert "Summary: Checkout <!channel> times out & fails" in card.shown
    assert "<!channel>" not in card.text

    await stage.slack.press(card, "Approve", user="U2")
    await stage.adapter.drain()
    [press] = stage.assistant.pressed
    assert (press.action, press.target, press.by.id) == ("approve", "ap-1", "tom@example.com")
    assert press.thread_key == stage.assistant.heard[0].thread_key
    assert stage.slack.posted == [card]
    assert card.edits == 1
    assert card.thread_ts == ts
    assert list(card.buttons) == ["Undo"]

    await stage.slack.press(card, "Undo")
    await stage.adapter.drain()
    undo = stage.assistant.pressed[1]
    assert (undo.action, undo.target, undo.thread) == ("undo", "un-1", ts)


@pytest.mark.behaviour("in-place", "references")
async def test_press_after_a_restart_still_settles_its_card(stage: Stage) -> None:
    stage.assistant.on_hear, stage.assistant.on_press = propose, settle
    await stage.slack.say("create a bug")
    [card] = await stage.slack.until(1)
    await stage.adapter.close()
    stage.restart()
    await stage.slack.press(card, "Approve")
    await stage.adapter.drain()
    assert card.edits == 1
    assert len(stage.slack.posted) == 1


@pytest.mark.behaviour("duplicates")
async def test_press_delivered_twice_counts_once(stage: Stage) -> None:
    stage.assistant.on_hear, stage.assistant.on_press = propose, settle
    await stage.slack.say("create a bug")
    [card] = await stage.slack.until(1)
    buttons = card.buttons
    await stage.slack.press(card, "Cancel", action_ts="1700000000.5")
    card.blocks = [{"type": "actions", "elements": [{**buttons["Cancel"], "text": {"text": "Cancel"}}]}]
    await stage.slack.press(card, "Cancel", action_ts="1700000000.5")
    await stage.adapter.drain()
    assert [press.action for press in stage.assistant.pressed] == ["reject"]


@pytest.mark.behaviour("in-place")
async def test_lost_card_is_answered_by_a_post(stage: Stage) -> None:
    stage.assistant.on_hear, stage.assistant.on_press = propose, settle
    await stage.slack.say("create a bug")
    card = (await stage.slack.until(1)).pop()  # deleted in Slack
    await stage.slack.press(card, "Approve")
    [receipt] = await stage.slack.until(1)
    assert "PAY-7" in receipt.text


async def test_private_plan_in_a_channel_is_settled_where_it_is_shown(stage: Stage) -> None:
    async def propose_privately(message: Message, sink: Sink) -> None:
        await sink.send(Reply(parts=(PLAN,), is_private=True))

    async def settle_privately(press: Press, sink: Sink) -> None:
        await sink.settle(press.target, DONE.model_copy(update={"is_private": True}))

    stage.assistant.on_hear, stage.assistant.on_press = propose_privately, settle_privately
    ts = await stage.slack.say(f"<@{stage.slack.bot}> create a bug", channel="C1")
    [card] = await stage.slack.until(1)
    await stage.slack.press(card, "Approve")
    await stage.adapter.drain()
    assert stage.slack.posted == [card]
    assert (card.user, card.edits) == ("U1", 1)
    assert stage.assistant.pressed[0].thread == ts


@pytest.mark.behaviour("audience")
async def test_private_outcome_of_a_public_plan_is_not_shown_to_all(stage: Stage) -> None:
    async def settle_privately(press: Press, sink: Sink) -> None:
        await sink.settle(press.target, DONE.model_copy(update={"is_private": True}))

    stage.assistant.on_hear, stage.assistant.on_press = propose, settle_privately
    await stage.slack.say(f"<@{stage.slack.bot}> create a bug", channel="C1")
    [card] = await stage.slack.until(1)
    await stage.slack.press(card, "Approve")
    await stage.adapter.drain()
    assert "PAY-7" not in card.text + card.shown
    assert card.buttons == {}
    assert stage.slack.posted[1].user == "U1"
    assert "PAY-7" in stage.slack.posted[1].text


@pytest.mark.behaviour("question")
async def test_question_is_answered_by_button_and_by_menu(stage: Stage) -> None:
    async def ask(message: Message, sink: Sink) -> None:
        options = tuple(Option(label=f"Team {n}", value=f"team-{n}") for n in range(int(message.text)))
        await sink.send(Reply(parts=(Question(id="q-1", asker="a", text="Which team?", options=options),)))

    stage.assistant.on_hear = ask
    await stage.slack.say("3")
    await stage.slack.say("9")
    few, many = await stage.slack.until(2)
    await stage.slack.press(few, "Team 2")
    await stage.slack.press(many, "Team 8")
    await stage.adapter.drain()
    assert [(p.action, p.target, p.value) for p in stage.assistant.pressed] == [
        ("choose", "q-1", "team-2"),
        ("choose", "q-1", "team-8"),
    ]
    assert many.blocks[-1]["elements"][0]["type"] == "static_select"


async def test_unreadable_button_is_answered(stage: Stage) -> None:
    await stage.slack.say("hi")
    [posted] = await stage.slack.until(1)
    button = {"type": "button", "action_id": "atom:undo:0", "text": {"text": "Undo"}, "value": "old"}
    posted.blocks = [{"type": "actions", "elements": [button]}]
    await stage.slack.press(posted, "Undo")
    assert "does not work any more" in (await stage.slack.until(2))[1].text


@pytest.mark.behaviour("slash-command")
async def test_command_is_acknowledged_and_begins_a_thread(stage: Stage) -> None:
    answer = await stage.slack.command("create a bug for <@U2|tom>")
    assert answer.json()["text"] == "Working on it …"
    root, reply = await stage.slack.until(2)
    assert (root.channel, root.thread_ts) == ("C1", "")
    assert (reply.channel, reply.thread_ts) == ("C1", root.ts)
    assert "create" not in root.text
    assert stage.assistant.heard[0].text == "create a bug for @Tom Okafor"
    await stage.slack.say("thanks", channel="C1", thread=root.ts)
    await stage.adapter.drain()
    assert stage.assistant.heard[1].thread_key == stage.assistant.heard[0].thread_key


@pytest.mark.behaviour("no-app")
async def test_command_where_the_app_is_no_member_is_answered_directly(stage: Stage) -> None:
    stage.slack.channels["C2"] = "board"
    await stage.slack.command("create a bug", channel="C2", trigger="same")
    await stage.slack.command("create a bug", channel="C2", trigger="same")
    await stage.slack.command("create a bug", channel="DU2U1")
    posts = await stage.slack.until(2)
    await stage.adapter.drain()
    assert [post.channel for post in posts] == ["DU1", "DU1"]
    assert [m.audience for m in stage.assistant.heard] == ["direct", "direct"]


@pytest.mark.behaviour("status")
async def test_status_is_shown_in_direct_threads_only(stage: Stage) -> None:
    async def work(message: Message, sink: Sink) -> None:
        await sink.status("Looking into Jira …")
        await sink.status("")

    stage.assistant.on_hear = work
    await stage.slack.say("hi", thread="1700000000.000001")
    await stage.slack.say("hi")
    await stage.slack.say(f"<@{stage.slack.bot}> hi", channel="C1")
    await stage.adapter.drain()
    shown = stage.slack.called("assistant.threads.setStatus")
    assert [call["status"] for call in shown] == ["Looking into Jira …", ""]
    assert shown[0]["thread_ts"] == "1700000000.000001"


@pytest.mark.behaviour("every-answer")
async def test_what_fails_inside_ends_in_a_sentence(stage: Stage) -> None:
    async def fail(message: Message, sink: Sink) -> None:
        if message.text == "bug":
            raise KeyError("secret detail")
        raise NotConnected("jira", "Jira")

    stage.assistant.on_hear = fail
    await stage.slack.say("create a bug")
    await stage.slack.say("bug")
    await stage.slack.say(f"<@{stage.slack.bot}> create a bug", channel="C1")
    posts = await stage.slack.until(3)
    assert any("You are not connected to Jira yet." in p.text and "Connect Jira" in p.text for p in posts)
    assert any("Something went wrong on my side." in p.text for p in posts)
    assert not any("secret detail" in p.text for p in posts)
    assert [p.user for p in posts if p.channel == "C1"] == ["U1"]


@pytest.mark.behaviour("every-answer")
async def test_database_away_is_said_once_slack_delivers_no_more(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.adapter.close()
    monkeypatch.setattr("core.db.LOCK_WAIT_S", 0.05)
    stage.memory = Memory(tmp_path)
    stage.restart()
    body = json.dumps(
        stage.slack.envelope(
            {"type": "message", "channel_type": "im", "channel": "DU1", "user": "U1", "text": "hi", "ts": "17.1"}
        )
    )
    with closing(sqlite3.connect(tmp_path / "slack.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for retry, status in ((0, 503), (3, 200)):
            headers = stage.slack.sign(body, at=time.time() - retry) | {"x-slack-retry-num": str(retry)}
            assert (await stage.slack.send(body, headers)).status_code == status
        answer = await stage.slack.command("hi")
        other.execute("ROLLBACK")
    assert "could not reach my own database" in answer.json()["text"]
    assert "could not reach my own database" in stage.slack.posted[0].text
    await stage.adapter.drain()
    assert (stage.assistant.heard, len(stage.slack.posted)) == ([], 1)
    await stage.adapter.close()
    await stage.memory.database.close()


@pytest.mark.behaviour("many-workspaces")
async def test_many_workspaces_by_authorize(stage: Stage) -> None:
    async def authorize(team_id: str) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=team_id,
            bot_token=stage.slack.token,
            bot_id=stage.slack.bot_id,
            bot_user_id=stage.slack.bot,
        )

    adapter = SlackAdapter(
        stage.assistant,
        events=stage.memory.events(),
        threads=Threads(stage.memory.notes),
        tenant_of=lambda platform, external_id: f"tenant-of-{external_id}",
        authorize=authorize,
        signing_secret=stage.slack.secret,
        base_url=stage.slack.api_url,
    )
    stage.slack.app = Starlette(routes=adapter.routes())
    await stage.slack.say(f"<@{stage.slack.bot}> hi", channel="C1")
    await adapter.close()
    assert [(m.text, m.author.tenant) for m in stage.assistant.heard] == [("hi", "tenant-of-T1")]
    assert len(stage.slack.posted) == 1


@pytest.mark.behaviour("single-sign-on")
async def test_identity_is_not_guessed_when_slack_does_not_say(stage: Stage) -> None:
    del stage.slack.people["U1"]
    await stage.slack.say("hi")
    [posted] = await stage.slack.until(1)
    assert "I could not look you up in Slack just now." in posted.text
    assert stage.assistant.heard == []


@pytest.mark.behaviour("out-of-order")
async def test_quick_messages_keep_their_order(stage: Stage) -> None:
    await asyncio.gather(*(stage.slack.say(str(n), ts=f"1700000000.{n:06d}") for n in range(8)))
    await stage.adapter.drain()
    assert [m.text for m in stage.assistant.heard] == [str(n) for n in range(8)]
    assert len(stage.slack.called("users.info")) == 1


@pytest.mark.behaviour("three-seconds")
async def test_acknowledges_before_the_work_is_done_and_finishes_it_at_shutdown(stage: Stage) -> None:
    gate = asyncio.Event()

    async def wait(message: Message, sink: Sink) -> None:
        await gate.wait()
        await sink.send(Reply.of_text("Done."))

    stage.assistant.on_hear = wait
    async with asyncio.timeout(2):
        await stage.slack.say("hi")
    assert stage.slack.posted == []
    asyncio.get_running_loop().call_later(0.05, gate.set)
    await stage.adapter.close()
    assert [post.text for post in stage.slack.posted] == ["Done."]


async def test_shutdown_does_not_wait_for_ever(stage: Stage) -> None:
    async def hang(message: Message, sink: Sink) -> None:
        await asyncio.Event().wait()

    stage.assistant.on_hear = hang
    await stage.slack.say("hi")
    await stage.adapter.close(timeout_s=0.05)
    assert stage.slack.posted == []


async def test_app_without_a_secret_opens_no_door(stage: Stage) -> None:
    stage.slack.secret = ""
    adapter = make_adapter(stage.slack, stage.assistant, stage.memory, stage.time)
    assert adapter.routes() == []
