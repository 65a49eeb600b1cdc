"""The files at the start."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.exchange import Json
from sandbox.grant import MIXED, ident
from sandbox.story import Story

GOOGLE = "application/vnd.google-apps."
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="


@cache
def _read() -> Any:
    return yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))


def seed_drive(story: Story) -> Json:
    """Files by id, comments by id, and the log of changes."""
    told = _read()
    state: Json = {"files": {}, "comments": {}, "changes": [], "channels": {}}
    by_path: dict[str, str] = {}
    rows = [{**row, "kind": "folder"} for row in told["folders"]] + told["files"]
    mine = {"type": "text/plain", "owner": story.company.default.handle}
    rows += [{"path": f"Receipt {n:03d}.txt", "text": f"Paid {n}", **mine} for n in range(1, told["receipts"] + 1)]
    for place, row in enumerate(rows):
        above, _, name = row["path"].rpartition("/")
        owner = story.company.person(row["owner"]).email
        at = story.now - timedelta(days=3 * (len(rows) - place) / 10 + 1)
        number = ident(33, "drive", row["path"], alphabet=MIXED)[:-1] + "7"
        by_path[row["path"]] = number
        parent = by_path[above] if above else root_id(owner)
        mime = row.get("type") or f"{GOOGLE}{row['kind']}"
        file = new_file(number, name, mime, parent, owner, stamp(at))
        file["permissions"] += [access(story, who, role) for who, role in _spread(story, row.get("access", {}), owner)]
        file["permissions"].sort(key=lambda one: str(one["id"]))
        file["content"] = PIXEL if row.get("binary") else base64.b64encode(row.get("text", "").encode()).decode()
        state["files"][number] = file
    for place, row in enumerate(told["comments"]):
        file = next(one for one in state["files"].values() if one["name"] == row["file"])
        said = stamp(story.now - timedelta(days=2, hours=place))
        number = f"AAAB{ident(7, 'comment', place, alphabet=MIXED)}"
        author = story.company.person(row["author"]).email
        made = {"id": number, "file": file["id"], "author": author, "content": row["text"], "at": said}
        state["comments"][number] = made
    return state


def new_file(number: str, name: str, mime: str, parent: str, owner: str, at: str) -> Json:
    """A file without content that only its owner sees."""
    return {
        "id": number, "name": name, "mimeType": mime, "parents": [parent], "owner": owner, "createdTime": at,
        "modifiedTime": at, "version": 1, "trashed": False, "content": "",
        "permissions": [{"id": person_id(owner), "type": "user", "role": "owner", "emailAddress": owner}],
    }  # fmt: skip


def root_id(owner: str) -> str:
    """The id of a person's My Drive."""
    return f"0A{ident(17, 'root', owner, alphabet=MIXED)}"


def person_id(address: str) -> str:
    """The id that a person has in every file's list of permissions."""
    return ident(20, "permission", address, alphabet="0123456789")


def access(story: Story, who: str, role: str) -> Json:
    """A permission for an address, the domain or anyone."""
    if who == "anyone":
        return {"id": "anyoneWithLink", "type": "anyone", "role": role}
    if who == "domain":
        domain = story.company.domain
        return {
            "id": ident(20, "domain", alphabet="0123456789") + "k",
            "type": "domain",
            "role": role,
            "domain": domain,
        }
    return {"id": person_id(who), "type": "user", "role": role, "emailAddress": who}


def stamp(at: datetime) -> str:
    """A moment as Drive writes it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _spread(story: Story, given: Json, owner: str) -> list[tuple[str, str]]:
    """Teams as their people; nobody twice."""
    teams, found = {person.team for person in story.company.people}, dict[str, str]()
    for who, role in given.items():
        if who in teams:
            found |= {person.email: role for person in story.company.team(who)}
        else:
            found[who if who in ("domain", "anyone") or "@" in who else story.company.person(who).email] = role
    found.pop(owner, None)
    return list(found.items())
