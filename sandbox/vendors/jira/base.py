"""What all of Jira's resources share: errors, people, projects, issues, events."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from sandbox.company import Person, Project
from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.oauth import OAuth
from sandbox.vendor import Endpoint, Handler, Vendor
from sandbox.vendors.jira.seed import seed_jira
from sandbox.vendors.jira.shape import PRIORITIES, TYPES, Shape, stamp

GATE = {
    "unauthenticated": (401, "Unauthorized"), "invalid_token": (401, "Unauthorized"),
    "expired": (401, "Unauthorized"), "revoked": (401, "Unauthorized"),
    "missing_scope": (401, "Unauthorized; scope does not match"), "no_route": (404, "Not Found"),
}  # fmt: skip
WORK = "read:jira-work"
WRITE = "write:jira-work"


class Site(Vendor):
    """One Jira site."""

    hosts = ("https://api.atlassian.com", "https://auth.atlassian.com")
    base = "/ex/jira/{cloud_id}"
    oauth = OAuth("/authorize", "/oauth/token", is_rotating=True, refresh_scope="offline_access")

    def seed(self) -> Json:
        """Issues and links."""
        return seed_jira(self.world.story, self.shape)

    @cached_property
    def shape(self) -> Shape:
        """How things look on the wire."""
        return Shape(self.company, self.ident)

    def refuse(self, refusal: Refusal) -> Answer:
        """The gateway's `{code, message}`, or Jira's `{errorMessages, errors}`."""
        if refusal.kind in GATE:
            status, message = GATE[refusal.kind]
            return Answer(status, {"code": status, "message": message})
        if refusal.kind == "rate_limited":
            wait = str(refusal.detail.get("retry_after", 1))
            body = {"errorMessages": ["Rate limit exceeded."], "errors": {}}
            return Answer(429, body, {"retry-after": wait, "x-ratelimit-remaining": "0", "x-ratelimit-limit": "100"})
        errors = refusal.detail.get("errors", {})
        messages = [] if errors else [refusal.message]
        return Answer(
            500 if refusal.kind == "server_error" else refusal.status, {"errorMessages": messages, "errors": errors}
        )

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """`X-Hub-Signature`, as webhooks of an administrator with a secret have it."""
        return {"x-hub-signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}

    def answer(self, call: Call, endpoint: Endpoint, handler: Handler) -> Answer:
        """Nothing is found on a foreign site."""
        if call.params.get("cloud_id", self.shape.cloud_id) != self.shape.cloud_id:
            raise Refusal("no_route")
        return super().answer(call, endpoint, handler)

    # people

    def user(self, account_id: str) -> Json:
        """The payload of an account id."""
        return self.shape.user(self.account(account_id))

    def account(self, account_id: str) -> Person:
        """The person behind an account id."""
        found = next((p for p in self.company.people if self.shape.account_id(p) == account_id), None)
        if found is None:
            raise Refusal("unknown", f"The user with account ID '{account_id}' does not exist.", status=404)
        return found

    def me(self, call: Call) -> str:
        """The caller's account id."""
        return self.shape.account_id(call.person)

    # projects and issues

    def may_see(self, person: Person, project: Project) -> bool:
        """A private project is for its team and the leadership."""
        return not project.is_private or person.team in (project.team, "Leadership")

    def projects(self, call: Call) -> list[Project]:
        """Those that the caller may see."""
        return [project for project in self.company.projects if self.may_see(call.person, project)]

    def project(self, call: Call, key: str) -> Project:
        """By key or id."""
        for project in self.projects(call):
            if key.upper() == project.key or key == self.shape.project_id(project):
                return project
        raise Refusal("unknown", f"No project could be found with key '{key}'.", status=404)

    def project_of(self, issue: Json) -> Project:
        """The project that an issue is in."""
        return next(project for project in self.company.projects if project.key == issue["project"])

    def issues(self, call: Call) -> list[Json]:
        """Those that the caller may see."""
        keys = {project.key for project in self.projects(call)}
        return [issue for issue in self.state["issues"].values() if issue["project"] in keys]

    def issue(self, call: Call, name: str | None = None) -> Json:
        """By key or id; what the caller may not see does not exist."""
        wanted = str(name or call.params["issue"]).upper()
        found = next((i for i in self.issues(call) if wanted in (i["id"], i["key"])), None)
        if found is None:
            message = "Issue does not exist or you do not have permission to see it."
            raise Refusal("unknown", message, status=404)
        return found

    def subtasks(self, issue: Json) -> list[Json]:
        """The issues of type sub-task under an issue."""
        return [
            row for row in self.state["issues"].values() if row["parent"] == issue["key"] and TYPES[row["type"]] < 0
        ]

    def payload(self, issue: Json, wanted: list[str] | None = None) -> Json:
        """An issue with all of its fields, or the wanted ones."""
        brief = {"id": issue["id"], "key": issue["key"], "self": f"{self.shape.api}/issue/{issue['id']}"}
        fields = self._fields(issue)
        if wanted is not None and "*all" not in wanted and "*navigable" not in wanted:
            fields = {name: value for name, value in fields.items() if name in wanted}
        dropped = {name[1:] for name in wanted or [] if name.startswith("-")}
        return {
            "expand": "renderedFields,names,schema,transitions",
            **brief,
            "fields": {name: value for name, value in fields.items() if name not in dropped},
        }

    def _fields(self, issue: Json) -> Json:
        shape = self.shape
        comments = [shape.comment(issue, row, self.user) for row in issue["comments"]]
        logs = [shape.worklog(issue, row, self.user) for row in issue["worklogs"]]
        parent = next((i for i in self.state["issues"].values() if i["key"] == issue["parent"]), None)
        total = sum(row["seconds"] for row in issue["worklogs"])
        fields = {
            "summary": issue["summary"], "description": issue["description"],
            "project": shape.project(self.project_of(issue)), "issuetype": shape.issue_type(issue["type"]),
            "status": shape.status(issue["status"]), "priority": shape.priority(issue["priority"]),
            "assignee": self.user(issue["assignee"]) if issue["assignee"] else None,
            "reporter": self.user(issue["reporter"]), "creator": self.user(issue["reporter"]),
            "labels": issue["labels"], "created": issue["created"], "updated": issue["updated"],
            "duedate": issue["due"], "resolutiondate": issue["resolved"],
            "resolution": {"id": "10000", "name": "Done"} if issue["resolved"] else None,
            "timespent": total or None, "watches": {"watchCount": len(issue["watchers"]), "isWatching": False},
            "subtasks": [self._brief(row) for row in self.subtasks(issue)],
            "issuelinks": [self._link(row, issue) for row in self.state["links"].values()
                           if issue["id"] in (row["inward"], row["outward"])],
            "comment": {"comments": comments, "startAt": 0, "maxResults": len(comments), "total": len(comments)},
            "worklog": {"worklogs": logs, "startAt": 0, "maxResults": 20, "total": len(logs)},
            "components": [], "fixVersions": [],
        }  # fmt: skip
        return fields | ({"parent": self._brief(parent)} if parent else {})

    def _brief(self, issue: Json) -> Json:
        shape = self.shape
        return {
            "id": issue["id"],
            "key": issue["key"],
            "self": f"{shape.api}/issue/{issue['id']}",
            "fields": {
                "summary": issue["summary"],
                "status": shape.status(issue["status"]),
                "priority": shape.priority(issue["priority"]),
                "issuetype": shape.issue_type(issue["type"]),
            },
        }

    def _link(self, row: Json, issue: Json) -> Json:
        side = "inward" if row["outward"] == issue["id"] else "outward"
        other = self.state["issues"][row[side]]
        return {"id": row["id"], "type": row["type"], f"{side}Issue": self._brief(other)}

    # values that people give

    def priority_name(self, value: Any) -> str:
        """A priority from `{name}` or `{id}`."""
        given = value if isinstance(value, dict) else {}
        for place, name in enumerate(PRIORITIES, 1):
            if given.get("name") == name or given.get("id") == str(place):
                return name
        raise Refusal("fields", errors={"priority": "The priority selected is invalid."})

    def type_name(self, value: Any) -> str:
        """An issue type from `{name}` or `{id}`."""
        given = value if isinstance(value, dict) else {}
        for name in TYPES:
            if (
                str(given.get("name", "")).lower() == name.lower()
                or given.get("id") == self.shape.issue_type(name)["id"]
            ):
                return name
        raise Refusal("fields", errors={"issuetype": "Specify a valid issue type"})

    # what changed

    def touch(self, call: Call, issue: Json, event: str = "jira:issue_updated", **more: Any) -> None:
        """Note the time of a change and tell the webhooks."""
        now = self.world.time()
        issue["updated"] = stamp(now)
        self.emit(
            {
                "timestamp": int(now.timestamp() * 1000),
                "webhookEvent": event,
                "user": self.shape.user(call.person),
                "issue": self.payload(issue),
                **more,
            },
            event=event,
        )
