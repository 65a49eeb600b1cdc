"""Box's JSON to records and back; no key of Box's passes these functions."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.errors import Candidate
from core.records import Document, Message, Party, Person, Ref, Task

FIELDS = "id,type,name,size,parent,path_collection,owned_by,created_at,modified_at,shared_link,item_status"
SITE = "https://app.box.com"
TOP = "0"
Item = Mapping[str, Any]

_LINK = re.compile(r"/(file|folder)/(\d+)")
_TOPS = {"", "0", "/", "top", "root", "all files", "top level", "my files"}
_READABLE = re.compile(r"text/.*|application/(json|xml|x-yaml|yaml|sql|javascript|toml)")


def to_document(item: Item) -> Document:
    """A file or folder; the kind of its ref says which."""
    kind, link = str(item["type"]), item.get("shared_link") or {}
    name = str(item.get("name") or "")
    return Document(
        ref=ref(kind, str(item["id"])),
        title=name,
        mime_type="folder" if kind == "folder" else mime_type(name),
        owner=_party(item.get("owned_by")),
        size=item.get("size"),
        folder=Party(id=str(item["parent"]["id"]), name=place(item)) if item.get("parent") else None,
        link=link.get("url") or "",
        access=link.get("access") or "",
        expires_at=moment(link.get("unshared_at")),
        modified_at=moment(item.get("modified_at")),
    )


def ref(kind: str, number: str) -> Ref:
    """Where a file or folder is."""
    return Ref(integration="box", kind=kind, id=number, url=f"{SITE}/{kind}/{number}")


def path_of(found: Ref) -> str:
    """The address of a file or folder below the API's."""
    return f"/{found.kind}s/{found.id}"


def named(path: str) -> tuple[str, str]:
    """Type and id of an item that is given as `files/1` or `folders/2`."""
    kind, _, number = path.partition("/")
    return kind.removesuffix("s"), number


def mime_type(name: str) -> str:
    """What a file is, by its name: Box does not say it."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def is_readable(name: str) -> bool:
    """Whether a file is text as it stands."""
    return bool(_READABLE.fullmatch(mime_type(name))) or name.lower().endswith((".md", ".log", ".yml", ".ini"))


def place(item: Item) -> str:
    """The names of the folders above, from the top."""
    above = (item.get("path_collection") or {}).get("entries") or ()
    names = [str(one.get("name", "")) for one in above if str(one.get("id")) != TOP]
    return "/".join(names) or "All Files"


def own_link(text: str) -> tuple[str, str]:
    """Type ("" where it is not told) and id of what a link or a bare id names; ("", "") for words."""
    if found := _LINK.search(text):
        return found.group(1), found.group(2)
    return ("", text.strip()) if text.strip().isdigit() and len(text.strip()) > 4 else ("", "")


def is_top(text: str) -> bool:
    """Whether these words mean the folder that holds all others."""
    return text.strip().lower() in _TOPS


def steps(text: str) -> list[str]:
    """The names in a path, however people part them."""
    return [name.strip() for name in re.split(r"[/>\\]", text) if name.strip()]


def candidates(items: Sequence[Item], text: str, *, with_kind: bool = False) -> list[Candidate]:
    """What was found by the last name of a path, those in the right folders first and alone."""
    wanted = [name.casefold() for name in steps(text)]
    made = []
    for item in items:
        above = place(item)
        whole = [*steps(above), str(item["name"])]
        fits = len(wanted) > 1 and _ends([name.casefold() for name in whole], wanted)
        number = f"{item['type']}s/{item['id']}" if with_kind else str(item["id"])
        stem = str(item["name"]).rpartition(".")[0] or str(item["name"])
        also = (*((text,) if fits else ()), stem, "/".join(whole))
        made.append((fits, Candidate(number, str(item["name"]), above, also)))
    best = [one for fits, one in made if fits]
    return best or [one for _, one in made]


def to_access(item: Item) -> Person:
    """One person's access to a file or folder."""
    by = item.get("accessible_by") or {}
    email = str(by.get("login") or item.get("invite_email") or "")
    over = item.get("item") or {}
    url = f"{SITE}/{over['type']}/{over['id']}" if over.get("id") else ""
    return Person(
        ref=Ref(integration="box", kind="collaboration", id=str(item["id"]), url=url),
        title=str(by.get("name") or email),
        email=email.lower(),
        role=str(item.get("role") or ""),
        status=str(item.get("status") or ""),
    )


def to_comment(item: Item) -> Message:
    """A comment on a file."""
    over = item.get("item") or {}
    url = f"{SITE}/file/{over['id']}" if over.get("id") else ""
    return Message(
        ref=Ref(integration="box", kind="comment", id=str(item["id"]), url=url),
        text=str(item.get("message") or ""),
        author=str((item.get("created_by") or {}).get("name") or ""),
        channel=str(over.get("id") or ""),
        sent_at=moment(item.get("created_at")),
    )


def to_task(item: Item) -> Task:
    """A task on a file, with whom it is for."""
    over = item.get("item") or {}
    given = [one.get("assigned_to") for one in (item.get("task_assignment_collection") or {}).get("entries") or ()]
    people = tuple(party for one in given if (party := _party(one)))
    action = str(item.get("action") or "")
    return Task(
        ref=Ref(integration="box", kind="task", id=str(item["id"]), url=f"{SITE}/file/{over.get('id', '')}"),
        title=f"{action.capitalize()} {over.get('name', '')}".strip(),
        description=str(item.get("message") or ""),
        status="completed" if item.get("is_completed") else "open",
        kind=action,
        assignee=people[0] if people else None,
        assignees=people,
        reporter=_party(item.get("created_by")),
        due_at=moment(item.get("due_at")),
        created_at=moment(item.get("created_at")),
    )


def link_settings(link: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A shared link as it can be set again; its password is nowhere shown. None for no link."""
    if not link:
        return None
    kept: dict[str, Any] = {"access": link.get("access"), "unshared_at": link.get("unshared_at")}
    return kept if link.get("is_password_enabled") else kept | {"password": None}


def refusal(data: Item) -> tuple[str, dict[str, str]]:
    """Box's sentence, and its reasons by field."""
    info = data.get("context_info") or {}
    errors = info.get("errors") if isinstance(info, Mapping) else None
    fields = {str(one.get("name") or one.get("reason")): str(one.get("message") or "") for one in errors or ()}
    conflicts = info.get("conflicts") if isinstance(info, Mapping) else None
    other = conflicts[0] if isinstance(conflicts, list) and conflicts else conflicts
    said = str(data.get("message") or data.get("code") or "")
    if isinstance(other, Mapping) and other.get("name"):
        said = f"“{other['name']}” is already there."
    return said, fields


def given(**values: Any) -> dict[str, Any]:
    """What was given at all."""
    return {name: value for name, value in values.items() if value is not None}


def moment(text: str | None) -> datetime | None:
    """A moment as Box writes it."""
    return datetime.fromisoformat(text) if text else None


def _ends(whole: list[str], tail: list[str]) -> bool:
    """Whether a path ends in these names, the file's own with or without its extension."""
    if len(tail) > len(whole):
        return False
    own, last = whole[-1], tail[-1]
    above = whole[-len(tail) : -1]
    return (own == last or own.rpartition(".")[0] == last) and above == tail[:-1]


def _party(item: Mapping[str, Any] | None) -> Party | None:
    return Party(id=str(item.get("login") or item["id"]).lower(), name=str(item.get("name") or "")) if item else None
