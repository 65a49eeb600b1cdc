"""Linear, GraphQL: issues, comments, projects, cycles."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from core.errors import (
    Candidate,
    Conflict,
    Forbidden,
    NotFound,
    RateLimited,
    Rejected,
    TokenExpired,
    VendorError,
    VendorUnavailable,
)
from core.records import Event, Project, Record, Ref, Task
from core.tool import Call, Change
from tools.declare import Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.linear import document
from tools.integrations.linear.feed import signed, to_events
from tools.integrations.linear.mapping import (
    age_s,
    cycle_filter,
    expected,
    former,
    settled,
    to_comment,
    to_event,
    to_project,
    to_report,
    to_task,
    written,
)
from tools.integrations.linear.workflow import find_cycle, find_labels, find_states
from tools.kit.auth import OAuth2
from tools.kit.graphql import ask, by_connection
from tools.kit.http import Answer
from tools.kit.paging import take
from tools.kit.webhook import Delivery, Signature, WebhookEvent
from tools.stream import Batch, by_time, oldest_first, stream

Priority = Literal["urgent", "high", "medium", "low", "none"]
State = Literal["backlog", "planned", "started", "paused", "completed", "canceled"]
IssueKey = Annotated[str, finds("issue")]
TeamId = Annotated[str, finds("team")]
ProjectId = Annotated[str, finds("project")]

READ, WRITE = ("read",), ("write",)
PAGE = 50
KEY = re.compile(r"(?:linear\.app/\S+/issue/|^|\s|#)([A-Z][A-Z0-9]*-\d+)\b", re.IGNORECASE)
SLUG = re.compile(r"linear\.app/\S+/project/(?:\S*-)?([0-9a-f]{8,})", re.IGNORECASE)
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
LATELY = {"gt": "-PT5M"}


class Linear(Integration):
    """Linear under one person's connection."""

    key = "linear"
    name = "Linear"
    category = "project_management"
    aliases = ("linear",)
    base_url = "https://api.linear.app/graphql"
    auth = OAuth2(
        authorize_url="https://linear.app/oauth/authorize",
        token_url="https://api.linear.app/oauth/token",  # noqa: S106 - an address
        revoke_url="https://api.linear.app/oauth/revoke",
        scopes=("read", "write", "issues:create", "comments:create"),
        scope_separator=",",
    )
    webhook = Signature(signed)
    names = ("person", "project", "team")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Linear's `{errors: [{message, extensions: {code, userPresentableMessage}}]}`, with HTTP 200 too."""
        errors = answer.data.get("errors") if isinstance(answer.data, Mapping) else None
        if not errors:
            return None
        more = errors[0].get("extensions") or {}
        code, message = more.get("code", ""), str(errors[0].get("message", ""))
        said = str(more.get("userPresentableMessage") or message)
        kind, sentence = _kind(code, message, answer.status)
        if kind is RateLimited:
            return RateLimited("Linear asks for fewer requests.", retry_after_s=_wait_s(answer.headers))
        return kind(f"{sentence} Linear says: {said}", status=answer.status, cause=f"{code} {message}")

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """The issue, comment, project or update that changed."""
        return to_events(delivery)

    async def identify(self) -> Account:
        """The person and the address of their workspace."""
        viewer = (await ask(self.http, document.VIEWER))["viewer"]
        return Account(viewer["id"], "", f"https://linear.app/{viewer['organization']['urlKey']}")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Teams by key and name, projects, people."""
        teams = await take(by_connection(self.http, document.TEAMS, "teams"), 500)
        people = await take(by_connection(self.http, document.USERS, "users"), 1000)
        return {
            "team": [name for team in teams for name in (team["key"], team["name"])],
            "project": [project.title for project in await self.list_projects(limit=200)],
            "person": [person["name"] for person in people if person["active"]],
        }

    async def find_team(self, text: str) -> Sequence[Candidate]:
        """Teams by key, or words of the name."""
        word = re.sub(r"^the\s+|\s+team$", "", text.strip(), flags=re.IGNORECASE)
        either = [{"key": {"eqIgnoreCase": word}}, {"name": {"containsIgnoreCaseAndAccent": word}}]
        found = await take(by_connection(self.http, document.TEAMS, "teams", filter={"or": either}), 20)
        return [
            Candidate(team["id"], name, key, also=(key, f"{name} team", f"the {name} team", f"the {key} team"))
            for team in found
            for name, key in [(team["name"], team["key"])]
        ]

    async def find_project(self, text: str) -> Sequence[Candidate]:
        """Projects by words of the name, or by link."""
        if link := SLUG.search(text):
            found = [(await ask(self.http, document.GET_PROJECT, id=link.group(1)))["project"]]
        else:
            wanted = {"name": {"containsIgnoreCaseAndAccent": text}}
            found = (await ask(self.http, document.PROJECTS, first=20, filter=wanted))["projects"]["nodes"]
        also = (text,) if link else ()
        return [Candidate(item["id"], item["name"], item["state"], also=also) for item in found]

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Active people by name, display name or address."""
        either = [
            {"name": {"containsIgnoreCaseAndAccent": text}}, {"displayName": {"containsIgnoreCaseAndAccent": text}},
            {"email": {"eqIgnoreCase": text}},
        ]  # fmt: skip
        who = {"active": {"eq": True}, "or": either}
        found = (await ask(self.http, document.USERS, first=25, filter=who))["users"]["nodes"]
        return [Candidate(item["id"], item["name"], item["email"], also=(item["displayName"],)) for item in found]

    async def find_issue(self, text: str) -> Sequence[Candidate]:
        """An issue by identifier, link or id, else by words: a title such as "utf-8 breaks" is no identifier."""
        key = KEY.search(text)
        if key or ID.fullmatch(text.strip()):
            try:
                issue = await self._issue(key.group(1).upper() if key else text.strip())
            except NotFound:
                if len(text.split()) == 1:
                    raise
            else:
                label = f"{issue['identifier']} {issue['title']}"
                return [Candidate(issue["identifier"], label, also=(text, issue["id"]))]
        found = await self.search_issues(text, limit=5)
        return [Candidate(task.ref.key, f"{task.ref.key} {task.title}", also=(task.title,)) for task in found]

    @tool("read", scopes=READ)
    async def search_issues(
        self,
        term: Annotated[str, "the words, or an identifier like ENG-412"],
        team: Annotated[TeamId | None, "the team, by name or key"] = None,
        include_comments: Annotated[bool, "whether the comments are searched as well"] = False,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Task]:
        """Find issues and tickets by the words in them."""
        pages = by_connection(
            self.http, document.SEARCH, "searchIssues", term=term, first=min(PAGE, limit), teamId=team,
            includeComments=include_comments,
        )  # fmt: skip
        return [to_task(item) for item in await take(pages, limit)]

    @tool("read", scopes=READ)
    async def list_issues(
        self,
        assignee: Annotated[Who | None, "whose issues"] = None,
        team: Annotated[TeamId | None, "the team, by name or key"] = None,
        state: Annotated[str | None, "a state by name, or a kind of state like started"] = None,
        project: Annotated[ProjectId | None, "project name"] = None,
        label: Annotated[str | None, "label name"] = None,
        priority: Annotated[Priority | None, "priority"] = None,
        due_before: Annotated[date | None, "only those due before this date"] = None,
        due_after: Annotated[date | None, "only those due after this date"] = None,
        cycle: Annotated[str | None, "the cycle: current, next, or by name or number"] = None,
        limit: Annotated[int, "how many"] = 25,
    ) -> list[Task]:
        """Show the issues of a person, team, project or cycle, narrowed by state, label, priority or due date."""
        links = {"assignee": assignee, "team": team, "project": project}
        wanted: dict[str, Any] = {name: {"id": {"eq": value}} for name, value in links.items() if value}
        due = {"lt": due_before and due_before.isoformat(), "gt": due_after and due_after.isoformat()}
        if any(due.values()):
            wanted["dueDate"] = {name: value for name, value in due.items() if value}
        if state:
            wanted["state"] = {"id": {"in": await find_states(self.http, state, team)}}
        if label:
            wanted["labels"] = {"some": {"name": {"eqIgnoreCase": label}}}
        if priority:
            wanted["priority"] = {"eq": written(priority=priority)["priority"]}
        if cycle:
            wanted["cycle"] = cycle_filter(cycle)
        return [to_task(item) for item in await self._issues(wanted, limit)]

    @tool("read", scopes=READ)
    async def get_issue(self, issue: Annotated[IssueKey, "the issue, by identifier, link or title"]) -> Task:
        """Show a single issue or ticket in full, with the comments on it."""
        task = to_task(await self._issue(issue))
        found = (await ask(self.http, document.GET_COMMENTS, id=issue))["issue"]["comments"]["nodes"]
        comments = sorted((to_comment(item) for item in found), key=lambda comment: str(comment.sent_at))
        return task.model_copy(update={"comments": tuple(comments[-10:])})

    @tool("write", scopes=("write", "issues:create"), proof="read_issue", undo="delete_issue", recover="recover_issue")
    async def create_issue(
        self,
        title: Annotated[str, "one-line title"],
        team: Annotated[TeamId, "the team, by name or key"],
        description: Annotated[Text | None, "Markdown body"] = None,
        assignee: Annotated[Who | None, "the person to work on it"] = None,
        priority: Annotated[Priority, "priority"] = "none",
        labels: Annotated[list[str] | None, "label names"] = None,
        project: Annotated[ProjectId | None, "project name"] = None,
        due_date: Annotated[date | None, "due day"] = None,
        estimate: Annotated[int | None, "points"] = None,
    ) -> Change:
        """File a new issue, bug or ticket with a team."""
        fields = written(title, description, assignee, priority, due_date, estimate, project)
        chosen = await find_labels(self.http, labels or (), team)
        more = {"labelIds": list(chosen)} if chosen else {}
        made = await self._change(document.CREATE_ISSUE, "issueCreate", input={"teamId": team, **fields, **more})
        expect = expected(fields, made["issue"]) | ({"labels": tuple(sorted(chosen.values()))} if chosen else {})
        return self._created(made["issue"], expect)

    @tool("write", scopes=WRITE, proof="read_issue", undo="restore_issue")
    async def update_issue(
        self,
        issue: Annotated[IssueKey, "the issue, by identifier, link or title"],
        state: Annotated[str | None, "name of the state it moves to"] = None,
        assignee: Annotated[Who | None, "new owner"] = None,
        priority: Annotated[Priority | None, "new priority"] = None,
        title: Annotated[str | None, "new title"] = None,
        description: Annotated[Text | None, "the new description, in Markdown"] = None,
        due_date: Annotated[date | None, "the new due date"] = None,
        estimate: Annotated[int | None, "points"] = None,
        add_labels: Annotated[list[str] | None, "further labels, besides those it has"] = None,
        cycle: Annotated[str | None, "the cycle it moves into"] = None,
    ) -> Change:
        """Edit an issue: its state, assignee, priority, title, text, due date, estimate, labels or cycle."""
        before = await self._issue(issue)
        team = before["team"]["id"]
        fields = written(
            title, description, assignee, priority, due_date, estimate,
            state=(await find_states(self.http, state, team))[0] if state else None,
            cycle=await find_cycle(self.http, cycle, team) if cycle else None,
        )  # fmt: skip
        return await self._update(before, fields, await find_labels(self.http, add_labels or (), team))

    @tool(
        "write", scopes=("write", "comments:create"), proof="read_comment", undo="delete_comment",
        recover="recover_comment",
    )  # fmt: skip
    async def comment_on_issue(
        self,
        issue: Annotated[IssueKey, "the issue, by identifier, link or title"],
        body: Annotated[Text, "Markdown comment"],
    ) -> Change:
        """Add a comment to an issue or ticket."""
        made = await self._change(document.CREATE_COMMENT, "commentCreate", input={"issueId": issue, "body": body})
        return self._commented(made["comment"], body)

    @tool("read", scopes=READ)
    async def list_projects(
        self,
        team: Annotated[TeamId | None, "the team, by name or key"] = None,
        state: Annotated[State | None, "state"] = None,
        lead: Annotated[Who | None, "project lead"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Project]:
        """Show the projects and for each its state, who leads it and when it is due."""
        wanted: dict[str, Any] = {"state": {"eq": state}} if state else {}
        wanted |= {"lead": {"id": {"eq": lead}}} if lead else {}
        first = PAGE if team else min(PAGE, limit)
        found: list[Project] = []
        async for item in by_connection(self.http, document.PROJECTS, "projects", first=first, filter=wanted):
            if len(found) >= limit:
                break
            if not team or team in [one["id"] for one in item["teams"]["nodes"]]:
                found.append(to_project(item))
        return found

    @tool("write", scopes=WRITE, proof="read_update", undo="archive_project_update", recover="recover_update")
    async def post_project_update(
        self,
        project: Annotated[ProjectId, "project name"],
        health: Annotated[Literal["onTrack", "atRisk", "offTrack"], "how the project is going"],
        body: Annotated[Text, "text of the update, in Markdown"],
    ) -> Change:
        """Report how a project is going: write an update that says whether it is on track, at risk or off track."""
        sent = {"projectId": project, "health": health, "body": body}
        made = await self._change(document.POST_UPDATE, "projectUpdateCreate", input=sent)
        return self._posted(made["projectUpdate"], health, body)

    @tool("read", scopes=READ)
    async def current_cycle(self, team: Annotated[TeamId, "the team, by name or key"]) -> Event:
        """Show the progress of a team's running cycle or sprint: its issues that are finished and those still open."""
        [its] = (await ask(self.http, document.TEAMS, filter={"id": {"eq": team}}))["teams"]["nodes"] or [None]
        wanted = {"team": {"id": {"eq": team}}, "isActive": {"eq": True}}
        cycles = (await ask(self.http, document.CYCLES, filter=wanted))["cycles"]["nodes"] if its else []
        if not cycles:
            raise NotFound(f"{its['name'] if its else 'This team'} has no cycle running now.")
        issues = await self._issues({"cycle": {"id": {"eq": cycles[0]["id"]}}}, 250)
        return to_event(cycles[0], issues, its["name"])

    @tool("destructive", scopes=WRITE, proof="read_issue", undo="restore_issue")
    async def delete_issue(self, issue: Annotated[IssueKey, "the issue, by identifier, link or title"]) -> Change:
        """Delete an issue: it lies in the trash for some time and is then removed for good."""
        before = await self._issue(issue)
        await self._change(document.DELETE_ISSUE, "issueDelete", id=before["id"])
        undo = Call(tool="linear.restore_issue", args={"issue": before["id"], "fields": {"trashed": None}})
        return Change(to_task(before), is_gone=True, undo=undo)

    @tool("write", scopes=WRITE, proof="read_issue", irreversible="it is itself an undo", is_hidden=True)
    async def restore_issue(
        self,
        issue: Annotated[str, "identifier or id"],
        fields: Annotated[dict[str, Any], "former values, in Linear's own words"],
    ) -> Change:
        """Set fields of an issue back to what they were, or take it out of the trash."""
        after = (await self._change(document.UPDATE_ISSUE, "issueUpdate", id=issue, input=fields))["issue"]
        return Change(to_task(after), expected(fields, after))

    @tool("destructive", scopes=WRITE, proof="read_comment", irreversible="it is itself an undo", is_hidden=True)
    async def delete_comment(self, comment: Annotated[str, "id of the comment"]) -> Change:
        """Delete a comment."""
        record = await self.read_comment(Ref(integration=self.key, kind="comment", id=comment))
        await self._change(document.DELETE_COMMENT, "commentDelete", id=comment)
        return Change(record, is_gone=True)

    @tool("destructive", scopes=WRITE, proof="read_update", irreversible="it is itself an undo", is_hidden=True)
    async def archive_project_update(self, update: Annotated[str, "ids of project and update"]) -> Change:
        """Take a project update back."""
        record = await self.read_update(Ref(integration=self.key, kind="project_update", id=update))
        await self._change(document.ARCHIVE_UPDATE, "projectUpdateArchive", id=update.partition("/")[2])
        return Change(record, is_gone=True)

    async def read_issue(self, ref: Ref) -> Record:
        """Reads the issue again."""
        return to_task(await self._issue(ref.id))

    async def read_comment(self, ref: Ref) -> Record:
        """Reads the comment again."""
        wanted = {"id": {"eq": ref.id}}
        found = (await ask(self.http, document.COMMENTS, filter=wanted))["comments"]["nodes"]
        if not found:
            raise NotFound("The comment is not in Linear.")
        return to_comment(found[0])

    async def read_update(self, ref: Ref) -> Record:
        """Reads the project's latest updates again."""
        project, _, update = ref.id.partition("/")
        found = next((item for item in await self._updates(project) if item["id"] == update), None)
        if found is None:
            raise NotFound("The update is not in Linear.")
        return to_report(found)

    async def recover_issue(self, title: str, team: str, **_: Any) -> Change | None:
        """The issue that this person opened with this very title within the last minutes, if there is one."""
        me = {"isMe": {"eq": True}}
        wanted = {"team": {"id": {"eq": team}}, "title": {"eq": title}, "creator": me, "createdAt": LATELY}
        found = await self._issues(wanted, 1)
        return self._created(found[0], {"title": title}) if found else None

    async def recover_comment(self, issue: str, body: str) -> Change | None:
        """The comment that this person made with these very words within the last minutes, if there is one."""
        wanted = {"user": {"isMe": {"eq": True}}, "createdAt": LATELY}
        data = await ask(self.http, document.GET_COMMENTS, id=issue, filter=wanted)
        found = [item for item in data["issue"]["comments"]["nodes"] if settled(item["body"]) == settled(body)]
        return self._commented(found[0], body) if found else None

    async def recover_update(self, project: str, health: str, body: str) -> Change | None:
        """The update that this person posted with these very words last, if there is one."""
        mine = self.http.connection.account
        for item in await self._updates(project):
            if item["user"]["id"] == mine and age_s(item) < 300 and settled(item["body"]) == settled(body):
                return self._posted(item, health, body)
        return None

    async def _issue(self, issue: str) -> dict[str, Any]:
        item: dict[str, Any] = (await ask(self.http, document.GET_ISSUE, id=issue))["issue"]
        if item["trashed"]:
            raise NotFound(f"{item['identifier']} is in Linear's trash.")
        return item

    @stream("issue")
    async def stream_issues(self, cursor: str) -> Batch:
        """Issues in the order of their change."""
        newest = by_connection(self.http, document.ISSUES, "issues", first=PAGE)
        items = oldest_first(newest, cursor, lambda item: str(item["updatedAt"]))
        return await by_time(items, cursor, lambda item: str(item["updatedAt"]), to_task)

    async def _issues(self, wanted: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
        pages = by_connection(self.http, document.ISSUES, "issues", first=min(PAGE, limit), filter=wanted)
        return await take(pages, limit)

    async def _updates(self, project: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await ask(self.http, document.GET_UPDATES, id=project))["project"][
            "projectUpdates"
        ]["nodes"]
        return found

    async def _update(self, before: dict[str, Any], fields: dict[str, Any], labels: dict[str, str]) -> Change:
        had = {label["id"]: label["name"] for label in before["labels"]["nodes"]}
        new = [label for label in labels if label not in had]
        if not fields and not labels:
            raise Rejected("There is nothing to change.")
        sent = fields | ({"addedLabelIds": new} if new else {})
        back = former(before, list(fields)) | ({"removedLabelIds": new} if new else {})
        if not sent:
            raise Conflict(f"{before['identifier']} has that already.")
        after = (await self._change(document.UPDATE_ISSUE, "issueUpdate", id=before["id"], input=sent))["issue"]
        expect = expected(fields, after)
        if labels:
            expect["labels"] = tuple(sorted((had | labels).values()))
        undo = Call(tool="linear.restore_issue", args={"issue": before["id"], "fields": back})
        return Change(to_task(after), expect, undo=undo)

    async def _change(self, mutation: str, name: str, **variables: Any) -> dict[str, Any]:
        payload: dict[str, Any] = (await ask(self.http, mutation, **variables))[name]
        if not payload["success"]:
            raise Conflict("Linear did not do it, and gave no reason.", cause=f"{name}: success is false")
        return payload

    def _created(self, item: Mapping[str, Any], expect: Mapping[str, Any]) -> Change:
        return Change(to_task(item), expect, undo=Call(tool="linear.delete_issue", args={"issue": item["identifier"]}))

    def _commented(self, item: Mapping[str, Any], body: str) -> Change:
        undo = Call(tool="linear.delete_comment", args={"comment": item["id"]})
        return Change(to_comment(item), {"text": settled(body)}, undo=undo)

    def _posted(self, item: Mapping[str, Any], health: str, body: str) -> Change:
        record = to_report(item)
        undo = Call(tool="linear.archive_project_update", args={"update": record.ref.id})
        return Change(record, {"health": health, "text": settled(body)}, undo=undo)


def _kind(code: str, message: str, status: int) -> tuple[type[VendorError], str]:
    """The error that a code means, and how its sentence begins."""
    if code == "RATELIMITED":
        return RateLimited, ""
    if code == "AUTHENTICATION_ERROR" or status == 401:
        return TokenExpired, "Linear no longer accepts the sign-in."
    if code in ("FORBIDDEN", "FEATURE_NOT_ACCESSIBLE"):
        return Forbidden, "You may not do this in Linear."
    if message.startswith("Entity not found"):
        return NotFound, "It is not in Linear, or you may not see it."
    if code == "INTERNAL_SERVER_ERROR" or status >= 500:
        return VendorUnavailable, "Linear is having trouble."
    return Rejected, "Linear refused the values."


def _wait_s(headers: Mapping[str, str]) -> float | None:
    """Seconds until the budget that is used up is filled again; its header says when, in epoch milliseconds."""
    for budget in ("requests", "complexity"):
        ends = headers.get(f"x-ratelimit-{budget}-reset", "")
        if headers.get(f"x-ratelimit-{budget}-remaining") == "0" and ends.isdecimal():
            return max(0.0, int(ends) / 1000 - time.time())
    return None
