"""GitHub's tools against the sandbox, each proven, undone and held against GitHub's own description."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.errors import (
    BadSignature,
    Conflict,
    Forbidden,
    InvalidArgument,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
)
from core.records import Event, PullRequest, Task
from core.vault import Vault
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.github.integration import GitHub
from tools.integrations.github.mapping import pairs, period, words
from tools.kit.http import Answer
from tools.kit.webhook import Delivery
from tools.registry import Registry

CHECKOUT = "fernwick/checkout-service"
STOREFRONT = "fernwick/storefront"
PAYOUTS = "fernwick/payouts"


@pytest.fixture
async def github(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "github") as found:
        yield found
        if has_descriptions():
            assert await found.problems("github") == []


async def find(github: Company, tool: str, parameter: str, text: str) -> list[str]:
    return [one.id for one in await (await github.open("github")).find(f"github.{tool}", parameter, text)]


async def pulls(github: Company, **args: Any) -> list[PullRequest]:
    found = await github.run("github.list_pull_requests", **args)
    assert isinstance(found, list)
    return found


async def runs(github: Company, **args: Any) -> list[Event]:
    found = await github.run("github.list_workflow_runs", **args)
    assert isinstance(found, list)
    return found


async def search(github: Company, query: str, **args: Any) -> list[Task]:
    found = await github.run("github.search_issues", query=query, **args)
    assert isinstance(found, list)
    return found


async def held(github: Company, table: str, but: str = "updated_at") -> dict[str, dict[str, Any]]:
    rows = (await github.state("github"))[table]
    return {key: {name: value for name, value in row.items() if name != but} for key, row in rows.items()}


def number(record: Any) -> int:
    return int(record.ref.id.partition("#")[2])


async def test_issue_is_opened_and_closed_again(github: Company) -> None:
    [priya] = await find(github, "create_issue", "assignees", "Priya")
    change = await github.prove(
        "github.create_issue", repo=CHECKOUT, title="500 on /orders", body="When the cart is empty.\n\n- always",
        labels=["Bug", "regression"], assignees=[priya, "danawhitlock"],
    )  # fmt: skip
    assert change.expect["labels"] == ("bug", "regression")
    assert change.record.ref.key.startswith(f"{CHECKOUT}#")
    assert change.record.ref.url == f"https://github.com/{CHECKOUT}/issues/{number(change.record)}"
    undone = await github.undo(change)
    assert undone.expect["status"] == "closed"
    row = (await github.state("github"))["issues"][change.record.ref.id.partition("/")[2]]
    assert row["state_reason"] == "not_planned"


async def test_update_adds_labels_and_undo_restores_every_field(github: Company) -> None:
    before = await held(github, "issues")
    [task] = await search(github, "dark mode flicker", repo=STOREFRONT)
    change = await github.prove(
        "github.update_issue", repo=STOREFRONT, number=number(task), title="Flicker", labels=["needs-info"],
        assignees=["faridh"], state="closed",
    )  # fmt: skip
    assert change.expect["labels"] == ("bug", "needs-info")
    await github.undo(change)
    after = await held(github, "issues")
    key = task.ref.id.partition("/")[2]
    assert after[key].pop("state_reason") == "reopened"
    before[key].pop("state_reason")
    assert after == before


async def test_closing_and_reopening(github: Company) -> None:
    [task] = await search(github, "login loop", repo="fernwick/dashboard", state="closed")
    before = await held(github, "issues")
    opened = await github.prove("github.update_issue", repo="fernwick/dashboard", number=number(task), state="open")
    await github.undo(opened)
    after = await held(github, "issues")
    for rows in (before, after):
        rows[task.ref.id.partition("/")[2]].pop("closed_at")
    assert after == before
    with pytest.raises(Conflict, match="already closed"):
        await github.run("github.update_issue", repo="fernwick/dashboard", number=number(task), state="closed")
    with pytest.raises(Rejected, match="nothing to change"):
        await github.run("github.update_issue", repo="fernwick/dashboard", number=number(task))


async def test_comment_is_proven_and_undone(github: Company) -> None:
    before = await held(github, "comments")
    [first, *_] = await pulls(github, repo=CHECKOUT)
    change = await github.prove("github.add_comment", repo=CHECKOUT, number=number(first), text="I'll review tonight")
    assert change.record.ref.url.startswith(f"https://github.com/{CHECKOUT}/pull/")
    await github.undo(change)
    assert await held(github, "comments") == before


async def test_pull_request_is_opened_and_closed_again(github: Company) -> None:
    change = await github.prove(
        "github.create_pull_request", repo=CHECKOUT, title="Fix login loop", head="jonas-test", body="For PAY-40.",
        draft=True,
    )  # fmt: skip
    with pytest.raises(Rejected, match="already exists"):
        await github.run("github.create_pull_request", repo=CHECKOUT, title="x", head="jonas-test")
    await github.undo(change)
    read = await github.run("github.get_pull_request", repo=CHECKOUT, number=number(change.record))
    assert isinstance(read, PullRequest)
    assert (read.status, read.is_merged, read.is_draft) == ("closed", False, True)
    with pytest.raises(Rejected, match="head invalid"):
        await github.run("github.create_pull_request", repo=CHECKOUT, title="x", head="no-such-branch")


async def test_review_is_asked_of_people_and_a_team_and_withdrawn(github: Company) -> None:
    before = await held(github, "pulls")
    [first, *_] = await pulls(github, repo=STOREFRONT)
    team = await find(github, "request_review", "reviewers", "the platform team")
    asked = [*team, *await find(github, "request_review", "reviewers", "Mei")]
    assert asked == ["fernwick/platform", "meitanaka"]
    change = await github.prove("github.request_review", repo=STOREFRONT, number=number(first), reviewers=asked)
    assert {party.id for party in change.expect["reviewers"]} >= set(asked)
    waiting = await pulls(github, repo=STOREFRONT, reviewer="fernwick/platform")
    assert [one.ref.id for one in waiting] == [first.ref.id]
    with pytest.raises(Conflict, match="already asked"):
        await github.run("github.request_review", repo=STOREFRONT, number=number(first), reviewers=asked)
    await github.undo(change)
    assert await held(github, "pulls") == before
    assert first.author is not None
    with pytest.raises(Rejected, match="author"):
        await github.run("github.request_review", repo=STOREFRONT, number=number(first), reviewers=[first.author.id])


async def test_merge_is_proven_and_refused_where_something_is_in_the_way(github: Company) -> None:
    [first, *_] = await pulls(github, repo=CHECKOUT)
    change = await github.prove("github.merge_pull_request", repo=CHECKOUT, number=number(first))
    assert change.undo is None
    with pytest.raises(Conflict, match="already merged"):
        await github.run("github.merge_pull_request", repo=CHECKOUT, number=number(first))
    [draft] = [one for one in await pulls(github, repo=PAYOUTS) if one.is_draft]
    with pytest.raises(Conflict, match="draft"):
        await github.run("github.merge_pull_request", repo=PAYOUTS, number=number(draft))
    [dirty] = [one for one in await pulls(github, repo="fernwick/mobile-app") if one.title.startswith("Pair")]
    read = await github.run("github.get_pull_request", repo="fernwick/mobile-app", number=number(dirty))
    assert isinstance(read, PullRequest)
    assert read.mergeable is False
    with pytest.raises(Conflict, match="not mergeable"):
        await github.run("github.merge_pull_request", repo="fernwick/mobile-app", number=number(dirty))
    [other, *_] = await pulls(github, repo="fernwick/infrastructure")
    with pytest.raises(Conflict, match="not allowed"):
        await github.run(
            "github.merge_pull_request", repo="fernwick/infrastructure", number=number(other), method="merge"
        )


async def test_pull_requests_by_state_branch_author_and_reviewer(github: Company) -> None:
    every = await pulls(github, repo=CHECKOUT, state="all")
    assert {one.status for one in every} == {"open", "merged"}
    assert await pulls(github, repo=CHECKOUT, base="release-4.2") == []
    [one, *_] = every
    assert one.author is not None
    assert one.ref in [same.ref for same in await pulls(github, repo=CHECKOUT, state="all", author=one.author.id)]
    [asked] = [pull for pull in every if pull.status == "open"][:1]
    assert asked.ref in [same.ref for same in await pulls(github, repo=CHECKOUT, reviewer=asked.reviewers[0].id)]
    whole = await github.run("github.get_pull_request", repo=CHECKOUT, number=number(asked))
    assert isinstance(whole, PullRequest)
    assert len(whole.files) == 2
    assert whole.mergeable is True


async def test_search_pages_and_filters(github: Company) -> None:
    reports = await search(github, "dependency report", repo="fernwick/infrastructure", state="closed", limit=115)
    assert len({task.ref.id for task in reports}) == 115
    assert [task.title for task in await search(github, "csv export")] == [
        task.title for task in await search(github, "csv export", kind="any") if task.kind == "issue"
    ]
    assert {task.kind for task in await search(github, "csv", kind="any", state="all")} == {"issue", "pull_request"}
    assert all("bug" in task.labels for task in await search(github, "csv", label="bug"))
    [task] = [one for one in await search(github, "export", state="all") if one.assignees][:1]
    assert task.ref in [one.ref for one in await search(github, "export", state="all", assignee=task.assignees[0].id)]
    assert await search(github, 'is:pr "quoted" repo:other/place') == []


async def test_workflow_runs_and_starting_one(github: Company) -> None:
    assert {run.status for run in await runs(github, repo=CHECKOUT, status="failure", limit=50)} == {"failure"}
    assert {run.title.rpartition(" ")[0] for run in await runs(github, repo=CHECKOUT, workflow="ci.yml")} == {"CI"}
    assert {run.detail.rpartition(" ")[2] for run in await runs(github, repo=CHECKOUT, branch="release-4.2")} == {
        "release-4.2"
    }
    old = date.today() - timedelta(days=2)
    recent = await runs(github, repo=CHECKOUT, since=old.isoformat(), until=date.today().isoformat(), limit=100)
    assert 0 < len(recent) < len(await runs(github, repo=CHECKOUT, limit=100))
    change = await github.prove("github.run_workflow", repo=CHECKOUT, workflow="seed-db", inputs="env=qa")
    assert change.record.ref.url.startswith(f"https://github.com/{CHECKOUT}/actions/runs/")
    row = (await github.state("github"))["runs"][change.record.ref.id.rpartition("/")[2]]
    assert row["inputs"] == {"env": "qa"}
    for args, error, said in (
        ({"workflow": "ci"}, Rejected, "workflow_dispatch"),
        ({"workflow": "seed-db", "inputs": "zone=9"}, Rejected, "Unexpected inputs"),
        ({"workflow": "seed-db", "inputs": "nonsense"}, InvalidArgument, "name=value"),
        ({"workflow": "nightly-build", "ref": "gone"}, Rejected, "No ref found"),
        ({"workflow": "lighthouse"}, Rejected, "it has CI, nightly-build"),
    ):
        with pytest.raises(error, match=said):
            await github.run("github.run_workflow", repo=CHECKOUT, **args)


async def test_branch_is_deleted_and_brought_back(github: Company) -> None:
    state = await github.state("github")
    [first, *_] = await pulls(github, repo=CHECKOUT)
    for branch in ("release-4.2", first.head):
        change = await github.prove("github.delete_branch", repo=CHECKOUT, branch=branch)
        with pytest.raises(NotFound):
            await github.run("github.delete_branch", repo=CHECKOUT, branch=branch)
        await github.undo(change)
    assert (await github.state("github"))["branches"] == state["branches"]
    with pytest.raises(Rejected, match="default branch"):
        await github.run("github.delete_branch", repo=CHECKOUT, branch="main")


async def test_repositories_are_found(github: Company) -> None:
    for text in ("storefront", STOREFRONT, f"https://github.com/{STOREFRONT}/pulls", f"github.com/{STOREFRONT}.git"):
        assert await find(github, "create_issue", "repo", text) == [STOREFRONT]
    assert await find(github, "create_issue", "repo", "nothing-like-it") == []
    with pytest.raises(NotFound):
        await find(github, "create_issue", "repo", "acme/web")
    assert {STOREFRONT, "storefront"} <= set((await (await github.open("github")).list_names())["repo"])


async def test_people_are_colleagues_unless_named_exactly(github: Company) -> None:
    assert await find(github, "create_issue", "assignees", "Priya") == ["priyaraman"]
    assert await find(github, "create_issue", "assignees", "@priyaraman") == ["priyaraman"]
    assert sorted(await find(github, "create_issue", "assignees", "Alex")) == ["alexnovak", "alexok"]
    assert await find(github, "create_issue", "assignees", "dependabot") == ["dependabot"]
    assert await find(github, "create_issue", "assignees", "Dana Whitlock") == ["danawhitlock"]
    assert await find(github, "create_issue", "assignees", "Zebulon") == []
    assert await find(github, "create_issue", "assignees", "priya.raman@fernwick.example") == []


async def test_the_directory_helps_with_an_address(github: Company) -> None:
    await github.connect("linear")
    [found] = await (await github.open("github")).find(
        "github.create_issue", "assignees", "priya.raman@fernwick.example"
    )
    assert (found.id, found.label) == ("priyaraman", "Priya Raman")


async def test_lost_answers_are_recovered_not_repeated(github: Company) -> None:
    [first, *_] = await pulls(github, repo=CHECKOUT)
    for tool, args in (
        ("github.create_issue", {"repo": CHECKOUT, "title": "Only once"}),
        ("github.add_comment", {"repo": CHECKOUT, "number": number(first), "text": "only once"}),
        ("github.create_pull_request", {"repo": CHECKOUT, "title": "Only once", "head": "jonas-test"}),
        ("github.merge_pull_request", {"repo": CHECKOUT, "number": number(first)}),
    ):
        system = await github.open("github")
        assert await system.recover(tool, args) is None
        method = "PUT" if "merge" in tool else "POST"
        await github.fault("github", kind="cut_off", times=1, method=method, after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(tool, args)
        change = await system.recover(tool, args)
        assert change is not None
        assert await system.prove(tool, change) is not None
    assert len(await search(github, "Only once", repo=CHECKOUT)) == 1


async def test_rate_limits_are_waited_for_and_then_told(github: Company) -> None:
    await github.fault("github", kind="rate_limited", times=1, retry_after=1)
    assert await pulls(github, repo=CHECKOUT)
    await github.fault("github", kind="rate_limited", times=1, retry_after=90)
    with pytest.raises(RateLimited) as caught:
        await pulls(github, repo=CHECKOUT)
    assert caught.value.retry_after_s == pytest.approx(90, abs=5)


async def test_scopes_and_a_revoked_token(github: Company) -> None:
    await github.connect("github", scopes=["read:org"])
    with pytest.raises(NotFound):
        await pulls(github, repo=CHECKOUT)
    assert await pulls(github, repo="fernwick/docs")
    with pytest.raises(NotFound):
        await github.run("github.create_issue", repo="fernwick/docs", title="x")
    await github.connect("github")
    await github.fault("github", kind="expired_token", times=2)
    with pytest.raises(NotConnected):
        await pulls(github, repo=CHECKOUT)


async def test_only_your_own_comment_may_be_deleted(github: Company) -> None:
    [first, *_] = await pulls(github, repo=CHECKOUT)
    change = await github.prove("github.add_comment", repo=CHECKOUT, number=number(first), text="mine")
    people = {person.github: person.email for person in github.sandbox.world.company.people}
    await github.connect("github", email=people["priyaraman"])
    with pytest.raises(Forbidden, match="admin rights"):
        await github.undo(change)


def test_errors_are_told_apart() -> None:
    def of(status: int, body: dict[str, Any], **headers: str) -> Any:
        named = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
        return GitHub.error(Answer(status, named, body))

    assert of(200, {}) is None
    assert isinstance(of(301, {"message": "Moved Permanently"}), NotFound)
    assert of(403, {"message": "slow down"}, retry_after="30").retry_after_s == 30
    assert of(403, {"message": "You have exceeded a secondary rate limit."}).retry_after_s == 60
    assert isinstance(of(403, {"message": "Must have admin rights"}), Forbidden)
    assert isinstance(of(409, {"message": "Head branch was modified"}), Conflict)
    assert isinstance(of(410, {"message": "Issues are disabled for this repo"}), NotFound)
    refused = of(422, {"message": "Validation Failed", "errors": [{"field": "title", "code": "missing_field"}]})
    assert refused.fields == {"title": "missing_field"}


def test_texts_of_people_become_syntax() -> None:
    assert words("retry repo:other") == 'retry "repo:other"'
    assert pairs("env=qa\nusers=500") == {"env": "qa", "users": "500"}
    assert pairs("env=qa users=5 note=a b") == {"env": "qa", "users": "5", "note": "a b"}
    assert pairs("just words") is None
    assert pairs(None) == {}
    zone = "Europe/Berlin"
    assert period(date(2026, 5, 2), None, zone) == ">=2026-05-02T00:00:00+02:00"
    assert period(None, date(2026, 5, 2), zone) == "<=2026-05-02T23:59:59+02:00"
    assert period(None, None, zone) is None


def test_webhook_signature() -> None:
    body = json.dumps({"action": "opened"}).encode()
    genuine = {"X-Hub-Signature-256": "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()}
    assert GitHub.webhook is not None
    GitHub.webhook.verify(Delivery.of(genuine, body), "s3cret")
    for headers, secret in ((genuine, "other"), ({}, "s3cret")):
        with pytest.raises(BadSignature, match="match"):
            GitHub.webhook.verify(Delivery.of(headers, body), secret)


async def test_deliveries_of_the_vendor_are_genuine(github: Company) -> None:
    vendor = github.sandbox.vendors["github"]
    target = {"url": "http://127.0.0.1:9/hook", "secret": "s3cret"}
    (await github.client.post(f"{github.sandbox.url}/_sandbox/github/webhooks", json=target)).raise_for_status()
    await github.prove("github.create_issue", repo=CHECKOUT, title="Heard of it")
    [row] = (await github.client.get(f"{github.sandbox.url}/_sandbox/github/deliveries")).json()
    body = row["body"].encode()
    headers = vendor.sign("s3cret", body, row["about"])
    assert (headers["x-github-event"], json.loads(body)["action"]) == ("issues", "opened")
    assert GitHub.webhook is not None
    GitHub.webhook.verify(Delivery.of(headers, body), "s3cret")


async def test_connecting_by_consent(github: Company) -> None:
    clients = {"github": {"id": "app", "secret": "s3cret"}}
    hosts = (await github.client.get(f"{github.sandbox.url}/_sandbox/hosts")).json()
    callback = "http://127.0.0.1/oauth/callback"
    vault = Vault(github.database, bytes(32))
    who = github.who.model_copy(update={"tenant": "elsewhere"})
    registry = Registry(github.database, vault, github.client, callback_url=callback, hosts=hosts, clients=clients)
    link = await registry.link("github", who)
    answer = await github.client.get(f"{link}&auto=1")
    back = httpx.URL(answer.headers["location"]).params
    assert (await registry.finish(back["state"], back["code"]))[1] == "github"
    system = await registry.open("github", who)
    assert await system.run("github.list_pull_requests", {"repo": CHECKOUT})
    link = await registry.link("github", who)
    again = httpx.URL((await github.client.get(f"{link}&auto=1")).headers["location"])
    with pytest.raises(NotConnected):
        await registry.finish(again.params["state"], "another-code")
