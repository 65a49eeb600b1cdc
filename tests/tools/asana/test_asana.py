"""Asana's tools where the walk does not show them, held against Asana's own description."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import BadSignature, Conflict, Forbidden, InvalidArgument, OutcomeUnknown, Rejected
from core.records import Project, Task
from core.tool import Change
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.asana.integration import Asana
from tools.kit.webhook import Delivery


@pytest.fixture
async def asana(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "asana") as found:
        yield found
        if has_descriptions():
            assert await found.problems("asana") == []


async def find(asana: Company, tool: str, parameter: str, text: str, **args: str) -> list[str]:
    return [one.id for one in await (await asana.open("asana")).find(f"asana.{tool}", parameter, text, args)]


async def only(asana: Company, tool: str, parameter: str, text: str, **args: str) -> str:
    [found] = await find(asana, tool, parameter, text, **args)
    return found


async def tasks(asana: Company, tool: str, **args: object) -> list[Task]:
    found = await asana.run(f"asana.{tool}", **args)
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, Task)]


async def test_names_are_found(asana: Company) -> None:
    system = await asana.open("asana")
    launch = await only(asana, "create_task", "project", "spring launch")
    assert await find(asana, "create_task", "project", f"https://app.asana.com/0/{launch}/list") == [launch]
    assert await find(asana, "create_task", "project", f"https://app.asana.com/1/77/project/{launch}/board/9") == [
        launch
    ]
    assert await find(asana, "create_task", "project", launch) == [launch]
    assert await find(asana, "create_task", "project", "Nonesuch") == []
    pricing = await only(asana, "get_task", "task", "pricing page")
    assert await find(asana, "get_task", "task", f"https://app.asana.com/0/{launch}/{pricing}/f") == [pricing]
    link = f"https://app.asana.com/1/77/project/{launch}/task/{pricing}?focus=true"
    assert await find(asana, "get_task", "task", link) == [pricing]
    assert await find(asana, "get_task", "task", "1234567") == []
    assert [one.detail for one in await system.find("asana.get_task", "task", "Case study")] == [
        "Content calendar, Drafting, open"
    ] * 2
    alex = await system.find("asana.update_task", "assignee", "Alex")
    assert {one.detail for one in alex} == {"alex.novak@fernwick.example", "alex.okonkwo@fernwick.example"}
    assert await find(asana, "update_task", "assignee", "alex.novak@fernwick.example") == [alex[0].id]
    assert await find(asana, "update_task", "assignee", alex[0].id) == [alex[0].id]
    assert await find(asana, "update_task", "assignee", "nobody@example.org") == []
    review = await only(asana, "create_task", "section", "in review", project=launch)
    assert await find(asana, "move_task_to_section", "section", "review", task=pricing) == [review]
    assert await find(asana, "create_task", "section", "Elsewhere", project=launch) == []
    with pytest.raises(InvalidArgument, match="say which one"):
        await find(asana, "create_task", "section", "In review")
    names = await system.list_names()
    assert "Spring launch" in names["project"]
    assert "Priya Raman" in names["person"]


async def test_lists_come_in_pages(asana: Company) -> None:
    calendar = await only(asana, "list_project_tasks", "project", "content calendar")
    published = await only(asana, "list_project_tasks", "section", "Published", project=calendar)
    posts = await tasks(asana, "list_project_tasks", project=calendar, section=published, limit=105)
    assert len({one.ref.id for one in posts}) == 105
    assert {one.section for one in posts} == {"Published"}
    assert {one.status for one in await tasks(asana, "list_project_tasks", project=calendar)} == {"open"}


async def test_search_and_what_replaces_it_on_a_free_plan(asana: Company) -> None:
    pieter = await only(asana, "search_tasks", "assignee", "Pieter")
    wanted: list[dict[str, object]] = [
        {"text": "case study", "completed": False},
        {"assignee": pieter, "completed": False, "due_after": "2020-01-01"},
        {"project": await only(asana, "search_tasks", "project", "Spring launch"), "due_before": "2099-01-01"},
    ]
    paid = [{one.ref.id for one in await tasks(asana, "search_tasks", **args)} for args in wanted]
    assert all(paid)
    asana.sandbox.vendors["asana"].has_search = False  # type: ignore[attr-defined]
    assert [{one.ref.id for one in await tasks(asana, "search_tasks", **args)} for args in wanted] == paid
    with pytest.raises(Forbidden, match="plan"):
        await asana.run("asana.search_tasks", completed=True)


async def test_what_cannot_be_done_says_why(asana: Company) -> None:
    pricing = await only(asana, "get_task", "task", "pricing page")
    offsite = await only(asana, "create_task", "project", "Summer offsite")
    foreign = await only(asana, "create_task", "section", "Untitled section", project=offsite)
    with pytest.raises(Rejected, match="no project that has this section"):
        await asana.run("asana.move_task_to_section", task=pricing, section=foreign)
    with pytest.raises(Rejected, match="not in that project"):
        await asana.run("asana.move_task_to_section", task=pricing, section=foreign, project=offsite)
    progress = await only(asana, "move_task_to_section", "section", "In progress", task=pricing)
    with pytest.raises(Conflict, match="already"):
        await asana.run("asana.move_task_to_section", task=pricing, section=progress)
    with pytest.raises(Conflict, match="open already"):
        await asana.run("asana.complete_task", task=pricing, completed=False)
    with pytest.raises(Rejected, match="nothing to change"):
        await asana.run("asana.update_task", task=pricing)
    await asana.fault("asana", kind="refused", status=400, path=f"/tasks/{pricing}$", method="PUT")
    with pytest.raises(Rejected):
        await asana.run("asana.update_task", task=pricing, name="x")
    await asana.connect("asana", scopes=["tasks:read", "users:read", "workspaces:read"])
    with pytest.raises(Forbidden, match="tasks:write"):
        await asana.run("asana.update_task", task=pricing, name="x")


async def test_lost_answers_are_looked_for_and_not_repeated(asana: Company) -> None:
    launch = await only(asana, "create_task", "project", "Spring launch")
    pricing = await only(asana, "get_task", "task", "pricing page")
    for tool, args in (
        ("create_task", {"name": "Only once", "project": launch}),
        ("create_task", {"name": "Only once, for me"}),
        ("add_comment", {"task": pricing, "text": "only once"}),
        ("post_project_status", {"project": launch, "status": "at_risk", "text": "only once"}),
        ("delete_task", {"task": pricing}),
    ):
        system = await asana.open("asana")
        assert await system.recover(f"asana.{tool}", args) is None
        for method in ("POST", "DELETE"):
            await asana.fault("asana", kind="cut_off", times=1, method=method, after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"asana.{tool}", args)
        await asana.client.delete(f"{asana.sandbox.url}/_sandbox/asana/faults")
        change = await system.recover(f"asana.{tool}", args)
        assert isinstance(change, Change)
        record = await system.prove(f"asana.{tool}", change)
        assert (record is None) is change.is_gone


async def test_comments_are_shown_with_the_task(asana: Company) -> None:
    pricing = await only(asana, "get_task", "task", "pricing page")
    task = await asana.run("asana.get_task", task=pricing)
    assert isinstance(task, Task)
    assert [one.author for one in task.comments] == ["Lena Hoffmann", "Dana Whitlock"]
    projects = await asana.run("asana.list_projects")
    assert isinstance(projects, list)
    assert {one.health for one in projects if isinstance(one, Project) and one.title == "Spring launch"} == {"at_risk"}


async def test_the_stream_gives_all_and_then_only_the_change(asana: Company) -> None:
    system = await asana.open("asana")
    first = await system.stream("task")
    held = (await asana.state("asana"))["tasks"]
    assert {one.ref.id for one in first.records} == set(held)
    assert list((await system.stream("task", first.cursor)).records) == []
    change = await asana.prove("asana.create_task", name="Fresh")
    second = await system.stream("task", first.cursor)
    assert [one.ref.id for one in second.records] == [change.record.ref.id]
    assert list((await system.stream("task", second.cursor)).records) == []


async def test_webhooks_are_greeted_verified_and_understood(asana: Company) -> None:
    vendor = asana.sandbox.vendors["asana"]
    hello = Asana.greet(Delivery.of({"X-Hook-Secret": "s3cret"}, b"{}"), "")
    assert hello is not None
    assert (hello.secret, hello.headers) == ("s3cret", {"X-Hook-Secret": "s3cret"})
    target = {"url": "http://127.0.0.1:9/hook", "secret": "s3cret"}
    (await asana.client.post(f"{asana.sandbox.url}/_sandbox/asana/webhooks", json=target)).raise_for_status()
    pricing = await only(asana, "get_task", "task", "pricing page")
    comment = await asana.prove("asana.add_comment", task=pricing, text="hello")
    await asana.prove("asana.complete_task", task=pricing)
    rows = (await asana.client.get(f"{asana.sandbox.url}/_sandbox/asana/deliveries")).json()
    found = []
    assert Asana.webhook is not None
    for row in rows:
        body = row["body"].encode()
        delivery = Delivery.of(vendor.sign("s3cret", body, row["about"]), body)
        assert Asana.greet(delivery, "s3cret") is None
        Asana.webhook.verify(delivery, "s3cret")
        found += Asana.events(delivery)
        with pytest.raises(BadSignature):
            Asana.webhook.verify(delivery, "other")
    assert [(one.kind, one.ref and one.ref.id) for one in found] == [
        ("story.added", comment.record.ref.id),
        ("task.changed", pricing),
    ]
    assert len({one.id for one in found}) == 2
    assert Asana.events(Delivery.of({}, json.dumps({"events": []}).encode())) == []
