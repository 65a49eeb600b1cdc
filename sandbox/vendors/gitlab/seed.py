"""The groups at the start: firmware, infrastructure modules and models that do not live with the product's code."""

from __future__ import annotations

from datetime import timedelta

from sandbox.company import Company
from sandbox.exchange import Json
from sandbox.story import Story

FIRST_PROJECT, FIRST_USER, FIRST_PIPELINE = 7100, 2001, 90001
# path: what it is, team, visibility
PROJECTS: dict[str, tuple[str, str, str]] = {
    "hardware/till-firmware": ("What runs on the till itself", "Mobile", "private"),
    "hardware/printer-bridge": ("Talks to receipt printers", "Mobile", "private"),
    "platform/terraform-modules": ("Building blocks of the clusters", "Platform", "internal"),
    "platform/runner-images": ("Images of the build runners", "Platform", "internal"),
    "data/churn-models": ("Who is about to leave", "Data", "private"),
    "platform/key-rotation": ("Keys and how they change", "Platform", "private"),
}
CLOSED_TO_OTHERS = "platform/key-rotation"
# project | title | labels | who | due in days | state
ISSUES = """
hardware/till-firmware | Till reboots when the drawer jams | bug, stores | yuki.mori | 5 | opened
hardware/till-firmware | Battery gauge stuck at 40 percent | bug | sofia.marin | -3 | opened
hardware/till-firmware | Log the firmware version at boot | chore | callum.reid | | opened
hardware/till-firmware | Handheld of Saffron Lane Group loses Wi-Fi | bug, customer | | 1 | opened
hardware/till-firmware | Secure boot for the new board | feature | yuki.mori | 20 | closed
hardware/printer-bridge | Euro sign prints as a box at Nordkaffe | bug, customer | zanele.dube | 0 | opened
hardware/printer-bridge | Duplex receipts | feature | | | opened
platform/terraform-modules | Module for private buckets | feature | ravi.menon | 9 | opened
platform/terraform-modules | Rotate the runner tokens | security | tess.vandenberg | 2 | opened
platform/runner-images | Images are 4 GB too large | chore | chloe.dubois | | opened
data/churn-models | Retrain with the spring numbers | model | fatima.zahra | 12 | opened
data/churn-models | Brightloom Textiles counted twice | bug, customer | dana.whitlock | 4 | opened
data/churn-models | Explain the score to account managers | docs | dana.whitlock | -1 | opened
platform/key-rotation | Signing key runs out in May | security | ivan.kolar | 30 | opened
"""
# project | title | branch | who | reviewers | state | pipeline
PULLS = """
hardware/till-firmware | Debounce the drawer | debounce | yuki.mori | callum.reid, dana.whitlock | opened | success
hardware/till-firmware | Read the gauge twice | gauge-twice | sofia.marin | yuki.mori | opened | failed
hardware/till-firmware | Draft: New boot screen | boot-screen | callum.reid | | opened | running
hardware/till-firmware | Watchdog for the network task | watchdog | yuki.mori | sofia.marin | merged | success
hardware/printer-bridge | Code page 858 for the euro sign | cp858 | zanele.dube | yuki.mori | opened | success
platform/terraform-modules | Private bucket module | private-bucket | ravi.menon | sven.lindqvist | opened | success
platform/terraform-modules | Drop the network module | drop-network | tess.vandenberg | ravi.menon | merged | success
platform/runner-images | Slim base image | slim-base | chloe.dubois | tess.vandenberg | opened | failed
data/churn-models | Merchants by tax number | tax | fatima.zahra | dana.whitlock, mei.tanaka | opened | success
"""
BRANCHES = ("main", "release-4", "hotfix-drawer", "docs-update")
RUNS = 120  # nightly issues of the runner images, so that a list has more than one page


def user_id(company: Company, email: str) -> int:
    """The number of a person."""
    return FIRST_USER + [person.email for person in company.people].index(email)


