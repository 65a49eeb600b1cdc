"""What the tools do at GitLab step by step: look up, write, look whether a lost write arrived, read what changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.errors import Candidate, Conflict, Forbidden, NotFound, Rejected
from core.records import Event, Message, PullRequest, Record, Repository, Task
from core.tool import Call, Change
from tools.directory import People
from tools.integrations.gitlab import mapping
from tools.kit.http import Http
from tools.kit.paging import by_link, take
from tools.stream import Batch, by_time, since

MANY = 5000
RECENT = timedelta(minutes=10)
SLACK = timedelta(hours=2)  # a project notes its last activity once an hour
API = "/api/v4"


class Forge:
    """GitLab under one connection."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.me = http.connection.account

    async def get(self, path: str, **parameters: Any) -> Any:
        """One thing."""
        return await self._http.get(API + path, **parameters)

    def pages(self, path: str, **parameters: Any) -> AsyncIterator[Any]:
        """A list, by its Link header."""
        return by_link(self._http, API + path, per_page=100, **parameters)

    async def projects(self, search: str | None, membership: bool, limit: int) -> list[Repository]:
        """Projects, the latest in use first."""
        asked = {"search": search, "membership": _flag(membership), "order_by": "last_activity_at"}
        return [mapping.to_repository(one) for one in await take(self.pages("/projects", **asked), limit)]

    async def project_candidates(self, text: str) -> list[Candidate]:
        """Projects by number, path, link or words of the name."""
        if text.strip().isdigit():
            try:
                found = [mapping.to_repository(await self.get(f"/projects/{text.strip()}"))]
            except NotFound:
                return []
            return [_candidate(one) for one in found]
        path = mapping.path_of(text)
        asked = {"search": path.rpartition("/")[2] or text.strip(), "membership": None if path else "true"}
        found = [mapping.to_repository(one) for one in await take(self.pages("/projects", **asked), 100)]
        whole = [one for one in found if one.ref.key.casefold() == path.casefold()]
        if path:
            return [_candidate(one, text) for one in whole]
        return [_candidate(one) for one in found]

    async def person_candidates(self, text: str, project: Any, own: str, directory: People) -> list[Candidate]:
        """People by name, login or address; `own` is the asker's address, others are names in the directory."""
        word = text.strip().lstrip("@")
        if "@" not in word:
            return await self.people(word, project)
        if word.casefold() == own.casefold():
            return [person(await self.get("/user"))]
        known = [one.label for one in await directory.find(word)]
        found = [one for name in known for one in await self.people(name, project)]
        return [Candidate(one.id, one.label, word, one.also) for one in found]

    async def people(self, text: str, project: Any) -> list[Candidate]:
        """People by name or login: the members of a project where one is known, else anybody."""
        if project:
            found = await take(self.pages(f"/projects/{project}/members/all", query=text), 20)
        else:
            found = await take(self.pages("/users", search=text, active="true"), 20)
        return [person(one) for one in found if one.get("state", "active") == "active"]

    async def issue(self, project: str, number: int | str) -> Task:
        """An issue."""
        return mapping.to_issue(await self.get(f"/projects/{project}/issues/{number}"))

    async def issues(
        self, project: str | None, state: str, assignee: str | None, labels: Sequence[str] | None, search: str | None,
        due: str | None, limit: int,
    ) -> list[Task]:  # fmt: skip
        """Issues of a project, or of a person anywhere, the latest changed first."""
        asked = {
            "state": state, "assignee_id": assignee, "labels": ",".join(labels) if labels else None, "search": search,
            "due_date": due, "order_by": "updated_at",
        }  # fmt: skip
        path = f"/projects/{project}/issues" if project else "/issues"
        if not project:
            asked["scope"] = "all" if assignee else "assigned_to_me"
        return [mapping.to_issue(one) for one in await take(self.pages(path, **asked), limit)]

    async def create_issue(self, project: str, fields: Mapping[str, Any]) -> Change:
        """A new issue."""
        made = await self._http.post(f"{API}/projects/{project}/issues", dict(fields))
        return _made("issue", mapping.to_issue(made), mapping.expected(fields))

    async def opened_lately(self, project: str, title: str) -> Change | None:
        """The issue that this person opened with this very title within the last minutes."""
        begin = (utc_now() - RECENT).isoformat()
        mine = {"author_id": self.me, "created_after": begin, "order_by": "created_at"}
        async for one in self.pages(f"/projects/{project}/issues", **mine):
            if one.get("title") == title:
                return _made("issue", mapping.to_issue(one), {"title": title})
        return None

    async def update_issue(self, project: str, number: int, fields: Mapping[str, Any]) -> Change:
        """Change an issue, with what sets it back."""
        before = await self.issue(project, number)
        wanted = mapping.expected(fields, before.labels)
        if fields.get("state_event") and before.status == wanted["status"]:
            raise Conflict(f"{before.ref.label} is {before.status} already.")
        path = f"{API}/projects/{project}/issues/{number}"
        await self._http.send("PUT", path, json=dict(fields), is_repeatable=True)
        undo = {"project": project, "issue": number, "fields": mapping.former(before, fields)}
        return Change(before, wanted, undo=Call(tool="gitlab.restore_issue", args=undo))

    async def pull(self, project: str, number: int | str) -> PullRequest:
        """A merge request."""
        return mapping.to_pull(await self.get(f"/projects/{project}/merge_requests/{number}"))

    async def pulls(self, project: str, limit: int, merged_after: date | None, **filters: Any) -> list[PullRequest]:
        """Merge requests of a project, the latest changed first; what was merged since a day is merged."""
        if merged_after:
            filters |= {"merged_after": f"{merged_after}T00:00:00Z", "state": "merged"}
        asked = {name: _flag(value) if isinstance(value, bool) else value for name, value in filters.items()}
        pages = self.pages(f"/projects/{project}/merge_requests", order_by="updated_at", **asked)
        return [mapping.to_pull(one) for one in await take(pages, limit)]

    async def whole_pull(self, project: str, number: int) -> PullRequest:
        """A merge request with its files and its latest pipeline."""
        found, path = await self.pull(project, number), f"/projects/{project}/merge_requests/{number}"
        files = [mapping.file_of(one) for one in await take(self.pages(f"{path}/diffs"), 300)]
        pipelines = await self.get(f"{path}/pipelines")
        checks = str(pipelines[0].get("status") or "") if pipelines else found.checks
        return found.model_copy(update={"files": tuple(files), "checks": checks})

    async def create_pull(
        self, project: str, source: str, target: str, title: str, description: str | None, reviewers: Sequence[str]
    ) -> Change:
        """A new merge request."""
        fields: dict[str, Any] = {"source_branch": source, "target_branch": target, "title": title}
        fields |= {"description": description} if description else {}
        fields |= {"reviewer_ids": [int(one) for one in reviewers]} if reviewers else {}
        made = mapping.to_pull(await self._http.post(f"{API}/projects/{project}/merge_requests", fields))
        expect = {"title": title, "head": source, "base": target, "is_draft": title.startswith("Draft: ")}
        expect |= {"description": description} if description else {}
        return _made("merge_request", made, expect | ({"reviewers": list(reviewers)} if reviewers else {}))

    async def raised_lately(self, project: str, source: str, target: str, title: str) -> Change | None:
        """The merge request of these branches that this person raised; GitLab has one of them open at a time."""
        asked = {"source_branch": source, "target_branch": target, "state": "opened", "author_id": self.me}
        for one in await self.pulls(project, 20, None, **asked):
            if one.title == title:
                return _made("merge_request", one, {"title": title, "head": source, "base": target})
        return None

    async def merge(self, project: str, number: int, squash: bool | None, waits: bool, removes: bool | None) -> Change:
        """Merge exactly what was there when it was looked at.

        Raises:
            Forbidden: the person may not; GitLab would call it a failed sign-in.
            Conflict: it is merged or closed, or cannot be merged as things stand.
        """
        item = await self.get(f"/projects/{project}/merge_requests/{number}")
        before = mapping.to_pull(item)
        if before.status in ("merged", "closed"):
            raise Conflict(f"{before.ref.label} is {before.status} already.")
        if (item.get("user") or {}).get("can_merge") is False:
            raise Forbidden(f"You may not merge {before.ref.label}.", status=401)
        asked = {"sha": item.get("sha"), "squash": squash, "should_remove_source_branch": removes,
                 "auto_merge": waits or None}  # fmt: skip
        body = {name: value for name, value in asked.items() if value is not None}
        path = f"{API}/projects/{project}/merge_requests/{number}/merge"
        done = mapping.to_pull((await self._http.send("PUT", path, json=body)).data)
        return merged(done, waits)

    async def note(self, project: str, number: str, note: str) -> Message:
        """One comment."""
        path = f"/projects/{project}/merge_requests/{number}"
        return mapping.to_note(await self.get(f"{path}/notes/{note}"), f"{project}/{number}", await self._url(path))

    async def comment(self, project: str, number: int, body: str) -> Change:
        """Say something on a merge request."""
        path = f"/projects/{project}/merge_requests/{number}"
        made = await self._http.post(f"{API}{path}/notes", {"body": body})
        return _said(mapping.to_note(made, f"{project}/{number}", ""), body)

    async def said_lately(self, project: str, number: int, body: str) -> Change | None:
        """The comment that this person made with these very words within the last minutes."""
        path, pull = f"/projects/{project}/merge_requests/{number}/notes", f"{project}/{number}"
        for one in await take(self.pages(path, order_by="created_at", sort="desc"), 100):
            note, author = mapping.to_note(one, pull, ""), str((one.get("author") or {}).get("id"))
            if author == self.me and note.text.strip() == body.strip() and _is_recent(note.sent_at):
                return _said(note, body)
        return None

    async def discard_issue(self, project: str, number: int) -> Change:
        """Delete or close an issue."""
        return await self._discard(f"/projects/{project}/issues/{number}", await self.issue(project, number))

    async def discard_pull(self, project: str, number: int) -> Change:
        """Delete or close a merge request."""
        return await self._discard(f"/projects/{project}/merge_requests/{number}", await self.pull(project, number))

    async def _discard(self, path: str, before: Record) -> Change:
        """Delete what was just made, or close it where the person may not delete."""
        try:
            await self._http.send("DELETE", API + path)
        except Forbidden:
            await self._http.send("PUT", API + path, json={"state_event": "close"}, is_repeatable=True)
            return Change(before, {"status": "closed"})
        return Change(before, is_gone=True)

    async def delete_note(self, project: str, number: str, note: str) -> Change:
        """Delete a comment."""
        before = await self.note(project, number, note)
        await self._http.send("DELETE", f"{API}/projects/{project}/merge_requests/{number}/notes/{note}")
        return Change(before, is_gone=True)

    async def pipeline(self, project: str, ref: str | None) -> Event:
        """The latest pipeline of a branch, with its jobs."""
        try:
            found = await self.get(f"/projects/{project}/pipelines/latest", ref=ref)
        except NotFound as error:
            where = f" on {ref}" if ref else ""
            raise NotFound(f"No pipeline has run{where} yet.", status=404, cause=error.cause) from error
        jobs = await take(self.pages(f"/projects/{project}/pipelines/{found['id']}/jobs"), 500)
        return mapping.to_pipeline(found, jobs, project)

    async def changes(self, cursor: str, name: str, to: Callable[[Mapping[str, Any]], Record]) -> Batch:
        """Issues or merge requests that changed, in the projects of which the person is a member."""
        moment, rows = since(cursor), list[Any]()
        active = {"last_activity_after": (moment - SLACK).isoformat()} if moment else {}
        begin = {"updated_after": moment.isoformat()} if moment else {}
        for project in await take(self.pages("/projects", membership="true", simple="true", **active), MANY):
            path = f"/projects/{project['id']}/{name}"
            rows += await take(self.pages(path, state="all", order_by="updated_at", sort="asc", **begin), MANY)
        rows.sort(key=lambda item: datetime.fromisoformat(item["updated_at"]))
        return await by_time(_each(rows), cursor, at=lambda item: str(item["updated_at"]), to=to)

    async def _url(self, path: str) -> str:
        return mapping.to_pull(await self.get(path)).ref.url


