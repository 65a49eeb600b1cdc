"""GitLab's JSON to records and back; no key of GitLab's passes these functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from core.records import Event, Message, Party, PullRequest, Ref, Repository, Task
from tools.kit.webhook import WebhookEvent

WAITS = "set to merge"  # what an open merge request is called that merges by itself once its pipeline passes
_PATH = re.compile(r"https?://[^/\s]+/([\w.-]+(?:/[\w.-]+)+?)(?:/-/|\.git\b|/?$|[?#])")
ENDED = ("success", "failed", "canceled", "skipped", "manual")


def to_repository(item: Mapping[str, Any]) -> Repository:
    """A project."""
    path = item.get("path_with_namespace") or ""
    return Repository(
        ref=Ref(integration="gitlab", kind="project", id=str(item["id"]), key=path, url=item.get("web_url") or ""),
        title=item.get("name") or path,
        description=item.get("description") or "",
        default_branch=item.get("default_branch") or "",
        is_private=item.get("visibility") in ("private", "internal"),
    )


def to_issue(item: Mapping[str, Any]) -> Task:
    """An issue; its id is the project's number and its own within it."""
    people = tuple(party for one in item.get("assignees") or () if (party := _party(one)))
    return Task(
        ref=_ref("issue", item),
        title=item.get("title") or "",
        description=item.get("description") or "",
        status=item.get("state") or "",
        kind=item.get("issue_type") or "",
        assignee=people[0] if people else None,
        assignees=people,
        reporter=_party(item.get("author")),
        labels=tuple(item.get("labels") or ()),
        project=_home(item, "#"),
        due=date.fromisoformat(item["due_date"]) if item.get("due_date") else None,
        is_private=bool(item.get("confidential")),
        created_at=moment(item.get("created_at")),
        updated_at=moment(item.get("updated_at")),
    )