def seed_gitlab(company: Company, story: Story) -> Json:
    """Projects, issues, merge requests, notes and pipelines."""
    state: Json = {"projects": {}, "issues": {}, "merge_requests": {}, "notes": {}, "pipelines": {}}
    now = story.now
    numbers = {path: FIRST_PROJECT + place for place, path in enumerate(PROJECTS)}
    for path, (about, team, visibility) in PROJECTS.items():
        state["projects"][str(numbers[path])] = {
            "id": numbers[path], "path": path, "description": about, "team": team, "visibility": visibility,
            "branches": list(BRANCHES), "created_at": (now - timedelta(days=300)).isoformat(),
            "last_activity_at": (now - timedelta(days=2, minutes=numbers[path] % 60)).isoformat(),
        }  # fmt: skip
    rows = [[part.strip() for part in line.split("|")] for line in ISSUES.strip().splitlines()]
    rows += [
        ["platform/runner-images", f"Nightly build {number} was slow", "nightly", "", "", "closed"]
        for number in range(1, RUNS + 1)
    ]
    for place, (path, title, labels, who, due, status) in enumerate(rows):
        project = numbers[path]
        number = 1 + sum(row["project_id"] == project for row in state["issues"].values())
        made = now - timedelta(days=40, minutes=-place)
        state["issues"][f"{project}/{number}"] = {
            "id": 500_000 + place, "iid": number, "project_id": project, "title": title, "description": f"{title}.",
            "state": status, "labels": [one.strip() for one in labels.split(",")],
            "assignees": [company.person(who).email] if who else [],
            "author": company.team(PROJECTS[path][1])[0].email, "confidential": False,
            "due_date": (now + timedelta(days=int(due))).date().isoformat() if due else None,
            "created_at": made.isoformat(), "updated_at": (made + timedelta(days=1)).isoformat(),
            "closed_at": (made + timedelta(days=1)).isoformat() if status == "closed" else None,
        }  # fmt: skip
    lines = [[part.strip() for part in line.split("|")] for line in PULLS.strip().splitlines()]
    for place, (path, title, branch, who, reviewers, status, pipeline) in enumerate(lines):
        project = numbers[path]
        number = 1 + sum(row["project_id"] == project for row in state["merge_requests"].values())
        made = now - timedelta(days=9 - place, minutes=place)
        state["projects"][str(project)]["branches"].append(branch)
        state["merge_requests"][f"{project}/{number}"] = {
            "id": 800_000 + place, "iid": number, "project_id": project, "title": title, "description": f"{title}.",
            "state": status, "source_branch": branch, "target_branch": "main", "author": company.person(who).email,
            "reviewers": [company.person(one.strip()).email for one in reviewers.split(",") if one.strip()],
            "auto_merge": False, "squash": False, "created_at": made.isoformat(), "updated_at": made.isoformat(),
            "merged_at": (made + timedelta(hours=5)).isoformat() if status == "merged" else None,
            "sha": f"{place + 1:040x}", "files": [[f"src/{branch.replace('-', '_')}.c", ""], ["CHANGELOG.md", ""]],
        }  # fmt: skip
        _run(state, company, story, project, branch, pipeline, company.person(who).email)
    for path, number in numbers.items():
        status = "failed" if path == "platform/runner-images" else "success"
        _run(state, company, story, number, "main", status, company.team(PROJECTS[path][1])[0].email)
    _run(
        state, company, story, numbers["hardware/till-firmware"], "release-4", "failed", "callum.reid@" + company.domain
    )
    first = state["merge_requests"][f"{numbers['hardware/till-firmware']}/1"]
    state["notes"]["1"] = {
        "id": 1, "on": f"{first['project_id']}/{first['iid']}", "body": "20 ms is enough, measured on three drawers.",
        "author": company.person("callum.reid").email, "created_at": (now - timedelta(days=1)).isoformat(),
    }  # fmt: skip
    return state


def _run(state: Json, company: Company, story: Story, project: int, ref: str, status: str, who: str) -> None:
    number = FIRST_PIPELINE + len(state["pipelines"])
    at = story.now - timedelta(hours=20, minutes=-len(state["pipelines"]))
    ends = None if status == "running" else (at + timedelta(minutes=9)).isoformat()
    jobs = [["build", "compile", "success"], ["test", "unit", status], ["test", "lint", "success"]]
    state["pipelines"][str(number)] = {
        "id": number, "project_id": project, "ref": ref, "status": status, "user": who, "jobs": jobs,
        "created_at": at.isoformat(), "updated_at": ends or at.isoformat(), "finished_at": ends,
    }  # fmt: skip
