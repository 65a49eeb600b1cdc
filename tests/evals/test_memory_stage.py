"""Scripts are played through the assistant's door, each on its own."""

from __future__ import annotations

import pytest

from evals.memory.run import evaluate
from evals.memory.script import Script, load_scripts
from evals.memory.stage import has_switch, stage

ASKED = {
    "id": "one",
    "theme": "",
    "systems": ["jira"],
    "keep": {},
    "days": [
        [
            {"who": "dana.whitlock", "say": "create a bug in PAY: checkout times out on iOS", "approve": True},
            {"who": "ken.sato", "call": "jira.comment_on_issue", "args": {"issue": "PAY-87", "body": "Seen again."}},
        ],
        [],
        [
            {"who": "dana.whitlock", "say": "create a bug: checkout times out on Android", "answer": "PAY"},
            {"who": "dana.whitlock@north", "say": "show PAY-87", "in": "#payments"},
        ],
    ],
}


@pytest.mark.slow
async def test_each_script_begins_anew() -> None:
    async with stage() as company:
        first = await company.play(Script.model_validate(ASKED), with_memory=False)
        again = await company.play(Script.model_validate(ASKED), with_memory=False)
    assert [(made.tool, made.status) for made in first.done] == [
        ("jira.create_issue", "done"),
        ("jira.get_issue", "done"),
    ]
    assert [made.args for made in again.done] == [made.args for made in first.done]
    (_, created), (_, by_hand), (_, asked), (_, elsewhere) = first.seen
    assert created.calls[0].labels["project"] == "Payments (PAY)"
    assert "checkout times out on iOS" in created.aside
    assert created.aside == again.seen[0][1].aside  # the same key and link: the system was reset
    assert by_hand.text == ""
    assert "In which project?" in asked.text
    assert "checkout times out on Android" in asked.aside
    assert elsewhere.calls[0].who == "dana.whitlock@north"
    assert "PAY-" not in elsewhere.text  # a list of the system is nothing remembered


@pytest.mark.slow
async def test_scripts_are_scored_with_memory_and_without() -> None:
    two = [script for script in load_scripts() if script.id in ("working-growth-board", "habit-once-is-none")]
    report = await evaluate(two)
    assert (report.scripts, report.off.leaks.n, report.off.false_fill.n) == (2, 1, 1)
    assert report.outright.rates["argument"].n == 1
    assert (report.on is None) == (not has_switch())
