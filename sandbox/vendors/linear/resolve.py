"""How each field of Linear's schema is read from the rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, GraphQLResolveInfo

from sandbox.company import Person
from sandbox.exchange import Json, page
from sandbox.vendors.linear.filter import fits, fold
from sandbox.vendors.linear.seed import PRIORITIES, SITE, key_of, stamp

if TYPE_CHECKING:
    from sandbox.vendor import Vendor

LINKS = {
    "assignee": "users", "creator": "users", "lead": "users", "user": "users", "team": "teams", "state": "states",
    "cycle": "cycles", "project": "projects", "issue": "issues",
}  # fmt: skip
TABLES = {
    "issues": "issues", "comments": "comments", "cycles": "cycles", "issueLabels": "labels", "projects": "projects",
    "teams": "teams", "users": "users", "workflowStates": "states",
}  # fmt: skip
# the connections of a type: table, and the field of its rows that holds the id of the parent
CHILDREN = {
    ("Issue", "comments"): ("comments", "issueId"), ("Issue", "children"): ("issues", "parentId"),
    ("User", "assignedIssues"): ("issues", "assigneeId"), ("Team", "issues"): ("issues", "teamId"),
    ("Cycle", "issues"): ("issues", "cycleId"), ("Project", "issues"): ("issues", "projectId"),
    ("Project", "projectUpdates"): ("updates", "projectId"),
}  # fmt: skip
ONE = {"issue": "Issue", "project": "Project", "team": "Team", "user": "User"}
IDENTIFIER = re.compile(r"([A-Za-z][A-Za-z0-9]*)-(\d+)")


def snake(name: str) -> str:
    """`searchIssues` as `search_issues`."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda hit: "_" + hit[1].lower(), name)


def wrong(message: str, presentable: str = "", code: str = "INPUT_ERROR", kind: str = "invalid input") -> GraphQLError:
    """An error as Linear words it."""
    more = {"type": kind, "code": code, "userError": True, "userPresentableMessage": presentable or message}
    return GraphQLError(message, extensions=more)


def missing(kind: str) -> GraphQLError:
    """The error of an id that stands for nothing."""
    return wrong(f"Entity not found: {kind}", f"Could not find referenced {kind}.")


