"""A plan that waits can be changed in its form: the same exactness, a new approval, and nothing run meanwhile."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import ApprovalInvalid
from core.message import Failure, Plan, Receipt, Receipts
from sandbox.server import Sandbox, serve
from tests.assistant import Office, Recorder, office, part, plan, principal, text
from tests.transcripts.brain import SENTENCE, SUMMARY, Learned

DANA = "dana.whitlock@fernwick.example"
INES = "ines.carvalho@fernwick.example"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with serve() as running:
        yield running


@pytest.fixture
async def desk(tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[Office]:
    async with office(tmp_path / "home", "jira", "slack", interpreter=Learned(), sandbox=sandbox) as found:
        yield found


async def change(desk: Office, shown: Plan, **values: str) -> Recorder:
    return await desk.press("edit", shown.approval, json.dumps(values))


def lines(sink: Recorder, shown: Plan) -> tuple[Receipt, ...]:
    """The receipts that took the place of the plan's card."""
    (found,) = [one for one in sink.settled[shown.approval].parts if isinstance(one, Receipts)]
    return found.lines


def issues(sandbox: Sandbox, summary: str) -> list[object]:
    return [one for one in sandbox.vendors["jira"].state["issues"].values() if one["summary"] == summary]


def value_of(shown: Plan, step: int, name: str) -> str:
    return dict(shown.steps[step - 1].arguments)[name]


async def test_the_form_shows_what_the_plan_shows(desk: Office) -> None:
    shown = plan(await desk.say(SENTENCE))
    fields = await desk.running.conversation.form(shown.approval, desk.who)
    for step, call in enumerate(shown.steps, 1):
        assert {one.label: one.value for one in fields if one.step == step and one.value} == dict(call.arguments)
    by_key = {one.key: one for one in fields}
    assert by_key["1.project"].is_required
    assert [one.label for one in by_key["1.priority"].options] == ["Highest", "High", "Medium", "Low", "Lowest"]
    assert by_key["1.due_date"].kind == "date"
    assert by_key["2.text"].is_long


@pytest.mark.behaviour("edit")
async def test_a_changed_plan_has_a_new_approval_and_runs_as_changed(desk: Office, sandbox: Sandbox) -> None:
    shown = plan(await desk.say(SENTENCE))
    said = "Hot: (the link from step 1)"
    changed = await change(desk, shown, **{"1.summary": "Checkout hangs", "1.assignee": "Tomasz", "2.text": said})
    assert shown.approval in changed.settled
    second = plan(changed)
    assert value_of(second, 1, "Summary") == "Checkout hangs"
    assert value_of(second, 2, "Text") == said
    assert "set aside" in part(await desk.press("approve", shown.approval), Failure).text
    assert issues(sandbox, "Checkout hangs") == []

    done = lines(await desk.press("approve", second.approval), second)
    assert [line.status for line in done] == ["done", "done"]
    assert len(issues(sandbox, "Checkout hangs")) == 1
    posted = [one["text"] for channel in sandbox.vendors["slack"].state["messages"].values() for one in channel]
    assert f"Hot: {done[0].url}" in posted


async def test_changed_there_and_back_it_still_waits(desk: Office, sandbox: Sandbox) -> None:
    shown = plan(await desk.say(SENTENCE))
    other = plan(await change(desk, shown, **{"1.priority": "high"}))
    back = plan(await change(desk, other, **{"1.priority": ""}))
    assert len({shown.approval, other.approval, back.approval}) == 3
    assert back.steps == shown.steps
    assert [line.status for line in lines(await desk.press("approve", back.approval), back)] == ["done", "done"]


@pytest.mark.behaviour("edit")
@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("1.project", "Nowhere", "Nowhere"),
        ("1.project", "", "needed"),
        ("1.assignee", "Alex", "It could be"),
        ("1.priority", "whatever", "Highest, High"),
        ("1.due_date", "soon", "2027-01-31"),
        ("2.text", "(the link from step 2)", "before it"),
        ("1.reporter_of_all", "x", "cannot be changed"),
        ("9.summary", "x", "cannot be changed"),
    ],
)
async def test_a_value_that_does_not_fit_leaves_the_plan_as_it_was(
    desk: Office, sandbox: Sandbox, key: str, value: str, said: str
) -> None:
    shown = plan(await desk.say(SENTENCE))
    refused = await change(desk, shown, **{key: value, "1.summary": "Other"})
    assert said in text(refused)
    assert refused.replies[0].is_private
    assert not refused.settled
    assert [line.status for line in lines(await desk.press("approve", shown.approval), shown)] == ["done", "done"]
    assert issues(sandbox, "Other") == []


@pytest.mark.parametrize("value", ["[1]", '{"1.summary": 3}', "summary=x", "{"])
async def test_what_is_no_form_changes_nothing(desk: Office, value: str) -> None:
    shown = plan(await desk.say(SENTENCE))
    assert "could not read" in text(await desk.press("edit", shown.approval, value))


@pytest.mark.behaviour("right-person")
async def test_nobody_else_sees_or_changes_it(desk: Office) -> None:
    shown = plan(await desk.say(SENTENCE))
    for other in (principal(desk.sandbox, INES), principal(desk.sandbox, DANA, tenant="elsewhere")):
        with pytest.raises(ApprovalInvalid):
            await desk.running.conversation.form(shown.approval, other)
        refused = await desk.press("edit", shown.approval, json.dumps({"1.summary": "Mine"}), by=other)
        assert part(refused, Failure)
        assert not refused.settled


async def test_a_decided_plan_cannot_be_changed(desk: Office) -> None:
    shown = plan(await desk.say(SENTENCE))
    await desk.press("approve", shown.approval)
    assert "already approved" in text(await change(desk, shown, **{"1.summary": "Late"}))


async def test_what_takes_something_back_has_no_fields(desk: Office) -> None:
    shown = plan(await desk.say(SENTENCE))
    await desk.press("approve", shown.approval)
    taking_back = plan(await desk.say("undo that"))
    assert await desk.running.conversation.form(taking_back.approval, desk.who) == ()
    assert "nothing in this plan" in text(await desk.press("edit", taking_back.approval))


async def test_pressed_without_a_form_it_tells_what_can_be_changed(desk: Office) -> None:
    shown = plan(await desk.say(SENTENCE))
    told = text(await desk.press("edit", shown.approval))
    assert f"1. Summary: {SUMMARY}" in told
