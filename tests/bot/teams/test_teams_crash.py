"""What Teams delivered is answered, whatever becomes of the process that took it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.assistant import Sink
from core.message import Message, Reply
from tests.assistant import office, text
from tests.bot.teams.conftest import ScriptedAssistant, Shelf, adapter_for
from tests.bot.teams.server import PRIYA, TeamsServer, words


async def test_a_message_under_way_when_the_process_ends_is_answered_by_the_next_one(
    teams: TeamsServer, assistant: ScriptedAssistant, shelf: Shelf
) -> None:
    async def hang(message: Message, sink: Sink) -> None:
        await asyncio.Event().wait()

    async def answer(message: Message, sink: Sink) -> None:
        await sink.send(Reply.of_text("Done"))

    assistant.on_hear = hang
    first = adapter_for(teams, assistant, shelf)
    await teams.message("hello")
    await first.drain(0.1)
    assistant.on_hear = answer
    second = adapter_for(teams, assistant, shelf)
    await second.drain()
    assert [message.id for message in assistant.heard] == [assistant.heard[0].id] * 2
    assert [words(one) for one in teams.shown(teams.private_chat(PRIYA))] == ["Done"]
    await first.aclose()
    await second.aclose()


async def test_two_workers_on_one_database_answer_a_message_once(
    teams: TeamsServer, assistant: ScriptedAssistant, shelf: Shelf
) -> None:
    async def answer(message: Message, sink: Sink) -> None:
        await sink.send(Reply.of_text("Done"))

    assistant.on_hear = answer
    activity = teams.activity(PRIYA, type="message", text="hello")
    workers = []
    for _ in range(2):
        workers.append(adapter_for(teams, assistant, shelf))
        assert (await teams.post(activity)).status_code == 202
    for worker in workers:
        await worker.drain()
    assert len(assistant.heard) == 1
    for worker in workers:
        await worker.aclose()


async def test_a_message_delivered_again_after_it_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    async with office(tmp_path, "jira") as here:
        asked = "create a bug in PAY: checkout times out on iOS"
        first = await here.say(asked, event="e-1")
        again = await here.say(asked, event="e-1")
        assert "checkout times out" in text(first)
        assert again.replies == []
