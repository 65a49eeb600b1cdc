"""Nothing happens twice: deliveries, clicks, restarts and crashes repeat, effects do not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.assistant import principal
from tests.transcripts.brain import BUG_ONLY, SENTENCE, TO_ALEX
from tests.transcripts.door import stage as opened
from tests.transcripts.stage import DANA, INES, Stage, text


async def test_redelivered_message_is_heard_once(stage: Stage) -> None:
    await stage.say(SENTENCE, copies=3)
    [plan] = stage.direct()
    await stage.say("yes", copies=3)
    assert len(stage.bugs()) == len(stage.told()) == 1
    assert len(stage.direct()) == 2
    assert plan.labels


async def test_two_clicks_at_once_have_one_effect_and_a_clear_word(stage: Stage) -> None:
    await stage.say(SENTENCE)
    [plan] = stage.direct()
    await stage.press(plan, "Approve", copies=2)
    assert len(stage.bugs()) == len(stage.told()) == 1
    done, word = stage.direct()
    assert done.text.count("✅") == 2
    assert "already approved" in word.text


async def test_second_click_later_has_no_effect_and_a_clear_word(stage: Stage) -> None:
    await stage.say(SENTENCE)
    [plan] = stage.direct()
    await stage.press(plan, "Approve")
    await stage.press(plan, "Approve")
    await stage.press(plan, "Cancel")
    assert len(stage.bugs()) == len(stage.told()) == 1
    assert text(stage.direct()).count("already approved; nothing happened again") == 2


async def test_yes_and_click_at_once_have_one_effect(stage: Stage) -> None:
    await stage.say(SENTENCE)
    [plan] = stage.direct()
    await stage.say("yes", wait=False)
    await stage.press(plan, "Approve")
    assert len(stage.bugs()) == len(stage.told()) == 1
    said = text(stage.direct())
    assert "already approved" in said or "nothing waiting for your word" in said


async def test_wrong_person_is_refused_alone_and_the_plan_stays_open(stage: Stage) -> None:
    await stage.say("@" + SENTENCE, where="channel")
    [plan] = stage.channel()
    await stage.press(plan, "Approve", INES, where="channel")
    await stage.press(plan, "Cancel", INES, where="channel")
    await stage.say("yes", INES, where="channel")
    assert (stage.bugs(), stage.told()) == ([], [])
    assert text(stage.whispers(INES)).count("Only the person who asked can decide this plan") == 2
    assert {"Approve", "Cancel"} <= set(stage.channel()[0].labels)
    assert "can decide this plan" not in text(stage.channel())

    await stage.press(plan, "Approve", where="channel")
    assert len(stage.bugs()) == len(stage.told()) == 1


@pytest.mark.parametrize("way", ["Cancel", "no"])
async def test_cancelled_plan_does_nothing(stage: Stage, way: str) -> None:
    await stage.say(SENTENCE)
    [plan] = stage.direct()
    await (stage.say("no") if way == "no" else stage.press(plan, "Cancel"))
    assert "ancelled" in text(stage.direct())
    assert not stage.direct()[0].labels
    await stage.press(plan, "Approve")
    await stage.say("yes")
    assert (stage.bugs(), stage.told()) == ([], [])
    assert "already cancelled" in text(stage.direct())
    assert "nothing waiting" in stage.direct()[-1].text


async def test_new_wish_sets_the_open_plan_aside(stage: Stage) -> None:
    await stage.say(SENTENCE)
    [plan] = stage.direct()
    await stage.say(BUG_ONLY)
    aside, fresh = stage.direct()
    assert "Set aside" in aside.text
    assert not aside.labels
    await stage.press(plan, "Approve")
    assert stage.bugs() == []
    await stage.press(fresh, "Approve")
    assert (len(stage.bugs()), stage.told()) == (1, [])


async def test_expired_plan_does_nothing(kind: str, tmp_path: Path, sandbox: Sandbox) -> None:
    async with opened(kind, tmp_path, sandbox, "jira", "slack", approval_hours=1e-6) as stage:
        await stage.say(SENTENCE)
        [plan] = stage.direct()
        await stage.press(plan, "Approve")
        await stage.say("yes")
        card, word = stage.direct()
        assert "has expired" in card.text
        assert not card.labels
        assert "nothing waiting" in word.text

        await stage.say(SENTENCE)
        await stage.say("yes")
        assert "has expired" in stage.direct()[-1].text
        assert not stage.direct()[-2].labels
        assert (stage.bugs(), stage.told()) == ([], [])


async def test_restart_between_plan_and_approval(stage: Stage) -> None:
    await stage.say(SENTENCE)
    [plan] = stage.direct()
    await stage.restart()
    await stage.press(plan, "Approve")
    assert len(stage.bugs()) == len(stage.told()) == 1
    [done] = stage.direct()
    assert done.text.count("✅") == 2
    await stage.restart()
    await stage.press(plan, "Approve")
    assert len(stage.bugs()) == 1
    await stage.say("undo that")
    await stage.restart()
    await stage.say("yes")
    assert (stage.bugs(), stage.told()) == ([], [])


@pytest.mark.parametrize("way", ["button", "text"])
async def test_restart_between_question_and_answer(stage: Stage, way: str) -> None:
    await stage.say("@" + TO_ALEX, where="channel")
    [question] = stage.channel()
    assert {label.partition(" ·")[0] for label in question.labels} == {"Alex Novak", "Alex Okonkwo"}
    await stage.restart()
    if way == "button":
        novak = next(label for label in question.labels if "Novak" in label)
        await stage.press(question, novak, INES, where="channel")
        assert "put to somebody else" in text(stage.whispers(INES))
        await stage.press(question, novak, where="channel")
    else:
        await stage.say("Novak", where="channel")
    plan = stage.channel()[-1]
    assert "Assignee: Alex Novak" in plan.text
    await stage.say("yes", where="channel")
    assert [bug["summary"] for bug in stage.bugs()] == ["checkout times out on iOS"]


async def test_crash_after_the_word_and_before_the_work(stage: Stage) -> None:
    await stage.say("@" + SENTENCE, where="channel")
    await stage.running.approvals.decide(await stage.approval(), principal(stage.sandbox, DANA.email), approve=True)
    await stage.crash()
    assert len(stage.bugs()) == len(stage.told()) == 1
    assert stage.channel()[-1].text.count("✅") == 2
    await stage.crash()
    assert len(stage.bugs()) == len(stage.told()) == 1


@pytest.mark.parametrize(
    ("vendor", "path", "is_sent"),
    [
        ("jira", "createmeta", False),  # the first call is begun, nothing has left
        ("jira", "rest/api/3/issue$", True),  # the issue is there, its answer is lost
        ("slack", "chat.postMessage", True),  # the second call's answer is lost
        ("slack", "chat.getPermalink", True),  # while it is read back
    ],
)
async def test_crash_in_the_middle(stage: Stage, vendor: str, path: str, is_sent: bool) -> None:
    await stage.say("@" + SENTENCE, where="channel")
    [plan] = stage.channel()
    await stage.fault(vendor, kind="slow", path=path, delay_s=0.5)
    await stage.press(plan, "Approve", where="channel", wait=False)
    await stage.until(lambda: not stage.is_fault_left(vendor))
    await asyncio.sleep(0.05)  # what was written before the call is on the disk
    await stage.crash()
    said = text(stage.channel()[1:])
    if is_sent:
        assert len(stage.bugs()) == len(stage.told()) == 1
        assert said.count("✅") == 2
    else:
        assert (stage.bugs(), stage.told()) == ([], [])
        assert "did not work" in said
        assert "did not happen" in text(stage.whispers())
    await stage.crash()
    await stage.press(plan, "Approve", where="channel")
    assert len(stage.bugs()) <= 1
    assert len(stage.told()) <= 1
