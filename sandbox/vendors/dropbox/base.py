"""What Dropbox's routes share: errors, the tree, and how things look on the wire."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import yaml

from sandbox.company import Person
from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import Grant
from sandbox.oauth import OAuth
from sandbox.vendor import Endpoint, Handler, Vendor

BLOCK = 4 * 1024 * 1024
SCANS = 130
KINDS = {
    "image": "jpg png svg psd gif", "document": "doc docx txt md rtf", "pdf": "pdf", "spreadsheet": "xls xlsx csv",
    "presentation": "ppt pptx key", "audio": "mp3 wav", "video": "mp4 mov", "paper": "paper",
}  # fmt: skip


def refused(summary: str, status: int = 409, **error: Any) -> Refusal:
    """A route's own error, given as its path of tags."""
    return Refusal("dropbox", summary, status=status, error=error)


def tagged(summary: str, more: Mapping[str, Any]) -> Json:
    """`path/not_found` as nested unions."""
    first, _, rest = summary.partition("/")
    found: Json = {".tag": first}
    if rest:
        found[first] = tagged(rest, {})
    return found | dict(more)


class Space(Vendor):
    """What all routes share."""

    key = "dropbox"
    hosts = ("https://api.dropboxapi.com", "https://content.dropboxapi.com", "https://www.dropbox.com")
    oauth = OAuth(
        authorize="/oauth2/authorize",
        token="/oauth2/token",
        revoke="/2/auth/token/revoke",
        expires_in=14_400,
    )

    def seed(self) -> Json:
        """The tree of `seed.yaml`, and a folder of scans."""
        state: Json = {
            "entries": {}, "deleted": {}, "revisions": {}, "links": {}, "shares": {}, "requests": {}, "log": [],
            "jobs": {},
        }  # fmt: skip
        told = yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))
        told |= {f"/Scans/scan-{number:03}.pdf": f"{number} | page" for number in range(1, SCANS + 1)}
        for path, line in told.items():
            days, _, text = line.partition("|")
            names = path.strip("/").split("/")
            folders = names if path.endswith("/") else names[:-1]
            for depth in range(1, len(folders) + 1):
                folder = "/" + "/".join(folders[:depth])
                state["entries"].setdefault(folder.lower(), self._folder(folder))
            if not path.endswith("/"):
                at = self.world.now - timedelta(days=float(days))
                self.keep(state, path, content_of(path, text.strip()), at)
        return state

    def keep(self, state: Json, path: str, content: bytes, at: datetime, number: str = "") -> Json:
        """Write a revision of a file."""
        coded = base64.b64encode(content).decode()
        rev = self.ident(16, "rev", path.lower(), coded, len(state["revisions"]), alphabet="0123456789abcdef")
        row = {
            "tag": "file", "id": number or f"id:{self.ident(22, path)}", "path": path, "rev": rev, "content": coded,
            "client_modified": stamp(at), "server_modified": stamp(at),
        }  # fmt: skip
        state["entries"][path.lower()] = row
        state["revisions"][rev] = {"path": path.lower(), "content": coded, "id": row["id"], "at": stamp(at)}
        return row

    def refuse(self, refusal: Refusal) -> Answer:
        """`{error_summary, error}`; bad input is plain text."""
        kind, status = refusal.kind, refusal.status
        if kind == "missing_scope":
            error = {".tag": "missing_scope", "required_scope": refusal.detail["needed"]}
            return Answer(401, {"error_summary": "missing_scope/..", "error": error})
        if kind in ("unauthenticated", "invalid_token", "revoked"):
            return Answer(401, self._body("invalid_access_token", {}))
        if kind == "expired":
            return Answer(401, self._body("expired_access_token", {}))
        if kind == "rate_limited":
            wait = int(refusal.detail.get("retry_after", 1))
            error = {"reason": {".tag": "too_many_requests"}, "retry_after": max(wait, 1)}
            body = {"error_summary": "too_many_requests/..", "error": error}
            return Answer(429, body, {"retry-after": str(wait)})
        if kind == "server_error":
            return Answer(500, "Internal Server Error")
        if kind == "no_route":
            return Answer(404, f"Unknown API function: {refusal.detail.get('path')}")
        if kind in ("missing", "invalid_body", "invalid") or status in (400, 422):
            return Answer(400, f"Error in call to API function: {refusal.message}")
        if kind == "dropbox":
            return Answer(status, self._body(refusal.message, refusal.detail.get("error") or {}))
        summary = {403: "path/no_write_permission", 404: "path/not_found"}.get(status, "path/conflict/file")
        return Answer(403 if status == 403 else 409, self._body(summary, {}))

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """The HMAC of the body with the app's secret."""
        return {"x-dropbox-signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}

    def new_token(self, grant: Grant, serial: int) -> str:
        """`sl.` and what follows."""
        return f"sl.{self.ident(60, grant.email, serial)}"

    def token_answer(self, grant: Grant) -> Json:
        """With the account's id."""
        return super().token_answer(grant) | {"token_type": "bearer", "account_id": self.account(grant.email)}

    def answer(self, call: Call, endpoint: Endpoint, handler: Handler) -> Answer:
        """Arguments come in a header where the body is a file; nothing to say is `null`."""
        if told := call.headers.get("dropbox-api-arg"):
            try:
                call.body = json.loads(told)
            except ValueError:
                raise Refusal("invalid", "the header is no JSON") from None
        result = super().answer(call, endpoint, handler)
        return Answer(200, b"null", {"content-type": "application/json"}) if result.status == 204 else result

    def account(self, email: str) -> str:
        """The id of an account."""
        return f"dbid:{self.ident(35, 'account', email)}"

    def sees(self, person: Person, path: str) -> bool:
        """Everybody sees everything, but the folders that carry a person's name."""
        top = path.strip("/").partition("/")[0].lower()
        owner = next((one for one in self.company.people if one.name.lower() == top), None)
        return owner is None or owner.email == person.email

    def row(self, call: Call, path: str, where: str = "path") -> Json:
        """What lies at a path or under an id."""
        path = str(path)
        rows: Json = self.state["entries"]
        if path.startswith("id:"):
            found = next((row for row in rows.values() if row["id"] == path), None)
        else:
            if not path.startswith("/"):
                raise Refusal("invalid", f"path: {path!r} did not match pattern")
            found = rows.get(path.rstrip("/").lower())
        if found is None or not self.sees(call.person, found["path"]):
            raise refused(f"{where}/not_found")
        row: Json = found
        return row

    def below(self, call: Call, path: str, *, is_deep: bool = True) -> list[Json]:
        """What lies under a folder, in the order of paths."""
        begin = path.rstrip("/").lower() + "/"
        rows = [row for key, row in sorted(self.state["entries"].items()) if key.startswith(begin)]
        rows = [row for row in rows if self.sees(call.person, row["path"])]
        return rows if is_deep else [row for row in rows if "/" not in row["path"][len(begin) :]]

    def shown(self, row: Json) -> Json:
        """Metadata of a file or folder."""
        path = row["path"]
        found = {
            ".tag": row["tag"], "name": path.rpartition("/")[2], "id": row["id"], "path_lower": path.lower(),
            "path_display": path,
        }  # fmt: skip
        if row["tag"] == "folder":
            number = next((key for key, one in self.state["shares"].items() if one["path"] == path.lower()), None)
            if number:
                found |= {"shared_folder_id": number, "sharing_info": {"read_only": False, "shared_folder_id": number}}
            return found
        content = base64.b64decode(row["content"])
        return found | {
            "client_modified": row["client_modified"], "server_modified": row["server_modified"], "rev": row["rev"],
            "size": len(content), "is_downloadable": True, "content_hash": content_hash(content),
        }  # fmt: skip

    def plain(self, row: Json) -> Json:
        """The same where the kind of record is known, so that it has no tag."""
        return {name: value for name, value in self.shown(row).items() if name != ".tag"}

    def happened(self, *paths: str) -> None:
        """Keep what changed, and tell the app that there is something new."""
        self.state["log"] += [path.lower() for path in paths]
        accounts = [self.account(self.company.default.email)]
        self.emit({"list_folder": {"accounts": accounts}, "delta": {"users": [12345678]}})

    def new_folder(self, path: str) -> Json:
        """A folder and those above it."""
        names = path.strip("/").split("/")
        for depth in range(1, len(names) + 1):
            one = "/" + "/".join(names[:depth])
            if one.lower() not in self.state["entries"]:
                former = self.state["deleted"].pop(one.lower(), None)
                row = self._folder(one)
                self.state["entries"][one.lower()] = former if former and former["tag"] == "folder" else row
        found: Json = self.state["entries"][path.lower()]
        return found

    def _folder(self, path: str) -> Json:
        return {"tag": "folder", "id": f"id:{self.ident(22, path, 'folder')}", "path": path}

    def _body(self, summary: str, more: Mapping[str, Any]) -> Json:
        return {"error_summary": f"{summary}/..", "error": tagged(summary, more)}


def stamp(at: datetime) -> str:
    """A moment as Dropbox writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def content_hash(content: bytes) -> str:
    """Dropbox's hash: of the hashes of its blocks."""
    blocks = [content[at : at + BLOCK] for at in range(0, len(content), BLOCK)]
    return hashlib.sha256(b"".join(hashlib.sha256(block).digest() for block in blocks)).hexdigest()


def content_of(path: str, text: str) -> bytes:
    """A file's content, in the manner of its kind."""
    if path.endswith(".docx"):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as book:
            lines = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in text.split("\n"))
            page = zipfile.ZipInfo("word/document.xml", (2026, 1, 1, 0, 0, 0))
            book.writestr(page, f"<w:document><w:body>{lines}</w:body></w:document>")
        return made.getvalue()
    if path.endswith((".md", ".csv", ".txt", ".svg")):
        return text.encode()
    return b"%PDF-1.4 " + text.encode() if path.endswith(".pdf") else b"\x00\x01" + text.encode()
