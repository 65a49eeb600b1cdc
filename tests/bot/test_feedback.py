"""What people thought of answers is kept by the turn, once for each person, and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.feedback import Feedback
from core.message import Failure
from tests.assistant import office, part, principal, text
from tests.transcripts.brain import BUG_ONLY, Learned

INES = "ines.carvalho@fernwick.example"


async def test_a_thumb_is_kept_for_its_turn(tmp_path: Path) -> None:
    async with office(tmp_path / "home", "jira", interpreter=Learned()) as desk:
        turn = (await desk.say(BUG_ONLY)).replies[0].turn
        assert turn
        assert "noted" in text(await desk.press("rate", turn, "up"))
        await desk.press("rate", turn, "down:wrong")
        await desk.press("rate", turn, "up", by=principal(desk.sandbox, INES))
        await desk.press("rate", turn, "up", by=principal(desk.sandbox, INES, tenant="elsewhere"))
        for value in ("", "sideways", "down:because it said my salary"):
            assert part(await desk.press("rate", turn, value), Failure)
        assert await Feedback(desk.running.database).counts() == {
            ("fernwick", "down", "wrong"): 1,
            ("fernwick", "up", ""): 1,
            ("elsewhere", "up", ""): 1,
        }


@pytest.mark.parametrize("target", ["", "x" * 81])
async def test_what_names_no_turn_is_refused(tmp_path: Path, target: str) -> None:
    async with office(tmp_path / "home", interpreter=Learned()) as desk:
        assert part(await desk.press("rate", target, "up"), Failure)
        assert not await Feedback(desk.running.database).counts()
