"""Issues: made, read, changed, assigned, deleted."""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.jira.adf import check_doc
from sandbox.vendors.jira.base import WORK, WRITE, Site
from sandbox.vendors.jira.shape import TYPES, stamp

SETTABLE = {"project", "issuetype", "summary", "description", "assignee", "reporter", "priority", "labels", "duedate",
            "parent"}  # fmt: skip
ISSUE = "/rest/api/3/issue/{issue}"


class Issues(Site):
    """The issue resource."""

    @route("POST", "/rest/api/3/issue", scope=WRITE)
    def create_issue(self, call: Call) -> Answer:
        """A new issue, at the start of the workflow."""
        fields = self._given(call)
        project = self._project_of(call, fields.get("project"))
        if not fields.get("summary"):
            raise Refusal("fields", errors={"summary": "You must specify a summary of the issue."})
        kind = self.type_name(fields.pop("issuetype", None))
        now = stamp(self.world.time())
        row: Json = {
            "project": project, "type": kind, "description": None, "priority": "Medium", "status": "To Do",
            "assignee": None, "reporter": self.me(call), "labels": [], "parent": None, "created": now, "updated": now,
            "resolved": None, "due": None, "comments": [], "worklogs": [], "watchers": [],
        }  # fmt: skip
        fields.pop("project")
        row |= self._checked(call, fields, row)
        if TYPES[kind] < 0 and not row["parent"]:
            says = "Issue type is a sub-task but parent issue key or id not specified."
            raise Refusal("fields", errors={"issuetype": says})
        row |= {"id": str(self.count("issue", 20001)), "key": self._new_key(project)}
        self.state["issues"][row["id"]] = row
        self.touch(call, row, "jira:issue_created", issue_event_type_name="issue_created")
        return Answer(201, {name: self.payload(row)[name] for name in ("id", "key", "self")})

    def _new_key(self, project: str) -> str:
        numbers = [int(i["key"].split("-")[1]) for i in self.state["issues"].values() if i["project"] == project]
        highest = max([0, *numbers, self.state["moved"].get(project, 0)])
        self.state["moved"][project] = highest + 1
        return f"{project}-{highest + 1}"

    def _project_of(self, call: Call, given: Any) -> str:
        value = given if isinstance(given, dict) else {}
        for project in self.projects(call):
            if value.get("key") == project.key or value.get("id") == self.shape.project_id(project):
                return project.key
        raise Refusal("fields", errors={"project": "Specify a valid project ID or key"})

    def _given(self, call: Call) -> Json:
        body = call.body if isinstance(call.body, dict) else {}
        fields = dict(body.get("fields") or {})
        says = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."
        if unknown := fields.keys() - SETTABLE:
            raise Refusal("fields", errors={name: says.format(name) for name in unknown})
        return fields

    def _checked(self, call: Call, fields: Json, issue: Json) -> Json:
        """The given fields as the state keeps them; every wrong one is refused."""
        out: Json = {}
        for name, value in fields.items():
            match name:
                case "summary":
                    out[name] = self._summary(value)
                case "description":
                    out[name] = check_doc(value, name)
                case "assignee" | "reporter":
                    out[name] = self._holder(name, value, issue)
                case "priority":
                    out[name] = self.priority_name(value)
                case "issuetype":
                    out["type"] = self.type_name(value)
                case "labels":
                    out[name] = self._labels(value)
                case "duedate":
                    out["due"] = self._day(value)
                case "parent":
                    out[name] = self._parent(call, value)
                case _:
                    raise Refusal("fields", errors={name: f"Field '{name}' cannot be set."})
        return out

    def _summary(self, value: Any) -> str:
        text = str(value or "")
        if not text.strip():
            raise Refusal("fields", errors={"summary": "You must specify a summary of the issue."})
        if len(text) > 255:
            raise Refusal("fields", errors={"summary": "Summary can't exceed 255 characters."})
        if "\n" in text:
            raise Refusal(
                "fields", errors={"summary": "The summary is invalid because it contains newline characters."}
            )
        return text

    def _holder(self, field: str, value: Any, issue: Json) -> str | None:
        account = (value or {}).get("accountId", (value or {}).get("id")) if isinstance(value, dict | None) else None
        if account is None and field == "assignee":
            return None
        if account == "-1":
            return self.shape.account_id(self.company.person(self.project_of(issue).lead))
        known = {self.shape.account_id(p): p for p in self.company.people}
        if account not in known or not self.may_see(known[account], self.project_of(issue)):
            raise Refusal("fields", errors={field: f"User '{account}' cannot be assigned issues."})
        return str(account)

    def _labels(self, value: Any) -> list[str]:
        labels = value if isinstance(value, list) else []
        for label in labels:
            if not isinstance(label, str) or " " in label:
                says = f"The label '{label}' contains spaces which is invalid."
                raise Refusal("fields", errors={"labels": says})
        return list(dict.fromkeys(labels))

    def _day(self, value: Any) -> str | None:
        try:
            return None if value is None else date.fromisoformat(value).isoformat()
        except (TypeError, ValueError):
            raise Refusal("fields", errors={"duedate": f"Error parsing date string: {value}"}) from None

    def _parent(self, call: Call, value: Any) -> str | None:
        if value is None:
            return None
        given = value if isinstance(value, dict) else {}
        wanted = given.get("key") or given.get("id")
        found = next((i for i in self.issues(call) if wanted in (i["key"], i["id"])), None)
        if found is None:
            raise Refusal("fields", errors={"parent": "Could not find issue by id or key."})
        return str(found["key"])

    @route("GET", ISSUE, scope=WORK)
    def get_issue(self, call: Call) -> Json:
        """One issue."""
        given = [name for value in call.many("fields") for name in value.split(",")]
        return self.payload(self.issue(call), given or None)

    @route("PUT", ISSUE, scope=WRITE)
    def edit_issue(self, call: Call) -> Answer | None:
        """Change fields by `fields` or by `update`."""
        issue = self.issue(call)
        changed = self._checked(call, self._given(call), issue)
        changed |= self._updated(call, issue)
        issue |= changed
        self.touch(call, issue, issue_event_type_name="issue_updated")
        return Answer(200, self.payload(issue)) if call.flag("returnIssue") else None

    def _updated(self, call: Call, issue: Json) -> Json:
        given = call.body if isinstance(call.body, dict) else {}
        update: dict[str, list[Json]] = given.get("update") or {}
        out: Json = {}
        for name, steps in update.items():
            for step in steps:
                verb, value = next(iter(step.items()), ("nothing", None))
                if name == "labels" and verb in ("add", "remove"):
                    labels: list[str] = out["labels"] if "labels" in out else issue["labels"]
                    kept = [label for label in labels if label != value]
                    out["labels"] = self._labels([*kept, value] if verb == "add" else kept)
                elif verb == "set" and name in SETTABLE:
                    out |= self._checked(call, {name: value}, issue)
                else:
                    raise Refusal("fields", errors={name: f"Field does not support update '{verb}'"})
        return out

    @route("PUT", ISSUE + "/assignee", scope=WRITE)
    def assign_issue(self, call: Call) -> None:
        """Give an issue to somebody; `null` is nobody, `-1` the default."""
        issue = self.issue(call)
        issue["assignee"] = self._holder("assignee", call.body, issue)
        self.touch(call, issue, issue_event_type_name="issue_assigned")

    @route("DELETE", ISSUE, scope=WRITE)
    def delete_issue(self, call: Call) -> None:
        """For the administrators, the project's lead and who opened it."""
        issue = self.issue(call)
        lead = self.company.person(self.project_of(issue).lead)
        if not (call.person.is_admin or call.person == lead or issue["reporter"] == self.me(call)):
            raise Refusal("forbidden", "You do not have permission to delete issues in this project.", status=403)
        under = self.subtasks(issue)
        if under and not call.flag("deleteSubtasks"):
            says = f"The issue '{issue['key']}' has subtasks.  You must specify the 'deleteSubtasks' parameter."
            raise Refusal("bad", says)
        self.touch(call, issue, "jira:issue_deleted")
        gone = {row["id"] for row in (issue, *under)}
        for number in gone:
            del self.state["issues"][number]
        links = self.state["links"]
        for key in [key for key, link in links.items() if {link["inward"], link["outward"]} & gone]:
            del links[key]
