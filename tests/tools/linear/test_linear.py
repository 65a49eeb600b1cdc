"""Linear's tools against the sandbox, each proven, undone and held against Linear's own schema."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.db import Database, Table
from core.errors import (
    BadSignature,
    Conflict,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    VendorUnavailable,
)
from core.principal import Principal
from core.records import Event, Project, Task
from core.vault import Vault
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.linear.integration import Linear
from tools.integrations.linear.mapping import settled
from tools.kit.connection import Connection
from tools.kit.http import Answer
from tools.kit.webhook import Delivery
from tools.registry import Registry


@pytest.fixture
async def linear(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "linear") as found:
        yield found
        if has_descriptions():
            assert await found.problems("linear") == []


async def find(linear: Company, tool: str, parameter: str, text: str) -> list[str]:
    return [one.id for one in await (await linear.open("linear")).find(f"linear.{tool}", parameter, text)]


async def only(linear: Company, tool: str, parameter: str, text: str) -> str:
    [found] = await find(linear, tool, parameter, text)
    return found


async def issues(linear: Company, **args: Any) -> list[Task]:
    found = await linear.run("linear.list_issues", **args)
    assert isinstance(found, list)
    return found


async def living(linear: Company) -> dict[str, dict[str, Any]]:
    """Every issue that is not in the trash, without when it was touched."""
    held = (await linear.state("linear"))["issues"]
    return {
        key: {name: value for name, value in row.items() if name != "updatedAt"}
        for key, row in held.items()
        if not row["trashed"]
    }


async def test_create_is_proven_and_undone(linear: Company) -> None:
    before = await living(linear)
    change = await linear.prove(
        "linear.create_issue",
        title="Checkout flickers in dark mode",
        team=await only(linear, "create_issue", "team", "ENG"),
        description="Since 5.2:\n\n- cart\n- pay  \n\nNot on the web.",
        assignee=await only(linear, "create_issue", "assignee", "Priya"),
        priority="high",
        labels=["Bug", "checkout"],
        project=await only(linear, "create_issue", "project", "launch"),
        due_date="2027-01-15",
        estimate=3,
    )
    assert change.record.ref.key.startswith("ENG-")
    assert f"/issue/{change.record.ref.key}/" in change.record.ref.url
    assert change.expect["labels"] == ("bug", "checkout")
    assert change.expect["project"] == "Spring launch"
    assert (change.expect["priority"], change.expect["estimate"]) == ("high", 3)
    await linear.undo(change)
    assert await living(linear) == before


async def test_labels_of_another_team_are_not_taken(linear: Company) -> None:
    team = await only(linear, "create_issue", "team", "ENG")
    with pytest.raises(Rejected, match=r"no label “store-review”; there are .*bug"):
        await linear.run("linear.create_issue", title="x", team=team, labels=["store-review"])
    mobile = await only(linear, "create_issue", "team", "the Mobile team")
    await linear.prove("linear.create_issue", title="x", team=mobile, labels=["store-review"])


async def test_update_undo_restores_every_field(linear: Company) -> None:
    before = await living(linear)
    [task] = await issues(linear, team=await only(linear, "list_issues", "team", "ENG"), state="started", limit=1)
    change = await linear.prove(
        "linear.update_issue",
        issue=task.ref.key,
        state="done",
        assignee=await only(linear, "update_issue", "assignee", "joe.mbeki@fernwick.example"),
        priority="urgent",
        title="Another title",
        description="* one\n* two",
        due_date="2027-02-01",
        estimate=5,
        add_labels=["customer"],
        cycle="next",
    )
    assert (change.expect["status"], change.expect["cycle"]) == ("Done", "Cycle 32")
    assert set(change.expect["labels"]) == {*task.labels, "customer"}
    await linear.undo(change)
    after = await living(linear)
    started = {key: row.pop("startedAt") for key, row in after.items()}
    assert started.keys() == before.keys()
    assert after == {key: {n: v for n, v in row.items() if n != "startedAt"} for key, row in before.items()}


async def test_states_are_said_by_name_or_kind(linear: Company) -> None:
    team = await only(linear, "create_issue", "team", "ENG")
    made = await linear.prove("linear.create_issue", title="x", team=team)
    for word, name in (("in review", "In Review"), ("started", "In Progress"), ("close", "Done"), ("todo", "Todo")):
        change = await linear.prove("linear.update_issue", issue=made.record.ref.key, state=word)
        assert change.expect["status"] == name
    with pytest.raises(Rejected, match="no state “deployed”; there are Backlog, Todo"):
        await linear.run("linear.update_issue", issue=made.record.ref.key, state="deployed")
    with pytest.raises(Rejected, match="nothing to change"):
        await linear.run("linear.update_issue", issue=made.record.ref.key)
    await linear.prove("linear.update_issue", issue=made.record.ref.key, add_labels=["bug"])
    with pytest.raises(Conflict, match="already"):
        await linear.run("linear.update_issue", issue=made.record.ref.key, add_labels=["bug"])


async def test_comment_is_proven_and_undone(linear: Company) -> None:
    before = (await linear.state("linear"))["comments"]
    [task] = await issues(linear, limit=1)
    change = await linear.prove("linear.comment_on_issue", issue=task.ref.key, body="On staging:\n\n- a\n- b")
    read = await linear.run("linear.get_issue", issue=task.ref.key)
    assert isinstance(read, Task)
    assert read.comments[-1].text == "On staging:\n\n- a\n- b"
    assert read.comments[-1].author == "Dana Whitlock"
    await linear.undo(change)
    assert (await linear.state("linear"))["comments"] == before


async def test_project_update_is_proven_and_undone(linear: Company) -> None:
    before = (await linear.state("linear"))["projects"]
    project = await only(linear, "post_project_update", "project", "Spring launch")
    change = await linear.prove(
        "linear.post_project_update", project=project, health="offTrack", body="Two engineers are out."
    )
    found = await linear.run("linear.list_projects")
    assert isinstance(found, list)
    assert [one.health for one in found if one.title == "Spring launch"] == ["offTrack"]
    await linear.undo(change)
    assert (await linear.state("linear"))["projects"] == before


async def test_deleted_goes_to_the_trash_and_back(linear: Company) -> None:
    before = await living(linear)
    [task] = await issues(linear, limit=1)
    change = await linear.prove("linear.delete_issue", issue=task.ref.key)
    assert task.ref.key not in [one.ref.key for one in await issues(linear, limit=250)]
    with pytest.raises(NotFound, match="trash"):
        await linear.run("linear.get_issue", issue=task.ref.key)
    await linear.undo(change)
    assert await living(linear) == before


async def test_lists_page_and_filter(linear: Company) -> None:
    many = await issues(linear, limit=200)
    assert len({task.ref.id for task in many}) == len(many) > 70
    priya = await only(linear, "list_issues", "assignee", "Priya")
    assert {str(task.assignee) for task in await issues(linear, assignee=priya)} == {"Priya Raman"}
    urgent = await issues(linear, priority="urgent")
    assert {task.priority for task in urgent} == {"urgent"}
    assert {task.status for task in await issues(linear, state="started")} <= {"In Progress", "In Review"}
    assert {task.cycle for task in await issues(linear, cycle="this cycle")} == {"Cycle 31"}
    assert await issues(linear, cycle="number 31") == []
    assert {task.cycle for task in await issues(linear, cycle="31")} == {"Cycle 31"}
    assert all("bug" in task.labels for task in await issues(linear, label="Bug", limit=50))
    due = [task.due for task in many if task.due]
    soon = await issues(linear, due_after=min(due).isoformat(), due_before=max(due).isoformat(), limit=100)
    assert sorted(task.due for task in soon if task.due) == sorted(d for d in due if min(due) < d < max(due))
    with pytest.raises(Rejected, match="no state"):
        await issues(linear, state="deployed")


async def test_search_looks_at_words_and_comments(linear: Company) -> None:
    found = await linear.run("linear.search_issues", term="webhook 502")
    assert isinstance(found, list)
    [task] = found
    assert isinstance(task, Task)
    await linear.prove("linear.comment_on_issue", issue=task.ref.key, body="see the zebra log")
    assert await linear.run("linear.search_issues", term="zebra") == []
    same = await linear.run("linear.search_issues", term="zebra", include_comments=True)
    assert isinstance(same, list)
    assert [one.ref for one in same] == [task.ref]
    growth = await only(linear, "search_issues", "team", "growth")
    assert await linear.run("linear.search_issues", term="webhook", team=growth) == []


async def test_projects_and_cycle(linear: Company) -> None:
    mobile = await only(linear, "list_projects", "team", "MOBL")
    projects = await linear.run("linear.list_projects", team=mobile, state="started")
    assert isinstance(projects, list)
    assert "Offline sales" in [one.title for one in projects]
    dana = await only(linear, "list_projects", "lead", "Dana")
    [led] = await linear.run("linear.list_projects", lead=dana)  # type: ignore[misc]
    assert isinstance(led, Project)
    assert str(led.lead) == "Dana Whitlock"
    cycle = await linear.run("linear.current_cycle", team=await only(linear, "current_cycle", "team", "ENG"))
    assert isinstance(cycle, Event)
    assert cycle.title == "Cycle 31 of Engineering"
    assert cycle.done is not None
    assert cycle.total is not None
    assert cycle.total - cycle.done == len([line for line in cycle.detail.split("\n") if line])
    with pytest.raises(NotFound, match="Growth has no cycle"):
        await linear.run("linear.current_cycle", team=await only(linear, "current_cycle", "team", "Growth"))


async def test_names_are_found(linear: Company) -> None:
    assert len(await find(linear, "update_issue", "assignee", "Alex")) == 2
    assert await find(linear, "update_issue", "assignee", "Zebulon") == []
    assert len(await find(linear, "update_issue", "assignee", "ines")) == 1
    system = await linear.open("linear")
    [found] = await system.find("linear.get_issue", "issue", "Webhook retries stop after a 502")
    assert await find(linear, "get_issue", "issue", found.id.lower()) == [found.id]
    [task] = [one for one in await issues(linear, limit=200) if one.ref.key == found.id]
    assert await find(linear, "get_issue", "issue", task.ref.url) == [found.id]
    assert await find(linear, "get_issue", "issue", task.ref.id) == [found.id]
    project = next(iter((await linear.state("linear"))["projects"].values()))
    assert await find(linear, "post_project_update", "project", project["url"]) == [project["id"]]
    with pytest.raises(NotFound):
        await find(linear, "get_issue", "issue", "ENG-99999")
    assert await find(linear, "get_issue", "issue", "UTF-8 breaks") == []
    names = await system.list_names()
    assert {"ENG", "Engineering"} <= set(names["team"])
    assert "Spring launch" in names["project"]
    assert len(names["person"]) == len(linear.sandbox.world.company.people)


async def test_lost_answers_are_recovered_not_repeated(linear: Company) -> None:
    team = await only(linear, "create_issue", "team", "ENG")
    project = await only(linear, "post_project_update", "project", "Ledger")
    [task] = await issues(linear, limit=1)
    for tool, args in (
        ("linear.create_issue", {"title": "Only once", "team": team}),
        ("linear.comment_on_issue", {"issue": task.ref.key, "body": "- only once"}),
        ("linear.post_project_update", {"project": project, "health": "onTrack", "body": "only once"}),
    ):
        system = await linear.open("linear")
        assert await system.recover(tool, args) is None
        await linear.fault("linear", kind="cut_off", times=1, path="/graphql$", after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(tool, args)
        change = await system.recover(tool, args)
        assert change is not None
        record = await system.prove(tool, change)
        assert record is not None
        assert record.ref == change.record.ref
    assert [one.title for one in await issues(linear, limit=200)].count("Only once") == 1


async def test_rate_limit_is_waited_for_and_then_told(linear: Company) -> None:
    await linear.fault("linear", kind="rate_limited", times=1, retry_after=1)
    assert await issues(linear, limit=1)
    await linear.fault("linear", kind="rate_limited", times=1, retry_after=60)
    with pytest.raises(RateLimited) as caught:
        await issues(linear, limit=1)
    assert caught.value.retry_after_s == pytest.approx(60, abs=5)


async def test_scopes_and_a_lost_sign_in(linear: Company) -> None:
    team = await only(linear, "create_issue", "team", "ENG")
    await linear.connect("linear", scopes=["read"])
    with pytest.raises(Forbidden, match="write"):
        await linear.run("linear.create_issue", title="x", team=team)
    await linear.connect("linear", scopes=["read", "comments:create"])
    [task] = await issues(linear, limit=1)
    await linear.prove("linear.comment_on_issue", issue=task.ref.key, body="allowed")


def test_errors_with_status_200_are_errors() -> None:
    for code, kind in (
        ("INTERNAL_SERVER_ERROR", VendorUnavailable),
        ("FORBIDDEN", Forbidden),
        ("INPUT_ERROR", Rejected),
    ):
        error = {"message": "so it is", "extensions": {"code": code}}
        assert type(Linear.error(Answer(200, {}, {"data": None, "errors": [error]}))) is kind
    assert Linear.error(Answer(200, {}, {"data": {}})) is None


async def test_success_false_is_no_success(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        viewer = {"viewer": {"id": "u", "organization": {"urlKey": "w"}}}
        data = viewer if b"viewer" in request.content else {"issueUpdate": {"success": False, "issue": None}}
        return httpx.Response(200, json={"data": data})

    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    who = Principal(tenant="t", id="p", name="P")
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        registry = Registry(database, Vault(database, bytes(32)), client, integrations={"linear": Linear})
        await registry.settle(who, Connection("t", "p", "linear", {"access_token": "x"}))
        system = await registry.open("linear", who)
        with pytest.raises(Conflict, match="gave no reason"):
            await system.run("linear.restore_issue", {"issue": "ENG-1", "fields": {"title": "x"}})
    await database.close()


def test_markdown_comes_to_rest() -> None:
    assert settled("* a\n* b  \n\n\n\\*c\\*") == settled("- a\n- b\n\n*c*")


def test_webhook_signature() -> None:
    def delivery(at: float, secret: str = "s3cret") -> tuple[dict[str, str], bytes]:
        body = json.dumps({"action": "create", "type": "Issue", "webhookTimestamp": int(at * 1000)}).encode()
        return {"Linear-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}, body

    assert Linear.webhook is not None
    genuine = delivery(time.time())
    Linear.webhook.verify(Delivery.of(*genuine), "s3cret")
    with pytest.raises(BadSignature, match="before"):
        Linear.webhook.verify(Delivery.of(*genuine), "s3cret")
    with pytest.raises(BadSignature, match="too old"):
        Linear.webhook.verify(Delivery.of(*delivery(time.time() - 600)), "s3cret")
    with pytest.raises(BadSignature, match="match"):
        Linear.webhook.verify(Delivery.of(*delivery(time.time() + 1, "other")), "s3cret")
    with pytest.raises(BadSignature, match="no time"):
        Linear.webhook.verify(Delivery.of(genuine[0], b"[]"), "s3cret")


async def test_deliveries_of_the_vendor_are_genuine(linear: Company) -> None:
    vendor = linear.sandbox.vendors["linear"]
    target = {"url": "http://127.0.0.1:9/hook", "secret": "s3cret"}
    (await linear.client.post(f"{linear.sandbox.url}/_sandbox/linear/webhooks", json=target)).raise_for_status()
    [task] = await issues(linear, limit=1)
    await linear.prove("linear.comment_on_issue", issue=task.ref.key, body="hello")
    [row] = (await linear.client.get(f"{linear.sandbox.url}/_sandbox/linear/deliveries")).json()
    body = row["body"].encode()
    assert (json.loads(body)["type"], json.loads(body)["action"]) == ("Comment", "create")
    assert Linear.webhook is not None
    Linear.webhook.verify(Delivery.of(vendor.sign("s3cret", body, row["about"]), body), "s3cret")


async def test_connecting_by_consent(linear: Company) -> None:
    clients = {"linear": {"id": "app", "secret": "s3cret"}}
    hosts = (await linear.client.get(f"{linear.sandbox.url}/_sandbox/hosts")).json()
    callback = "http://127.0.0.1/oauth/callback"
    vault = Vault(linear.database, bytes(32))
    who = linear.who.model_copy(update={"tenant": "elsewhere"})
    registry = Registry(linear.database, vault, linear.client, callback_url=callback, hosts=hosts, clients=clients)
    answer = await linear.client.get(await registry.link("linear", who) + "&auto=1")
    back = httpx.URL(answer.headers["location"]).params
    assert (await registry.finish(back["state"], back["code"]))[1] == "linear"
    system = await registry.open("linear", who)
    assert await system.run("linear.list_issues", {"limit": 1})
    await registry.disconnect("linear", who)
