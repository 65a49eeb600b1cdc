"""Files and folders."""

from __future__ import annotations

import base64
import json
from email import message_from_bytes
from email.policy import HTTP
from typing import Any, cast

from sandbox.exchange import Answer, Call, Json, page
from sandbox.google import refused
from sandbox.grant import MIXED
from sandbox.vendor import route
from sandbox.vendors.google_drive.base import BASE, EXPORTS, READ, WRITE, Base, moment
from sandbox.vendors.google_drive.query import parse
from sandbox.vendors.google_drive.seed import GOOGLE, new_file, root_id

CHANGEABLE = ("name", "trashed")


class Files(Base):
    """`about` and `files`."""

    @route("GET", f"{BASE}/about", scope=READ)
    def about(self, call: Call) -> Json:
        """Who calls; the fields must be named."""
        if not call.get("fields"):
            raise refused(400, "required", "The 'fields' parameter is required for this method.")
        return {"kind": "drive#about", "user": self.user(call.person.email, call)}

    @route("GET", f"{BASE}/files", scope=READ)
    def list_files(self, call: Call) -> Json:
        """Files that fit the query."""
        query, order = str(call.get("q") or ""), str(call.get("orderBy") or "")
        if "fullText" in query and order:
            raise refused(403, "badRequest", "Sorting is not supported for queries with fullText terms.")
        test = parse(query, lambda file, name: self._term(call, file, name))
        visible = [one for one in self.state["files"].values() if self.role(call.person, one, by_link=False)]
        found = [one for one in visible if test(one)]
        found.sort(key=lambda one: str(one["modifiedTime"]), reverse=not order.startswith("modifiedTime"))
        if "name" in order:
            found.sort(key=lambda one: (not one["mimeType"].endswith("folder"), one["name"].lower()))
        items, more = page(found, call.get("pageToken"), call.whole("pageSize", 100, 1000) or 100)
        rows = [self.shown(call, one) for one in items]
        shown: Json = {"kind": "drive#fileList", "incompleteSearch": False, "files": rows}
        return shown | ({"nextPageToken": more} if more else {})

    @route("GET", f"{BASE}/files/{{file}}", scope=READ)
    def get_file(self, call: Call) -> Json | Answer:
        """What a file is, or with `alt=media` its content."""
        file = self.file(call)
        if call.get("alt") != "media":
            return self.shown(call, file)
        if file["mimeType"].startswith(GOOGLE):
            said = "Only files with binary content can be downloaded. Use Export with Docs Editors files."
            raise refused(403, "fileNotDownloadable", said)
        return Answer(200, base64.b64decode(file["content"]), {"content-type": file["mimeType"]})

    @route("GET", f"{BASE}/files/{{file}}/export", scope=READ)
    def export(self, call: Call) -> Answer:
        """A document of Google's own in another form."""
        file, wanted = self.file(call), str(call.need("mimeType"))
        if wanted not in EXPORTS.get(file["mimeType"].removeprefix(GOOGLE), ()):
            said = "Export only supports Docs Editors files."
            raise refused(403 if not file["mimeType"].startswith(GOOGLE) else 400, "badRequest", said)
        text = self.text(file).replace("\n", "\r\n")
        mark = "\ufeff" if wanted == "text/plain" else ""
        body = b"%PDF-1.4" if wanted == "application/pdf" else (mark + text).encode()
        return Answer(200, body, {"content-type": wanted})

    @route("POST", f"{BASE}/files", scope=WRITE)
    def create(self, call: Call) -> Json:
        """A new file without content."""
        return self.shown(call, self._new(call, call.body or {}))

    @route("POST", "/upload/drive/v3/files", scope=WRITE)
    def upload(self, call: Call) -> Json:
        """A new file with content; text becomes a document, rows a sheet, where that is asked for."""
        if call.get("uploadType") != "multipart":
            raise refused(400, "badRequest", "Unknown uploadType")
        head = f"Content-Type: {call.headers.get('content-type', '')}\r\n\r\n".encode()
        parts = list(message_from_bytes(head + call.raw, policy=HTTP).iter_parts())
        if len(parts) != 2:
            raise refused(400, "badContent", "Malformed multipart body.")
        about, content = (cast(bytes, part.get_payload(decode=True)) for part in parts)
        return self.shown(call, self._new(call, json.loads(about), content))

    @route("PATCH", f"{BASE}/files/{{file}}", scope=WRITE)
    def update(self, call: Call) -> Json:
        """Rename, move, trash or take out of the trash."""
        body = call.body or {}
        file = self.file(call, least="owner" if "trashed" in body else "writer")
        parents = [one for one in file["parents"] if one not in str(call.get("removeParents") or "").split(",")]
        for added in filter(None, str(call.get("addParents") or "").split(",")):
            self._folder(call, added)
            parents.append(added)
        if len(parents) > 1:
            raise refused(403, "cannotAddParent", "Increasing the number of parents is not allowed")
        fields = {name: body[name] for name in CHANGEABLE if name in body}
        at = {"modifiedTime": self.now()} if "name" in body else {}
        self.touch(file, "trash" if body.get("trashed") else "update", **fields, **at, parents=parents)
        return self.shown(call, file)

    @route("POST", f"{BASE}/files/{{file}}/copy", scope=WRITE)
    def copy(self, call: Call) -> Json:
        """A copy of a file; folders have none."""
        file = self.file(call)
        if file["mimeType"].endswith("folder"):
            raise refused(403, "cannotCopyFile", "This file cannot be copied by the user.")
        body = {"name": f"Copy of {file['name']}", **(call.body or {}), "mimeType": file["mimeType"]}
        return self.shown(call, self._new(call, body, base64.b64decode(file["content"])))

    @route("DELETE", f"{BASE}/files/{{file}}", scope=WRITE)
    def delete(self, call: Call) -> None:
        """Delete an own file for good."""
        file = self.file(call, least="owner")
        del self.state["files"][file["id"]]
        self.log(file, "remove")

    def _new(self, call: Call, body: Json, content: bytes = b"") -> Json:
        parent = str(next(iter(body.get("parents") or ()), root_id(call.person.email)))
        above = self._folder(call, parent)
        number = f"1{self.ident(31, 'file', self.count('file'), alphabet=MIXED)}9"
        mime = str(body.get("mimeType") or "application/octet-stream")
        file = new_file(number, str(body.get("name") or "Untitled"), mime, above["id"], call.person.email, self.now())
        mine = call.person.email
        inherited = [one for one in above["permissions"] if one.get("emailAddress") != mine and one["role"] != "owner"]
        file["permissions"] += [dict(one) for one in inherited]
        file["content"] = base64.b64encode(content).decode()
        self.touch(file, "add")
        return file

    def _folder(self, call: Call, number: str) -> Json:
        found = self.file(call, number)
        if not found["mimeType"].endswith("folder"):
            raise refused(403, "parentNotAFolder", "The specified parent is not a folder.")
        return self.root(call.person) if number == "root" else found

    def _term(self, call: Call, file: Json, name: str) -> Any:
        match name:
            case "fullText":
                return f"{file['name']} {self.text(file)}"
            case "parents":
                held = list(file["parents"])
                return [*held, "root"] if root_id(call.person.email) in held else held
            case "owners":
                return [file["owner"], *(["me"] if file["owner"] == call.person.email else [])]
            case "modifiedTime" | "createdTime":
                return moment(file[name])
            case "name" | "mimeType" | "trashed":
                return file[name]
        raise refused(400, "invalid", "Invalid Value")
