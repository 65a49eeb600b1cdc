"""How GitHub's things look on the wire: mostly addresses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.company import Company, Person
from sandbox.exchange import Json
from sandbox.grant import ident

API = "https://api.github.com"
SITE = "https://github.com"
HEX = "0123456789abcdef"
# the end of each address of a repository, its own name put before it where it begins with a slash or nothing
REPO_LINKS = {
    "archive": "{archive_format}{/ref}",
    "assignees": "{/user}",
    "blobs": "git/blobs{/sha}",
    "branches": "{/branch}",
    "collaborators": "{/collaborator}",
    "comments": "{/number}",
    "commits": "{/sha}",
    "compare": "compare/{base}...{head}",
    "contents": "contents/{+path}",
    "contributors": "",
    "deployments": "",
    "downloads": "",
    "events": "",
    "forks": "",
    "git_commits": "git/commits{/sha}",
    "git_refs": "git/refs{/sha}",
    "git_tags": "git/tags{/sha}",
    "hooks": "",
    "issue_comment": "issues/comments{/number}",
    "issue_events": "issues/events{/number}",
    "issues": "{/number}",
    "keys": "{/key_id}",
    "labels": "{/name}",
    "languages": "",
    "merges": "",
    "milestones": "{/number}",
    "notifications": "{?since,all,participating}",
    "pulls": "{/number}",
    "releases": "{/id}",
    "stargazers": "",
    "statuses": "statuses/{sha}",
    "subscribers": "",
    "subscription": "",
    "tags": "",
    "teams": "",
    "trees": "git/trees{/sha}",
}
PULL_LINKS = ("commits", "review_comments", "comments", "statuses")


def number_of(*parts: object) -> int:
    """A stable number below a billion."""
    return int(ident(9, "github", *parts, alphabet="123456789"))


def sha_of(*parts: object) -> str:
    """A stable commit id."""
    return ident(40, "github", *parts, alphabet=HEX)


def stamp(moment: datetime) -> str:
    """A moment as GitHub writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Shape:
    """Turns rows of the state into GitHub's JSON."""

    def __init__(self, company: Company, state: Json) -> None:
        self.company = company
        self.owner = company.slug
        self.state = state
        self.by_login = {person.github: person for person in company.people}

    def user(self, login: str) -> Json:
        """A simple user."""
        url = f"{API}/users/{login}"
        links = {name: f"{url}/{name.removesuffix('_url')}" for name in (
            "followers_url", "following_url", "gists_url", "starred_url", "subscriptions_url", "repos_url",
            "events_url", "received_events_url",
        )}  # fmt: skip
        return {
            "login": login, "id": number_of("user", login), "node_id": f"U_{ident(12, login)}",
            "avatar_url": f"https://avatars.githubusercontent.com/u/{number_of('user', login)}", "gravatar_id": "",
            "url": url, "html_url": f"{SITE}/{login}", "organizations_url": f"{url}/orgs", **links,
            "type": "Organization" if login == self.owner else "User", "site_admin": False,
        }  # fmt: skip

    def profile(self, login: str) -> Json:
        """A public user: the name is shown, the address hardly ever."""
        person: Person | None = self.by_login.get(login)
        name = person.name if person else self.state["strangers"][login]
        return {
            **self.user(login), "name": name, "company": f"@{self.owner}" if person else None, "blog": "",
            "location": None, "email": None, "hireable": None, "bio": person.title if person else None,
            "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
            "created_at": "2019-05-06T08:00:00Z", "updated_at": "2026-01-05T08:00:00Z",
        }  # fmt: skip

    def repo(self, name: str) -> Json:
        """A repository, with everything that any of its shapes needs."""
        row = self.state["repos"][name]
        url = f"{API}/repos/{self.owner}/{name}"
        links = {
            f"{link}_url": f"{url}/{link + tail if tail[:2] in ('', '{/', '{?') else tail}"
            for link, tail in REPO_LINKS.items()
        }
        times = {name: row[name] for name in ("created_at", "updated_at", "pushed_at")}
        counts = dict.fromkeys(("forks", "forks_count", "stargazers_count", "watchers", "watchers_count",
                                "subscribers_count", "network_count"), 0)  # fmt: skip
        opened = sum(issue["state"] == "open" for issue in self.state["issues"].values() if issue["repo"] == name)
        return {
            "id": number_of("repo", name), "node_id": f"R_{ident(12, name)}", "name": name,
            "full_name": f"{self.owner}/{name}", "owner": self.user(self.owner), "private": row["private"],
            "html_url": f"{SITE}/{self.owner}/{name}", "description": row["description"], "fork": False, "url": url,
            **links, "git_url": f"git:github.com/{self.owner}/{name}.git", "svn_url": f"{SITE}/{self.owner}/{name}",
            "ssh_url": f"git@github.com:{self.owner}/{name}.git", "mirror_url": None, "homepage": None,
            "clone_url": f"{SITE}/{self.owner}/{name}.git", "language": row["language"], **counts, "size": 4096,
            "default_branch": "main", "open_issues": opened, "open_issues_count": opened, "has_issues": True,
            "has_projects": True, "has_wiki": False, "has_pages": False, "has_downloads": True,
            "has_discussions": False, "archived": False, "disabled": False, "license": None, **times,
        }  # fmt: skip

    def label(self, repo: str, name: str) -> Json:
        """A label of a repository."""
        return {
            "id": number_of("label", repo, name), "node_id": f"LA_{ident(12, repo, name)}", "name": name,
            "url": f"{API}/repos/{self.owner}/{repo}/labels/{name}", "description": "", "color": "ededed",
            "default": name == "bug",
        }  # fmt: skip

    def issue(self, row: Mapping[str, Any]) -> Json:
        """An issue, or a pull request seen as one."""
        repo, number = row["repo"], row["number"]
        url = f"{API}/repos/{self.owner}/{repo}/issues/{number}"
        pull = self.state["pulls"].get(f"{repo}#{number}")
        kind = "pull" if pull else "issues"
        html = f"{SITE}/{self.owner}/{repo}/{kind}/{number}"
        assignees = [self.user(login) for login in row["assignees"]]
        seen = {
            "id": number_of("issue", repo, number), "node_id": f"I_{ident(12, repo, number)}", "url": url,
            "repository_url": f"{API}/repos/{self.owner}/{repo}", "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments", "events_url": f"{url}/events", "html_url": html, "number": number,
            "title": row["title"], "body": row["body"], "state": row["state"], "state_reason": row["state_reason"],
            "user": self.user(row["user"]), "labels": [self.label(repo, name) for name in row["labels"]],
            "assignee": assignees[0] if assignees else None, "assignees": assignees, "milestone": None,
            "locked": False, "comments": len(self.comments_of(repo, number)), "author_association": "MEMBER",
            "created_at": row["created_at"], "updated_at": row["updated_at"], "closed_at": row["closed_at"],
        }  # fmt: skip
        if pull:
            links = {"url": f"{API}/repos/{self.owner}/{repo}/pulls/{number}", "html_url": html,
                     "diff_url": f"{html}.diff", "patch_url": f"{html}.patch"}  # fmt: skip
            seen |= {"draft": pull["draft"], "pull_request": {**links, "merged_at": pull["merged_at"]}}
        return seen

    def comments_of(self, repo: str, number: int) -> list[Json]:
        """The comments of an issue, oldest first."""
        rows = [row for row in self.state["comments"].values() if (row["repo"], row["number"]) == (repo, number)]
        return sorted(rows, key=lambda row: (row["created_at"], row["id"]))

    def comment(self, row: Mapping[str, Any]) -> Json:
        """A comment."""
        repo, number = row["repo"], row["number"]
        kind = "pull" if f"{repo}#{number}" in self.state["pulls"] else "issues"
        return {
            "id": row["id"], "node_id": f"IC_{row['id']}", "body": row["body"], "user": self.user(row["user"]),
            "url": f"{API}/repos/{self.owner}/{repo}/issues/comments/{row['id']}",
            "html_url": f"{SITE}/{self.owner}/{repo}/{kind}/{number}#issuecomment-{row['id']}",
            "issue_url": f"{API}/repos/{self.owner}/{repo}/issues/{number}", "author_association": "MEMBER",
            "created_at": row["created_at"], "updated_at": row["updated_at"],
        }  # fmt: skip

    def pull(self, row: Mapping[str, Any], is_whole: bool = False) -> Json:
        """A pull request; the whole one also says whether it can be merged."""
        repo, number = row["repo"], row["number"]
        issue = self.issue(self.state["issues"][f"{repo}#{number}"])
        url, html = f"{API}/repos/{self.owner}/{repo}/pulls/{number}", issue["html_url"]
        links = {f"{name}_url": f"{url}/{name}" for name in PULL_LINKS} | {
            "review_comment_url": f"{url}/comments{{/number}}", "issue_url": issue["url"]}  # fmt: skip
        shown = {"self": url, "html": html, "issue": issue["url"]}
        shown |= {name.removesuffix("_url"): link for name, link in links.items() if name != "issue_url"}
        kept = ("number", "state", "locked", "title", "user", "body", "labels", "milestone", "created_at", "updated_at",
                "closed_at", "assignee", "assignees", "author_association", "html_url")  # fmt: skip
        seen = {
            **{name: issue[name] for name in kept}, "url": url, "id": number_of("pull", repo, number),
            "node_id": f"PR_{ident(12, repo, number)}", "diff_url": f"{html}.diff", "patch_url": f"{html}.patch",
            **links, "_links": {name: {"href": link} for name, link in shown.items()}, "draft": row["draft"],
            "merged_at": row["merged_at"], "merge_commit_sha": row["merge_commit_sha"], "auto_merge": None,
            "head": self._side(repo, row["head"], row["head_sha"]),
            "base": self._side(repo, row["base"], sha_of(repo, row["base"])),
            "requested_reviewers": [self.user(login) for login in row["reviewers"]],
            "requested_teams": [self.team(slug) for slug in row["teams"]],
        }  # fmt: skip
        if is_whole:
            is_open = row["merged_at"] is None
            seen |= {
                "merged": not is_open, "mergeable": row["mergeable"] if is_open else None,
                "mergeable_state": "clean" if row["mergeable"] else "dirty", "comments": issue["comments"],
                "merged_by": self.user(row["merged_by"]) if row["merged_by"] else None, "review_comments": 0,
                "maintainer_can_modify": False, "commits": 2, "changed_files": len(row["files"]),
                "additions": sum(one[1] for one in row["files"]), "deletions": sum(one[2] for one in row["files"]),
            }  # fmt: skip
        return seen

    def team(self, slug: str) -> Json:
        """A team of the organisation."""
        url = f"{API}/organizations/1/team/{number_of('team', slug)}"
        return {
            "id": number_of("team", slug), "node_id": f"T_{ident(12, slug)}", "name": self.state["teams"][slug],
            "slug": slug, "description": "", "permission": "push", "privacy": "closed", "url": url, "parent": None,
            "html_url": f"{SITE}/orgs/{self.owner}/teams/{slug}", "members_url": f"{url}/members{{/member}}",
            "repositories_url": f"{url}/repos", "type": "organization",
        }  # fmt: skip

    def workflow(self, repo: str, row: Mapping[str, Any]) -> Json:
        """A workflow."""
        url = f"{API}/repos/{self.owner}/{repo}/actions/workflows/{row['id']}"
        html = f"{SITE}/{self.owner}/{repo}"
        return {
            "id": row["id"], "node_id": f"W_{row['id']}", "name": row["name"], "path": row["path"], "state": "active",
            "created_at": "2025-01-08T08:00:00Z", "updated_at": "2026-01-08T08:00:00Z", "url": url,
            "html_url": f"{html}/blob/main/{row['path']}", "badge_url": f"{html}/workflows/{row['name']}/badge.svg",
        }  # fmt: skip

    def run(self, row: Mapping[str, Any]) -> Json:
        """A workflow run."""
        repo = row["repo"]
        url = f"{API}/repos/{self.owner}/{repo}/actions/runs/{row['id']}"
        names = ("jobs", "logs", "artifacts", "cancel", "rerun")
        who = {"name": row["actor"], "email": f"{row['actor']}@users.noreply.github.com"}
        kept = ("id", "name", "head_branch", "run_number", "event", "status", "conclusion", "workflow_id", "path",
                "created_at", "updated_at", "run_started_at")  # fmt: skip
        return {
            **{name: row[name] for name in kept}, "node_id": f"WFR_{row['id']}", "head_sha": row["head_sha"],
            "display_title": row["title"], "run_attempt": 1, "url": url, "pull_requests": [],
            "html_url": f"{SITE}/{self.owner}/{repo}/actions/runs/{row['id']}",
            **{f"{name}_url": f"{url}/{name}" for name in names},
            "check_suite_url": f"{API}/repos/{self.owner}/{repo}/check-suites/{row['id']}",
            "workflow_url": f"{API}/repos/{self.owner}/{repo}/actions/workflows/{row['workflow_id']}",
            "actor": self.user(row["actor"]), "triggering_actor": self.user(row["actor"]),
            "head_commit": {"id": row["head_sha"], "tree_id": sha_of("tree", row["id"]), "message": row["title"],
                            "timestamp": row["created_at"], "author": who, "committer": who},
            "repository": self.repo(repo), "head_repository": self.repo(repo),
        }  # fmt: skip

    def _side(self, repo: str, branch: str, sha: str) -> Json:
        return {
            "label": f"{self.owner}:{branch}", "ref": branch, "sha": sha, "user": self.user(self.owner),
            "repo": self.repo(repo),
        }  # fmt: skip
