"""Figma's JSON to records and back; no key of Figma's passes these functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from core.records import Design, Document, Message, Party, Project, Ref

SITE = "https://www.figma.com"
Item = Mapping[str, Any]

_FILE = re.compile(
    r"figma\.com/(?:file|design|proto|board|slides|buzz|site|make)/([0-9A-Za-z]{10,128})(?:/branch/([0-9A-Za-z]{10,128}))?"
)
_TEAM = re.compile(r"figma\.com/files/(?:\d+/)?team/(\d+)")
_PROJECT = re.compile(r"figma\.com/files/(?:\d+/)?(?:team/\d+/)?project/(\d+)")
_NODE = re.compile(r"[?&]node-id=([0-9I;A-Za-z%:-]+)")
_KEY = re.compile(r"(?=[0-9A-Za-z]*\d)[0-9A-Za-z]{20,128}")
_NODE_ID = re.compile(r"I?\d+[:-]\d+(?:;\d+:\d+)*")


def to_file(item: Item, key: str, project: str = "") -> Design:
    """A file, from a project's list or from its own facts."""
    return Design(
        ref=ref("file", key, str(item.get("url") or "")),
        title=str(item.get("name") or ""),
        project=str(item.get("folder_name") or project),
        editor=_party(item.get("last_touched_by")),
        modified_at=moment(item.get("last_touched_at") or item.get("last_modified") or item.get("lastModified")),
    )


def to_frame(item: Item, key: str, page: str, project: str = "") -> Design:
    """A frame, or a page of a file."""
    node = str(item["id"])
    kind = "page" if item.get("type") == "CANVAS" else "frame"
    return Design(
        ref=Ref(integration="figma", kind=kind, id=f"{key}/{node}", key=node, url=node_url(key, node)),
        title=str(item.get("name") or ""),
        project=project,
        page=page,
    )


def to_picture(key: str, node: str, name: str, address: str, kind: str) -> Design:
    """A rendered frame; its link is the picture's, which works for some weeks."""
    return Design(
        ref=Ref(integration="figma", kind="image", id=f"{key}/{node}", key=node, url=address), title=f"{name}.{kind}"
    )


def to_component(item: Item) -> Design:
    """A published component."""
    file, node = str(item.get("file_key") or ""), str(item.get("node_id") or "")
    frame = item.get("containing_frame") or {}
    return Design(
        ref=Ref(integration="figma", kind="component", id=str(item["key"]), url=node_url(file, node)),
        title=str(item.get("name") or ""),
        description=str(item.get("description") or ""),
        page=str(frame.get("pageName") or ""),
        editor=_party(item.get("user")),
        modified_at=moment(item.get("updated_at")),
    )


def to_project(item: Item, team: str) -> Project:
    """A project of a team."""
    number = str(item["id"])
    url = f"{SITE}/files/project/{number}"
    return Project(
        ref=Ref(integration="figma", kind="project", id=number, url=url), title=str(item["name"]), state=team
    )


def to_version(item: Item, key: str) -> Document:
    """A version of a file; one that nobody named was saved by itself."""
    number = str(item["id"])
    url = f"{SITE}/design/{key}/?version-id={number}"
    return Document(
        ref=Ref(integration="figma", kind="version", id=f"{key}/{number}", key=number, url=url),
        title=str(item.get("label") or "Autosave"),
        text=str(item.get("description") or ""),
        owner=_party(item.get("user")),
        modified_at=moment(item.get("created_at")),
    )


def to_comment(item: Item, key: str) -> Message:
    """A comment, or a reply to one; `thread` is the comment that it answers."""
    number = str(item["id"])
    meta = item.get("client_meta") or {}
    return Message(
        ref=Ref(
            integration="figma", kind="comment", id=f"{key}/{number}", key=number, url=f"{SITE}/design/{key}/#{number}"
        ),
        text=str(item.get("message") or ""),
        author=str((item.get("user") or {}).get("handle") or ""),
        channel=str(meta.get("node_id") or key),
        thread=str(item.get("parent_id") or ""),
        sent_at=moment(item.get("created_at")),
        reactions=tuple(str(one.get("emoji") or "") for one in item.get("reactions") or ()),
    )


def file_key(text: str) -> str:
    """The key in a link, a branch's rather than its file's, or the key that the text is; "" for words."""
    if found := _FILE.search(text):
        return found.group(2) or found.group(1)
    return text.strip() if _KEY.fullmatch(text.strip()) else ""


def node_id(text: str) -> str:
    """The node in a link, or the id that the text is; "" for words."""
    if found := _NODE.search(text):
        return found.group(1).replace("%3A", ":").replace("-", ":")
    return text.strip().replace("-", ":") if _NODE_ID.fullmatch(text.strip()) else ""


def number_in(text: str, kind: str) -> str:
    """The id of a team or project in a link, or the id that the text is; "" for words."""
    if found := (_TEAM if kind == "team" else _PROJECT).search(text):
        return found.group(1)
    return text.strip() if text.strip().isdigit() and len(text.strip()) > 4 else ""


def frames(document: Item, key: str) -> Iterator[Design]:
    """The pages of a file, each with its frames after it."""
    for page in document.get("children") or ():
        yield to_frame(page, key, "")
        for one in page.get("children") or ():
            if one.get("visible", True):
                yield to_frame(one, key, str(page.get("name") or ""))


def ref(kind: str, number: str, url: str = "") -> Ref:
    """Where a file is."""
    return Ref(integration="figma", kind=kind, id=number, url=url or f"{SITE}/design/{number}")


def node_url(key: str, node: str) -> str:
    """The link to a part of a file."""
    return f"{SITE}/design/{key}/?node-id={quote(node.replace(':', '-'))}"


def has_words(text: str, name: str) -> bool:
    """Whether a name holds all these words; what people add, such as `file` or `figma`, counts for nothing."""
    wanted = [word for word in re.findall(r"\w+", text.casefold()) if word not in ("figma", "file", "the", "design")]
    folded = name.casefold()
    return all(word in folded for word in wanted or [text.casefold()])


def moment(text: str | None) -> datetime | None:
    """A moment as Figma writes it."""
    return datetime.fromisoformat(text) if text else None


def _party(item: Item | None) -> Party | None:
    return Party(id=str(item["id"]), name=str(item.get("handle") or "")) if item else None
