"""What the tools do at Asana step by step: look up, write, look whether a lost write arrived, read what changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.errors import Candidate, Conflict, Forbidden, InvalidArgument, NotFound, Rejected
from core.records import Message, Project, Record, Ref, Report, Task
from core.tool import Call, Change
from tools.integrations.asana import mapping
from tools.kit.http import Http
from tools.kit.paging import by_cursor, take
from tools.stream import Batch, by_time, since

MANY = 2000
SHOWN = 5  # how many hits of a name are looked up in full
RECENT = timedelta(minutes=10)


class Workspace:
    """The workspace that a connection stands in."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.id = http.connection.site.rpartition("/")[2]
        self.me = http.connection.account

    async def data(self, path: str, **parameters: Any) -> Any:
        """The inside of an answer."""
        return (await self._http.get(path, **parameters))["data"]

    def pages(self, path: str, **parameters: Any) -> AsyncIterator[Any]:
        """A list in pages of a hundred."""
        return by_cursor(self._http, path, "data", "next_page.offset", "offset", limit=100, **parameters)

    async def item(self, task: str, more: str = "") -> dict[str, Any]:
        """A task as Asana gives it."""
        found: dict[str, Any] = await self.data(f"/tasks/{task}", opt_fields=mapping.TASK + more)
        return found

    async def hits(self, kind: str, text: str, count: int = 20) -> list[Mapping[str, Any]]:
        """What a name may stand for: by id or link, else by Asana's typeahead."""
        if kind != "user" and (id := mapping.id_of(text, kind)):
            try:
                return [await self.data(f"/{kind}s/{id}", opt_fields="name")]
            except NotFound:
                return []
        asked = {"resource_type": kind, "query": text, "count": count, "opt_fields": "name"}
        found: list[Mapping[str, Any]] = await self.data(f"/workspaces/{self.id}/typeahead", **asked)
        return found

    async def task_candidates(self, text: str) -> list[Candidate]:
        """Tasks by id, link or words of the title, with where they stand."""
        found = await self.hits("task", text)
        full = await asyncio.gather(*(self.item(one["gid"]) for one in found[:SHOWN]))
        also = (text,) if mapping.id_of(text, "task") else ()
        known = [Candidate(task.ref.id, task.title, _where(task), also) for task in map(mapping.to_task, full)]
        return [*known, *(Candidate(one["gid"], one["name"]) for one in found[SHOWN:])]

    async def person_candidates(self, text: str) -> list[Candidate]:
        """People by address, id or words of the name, with their address."""
        if "@" in text or text.isdigit():
            try:
                one = await self.data(f"/users/{text.strip()}", opt_fields="name,email")
            except NotFound:
                return []
            return [Candidate(one["gid"], one["name"], one.get("email") or "")]
        found = (await self.hits("user", text, 10))[:SHOWN]
        full = await asyncio.gather(*(self.data(f"/users/{one['gid']}", opt_fields="name,email") for one in found))
        return [Candidate(one["gid"], one["name"], one.get("email") or "") for one in full]

    async def section_candidates(self, text: str, project: Any, task: Any) -> list[Candidate]:
        """Sections of a project, or of all projects of a task, by id or words of the name."""
        if not project and not task:
            raise InvalidArgument("A section belongs to a project: say which one.", parameter="project")
        projects = [str(project)] if project else projects_of(await self.item(str(task)))
        rows = [one for project in projects for one in await self.sections(project)]
        wanted = text.strip().casefold().split()
        fits = [row for row in rows if text.strip() == row.id or all(word in row.label.casefold() for word in wanted)]
        exact = [row for row in fits if row.label.casefold() == text.strip().casefold()]
        return exact or fits

    async def sections(self, project: str) -> list[Candidate]:
        """The sections of a project in their order."""
        rows = await take(self.pages(f"/projects/{project}/sections", opt_fields="name"), MANY)
        return [Candidate(one["gid"], one["name"]) for one in rows]

    async def projects(self, limit: int, archived: bool | None = False) -> list[Project]:
        """The projects of the workspace."""
        told = None if archived is None else str(archived).lower()
        path = f"/workspaces/{self.id}/projects"
        rows = await take(self.pages(path, archived=told, opt_fields=mapping.PROJECT + ",current_status.color"), limit)
        return [mapping.to_project(one) for one in rows]

    async def people(self) -> list[str]:
        """Everybody's name."""
        return [one["name"] for one in await self.data(f"/workspaces/{self.id}/users", opt_fields="name")]

    async def tasks(self, path: str, limit: int, **parameters: Any) -> list[Task]:
        """The tasks of a list."""
        rows = await take(self.pages(path, opt_fields=mapping.TASK, **parameters), limit)
        return [mapping.to_task(one) for one in rows]

    async def my_tasks(self, limit: int, completed_since: str) -> list[Task]:
        """The tasks of the person's own list."""
        mine = await self.data("/users/me/user_task_list", workspace=self.id, opt_fields="name")
        return await self.tasks(f"/user_task_lists/{mine['gid']}/tasks", limit, completed_since=completed_since)

    async def search(
        self, text: str | None, assignee: str | None, project: str | None, completed: bool | None,
        due_before: date | None, due_after: date | None, sort_by: str,
    ) -> list[Task]:  # fmt: skip
        """Tasks by Asana's own search; where the plan has none, by what lists and typeahead can tell."""
        asked = {
            "text": text, "assignee.any": assignee, "projects.any": project,
            "completed": None if completed is None else str(completed).lower(),
            "due_on.before": due_before, "due_on.after": due_after, "sort_by": sort_by,
        }  # fmt: skip
        path = f"/workspaces/{self.id}/tasks/search"
        try:
            return [mapping.to_task(one) for one in await self.data(path, opt_fields=mapping.TASK, **asked)]
        except Forbidden as error:
            if error.status != 402 or not (text or assignee or project):
                raise
        found = await self._listed(text, assignee, project)
        return [
            task
            for task in found
            if (not assignee or (task.assignee is not None and task.assignee.id == assignee))
            and (completed is None or (task.status == "done") is completed)
            and (not due_before or (task.due is not None and task.due < due_before))
            and (not due_after or (task.due is not None and task.due > due_after))
            and (not text or text.casefold() in f"{task.title} {task.description}".casefold())
        ]

    async def _listed(self, text: str | None, assignee: str | None, project: str | None) -> list[Task]:
        if project:
            return await self.tasks("/tasks", MANY, project=project)
        if assignee:
            return await self.tasks("/tasks", MANY, assignee=assignee, workspace=self.id)
        found = await self.hits("task", text or "")
        return [mapping.to_task(one) for one in await asyncio.gather(*(self.item(hit["gid"]) for hit in found))]

    async def comments(self, task: str) -> list[Message]:
        """What people said on a task, oldest first."""
        rows = await take(self.pages(f"/tasks/{task}/stories", opt_fields=mapping.STORY), MANY)
        return [mapping.to_comment(one, task) for one in rows if one.get("type") == "comment"]

    async def create(self, fields: Mapping[str, Any], project: str | None, section: str | None) -> Change:
        """A new task, in a section or project where one is named."""
        if section and not project:
            raise Rejected("A section belongs to a project, and none is named.")
        place: dict[str, Any] = {"projects": [project]} if project else {"workspace": self.id}
        if section:
            place = {"memberships": [{"project": project, "section": section}]}
        sent = {"data": {**fields, **place}}
        made = await self._http.send("POST", "/tasks", params={"opt_fields": mapping.TASK}, json=sent)
        item = made.data["data"]
        expect = mapping.expected(fields, item)
        if project:
            expect["project"] = (await self.data(f"/projects/{project}", opt_fields="name"))["name"]
        if project and section:
            expect["section"] = next(one.label for one in await self.sections(project) if one.id == section)
        return _made(mapping.to_task(item), expect)

    async def created_lately(self, name: str, project: str | None, assignee: str | None) -> Change | None:
        """The task that this person made with this very title within the last minutes."""
        where = {"project": project} if project else {"assignee": assignee or self.me, "workspace": self.id}
        begin = (utc_now() - RECENT).isoformat()
        for task in await self.tasks("/tasks", MANY, **where, modified_since=begin):
            is_mine = task.reporter is not None and task.reporter.id == self.me
            if is_mine and task.title == name and _is_recent(task.created_at):
                return _made(task, {"title": name})
        return None

    async def update(self, task: str, fields: Mapping[str, Any]) -> Change:
        """Set fields of a task; the undo sets them back as they were, notes with their formatting."""
        before = await self.item(task, ",html_notes")
        await self._http.send("PUT", f"/tasks/{task}", json={"data": dict(fields)}, is_repeatable=True)
        undo = {"task": task, "fields": mapping.former(before, list(fields))}
        expect = mapping.expected(fields, before)
        return Change(mapping.to_task(before), expect, undo=Call(tool="asana.restore_task", args=undo))

    async def complete(self, task: str, completed: bool) -> Change:
        """Mark a task as done or open."""
        before = mapping.to_task(await self.item(task))
        if (before.status == "done") is completed:
            raise Conflict(f"“{before.title}” is {before.status} already.")
        await self._http.send("PUT", f"/tasks/{task}", json={"data": {"completed": completed}}, is_repeatable=True)
        undo = Call(tool="asana.complete_task", args={"task": task, "completed": not completed})
        return Change(before, {"status": "done" if completed else "open"}, undo=undo)

    async def move(self, task: str, section: str, project: str | None) -> Change:
        """Put a task into another section of a project that it belongs to."""
        item = await self.item(task)
        before, homes = mapping.to_task(item), [project] if project else projects_of(item)
        known = [(home, one) for home in homes for one in await self.sections(home) if one.id == section]
        if not known:
            raise Rejected(f"“{before.title}” is in no project that has this section.")
        home, place = known[0]
        former = mapping.section_in(item, home)
        if not former:
            raise Rejected(f"“{before.title}” is not in that project.")
        if former == section:
            raise Conflict(f"“{before.title}” is in {place.label} already.")
        body = {"data": {"task": task}}
        await self._http.send("POST", f"/sections/{section}/addTask", json=body, is_repeatable=True)
        undo = {"task": task, "section": former, "project": home}
        expect = {"section": mapping.moved(before, item, home, place.label)}
        return Change(before, expect, undo=Call(tool="asana.move_task_to_section", args=undo))

    async def comment(self, task: str, text: str) -> Change:
        """Say something on a task."""
        body = {"data": {"text": text}}
        made = await self._http.post(f"/tasks/{task}/stories", body)
        return _said(mapping.to_comment(made["data"], task), text)

    async def said_lately(self, task: str, text: str) -> Change | None:
        """The comment that this person made with these very words within the last minutes."""
        me = (await self.data("/users/me", opt_fields="name"))["name"]
        for one in reversed(await self.comments(task)):
            if one.author == me and one.text.strip() == text.strip() and _is_recent(one.sent_at):
                return _said(one, text)
        return None

    async def updates(self, project: str, **parameters: Any) -> list[Report]:
        """The status updates of a project, the latest first."""
        rows = await take(self.pages("/status_updates", parent=project, opt_fields=mapping.STATUS, **parameters), 100)
        return [mapping.to_report(one, project) for one in rows]

    async def post_status(self, project: str, status: str, text: str, title: str | None) -> Change:
        """A status update."""
        fields = {"parent": project, "status_type": status, "text": text} | ({"title": title} if title else {})
        made = await self._http.post("/status_updates", {"data": fields})
        return _posted(mapping.to_report(made["data"], project), status, text, title)

    async def posted_lately(self, project: str, status: str, text: str, title: str | None) -> Change | None:
        """The update with these very words that came within the last minutes."""
        for one in await self.updates(project, created_since=(utc_now() - RECENT).isoformat()):
            if one.text.strip() == text.strip() and one.health == status:
                return _posted(one, status, text, title)
        return None

    async def remove(self, path: str, record: Record) -> Change:
        """Delete something."""
        await self._http.send("DELETE", path)
        return Change(record, is_gone=True)

    async def changes(self, cursor: str) -> Batch:
        """Tasks that changed since, project by project, and the person's own: the search lags and costs a plan."""
        moment, found = since(cursor), dict[str, Any]()
        begin = {"modified_since": moment.isoformat()} if moment else {}
        lists = [{"project": one.ref.id} for one in await self.projects(MANY, archived=None)]
        for where in [*lists, {"assignee": self.me, "workspace": self.id}]:
            async for item in self.pages("/tasks", opt_fields=mapping.TASK, **where, **begin):
                found[item["gid"]] = item
        rows = sorted(found.values(), key=lambda item: str(item["modified_at"]))
        return await by_time(_each(rows), cursor, at=lambda item: str(item["modified_at"]), to=mapping.to_task)


