"""Scripts are played through the assistant's door, each on its own."""

from __future__ import annotations

import pytest

from evals.memory.script import Script
from evals.memory.stage import stage

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
    assert by_hand.text == ""
    assert "In which project?" in asked.text
    assert "checkout times out on Android" in asked.aside
    assert elsewhere.calls[0].who == "dana.whitlock@north"
    assert "Seen again." in elsewhere.text
