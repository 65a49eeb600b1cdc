"""The main conversation, from a sentence to proven work and back, through each door."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.transcripts.brain import SENTENCE
from tests.transcripts.door import stage
from tests.transcripts.stage import INES, Card, Stage


def check_plan(card: Card) -> None:
    """Every exact argument, and the two buttons."""
    for words in (
        "Jira: Create issue",
        "Project: Payments (PAY)",
        "Summary: checkout times out on iOS",
        "Issue type: Bug",
        "Assignee: Priya Raman",
        "Slack: Send message",
        "Channel: #eng-oncall",
        "Text: checkout times out on iOS: (the link from step 1)",
    ):
        assert words in card.text
    assert [one for one in card.labels if one != "Edit"] == ["Approve", "Cancel"]


def check_done(found: Stage, card: Card) -> None:
    """Two receipts whose ids and links are those that the systems hold."""
    [bug], [told] = found.bugs(), found.told()
    link = f"https://fernwick.atlassian.net/browse/{bug['key']}"
    assert card.text.count("✅") == 2
    assert bug["key"] in card.text
    assert link in card.text
    assert told["ts"] in card.text
    assert re.search(rf"https://fernwick\.slack\.com/archives/\w+/p{told['ts'].replace('.', '')}", card.text)
    assert told["text"] == f"checkout times out on iOS: <{link}>" or told["text"].endswith(link)
    assert bug["type"] == "Bug"


@pytest.mark.behaviour("approve", "undo")
@pytest.mark.parametrize("kind", ["slack", "socket", "teams"])
async def test_sentence_plan_button_receipts_undo(kind: str, tmp_path: Path, sandbox: Sandbox) -> None:
    async with stage(kind, tmp_path, sandbox, "jira", "slack") as found:
        await found.say(SENTENCE)
        [plan] = found.direct()
        check_plan(plan)
        assert (found.bugs(), found.told()) == ([], [])

        await found.press(plan, "Approve")
        [done] = found.direct()
        check_done(found, done)
        assert done.labels.count("Undo") >= 1

        await found.say("undo that")
        [_, undo] = found.direct()
        assert found.bugs()[0]["key"] in undo.text
        assert "destructive" in undo.text.lower()
        assert len(found.bugs()) == len(found.told()) == 1

        await found.press(undo, "Approve")
        [_, undone] = found.direct()
        assert undone.text.count("✅") == 2
        assert (found.bugs(), found.told()) == ([], [])


@pytest.mark.behaviour("approve", "undo")
async def test_sentence_plan_yes_receipts_undo(stage: Stage) -> None:
    await stage.say(SENTENCE)
    await stage.say("yes")
    [card, done] = stage.direct()
    assert card.text.startswith("Approved")
    assert not card.labels
    check_done(stage, done)

    await stage.say("undo that")
    await stage.say("yes")
    assert stage.direct()[-1].text.count("✅") == 2
    assert (stage.bugs(), stage.told()) == ([], [])


@pytest.mark.behaviour("thread-follow-up")
async def test_channel_thread_is_followed_without_a_mention(stage: Stage) -> None:
    await stage.say("@" + SENTENCE, where="channel")
    [plan] = stage.channel()
    check_plan(plan)
    await stage.say("yes", where="channel")
    check_done(stage, stage.channel()[-1])
    assert not stage.direct()
    await stage.say("undo that", INES, where="channel")
    assert "nothing of yours" in stage.channel()[-1].text
    await stage.say("undo that", where="channel")
    await stage.say("yes", where="channel")
    assert (stage.bugs(), stage.told()) == ([], [])


async def test_local_interpreter_reads_it(kind: str, tmp_path: Path, sandbox: Sandbox) -> None:
    async with stage(kind, tmp_path, sandbox, "jira", "slack", is_learned=False) as found:
        await found.say(SENTENCE)
        [plan] = found.direct()
        for words in (
            "Project: Payments (PAY)",
            "Summary: checkout times out on iOS",
            "Issue type: Bug",
            "Assignee: Priya Raman",
            "Channel: #eng-oncall",
        ):
            assert words in plan.text
        await found.say("yes")
        assert len(found.bugs()) == 1
        done = found.direct()[-1]
        assert done.text.count("✅") == 2
        assert found.bugs()[0]["key"] in done.text

        await found.say("undo that")
        assert {"Approve", "Cancel"} <= set(found.direct()[-1].labels)
        await found.say("yes")
        assert found.direct()[-1].text.count("✅") == 2
        assert found.bugs() == []
