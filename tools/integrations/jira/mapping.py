"""Jira's JSON to records and back; no key of Jira's passes these functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from core.records import Event, Message, Party, Ref, Task
from tools.integrations.jira.adf import to_adf, to_text


def to_task(item: Mapping[str, Any], site: str) -> Task:
    """An issue, with the fields that were asked for."""
    fields = item["fields"]
    key = item["key"]
    return Task(
        ref=Ref(integration="jira", kind="issue", id=item["id"], key=key, url=_link(site, key)),
        title=fields.get("summary") or "",
        description=to_text(fields.get("description")),
        status=_name(fields.get("status")),
        kind=_name(fields.get("issuetype")),
        assignee=_party(fields.get("assignee")),
        reporter=_party(fields.get("reporter")),
        priority=_name(fields.get("priority")),
        labels=tuple(fields.get("labels") or ()),
        project=(fields.get("project") or {}).get("key", ""),
        parent=(fields.get("parent") or {}).get("key", ""),
        due=date.fromisoformat(fields["duedate"]) if fields.get("duedate") else None,
        created_at=_moment(fields.get("created")),
        updated_at=_moment(fields.get("updated")),
    )


def from_task(task: Task) -> dict[str, Any]:
    """Every field that an update may touch, as Jira takes it."""
    return {
        "summary": task.title,
        "description": to_adf(task.description) if task.description else None,
        "assignee": {"accountId": task.assignee.id} if task.assignee else None,
        "priority": {"name": task.priority} if task.priority else None,
        "labels": list(task.labels),
        "duedate": task.due.isoformat() if task.due else None,
    }


def written(
    summary: str | None = None,
    description: str | None = None,
    assignee: str | None = None,
    priority: str | None = None,
    due: date | None = None,
    labels: Sequence[str] | None = None,
    parent: str | None = None,
) -> dict[str, Any]:
    """The fields of a create or edit; what is None is left out."""
    fields = {
        "summary": summary,
        "description": to_adf(description) if description else None,
        "assignee": {"accountId": assignee} if assignee else None,
        "priority": {"name": priority} if priority else None,
        "duedate": due.isoformat() if due else None,
        "labels": list(labels) if labels else None,
        "parent": {"key": parent} if parent else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def expected(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the record read back must hold after these fields were written."""
    task = to_task({"id": "", "key": "", "fields": fields}, "")
    names = {"summary": "title", "duedate": "due", "issuetype": "kind"}
    return {names.get(name, name): getattr(task, names.get(name, name)) for name in fields}


def to_comment(item: Mapping[str, Any], issue: str, site: str) -> Message:
    """A comment; its id is the issue's key and its own."""
    url = f"{_link(site, issue)}?focusedCommentId={item['id']}" if site else ""
    return Message(
        ref=Ref(integration="jira", kind="comment", id=f"{issue}/{item['id']}", key=issue, url=url),
        text=to_text(item.get("body")),
        author=str(_party(item.get("author")) or ""),
        channel=issue,
        sent_at=_moment(item.get("created")),
    )


def to_worklog(item: Mapping[str, Any], issue: str, site: str) -> Event:
    """An entry of a work log; its id is the issue's key and its own."""
    started, seconds = _moment(item.get("started")), int(item["timeSpentSeconds"])
    return Event(
        ref=Ref(integration="jira", kind="worklog", id=f"{issue}/{item['id']}", key=issue, url=_link(site, issue)),
        title=f"{item.get('timeSpent') or timedelta(seconds=seconds)} on {issue}",
        started_at=started,
        ended_at=started + timedelta(seconds=seconds) if started else None,
        author=str(_party(item.get("author")) or ""),
        detail=to_text(item.get("comment")),
        seconds=seconds,
    )


def quoted(value: str) -> str:
    """A JQL string that holds nothing but the value."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def singular(kind: str) -> str:
    """The name of an issue type that people ask for in the plural: bugs, stories."""
    lower = kind.strip().lower()
    return f"{lower[:-3]}y" if lower.endswith("ies") else lower.removesuffix("s")


def _link(site: str, key: str) -> str:
    return f"{site}/browse/{key}" if site else ""


def _name(item: Mapping[str, Any] | None) -> str:
    return str(item["name"]) if item and "name" in item else ""


def _party(item: Mapping[str, Any] | None) -> Party | None:
    return Party(id=item["accountId"], name=item.get("displayName", "")) if item else None


def _moment(text: str | None) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z") if text else None