def projects_of(item: Mapping[str, Any]) -> list[str]:
    """The ids of the projects that a task belongs to."""
    return [one["project"]["gid"] for one in item.get("memberships") or () if one.get("project")]


async def _each(rows: Sequence[Any]) -> AsyncIterator[Any]:
    for row in rows:
        yield row


def _where(task: Task) -> str:
    return ", ".join(part for part in (task.project, task.section, task.status) if part)


def _is_recent(moment: datetime | None) -> bool:
    return moment is not None and utc_now() - moment < RECENT


def _made(task: Task, expect: Mapping[str, Any]) -> Change:
    return Change(task, expect, undo=Call(tool="asana.delete_task", args={"task": task.ref.id}))


def _said(comment: Message, text: str) -> Change:
    undo = Call(tool="asana.delete_comment", args={"comment": comment.ref.id})
    return Change(comment, {"text": text}, undo=undo)


def _posted(report: Report, status: str, text: str, title: str | None) -> Change:
    undo = Call(tool="asana.delete_project_status", args={"update": report.ref.id})
    return Change(report, {"text": text, "health": status} | ({"title": title} if title else {}), undo=undo)


def ref_to(kind: str, id: str) -> Ref:
    """A record by its id."""
    return Ref(integration="asana", kind=kind, id=id)
