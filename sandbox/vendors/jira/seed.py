"""The site at the start: the company's issues."""

from __future__ import annotations

from sandbox.exchange import Json
from sandbox.story import Issue, Story
from sandbox.vendors.jira.adf import doc
from sandbox.vendors.jira.shape import Shape, stamp

STATUS = {"todo": "To Do", "doing": "In Progress", "review": "In Review", "done": "Done"}


def seed_jira(story: Story, shape: Shape) -> Json:
    """Issues by id with their comments and worklogs inside, and links."""
    issues: Json = {}
    epics: dict[str, str] = {}
    for number, issue in enumerate((issue for issue in story.issues if issue.system == "jira"), 10100):
        row = _issue(shape, issue, str(number))
        if issue.type == "Epic":
            epics[issue.home] = issue.key
        elif issue.label in ("checkout", "launch", "offline", "metrics") and issue.home in epics:
            row["parent"] = epics[issue.home]
        issues[row["id"]] = row
    return {"issues": issues, "links": {}, "moved": {}}


def _issue(shape: Shape, issue: Issue, number: str) -> Json:
    text = issue.text
    if pull := issue.pull_request:
        text += f"\nPull request: {shape.company.slug}/{pull.repository.name}#{pull.number}"
    row: Json = {
        "id": number,
        "key": issue.key,
        "project": issue.home,
        "type": issue.type,
        "summary": issue.title,
        "description": doc(text),
        "priority": issue.priority,
        "status": STATUS[issue.status],
        "assignee": shape.account_id(issue.assignee) if issue.assignee else None,
        "reporter": shape.account_id(issue.reporter),
        "labels": [issue.label],
        "parent": None,
        "created": stamp(issue.created),
        "updated": stamp(issue.updated),
        "resolved": stamp(issue.updated) if issue.status == "done" else None,
        "due": issue.due.isoformat() if issue.due else None,
        "worklogs": [],
        "watchers": [],
    }
    row["comments"] = [
        {
            "id": f"{number}{place}",
            "author": shape.account_id(remark.author),
            "body": doc(remark.text),
            "created": stamp(remark.at),
            "updated": stamp(remark.at),
        }
        for place, remark in enumerate(issue.comments)
    ]
    return row
