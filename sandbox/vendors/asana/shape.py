"""Asana's objects as they are answered: compact, or with the fields that `opt_fields` names."""

from __future__ import annotations

import html
import re
from typing import Any

from sandbox.company import Company, Person
from sandbox.exchange import Call, Json
from sandbox.vendors.asana.seed import gid

COLOURS = {"on_track": "green", "at_risk": "yellow", "off_track": "red", "on_hold": "blue", "complete": "complete"}
COMPACT = ("gid", "resource_type", "resource_subtype", "name", "title")


class Shape:
    """Turns rows of the state into Asana's JSON."""

    def __init__(self, company: Company, state: Json) -> None:
        self.company = company
        self.state = state
        self.users = {gid("user", person.email): person for person in company.people}

    def user(self, email: str | None) -> Json | None:
        """A person."""
        if email is None:
            return None
        person = self.company.by_email[email]
        workspace = self.workspace()
        return {"gid": gid("user", email), "resource_type": "user", "name": person.name, "email": email,
                "photo": None, "workspaces": [workspace]}  # fmt: skip

    def workspace(self) -> Json:
        """The organisation."""
        return {"gid": gid("workspace"), "resource_type": "workspace", "name": self.company.name,
                "is_organization": True, "email_domains": [self.company.domain]}  # fmt: skip

    def section(self, key: str) -> Json:
        """A section."""
        row = self.state["sections"][key]
        return {"gid": key, "resource_type": "section", "name": row["name"]}

    def project(self, key: str) -> Json:
        """A project, with its latest status."""
        row = self.state["projects"][key]
        last = max((one for one in self.state["status_updates"].values() if one["parent"] == key),
                   key=lambda one: str(one["created_at"]), default=None)  # fmt: skip
        status = last and {"gid": last["gid"], "resource_type": "project_status", "title": last["title"],
                           "text": last["text"], "color": COLOURS[last["status_type"]]}  # fmt: skip
        return {
            "gid": key, "resource_type": "project", "name": row["name"], "archived": row["archived"],
            "completed": False, "owner": self.user(row["owner"]), "due_on": row["due_on"],
            "created_at": row["created_at"], "permalink_url": f"https://app.asana.com/0/{key}/list",
            "current_status": status, "notes": "", "public": True, "workspace": self.workspace(),
        }  # fmt: skip

    def task(self, row: Json) -> Json:
        """A task with everything."""
        first = row["places"][0][0] if row["places"] else "0"
        parent = self.state["tasks"].get(row["parent"] or "")
        return {
            "gid": row["gid"], "resource_type": "task", "resource_subtype": "default_task", "name": row["name"],
            "notes": plain(row["html_notes"]), "html_notes": row["html_notes"],
            "completed": row["completed_at"] is not None, "completed_at": row["completed_at"],
            "assignee": self.user(row["assignee"]), "followers": [self.user(one) for one in row["followers"]],
            "created_by": self.user(row["created_by"]), "due_on": row["due_on"], "due_at": row["due_at"],
            "created_at": row["created_at"], "modified_at": row["modified_at"], "tags": [],
            "permalink_url": f"https://app.asana.com/0/{first}/{row['gid']}",
            "parent": parent and {"gid": parent["gid"], "resource_type": "task", "name": parent["name"]},
            "projects": [self.project(project) for project, _ in row["places"]],
            "memberships": [{"project": self.project(p), "section": self.section(s)} for p, s in row["places"]],
            "workspace": self.workspace(), "num_subtasks": 0, "liked": False,
        }  # fmt: skip

    def story(self, row: Json) -> Json:
        """A comment."""
        return {
            "gid": row["gid"], "resource_type": "story", "resource_subtype": "comment_added", "type": "comment",
            "text": row["text"], "created_at": row["created_at"], "created_by": self.user(row["created_by"]),
            "is_edited": False, "is_pinned": False, "source": "api",
        }  # fmt: skip

    def status_update(self, row: Json) -> Json:
        """A status update."""
        return {
            "gid": row["gid"], "resource_type": "status_update", "resource_subtype": "project_status_update",
            "title": row["title"], "text": row["text"], "status_type": row["status_type"],
            "created_at": row["created_at"], "modified_at": row["created_at"],
            "created_by": self.user(row["created_by"]), "author": self.user(row["created_by"]),
            "parent": self.project(row["parent"]),
        }  # fmt: skip


def chosen(call: Call, whole: Json, is_compact: bool = False) -> Any:
    """What `opt_fields` asks for; without it a list is compact, and a single object whole one level deep."""
    asked = [name for value in call.many("opt_fields") for name in value.split(",") if name]
    if not asked:
        if is_compact:
            return {name: value for name, value in whole.items() if name in COMPACT}
        return {name: _compact(value) for name, value in whole.items() if name != "html_notes"}
    return _selected(whole, [name.split(".") for name in asked])


def _compact(value: Any) -> Any:
    if isinstance(value, list):
        return [_compact(one) for one in value]
    if isinstance(value, dict) and "gid" in value:
        return {name: inner for name, inner in value.items() if name in COMPACT}
    return {name: _compact(inner) for name, inner in value.items()} if isinstance(value, dict) else value


def _selected(value: Any, paths: list[list[str]]) -> Any:
    if isinstance(value, list):
        return [_selected(one, paths) for one in value]
    if not isinstance(value, dict):
        return value
    out = {name: value[name] for name in ("gid", "resource_type") if name in value}
    for name in {path[0] for path in paths if path and path[0] in value}:
        out[name] = _selected(value[name], [path[1:] for path in paths if path and path[0] == name and len(path) > 1])
    return out


def plain(rich: str) -> str:
    """The text of rich text."""
    return html.unescape(re.sub(r"<[^>]+>", "", rich)).strip()


def rich(text: str) -> str:
    """Plain text as rich text."""
    return f"<body>{html.escape(text.strip(), quote=False)}</body>"


def words_fit(text: str, name: str) -> bool:
    """Whether every word begins a word of the name, as the typeahead matches."""
    there = name.casefold().replace("-", " ").split()
    return all(any(one.startswith(word) for one in there) for word in text.casefold().replace("-", " ").split())


def email_of(users: dict[str, Person], given: str) -> str | None:
    """The address of a user given by id or address."""
    return users[given].email if given in users else next((p.email for p in users.values() if p.email == given), None)
