"""What is delivered again is finished where it was cut off, and not done a second time."""

from __future__ import annotations

from pathlib import Path

from tests.assistant import office, plan, text


async def test_message_heard_before_is_not_worked_on_again(tmp_path: Path) -> None:
    async with office(tmp_path, "jira") as desk:
        sentence = "create a bug in PAY: checkout times out on iOS"
        first = await desk.say(sentence, event="same")
        assert plan(first).steps
        again = await desk.say(sentence, event="same")
        assert again.replies == []
        other = await desk.say(sentence, event="other")
        assert plan(other).approval != plan(first).approval


async def test_word_that_approved_a_plan_is_not_taken_for_another(tmp_path: Path) -> None:
    async with office(tmp_path, "jira") as desk:
        await desk.say("create a bug in PAY: checkout times out on iOS", event="wish")
        assert "✅" in text(await desk.say("yes", event="word"))
        assert (await desk.say("yes", event="word")).replies == []
