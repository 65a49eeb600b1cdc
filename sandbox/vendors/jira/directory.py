"""Sites, people, projects, fields."""

from __future__ import annotations

from sandbox.company import Person, Project
from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.jira.base import WORK, Site
from sandbox.vendors.jira.shape import TYPES

FIELDS = {
    "summary": "Summary", "description": "Description", "issuetype": "Issue Type", "status": "Status",
    "priority": "Priority", "assignee": "Assignee", "reporter": "Reporter", "labels": "Labels", "duedate": "Due date",
    "created": "Created", "updated": "Updated", "parent": "Parent", "project": "Project",
}  # fmt: skip


class Directory(Site):
    """Who and what there is."""

    @route("GET", "/oauth/token/accessible-resources", based=False)
    def resources(self, call: Call) -> list[Json]:
        """The sites that the token reaches."""
        scopes = (call.grant.scopes if call.grant else None) or [WORK, "write:jira-work", "read:jira-user"]
        return [
            {
                "id": self.shape.cloud_id,
                "url": self.shape.site,
                "name": self.company.slug,
                "scopes": scopes,
                "avatarUrl": f"{self.shape.site}/avatar.png",
            }
        ]

    @route("GET", "/rest/api/3/myself", scope="read:jira-user")
    def myself(self, call: Call) -> Json:
        """Who calls."""
        return self.shape.user(call.person)

    @route("GET", "/rest/api/3/user", scope="read:jira-user")
    def one_user(self, call: Call) -> Json:
        """One person."""
        return self.user(str(call.need("accountId")))

    @route("GET", "/rest/api/3/user/search", scope="read:jira-user")
    def find_users(self, call: Call) -> list[Json]:
        """People whose name or address begins so."""
        if not call.get("query") and not call.get("accountId"):
            raise Refusal("bad", "Either the query or the accountId parameter must be given.")
        return self._found(call, self.company.people)

    @route("GET", "/rest/api/3/user/assignable/search", scope="read:jira-user")
    def find_assignable(self, call: Call) -> list[Json]:
        """People who can be given an issue of a project."""
        if issue := call.get("issueKey"):
            project = self.project_of(self.issue(call, issue))
        elif key := call.get("project"):
            project = self.project(call, key)
        else:
            raise Refusal("bad", "Either a project or an issue key must be given.")
        return self._found(call, [person for person in self.company.people if self.may_see(person, project)])

    def _found(self, call: Call, people: list[Person]) -> list[Json]:
        words = str(call.get("query") or "").lower().split()
        account = call.get("accountId")
        found = []
        for person in people:
            starts = [*person.name.lower().split(), person.email, person.name.lower()]
            fits = all(any(start.startswith(word) for start in starts) for word in words)
            if fits and account in (None, "", self.shape.account_id(person)):
                found.append(self.shape.user(person))
        start = call.whole("startAt", 0)
        return found[start : start + call.whole("maxResults", 50)]

    @route("GET", "/rest/api/3/project/search", scope=WORK)
    def search_projects(self, call: Call) -> Json:
        """Projects by words in key or name."""
        words, keys = str(call.get("query") or "").lower(), call.many("keys")
        found = [
            project
            for project in self.projects(call)
            if (words in project.key.lower() or words in project.name.lower()) and (not keys or project.key in keys)
        ]
        found.sort(key=lambda project: project.key)
        start, size = call.whole("startAt", 0), call.whole("maxResults", 50, 100)
        values = [self._project(project) for project in found[start : start + size]]
        return {
            "self": f"{self.shape.api}/project/search",
            "startAt": start,
            "maxResults": size,
            "total": len(found),
            "isLast": start + size >= len(found),
            "values": values,
        }

    @route("GET", "/rest/api/3/project/{project}", scope=WORK)
    def get_project(self, call: Call) -> Json:
        """One project with its lead and issue types."""
        project = self.project(call, call.params["project"])
        return self._project(project) | {"description": "", "issueTypes": [self.shape.issue_type(t) for t in TYPES]}

    def _project(self, project: Project) -> Json:
        lead = self.shape.user(self.company.person(project.lead))
        lead = {key: lead[key] for key in ("self", "accountId", "displayName", "active", "avatarUrls")}
        return {**self.shape.project(project), "lead": lead, "isPrivate": project.is_private, "style": "next-gen"}

    @route("GET", "/rest/api/3/project/{project}/versions", scope=WORK)
    def project_versions(self, call: Call) -> list[Json]:
        """The next release and the last one."""
        project = self.project(call, call.params["project"])
        number = int(self.shape.project_id(project))
        return [
            {
                "self": f"{self.shape.api}/version/{number}{place}",
                "id": f"{number}{place}",
                "name": name,
                "archived": False,
                "released": place == 1,
                "projectId": number,
            }
            for place, name in enumerate(("5.2", "5.3"), 1)
        ]

    @route("GET", "/rest/api/3/field", scope=WORK)
    def fields(self, call: Call) -> list[Json]:
        """The fields that issues have."""
        return [
            {
                "id": key,
                "key": key,
                "name": name,
                "custom": False,
                "orderable": True,
                "navigable": True,
                "searchable": True,
                "clauseNames": [key],
            }
            for key, name in FIELDS.items()
        ]

    @route("GET", "/rest/api/3/issue/createmeta/{project}/issuetypes", scope=WORK)
    def create_meta(self, call: Call) -> Json:
        """The issue types that a project has."""
        self.project(call, call.params["project"])
        start, size = call.whole("startAt", 0), call.whole("maxResults", 50)
        types = [self.shape.issue_type(name) for name in TYPES]
        return {"startAt": start, "maxResults": size, "total": len(types), "issueTypes": types[start : start + size]}
