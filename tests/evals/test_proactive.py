"""The month of what is said unasked: its script, its figures, and a run in which nothing changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.proactive.month import load
from evals.proactive.replay import FULL, Switches, play
from evals.proactive.report import SCRIPT, Report, Result, score
from sandbox.company import Company

REPORT = SCRIPT.with_name("report.json")


async def run(folder: Path, switches: Switches) -> Result:
    month = load(SCRIPT)
    return score(month, await play(month, switches, folder))


def test_the_script_is_a_month_of_people_of_the_company() -> None:
    month = load(SCRIPT)
    assert len(month.people) >= 4
    assert len(month.candidates) >= 150
    assert len({one.at.date() for one in month.candidates if one.at.weekday() < 5}) >= 20
    assert {one.kind for one in month.candidates} == {
        "reminder", "digest", "alert", "suggestion", "approval", "result",
    }  # fmt: skip
    assert {one.label for one in month.candidates} == {"useful", "noise", "repeat", "flap", "stale"}
    company = Company()
    for one in month.people.values():
        assert company.by_email[one.email].time_zone == one.zone


@pytest.mark.slow
async def test_it_says_what_is_useful_and_little_else(tmp_path: Path) -> None:
    result = await run(tmp_path, FULL)
    assert (result.unchanged, result.disturbed) == (0, 0)
    assert result.by_label.get("repeat", 0) == 0
    assert (result.all.recall.share or 0) > 0.95
    assert (result.by_kind["approval"].recall.share, result.by_kind["reminder"].recall.share) == (1, 1)
    everything = Switches("everything", dedup=False, learning=False, budget=False, quiet=False)
    (tmp_path / "everything").mkdir()
    floor = await run(tmp_path / "everything", everything)
    assert floor.lines == floor.candidates
    assert (result.all.precision.share or 0) > (floor.all.precision.share or 0) + 0.15
    kept = next(one for one in Report.model_validate_json(REPORT.read_text("utf-8")).results if one.name == FULL.name)
    assert kept == result
