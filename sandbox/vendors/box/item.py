"""Files and folders: reading, searching, uploading, moving, sharing, trashing."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

from sandbox.exchange import Answer, Call, Json
from sandbox.vendor import route
from sandbox.vendors.box.base import MINI, ROOT, SCOPE, Enterprise, refused

ACCESS = ("open", "company", "collaborators")


class Items(Enterprise):
    """`/files`, `/folders` and `/search`."""

    @route("GET", "/2.0/{kinds}/{number}", scope=SCOPE)
    def get_item(self, call: Call) -> Json:
        """A file or folder; one in the trash is not found."""
        return self.shown(call, self.row(call, self._kind(call), call.params["number"]))

    @route("PUT", "/2.0/{kinds}/{number}", scope=SCOPE)
    def put_item(self, call: Call) -> Json:
        """Rename, move, share."""
        row = self.row(call, self._kind(call), call.params["number"])
        self._write_access(row)
        body: Json = call.body if isinstance(call.body, dict) else {}
        name = str(body.get("name") or row["name"])
        parent = str((body.get("parent") or {}).get("id") or row["parent"])
        link = self._new_link(row, body["shared_link"]) if "shared_link" in body else row["shared_link"]
        if (name, parent) != (row["name"], row["parent"]):
            folder = self.row(call, "folder", parent)
            if row in (folder, *self.above(folder)):
                raise refused(400, "cyclical_folder_structure", "Folder move creates cyclical folder structure")
            self._check_name(name, parent, row)
        events = {
            "ITEM_RENAME": name != row["name"], "ITEM_MOVE": parent != row["parent"],
            "ITEM_SHARED_CREATE" if link else "ITEM_SHARED_UNSHARE": link != row["shared_link"],
        }  # fmt: skip
        row |= {"name": name, "parent": parent, "shared_link": link}
        triggers = {
            "ITEM_RENAME": f"{row['type'].upper()}.RENAMED", "ITEM_MOVE": f"{row['type'].upper()}.MOVED",
            "ITEM_SHARED_CREATE": "SHARED_LINK.CREATED", "ITEM_SHARED_UNSHARE": "SHARED_LINK.DELETED",
        }  # fmt: skip
        for event in (event for event, happened in events.items() if happened):
            self.touch(row, call, event)
            self.tell(call, triggers[event], self._whole(row))
        return self.shown(call, row)

    @route("DELETE", "/2.0/{kinds}/{number}", scope=SCOPE)
    def trash_item(self, call: Call) -> None:
        """Into the trash; a folder with something in it only if told so."""
        kind = self._kind(call)
        row = self.row(call, kind, call.params["number"])
        self._write_access(row)
        if kind == "folder" and self.children(row["id"]) and not call.flag("recursive"):
            raise refused(400, "folder_not_empty", "Cannot delete - folder not empty")
        row["trashed"] = True
        self.touch(row, call, "ITEM_TRASH")
        self.tell(call, f"{kind.upper()}.TRASHED", self._whole(row))

    @route("POST", "/2.0/{kinds}/{number}", scope=SCOPE)
    def restore_item(self, call: Call) -> Answer:
        """Out of the trash."""
        row = self.row(call, self._kind(call), call.params["number"], is_trashed=True)
        self._check_name(row["name"], row["parent"], row)
        row["trashed"] = False
        self.touch(row, call, "ITEM_UNDELETE_VIA_TRASH")
        self.tell(call, f"{row['type'].upper()}.RESTORED", self._whole(row))
        return Answer(201, self.shown(call, row))

    @route("GET", "/2.0/files/{number}/content", scope=SCOPE)
    def content(self, call: Call) -> Answer:
        """Where the file can be fetched for a while, without a token."""
        row = self.row(call, "file", call.params["number"])
        key = self.ident(40, "download", row["id"]).lower()
        return Answer(302, None, {"location": f"http://{call.headers['host']}/{self.key}/d/1/{key}/download"})

    @route("GET", "/d/1/{key}/download", public=True)
    def download(self, call: Call) -> Answer:
        """The file itself."""
        for row in self.state["items"].values():
            if row["type"] == "file" and self.ident(40, "download", row["id"]).lower() == call.params["key"]:
                return Answer(200, base64.b64decode(row["content"]), {"content-type": "application/octet-stream"})
        raise refused(404, "not_found", "Not Found")

    @route("GET", "/representations/{number}/extracted_text/{rest:path}", scope=SCOPE)
    def text(self, call: Call) -> Answer:
        """The text of a document."""
        row = self.row(call, "file", call.params["number"])
        return Answer(200, row["text"].encode(), {"content-type": "text/plain; charset=utf-8"})

    @route("POST", "/api/2.0/files/content", scope=SCOPE)
    def upload(self, call: Call) -> Answer:
        """A new file, as multipart with its attributes first."""
        body: Json = call.body if isinstance(call.body, dict) else {}
        try:
            about = json.loads(body["attributes"])
            name, parent, file = str(about["name"]), str(about["parent"]["id"]), body["file"]
        except (KeyError, TypeError, ValueError):
            raise refused(400, "bad_request", "Invalid upload attributes") from None
        row = self._new(call, "file", name, parent)
        content: bytes = file["content"]
        row |= {"content": base64.b64encode(content).decode(), "text": content.decode(errors="ignore")}
        self._keep(call, row, "ITEM_UPLOAD", "FILE.UPLOADED")
        return Answer(201, {"total_count": 1, "entries": [self.shown(call, row)]})

    @route("POST", "/2.0/folders", scope=SCOPE)
    def create_folder(self, call: Call) -> Answer:
        """A new folder."""
        parent = call.need("parent")
        row = self._new(call, "folder", str(call.need("name")), str(parent.get("id", "")))
        self._keep(call, row, "ITEM_CREATE", "FOLDER.CREATED")
        return Answer(201, self.shown(call, row))

    @route("GET", "/2.0/folders/{number}/items", scope=SCOPE)
    def items(self, call: Call) -> Json:
        """What lies in a folder, by offset or marker."""
        folder = self.row(call, "folder", call.params["number"])
        rows = [row for row in self.children(folder["id"]) if self.sees(call.person, row)]
        size = max(1, call.whole("limit", 100))
        by_marker = call.flag("usemarker")
        start = int(str(call.get("marker") or "0")) if by_marker else call.whole("offset", 0, 300_000)
        part = [self.shown(call, row, MINI) for row in rows[start : start + size]]
        if by_marker:
            more = str(start + size) if start + size < len(rows) else ""
            return {"limit": size, "entries": part, "next_marker": more}
        order = [{"by": "type", "direction": "ASC"}, {"by": "name", "direction": "ASC"}]
        return {"total_count": len(rows), "limit": size, "offset": start, "order": order, "entries": part}

    @route("GET", "/2.0/search", scope=SCOPE)
    def search(self, call: Call) -> Json:
        """By words in the name or text, and filters."""
        words = str(call.need("query")).lower().replace('"', " ").split()
        size, start = max(1, call.whole("limit", 30, top=200)), call.whole("offset", 0, top=10_000)
        rows = [row for row in self.state["items"].values() if self._fits(call, row, words)]
        rows.sort(key=lambda row: sum(word in row["name"].lower() for word in words), reverse=True)
        part = [self.shown(call, row) for row in rows[start : start + size]]
        return {
            "type": "search_results_items", "total_count": len(rows), "limit": size, "offset": start, "entries": part,
        }  # fmt: skip

    def _fits(self, call: Call, row: Json, words: list[str]) -> bool:
        if row["trashed"] or row["id"] == ROOT or not self.sees(call.person, row):
            return False
        only_name = call.get("content_types") == "name"
        text = row["name"].lower() + ("" if only_name else " " + row["text"].lower())
        kind, below = call.get("type"), str(call.get("ancestor_folder_ids") or "")
        endings = str(call.get("file_extensions") or "").split(",")
        since, _, until = str(call.get("updated_at_range") or ",").partition(",")
        at = datetime.fromisoformat(row["modified"])
        return (
            all(word in text for word in words)
            and kind in (None, "", row["type"])
            and (endings == [""] or (row["type"] == "file" and row["name"].rpartition(".")[2].lower() in endings))
            and (not below or any(one["id"] in below.split(",") for one in self.above(row)))
            and (not since or at >= datetime.fromisoformat(since))
            and (not until or at <= datetime.fromisoformat(until))
        )

    def _kind(self, call: Call) -> str:
        kinds = call.params["kinds"]
        if kinds not in ("files", "folders"):
            raise refused(404, "not_found", "Not Found")
        return kinds.removesuffix("s")

    def _new(self, call: Call, kind: str, name: str, parent: str) -> Json:
        self.row(call, "folder", parent)
        self._check_name(name, parent)
        row = self._row(kind, name, parent, call.person.email, 0)
        return row | {"id": self.fresh(kind), "created": self.now(), "modified": self.now()}

    def _keep(self, call: Call, row: Json, event: str, trigger: str) -> None:
        self.state["items"][f"{row['type']}/{row['id']}"] = row
        self.touch(row, call, event)
        self.tell(call, trigger, self._whole(row))

    def _check_name(self, name: str, parent: str, own: Json | None = None) -> None:
        if not name.strip() or set(name) & set("/\\") or name in (".", "..") or name != name.strip():
            raise refused(400, "item_name_invalid", "Item name invalid")
        for other in self.children(parent):
            if other is not own and other["name"].lower() == name.lower():
                taken = {name: other[name] for name in ("id", "type", "name")}
                conflict: Any = taken if other["type"] == "file" else [taken]
                raise refused(409, "item_name_in_use", "Item with the same name already exists", conflicts=conflict)

    def _write_access(self, row: Json) -> None:
        if row["id"] == ROOT:
            raise refused(403, "access_denied_insufficient_permissions", "Access denied - insufficient permission")

    def _new_link(self, row: Json, given: Any) -> Json | None:
        if given is None:
            return None
        link = {**(row["shared_link"] or {"access": "company"}), **given}
        if link["access"] not in ACCESS:
            errors = [{"reason": "invalid_parameter", "name": "access", "message": "Invalid value"}]
            raise refused(400, "bad_request", "Bad Request", errors=errors)
        password = link.get("password")
        if password and (link["access"] != "open" or len(password) < 8 or (password.isalpha() and password.islower())):
            errors = [
                {"reason": "invalid_parameter", "name": "password", "message": "Too weak, or not for open access"}
            ]
            raise refused(400, "bad_request", "Bad Request", errors=errors)
        if link.get("unshared_at"):
            link["unshared_at"] = datetime.fromisoformat(link["unshared_at"]).isoformat(timespec="seconds")
        return {name: value for name, value in link.items() if value is not None}
