"""GitLab's tools where the walk does not show them, held against GitLab's own description."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import BadSignature, Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected
from core.records import Event, PullRequest, Task
from core.tool import Change
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.gitlab.integration import GitLab
from tools.integrations.gitlab.mapping import moment, path_of
from tools.kit.http import Answer
from tools.kit.webhook import Delivery

TILL, IMAGES, MODELS, KEYS = "7100", "7103", "7104", "7105"


@pytest.fixture
async def gitlab(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "gitlab") as found:
        yield found
        if has_descriptions():
            assert await found.problems("gitlab") == []


async def find(gitlab: Company, tool: str, parameter: str, text: str, **args: str) -> list[str]:
    return [one.id for one in await (await gitlab.open("gitlab")).find(f"gitlab.{tool}", parameter, text, args)]


async def issues(gitlab: Company, **args: object) -> list[Task]:
    found = await gitlab.run("gitlab.list_issues", **args)
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, Task)]


async def test_names_are_found(gitlab: Company) -> None:
    for text in (TILL, "till-firmware", "hardware/till-firmware", "https://gitlab.com/hardware/till-firmware",
                 "https://gitlab.com/hardware/till-firmware/-/issues/4"):  # fmt: skip
        assert await find(gitlab, "create_issue", "project", text) == [TILL]
    assert await find(gitlab, "create_issue", "project", "elsewhere/till-firmware") == []
    assert await find(gitlab, "create_issue", "project", "99") == []
    assert await find(gitlab, "create_issue", "project", KEYS) == []
    system = await gitlab.open("gitlab")
    alex = await system.find("gitlab.create_issue", "assignee", "alex", {"project": TILL})
    assert [one.label for one in alex] == ["Alex Novak", "Alex Okonkwo"]
    assert await find(gitlab, "list_issues", "assignee", "@alex.novak") == [alex[0].id]
    [me] = await system.find("gitlab.list_issues", "assignee", gitlab.who.email)
    assert (me.label, me.detail) == ("Dana Whitlock", gitlab.who.email)
    assert await find(gitlab, "list_issues", "assignee", "Zebulon") == []
    assert "hardware/till-firmware" in (await system.list_names())["project"]
    assert path_of("https://git.example.org/a/b/c/-/merge_requests/3") == "a/b/c"
    assert path_of("till firmware") == ""


async def test_lists_come_in_pages(gitlab: Company) -> None:
    found = await issues(gitlab, project=IMAGES, state="closed", limit=115)
    assert len({one.ref.id for one in found}) == 115
    assert {one.status for one in found} == {"closed"}
    mine = await issues(gitlab)
    assert {str(one.assignee) for one in mine} == {"Dana Whitlock"}
    assert [one.title for one in await issues(gitlab, project=MODELS, labels=["bug", "customer"])] == [
        "Brightloom Textiles counted twice"
    ]


async def test_a_merge_request_is_shown_whole(gitlab: Company) -> None:
    pull = await gitlab.run("gitlab.get_merge_request", project=TILL, mr=2)
    assert isinstance(pull, PullRequest)
    assert (pull.ref.key, pull.checks, pull.files) == (
        "hardware/till-firmware!2",
        "failed",
        ("src/gauge_twice.c", "CHANGELOG.md"),
    )
    run = await gitlab.run("gitlab.pipeline_status", project=TILL, ref="release-4")
    assert isinstance(run, Event)
    assert (run.status, run.detail, run.total) == ("failed", "test: unit failed, script_failure", 3)
    with pytest.raises(NotFound, match="No pipeline has run on nowhere"):
        await gitlab.run("gitlab.pipeline_status", project=TILL, ref="nowhere")


async def test_what_cannot_be_merged_says_why(gitlab: Company) -> None:
    for mr, said in ((2, "422 Branch"), (3, "405"), (4, "merged already")):
        with pytest.raises(Conflict, match=said):
            await gitlab.run("gitlab.merge", project=TILL, mr=mr)
    home = gitlab.sandbox.vendors["gitlab"].state["projects"][KEYS]
    home["visibility"] = "internal"
    row = dict(gitlab.sandbox.vendors["gitlab"].state["merge_requests"][f"{TILL}/1"], project_id=int(KEYS))
    gitlab.sandbox.vendors["gitlab"].state["merge_requests"][f"{KEYS}/1"] = row
    with pytest.raises(Forbidden, match="may not merge"):
        await gitlab.run("gitlab.merge", project=KEYS, mr=1)


async def test_what_is_refused_says_why(gitlab: Company) -> None:
    new = {"project": TILL, "source_branch": "docs-update", "title": "Docs"}
    with pytest.raises(Rejected, match="does not exist"):
        await gitlab.run("gitlab.create_merge_request", **{**new, "source_branch": "nowhere"})
    await gitlab.prove("gitlab.create_merge_request", **new)
    with pytest.raises(Conflict, match="Another open merge request"):
        await gitlab.run("gitlab.create_merge_request", **new)
    with pytest.raises(Rejected) as caught:
        await gitlab.run("gitlab.create_issue", project=TILL, title="x" * 300)
    assert "title" in caught.value.fields
    with pytest.raises(Rejected, match="nothing to change"):
        await gitlab.run("gitlab.update_issue", project=TILL, issue=1)
    with pytest.raises(Conflict, match="closed already"):
        await gitlab.run("gitlab.update_issue", project=TILL, issue=5, state="close")
    await gitlab.connect("gitlab", scopes=["read_api"])
    with pytest.raises(Forbidden, match="needs the scope api"):
        await gitlab.run("gitlab.create_issue", project=TILL, title="x")


async def test_who_may_not_delete_closes(gitlab: Company) -> None:
    joe = gitlab.who.model_copy(update={"id": "joe", "email": "joe.mbeki@fernwick.example"})
    await gitlab.connect("gitlab", who=joe)
    gitlab.who = joe
    for tool, args in (
        ("create_issue", {"project": TILL, "title": "Mine"}),
        ("create_merge_request", {"project": TILL, "source_branch": "docs-update", "title": "Docs"}),
    ):
        change = await gitlab.prove(f"gitlab.{tool}", **args)
        assert (await gitlab.undo(change)).expect == {"status": "closed"}


async def test_lost_answers_are_looked_for_and_not_repeated(gitlab: Company) -> None:
    for tool, args in (
        ("create_issue", {"project": TILL, "title": "Only once"}),
        ("create_merge_request", {"project": TILL, "source_branch": "docs-update", "title": "Once", "draft": True}),
        ("comment_on_merge_request", {"project": TILL, "mr": 1, "body": "only once"}),
        ("merge", {"project": TILL, "mr": 1}),
        ("merge", {"project": TILL, "mr": 2, "when_pipeline_passes": True}),
    ):
        system = await gitlab.open("gitlab")
        assert await system.recover(f"gitlab.{tool}", args) is None
        method = "PUT" if tool == "merge" else "POST"
        await gitlab.fault("gitlab", kind="cut_off", times=1, method=method, after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"gitlab.{tool}", args)
        change = await system.recover(f"gitlab.{tool}", args)
        assert isinstance(change, Change)
        assert await system.prove(f"gitlab.{tool}", change) is not None


async def test_streams_give_all_and_then_only_the_change(gitlab: Company) -> None:
    system = await gitlab.open("gitlab")
    assert set(system.streams) == {"issue", "merge_request"}
    first = await system.stream("issue")
    held = await gitlab.state("gitlab")
    assert {one.ref.id for one in first.records} == {key for key in held["issues"] if not key.startswith(KEYS)}
    pulls = await system.stream("merge_request")
    assert len(pulls.records) == len(held["merge_requests"])
    change = await gitlab.prove("gitlab.create_issue", project=MODELS, title="Fresh")
    second = await system.stream("issue", first.cursor)
    assert [one.ref for one in second.records] == [change.record.ref]
    assert list((await system.stream("merge_request", pulls.cursor)).records) == []


async def test_webhooks_are_verified_and_understood(gitlab: Company) -> None:
    vendor = gitlab.sandbox.vendors["gitlab"]
    target = {"url": "http://127.0.0.1:9/hook", "secret": "s3cret"}
    (await gitlab.client.post(f"{gitlab.sandbox.url}/_sandbox/gitlab/webhooks", json=target)).raise_for_status()
    issue = await gitlab.prove("gitlab.create_issue", project=TILL, title="Hook")
    note = await gitlab.prove("gitlab.comment_on_merge_request", project=TILL, mr=1, body="hello")
    await gitlab.run("gitlab.merge", project=TILL, mr=1)
    found = []
    assert GitLab.webhook is not None
    for row in (await gitlab.client.get(f"{gitlab.sandbox.url}/_sandbox/gitlab/deliveries")).json():
        body = row["body"].encode()
        delivery = Delivery.of(vendor.sign("s3cret", body, row["about"]), body)
        GitLab.webhook.verify(delivery, "s3cret")
        found += GitLab.events(delivery)
        with pytest.raises(BadSignature):
            GitLab.webhook.verify(delivery, "other")
    assert [(one.kind, one.ref and one.ref.id) for one in found] == [
        ("issue.open", issue.record.ref.id),
        ("note.create", note.record.ref.id),
        ("merge_request.merge", f"{TILL}/1"),
    ]
    assert len({one.id for one in found}) == 3
    run = {"object_kind": "pipeline", "project": {"id": 5}, "object_attributes": {"id": 9, "status": "failed",
           "finished_at": "2026-02-03 10:00:00 UTC"}}  # fmt: skip
    [told] = GitLab.events(Delivery.of({}, json.dumps(run).encode()))
    assert (told.kind, told.at) == ("pipeline.failed", datetime(2026, 2, 3, 10, tzinfo=UTC))
    assert moment(None) is None


def test_errors_in_both_shapes() -> None:
    both = GitLab.error(Answer(400, {}, {"message": {"title": ["can't be blank"]}}))
    assert isinstance(both, Rejected)
    assert both.fields == {"title": "can't be blank"}
    assert isinstance(GitLab.error(Answer(403, {}, {"error": "insufficient_scope", "scope": "api"})), Forbidden)