def written(
    title: str | None = None,
    description: str | None = None,
    assignee: str | None = None,
    due_date: date | None = None,
    confidential: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """The fields of a create or edit of an issue; what is None is left out."""
    fields = {
        "title": title,
        "description": description,
        "assignee_ids": [int(assignee)] if assignee else None,
        "due_date": due_date.isoformat() if due_date else None,
        "confidential": confidential or None,
    }
    return {name: value for name, value in {**fields, **more}.items() if value is not None and value != []}


def expected(fields: Mapping[str, Any], labels: Sequence[str] = ()) -> dict[str, Any]:
    """What the issue read back must hold, if it had these labels before."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if name in ("title", "description"):
            found[name] = value
        elif name == "assignee_ids":
            found["assignees"] = [str(one) for one in value if one]
        elif name == "due_date":
            found["due"] = date.fromisoformat(value) if value else None
        elif name == "confidential":
            found["is_private"] = value
        elif name == "state_event":
            found["status"] = "closed" if value == "close" else "opened"
        elif name == "labels":
            found["labels"] = list(value)
        elif name == "add_labels":
            found["labels"] = [*labels, *(one for one in value if one not in labels)]
        elif name == "remove_labels":
            found["labels"] = [one for one in labels if one not in value]
    return found


def former(before: Task, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What sets these fields back; nobody is written as 0, no day as an empty text."""
    known = {
        "title": before.title,
        "description": before.description,
        "assignee_ids": [int(one.id) for one in before.assignees] or [0],
        "due_date": before.due.isoformat() if before.due else "",
        "state_event": "close" if before.status == "closed" else "reopen",
    }
    found = {name: known[name] for name in fields if name in known}
    new = [one for one in fields.get("add_labels") or () if one not in before.labels]
    return found | ({"remove_labels": new} if new else {})


def to_pull(item: Mapping[str, Any]) -> PullRequest:
    """A merge request; its id is the project's number and its own within it."""
    state = item.get("state") or ""
    waits = item.get("merge_when_pipeline_succeeds") and state == "opened"
    pipeline = item.get("head_pipeline") or {}
    return PullRequest(
        ref=_ref("merge_request", item),
        title=item.get("title") or "",
        description=item.get("description") or "",
        status=WAITS if waits else state,
        author=_party(item.get("author")),
        head=item.get("source_branch") or "",
        base=item.get("target_branch") or "",
        reviewers=tuple(party for one in item.get("reviewers") or () if (party := _party(one))),
        is_draft=bool(item.get("draft")),
        is_merged=state == "merged",
        mergeable={"can_be_merged": True, "cannot_be_merged": False}.get(item.get("merge_status") or ""),
        checks=pipeline.get("status") or "",
        updated_at=moment(item.get("updated_at")),
    )


def file_of(item: Mapping[str, Any]) -> str:
    """A changed file, with what happened to it where it was not merely edited."""
    path = item.get("new_path") or item.get("old_path") or ""
    told = "new_file", "deleted_file", "renamed_file"
    return path + "".join(f" ({name.removesuffix('_file')})" for name in told if item.get(name))


def to_note(item: Mapping[str, Any], pull: str, url: str) -> Message:
    """A comment on a merge request; its id is the request's and its own."""
    link = f"{url}#note_{item['id']}" if url else ""
    return Message(
        ref=Ref(integration="gitlab", kind="note", id=f"{pull}/{item['id']}", url=link),
        text=item.get("body") or "",
        author=str(_party(item.get("author")) or ""),
        channel=pull,
        sent_at=moment(item.get("created_at")),
    )


def to_pipeline(item: Mapping[str, Any], jobs: Sequence[Mapping[str, Any]], project: str) -> Event:
    """A pipeline; `detail` has a line for each job that failed or is not through."""
    left = [
        f"{job.get('stage')}: {job.get('name')} {job.get('status')}"
        + (f", {job['failure_reason']}" if job.get("failure_reason") else "")
        for job in jobs
        if job.get("status") != "success"
    ]
    return Event(
        ref=Ref(integration="gitlab", kind="pipeline", id=f"{project}/{item['id']}", url=item.get("web_url") or ""),
        title=f"Pipeline of {item.get('ref')}",
        status=item.get("status") or "",
        started_at=moment(item.get("created_at")),
        ended_at=moment(item.get("finished_at")),
        author=str(_party(item.get("user")) or ""),
        detail="\n".join(left),
        seconds=item.get("duration"),
        done=sum(job.get("status") in ENDED for job in jobs),
        total=len(jobs),
    )


def to_event(data: Mapping[str, Any], mark: str) -> WebhookEvent:
    """The one event of a delivery; `mark` is the id that the delivery carries."""
    kind, what, project = data["object_kind"], data.get("object_attributes") or {}, data.get("project") or {}
    about = data.get("merge_request") if kind == "note" else what
    home, number, path = project.get("id") or data.get("project_id"), (about or {}).get("iid"), ""
    path = project.get("path_with_namespace") or ""
    ref, name = None, {"issue": "issue", "merge_request": "merge_request"}.get(kind, "")
    if name:
        key = f"{path}{'#' if name == 'issue' else '!'}{number}"
        ref = Ref(integration="gitlab", kind=name, id=f"{home}/{number}", key=key, url=what.get("url") or "")
    elif kind == "note" and number:
        ref = Ref(integration="gitlab", kind="note", id=f"{home}/{number}/{what['id']}", url=what.get("url") or "")
    elif kind == "pipeline":
        ref = Ref(integration="gitlab", kind="pipeline", id=f"{home}/{what['id']}", url=what.get("url") or "")
    action = what.get("action") or what.get("status") or ""
    at = what.get("updated_at") or what.get("finished_at") or what.get("created_at")
    told = f"{kind}.{action}" if action else str(kind)
    waited = (*(data.get("reviewers") or ()), *(data.get("assignees") or ()))
    people = tuple(str(one["id"]) for one in waited if one.get("id"))
    return WebhookEvent(mark or f"{told}/{ref.id if ref else home}/{at}", told, ref, moment(at), people)


def path_of(text: str) -> str:
    """The path of a project in a link to it, or the path itself; "" where the text is neither."""
    hit = _PATH.match(text.strip())
    if hit:
        return hit.group(1)
    return text.strip() if re.fullmatch(r"[\w.-]+(/[\w.-]+)+", text.strip()) else ""


def reason(data: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The sentence of an error body, and its reasons by field."""
    told = data.get("message") or data.get("error_description") or data.get("error") or ""
    if isinstance(told, Mapping):
        fields = {str(name): _said(why) for name, why in told.items()}
        return " ".join(f"{name} {why}" for name, why in fields.items()), fields
    lacks = f" It needs the scope {data['scope']}." if data.get("scope") else ""
    return _said(told) + lacks, {}


def moment(text: str | None) -> datetime | None:
    """A moment, also as older webhooks write it: `2026-02-03 10:00:00 UTC`."""
    return datetime.fromisoformat(text.replace(" UTC", "+00:00")) if text else None


def _said(told: Any) -> str:
    return ", ".join(map(str, told)) if isinstance(told, list) else str(told)


def _ref(kind: str, item: Mapping[str, Any]) -> Ref:
    key = (item.get("references") or {}).get("full") or ""
    id = f"{item['project_id']}/{item['iid']}"
    return Ref(integration="gitlab", kind=kind, id=id, key=key, url=item.get("web_url") or "")


def _home(item: Mapping[str, Any], mark: str) -> str:
    full: str = (item.get("references") or {}).get("full") or ""
    return full.rpartition(mark)[0]


def _party(item: Mapping[str, Any] | None) -> Party | None:
    return Party(id=str(item["id"]), name=item.get("name") or "") if item and item.get("id") else None
