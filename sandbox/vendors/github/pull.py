"""Pull requests and branches."""

from __future__ import annotations

from typing import Any

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.github.base import invalid
from sandbox.vendors.github.issue import REPO, Issues
from sandbox.vendors.github.shape import API, SITE, sha_of

PULL = REPO + "/pulls/{number:int}"
NO_COLLABORATOR = (
    "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a"
    " collaborator of the {} repository."
)
WAYS = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}


class Pulls(Issues):
    """Pull requests and branches."""

    @route("GET", REPO + "/pulls")
    def list_pulls(self, call: Call) -> Answer:
        """Pull requests of a repository."""
        repo, state = self.repo_of(call), call.get("state", "open")
        head, base = call.get("head"), call.get("base")
        rows = [
            row for row in self.state["pulls"].values()
            if row["repo"] == repo and state in ("all", self._issue(row)["state"]) and base in (None, row["base"])
            and head in (None, f"{self.company.slug}:{row['head']}")
        ]  # fmt: skip
        field = {"updated": "updated_at"}.get(call.get("sort", ""), "created_at")
        is_falling = call.get("direction", "desc") == "desc"
        rows.sort(key=lambda row: (self._issue(row)[field], row["number"]), reverse=is_falling)
        return self.page(call, rows, self.shape.pull)

    @route("POST", REPO + "/pulls", scope="repo public_repo")
    def create_pull(self, call: Call) -> Answer:
        """A new pull request; one branch has only one to the same target."""
        repo = self.repo_of(call)
        head, base = str(call.need("head")).rpartition(":")[2], str(call.need("base"))
        for name, branch in (("head", head), ("base", base)):
            if branch not in self.state["branches"][repo]:
                raise invalid("Validation Failed", {"resource": "PullRequest", "field": name, "code": "invalid"})
        if any(
            (row["head"], row["base"]) == (head, base) and self._issue(row)["state"] == "open"
            for row in self.state["pulls"].values()
            if row["repo"] == repo
        ):
            said = f"A pull request already exists for {self.company.slug}:{head}."
            raise invalid("Validation Failed", {"resource": "PullRequest", "code": "custom", "message": said})
        row = self.new_row(call, repo, str(call.need("title")), call.get("body"))
        key = f"{repo}#{row['number']}"
        self.state["issues"][key] = row
        self.state["pulls"][key] = {
            "repo": repo, "number": row["number"], "head": head, "base": base, "draft": call.flag("draft"),
            "head_sha": self.state["branches"][repo][head], "mergeable": True, "merged_at": None, "merged_by": None,
            "merge_commit_sha": None, "teams": [], "reviewers": [], "files": [["README.md", 3, 1]],
        }  # fmt: skip
        return Answer(201, self._told(call, "opened", self.state["pulls"][key]))

    @route("GET", PULL)
    def get_pull(self, call: Call) -> Json:
        """One pull request."""
        return self.shape.pull(self.row(call, "pulls", "number"), is_whole=True)

    @route("PATCH", PULL, scope="repo public_repo")
    def update_pull(self, call: Call) -> Json:
        """Change title, body or state."""
        row = self.row(call, "pulls", "number")
        issue, asked = self._issue(row), call.body or {}
        if "state" in asked and row["merged_at"]:
            raise invalid("Validation Failed", {"resource": "PullRequest", "field": "state", "code": "invalid"})
        issue |= {name: asked[name] for name in ("title", "body", "state") if name in asked}
        issue |= {"updated_at": self.now(), "closed_at": self.now() if issue["state"] == "closed" else None}
        return self._told(call, "closed" if asked.get("state") == "closed" else "edited", row)

    @route("GET", PULL + "/files")
    def list_files(self, call: Call) -> Answer:
        """The files that a pull request changes."""
        row = self.row(call, "pulls", "number")
        return self.page(call, row["files"], lambda file: self._file(row, *file))

    @route("POST", PULL + "/requested_reviewers", scope="repo public_repo")
    def request_reviewers(self, call: Call) -> Answer:
        """Ask people and teams."""
        row = self.row(call, "pulls", "number")
        people, teams = call.get("reviewers") or [], call.get("team_reviewers") or []
        known = {login.lower(): login for login in self.shape.by_login}
        if any(one.lower() not in known for one in people) or any(one not in self.state["teams"] for one in teams):
            raise invalid(NO_COLLABORATOR.format(f"{self.company.slug}/{row['repo']}"))
        if self._issue(row)["user"] in people:
            raise invalid("Review cannot be requested from pull request author.")
        row["reviewers"] = list(dict.fromkeys([*row["reviewers"], *(known[one.lower()] for one in people)]))
        row["teams"] = list(dict.fromkeys([*row["teams"], *teams]))
        return Answer(201, self._told(call, "review_requested", row, is_whole=False))

    @route("DELETE", PULL + "/requested_reviewers", scope="repo public_repo")
    def remove_reviewers(self, call: Call) -> Json:
        """No longer ask people and teams."""
        row = self.row(call, "pulls", "number")
        people, teams = call.need("reviewers") if call.get("reviewers") else [], call.get("team_reviewers") or []
        row["reviewers"] = [login for login in row["reviewers"] if login not in people]
        row["teams"] = [slug for slug in row["teams"] if slug not in teams]
        return self._told(call, "review_request_removed", row, is_whole=False)

    @route("PUT", PULL + "/merge", scope="repo public_repo")
    def merge(self, call: Call) -> Json:
        """Merge, if nothing is in the way."""
        row, way = self.row(call, "pulls", "number"), call.get("merge_method", "merge")
        if self._issue(row)["state"] != "open" or not row["mergeable"]:
            raise Refusal("conflict", "Pull Request is not mergeable", status=405)
        if row["draft"]:
            raise Refusal("conflict", "Pull Request is still a draft", status=405)
        if way == "merge" and not self.state["repos"][row["repo"]]["allows_merge"]:
            raise Refusal("conflict", f"{WAYS[way]} are not allowed on this repository.", status=405)
        if call.get("sha") not in (None, row["head_sha"]):
            raise Refusal("conflict", "Head branch was modified. Review and try the merge again.", status=409)
        sha = sha_of("merge", row["repo"], row["number"])
        row |= {"merged_at": self.now(), "merged_by": call.person.github, "merge_commit_sha": sha}
        self._issue(row).update({"state": "closed", "closed_at": self.now(), "updated_at": self.now()})
        self._told(call, "closed", row)
        return {"sha": sha, "merged": True, "message": "Pull Request successfully merged"}

    @route("GET", REPO + "/branches")
    def list_branches(self, call: Call) -> Answer:
        """Branches by name."""
        repo = self.repo_of(call)
        return self.page(call, sorted(self.state["branches"][repo].items()), lambda pair: {
            "name": pair[0], "protected": pair[0] == "main",
            "commit": {"sha": pair[1], "url": f"{API}/repos/{self.company.slug}/{repo}/commits/{pair[1]}"},
        })  # fmt: skip

    @route("GET", REPO + "/git/ref/heads/{branch:path}")
    def get_ref(self, call: Call) -> Json:
        """Where a branch points."""
        repo, branch = self.repo_of(call), call.params["branch"]
        if branch not in self.state["branches"][repo]:
            raise Refusal("no_route", status=404)
        return self._ref(repo, branch)

    @route("DELETE", REPO + "/git/refs/heads/{branch:path}", scope="repo public_repo")
    def delete_ref(self, call: Call) -> None:
        """Delete a branch; its open pull requests are closed."""
        repo, branch = self.repo_of(call), call.params["branch"]
        if branch not in self.state["branches"][repo]:
            raise invalid("Reference does not exist")
        if branch == "main":
            raise invalid("Cannot delete the default branch")
        self.state["commits"][self.state["branches"][repo].pop(branch)] = repo
        self.emit({"ref": branch, "ref_type": "branch"}, event="delete")

    @route("POST", REPO + "/git/refs", scope="repo public_repo")
    def create_ref(self, call: Call) -> Answer:
        """A branch at a commit that the repository holds."""
        repo, ref, sha = self.repo_of(call), str(call.need("ref")), str(call.need("sha"))
        branch = ref.removeprefix("refs/heads/")
        if branch == ref:
            raise invalid("Reference name must start with 'refs/heads/'")
        if branch in self.state["branches"][repo]:
            raise invalid("Reference already exists")
        if self.state["commits"].get(sha) != repo and sha not in self.state["branches"][repo].values():
            raise invalid("Object does not exist")
        self.state["branches"][repo][branch] = sha
        return Answer(201, self._ref(repo, branch))

    def _issue(self, row: Json) -> Json:
        issue: Json = self.state["issues"][f"{row['repo']}#{row['number']}"]
        return issue

    def _told(self, call: Call, action: str, row: Json, is_whole: bool = True) -> Json:
        shown = self.shape.pull(row, is_whole)
        self.tell(call, "pull_request", action, number=row["number"], pull_request=shown)
        return shown

    def _ref(self, repo: str, branch: str) -> Json:
        sha = self.state["branches"][repo][branch]
        url = f"{API}/repos/{self.company.slug}/{repo}/git"
        return {
            "ref": f"refs/heads/{branch}", "node_id": f"REF_{sha[:12]}", "url": f"{url}/refs/heads/{branch}",
            "object": {"sha": sha, "type": "commit", "url": f"{url}/commits/{sha}"},
        }  # fmt: skip

    def _file(self, row: Json, name: str, added: int, removed: int) -> Json:
        place = f"{self.company.slug}/{row['repo']}"
        sha: Any = row["head_sha"]
        return {
            "sha": sha_of("file", place, name), "filename": name, "status": "modified", "additions": added,
            "deletions": removed, "changes": added + removed, "blob_url": f"{SITE}/{place}/blob/{sha}/{name}",
            "raw_url": f"{SITE}/{place}/raw/{sha}/{name}",
            "contents_url": f"{API}/repos/{place}/contents/{name}?ref={sha}",
        }  # fmt: skip
