"""Answers that are shown while they are being written."""

from __future__ import annotations

import asyncio

import pytest

from bot.adapters.teams import TeamsAdapter
from bot.adapters.teams_stream import Stream
from bot.assistant import Sink
from core.clock import utc_now
from core.message import Message, Plan, PlanStep, Reply, Text
from tests.bot.teams.conftest import ScriptedAssistant, Shelf, adapter_for
from tests.bot.teams.server import PRIYA, Chat, TeamsServer, buttons, words

GROUP = Chat("19:group@thread.v2", "groupChat")
ANSWER = "Two issues are open: [PAY-1](https://jira.example/PAY-1) and [PAY-2](https://jira.example/PAY-2)."
WRITTEN = Reply(parts=(Text(text=ANSWER),), is_generated=True)


async def write(message: Message, sink: Sink) -> None:
    await sink.status("Working on it …")
    for length in (5, 20, 24, len(ANSWER) - 1):
        await sink.draft(ANSWER[:length])
        await asyncio.sleep(0.6)
    await sink.send(WRITTEN)


@pytest.mark.behaviour("streamed-answers")
@pytest.mark.slow
async def test_an_answer_grows_in_a_private_chat_at_most_once_a_second_and_ends_in_the_finished_one(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    assistant.on_hear = write
    await teams.message("which issues are open?")
    await adapter.drain()
    [answer] = teams.shown(teams.private_chat(PRIYA))
    assert len(teams.streams.shown) == 2
    assert [kind for kind, _ in teams.streams.shown] == ["streaming", "streaming"]
    assert not teams.streams.open
    assert answer["text"].startswith("Two issues are open: [PAY-1](https://jira.example/PAY-1) [1] and")


@pytest.mark.behaviour("citations")
@pytest.mark.slow
async def test_what_a_model_wrote_is_labelled_and_its_links_are_cited(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    assistant.on_hear = write
    await teams.message("which issues are open?")
    await adapter.drain()
    [answer] = teams.shown(teams.private_chat(PRIYA))
    origin = next(one for one in answer["entities"] if one["type"] == "https://schema.org/Message")
    assert origin["additionalType"] == ["AIGeneratedContent"]
    cited = [(one["position"], one["appearance"]["url"]) for one in origin["citation"]]
    assert cited == [(1, "https://jira.example/PAY-1"), (2, "https://jira.example/PAY-2")]
    assert answer["channelData"] == {"feedbackLoop": {"type": "default"}}


async def test_what_no_model_wrote_has_no_such_label(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    async def say(message: Message, sink: Sink) -> None:
        await sink.send(Reply.of_text("see [PAY-1](https://jira.example/PAY-1)"))

    assistant.on_hear = say
    await teams.message("x")
    await adapter.drain()
    [answer] = teams.shown(teams.private_chat(PRIYA))
    assert "AIGeneratedContent" not in str(answer)
    assert "[1]" not in words(answer)


@pytest.mark.behaviour("status")
@pytest.mark.slow
async def test_progress_is_told_while_it_takes_long_and_gives_way_to_the_answer(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    async def work(message: Message, sink: Sink) -> None:
        await sink.status("Working on it …")
        await sink.status("2 of 3 done")
        step = PlanStep(tool="jira.create_issue", title="Create issue", effect="write")
        plan = Plan(approval="ap-1", asker=message.author.id, steps=(step,), expires_at=utc_now())
        await sink.send(Reply(parts=(Text(text="This is what I understood."), plan)))

    assistant.on_hear = work
    await teams.message("x")
    await adapter.drain()
    first, second = teams.shown(teams.private_chat(PRIYA))
    assert teams.streams.shown == [("informative", "2 of 3 done")]
    assert first["text"] == "This is what I understood."
    assert "Approve" in buttons(second)


async def test_in_a_channel_nothing_is_streamed_but_that_something_is_being_written(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    async def write_in_channel(message: Message, sink: Sink) -> None:
        for length in (5, 20):
            await sink.draft(ANSWER[:length])
        await sink.send(WRITTEN)

    assistant.on_hear = write_in_channel
    await teams.mention("which issues are open?", chat=GROUP)
    await adapter.drain()
    bodies = [call.body for call in teams.calls if call.path.endswith("/activities")]
    assert [body["type"] for body in bodies] == ["typing", "message"]
    assert not teams.streams.shown


async def test_a_stream_that_teams_refuses_ends_in_the_whole_answer_as_a_message(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    async def write_twice(message: Message, sink: Sink) -> None:
        await sink.draft(ANSWER[:5])
        teams.streams.open.clear()  # the person pressed Stop
        await sink.send(WRITTEN)

    assistant.on_hear = write_twice
    await teams.message("x")
    await adapter.drain()
    finished = [one for one in teams.shown(teams.private_chat(PRIYA)) if "PAY-2" in str(one)]
    assert len(finished) == 1


@pytest.mark.behaviour("restart-mid-stream")
async def test_a_restart_in_the_middle_of_a_stream_leaves_no_half_answer_as_the_last_word(
    teams: TeamsServer, assistant: ScriptedAssistant, shelf: Shelf
) -> None:
    async def hang(message: Message, sink: Sink) -> None:
        await sink.draft("Two issues")
        await asyncio.Event().wait()

    assistant.on_hear = hang
    first = adapter_for(teams, assistant, shelf)
    await teams.message("which issues are open?")
    await teams.until(lambda: bool(teams.streams.shown))
    await first.drain(0)
    again = adapter_for(teams, assistant, shelf)
    message = assistant.heard[0]
    sink = await again.reopen("acme", message.conversation, message.thread, message.author.id)
    await sink.send(WRITTEN)
    assert "PAY-2" in words(teams.shown(teams.private_chat(PRIYA))[-1])
    await first.aclose()
    await again.aclose()


async def test_an_update_is_given_up_rather_than_late(teams: TeamsServer, adapter: TeamsAdapter) -> None:
    times = iter([0.0, 0.0, 0.4, 0.9, 1.1, 1.1, 1.5])
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    await teams.message("hello")
    await adapter.drain()
    place = (await adapter.reach("acme", "priya.raman@acme.example")).place
    stream = Stream(adapter.transport, place, lambda: next(times), sleep)
    teams.streams.least_s = 0.0
    for text in ("a", "ab", "abc", "abcd"):
        await stream.write(text)
    assert [text for _, text in teams.streams.shown] == ["a", "abcd"]
    await stream.finish({"type": "message", "text": "abcd."})
    assert waited == [pytest.approx(0.6)]