class Reading:
    """One request of one person: resolves queries and the fields of every row."""

    def __init__(self, vendor: Vendor, person: Person, scopes: list[str] | None) -> None:
        self.vendor = vendor
        self.person = person
        self.me = key_of("user", person.email)
        self.scopes = scopes
        self.state: Json = vendor.state

    def resolve(self, source: Any, info: GraphQLResolveInfo[Any], **args: Any) -> Any:
        """The value of any field."""
        parent, name = info.parent_type.name, info.field_name
        if parent in ("Query", "Mutation"):
            self.check(parent, name)
            return getattr(self, f"do_{snake(name)}", self._query)(name=name, **args)
        parent = "Issue" if parent == "IssueSearchResult" else parent
        if (parent, name) in CHILDREN:
            table, link = CHILDREN[(parent, name)]
            rows = [row for row in self.state[table].values() if row.get(link) == source["id"]]
            return self.connection(rows, **args)
        found = self.field(source, name)
        return self.connection(found, **args) if name in ("labels", "teams") else found

    def check(self, parent: str, name: str) -> None:
        """Refuse what the token's scopes do not hold."""
        allowed = {"read"} if parent == "Query" else {"write"}
        allowed |= {"issueCreate": {"issues:create"}, "commentCreate": {"comments:create"}}.get(name, set())
        if self.scopes is not None and not allowed & set(self.scopes):
            said = f"Invalid scope: `{'read' if parent == 'Query' else 'write'}` required"
            raise wrong(said, code="FORBIDDEN", kind="forbidden")

    def field(self, row: Any, name: str) -> Any:
        """A field of a row, by the row's own shape."""
        if not isinstance(row, dict):
            return None
        if f"{name}Id" in row and name in LINKS:
            return self.state[LINKS[name]].get(row[f"{name}Id"])
        if "number" in row and "title" in row and (special := getattr(self, f"show_{snake(name)}", None)):
            return special(row)
        if "startsAt" in row and name.startswith("is"):
            return self._turn(row) == name
        if "issueId" in row and name == "url":
            return f"{self.show_url(self.state['issues'][row['issueId']])}#comment-{row['id'][:8]}"
        if name == "isMe":
            return row["id"] == self.me
        if name == "organization":
            return self.do_organization()
        if name == "teams":
            return [self.state["teams"][team] for team in row.get("teamIds", [])]
        if name == "parent":
            return self.state["issues"].get(row.get("parentId"))
        if name == "status":
            return {"id": key_of("status", row["state"]), "name": row["state"].title(), "type": row["state"]}
        if name == "activeCycle":
            return next((c for c in self._of(row, "cycles") if self._turn(c) == "isActive"), None)
        if name == "lastUpdate":
            return next(iter(self.updates(row["id"])), None)
        if name == "progress":
            return 0.0
        return row.get(name)

    def updates(self, project: str) -> list[Json]:
        """The living updates of a project, the latest first."""
        rows = [row for row in self.state["updates"].values() if row["projectId"] == project]
        return sorted((row for row in rows if not row["archivedAt"]), key=lambda row: str(row["createdAt"]))[::-1]

    def connection(
        self, rows: list[Json], first: int | None = None, last: int | None = None, after: str | None = None,
        filter: Json | None = None, orderBy: str = "createdAt", includeArchived: bool = False, **_: Any,  # noqa: N803
    ) -> Json:  # fmt: skip
        """A page of rows, the newest first; archived ones only when asked for."""
        if (first or last or 1) > 250:
            raise wrong("Argument Validation Error", "first must not be greater than 250")
        now = self.vendor.world.time()
        kept = [row for row in rows if includeArchived or not row.get("archivedAt")]
        kept = [row for row in kept if fits(row, filter or {}, self.field, now)]
        kept.sort(key=lambda row: str(row[orderBy]), reverse=True)
        if last and not first:
            kept = kept[-last:]
        nodes, cursor = page(kept, after, first or last or 50)
        return {
            "nodes": nodes, "totalCount": len(kept),
            "pageInfo": {"hasNextPage": cursor is not None, "endCursor": cursor, "hasPreviousPage": bool(after),
                         "startCursor": after},
        }  # fmt: skip

    def find(self, table: str, identity: str | None, kind: str) -> Json:
        """A row by id, an issue also by its identifier, a project also by its slug."""
        rows: Json = self.state[table]
        found: Json | None = rows.get(identity or "")
        if found is None and table == "issues" and (hit := IDENTIFIER.fullmatch(identity or "")):
            key = f"{hit[1].upper()}-{hit[2]}"
            found = next((row for row in rows.values() if self.show_identifier(row) == key), None)
        if found is None and table == "projects":
            found = next((row for row in rows.values() if row["slugId"] == identity), None)
        if found is None:
            raise missing(kind)
        return found

    def _query(self, name: str, id: str = "", **args: Any) -> Any:
        if name in ONE:
            return self.find(f"{name}s", id, ONE[name])
        return self.connection(list(self.state[TABLES[name]].values()), **args)

    def do_viewer(self, **_: Any) -> Json:
        viewer: Json = self.state["users"][self.me]
        return viewer

    def do_organization(self, **_: Any) -> Json:
        company = self.vendor.company
        return {"id": key_of("organization"), "name": company.name, "urlKey": company.slug}

    def do_search_issues(
        self, term: str, teamId: str | None = None, includeComments: bool = False, **args: Any,  # noqa: N803
    ) -> Json:  # fmt: skip
        words = fold(term).split()
        found = []
        for row in self.state["issues"].values():
            texts = [self.show_identifier(row), row["title"], row["description"] or ""]
            if includeComments:
                texts += [one["body"] for one in self.state["comments"].values() if one["issueId"] == row["id"]]
            if teamId in (None, row["teamId"]) and all(word in fold("\n".join(texts)) for word in words):
                found.append({**row, "metadata": {}})
        args.pop("name")
        return self.connection(found, **args)

    def _of(self, team: Json, table: str) -> list[Json]:
        return [row for row in self.state[table].values() if row["teamId"] == team["id"]]

    def _turn(self, cycle: Json) -> str:
        """`isActive`, `isNext`, `isPrevious`, `isFuture` or `isPast`."""
        now = stamp(self.vendor.world.time())
        if cycle["startsAt"] <= now < cycle["endsAt"]:
            return "isActive"
        rows = self._of({"id": cycle["teamId"]}, "cycles")
        if cycle["startsAt"] > now:
            is_nearest = cycle["startsAt"] == min(row["startsAt"] for row in rows if row["startsAt"] > now)
            return "isNext" if is_nearest else "isFuture"
        is_nearest = cycle["endsAt"] == max(row["endsAt"] for row in rows if row["endsAt"] <= now)
        return "isPrevious" if is_nearest else "isPast"

    # the computed fields of an issue

    def show_identifier(self, row: Json) -> str:
        return f"{self.state['teams'][row['teamId']]['key']}-{row['number']}"

    def show_url(self, row: Json) -> str:
        slug = re.sub(r"[^a-z0-9]+", "-", row["title"].lower()).strip("-")
        return f"{SITE}/issue/{self.show_identifier(row)}/{slug}"

    def show_branch_name(self, row: Json) -> str:
        return f"{self.person.handle}/{self.show_identifier(row).lower()}"

    def show_priority_label(self, row: Json) -> str:
        return PRIORITIES[row["priority"]]

    def show_labels(self, row: Json) -> list[Json]:
        return [self.state["labels"][label] for label in row["labelIds"]]

    def show_previous_identifiers(self, row: Json) -> list[str]:
        return []
