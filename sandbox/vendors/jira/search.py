"""Search by JQL, and the quick picker."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.exchange import Call, Json, Refusal, page
from sandbox.vendor import route
from sandbox.vendors.jira.base import WORK, Site
from sandbox.vendors.jira.jql import Query, View


class Searches(Site):
    """The search resources."""

    def _view(self, call: Call) -> View:
        names: dict[str, str] = {}
        for person in self.company.people:
            account = self.shape.account_id(person)
            names |= {account: account, person.email: account, person.name.lower(): account}
        projects: dict[str, str] = {}
        for project in self.projects(call):
            projects |= dict.fromkeys(
                (project.key.lower(), project.name.lower(), self.shape.project_id(project)), project.key
            )
        now: datetime = self.world.time().astimezone(ZoneInfo(call.person.time_zone))
        return View(now=now, me=self.me(call), people=names, projects=projects)

    def _hits(self, call: Call, is_bounded: bool = True) -> list[Json]:
        query = Query.parse(str(call.get("jql") or ""), self._view(call))
        if is_bounded and query.condition is None:
            says = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
            raise Refusal("bad", says)
        return query.run(self.issues(call))

    @route("GET POST", "/rest/api/3/search/jql", scope=WORK)
    def search(self, call: Call) -> Json:
        """A page of hits; only ids unless fields are asked for."""
        hits = self._hits(call)
        rows, token = page(hits, call.get("nextPageToken"), min(call.whole("maxResults", 50, 5000) or 50, 100))
        given = call.get("fields")
        if call.method == "GET":
            given = [name for value in call.many("fields") for name in value.split(",")]
        shown = [self.payload(row, given) if given else {"id": row["id"]} for row in rows]
        return {"issues": shown, "isLast": token is None, **({"nextPageToken": token} if token else {})}

    @route("POST", "/rest/api/3/search/approximate-count", scope=WORK)
    def count_issues(self, call: Call) -> Json:
        """How many a query finds."""
        return {"count": len(self._hits(call))}

    @route("GET", "/rest/api/3/issue/picker", scope=WORK)
    def picker(self, call: Call) -> Json:
        """Issues whose key or summary has the words."""
        words = str(call.get("query") or "").lower().split()
        hits = [
            row for row in self.issues(call) if all(word in f"{row['key']} {row['summary']}".lower() for word in words)
        ][:20]
        issues = [
            {
                "id": int(row["id"]),
                "key": row["key"],
                "keyHtml": row["key"],
                "summary": row["summary"],
                "summaryText": row["summary"],
                "img": "/icons/issue.svg",
            }
            for row in hits
        ]
        return {
            "sections": [{"id": "cs", "label": "Current Search", "sub": f"Showing {len(issues)}", "issues": issues}]
        }
