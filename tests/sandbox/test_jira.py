"""The simulated Jira, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.server import Sandbox
from tests.sandbox.conftest import ClientFor
from tests.sandbox.contract import problems

UNDESCRIBED = ("/rest/api/3/nothing", "/oauth/token/accessible-resources")


def doc(text: str) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": text}]}]}  # fmt: skip


@pytest.fixture
async def jira(client_for: ClientFor) -> httpx.AsyncClient:
    """Dana's token, at the company's site."""
    gateway = await client_for("jira")
    site = (await gateway.get("/oauth/token/accessible-resources")).json()[0]
    assert site["url"] == "https://fernwick.atlassian.net"
    return await client_for("jira", f"/ex/jira/{site['id']}/rest/api/3")


async def create(jira: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    base = {"project": {"key": "PAY"}, "issuetype": {"name": "Bug"}, "summary": "checkout times out on iOS"}
    return await jira.post("/issue", json={"fields": base | fields})


async def search(jira: httpx.AsyncClient, jql: str, **more: Any) -> dict[str, Any]:
    answer = await jira.post("/search/jql", json={"jql": jql, "fields": ["*all"], **more})
    body: dict[str, Any] = answer.json()
    return body


async def test_a_bug_is_opened_given_to_priya_and_deleted_again(sandbox: Sandbox, jira: httpx.AsyncClient) -> None:
    before = str(sandbox.vendors["jira"].state["issues"])
    people = (await jira.get("/user/assignable/search", params={"project": "PAY", "query": "priya"})).json()
    assert [person["displayName"] for person in people] == ["Priya Raman"]
    types = (await jira.get("/issue/createmeta/PAY/issuetypes")).json()["issueTypes"]
    assert "Bug" in [kind["name"] for kind in types]
    made = await create(
        jira,
        description=doc("Since 5.2"),
        priority={"name": "High"},
        labels=["ios"],
        duedate="2026-12-01",
        assignee={"accountId": people[0]["accountId"]},
    )
    assert made.status_code == 201
    key = made.json()["key"]
    fields = (await jira.get(f"/issue/{key}")).json()["fields"]
    assert fields["assignee"]["emailAddress"] == "priya.raman@fernwick.example"
    assert (fields["reporter"]["displayName"], fields["status"]["name"]) == ("Dana Whitlock", "To Do")
    assert (fields["duedate"], fields["labels"], fields["priority"]["name"]) == ("2026-12-01", ["ios"], "High")
    assert (await jira.delete(f"/issue/{key}")).status_code == 204
    gone = await jira.get(f"/issue/{key}")
    assert gone.status_code == 404
    assert gone.json()["errorMessages"] == ["Issue does not exist or you do not have permission to see it."]
    assert str(sandbox.vendors["jira"].state["issues"]) == before
    assert (await create(jira)).json()["key"] != key
    assert problems(sandbox, "jira", UNDESCRIBED) == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"summary": ""}, "summary"),
        ({"summary": "x" * 256}, "summary"),
        ({"project": {"key": "NOPE"}}, "project"),
        ({"issuetype": {"name": "Wish"}}, "issuetype"),
        ({"issuetype": {"name": "Sub-task"}}, "issuetype"),
        ({"description": "plain text"}, "description"),
        ({"duedate": "2026-02-30"}, "duedate"),
        ({"labels": ["two words"]}, "labels"),
        ({"assignee": {"accountId": "nobody"}}, "assignee"),
        ({"priority": {"name": "Urgent"}}, "priority"),
        ({"parent": {"key": "PAY-99999"}}, "parent"),
        ({"customfield_1": 1}, "customfield_1"),
    ],
)
async def test_wrong_fields_are_named(jira: httpx.AsyncClient, fields: dict[str, Any], wrong: str) -> None:
    answer = await create(jira, **fields)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [wrong]


async def test_an_issue_is_edited_moved_commented_and_logged(sandbox: Sandbox, jira: httpx.AsyncClient) -> None:
    key = (await create(jira)).json()["key"]
    edit = {"fields": {"summary": "Checkout times out"}, "update": {"labels": [{"add": "regression"}]}}
    assert (await jira.put(f"/issue/{key}", json=edit)).status_code == 204
    ways = (await jira.get(f"/issue/{key}/transitions")).json()["transitions"]
    done = next(way["id"] for way in ways if way["to"]["name"] == "Done")
    move = {"transition": {"id": done}, "update": {"comment": [{"add": {"body": doc("shipped")}}]}}
    assert (await jira.post(f"/issue/{key}/transitions", json=move)).status_code == 204
    assert (await jira.post(f"/issue/{key}/transitions", json={"transition": {"id": done}})).status_code == 400
    said = (await jira.post(f"/issue/{key}/comment", json={"body": doc("cannot reproduce")})).json()
    assert (await jira.get(f"/issue/{key}/comment/{said['id']}")).json() == said
    comments = (await jira.get(f"/issue/{key}/comment", params={"orderBy": "-created"})).json()
    assert comments["total"] == 2
    assert (await jira.delete(f"/issue/{key}/comment/{said['id']}")).status_code == 204
    logged = await jira.post(f"/issue/{key}/worklog", json={
        "timeSpent": "1h 30m", "started": "2026-11-23T13:00:00.000+0000", "comment": doc("pairing")})  # fmt: skip
    assert logged.json()["timeSpentSeconds"] == 5400
    assert (await jira.post(f"/issue/{key}/worklog", json={"timeSpent": "soon"})).status_code == 400
    assert (await jira.get(f"/issue/{key}/worklog")).json()["total"] == 1
    assert (await jira.delete(f"/issue/{key}/worklog/{logged.json()['id']}")).status_code == 204
    assert (await jira.put(f"/issue/{key}/assignee", json={"accountId": None})).status_code == 204
    other = (await create(jira, summary="its cause")).json()["key"]
    link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": key}, "outwardIssue": {"key": other}}
    assert (await jira.post("/issueLink", json=link)).status_code == 201
    assert (await jira.post(f"/issue/{key}/watchers", json=(await jira.get("/myself")).json()["accountId"])).is_success
    fields = (await jira.get(f"/issue/{key}")).json()["fields"]
    assert (fields["status"]["name"], fields["resolution"]["name"], fields["timespent"]) == ("Done", "Done", None)
    assert (fields["summary"], fields["labels"]) == ("Checkout times out", ["regression"])
    assert fields["issuelinks"][0]["outwardIssue"]["key"] == other
    assert problems(sandbox, "jira", (*UNDESCRIBED, f"/comment/{said['id']}", f"/{logged.json()['id']}")) == []


async def test_hr_goes_step_by_step(jira: httpx.AsyncClient) -> None:
    key = (await create(jira, project={"key": "HR"}, issuetype={"name": "Task"})).json()["key"]
    ways = (await jira.get(f"/issue/{key}/transitions")).json()["transitions"]
    assert [way["to"]["name"] for way in ways] == ["In Progress"]


async def test_jql_finds_orders_and_pages(sandbox: Sandbox, jira: httpx.AsyncClient) -> None:
    async def fields(jql: str, *path: str) -> list[Any]:
        found = []
        for issue in (await search(jira, jql))["issues"]:
            value = issue["fields"]
            for step in path:
                value = value and value[step]
            found.append(value)
        return found

    assert set(await fields("project = Payments AND type = Bug", "issuetype", "name")) == {"Bug"}
    assert set(await fields('project in (PAY, "Web storefront") and assignee is EMPTY', "assignee")) == {None}
    assert all("time out" in text for text in await fields('text ~ "\\"time out\\""', "summary"))
    ranks = await fields("project = OPS AND statusCategory != Done ORDER BY priority DESC, created", "priority", "name")
    order = ["Highest", "High", "Medium", "Low"]
    assert ranks == sorted(ranks, key=order.index)
    assert await fields('priority = High AND due < "2020-01-01"', "key") == []
    assert len(await fields("updated >= -7d AND NOT (labels = routine OR project = HR)", "summary")) > 3
    mine = await create(jira, summary="mine")
    assert mine.is_success
    assert await fields("reporter = currentUser() AND created >= startOfDay() ORDER BY created DESC", "summary") == [
        "mine"
    ]
    first = await search(jira, "project = PAY ORDER BY key ASC", maxResults=10)
    rest = await search(jira, "project = PAY ORDER BY key ASC", maxResults=10, nextPageToken=first["nextPageToken"])
    keys = [issue["key"] for issue in first["issues"] + rest["issues"]]
    assert keys == sorted(set(keys), key=lambda key: int(key.split("-")[1]))
    count = (await jira.post("/search/approximate-count", json={"jql": "project = PAY"})).json()["count"]
    assert count == 27
    bare = (await jira.post("/search/jql", json={"jql": "project = PAY", "maxResults": 1})).json()["issues"]
    assert list(bare[0]) == ["id"]
    assert (await jira.get("/search/jql", params={"jql": "key = PAY-86", "fields": "summary"})).is_success
    assert (await jira.get("/issue/picker", params={"query": "apple pay"})).json()["sections"][0]["issues"]
    assert problems(sandbox, "jira", UNDESCRIBED) == []


@pytest.mark.parametrize(
    "jql", ["", "ORDER BY created", "status = Doing", "colour = red", "project = PAY AND", "due = someday", "text = x"]
)
async def test_bad_jql_is_refused_with_a_sentence(jira: httpx.AsyncClient, jql: str) -> None:
    answer = await jira.post("/search/jql", json={"jql": jql})
    assert answer.status_code == 400
    assert len(answer.json()["errorMessages"][0]) > 20


async def test_what_one_may_not_see_does_not_exist(
    sandbox: Sandbox, jira: httpx.AsyncClient, client_for: ClientFor
) -> None:
    projects = (await jira.get("/project/search", params={"query": "sec"})).json()
    assert projects["values"] == []
    assert (await jira.get("/project/SEC")).status_code == 404
    cloud = str(jira.base_url.path).split("/ex/jira/")[1].split("/")[0]
    ivan = await client_for("jira", f"/ex/jira/{cloud}/rest/api/3", email="ivan.kolar@fernwick.example")
    assert (await ivan.get("/project/SEC")).json()["lead"]["displayName"] == "Ivan Kolar"
    assert (await ivan.delete("/issue/PAY-90")).status_code == 403
    reader = await client_for("jira", f"/ex/jira/{cloud}/rest/api/3", scopes=["read:jira-work"])
    assert (await create(reader)).json() == {"code": 401, "message": "Unauthorized; scope does not match"}
    assert (await jira.get("/nothing")).status_code == 404
    foreign = await client_for("jira", "/ex/jira/another-site/rest/api/3")
    assert (await foreign.get("/project/PAY")).status_code == 404
    assert (await jira.get("/project/PAY/versions")).is_success
    assert (await jira.get("/field")).is_success
    assert problems(sandbox, "jira", UNDESCRIBED) == []
