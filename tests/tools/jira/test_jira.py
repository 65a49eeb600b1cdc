"""Jira's tools against the sandbox, each proven, undone and held against Jira's own description."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import Conflict, NotFound, OutcomeUnknown, Rejected
from core.records import Task
from tests.company import Company, company
from tests.description import has_descriptions


@pytest.fixture
async def jira(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "jira") as found:
        yield found
        if has_descriptions():
            assert await found.problems("jira") == []


async def issues(jira: Company, **args: object) -> list[Task]:
    found = await jira.run("jira.search_issues", **args)
    assert isinstance(found, list)
    return [issue for issue in found if isinstance(issue, Task)]


async def issue_of(jira: Company, key: str) -> Task:
    found = await jira.run("jira.get_issue", issue=key)
    assert isinstance(found, Task)
    return found


async def find(jira: Company, tool: str, parameter: str, text: str) -> list[str]:
    return [one.id for one in await (await jira.open("jira")).find(tool, parameter, text)]


async def test_create_is_proven_and_undone(jira: Company) -> None:
    before = await jira.state("jira")
    [priya] = await find(jira, "jira.create_issue", "assignee", "Priya")
    change = await jira.prove(
        "jira.create_issue",
        project="PAY",
        summary="Checkout times out on iOS",
        issue_type="Bug",
        assignee=priya,
        priority="High",
        due_date="2027-01-15",
        labels=["ios"],
        description="Since 5.2.\n\n- cart\n- pay",
    )
    assert change.record.ref.key.startswith("PAY-")
    assert change.record.ref.url.endswith(f"/browse/{change.record.ref.key}")
    await jira.undo(change)
    assert (await jira.state("jira"))["issues"] == before["issues"]


async def test_update_undo_restores_every_field(jira: Company) -> None:
    [first, *_] = await issues(jira, project="PAY", limit=1)
    change = await jira.prove(
        "jira.update_issue", issue=first.ref.key, summary="New title", priority="Highest", labels=["urgent"]
    )
    await jira.undo(change)
    again = await issue_of(jira, first.ref.key)
    assert (again.title, again.priority, again.labels) == (first.title, first.priority, first.labels)


async def test_transition_there_and_back(jira: Company) -> None:
    change = await jira.prove("jira.create_issue", project="PAY", summary="x")
    key = change.record.ref.key
    moved = await jira.prove("jira.transition_issue", issue=key, status="in progress", comment="on it")
    await jira.undo(moved)
    with pytest.raises(Rejected, match="can go to"):
        await jira.run("jira.transition_issue", issue=key, status="Deployed")
    with pytest.raises(Conflict, match="already"):
        await jira.run("jira.transition_issue", issue=key, status="to do")


async def test_assign_comment_and_work_log(jira: Company) -> None:
    [issue] = await issues(jira, project="PAY", limit=1)
    [priya] = await find(jira, "jira.assign_issue", "assignee", "Priya")
    for change in (
        await jira.prove("jira.assign_issue", issue=issue.ref.key, assignee=priya),
        await jira.prove("jira.comment_on_issue", issue=issue.ref.key, body="see https://example.org/a."),
        await jira.prove("jira.log_work", issue=issue.ref.key, time_spent="1h30m", comment="review"),
    ):
        await jira.undo(change)
    again = await issue_of(jira, issue.ref.key)
    assert again.assignee == issue.assignee


async def test_search_pages_and_filters(jira: Company) -> None:
    many = await issues(jira, project="PAY", limit=120)
    assert len({issue.ref.key for issue in many}) == len(many) > 0
    none = await issues(jira, text='a "quoted\\ text', limit=5)
    assert none == []


async def test_names_are_found(jira: Company) -> None:
    assert "PAY" in await find(jira, "jira.create_issue", "project", "payments")
    assert len(await find(jira, "jira.assign_issue", "assignee", "Alex")) == 2
    assert await find(jira, "jira.assign_issue", "assignee", "Zebulon") == []
    with pytest.raises(NotFound):
        await find(jira, "jira.get_issue", "issue", "PAY-99999")


async def test_lost_answer_is_recovered_not_repeated(jira: Company) -> None:
    await jira.fault("jira", kind="cut_off", times=1, path="/rest/api/3/issue$", method="POST", after_effect=True)
    system = await jira.open("jira")
    args = {"project": "PAY", "summary": "Only once"}
    with pytest.raises(OutcomeUnknown):
        await system.run("jira.create_issue", args)
    change = await system.recover("jira.create_issue", args)
    assert change is not None
    found = await issues(jira, text="Only once")
    assert [issue.ref.key for issue in found] == [change.record.ref.key]
    assert await system.recover("jira.create_issue", {"project": "PAY", "summary": "Never sent"}) is None


async def test_types_are_found_in_the_plural(jira: Company) -> None:
    bugs = await issues(jira, project="PAY", issue_type="bugs", limit=3)
    assert {issue.kind for issue in bugs} == {"Bug"}
    assert {issue.kind for issue in await issues(jira, project="PAY", issue_type="Stories", limit=3)} <= {"Story"}
