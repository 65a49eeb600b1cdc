"""Dropbox's JSON to records and back; no key of Dropbox's passes these functions."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from core.errors import Candidate
from core.records import Document, Party, Ref, Task

ROOT = "/"
SITE = "https://www.dropbox.com"
BLOCK = 4 * 1024 * 1024
Item = Mapping[str, Any]

_TOPS = {"", "/", "root", "top", "top level", "home", "dropbox", "my dropbox", "my dropbox root"}
_HEAD = re.compile(r"^(?:dropbox|home)\s*[:>/]\s*", re.IGNORECASE)


def to_document(item: Item) -> Document:
    """A file or folder; its id is its path, which is all that Dropbox tells of a deleted one."""
    path = path_of(item)
    kind = item.get(".tag", "file")
    above, name = parted(path)
    return Document(
        ref=ref(path, kind),
        title=str(item.get("name") or name),
        mime_type="folder" if kind == "folder" else mimetypes.guess_type(name)[0] or "application/octet-stream",
        size=item.get("size"),
        folder=Party(id=above.lower(), name=above),
        modified_at=moment(item.get("server_modified")),
    )


def to_link(item: Item, path: str) -> Document:
    """A link to a file or folder."""
    rights = item.get("link_permissions") or {}
    audience = tag(rights.get("effective_audience")) or tag(rights.get("resolved_visibility"))
    return Document(
        ref=Ref(integration="dropbox", kind="shared_link", id=path, key=str(item.get("name") or ""), url=item["url"]),
        title=str(item.get("name") or parted(path)[1]),
        link=str(item["url"]),
        access={"team_only": "team"}.get(audience, audience),
        expires_at=moment(item.get("expires")),
    )


def to_shared(item: Item, members: Mapping[str, str]) -> Document:
    """A folder with the people who were let in."""
    return to_document(item).model_copy(update={"shared_with": dict(members)})


def to_request(item: Item) -> Task:
    """A file request; its link is where others upload."""
    deadline = item.get("deadline") or {}
    return Task(
        ref=Ref(integration="dropbox", kind="file_request", id=str(item["id"]), url=str(item.get("url") or "")),
        title=str(item.get("title") or ""),
        description=str(item.get("description") or ""),
        status="open" if item.get("is_open") else "closed",
        kind="file request",
        project=str(item.get("destination") or ""),
        due_at=moment(deadline.get("deadline")),
        created_at=moment(item.get("created")),
    )


def members(data: Item) -> dict[str, str]:
    """Who was let into a folder: address to role; its owner is left out."""
    found = {}
    for one in [*(data.get("users") or ()), *(data.get("invitees") or ())]:
        by = one.get("user") or one.get("invitee") or {}
        role, email = tag(one.get("access_type")), str(by.get("email") or "").lower()
        if email and role != "owner":
            found[email] = role
    return found


def link_settings(item: Item) -> dict[str, Any]:
    """A link's settings as they can be set again; its password is nowhere shown."""
    rights = item.get("link_permissions") or {}
    link = to_link(item, "")
    kept: dict[str, Any] = {"audience": {".tag": link.access}} if link.access else {}
    if item.get("expires"):
        kept["expires"] = item["expires"]
    return kept if rights.get("require_password") else kept | {"require_password": False}


def ref(path: str, kind: str) -> Ref:
    """Where a file or folder is."""
    above, name = parted(path)
    url = f"{SITE}/home{quote(path)}" if kind == "folder" else f"{SITE}/home{quote(above)}?preview={quote(name)}"
    return Ref(integration="dropbox", kind="folder" if kind == "folder" else "file", id=path.lower(), key=path, url=url)


def path_of(item: Item) -> str:
    """The whole path, in its own letters."""
    return str(item.get("path_display") or item.get("path_lower") or f"/{item.get('name', '')}")


def api_path(path: str) -> str:
    """As Dropbox takes it: the top is nothing."""
    return "" if path == ROOT else path


def spelt(text: str) -> str:
    """A path out of what people write: with one slash before each name, or out of a link to the web page."""
    text = text.strip().strip("\"'“”")
    if "://" in text and "dropbox.com/" in text:
        split = urlsplit(text)
        name = dict(part.partition("=")[::2] for part in split.query.split("&")).get("preview", "")
        text = unquote(split.path.partition("/home")[2]) + (f"/{unquote(name)}" if name else "")
    text = ROOT if text.lower() in _TOPS else _HEAD.sub("", text)
    names = [name.strip() for name in re.split(r"\s*[/>\\]\s*", text) if name.strip()]
    return ROOT + "/".join(names)


def parted(path: str) -> tuple[str, str]:
    """The folder above and the name."""
    above, _, name = path.rstrip("/").rpartition("/")
    return above or ROOT, name


def joined(folder: str, name: str) -> str:
    """The path of a name in a folder."""
    return f"{folder.rstrip('/')}/{name}"


def has_extension(path: str) -> bool:
    """Whether a path ends in the name of a file."""
    return bool(re.search(r"\.[A-Za-z0-9]{1,5}$", parted(path)[1]))


def candidate(item: Item, also: Sequence[str] = ()) -> Candidate:
    """A file or folder by name, in its folder."""
    path = path_of(item)
    above, name = parted(path)
    stem = name.rpartition(".")[0] or name
    return Candidate(path, name or "Dropbox", above, (stem, path, path.lstrip("/"), *also))


def tag(value: Any) -> str:
    """The variant of a union, however it is written."""
    return str(value.get(".tag", "")) if isinstance(value, Mapping) else str(value or "")


def argument(values: Item) -> dict[str, str]:
    """The header that holds the arguments where the body is the file; pure ASCII, as headers must be."""
    return {"Dropbox-API-Arg": json.dumps(values, ensure_ascii=True)}


def stamp(at: datetime) -> str:
    """A moment as Dropbox writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str | None) -> datetime | None:
    """A moment that Dropbox wrote."""
    return datetime.fromisoformat(text) if text else None


def content_hash(content: bytes) -> str:
    """Dropbox's own hash of a file."""
    blocks = [content[at : at + BLOCK] for at in range(0, len(content), BLOCK)]
    return hashlib.sha256(b"".join(hashlib.sha256(block).digest() for block in blocks)).hexdigest()


def given(**values: Any) -> dict[str, Any]:
    """What was given at all."""
    return {name: value for name, value in values.items() if value is not None}
