"""Linear at the start: teams, workflows, labels, cycles, projects, and the issues of the story."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sandbox.company import Company
from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.story import DONE, Issue, Story

SITE = "https://linear.app/fernwick"
STATES = (
    ("Backlog", "backlog"), ("Todo", "unstarted"), ("In Progress", "started"), ("In Review", "started"),
    ("Done", "completed"), ("Canceled", "canceled"),
)  # fmt: skip
STATUS = {"todo": "Todo", "doing": "In Progress", "review": "In Review", DONE: "Done"}
PRIORITIES = ("No priority", "Urgent", "High", "Medium", "Low")
WITHOUT_CYCLES = "GROW"
CYCLE = timedelta(days=14)
# name, lead, state, health, days to its target, labels of its issues
PROJECTS = (
    ("Spring launch", "dana.whitlock", "started", "onTrack", 60, {"launch", "trial"}),
    ("Checkout hardening", "ines.carvalho", "started", "atRisk", 25, {"checkout", "webhooks"}),
    ("Ledger clean-up", "priya.raman", "planned", None, 90, {"ledger", "disputes"}),
    ("Offline sales", "tomasz.wrona", "started", "onTrack", 40, {"offline", "printer", "receipts"}),
    ("Developer experience", "sven.lindqvist", "paused", None, None, {"developer-experience", "ci", "deploy"}),
    ("Access and security", "sven.lindqvist", "completed", "onTrack", -10, {"security"}),
)


def key_of(*parts: object) -> str:
    """A stable UUID."""
    return str(uuid.UUID(hex=ident(32, "linear", *parts, alphabet="0123456789abcdef"), version=4))


def stamp(moment: datetime) -> str:
    """A moment as Linear writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def seed_linear(company: Company, story: Story) -> Json:
    """Rows by id; a row refers to others by id in fields that end in `Id`."""
    made = {"createdAt": stamp(story.now - timedelta(days=700)), "updatedAt": stamp(story.now - timedelta(days=90))}
    state: Json = {name: {} for name in (
        "users", "teams", "states", "labels", "cycles", "projects", "issues", "comments", "updates",
    )}  # fmt: skip

    def add(table: str, identity: str, **row: Any) -> None:
        state[table][identity] = {"id": identity, **made, **row}

    for person in company.people:
        add("users", key_of("user", person.email), name=person.name, displayName=person.handle, email=person.email,
            active=True, admin=person.is_admin, guest=False, timezone=person.time_zone, title=person.title,
            url=f"{SITE}/profiles/{person.handle}")  # fmt: skip
    for squad in company.squads:
        team = key_of("team", squad.key)
        add("teams", team, key=squad.key, name=squad.name, displayName=squad.name,
            cyclesEnabled=squad.key != WITHOUT_CYCLES)  # fmt: skip
        for place, (name, kind) in enumerate(STATES):
            add("states", key_of("state", squad.key, name), name=name, type=kind, color="#95a2b3",
                position=float(place), teamId=team)  # fmt: skip
        for turn in (-1, 0, 1) if squad.key != WITHOUT_CYCLES else ():
            start = story.now - timedelta(days=5) + turn * CYCLE
            add("cycles", key_of("cycle", squad.key, turn), number=31 + turn, name=None, teamId=team,
                startsAt=stamp(start), endsAt=stamp(start + CYCLE),
                completedAt=stamp(start + CYCLE) if turn < 0 else None)  # fmt: skip
    issues = [issue for issue in story.issues if issue.system == "linear"]
    for label in sorted({issue.label for issue in issues} | {"bug", "customer"}):
        add("labels", key_of("label", label), name=label, color="#5e6ad2", description=None, isGroup=False,
            teamId=None)  # fmt: skip
    add("labels", key_of("label", "MOBL", "store-review"), name="store-review", color="#f2c94c", description=None,
        isGroup=False, teamId=key_of("team", "MOBL"))  # fmt: skip
    for name, lead, kind, health, days, labels in PROJECTS:
        slug = ident(12, "linear", "project", name, alphabet="0123456789abcdef")
        teams = list(dict.fromkeys(key_of("team", issue.home) for issue in issues if issue.label in labels))
        add("projects", key_of("project", name), name=name, description="", slugId=slug, state=kind, health=health,
            url=f"{SITE}/project/{name.lower().replace(' ', '-')}-{slug}", startDate=None, teamIds=teams,
            targetDate=(story.now + timedelta(days=days)).date().isoformat() if days else None,
            leadId=key_of("user", company.person(lead).email))  # fmt: skip
        if health:
            update = key_of("update", name)
            add("updates", update, body=f"{name}: as planned." if health == "onTrack" else f"{name} slips.",
                health=health, userId=key_of("user", company.person(lead).email), slugId=update[:8],
                projectId=key_of("project", name), url=f"{SITE}/project/{slug}/updates#{update[:8]}",
                archivedAt=None)  # fmt: skip
    for issue in issues:
        _add_issue(state, issue, story.now)
    return state


def _add_issue(state: Json, issue: Issue, now: datetime) -> None:
    identity = key_of("issue", issue.key)
    began = now - timedelta(days=5)
    is_current = issue.status in ("doing", "review") or (issue.status == DONE and issue.updated > began)
    project = next((name for name, *_, labels in PROJECTS if issue.label in labels), None)
    labels = [key_of("label", issue.label), *([key_of("label", "bug")] if issue.type == "Bug" else [])]
    state["issues"][identity] = {
        "id": identity, "number": issue.number, "title": issue.title, "description": issue.text,
        "priority": PRIORITIES.index(issue.priority), "estimate": None,
        "dueDate": issue.due.isoformat() if issue.due else None,
        "createdAt": stamp(issue.created), "updatedAt": stamp(issue.updated),
        "startedAt": stamp(issue.updated) if issue.status != "todo" else None,
        "completedAt": stamp(issue.updated) if issue.status == DONE else None,
        "canceledAt": None, "archivedAt": None, "trashed": None, "labelIds": labels,
        "teamId": key_of("team", issue.home), "stateId": key_of("state", issue.home, STATUS[issue.status]),
        "assigneeId": key_of("user", issue.assignee.email) if issue.assignee else None,
        "creatorId": key_of("user", issue.reporter.email), "parentId": None,
        "projectId": key_of("project", project) if project else None,
        "cycleId": key_of("cycle", issue.home, 0) if is_current and issue.home != WITHOUT_CYCLES else None,
    }  # fmt: skip
    for place, remark in enumerate(issue.comments):
        comment = key_of("comment", issue.key, place)
        state["comments"][comment] = {
            "id": comment, "body": remark.text, "createdAt": stamp(remark.at), "updatedAt": stamp(remark.at),
            "userId": key_of("user", remark.author.email), "issueId": identity, "parentId": None,
        }  # fmt: skip
