"""Linear's JSON to records and back; no key of Linear's passes these functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from core.records import Event, Message, Party, Project, Ref, Report, Task

PRIORITIES = ("none", "urgent", "high", "medium", "low")
# How people call a state to the type that every team has.
TYPES = {
    "open": "unstarted", "to do": "unstarted", "todo": "unstarted", "in progress": "started", "doing": "started",
    "close": "completed", "closed": "completed", "done": "completed", "cancelled": "canceled",
}  # fmt: skip
CYCLES = {"current": "isActive", "this": "isActive", "active": "isActive", "next": "isNext", "last": "isPrevious",
          "previous": "isPrevious"}  # fmt: skip


def to_task(item: Mapping[str, Any]) -> Task:
    """An issue."""
    return Task(
        ref=Ref(integration="linear", kind="issue", id=item["id"], key=item["identifier"], url=item["url"]),
        title=item["title"],
        description=settled(item["description"]),
        status=item["state"]["name"],
        assignee=_party(item["assignee"]),
        reporter=_party(item["creator"]),
        priority=PRIORITIES[int(item["priority"])],
        labels=tuple(sorted(label["name"] for label in item["labels"]["nodes"])),
        project=(item["project"] or {}).get("name", ""),
        parent=(item["parent"] or {}).get("identifier", ""),
        cycle=cycle_name(item["cycle"]),
        estimate=item["estimate"],
        due=date.fromisoformat(item["dueDate"]) if item["dueDate"] else None,
        created_at=_moment(item["createdAt"]),
        updated_at=_moment(item["updatedAt"]),
    )


def written(
    title: str | None = None, description: str | None = None, assignee: str | None = None,
    priority: str | None = None, due: date | None = None, estimate: int | None = None, project: str | None = None,
    state: str | None = None, cycle: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The input of a create or update; what is None is left out."""
    fields = {
        "title": title,
        "description": description,
        "assigneeId": assignee,
        "priority": PRIORITIES.index(priority) if priority else None,
        "dueDate": due.isoformat() if due else None,
        "estimate": estimate,
        "projectId": project,
        "stateId": state,
        "cycleId": cycle,
    }
    return {name: value for name, value in fields.items() if value is not None}


def former(item: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """What an issue holds in the fields of an input, to set them back."""
    links = {"assigneeId": "assignee", "projectId": "project", "stateId": "state", "cycleId": "cycle"}
    found: dict[str, Any] = {
        name: (item[links[name]] or {}).get("id") if name in links else item[name] for name in names
    }
    # What is read as a float is written as a whole number.
    whole = {name: int(found[name]) for name in ("priority", "estimate") if found.get(name) is not None}
    return found | whole


def expected(fields: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What the record read back must hold after these fields were written.

    Where the record shows a name and the input has an id, the name comes from the answer `after` if the ids agree.
    """
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "description":
            found[name] = settled(value)
        elif name == "priority":
            found[name] = PRIORITIES[value]
        elif name == "dueDate":
            found["due"] = date.fromisoformat(value) if value else None
        elif name == "assigneeId":
            found["assignee"] = value
        elif name in ("title", "estimate"):
            found[name] = value
        elif name in ("stateId", "projectId", "cycleId"):
            field = {"stateId": "status", "projectId": "project", "cycleId": "cycle"}[name]
            is_same = former(after, [name])[name] == value
            found[field] = getattr(to_task(after), field) if is_same else value
    return found


def to_comment(item: Mapping[str, Any]) -> Message:
    """A comment on an issue."""
    return Message(
        ref=Ref(integration="linear", kind="comment", id=item["id"], key=item["issue"]["identifier"], url=item["url"]),
        text=settled(item["body"]),
        author=str(_party(item["user"]) or ""),
        channel=item["issue"]["identifier"],
        sent_at=_moment(item["createdAt"]),
    )


def to_project(item: Mapping[str, Any]) -> Project:
    """A project."""
    return Project(
        ref=Ref(integration="linear", kind="project", id=item["id"], url=item["url"]),
        title=item["name"],
        state=item["state"],
        lead=_party(item["lead"]),
        health=item["health"] or "",
        target=date.fromisoformat(item["targetDate"]) if item["targetDate"] else None,
    )


def to_report(item: Mapping[str, Any]) -> Report:
    """An update on a project; its id is the project's and its own."""
    identity = f"{item['project']['id']}/{item['id']}"
    return Report(
        ref=Ref(integration="linear", kind="project_update", id=identity, url=item["url"]),
        title=item["project"]["name"],
        text=settled(item["body"]),
        health=item["health"],
    )


def to_event(item: Mapping[str, Any], issues: Sequence[Mapping[str, Any]], team: str) -> Event:
    """A cycle with what is done and, in `detail`, what is left and who has it."""
    kinds = [issue["state"]["type"] for issue in issues]
    left = [
        f"{issue['identifier']} {issue['title']} ({issue['state']['name']}, {_party(issue['assignee']) or 'nobody'})"
        for issue in issues
        if issue["state"]["type"] not in ("completed", "canceled")
    ]
    return Event(
        ref=Ref(integration="linear", kind="cycle", id=item["id"]),
        title=f"{cycle_name(item)} of {team}",
        status="active" if item["isActive"] else "ended",
        started_at=_moment(item["startsAt"]),
        ended_at=_moment(item["endsAt"]),
        detail="\n".join(left),
        done=kinds.count("completed"),
        total=len(kinds) - kinds.count("canceled"),
    )


def states(text: str, known: Sequence[Mapping[str, Any]]) -> list[str]:
    """Ids of the states that people mean by a name, else by a kind; the first of a workflow comes first."""
    word = text.strip().lower()
    named = [state for state in known if state["name"].lower() == word]
    kind = TYPES.get(word, word)
    found = named or [state for state in known if state["type"] == kind]
    return [state["id"] for state in sorted(found, key=lambda state: float(state["position"]))]


def cycle_filter(text: str) -> dict[str, Any]:
    """The cycle that people mean by current, next, last, a number or a name."""
    word = re.sub(r"^(the\s+)?(sprint|cycle)\s+|\s+(sprint|cycle)$|^the\s+", "", text.strip().lower()).lstrip("#")
    if word in CYCLES:
        return {CYCLES[word]: {"eq": True}}
    return {"number": {"eq": int(word)}} if word.isdecimal() else {"name": {"eqIgnoreCase": word}}


def cycle_name(item: Mapping[str, Any] | None) -> str:
    """How a cycle is called; "" for none."""
    return (item["name"] or f"Cycle {int(item['number'])}") if item else ""


def age_s(item: Mapping[str, Any]) -> float:
    """Seconds since something was made."""
    return (datetime.now(UTC) - _moment(item["createdAt"])).total_seconds()


def settled(markdown: str | None) -> str:
    """Markdown as it comes to rest: Linear stores the same text with other bullets, escapes and blank lines."""
    text = re.sub(r"\\([\\`*_{}\[\]()#+\-.!~|<>])", r"\1", markdown or "")
    text = re.sub(r"^(\s*)[*+•] ", r"\1- ", text, flags=re.MULTILINE)
    return re.sub(r"\n{2,}", "\n\n", re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)).strip()


def _party(item: Mapping[str, Any] | None) -> Party | None:
    return Party(id=item["id"], name=item["name"]) if item else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
