"""Google Drive's JSON to records and back; no key of Google's passes these functions."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from core.records import Document, Message, Party, Person, Ref

Json = dict[str, Any]

KEY = "google_drive"
FIELDS = "id,name,mimeType,parents,webViewLink,owners(displayName,emailAddress),size,modifiedTime,createdTime,trashed"
ACCESS = "id,type,role,emailAddress,displayName,domain,expirationTime,deleted"
COMMENT = "id,content,author(displayName,me),createdTime,modifiedTime,resolved,deleted"
GOOGLE = "application/vnd.google-apps."
FOLDER = f"{GOOGLE}folder"
ANYONE = "anyone"
KINDS = {
    "document": f"mimeType = '{GOOGLE}document'",
    "spreadsheet": f"mimeType = '{GOOGLE}spreadsheet'",
    "presentation": f"mimeType = '{GOOGLE}presentation'",
    "folder": f"mimeType = '{FOLDER}'",
    "pdf": "mimeType = 'application/pdf'",
    "image": "mimeType contains 'image/'",
}
EXPORTS = {  # what Google makes of its own kinds, by the format that is wanted
    "document": {"text": "text/plain", "markdown": "text/markdown", "pdf": "application/pdf"},
    "spreadsheet": {"text": "text/csv", "csv": "text/csv", "pdf": "application/pdf"},
    "presentation": {"text": "text/plain", "pdf": "application/pdf"},
    "script": {},
    "drawing": {"pdf": "application/pdf"},
}
GIVEN = {"document": "text/plain", "spreadsheet": "text/csv"}  # what a first content may be


def to_document(item: Mapping[str, Any], access: Iterable[Mapping[str, Any]] = ()) -> Document:
    """A file or folder; `access` says who was let in."""
    owner, parent = next(iter(item.get("owners") or ()), None), next(iter(item.get("parents") or ()), "")
    shared = {_to_whom(one): str(one.get("role", "")) for one in access if one.get("role") != "owner"}
    return Document(
        ref=ref(str(item["id"]), str(item.get("webViewLink") or "")),
        title=str(item.get("name") or ""),
        mime_type=str(item.get("mimeType") or ""),
        owner=Party(id=address(owner), name=str(owner.get("displayName") or "")) if owner else None,
        size=int(item["size"]) if item.get("size") else None,
        folder=Party(id=str(parent)) if parent else None,
        access="; ".join(f"{who}: {role}" for who, role in shared.items() if "@" not in who),
        shared_with=shared,
        modified_at=moment(item.get("modifiedTime")),
    )


def to_access(item: Mapping[str, Any], file: str) -> Person:
    """Who was let into a file, and as what."""
    name = {"anyone": "Anyone with the link", "domain": f"Everyone at {item.get('domain')}"}.get(str(item["type"]))
    return Person(
        ref=Ref(integration=KEY, kind="permission", id=f"{file}/{item['id']}"),
        title=name or str(item.get("displayName") or item.get("emailAddress") or item["id"]),
        email=address(item),
        role=str(item.get("role") or ""),
        company=str(item.get("domain") or ""),
    )


def to_comment(item: Mapping[str, Any], file: str) -> Message:
    """A comment on a file."""
    return Message(
        ref=Ref(integration=KEY, kind="comment", id=f"{file}/{item['id']}", url=f"{_open(file)}&disco={item['id']}"),
        text=str(item.get("content") or ""),
        author=str((item.get("author") or {}).get("displayName") or ""),
        channel=file,
        sent_at=moment(item.get("createdTime")),
    )


def ref(number: str, url: str = "") -> Ref:
    """Where a file is."""
    return Ref(integration=KEY, kind="file", id=number, url=url or _open(number))


def address(item: Mapping[str, Any]) -> str:
    """Somebody's e-mail address."""
    return str(item.get("emailAddress") or "").lower()


def moment(text: Any) -> datetime | None:
    """An RFC 3339 moment."""
    return datetime.fromisoformat(str(text)) if text else None


def google_kind(mime_type: str) -> str:
    """What kind of Google's own a file is, or ""."""
    return mime_type.removeprefix(GOOGLE) if mime_type.startswith(GOOGLE) else ""


def quoted(text: str) -> str:
    """A text as Drive's query language wants it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def linked(text: str) -> str:
    """The id that a link of Drive or Docs carries, or that a text is, or ""."""
    text = text.strip()
    parts = urlsplit(text)
    if parts.scheme and parts.netloc in ("drive.google.com", "docs.google.com"):
        steps = parts.path.split("/")
        query = dict(one.partition("=")[::2] for one in parts.query.split("&"))
        after = [steps[place + 1] for place, one in enumerate(steps[:-1]) if one in ("d", "folders")]
        return after[0] if after else query.get("id", "")
    is_id = len(text) >= 25 and all(char.isalnum() or char in "-_" for char in text) and any(map(str.isdigit, text))
    return text if is_id else ""


def related(about: Mapping[str, Any], content: bytes, mime_type: str) -> tuple[bytes, str]:
    """What describes a file and its content as one body, with the type of that body."""
    edge = f"part-{uuid.uuid4().hex}"
    head = f"--{edge}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json.dumps(about)}\r\n"
    middle = f"--{edge}\r\nContent-Type: {mime_type}; charset=UTF-8\r\n\r\n"
    return head.encode() + middle.encode() + content + f"\r\n--{edge}--".encode(), f"multipart/related; boundary={edge}"


def plain(content: bytes) -> str:
    """Exported text as it was written."""
    return content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").strip()


def _to_whom(item: Mapping[str, Any]) -> str:
    return address(item) or str(item.get("domain") or "") or ANYONE


def _open(number: str) -> str:
    return f"https://drive.google.com/open?id={number}"
