"""Issues, comments, and the searches."""

from __future__ import annotations

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.github.base import Organisation, invalid
from sandbox.vendors.github.search import Query

REPO = "/repos/{owner}/{repo}"
ISSUE = REPO + "/issues/{number:int}"
COMMENT = REPO + "/issues/comments/{comment:int}"


class Issues(Organisation):
    """Issues and their comments."""

    @route("GET", "/search/issues")
    def search_issues(self, call: Call) -> Answer:
        """Issues and pull requests that pass a query."""
        visible = self.visible(call)
        query = Query(str(call.need("q")), self.company.slug, visible)
        rows = [row for row in self.state["issues"].values() if row["repo"] in visible and query.fits(self._seen(row))]
        rows.sort(key=lambda row: str(row["updated_at"]), reverse=call.get("order") != "asc")
        more = {"incomplete_results": False, "search_type": "lexical"}
        return self.page(call, rows[:1000], lambda row: {**self.shape.issue(row), "score": 1.0}, "items", **more)

    @route("GET", REPO + "/issues")
    def list_issues(self, call: Call) -> Answer:
        """Issues of a repository, pull requests among them."""
        repo, state, creator = self.repo_of(call), call.get("state", "open"), call.get("creator")
        rows = [
            row for row in self.state["issues"].values()
            if row["repo"] == repo and state in ("all", row["state"]) and creator in (None, row["user"])
            and row["updated_at"] >= call.get("since", "")
        ]  # fmt: skip
        rows.sort(key=lambda row: (row["created_at"], row["number"]), reverse=True)
        return self.page(call, rows, self.shape.issue)

    @route("POST", REPO + "/issues", scope="repo public_repo")
    def create_issue(self, call: Call) -> Answer:
        """A new issue."""
        repo, now = self.repo_of(call), self.now()
        row = self.new_row(call, repo, str(call.need("title")), call.get("body"))
        row |= {"labels": self.labels(call.get("labels") or []), "created_at": now}
        row["assignees"] = [self.login(login) for login in call.get("assignees") or []]
        self.state["issues"][f"{repo}#{row['number']}"] = row
        self.tell(call, "issues", "opened", issue=self.shape.issue(row), repository=self.shape.repo(repo))
        return Answer(201, self.shape.issue(row))

    @route("GET", ISSUE)
    def get_issue(self, call: Call) -> Json:
        """One issue."""
        return self.shape.issue(self.row(call, "issues", "number"))

    @route("PATCH", ISSUE, scope="repo public_repo")
    def update_issue(self, call: Call) -> Json:
        """Change title, body, state, labels or assignees."""
        row = self.row(call, "issues", "number")
        asked = call.body or {}
        new = {name: asked[name] for name in ("title", "body") if name in asked}
        if "labels" in asked:
            new["labels"] = self.labels(asked["labels"])
        if "assignees" in asked:
            new["assignees"] = [self.login(login) for login in asked["assignees"]]
        if asked.get("state", row["state"]) != row["state"]:
            is_closed = asked["state"] == "closed"
            new |= {"state": asked["state"], "closed_at": self.now() if is_closed else None}
            new["state_reason"] = asked.get("state_reason") or ("completed" if is_closed else "reopened")
        row |= {**new, "updated_at": self.now()}
        self.tell(call, "issues", "edited", issue=self.shape.issue(row), repository=self.shape.repo(row["repo"]))
        return self.shape.issue(row)

    @route("GET", ISSUE + "/comments")
    def list_comments(self, call: Call) -> Answer:
        """Comments, oldest first."""
        row = self.row(call, "issues", "number")
        rows = self.shape.comments_of(row["repo"], row["number"])
        return self.page(call, [one for one in rows if one["updated_at"] >= call.get("since", "")], self.shape.comment)

    @route("POST", ISSUE + "/comments", scope="repo public_repo")
    def create_comment(self, call: Call) -> Answer:
        """A new comment."""
        issue, now = self.row(call, "issues", "number"), self.now()
        row = {"id": 2_400_000_000 + self.count("comment"), "repo": issue["repo"], "number": issue["number"],
               "body": str(call.need("body")), "user": call.person.github, "created_at": now,
               "updated_at": now}  # fmt: skip
        self.state["comments"][str(row["id"])] = row
        self.tell(call, "issue_comment", "created", issue=self.shape.issue(issue), comment=self.shape.comment(row))
        return Answer(201, self.shape.comment(row))

    @route("GET", COMMENT)
    def get_comment(self, call: Call) -> Json:
        """One comment."""
        return self.shape.comment(self._comment(call))

    @route("DELETE", COMMENT, scope="repo public_repo")
    def delete_comment(self, call: Call) -> None:
        """Delete a comment: one's own, or any as an administrator."""
        row = self._comment(call)
        if row["user"] != call.person.github and not call.person.is_admin:
            raise Refusal("forbidden", "Must have admin rights to Repository.", status=403)
        del self.state["comments"][str(row["id"])]

    def new_row(self, call: Call, repo: str, title: str, body: str | None) -> Json:
        """An issue that nothing was said of yet, with the next number."""
        first = max((row["number"] for row in self.state["issues"].values() if row["repo"] == repo), default=0) + 1
        now = self.now()
        return {
            "repo": repo, "number": self.count(f"number {repo}", first), "title": title, "body": body, "state": "open",
            "state_reason": None, "user": call.person.github, "labels": [], "assignees": [], "created_at": now,
            "updated_at": now, "closed_at": None,
        }  # fmt: skip

    def labels(self, names: list[str]) -> list[str]:
        """Labels as they are known; an unknown one is made."""
        known = {label.lower(): label for row in self.state["issues"].values() for label in row["labels"]}
        if any(not name.strip() for name in names):
            raise invalid("Validation Failed", {"resource": "Label", "field": "name", "code": "invalid"})
        return list(dict.fromkeys(known.get(name.lower(), name) for name in names))

    def _comment(self, call: Call) -> Json:
        row: Json | None = self.state["comments"].get(str(call.params["comment"]))
        if row is None or row["repo"] != self.repo_of(call):
            raise Refusal("no_route", status=404)
        return row

    def _seen(self, row: Json) -> Json:
        """An issue as the search sees it."""
        pull = self.state["pulls"].get(f"{row['repo']}#{row['number']}", {})
        kinds = {row["state"], *(("pr", "pull-request") if pull else ("issue",))}
        kinds |= {name for name, holds in (("merged", pull.get("merged_at")), ("draft", pull.get("draft"))) if holds}
        more = {name: pull.get(name) for name in ("base", "head")}
        asked = {name: pull.get(name, []) for name in ("reviewers", "teams")}
        return {**row, **more, **asked, "kinds": kinds, "author": row["user"]}
