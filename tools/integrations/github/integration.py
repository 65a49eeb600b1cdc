"""GitHub, REST API: issues, pull requests, workflows, branches."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field

from core.errors import Candidate, Conflict, InvalidArgument, NotFound, RateLimited, Rejected, VendorError
from core.records import Event, PullRequest, Record, Ref, Task
from core.tool import Call, Change
from tools.declare import Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.github.feed import to_events
from tools.integrations.github.mapping import (
    expected,
    former,
    pairs,
    parties,
    period,
    quoted,
    settled,
    to_branch,
    to_comment,
    to_event,
    to_found_pull_request,
    to_pull_request,
    to_task,
    words,
)
from tools.integrations.github.people import Colleagues
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status, retry_after
from tools.kit.paging import by_link, take
from tools.kit.webhook import Delivery, Signature, WebhookEvent, prefixed
from tools.stream import Batch, by_time, since, stream

Repo = Annotated[str, finds("repo")]
Reviewer = Annotated[str, Field(json_schema_extra={"format": "person", "x-find": "reviewer"})]
RunStatus = Literal["success", "failure", "in_progress", "queued", "cancelled"]

REPO, WORKFLOW = ("repo",), ("repo", "workflow")
PAGE = 100
SECONDARY_WAIT_S = 60.0
ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?(?:github\.com/)?([\w.-]+/[\w.-]+?)(?:\.git)?(?:[/#].*)?")


class GitHub(Integration):
    """GitHub under one person's connection."""

    key = "github"
    name = "GitHub"
    category = "project_management"
    aliases = ("github", "gh", "git hub")
    base_url = "https://api.github.com"
    auth = OAuth2(
        authorize_url="https://github.com/login/oauth/authorize",
        token_url="https://github.com/login/oauth/access_token",  # noqa: S106 - an address
        scopes=("repo", "workflow", "read:org", "read:user"),
    )
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    webhook = Signature(prefixed("X-Hub-Signature-256"))
    names = ("repo",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """GitHub's `{message, errors}`; 403 may be a rate limit, 301 a moved repository, 405 a refused merge."""
        if answer.status < 300:
            return None
        data = answer.data if isinstance(answer.data, Mapping) else {}
        message = str(data.get("message", ""))
        wait = _wait_s(answer, message)
        if wait is not None:
            return RateLimited("GitHub asks for fewer requests.", retry_after_s=wait, status=answer.status)
        if answer.status < 400:
            return NotFound("It has moved in GitHub; use its new name.", status=answer.status, cause=message)
        if answer.status == 405:
            return Conflict(f"GitHub cannot do this as things stand. GitHub says: {message}", status=405, cause=message)
        details = [one for one in data.get("errors") or () if isinstance(one, Mapping)]
        fields = {str(one.get("field", "")): str(one.get("message") or one.get("code", "")) for one in details}
        said = " ".join([message, *(" ".join(filter(None, pair)) for pair in fields.items())])
        return by_status(cls.name, answer, said, fields)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """The issue, pull request or repository that it is about."""
        return to_events(delivery)

    async def identify(self) -> Account:
        """The person's login."""
        return Account((await self.http.get("/user"))["login"], "", "https://github.com")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """The repositories that were worked on lately, with and without their owner."""
        found = await take(by_link(self.http, "/user/repos", sort="pushed", per_page=PAGE), 300)
        return {"repo": [name for repo in found for name in (repo["full_name"], repo["name"])]}

    async def find_repo(self, text: str) -> Sequence[Candidate]:
        """A repository by `owner/name` or link, else those of the person whose name holds the word."""
        if hit := ADDRESS.fullmatch(text.strip()):
            repo = await self.http.get(f"/repos/{hit[1]}")
            return [Candidate(repo["full_name"], repo["full_name"], repo["description"] or "", also=(text, hit[1]))]
        word = re.sub(r"^the\s+|\s+repo(sitory)?$", "", text.strip().lower())
        found = await take(by_link(self.http, "/user/repos", sort="pushed", per_page=PAGE), 1000)
        return [
            Candidate(repo["full_name"], repo["full_name"], repo["description"] or "", also=(repo["name"],))
            for repo in found
            if word in repo["name"].lower()
        ][:20]

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Colleagues by login, name or address; the id is the login."""
        return await self._colleagues.find(text)

    async def find_reviewer(self, text: str) -> Sequence[Candidate]:
        """Teams and colleagues; the id of a team is `owner/team`."""
        teams = await self._colleagues.find_teams(text)
        if teams or "/" in text or text.lower().endswith(" team"):
            return teams
        return await self._colleagues.find(text)

    @tool("read", scopes=REPO)
    async def search_issues(
        self,
        query: Annotated[str, "words in its title or text"],
        repo: Annotated[Repo | None, "owner/name"] = None,
        state: Annotated[Literal["open", "closed", "all"], "open, closed or all"] = "open",
        kind: Annotated[Literal["issue", "pull_request", "any"], "issues, pull requests or any"] = "issue",
        label: Annotated[str | None, "label"] = None,
        assignee: Annotated[Who | None, "who has it"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Task]:
        """Find issues, bugs and pull requests by their words, in one repository or across repositories."""
        kinds = {"issue": "is:issue", "pull_request": "is:pr", "any": "(is:issue OR is:pr)"}
        terms = [words(query), kinds[kind], f"repo:{repo}" if repo else await self._mine()]
        terms += [f"state:{state}"] if state != "all" else []
        terms += [f"label:{quoted(label)}"] if label else []
        terms += [f"assignee:{assignee}"] if assignee else []
        return [to_task(item) for item in await self._search(terms, limit)]

    @tool("write", scopes=REPO, proof="read_issue", undo="restore_issue", recover="recover_issue")
    async def create_issue(
        self,
        repo: Annotated[Repo, "owner/name"],
        title: Annotated[str, "one-line title"],
        body: Annotated[Text | None, "what it is about, in Markdown"] = None,
        labels: Annotated[list[str] | None, "labels"] = None,
        assignees: Annotated[list[Who] | None, "the people to work on it"] = None,
    ) -> Change:
        """File a new issue or bug in a repository."""
        sent = {"title": title, "body": body, "labels": labels, "assignees": assignees}
        fields = {name: value for name, value in sent.items() if value}
        made = await self.http.post(f"/repos/{repo}/issues", fields)
        return self._opened(repo, made, expected(fields, made) | {"status": "open"})

    @tool("write", scopes=REPO, proof="read_issue", undo="restore_issue")
    async def update_issue(
        self,
        repo: Annotated[Repo, "owner/name"],
        number: Annotated[int, "number of the issue"],
        state: Annotated[Literal["open", "closed"] | None, "new state"] = None,
        title: Annotated[str | None, "new title"] = None,
        labels: Annotated[list[str] | None, "further labels, besides those it has"] = None,
        assignees: Annotated[list[Who] | None, "who does it, instead of those before"] = None,
    ) -> Change:
        """Edit an issue: close or reopen it, rename it, add labels or assign people."""
        before = await self.http.get(f"/repos/{repo}/issues/{number}")
        held = former(before, ("state", "labels"))
        sent = {"state": state, "title": title, "assignees": assignees,
                "labels": sorted({*held["labels"], *labels}) if labels else None}  # fmt: skip
        fields = {name: value for name, value in sent.items() if value}
        if not fields:
            raise Rejected("There is nothing to change.")
        if list(fields) == ["state"] and held["state"] == state:
            raise Conflict(f"{repo}#{number} is already {state}.")
        after = await self._patch(repo, number, fields)
        back = {"repo": repo, "number": number, "fields": former(before, fields)}
        return Change(to_task(after), expected(fields, after), undo=Call(tool="github.restore_issue", args=back))

    @tool("write", scopes=REPO, proof="read_comment", undo="delete_comment", recover="recover_comment")
    async def add_comment(
        self,
        repo: Annotated[Repo, "owner/name"],
        number: Annotated[int, "number of the issue or pull request"],
        text: Annotated[Text, "the comment in Markdown"],
    ) -> Change:
        """Write a comment on an issue or a pull request."""
        made = await self.http.post(f"/repos/{repo}/issues/{number}/comments", {"body": text})
        return self._commented(repo, made, text)

    @tool("read", scopes=REPO)
    async def list_pull_requests(
        self,
        repo: Annotated[Repo, "owner/name"],
        state: Annotated[Literal["open", "closed", "all"], "open, closed or all"] = "open",
        base: Annotated[str | None, "target branch"] = None,
        author: Annotated[Who | None, "the person who opened them"] = None,
        reviewer: Annotated[Reviewer | None, "the person or team asked for a review"] = None,
        limit: Annotated[int, "how many"] = 30,
    ) -> list[PullRequest]:
        """Show a repository's pull requests (PRs), narrowed by state, target branch, author or requested reviewer."""
        if not author and not reviewer:
            asked: dict[str, Any] = {
                "state": state,
                "base": base,
                "sort": "updated",
                "direction": "desc",
                "per_page": min(PAGE, limit),
            }
            pages = by_link(self.http, f"/repos/{repo}/pulls", **asked)
            return [to_pull_request(item) for item in await take(pages, limit)]
        terms = [f"repo:{repo}", "is:pr", f"state:{state}" if state != "all" else ""]
        terms += [f"base:{quoted(base)}"] if base else []
        terms += [f"author:{author}"] if author else []
        if reviewer:
            terms.append(f"{'team-review-requested' if '/' in reviewer else 'review-requested'}:{reviewer}")
        return [to_found_pull_request(item) for item in await self._search(terms, limit)]

    @tool("read", scopes=REPO)
    async def get_pull_request(
        self,
        repo: Annotated[Repo, "owner/name"],
        number: Annotated[int, "number of the pull request"],
    ) -> PullRequest:
        """Show a single pull request (PR) in full, with its changed files."""
        item = await self._pull(repo, number)
        files = await take(by_link(self.http, f"/repos/{repo}/pulls/{number}/files", per_page=PAGE), 300)
        return to_pull_request(item, files)

    @tool("write", scopes=REPO, proof="read_pull_request", undo="close_pull_request", recover="recover_pull_request")
    async def create_pull_request(
        self,
        repo: Annotated[Repo, "owner/name"],
        title: Annotated[str, "one-line title"],
        head: Annotated[str, "the branch that holds the changes"],
        base: Annotated[str, "the branch it is merged into"] = "main",
        body: Annotated[Text | None, "what it changes, in Markdown"] = None,
        draft: Annotated[bool, "whether it is a draft"] = False,
    ) -> Change:
        """Propose the changes of a branch as a new pull request (PR), a draft if wanted."""
        sent = {"title": title, "head": head, "base": base, "draft": draft, **({"body": body} if body else {})}
        made = await self.http.post(f"/repos/{repo}/pulls", sent)
        return self._proposed(repo, made, title, head, base, body, draft)

    @tool("write", scopes=REPO, proof="read_pull_request", undo="withdraw_review_request")
    async def request_review(
        self,
        repo: Annotated[Repo, "owner/name"],
        number: Annotated[int, "number of the pull request"],
        reviewers: Annotated[list[Reviewer], "people or teams"],
    ) -> Change:
        """Request a review of a pull request (PR) from people or teams."""
        before = to_pull_request(await self._pull(repo, number))
        asked = {party.id for party in before.reviewers}
        new = [one for one in dict.fromkeys(reviewers) if one not in asked]
        if not new:
            raise Conflict(f"They are already asked to review {repo}#{number}.")
        await self.http.send("POST", _reviewers(repo, number), json=_asked(new), is_repeatable=True)
        back = {"repo": repo, "number": number, "reviewers": new}
        expect = {"reviewers": parties(asked | set(new))}
        return Change(before, expect, undo=Call(tool="github.withdraw_review_request", args=back))

    @tool(
        "destructive", scopes=REPO, proof="read_pull_request", recover="recover_merge",
        irreversible="a merge cannot be taken back, only reverted by another commit",
    )  # fmt: skip
    async def merge_pull_request(
        self,
        repo: Annotated[Repo, "owner/name"],
        number: Annotated[int, "number of the pull request"],
        method: Annotated[Literal["merge", "squash", "rebase"], "how it is merged"] = "squash",
    ) -> Change:
        """Merge a pull request (PR) into the branch it targets; there is no way back."""
        before = await self._pull(repo, number)
        if before["merged_at"]:
            raise Conflict(f"{repo}#{number} is already merged.")
        sent = {"merge_method": method, "sha": before["head"]["sha"]}
        await self.http.send("PUT", f"/repos/{repo}/pulls/{number}/merge", json=sent)
        return Change(to_pull_request(before), {"is_merged": True, "status": "merged"})

    @tool("read", scopes=REPO)
    async def list_workflow_runs(
        self,
        repo: Annotated[Repo, "owner/name"],
        branch: Annotated[str | None, "branch"] = None,
        status: Annotated[RunStatus | None, "how they ended, or where they are"] = None,
        workflow: Annotated[str | None, "its name, or that of its file"] = None,
        since: Annotated[date | None, "only those started on this date or after"] = None,
        until: Annotated[date | None, "only those started on this date or before"] = None,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Event]:
        """Show the latest GitHub Actions (CI) workflow runs and whether they passed or failed."""
        part = f"workflows/{(await self._workflow(repo, workflow))['id']}/runs" if workflow else "runs"
        created = period(since, until, self.who.timezone)
        asked = {"branch": branch, "status": status, "created": created, "per_page": min(PAGE, limit)}
        pages = by_link(self.http, f"/repos/{repo}/actions/{part}", "workflow_runs", **asked)
        return [to_event(item) for item in await take(pages, limit)]

    @tool("write", scopes=WORKFLOW, proof="read_run", irreversible="what a run has done cannot be taken back")
    async def run_workflow(
        self,
        repo: Annotated[Repo, "owner/name"],
        workflow: Annotated[str, "its name, or that of its file"],
        ref: Annotated[str, "branch or tag"] = "main",
        inputs: Annotated[Text | None, "its inputs, one name=value a line"] = None,
    ) -> Change:
        """Run a GitHub Actions workflow by hand, if it allows that."""
        values = pairs(inputs)
        if values is None:
            raise InvalidArgument("Inputs are written as name=value.", parameter="inputs")
        found = await self._workflow(repo, workflow)
        sent = {"ref": ref, "return_run_details": True, **({"inputs": values} if values else {})}
        began = await self.http.post(f"/repos/{repo}/actions/workflows/{found['id']}/dispatches", sent)
        run = Ref(
            integration=self.key, kind="workflow_run", id=f"{repo}/{began['workflow_run_id']}", url=began["html_url"]
        )
        return Change(Event(ref=run, title=found["name"]), {"detail": f"workflow_dispatch on {ref}"})

    @tool("destructive", scopes=REPO, proof="read_branch", undo="restore_branch")
    async def delete_branch(self, repo: Annotated[Repo, "owner/name"], branch: Annotated[str, "the branch"]) -> Change:
        """Clean up a repository: delete one of its branches."""
        head = await self.http.get(f"/repos/{repo}/git/ref/heads/{quote(branch)}")
        await self.http.send("DELETE", f"/repos/{repo}/git/refs/heads/{quote(branch)}")
        back = {"repo": repo, "branch": branch, "sha": head["object"]["sha"]}
        undo = Call(tool="github.restore_branch", args=back)
        return Change(to_branch(repo, branch, self._site), is_gone=True, undo=undo)

    @tool("write", scopes=REPO, proof="read_issue", irreversible="it is itself an undo", is_hidden=True)
    async def restore_issue(
        self,
        repo: Annotated[str, "owner/name"],
        number: Annotated[int, "number of the issue"],
        fields: Annotated[dict[str, Any], "former values, in GitHub's own words"],
    ) -> Change:
        """Set fields of an issue back to what they were."""
        after = await self._patch(repo, number, fields)
        return Change(to_task(after), expected(fields, after))

    @tool("destructive", scopes=REPO, proof="read_comment", irreversible="it is itself an undo", is_hidden=True)
    async def delete_comment(
        self, repo: Annotated[str, "owner/name"], comment: Annotated[int, "id of the comment"]
    ) -> Change:
        """Delete a comment."""
        path = f"/repos/{repo}/issues/comments/{comment}"
        record = to_comment(await self.http.get(path))
        await self.http.send("DELETE", path)
        return Change(record, is_gone=True)

    @tool("write", scopes=REPO, proof="read_pull_request", irreversible="it is itself an undo", is_hidden=True)
    async def close_pull_request(
        self, repo: Annotated[str, "owner/name"], number: Annotated[int, "number of the pull request"]
    ) -> Change:
        """Close a pull request without merging it."""
        path = f"/repos/{repo}/pulls/{number}"
        after = (await self.http.send("PATCH", path, json={"state": "closed"}, is_repeatable=True)).data
        return Change(to_pull_request(after), {"status": "closed"})

    @tool("write", scopes=REPO, proof="read_pull_request", irreversible="it is itself an undo", is_hidden=True)
    async def withdraw_review_request(
        self,
        repo: Annotated[str, "owner/name"],
        number: Annotated[int, "number of the pull request"],
        reviewers: Annotated[list[str], "logins and owner/team"],
    ) -> Change:
        """Take the request of a review back."""
        before = to_pull_request(await self._pull(repo, number))
        await self.http.send("DELETE", _reviewers(repo, number), json=_asked(reviewers), is_repeatable=True)
        left = {party.id for party in before.reviewers} - set(reviewers)
        return Change(before, {"reviewers": parties(left)})

    @tool("write", scopes=REPO, proof="read_branch", irreversible="it is itself an undo", is_hidden=True)
    async def restore_branch(
        self,
        repo: Annotated[str, "owner/name"],
        branch: Annotated[str, "the branch"],
        sha: Annotated[str, "the commit it pointed to"],
    ) -> Change:
        """Bring a deleted branch back."""
        await self.http.post(f"/repos/{repo}/git/refs", {"ref": f"refs/heads/{branch}", "sha": sha})
        return Change(to_branch(repo, branch, self._site), {"branch": branch})

    async def read_issue(self, ref: Ref) -> Record:
        """Reads the issue again."""
        repo, _, number = ref.id.partition("#")
        return to_task(await self.http.get(f"/repos/{repo}/issues/{number}"))

    async def read_comment(self, ref: Ref) -> Record:
        """Reads the comment again."""
        repo, _, comment = ref.id.rpartition("/")
        return to_comment(await self.http.get(f"/repos/{repo}/issues/comments/{comment}"))

    async def read_pull_request(self, ref: Ref) -> Record:
        """Reads the pull request again."""
        repo, _, number = ref.id.partition("#")
        return to_pull_request(await self._pull(repo, int(number)))

    async def read_run(self, ref: Ref) -> Record:
        """Reads the run again."""
        repo, _, run = ref.id.rpartition("/")
        return to_event(await self.http.get(f"/repos/{repo}/actions/runs/{run}"))

    async def read_branch(self, ref: Ref) -> Record:
        """Reads the branch again."""
        owner, name, branch = ref.id.split("/", 2)
        await self.http.get(f"/repos/{owner}/{name}/git/ref/heads/{quote(branch)}")
        return to_branch(f"{owner}/{name}", branch, self._site)

    async def recover_issue(self, repo: str, title: str, **_: Any) -> Change | None:
        """The issue that this person opened with this very title within the last minutes, if there is one."""
        asked = {"creator": self.http.connection.account, "since": _lately(), "state": "all", "per_page": PAGE}
        for item in await self.http.get(f"/repos/{repo}/issues", **asked):
            if item["title"] == title and item["created_at"] >= asked["since"]:
                return self._opened(repo, item, {"title": title})
        return None

    async def recover_comment(self, repo: str, number: int, text: str) -> Change | None:
        """The comment that this person made with these very words within the last minutes, if there is one."""
        since = _lately()
        pages = by_link(self.http, f"/repos/{repo}/issues/{number}/comments", since=since, per_page=PAGE)
        for item in await take(pages, 500):
            is_mine = item["user"]["login"] == self.http.connection.account and item["created_at"] >= since
            if is_mine and settled(item["body"]) == settled(text):
                return self._commented(repo, item, text)
        return None

    async def recover_pull_request(
        self, repo: str, title: str, head: str, base: str, body: str | None, draft: bool
    ) -> Change | None:
        """The open pull request from this branch to that one: GitHub allows only one."""
        owner = repo.partition("/")[0]
        whole = head if ":" in head else f"{owner}:{head}"
        found = await self.http.get(f"/repos/{repo}/pulls", head=whole, base=base, state="open")
        return self._proposed(repo, found[0], title, head, base, body, draft) if found else None

    async def recover_merge(self, repo: str, number: int, method: str) -> Change | None:
        """The pull request, if it is merged."""
        found = to_pull_request(await self._pull(repo, number))
        return Change(found, {"is_merged": True, "status": "merged"}) if found.is_merged else None

    async def _pull(self, repo: str, number: int) -> dict[str, Any]:
        found: dict[str, Any] = await self.http.get(f"/repos/{repo}/pulls/{number}")
        return found

    async def _patch(self, repo: str, number: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        path = f"/repos/{repo}/issues/{number}"
        after: dict[str, Any] = (await self.http.send("PATCH", path, json=fields, is_repeatable=True)).data
        return after

    @stream("issue")
    async def stream_issues(self, cursor: str) -> Batch:
        """Issues in the order of their change, a thousand at most at once."""
        moment = since(cursor)
        terms = ["is:issue", await self._mine(), f"updated:>={moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""]
        asked = {"q": " ".join(filter(None, terms)), "sort": "updated", "order": "asc", "advanced_search": "true"}
        items = by_link(self.http, "/search/issues", "items", **asked, per_page=PAGE)
        return await by_time(items, cursor, lambda item: str(item["updated_at"]), to_task)

    async def _search(self, terms: Sequence[str], limit: int) -> list[dict[str, Any]]:
        query = " ".join(filter(None, terms))
        asked = {"q": query, "sort": "updated", "advanced_search": "true", "per_page": min(PAGE, limit)}
        return await take(by_link(self.http, "/search/issues", "items", **asked), limit)

    async def _mine(self) -> str:
        """The part of a search that keeps it to what belongs to the person and their organisations."""
        owners = [f"user:{self.http.connection.account}"]
        owners += [f"org:{owner}" for owner in await self._colleagues.organisations()]
        return f"({' OR '.join(owners)})"

    async def _workflow(self, repo: str, text: str) -> dict[str, Any]:
        known = await take(by_link(self.http, f"/repos/{repo}/actions/workflows", "workflows", per_page=PAGE), 500)
        word = text.strip().lower()
        for item in known:
            file = item["path"].rpartition("/")[2].lower()
            if word in (item["name"].lower(), file, file.rpartition(".")[0], str(item["id"])):
                return dict(item)
        names = ", ".join(item["name"] for item in known) or "none"
        raise Rejected(f"{repo} has no workflow “{text}”; it has {names}.")

    def _opened(self, repo: str, item: Mapping[str, Any], expect: Mapping[str, Any]) -> Change:
        back = {"state": "closed", "state_reason": "not_planned"}
        undo = Call(tool="github.restore_issue", args={"repo": repo, "number": item["number"], "fields": back})
        return Change(to_task(item), expect, undo=undo)

    def _commented(self, repo: str, item: Mapping[str, Any], text: str) -> Change:
        undo = Call(tool="github.delete_comment", args={"repo": repo, "comment": item["id"]})
        return Change(to_comment(item), {"text": settled(text)}, undo=undo)

    def _proposed(
        self, repo: str, item: Mapping[str, Any], title: str, head: str, base: str, body: str | None, draft: bool
    ) -> Change:
        expect: dict[str, Any] = {"title": title, "head": head.rpartition(":")[2], "base": base, "is_draft": draft}
        expect |= {"status": "open"} | ({"description": settled(body)} if body else {})
        undo = Call(tool="github.close_pull_request", args={"repo": repo, "number": item["number"]})
        return Change(to_pull_request(item), expect, undo=undo)

    @property
    def _colleagues(self) -> Colleagues:
        return Colleagues(self.http, self.who, self.people)

    @property
    def _site(self) -> str:
        return self.http.connection.site


def _reviewers(repo: str, number: int) -> str:
    return f"/repos/{repo}/pulls/{number}/requested_reviewers"


def _asked(reviewers: Sequence[str]) -> dict[str, list[str]]:
    """People and teams apart, as GitHub takes them."""
    teams = [one.partition("/")[2] for one in reviewers if "/" in one]
    people = [one for one in reviewers if "/" not in one]
    return {"reviewers": people, **({"team_reviewers": teams} if teams else {})}


def _lately() -> str:
    return (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _wait_s(answer: Answer, message: str) -> float | None:
    """Seconds to wait by one of GitHub's two rate limits; None if the answer is neither."""
    if answer.status not in (403, 429):
        return None
    if (wait := retry_after(answer.headers)) is not None:
        return wait
    if answer.headers.get("x-ratelimit-remaining") == "0":
        return max(0.0, float(answer.headers.get("x-ratelimit-reset", "0")) - time.time())
    is_secondary = answer.status == 429 or "secondary rate limit" in message.lower()
    return SECONDARY_WAIT_S if is_secondary else None
