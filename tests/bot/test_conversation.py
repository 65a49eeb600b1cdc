"""The assistant's door, where a platform adds nothing: what may be said, what waits, and what a crash leaves."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.message import Connect, Failure, Plan, Question
from sandbox.server import Sandbox, serve
from tests.assistant import Office, copy_home, office, part, plan, principal, question, receipts, text
from tests.bot.door import Reopener, company_now, restore
from tests.transcripts.brain import BUG_ONLY, SENTENCE, SUMMARY, TO_ALEX, Learned

INES = "ines.carvalho@fernwick.example"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with serve() as running:
        yield running


@pytest.fixture
async def desk(tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[Office]:
    """The assistant, spoken to by somebody connected to Jira and Slack."""
    async with office(tmp_path / "home", "jira", "slack", interpreter=Learned(), sandbox=sandbox) as found:
        yield found


def effects(sandbox: Sandbox) -> tuple[int, int]:
    """How many bugs and how many messages of that text there are."""
    issues = sandbox.vendors["jira"].state["issues"].values()
    said = [one for channel in sandbox.vendors["slack"].state["messages"].values() for one in channel]
    return sum(one["summary"] == SUMMARY for one in issues), sum(one["text"].startswith(SUMMARY) for one in said)


@pytest.mark.behaviour("approve")
@pytest.mark.parametrize("word", ["yes", "Yes, please.", "go ahead", "👍", "ok", "do it"])
async def test_word_that_approves(desk: Office, word: str) -> None:
    shown = plan(await desk.say(SENTENCE))
    said = await desk.say(word)
    assert [line.status for line in receipts(said)] == ["done", "done"]
    assert all(line.key and line.url for line in receipts(said))
    assert shown.approval in said.settled
    assert effects(desk.sandbox) == (1, 1)


@pytest.mark.behaviour("reject")
@pytest.mark.parametrize("word", ["no", "cancel", "never mind", "👎", "stop"])
async def test_word_that_cancels(desk: Office, word: str) -> None:
    await desk.say(SENTENCE)
    said = await desk.say(word)
    assert {line.status for line in receipts(said)} <= {"rejected"}
    assert "ancelled" in text(said)
    assert effects(desk.sandbox) == (0, 0)


@pytest.mark.parametrize("said", ["yes but assign it to Tom", "maybe", "what would that do?", "", "x" * 8001])
async def test_anything_else_approves_nothing(desk: Office, said: str) -> None:
    await desk.say(SENTENCE)
    assert text(await desk.say(said))
    assert effects(desk.sandbox) == (0, 0)


@pytest.mark.behaviour("right-person")
async def test_somebody_else_neither_approves_nor_undoes(desk: Office) -> None:
    ines = principal(desk.sandbox, INES)
    shown = plan(await desk.say(SENTENCE))
    refused = await desk.press("approve", shown.approval, by=ines)
    assert refused.replies[0].is_private
    assert "Only the person who asked" in part(refused, Failure).text
    await desk.say("yes", ines)
    assert effects(desk.sandbox) == (0, 0)

    done = receipts(await desk.say("yes"))
    for line in done:
        assert "can take back" in text(await desk.press("undo", line.undo, by=ines))
    assert effects(desk.sandbox) == (1, 1)


@pytest.mark.behaviour("undo")
async def test_each_receipt_is_undone_by_its_own_button_once(desk: Office) -> None:
    await desk.say(SENTENCE)
    bug, told = receipts(await desk.say("yes"))
    undo = plan(await desk.press("undo", told.undo))
    assert [step.tool for step in undo.steps] == ["slack.delete_message"]
    await desk.press("approve", undo.approval)
    assert effects(desk.sandbox) == (1, 0)
    assert "nothing of yours" in text(await desk.press("undo", told.undo))
    await desk.say("undo that")
    await desk.say("yes")
    assert effects(desk.sandbox) == (0, 0)
    assert "nothing of yours" in text(await desk.press("undo", bug.undo))


@pytest.mark.behaviour("question")
@pytest.mark.parametrize("answer", ["1", "the first", "Alex Novak", "novak"])
async def test_question_is_answered_in_words(desk: Office, answer: str) -> None:
    asked = question(await desk.say(TO_ALEX))
    assert [option.label.partition(" ·")[0] for option in asked.options] == ["Alex Novak", "Alex Okonkwo"]
    assert "Alex Novak" in text(await desk.say(answer))
    assert effects(desk.sandbox) == (0, 0)


@pytest.mark.parametrize("value", ["somebody", "b4547d956e80f5e29afc37b0x", "Priya Raman"])
async def test_forged_answer_is_looked_up_like_any_name(desk: Office, value: str) -> None:
    asked = question(await desk.say(TO_ALEX))
    said = await desk.press("choose", asked.id, value)
    shown = [one for reply in said.replies for one in reply.parts]
    assert all(isinstance(one, Question | Plan | Failure) for one in shown)
    assert effects(desk.sandbox) == (0, 0)


@pytest.mark.behaviour("parked-connect")
async def test_not_connected_says_so_alone_and_goes_on_when_told(tmp_path: Path, sandbox: Sandbox) -> None:
    clients = {"jira": {"id": "c", "secret": "s"}}
    async with office(tmp_path, interpreter=Learned(), sandbox=sandbox, clients=clients) as desk:
        said = await desk.say(BUG_ONLY)
        assert said.replies[0].is_private
        assert part(said, Connect).integration == "jira"
        assert isinstance(part(await desk.say("yes"), Connect), Connect)
        await desk.connect("jira")
        assert plan(await desk.say("yes")).steps[0].tool == "jira.create_issue"


async def test_no_client_registered_says_who_can_help(tmp_path: Path, sandbox: Sandbox) -> None:
    async with office(tmp_path, interpreter=Learned(), sandbox=sandbox, clients={}) as desk:
        assert "An administrator sets ATOM_CLIENTS" in text(await desk.say(BUG_ONLY))


@contextmanager
def watching(home: Path, sandbox: Sandbox, every_s: float = 0.01) -> Iterator[list[tuple[Path, dict[str, Any]]]]:
    """What is on the disk and at the vendors, again and again while the block runs."""
    seen: list[tuple[Path, dict[str, Any]]] = []

    async def watch() -> None:
        while True:
            left = home.with_name(f"left-{len(seen)}")
            copy_home(home, left)
            seen.append((left, company_now(sandbox)))
            await asyncio.sleep(every_s)

    task = asyncio.create_task(watch())
    yield seen
    task.cancel()


async def after_crash(left: Path, held: dict[str, Any], sandbox: Sandbox) -> tuple[Reopener, Reopener]:
    """What the thread hears when the assistant is started on what a crash left, and when it is started once more."""
    restore(sandbox, held)
    heard = Reopener(), Reopener()
    for opener in heard:
        async with office(left, interpreter=Learned(), sandbox=sandbox) as desk:
            desk.running.conversation.openers["terminal"] = opener
            await desk.running.conversation.recover()
    return heard


@pytest.mark.behaviour("restart-mid-stream")
async def test_crash_at_any_moment_of_the_work_has_each_effect_once_and_is_told(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    home = tmp_path / "home"
    async with office(home, "jira", "slack", interpreter=Learned(), sandbox=sandbox) as desk:
        shown = plan(await desk.say(SENTENCE))
        with watching(home, sandbox) as seen:
            await desk.press("approve", shown.approval)
    told = ""
    for left, held in seen:
        first, second = await after_crash(left, held, sandbox)
        assert second.sinks == []
        lines = [line.status == "done" for sink in first.sinks for line in receipts(sink)]
        told += "r" if lines else "p" if first.sinks else "-"
        if lines:
            assert effects(sandbox) == tuple(map(int, lines))
        elif first.sinks:
            assert plan(first.sinks[0]).approval == shown.approval
            assert effects(sandbox) == (0, 0)
    assert re.fullmatch(r"-*p*r+-*", told)  # silent only before the press was taken on and after it was answered


async def test_crash_at_any_moment_of_the_reading_leaves_a_plan_or_a_word(tmp_path: Path, sandbox: Sandbox) -> None:
    home = tmp_path / "home"
    async with office(home, "jira", "slack", interpreter=Learned(), sandbox=sandbox) as desk:
        with watching(home, sandbox) as seen:
            await desk.say(SENTENCE)
    told = ""
    for left, held in seen:
        first, second = await after_crash(left, held, sandbox)
        assert second.sinks == []
        shown = [one for sink in first.sinks for reply in sink.replies for one in reply.parts]
        told += {Plan: "p", Failure: "f"}[type(shown[0])] if shown else "-"
        assert effects(sandbox) == (0, 0)
    assert re.fullmatch(r"-*f*p+-*", told)


async def test_message_that_comes_before_the_recovery_does_not_lose_what_was_cut_off(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    home = tmp_path / "home"
    async with office(home, "jira", "slack", interpreter=Learned(), sandbox=sandbox) as desk:
        shown = plan(await desk.say(SENTENCE))
        await desk.fault("jira", kind="slow", path="/issue$", delay_s=0.3)
        pressed = asyncio.create_task(desk.press("approve", shown.approval))
        while effects(sandbox) == (0, 0):  # noqa: ASYNC110 - the sandbox tells nobody
            await asyncio.sleep(0.005)
        copy_home(home, tmp_path / "left")
        pressed.cancel()
        await asyncio.gather(pressed, return_exceptions=True)
    async with office(tmp_path / "left", interpreter=Learned(), sandbox=sandbox) as desk:
        said = await desk.say("undo that")
        assert [line.status for line in receipts(said)] == ["done", "done"]
        assert [step.tool for step in plan(said).steps] == ["slack.delete_message", "jira.delete_issue"]
        assert effects(sandbox) == (1, 1)
