"""Asana's JSON to records and back; no key of Asana's passes these functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from core.records import Message, Party, Project, Ref, Report, Task
from tools.kit.webhook import WebhookEvent

TASK = (
    "name,notes,completed,assignee.name,followers.name,due_on,due_at,created_at,created_by,modified_at,permalink_url,"
    "parent.name,memberships.project.name,memberships.section.name,tags.name"
)
STORY = "text,type,created_at,created_by.name"
STATUS = "title,text,status_type,created_at,created_by.name,parent.name"
PROJECT = "name,archived,completed,owner.name,due_on,permalink_url,current_status.color"
COLOURS = {"green": "on_track", "yellow": "at_risk", "red": "off_track", "blue": "on_hold", "complete": "complete"}
_LINK = re.compile(r"app\.asana\.com/(?:0/(\d+)/(\d+|list|board)|1/\d+/(?:project/(\d+)/?)?(?:\S*?task/(\d+))?)")


def to_task(item: Mapping[str, Any]) -> Task:
    """A task, with the fields that `TASK` asks for."""
    places = [one for one in item.get("memberships") or () if one.get("project")]
    return Task(
        ref=Ref(integration="asana", kind="task", id=item["gid"], url=item.get("permalink_url") or ""),
        title=item.get("name") or "",
        description=item.get("notes") or "",
        status="done" if item.get("completed") else "open",
        assignee=_party(item.get("assignee")),
        followers=tuple(party for one in item.get("followers") or () if (party := _party(one))),
        reporter=_party(item.get("created_by")),
        labels=tuple(tag.get("name") or "" for tag in item.get("tags") or ()),
        project=", ".join(one["project"].get("name") or "" for one in places),
        section=", ".join((one.get("section") or {}).get("name") or "" for one in places),
        parent=(item.get("parent") or {}).get("name") or "",
        due=date.fromisoformat(item["due_on"]) if item.get("due_on") else None,
        due_at=_moment(item.get("due_at")),
        created_at=_moment(item.get("created_at")),
        updated_at=_moment(item.get("modified_at")),
    )


def written(
    name: str | None = None,
    notes: str | None = None,
    assignee: str | None = None,
    due_on: date | None = None,
    followers: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The fields of a create or edit; what is None is left out."""
    fields = {
        "name": name,
        "notes": notes,
        "assignee": assignee,
        "due_on": due_on.isoformat() if due_on else None,
        "followers": list(followers) if followers else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def expected(fields: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What the task read back must hold; Asana itself adds followers, which are taken from its answer."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "name":
            found["title"] = value
        elif name == "notes":
            found["description"] = value.strip()
        elif name == "assignee":
            found["assignee"] = value
        elif name == "due_on":
            found["due"] = date.fromisoformat(value) if value else None
        elif name == "due_at":
            found["due_at"] = _moment(value)
        elif name == "completed":
            found["status"] = "done" if value else "open"
        elif name == "followers":
            found["followers"] = sorted({*value, *(one["gid"] for one in after.get("followers") or ())})
    return found


def former(item: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """What a task holds in these fields, to set them back: notes with their formatting, a due moment as such."""
    found: dict[str, Any] = {}
    for name in names:
        if name == "notes" and item.get("html_notes"):
            found["html_notes"] = item["html_notes"]
        elif name == "assignee":
            found["assignee"] = (item.get("assignee") or {}).get("gid")
        elif name == "due_on" and item.get("due_at"):
            found["due_at"] = item["due_at"]
        else:
            found[name] = item.get(name)
    return found


def moved(task: Task, item: Mapping[str, Any], project: str, section: str) -> str:
    """How the sections of a task read once it stands in `section` of `project`."""
    places = [one for one in item.get("memberships") or () if one.get("project")]
    names = [
        section if one["project"]["gid"] == project else str((one.get("section") or {}).get("name") or "")
        for one in places
    ]
    return ", ".join(names) if places else task.section


def section_in(item: Mapping[str, Any], project: str) -> str:
    """The id of the section in which a task stands in a project, or ""."""
    for one in item.get("memberships") or ():
        if (one.get("project") or {}).get("gid") == project:
            return str((one.get("section") or {}).get("gid") or "")
    return ""


def to_comment(item: Mapping[str, Any], task: str) -> Message:
    """A comment; its id is the task's and its own."""
    return Message(
        ref=Ref(integration="asana", kind="comment", id=f"{task}/{item['gid']}", url=_task_url(task)),
        text=item.get("text") or "",
        author=str(_party(item.get("created_by")) or ""),
        channel=task,
        sent_at=_moment(item.get("created_at")),
    )


def to_project(item: Mapping[str, Any]) -> Project:
    """A project, with how its last status update says that it stands."""
    status, archived, done = item.get("current_status") or {}, item.get("archived"), item.get("completed")
    return Project(
        ref=Ref(integration="asana", kind="project", id=item["gid"], url=item.get("permalink_url") or ""),
        title=item.get("name") or "",
        state="archived" if archived else "completed" if done else "active",
        lead=_party(item.get("owner")),
        health=COLOURS.get(status.get("color") or "", ""),
        target=date.fromisoformat(item["due_on"]) if item.get("due_on") else None,
    )


def to_report(item: Mapping[str, Any], project: str) -> Report:
    """A status update; its id is the project's and its own."""
    url = f"https://app.asana.com/0/{project}/overview"
    return Report(
        ref=Ref(integration="asana", kind="status_update", id=f"{project}/{item['gid']}", url=url),
        title=item.get("title") or (item.get("parent") or {}).get("name") or "",
        text=item.get("text") or "",
        health=item.get("status_type") or "",
    )


def to_event(item: Mapping[str, Any]) -> WebhookEvent:
    """One event of a delivery; Asana gives it no id, so what it says is its id."""
    resource, parent, change = item["resource"], item.get("parent") or {}, item.get("change") or {}
    kind, id = resource["resource_type"], resource["gid"]
    at = item["created_at"]
    mark = "/".join([at, id, item["action"], str(change.get("field") or parent.get("gid") or "")])
    if kind == "story":
        ref = Ref(integration="asana", kind="comment", id=f"{parent.get('gid', '')}/{id}")
    else:
        url = _task_url(id) if kind == "task" else ""
        ref = Ref(integration="asana", kind=kind, id=id, url=url)
    return WebhookEvent(mark, f"{kind}.{item['action']}", ref, _moment(at))


def id_of(text: str, kind: str) -> str:
    """The id in a link to a task or project, or the id itself; "" where the text is neither."""
    if text.strip().isdigit():
        return text.strip()
    hit = _LINK.search(text)
    if hit is None:
        return ""
    old_project, old_task, project, task = hit.groups()
    in_old = old_task if old_task and old_task.isdigit() else ""
    return (task or in_old if kind == "task" else project or old_project) or ""


def reasons(errors: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, str]]:
    """The sentence of an error body, and the reasons that name a field: `due_on: Not a date`."""
    said = [str(one.get("message") or "") for one in errors]
    pairs = (one.partition(": ")[::2] for one in said)
    return " ".join(said), {name: why for name, why in pairs if why and re.fullmatch(r"[a-z_]+", name)}


def _task_url(task: str) -> str:
    return f"https://app.asana.com/0/0/{task}" if task else ""


def _party(item: Mapping[str, Any] | None) -> Party | None:
    return Party(id=item["gid"], name=item.get("name") or "") if item and item.get("gid") else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
