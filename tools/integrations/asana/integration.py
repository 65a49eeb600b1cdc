"""Asana, API 1.0: tasks, their sections and comments, projects and their status updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from core.errors import Candidate, Forbidden, NotFound, Rejected, VendorError
from core.records import Project, Task
from core.tool import Change
from tools.declare import Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.asana import mapping
from tools.integrations.asana.readback import Readback
from tools.integrations.asana.workspace import ref_to
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.kit.webhook import Delivery, Greeting, Signature, WebhookEvent, prefixed
from tools.stream import Batch, stream

SortBy = Literal["due_date", "created_at", "completed_at", "likes", "modified_at"]
Standing = Literal["on_track", "at_risk", "off_track", "on_hold", "complete"]
TaskId = Annotated[str, finds("task"), "the task, by title, link or number"]
ProjectId = Annotated[str, finds("project")]
Limit = Annotated[int, "how many"]

READ, WRITE, DELETE, PROJECTS = ("tasks:read",), ("tasks:write",), ("tasks:delete",), ("projects:read",)
TRASH = "Asana brings a task back from its trash by hand only"
UNDO = "it is itself an undo"


class Asana(Readback, Integration):
    """Asana under one person's connection."""

    key = "asana"
    name = "Asana"
    category = "project_management"
    aliases = ("asana",)
    base_url = "https://app.asana.com/api/1.0"
    auth = OAuth2(
        authorize_url="https://app.asana.com/-/oauth_authorize",
        token_url="https://app.asana.com/-/oauth_token",  # noqa: S106 - an address
        revoke_url="https://app.asana.com/-/oauth_revoke",
        scopes=(
            "tasks:read", "tasks:write", "tasks:delete", "projects:read", "projects:write", "stories:read",
            "stories:write", "users:read", "workspaces:read", "workspaces.typeahead:read",
        ),
    )  # fmt: skip
    calls_per_s = 2.5  # 150 a minute on the free plan
    webhook = Signature(prefixed("X-Hook-Signature", ""))
    names = ("project", "person")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Asana's `{errors: [{message, help}]}`; 402 is a feature that the plan lacks."""
        if answer.status < 400 or not isinstance(answer.data, Mapping):
            return None
        said, fields = mapping.reasons(answer.data.get("errors") or ())
        if answer.status == 402:
            return Forbidden(f"Your Asana plan does not have this. Asana says: {said}", status=402, cause=said)
        return by_status(cls.name, answer, said, fields)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """The events of a delivery; a heartbeat has none."""
        return [mapping.to_event(one) for one in delivery.data["events"]]

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """The first request hands the secret over and wants it echoed."""
        given = delivery.headers.get("x-hook-secret", "")
        return Greeting(headers={"X-Hook-Secret": given}, secret=given) if given else None

    async def identify(self) -> Account:
        """The person and their workspace: an organisation where they belong to one."""
        me = (await self.http.get("/users/me", opt_fields="name"))["data"]
        found = (await self.http.get("/workspaces", opt_fields="is_organization", limit=100))["data"]
        if not found:
            raise NotFound("This Asana account has no workspace.")
        chosen = next((one for one in found if one.get("is_organization")), found[0])
        return Account(me["gid"], site=f"https://app.asana.com/1/{chosen['gid']}")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Projects and people."""
        projects = await self.list_projects(limit=500)
        return {"project": [one.title for one in projects], "person": await self._workspace.people()}

    async def find_project(self, text: str) -> Sequence[Candidate]:
        """Projects by name, link or id."""
        also = (text,) if mapping.id_of(text, "project") else ()
        return [Candidate(one["gid"], one["name"], also=also) for one in await self._workspace.hits("project", text)]

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """People by name, address or id."""
        return await self._workspace.person_candidates(text)

    async def find_task(self, text: str) -> Sequence[Candidate]:
        """Tasks by title, link or id."""
        return await self._workspace.task_candidates(text)

    async def find_section(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Sections of the project that is named, or of the task's own projects."""
        return await self._workspace.section_candidates(text, args.get("project"), args.get("task"))

    @tool("read", scopes=READ)
    async def search_tasks(
        self,
        text: Annotated[str | None, "words that the task contains"] = None,
        assignee: Annotated[Who | None, "whose tasks"] = None,
        project: Annotated[ProjectId | None, "the project they are in"] = None,
        completed: Annotated[bool | None, "true for done ones only, false for open ones only"] = None,
        due_before: Annotated[date | None, "only those due before this day"] = None,
        due_after: Annotated[date | None, "only those due after this day"] = None,
        sort_by: Annotated[SortBy, "order"] = "modified_at",
    ) -> list[Task]:
        """Find Asana tasks anywhere by words, person, project, due dates, done or open."""
        return await self._workspace.search(text, assignee, project, completed, due_before, due_after, sort_by)

    @tool("read", scopes=READ)
    async def list_my_tasks(
        self,
        completed_since: Annotated[datetime | None, "show also what was finished since this moment"] = None,
        limit: Limit = 20,
    ) -> list[Task]:
        """Show the asker's own My Tasks list in Asana."""
        return await self._workspace.my_tasks(limit, completed_since.isoformat() if completed_since else "now")

    @tool("read", scopes=("tasks:read", "stories:read"))
    async def get_task(self, task: TaskId) -> Task:
        """Show one Asana task in full, with the newest comments on it."""
        found = mapping.to_task(await self._workspace.item(task))
        return found.model_copy(update={"comments": tuple((await self._workspace.comments(task))[-5:])})

    @tool("write", scopes=WRITE, proof="read_task", undo="delete_task", recover="recover_task")
    async def create_task(
        self,
        name: Annotated[str, "title"],
        notes: Annotated[Text | None, "description"] = None,
        project: Annotated[ProjectId | None, "the project it goes into"] = None,
        section: Annotated[str | None, finds("section"), "section or column of that project"] = None,
        assignee: Annotated[Who | None, "who does it; without a project, the asker unless another is named"] = None,
        due_on: Annotated[date | None, "due day"] = None,
        followers: Annotated[list[Who] | None, "people who are kept posted"] = None,
    ) -> Change:
        """Add a new Asana task to a project or to somebody's list."""
        owner = assignee or (None if project else self._workspace.me)
        fields = mapping.written(name, notes, owner, due_on, followers)
        return await self._workspace.create(fields, project, section)

    @tool("write", scopes=WRITE, proof="read_task", undo="restore_task")
    async def update_task(
        self,
        task: TaskId,
        name: Annotated[str | None, "new title"] = None,
        notes: Annotated[Text | None, "new description"] = None,
        assignee: Annotated[Who | None, "new owner"] = None,
        due_on: Annotated[date | None, "new due day"] = None,
    ) -> Change:
        """Edit an Asana task: rename it, reassign it, postpone it, rewrite its description."""
        fields = mapping.written(name, notes, assignee, due_on)
        if not fields:
            raise Rejected("There is nothing to change.")
        return await self._workspace.update(task, fields)

    @tool("write", scopes=WRITE, proof="read_task", undo="complete_task")
    async def complete_task(self, task: TaskId, completed: Annotated[bool, "false opens it again"] = True) -> Change:
        """Tick an Asana task off as done, or reopen one."""
        return await self._workspace.complete(task, completed)

    @tool("write", scopes=WRITE, proof="read_task", undo="move_task_to_section")
    async def move_task_to_section(
        self,
        task: TaskId,
        *,
        project: Annotated[ProjectId | None, "the project of the section, where the task is in several"] = None,
        section: Annotated[str, finds("section"), "the section or column it goes to"],
    ) -> Change:
        """Move an Asana task to another column or section of its project."""
        return await self._workspace.move(task, section, project)

    @tool("write", scopes=("stories:write",), proof="read_comment", undo="delete_comment", recover="recover_comment")
    async def add_comment(self, task: TaskId, text: Annotated[Text, "what to say"]) -> Change:
        """Write a comment on an Asana task."""
        return await self._workspace.comment(task, text)

    @tool("read", scopes=("tasks:read", "projects:read"))
    async def list_project_tasks(
        self,
        project: Annotated[ProjectId, "the project, by name, link or number"],
        section: Annotated[str | None, finds("section"), "only this section or column, with what is done in it"] = None,
        limit: Annotated[int, "how many"] = 50,
    ) -> list[Task]:
        """Show what is still open in an Asana project, or everything in one of its sections."""
        if section:
            return await self._workspace.tasks("/tasks", limit, section=section)
        return await self._workspace.tasks(f"/projects/{project}/tasks", limit, completed_since="now")

    @tool("read", scopes=PROJECTS)
    async def list_projects(self, limit: Annotated[int, "how many"] = 25) -> list[Project]:
        """Show the Asana projects there are, who owns them and whether they are on track."""
        return await self._workspace.projects(limit)

    @tool("write", scopes=("projects:write",), proof="read_status", undo="delete_project_status",
          recover="recover_status")  # fmt: skip
    async def post_project_status(
        self,
        project: Annotated[ProjectId, "the project, by name, link or number"],
        status: Annotated[Standing, "how it stands"],
        text: Annotated[Text, "the update itself"],
        title: Annotated[str | None, "heading"] = None,
    ) -> Change:
        """Report in Asana how a whole project stands: on track, at risk, off track, on hold or complete."""
        return await self._workspace.post_status(project, status, text, title)

    @tool("destructive", scopes=DELETE, proof="read_task", irreversible=TRASH, recover="recover_delete")
    async def delete_task(self, task: TaskId) -> Change:
        """Delete an Asana task."""
        record = mapping.to_task(await self._workspace.item(task))
        return await self._workspace.remove(f"/tasks/{task}", record)

    @tool("write", scopes=WRITE, proof="read_task", irreversible=UNDO, is_hidden=True)
    async def restore_task(
        self, task: Annotated[str, "id"], fields: Annotated[dict[str, Any], "former values, in Asana's own words"]
    ) -> Change:
        """Set fields of a task back to what they were."""
        return await self._workspace.update(task, fields)

    @tool("destructive", scopes=("stories:write",), proof="read_comment", irreversible=UNDO, is_hidden=True)
    async def delete_comment(self, comment: Annotated[str, "ids of task and comment"]) -> Change:
        """Delete a comment."""
        record = await self.read_comment(ref_to("comment", comment))
        return await self._workspace.remove(f"/stories/{comment.partition('/')[2]}", record)

    @tool("destructive", scopes=("projects:write",), proof="read_status", irreversible=UNDO, is_hidden=True)
    async def delete_project_status(self, update: Annotated[str, "ids of project and update"]) -> Change:
        """Take a status update back."""
        record = await self.read_status(ref_to("status_update", update))
        return await self._workspace.remove(f"/status_updates/{update.partition('/')[2]}", record)

    @stream("task")
    async def stream_tasks(self, cursor: str) -> Batch:
        """Tasks of all projects and the person's own, as they change."""
        return await self._workspace.changes(cursor)