def person(item: Mapping[str, Any]) -> Candidate:
    """Somebody, by number, name and login."""
    login = str(item.get("username") or "")
    address = item.get("public_email") or item.get("email") or f"@{login}"
    return Candidate(str(item["id"]), item.get("name") or login, address, (login,))


def merged(pull: PullRequest, waits: bool) -> Change:
    """What a merge request must show: that it is merged, or that it will merge by itself."""
    status = mapping.WAITS if waits and not pull.is_merged else "merged"
    return Change(pull, {"status": status})


def split(id: str) -> tuple[str, ...]:
    """The parts of a record's id: project, number within it, note."""
    return tuple(id.split("/"))


def check(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields, if there are any.

    Raises:
        Rejected: there are none.
    """
    if not fields:
        raise Rejected("There is nothing to change.")
    return fields


async def _each(rows: Sequence[Any]) -> AsyncIterator[Any]:
    for row in rows:
        yield row


def _candidate(project: Repository, *also: str) -> Candidate:
    return Candidate(project.ref.id, project.ref.key or project.title, project.title, also)


def _flag(value: bool) -> str:
    return str(value).lower()


def _is_recent(moment: datetime | None) -> bool:
    return moment is not None and utc_now() - moment < RECENT


def _made(kind: str, record: Record, expect: Mapping[str, Any]) -> Change:
    project, number = split(record.ref.id)
    undo = {"project": project, kind: int(number)}
    return Change(record, expect, undo=Call(tool=f"gitlab.discard_{kind}", args=undo))


def _said(note: Message, body: str) -> Change:
    return Change(note, {"text": body}, undo=Call(tool="gitlab.delete_note", args={"note": note.ref.id}))
