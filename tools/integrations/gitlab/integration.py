"""GitLab, REST API 4, on gitlab.com or a company's own: projects, merge requests, issues, pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from core.errors import Candidate, Conflict, VendorError
from core.records import Event, PullRequest, Repository, Task
from core.tool import Change
from tools.declare import Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.gitlab import mapping
from tools.integrations.gitlab.forge import Forge, check, split
from tools.integrations.gitlab.readback import Readback
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.kit.webhook import Delivery, WebhookEvent, repeated
from tools.stream import Batch, stream

ProjectId = Annotated[str, finds("project"), "the project, by path, link, name or number"]
MrState = Literal["opened", "closed", "locked", "merged", "all"]
Due = Literal["overdue", "today", "tomorrow", "week", "month"]
Mr = Annotated[int, "number of the merge request, as in !42"]
IssueNumber = Annotated[int, "number of the issue, as in #42"]
Limit = Annotated[int, "how many"]

READ, WRITE = ("read_api",), ("api",)
UNDO = "it is itself an undo"
FOR_GOOD = "a merge cannot be taken back"


class GitLab(Readback, Integration):
    """GitLab under one person's connection."""

    key = "gitlab"
    name = "GitLab"
    category = "project_management"
    aliases = ("gitlab", "gl")
    base_url = "https://{host}"
    slots = {"host": "gitlab.com"}
    auth = OAuth2(
        authorize_url="https://{host}/oauth/authorize",
        token_url="https://{host}/oauth/token",  # noqa: S106 - an address
        revoke_url="https://{host}/oauth/revoke",
        scopes=("read_api", "api"),
    )
    webhook = repeated("X-Gitlab-Token")
    names = ("project",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """GitLab's `{message: text or {field: reasons}}` or `{error, error_description}`."""
        if answer.status < 400 or not isinstance(answer.data, Mapping):
            return None
        said, fields = mapping.reason(answer.data)
        if answer.status == 405 or (answer.status == 422 and not fields):
            return Conflict(
                f"GitLab cannot do this as things stand. GitLab says: {said}", status=answer.status, cause=said
            )
        return by_status(cls.name, answer, said, fields)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """One event a delivery."""
        mark = delivery.headers.get("idempotency-key") or delivery.headers.get("x-gitlab-event-uuid", "")
        return [mapping.to_event(delivery.data, mark)]

    async def identify(self) -> Account:
        """The person, and where their GitLab is."""
        me = await self._forge.get("/user")
        return Account(str(me["id"]), site=str(me.get("web_url") or "").rpartition("/")[0])

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Projects by path and name."""
        found = await self._forge.projects(None, True, 500)
        return {"project": [name for one in found for name in (one.ref.key, one.title)]}

    async def find_project(self, text: str) -> Sequence[Candidate]:
        """Projects by path, link, number or words of the name."""
        return await self._forge.project_candidates(text)

    async def find_person(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """People by name or login; GitLab tells no addresses, so one is looked up in the company's directory."""
        return await self._forge.person_candidates(text, args.get("project"), self.who.email, self.people)

    @tool("read", scopes=READ)
    async def list_projects(
        self,
        search: Annotated[str | None, "words in the name or path"] = None,
        membership: Annotated[bool, "false looks beyond the projects that the asker belongs to"] = True,
        limit: Limit = 20,
    ) -> list[Repository]:
        """Find GitLab projects (repositories) by words of the name or path."""
        return await self._forge.projects(search, membership, limit)

    @tool("read", scopes=READ)
    async def list_merge_requests(
        self,
        project: ProjectId,
        state: Annotated[MrState, "state"] = "opened",
        author: Annotated[Who | None, "who opened them"] = None,
        reviewer: Annotated[Who | None, "who should review them"] = None,
        search: Annotated[str | None, "words in the title or description"] = None,
        target_branch: Annotated[str | None, "only those into this branch"] = None,
        merged_after: Annotated[date | None, "only those merged since this day"] = None,
        draft: Annotated[bool | None, "true for drafts only, false for none"] = None,
        limit: Limit = 20,
    ) -> list[PullRequest]:
        """Show a GitLab project's merge requests by state, author, reviewer, branch or words."""
        return await self._forge.pulls(
            project, limit, merged_after, state=state, author_id=author, reviewer_id=reviewer, search=search,
            target_branch=target_branch, draft=draft,
        )  # fmt: skip

    @tool("read", scopes=READ)
    async def get_merge_request(self, project: ProjectId, mr: Mr) -> PullRequest:
        """Show one GitLab merge request: description, changed files, reviewers, pipeline."""
        return await self._forge.whole_pull(project, mr)

    @tool("write", scopes=WRITE, proof="read_merge_request", undo="discard_merge_request",
          recover="recover_merge_request")  # fmt: skip
    async def create_merge_request(
        self,
        project: ProjectId,
        source_branch: Annotated[str, "the branch with the changes"],
        title: Annotated[str, "title"],
        target_branch: Annotated[str, "the branch that they go into"] = "main",
        description: Annotated[Text | None, "Markdown body"] = None,
        reviewers: Annotated[list[Who] | None, "who is asked to review"] = None,
        draft: Annotated[bool, "whether it is only a draft yet"] = False,
    ) -> Change:
        """Open a GitLab merge request for a branch."""
        whole = f"Draft: {title}" if draft else title
        return await self._forge.create_pull(project, source_branch, target_branch, whole, description, reviewers or ())

    @tool("destructive", scopes=WRITE, proof="read_merge_request", irreversible=FOR_GOOD, recover="recover_merge")
    async def merge(
        self,
        project: ProjectId,
        mr: Mr,
        squash: Annotated[bool | None, "whether its commits become one"] = None,
        when_pipeline_passes: Annotated[bool, "wait for the pipeline and then merge by itself"] = False,
        remove_source_branch: Annotated[bool | None, "whether the branch is deleted afterwards"] = None,
    ) -> Change:
        """Merge a GitLab merge request, at once or when its pipeline is green."""
        return await self._forge.merge(project, mr, squash, when_pipeline_passes, remove_source_branch)

    @tool("write", scopes=WRITE, proof="read_note", undo="delete_note", recover="recover_note")
    async def comment_on_merge_request(
        self, project: ProjectId, mr: Mr, body: Annotated[Text, "the comment, in Markdown"]
    ) -> Change:
        """Write a comment on a GitLab merge request."""
        return await self._forge.comment(project, mr, body)

    @tool("read", scopes=READ)
    async def list_issues(
        self,
        project: Annotated[
            str | None, finds("project"), "the project; left out, the issues of a person anywhere"
        ] = None,
        state: Annotated[Literal["opened", "closed", "all"], "state"] = "opened",
        assignee: Annotated[Who | None, "whose issues; without project and person, the asker's"] = None,
        labels: Annotated[list[str] | None, "labels that they all have"] = None,
        search: Annotated[str | None, "words in the title or description"] = None,
        due: Annotated[Due | None, "when they are due"] = None,
        limit: Limit = 20,
    ) -> list[Task]:
        """Show GitLab issues of a project or a person by state, labels, words or due time."""
        return await self._forge.issues(project, state, assignee, labels, search, due, limit)

    @tool("read", scopes=READ)
    async def get_issue(self, project: ProjectId, issue: IssueNumber) -> Task:
        """Show one GitLab issue in full."""
        return await self._forge.issue(project, issue)

    @tool("write", scopes=WRITE, proof="read_issue", undo="discard_issue", recover="recover_issue")
    async def create_issue(
        self,
        project: ProjectId,
        title: Annotated[str, "one-line title"],
        description: Annotated[Text | None, "Markdown body"] = None,
        assignee: Annotated[Who | None, "the person to work on it"] = None,
        labels: Annotated[list[str] | None, "labels"] = None,
        due_date: Annotated[date | None, "due day"] = None,
        confidential: Annotated[bool, "whether only members see it"] = False,
    ) -> Change:
        """Open a GitLab issue or bug in a project."""
        fields = mapping.written(title, description, assignee, due_date, labels=labels, confidential=confidential)
        return await self._forge.create_issue(project, fields)

    @tool("write", scopes=WRITE, proof="read_issue", undo="restore_issue")
    async def update_issue(
        self,
        project: ProjectId,
        issue: IssueNumber,
        title: Annotated[str | None, "new title"] = None,
        description: Annotated[Text | None, "new body"] = None,
        assignee: Annotated[Who | None, "new owner"] = None,
        add_labels: Annotated[list[str] | None, "further labels, besides those it has"] = None,
        due_date: Annotated[date | None, "the new due date"] = None,
        state: Annotated[Literal["close", "reopen"] | None, "close it or open it again"] = None,
    ) -> Change:
        """Edit, reassign, label, close or reopen a GitLab issue."""
        fields = mapping.written(title, description, assignee, due_date, add_labels=add_labels, state_event=state)
        return await self._forge.update_issue(project, issue, check(fields))

    @tool("read", scopes=READ)
    async def pipeline_status(
        self, project: ProjectId, ref: Annotated[str | None, "branch or tag; left out, the default branch"] = None
    ) -> Event:
        """Show whether the latest GitLab CI pipeline of a branch passed, and which jobs did not."""
        return await self._forge.pipeline(project, ref)

    @tool("write", scopes=WRITE, proof="read_issue", irreversible=UNDO, is_hidden=True)
    async def restore_issue(
        self, project: ProjectId, issue: IssueNumber, fields: Annotated[dict[str, Any], "in GitLab's own words"]
    ) -> Change:
        """Set fields of an issue back to what they were."""
        return await self._forge.update_issue(project, issue, fields)

    @tool("destructive", scopes=WRITE, proof="read_issue", irreversible=UNDO, is_hidden=True)
    async def discard_issue(self, project: ProjectId, issue: IssueNumber) -> Change:
        """Delete an issue, or close it where the person may not."""
        return await self._forge.discard_issue(project, issue)

    @tool("destructive", scopes=WRITE, proof="read_merge_request", irreversible=UNDO, is_hidden=True)
    async def discard_merge_request(self, project: ProjectId, merge_request: Mr) -> Change:
        """Delete a merge request, or close it where the person may not."""
        return await self._forge.discard_pull(project, merge_request)

    @tool("destructive", scopes=WRITE, proof="read_note", irreversible=UNDO, is_hidden=True)
    async def delete_note(self, note: Annotated[str, "ids of project, merge request and note"]) -> Change:
        """Delete a comment."""
        return await self._forge.delete_note(*split(note))

    @stream("issue")
    async def stream_issues(self, cursor: str) -> Batch:
        """Issues of the person's projects, as they change."""
        return await self._forge.changes(cursor, "issues", mapping.to_issue)

    @stream("merge_request")
    async def stream_merge_requests(self, cursor: str) -> Batch:
        """Merge requests of the person's projects, as they change."""
        return await self._forge.changes(cursor, "merge_requests", mapping.to_pull)

    @property
    def _forge(self) -> Forge:
        return Forge(self.http)
