"""Coming and going, sentences to begin with, the home, and thumbs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.adapters.teams import TeamsAdapter
from bot.assistant import Sink
from core.errors import NotFound
from core.message import Message, Reply
from tests.bot.teams.conftest import ScriptedAssistant, Shelf, adapter_for
from tests.bot.teams.server import PRIYA, Chat, TeamsServer, words

THREAD = Chat("19:general@thread.tacv2;messageid=1700", "channel")
PROMPT = "what is on my calendar today?"


async def say_hello(message: Message, sink: Sink) -> None:
    await sink.send(Reply.of_text("Hello"))


@pytest.fixture(autouse=True)
def _company(assistant: ScriptedAssistant, adapter: TeamsAdapter) -> None:
    assistant.on_hear = say_hello


def prompts(activity: dict[str, Any]) -> list[str]:
    suggested = activity.get("suggestedActions") or {"to": [PRIYA.id], "actions": []}
    assert suggested["to"] == [PRIYA.id]
    assert {action["type"] for action in suggested["actions"]} <= {"imBack"}
    return [action["value"] for action in suggested["actions"]]


@pytest.mark.behaviour("suggested-prompts", "assistant-surface", "install")
async def test_whoever_adds_the_app_is_greeted_once_with_sentences_to_begin_with(
    teams: TeamsServer, adapter: TeamsAdapter
) -> None:
    for _ in range(2):
        await teams.install()
        await adapter.drain()
    [greeting] = teams.shown(teams.private_chat(PRIYA))
    assert "I am ATOM" in words(greeting)
    assert prompts(greeting) == [PROMPT]


async def test_an_upgrade_of_the_app_greets_nobody_and_forgets_nobody(
    teams: TeamsServer, adapter: TeamsAdapter
) -> None:
    await teams.message("hello")
    await adapter.drain()
    for action in ("remove-upgrade", "add-upgrade"):
        await teams.post(teams.activity(PRIYA, type="installationUpdate", action=action))
        await adapter.drain()
    assert len(teams.shown(teams.private_chat(PRIYA))) == 1
    await adapter.reach("acme", "priya.raman@acme.example")


@pytest.mark.behaviour("install")
async def test_after_the_app_is_taken_out_the_way_back_is_forgotten_and_nobody_is_told(
    teams: TeamsServer, adapter: TeamsAdapter
) -> None:
    await teams.install()
    await adapter.drain()
    before = len(teams.calls)
    await teams.post(teams.activity(PRIYA, type="installationUpdate", action="remove"))
    await adapter.drain()
    with pytest.raises(NotFound):
        await adapter.reach("acme", "priya.raman@acme.example")
    assert len(teams.calls) == before


async def test_whoever_adds_the_app_again_is_greeted_again(teams: TeamsServer, adapter: TeamsAdapter) -> None:
    await teams.install()
    await adapter.drain()
    await teams.post(teams.activity(PRIYA, type="installationUpdate", action="remove"))
    await adapter.drain()
    await teams.install()
    await adapter.drain()
    assert len(teams.shown(teams.private_chat(PRIYA))) == 2
    await adapter.reach("acme", "priya.raman@acme.example")


async def test_the_app_taken_out_of_a_team_no_longer_follows_its_threads(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    await teams.mention("hello", chat=THREAD)
    await adapter.drain()
    gone = teams.activity(PRIYA, THREAD, type="conversationUpdate", membersRemoved=[{"id": teams.bot_id}])
    await teams.post(gone)
    await adapter.drain()
    with pytest.raises(NotFound):
        await adapter.reopen("acme", "19:general@thread.tacv2", "1700", "priya.raman@acme.example")


async def test_a_colleague_who_joins_a_channel_is_not_greeted(teams: TeamsServer, adapter: TeamsAdapter) -> None:
    await teams.post(teams.activity(PRIYA, THREAD, type="conversationUpdate", membersAdded=[{"id": "29:new"}]))
    await adapter.drain()
    assert not teams.shown(THREAD)


@pytest.mark.behaviour("app-home")
async def test_home_is_shown_as_a_card_with_sentences_to_go_on_with(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    await teams.message("Home")
    await adapter.drain()
    [home] = teams.shown(teams.private_chat(PRIYA))
    assert words(home) == "The home of priya.raman@acme.example"
    assert prompts(home) == [PROMPT]
    assert not assistant.heard


async def test_home_asked_for_in_a_channel_is_shown_to_the_asker_alone(
    teams: TeamsServer, adapter: TeamsAdapter
) -> None:
    await teams.mention("home", chat=THREAD)
    await adapter.drain()
    assert "The home of" in words(teams.shown(teams.private_chat(PRIYA))[0])
    assert [words(one) for one in teams.shown(THREAD)] == ["I answered you in our private chat."]


def thumb(teams: TeamsServer, answer: dict[str, Any], reaction: str, feedback: str = "{}") -> dict[str, Any]:
    value = {"actionName": "feedback", "actionValue": {"reaction": reaction, "feedback": feedback}}
    return teams.activity(PRIYA, type="invoke", name="message/submitAction", value=value, replyToId=answer["id"])


@pytest.mark.behaviour("feedback")
async def test_every_answer_can_be_rated_and_a_thumb_names_the_message_that_was_answered(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    await teams.message("hello")
    answer = await teams.answer(teams.private_chat(PRIYA))
    await adapter.drain()
    assert answer["channelData"] == {"feedbackLoop": {"type": "default"}}
    given = thumb(teams, answer, "dislike", json.dumps({"feedbackText": "too short"}))
    for _ in range(2):
        response = await teams.post(given)
        assert (response.status_code, response.json()) == (200, {})
    await adapter.drain()
    [press] = assistant.presses
    assert (press.action, press.target, press.value) == ("rate", assistant.heard[0].id, "down\ntoo short")


async def test_a_thumb_is_understood_after_a_restart(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter, shelf: Shelf
) -> None:
    await teams.message("hello")
    answer = await teams.answer(teams.private_chat(PRIYA))
    await adapter.drain()
    again = adapter_for(teams, assistant, shelf)
    await teams.post(thumb(teams, answer, "like"))
    await again.drain()
    assert assistant.presses[0].value == "up"
    await again.aclose()


@pytest.mark.parametrize("value", [None, {}, {"actionName": "other"}, {"actionName": "feedback", "actionValue": 1}])
async def test_a_thumb_that_is_none_is_taken_and_changes_nothing(
    value: Any, teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    response = await teams.post(teams.activity(PRIYA, type="invoke", name="message/submitAction", value=value))
    assert response.status_code == 200
    await adapter.drain()
    assert not assistant.presses
    assert not teams.shown(teams.private_chat(PRIYA))
