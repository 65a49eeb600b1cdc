"""Jira Cloud, REST API 3: issues, comments, work logs. Long texts travel as Atlassian Document Format."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from core.clock import utc_now
from core.errors import Candidate, Conflict, NotFound, Rejected, VendorError
from core.records import Project, Record, Ref, Task
from core.tool import Call, Change
from tools.declare import Duration, Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.jira.adf import to_adf
from tools.integrations.jira.feed import to_events
from tools.integrations.jira.mapping import (
    expected,
    from_task,
    quoted,
    singular,
    to_comment,
    to_task,
    to_worklog,
    written,
)
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.kit.paging import by_offset, take, walk
from tools.kit.webhook import Delivery, Signature, WebhookEvent, prefixed
from tools.stream import Batch, by_time, since, stream

Priority = Literal["Highest", "High", "Medium", "Low", "Lowest"]
IssueKey = Annotated[str, finds("issue")]
ProjectKey = Annotated[str, finds("project")]

READ, WRITE = ("read:jira-work",), ("write:jira-work",)
FIELDS = "summary,description,status,issuetype,assignee,reporter,priority,labels,project,parent,duedate,created,updated"
KEY = re.compile(r"\b([A-Z][A-Z0-9_]+-\d+)\b", re.IGNORECASE)


class Jira(Integration):
    """Jira under one person's connection."""

    key = "jira"
    name = "Jira"
    category = "project_management"
    aliases = ("jira", "atlassian jira", "jira cloud", "atlassian")
    base_url = "https://api.atlassian.com"
    auth = OAuth2(
        authorize_url="https://auth.atlassian.com/authorize",
        token_url="https://auth.atlassian.com/oauth/token",  # noqa: S106 - an address
        scopes=("read:jira-work", "write:jira-work", "read:jira-user", "offline_access"),
        extra={"audience": "api.atlassian.com", "prompt": "consent"},
        is_json=True,
    )
    webhook = Signature(prefixed("X-Hub-Signature"))
    names = ("project", "person")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Jira's `{errorMessages, errors}`."""
        if answer.status < 400 or not isinstance(answer.data, Mapping):
            return None
        fields = {str(name): str(reason) for name, reason in (answer.data.get("errors") or {}).items()}
        said = " ".join([*map(str, answer.data.get("errorMessages") or ()), *fields.values()])
        return by_status(cls.name, answer, said, fields)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """The issue, comment or work log that changed."""
        return to_events(delivery)

    async def identify(self) -> Account:
        """The site the person granted, and who they are there."""
        sites = await self.http.get("/oauth/token/accessible-resources")
        if not sites:
            raise NotFound("This Atlassian account has no Jira site.")
        base = f"/ex/jira/{sites[0]['id']}"
        me = await self.http.get(f"{base}/rest/api/3/myself")
        return Account(me["accountId"], base, sites[0]["url"])

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Projects by key and name."""
        projects = await self.list_projects(limit=200)
        return {"project": [name for project in projects for name in (project.ref.key, project.title)]}

    async def find_project(self, text: str) -> Sequence[Candidate]:
        """Projects by key or words of the name."""
        found = await take(by_offset(self.http, "/rest/api/3/project/search", "values", 50, query=text), 50)
        return [Candidate(item["key"], f"{item['name']} ({item['key']})", also=(item["name"],)) for item in found]

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Active people by name or address."""
        found = await self.http.get("/rest/api/3/user/search", query=text, maxResults=20)
        return [
            Candidate(item["accountId"], item["displayName"], item.get("emailAddress", ""))
            for item in found
            if item.get("active", True) and item.get("accountType", "atlassian") == "atlassian"
        ]

    async def find_issue(self, text: str) -> Sequence[Candidate]:
        """An issue by key or link, else by words of its summary, the latest first."""
        key = KEY.search(text)
        if key:
            issue = await self._issue(key.group(1).upper())
            return [Candidate(issue.ref.key, f"{issue.ref.key} {issue.title}", also=(text, issue.ref.id))]
        words = text.replace("\\", " ").replace('"', " ")
        found = await self._search(f'summary ~ "{words}" ORDER BY updated DESC', 5)
        return [Candidate(issue.ref.key, f"{issue.ref.key} {issue.title}", also=(issue.title,)) for issue in found]

    @tool("read", scopes=READ)
    async def search_issues(
        self,
        jql: Annotated[str | None, "a whole JQL query, which replaces the other filters"] = None,
        text: Annotated[str | None, "words that the issue contains"] = None,
        project: Annotated[ProjectKey | None, "the project, by its key or name"] = None,
        assignee: Annotated[Who | None, "whose issues"] = None,
        status: Annotated[str | None, "status name"] = None,
        issue_type: Annotated[str | None, "type name"] = None,
        priority: Annotated[Priority | None, "priority"] = None,
        label: Annotated[str | None, "label"] = None,
        reporter: Annotated[Who | None, "who reported them"] = None,
        due_before: Annotated[date | None, "only those due before this date"] = None,
        updated_after: Annotated[date | None, "only those updated on this date or since"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Task]:
        """Find issues by a JQL query or by words, project, person, status, type, priority, label and dates."""
        equal = {
            "project": project,
            "assignee": assignee,
            "status": status,
            "issuetype": singular(issue_type) if issue_type else None,
            "priority": priority,
            "labels": label,
            "reporter": reporter,
        }
        clauses = [f"{field} = {quoted(value)}" for field, value in equal.items() if value]
        clauses += [f"text ~ {quoted(text)}"] if text else []
        clauses += [f'duedate < "{due_before}"'] if due_before else []
        clauses += [f'updated >= "{updated_after}"'] if updated_after else []
        return await self._search(jql or f"{' AND '.join(clauses)} ORDER BY updated DESC".strip(), limit)

    @tool("read", scopes=READ)
    async def get_issue(self, issue: Annotated[IssueKey, "the issue, by key or link"]) -> Task:
        """Show a single issue or ticket in full, with the newest comments on it."""
        found = await self._issue(issue)
        page = await self.http.get(f"/rest/api/3/issue/{issue}/comment", orderBy="-created", maxResults=5)
        comments = tuple(to_comment(item, issue, self._site) for item in reversed(page["comments"]))
        return found.model_copy(update={"comments": comments})

    @tool("write", scopes=WRITE, proof="read_issue", undo="delete_issue", recover="recover_issue")
    async def create_issue(
        self,
        project: Annotated[ProjectKey, "the project, by its key or name"],
        summary: Annotated[str, "one-line title"],
        issue_type: Annotated[Literal["Bug", "Task", "Story", "Epic"], "type name"] = "Task",
        description: Annotated[Text | None, "body"] = None,
        assignee: Annotated[Who | None, "the person to work on it"] = None,
        priority: Annotated[Priority | None, "priority"] = None,
        due_date: Annotated[date | None, "due day"] = None,
        labels: Annotated[list[str] | None, "labels"] = None,
        parent: Annotated[IssueKey | None, "the epic or issue it belongs under, by key"] = None,
    ) -> Change:
        """Open an issue, bug, task, story or epic in a project."""
        types = await take(
            by_offset(
                self.http,
                f"/rest/api/3/issue/createmeta/{project}/issuetypes",
                "issueTypes",
                50,
                last="",
            ),
            100,
        )
        known = {item["name"].lower(): item["id"] for item in types}
        if issue_type.lower() not in known:
            raise Rejected(f"{project} has no issue type {issue_type}; it has {', '.join(sorted(known))}.")
        fields = written(
            summary=summary,
            description=description,
            assignee=assignee,
            priority=priority,
            due=due_date,
            labels=labels,
            parent=parent,
        )
        kind = {"project": {"key": project}, "issuetype": {"id": known[issue_type.lower()]}}
        made = await self.http.post("/rest/api/3/issue", {"fields": fields | kind})
        record = to_task({"id": made["id"], "key": made["key"], "fields": {"summary": summary}}, self._site)
        undo = Call(tool="jira.delete_issue", args={"issue": made["key"]})
        return Change(record, expected(fields) | {"kind": issue_type, "project": project}, undo=undo)

    @tool("write", scopes=WRITE, proof="read_issue", undo="restore_issue")
    async def update_issue(
        self,
        issue: Annotated[IssueKey, "the issue, by key or link"],
        summary: Annotated[str | None, "new title"] = None,
        description: Annotated[Text | None, "new body"] = None,
        priority: Annotated[Priority | None, "new priority"] = None,
        due_date: Annotated[date | None, "the new due date"] = None,
        labels: Annotated[list[str] | None, "further labels, besides those it has"] = None,
    ) -> Change:
        """Edit an issue: its title, description, priority, due date or labels."""
        before = await self._issue(issue)
        fields = written(
            summary=summary,
            description=description,
            priority=priority,
            due=due_date,
            labels=sorted({*before.labels, *labels}) if labels else None,
        )
        if not fields:
            raise Rejected("There is nothing to change.")
        await self.http.send("PUT", f"/rest/api/3/issue/{issue}", json={"fields": fields}, is_repeatable=True)
        return self._updated(before, fields)

    @tool("write", scopes=WRITE, proof="read_issue", undo="transition_issue")
    async def transition_issue(
        self,
        issue: Annotated[IssueKey, "the issue, by key or link"],
        status: Annotated[str, "the status it moves to"],
        comment: Annotated[Text | None, "a comment to leave with the move"] = None,
    ) -> Change:
        """Move an issue on to a new status, such as to start, close or reopen it."""
        before = await self._issue(issue)
        ways = (await self.http.get(f"/rest/api/3/issue/{issue}/transitions"))["transitions"]
        wanted = status.strip().lower()
        way = next((w for w in ways if wanted in (w["to"]["name"].lower(), w["name"].lower())), None)
        if before.status.lower() == wanted:
            raise Conflict(f"{issue} is already {before.status}.")
        if way is None:
            reachable = ", ".join(w["to"]["name"] for w in ways) or "nothing"
            raise Rejected(f"From {before.status}, {issue} can go to: {reachable}.")
        body: dict[str, Any] = {"transition": {"id": way["id"]}}
        if comment:
            body["update"] = {"comment": [{"add": {"body": to_adf(comment)}}]}
        await self.http.post(f"/rest/api/3/issue/{issue}/transitions", body)
        undo = Call(tool="jira.transition_issue", args={"issue": issue, "status": before.status})
        return Change(before, {"status": way["to"]["name"]}, undo=undo)

    @tool("write", scopes=WRITE, proof="read_issue", undo="assign_issue")
    async def assign_issue(
        self,
        issue: Annotated[IssueKey, "the issue, by key or link"],
        assignee: Annotated[Who | None, "who takes it over, none to unassign"] = None,
    ) -> Change:
        """Assign an issue to a person, or unassign it."""
        before = await self._issue(issue)
        path = f"/rest/api/3/issue/{issue}/assignee"
        await self.http.send("PUT", path, json={"accountId": assignee}, is_repeatable=True)
        former = {"assignee": before.assignee.id} if before.assignee else {}
        return Change(
            before,
            {"assignee": assignee},
            undo=Call(
                tool="jira.assign_issue",
                args={"issue": issue, **former},
            ),
        )

    @tool("write", scopes=WRITE, proof="read_comment", undo="delete_comment")
    async def comment_on_issue(
        self, issue: Annotated[IssueKey, "the issue, by key or link"], body: Annotated[Text, "the comment"]
    ) -> Change:
        """Add a comment to an issue or ticket."""
        made = await self.http.post(f"/rest/api/3/issue/{issue}/comment", {"body": to_adf(body)})
        record = to_comment(made, issue, self._site)
        undo = Call(tool="jira.delete_comment", args={"issue": issue, "comment": made["id"]})
        return Change(record, {"text": body}, undo=undo)

    @tool("write", scopes=WRITE, proof="read_worklog", undo="delete_worklog")
    async def log_work(
        self,
        issue: Annotated[IssueKey, "the issue, by key or link"],
        time_spent: Annotated[Duration, "how long"],
        started: Annotated[datetime | None, "the moment the work started"] = None,
        comment: Annotated[Text | None, "what the time went into"] = None,
    ) -> Change:
        """Record time worked on an issue in its work log."""
        seconds = int(time_spent.total_seconds())
        body: dict[str, Any] = {"timeSpentSeconds": seconds}
        if started:
            body["started"] = started.strftime("%Y-%m-%dT%H:%M:%S.000%z")
        if comment:
            body["comment"] = to_adf(comment)
        made = await self.http.post(f"/rest/api/3/issue/{issue}/worklog", body)
        undo = Call(tool="jira.delete_worklog", args={"issue": issue, "worklog": made["id"]})
        return Change(to_worklog(made, issue, self._site), {"seconds": seconds}, undo=undo)

    @tool("read", scopes=READ)
    async def list_projects(
        self,
        query: Annotated[str | None, "part of its name or key"] = None,
        limit: Annotated[int, "how many"] = 25,
    ) -> list[Project]:
        """Show the projects there are, or find one by its name or key."""
        pages = by_offset(self.http, "/rest/api/3/project/search", "values", min(50, limit), query=query)
        return [
            Project(
                ref=Ref(integration=self.key, kind="project", id=item["id"], key=item["key"]),
                title=item["name"],
            )
            for item in await take(pages, limit)
        ]

    @tool("destructive", scopes=WRITE, proof="read_issue", irreversible="Jira deletes an issue for good")
    async def delete_issue(
        self,
        issue: Annotated[IssueKey, "the issue, by key or link"],
        delete_subtasks: Annotated[bool, "whether its subtasks go with it"] = False,
    ) -> Change:
        """Delete an issue permanently, with its subtasks if wanted."""
        before = await self._issue(issue)
        subtasks = "true" if delete_subtasks else "false"
        await self.http.send("DELETE", f"/rest/api/3/issue/{issue}", params={"deleteSubtasks": subtasks})
        return Change(before, is_gone=True)

    @tool("write", scopes=WRITE, proof="read_issue", irreversible="it is itself an undo", is_hidden=True)
    async def restore_issue(
        self,
        issue: Annotated[str, "key"],
        fields: Annotated[dict[str, Any], "former values, in Jira's own words"],
    ) -> Change:
        """Set fields of an issue back to what they were."""
        before = await self._issue(issue)
        await self.http.send("PUT", f"/rest/api/3/issue/{issue}", json={"fields": fields}, is_repeatable=True)
        return self._updated(before, fields)

    @tool("destructive", scopes=WRITE, proof="read_comment", irreversible="it is itself an undo", is_hidden=True)
    async def delete_comment(
        self, issue: Annotated[str, "key"], comment: Annotated[str, "id of the comment"]
    ) -> Change:
        """Delete a comment."""
        path = f"/rest/api/3/issue/{issue}/comment/{comment}"
        record = to_comment(await self.http.get(path), issue, self._site)
        await self.http.send("DELETE", path)
        return Change(record, is_gone=True)

    @tool("destructive", scopes=WRITE, proof="read_worklog", irreversible="it is itself an undo", is_hidden=True)
    async def delete_worklog(self, issue: Annotated[str, "key"], worklog: Annotated[str, "id of the entry"]) -> Change:
        """Delete logged work."""
        path = f"/rest/api/3/issue/{issue}/worklog/{worklog}"
        record = to_worklog(await self.http.get(path), issue, self._site)
        await self.http.send("DELETE", path)
        return Change(record, is_gone=True)

    async def read_issue(self, ref: Ref) -> Record:
        """Reads the issue again."""
        return await self._issue(ref.id)

    async def read_comment(self, ref: Ref) -> Record:
        """Reads the comment again."""
        issue, _, comment = ref.id.partition("/")
        return to_comment(await self.http.get(f"/rest/api/3/issue/{issue}/comment/{comment}"), issue, self._site)

    async def read_worklog(self, ref: Ref) -> Record:
        """Reads the entry again."""
        issue, _, entry = ref.id.partition("/")
        return to_worklog(await self.http.get(f"/rest/api/3/issue/{issue}/worklog/{entry}"), issue, self._site)

    async def recover_issue(self, project: str, summary: str, **_: Any) -> Change | None:
        """The issue that this person opened with this very title within the last minutes, if there is one."""
        jql = f'project = {quoted(project)} AND reporter = currentUser() AND created >= "-5m" ORDER BY created DESC'
        found = next((issue for issue in await self._search(jql, 20) if issue.title == summary), None)
        if found is None:
            return None
        return Change(found, {"title": summary}, undo=Call(tool="jira.delete_issue", args={"issue": found.ref.key}))

    @stream("issue")
    async def stream_issues(self, cursor: str) -> Batch:
        """Issues in the order of their change; JQL counts in minutes, so the last one is read twice."""
        moment = since(cursor)
        minutes = math.ceil((utc_now() - moment).total_seconds() / 60) + 1 if moment else None
        past = f'updated >= "-{minutes}m" ' if minutes else 'updated >= "-5200w" '
        items = self._pages(f"{past}ORDER BY updated ASC", 100)
        return await by_time(
            items, cursor, lambda item: str(item["fields"]["updated"]), lambda item: to_task(item, self._site)
        )

    async def _search(self, jql: str, limit: int) -> list[Task]:
        return [to_task(item, self._site) for item in await take(self._pages(jql, min(50, limit)), limit)]

    def _pages(self, jql: str, size: int) -> AsyncIterator[Any]:
        async def page(token: Any) -> tuple[list[Any], Any]:
            body = {"jql": jql, "fields": FIELDS.split(","), "maxResults": size}
            body |= {"nextPageToken": token} if token else {}
            data = await self.http.post("/rest/api/3/search/jql", body, is_read=True)
            return data["issues"], None if data.get("isLast", True) else data.get("nextPageToken")

        return walk(page)

    async def _issue(self, issue: str) -> Task:
        return to_task(await self.http.get(f"/rest/api/3/issue/{issue}", fields=FIELDS), self._site)

    def _updated(self, before: Task, fields: Mapping[str, Any]) -> Change:
        former = from_task(before)
        undo = {"issue": before.ref.key, "fields": {name: former[name] for name in fields}}
        return Change(before, expected(fields), undo=Call(tool="jira.restore_issue", args=undo))

    @property
    def _site(self) -> str:
        return self.http.connection.site
