"""Writing: upload, folders, move, delete, restore."""

from __future__ import annotations

import base64
from typing import Any

from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.dropbox.base import Space, refused

WRITE = "files.content.write"


class Changes(Space):
    """The part of `/files` that changes something."""

    @route("POST", "/2/files/upload", scope=WRITE)
    def upload(self, call: Call) -> Json:
        """Write a file; what is there already is in the way unless it is the same or to be replaced."""
        path = self._new_path(call, "path")
        mode: Any = call.get("mode", "add")
        is_over = (mode.get(".tag") if isinstance(mode, dict) else mode) == "overwrite"
        there = self.state["entries"].get(path.lower())
        if there is not None and there["tag"] == "folder":
            raise refused("path/conflict/folder", reason={".tag": "conflict", "conflict": {".tag": "folder"}})
        same = there is not None and base64.b64decode(there["content"]) == call.raw
        if there is not None and not same and not is_over:
            reason = {".tag": "conflict", "conflict": {".tag": "file"}}
            raise refused("path/conflict/file", reason=reason, upload_session_id="s")
        if there is None or not same:
            above = path.rpartition("/")[0]
            if above:
                self.new_folder(above)
            self.state["deleted"].pop(path.lower(), None)
            own = there["path"] if there else path
            self.keep(self.state, own, call.raw, self.world.time(), there["id"] if there else "")
            self.happened(path)
        return self.plain(self.state["entries"][path.lower()])

    @route("POST", "/2/files/create_folder_v2", scope=WRITE)
    def create_folder(self, call: Call) -> Json:
        """A folder, and those above it."""
        path = self._new_path(call, "path")
        if there := self.state["entries"].get(path.lower()):
            raise refused(f"path/conflict/{there['tag']}")
        row = self.new_folder(path)
        self.happened(path)
        return {"metadata": self.plain(row)}

    @route("POST", "/2/files/move_v2", scope=WRITE)
    def move(self, call: Call) -> Json:
        """A file, or a folder with all in it."""
        source = self.row(call, str(call.need("from_path")), "from_lookup")
        target = self._new_path(call, "to_path")
        old = source["path"]
        if target.lower() in self.state["entries"] and target.lower() != old.lower():
            raise refused(f"to/conflict/{self.state['entries'][target.lower()]['tag']}")
        if target.lower().startswith(old.lower() + "/"):
            raise refused("duplicated_or_nested_paths")
        rows = [source, *(self.below(call, old) if source["tag"] == "folder" else [])]
        if above := target.rpartition("/")[0]:
            self.new_folder(above)
        for row in rows:
            path = row["path"]
            del self.state["entries"][path.lower()]
            self.state["deleted"][path.lower()] = {**row}
            row["path"] = target + path[len(old) :]
            self.state["deleted"].pop(row["path"].lower(), None)
            self.state["entries"][row["path"].lower()] = row
            self.happened(path, row["path"])
        for table in ("links", "shares"):
            for one in self.state[table].values():
                if one["path"] == old.lower() or one["path"].startswith(old.lower() + "/"):
                    one["path"] = target.lower() + one["path"][len(old) :]
        return {"metadata": self.shown(source)}

    @route("POST", "/2/files/delete_v2", scope=WRITE)
    def delete(self, call: Call) -> Json:
        """A file, or a folder with all in it; it is remembered."""
        row = self.row(call, str(call.need("path")), "path_lookup")
        shown = self.shown(row)
        for one in [*self.below(call, row["path"]), row] if row["tag"] == "folder" else [row]:
            del self.state["entries"][one["path"].lower()]
            self.state["deleted"][one["path"].lower()] = one
        self.happened(row["path"])
        return {"metadata": shown}

    @route("POST", "/2/files/restore", scope=WRITE)
    def restore(self, call: Call) -> Json:
        """An earlier revision, also of what was deleted."""
        path, rev = str(call.need("path")), self.state["revisions"].get(str(call.need("rev")))
        if rev is None or rev["path"] != path.lower():
            raise refused("invalid_revision")
        former = self.state["deleted"].pop(path.lower(), None) or self.state["entries"].get(path.lower())
        own = former["path"] if former else path
        if above := own.rpartition("/")[0]:
            self.new_folder(above)
        row = self.keep(self.state, own, base64.b64decode(rev["content"]), self.world.time(), rev["id"])
        row["client_modified"] = rev["at"]
        self.happened(path)
        return self.plain(row)

    def _new_path(self, call: Call, name: str) -> str:
        path = str(call.need(name)).rstrip("/")
        if not path.startswith("/"):
            raise Refusal("invalid", f"{name}: {path!r} did not match pattern '(/(.|[\\r\\n])*)'")
        if not self.sees(call.person, path):
            raise refused("path/no_write_permission" if name == "path" else "to/no_write_permission")
        names = path.split("/")
        if any(set(one) & set('<>:"|?*\\') or one.strip() != one for one in names):
            raise refused("path/disallowed_name" if name == "path" else "to/disallowed_name")
        above = next(
            (self.state["entries"].get("/".join(names[:n]).lower()) for n in range(len(names) - 1, 1, -1)), None
        )
        if above is not None and above["tag"] == "file":
            raise refused("path/conflict/file_ancestor" if name == "path" else "to/conflict/file_ancestor")
        return "/".join(self._own(names))

    def _own(self, names: list[str]) -> list[str]:
        """The folders above in their own letters."""
        for depth in range(len(names) - 1, 1, -1):
            row = self.state["entries"].get("/".join(names[:depth]).lower())
            if row:
                return [*row["path"].split("/"), *names[depth:]]
        return names
