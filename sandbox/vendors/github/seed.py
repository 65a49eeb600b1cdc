"""GitHub at the start: the company's repositories, the story's pull requests, issues, workflows and their runs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from sandbox.company import Company
from sandbox.exchange import Json
from sandbox.story import Story
from sandbox.vendors.github.shape import number_of, sha_of, stamp

REPORTS = 120  # as many routine issues as make a list that takes two pages
# name, file, whether it may be started by hand, its inputs (name to whether it is required)
WORKFLOWS: tuple[tuple[str, str, bool, dict[str, bool]], ...] = (
    ("CI", "ci.yml", False, {}),
    ("nightly-build", "nightly-build.yml", True, {}),
    ("Deploy staging", "deploy-staging.yml", True, {"region": False, "dry_run": False}),
    ("seed-db", "seed-db.yml", True, {"env": True}),
)
# issues that the public opened, or that the team keeps beside the code: repository, title, label, state
ISSUES = (
    ("docs", "Typo in the pay by link guide", "docs", "open"),
    ("docs", "Payout retries page has a dead link", "docs", "closed"),
    ("design-tokens", "Export tokens as JSON", "enhancement", "open"),
    ("checkout-service", "Flaky test in the capture suite", "flaky", "open"),
    ("checkout-service", "500 on /captures when the cart is empty", "bug", "open"),
    ("payouts", "Make the batch size configurable", "enhancement", "open"),
    ("mobile-app", "CSV export crashes on tablets", "bug", "open"),
    ("mobile-app", "Raise the minimum Android version", "chore", "closed"),
    ("storefront", "Dark mode flicker on load", "bug", "open"),
    ("storefront", "Update the copyright year", "chore", "open"),
    ("storefront", "CSV export of orders is missing the tax column", "bug", "open"),
    ("dashboard", "Login loop on Safari", "bug", "closed"),
    ("infrastructure", "Pin the runner image", "chore", "open"),
    ("data-pipelines", "Document the Monday load", "docs", "open"),
)
STRANGERS = {"priya-codes": "Priya Nair", "alexdev99": "Alex", "dependabot": "dependabot"}


def seed_github(company: Company, story: Story) -> Json:
    """Rows by id; issues and pull requests by `repository#number`."""
    teams = {re.sub(r"\W+", "-", person.team.lower()): person.team for person in company.people}
    state: Json = {
        "repos": {}, "issues": {}, "pulls": {}, "comments": {}, "branches": {}, "workflows": {}, "runs": {},
        "commits": {}, "teams": dict(sorted(teams.items())), "strangers": STRANGERS,
    }  # fmt: skip
    for place, repository in enumerate(company.repositories):
        name = repository.name
        state["repos"][name] = {
            "private": repository.private, "description": repository.about, "language": repository.language,
            "created_at": stamp(story.now - timedelta(days=900 - place)), "updated_at": stamp(story.now),
            "pushed_at": stamp(story.now - timedelta(hours=2 * place + 1)), "allows_merge": name != "infrastructure",
        }  # fmt: skip
        state["branches"][name] = {branch: sha_of(name, branch) for branch in ("main", "release-4.2", "jonas-test")}
        state["workflows"][name] = [
            {"id": number_of("workflow", name, file), "name": title, "path": f".github/workflows/{file}",
             "is_manual": manual, "inputs": inputs} for title, file, manual, inputs in WORKFLOWS
        ]  # fmt: skip
        _add_runs(state, story, name, [person.github for person in company.team(repository.team)])
    for number, (repo, title, label, kind) in enumerate(ISSUES, 3):
        team = company.team(next(one.team for one in company.repositories if one.name == repo))
        _add_issue(state, story, repo, number, title, team[number % len(team)].github, age=30 - number, labels=[label],
                   state=kind, assignees=[team[-1].github] if number % 3 == 0 else [])  # fmt: skip
    for number in range(REPORTS):
        _add_issue(state, story, "infrastructure", 1000 + number, f"Dependency report {number + 1}", "ravimenon",
                   age=2 * (REPORTS - number), labels=["dependencies"], state="closed")  # fmt: skip
    for pull in story.pull_requests:
        _add_pull(state, story, pull)
    return state


def _add_issue(
    rows: Json, story: Story, repo: str, number: int, title: str, user: str, *, age: float, labels: list[str],
    state: str = "open", assignees: list[str] | None = None, body: str = "",
) -> None:  # fmt: skip

    opened = stamp(story.now - timedelta(days=age))
    rows["issues"][f"{repo}#{number}"] = {
        "repo": repo, "number": number, "title": title, "body": body or f"{title}.", "state": state, "user": user,
        "state_reason": "completed" if state == "closed" else None, "labels": labels, "assignees": assignees or [],
        "created_at": opened, "updated_at": opened,
        "closed_at": stamp(story.now - timedelta(days=age - 1)) if state == "closed" else None,
    }  # fmt: skip


def _add_pull(state: Json, story: Story, pull: Any) -> None:
    repo, number = pull.repository.name, pull.number
    key = f"{repo}#{number}"
    body = f"{pull.title}." + (f"\n\nFor {pull.issue_key}." if pull.issue_key else "")
    _add_issue(state, story, repo, number, pull.title, pull.author.github, labels=[], body=body, assignees=[],
               age=(story.now - pull.opened).total_seconds() / 86400)  # fmt: skip
    row = state["issues"][key]
    ended = stamp(pull.ended) if pull.ended else None
    row |= {"state": "open" if pull.state == "open" else "closed", "state_reason": None, "closed_at": ended}
    row["updated_at"] = ended or row["updated_at"]
    is_merged = pull.state == "merged"
    stem = pull.branch.replace("-", "_")
    state["pulls"][key] = {
        "repo": repo, "number": number, "head": pull.branch, "base": "main", "head_sha": sha_of(repo, pull.branch),
        "draft": pull.title == "Notify finance on a failed batch",
        "mergeable": pull.title != "Pair Bluetooth in the background",
        "merged_at": ended if is_merged else None, "merged_by": pull.reviewers[0].github if is_merged else None,
        "merge_commit_sha": sha_of("merge", key) if is_merged else None, "teams": [],
        "reviewers": [] if is_merged else [person.github for person in pull.reviewers[:1]],
        "files": [[f"src/{stem}.txt", 10 + number % 40, number % 9], [f"tests/{stem}.txt", 5 + number % 20, 0]],
    }  # fmt: skip
    state["branches"][repo][pull.branch] = sha_of(repo, pull.branch)


def _add_runs(state: Json, story: Story, repo: str, people: list[str]) -> None:
    for place in range(14):
        workflow = state["workflows"][repo][place % 2]
        began = story.now - timedelta(hours=7 * place + 1)
        is_over = place > 0
        identity = number_of("run", repo, place)
        state["runs"][str(identity)] = {
            "id": identity, "repo": repo, "workflow_id": workflow["id"], "name": workflow["name"],
            "path": workflow["path"], "run_number": 500 - place, "head_branch": "main" if place % 4 else "release-4.2",
            "event": "push" if place % 2 == 0 else "schedule", "status": "completed" if is_over else "in_progress",
            "conclusion": ("failure" if place in (3, 8) else "success") if is_over else None,
            "actor": people[place % len(people)], "title": f"Run {500 - place} of {workflow['name']}",
            "head_sha": sha_of(repo, "commit", place), "created_at": stamp(began), "run_started_at": stamp(began),
            "updated_at": stamp(began + timedelta(minutes=9 if is_over else 1)),
        }  # fmt: skip
