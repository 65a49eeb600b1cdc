"""Messages that people change or take back, and events in an order that nobody promised."""

from __future__ import annotations

from typing import Any

import pytest

from bot.adapters.teams import TeamsAdapter
from bot.assistant import Sink
from core.clock import utc_now
from core.message import Message, Plan, PlanStep, Press, Reply
from tests.bot.teams.conftest import ScriptedAssistant, Shelf
from tests.bot.teams.server import PRIYA, Chat, TeamsServer, words

THREAD = Chat("19:general@thread.tacv2;messageid=1700", "channel")
LATER = "2026-11-02T09:31:00.000Z"


async def show_plan(message: Message, sink: Sink) -> None:
    step = PlanStep(tool="jira.create_issue", title=message.text, effect="write")
    plan = Plan(approval=f"ap-{message.text}", asker=message.author.id, steps=(step,), expires_at=utc_now())
    await sink.send(Reply(parts=(plan,)))


async def settle(press: Press, sink: Sink) -> None:
    await sink.settle(press.target, Reply.of_text("Cancelled." if press.action == "reject" else "Done."))


@pytest.fixture(autouse=True)
def _company(assistant: ScriptedAssistant, adapter: TeamsAdapter) -> None:
    assistant.on_hear, assistant.on_press = show_plan, settle


def edited(original: dict[str, Any], text: str, kind: str = "editMessage", at: str = LATER) -> dict[str, Any]:
    data = {**original["channelData"], "eventType": kind}
    return {**original, "type": "messageUpdate", "text": text, "timestamp": at, "channelData": data}


@pytest.mark.behaviour("edited")
async def test_an_edited_message_is_asked_anew_while_its_plan_waits(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    original = teams.activity(PRIYA, type="message", text="one")
    await teams.post(original)
    await adapter.drain()
    for _ in range(2):
        await teams.post(edited(original, "two"))
        await adapter.drain()
    assert [message.text for message in assistant.heard] == ["one", "two"]
    assert len({message.id for message in assistant.heard}) == 2


@pytest.mark.behaviour("edited")
async def test_an_edit_after_the_plan_was_decided_does_nothing_twice_and_says_so(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    original = teams.activity(PRIYA, type="message", text="one")
    await teams.post(original)
    await adapter.drain()
    [plan] = teams.shown(teams.private_chat(PRIYA))
    approve = {"type": "Action.Execute", "verb": "atom.approve", "data": {"target": "ap-one"}}
    await teams.press(approve, card=plan["id"])
    await adapter.drain()
    await teams.post(edited(original, "two"))
    await adapter.drain()
    assert [message.text for message in assistant.heard] == ["one"]
    assert "already worked on" in words(teams.shown(teams.private_chat(PRIYA))[-1])


@pytest.mark.behaviour("out-of-order")
async def test_an_edit_that_comes_before_its_message_counts_and_the_late_message_does_not(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    original = teams.activity(PRIYA, type="message", text="one")
    await teams.post(edited(original, "two"))
    await teams.post(original)
    await adapter.drain()
    assert [message.text for message in assistant.heard] == ["two"]


async def test_an_edit_of_a_message_of_last_week_is_left_alone(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    await teams.post(edited(teams.activity(PRIYA, text="old"), "new", at="2026-11-09T09:30:00.000Z"))
    await adapter.drain()
    assert not assistant.heard
    assert not teams.shown(teams.private_chat(PRIYA))


async def test_an_edit_in_a_channel_counts_only_where_the_assistant_is_addressed(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    await teams.post(edited(teams.activity(PRIYA, THREAD, text="for colleagues"), "for colleagues, all"))
    await adapter.drain()
    assert not assistant.heard


@pytest.mark.behaviour("deleted")
async def test_a_deleted_message_cancels_the_plan_that_waits_because_of_it(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    original = teams.activity(PRIYA, type="message", text="one")
    await teams.post(original)
    await adapter.drain()
    for _ in range(2):
        await teams.post({**original, "type": "messageDelete", "text": "", "timestamp": LATER})
        await adapter.drain()
    [press] = assistant.presses
    assert (press.action, press.target, press.by.id) == ("reject", "ap-one", PRIYA.email.lower())
    [card] = teams.shown(teams.private_chat(PRIYA))
    assert words(card) == "Cancelled."


async def test_a_message_put_back_is_not_worked_on_again(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    original = teams.activity(PRIYA, type="message", text="one")
    await teams.post(original)
    await adapter.drain()
    await teams.post({**original, "type": "messageDelete", "text": "", "timestamp": LATER})
    await adapter.drain()
    await teams.post(edited(original, "one", "undeleteMessage", "2026-11-02T09:32:00.000Z"))
    await adapter.drain()
    assert len(assistant.heard) == 1
    assert "already worked on" in words(teams.shown(teams.private_chat(PRIYA))[-1])


async def test_a_deleted_message_that_nothing_waits_for_needs_no_word(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    await teams.post(teams.activity(PRIYA, type="messageDelete"))
    await adapter.drain()
    assert not assistant.presses
    assert not teams.shown(teams.private_chat(PRIYA))


async def test_only_the_last_messages_of_a_conversation_are_kept_in_mind(
    teams: TeamsServer, adapter: TeamsAdapter, shelf: Shelf
) -> None:
    for number in range(25):
        await teams.message(f"m{number}")
        await adapter.drain()
    [kept] = [value for (_, key), value in shelf.kept.items() if key.startswith("teams:past:")]
    assert len(kept["asked"]) == 20
