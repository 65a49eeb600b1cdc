"""Comments on files."""

from __future__ import annotations

from sandbox.exchange import Call, Json
from sandbox.vendor import route
from sandbox.vendors.figma.base import DIGITS, Team, refused

READ, WRITE = "file_comments:read", "file_comments:write"


class Comments(Team):
    """`/comments` of a file."""

    @route("GET", "/v1/files/{key}/comments", scope=READ)
    def comments(self, call: Call) -> Json:
        """All, resolved ones too."""
        file = self.file(call)
        rows = [row for row in self.state["comments"].values() if row["file"] == file["key"]]
        return {"comments": [self._comment_shown(row) for row in rows]}

    @route("POST", "/v1/files/{key}/comments", scope=WRITE)
    def post(self, call: Call) -> Json:
        """Leave one, pinned or not, or answer the first of a thread."""
        file, message = self.file(call), str(call.need("message"))
        parent, meta = str(call.get("comment_id") or ""), call.get("client_meta") or {"x": 0, "y": 0}
        if parent:
            root = self.state["comments"].get(parent)
            if root is None or root["file"] != file["key"] or root["parent"]:
                raise refused(400, "Invalid comment_id: only a root comment can be replied to")
            meta = root["meta"]
        number = self.ident(10, "comment", "new", self.count("comment"), alphabet=DIGITS)
        row = {
            "id": number, "file": file["key"], "by": call.person.email, "at": self.now(), "text": message,
            "parent": parent, "meta": meta, "resolved": None,
        }  # fmt: skip
        self.state["comments"][number] = row
        said = [{"text": message}]
        self.tell(call, "FILE_COMMENT", file, comment=said, comment_id=number, created_at=row["at"], mentions=[])
        return self._comment_shown(row)

    @route("DELETE", "/v1/files/{key}/comments/{comment}", scope=WRITE)
    def delete(self, call: Call) -> Json:
        """One's own only."""
        file = self.file(call)
        row = self.state["comments"].get(call.params["comment"])
        if row is None or row["file"] != file["key"]:
            raise refused(404, "Comment not found")
        if row["by"] != call.person.email:
            raise refused(403, "You cannot delete another person's comment")
        del self.state["comments"][row["id"]]
        return {"status": 200, "error": False}

    def _comment_shown(self, row: Json) -> Json:
        return {
            "id": row["id"], "file_key": row["file"], "parent_id": row["parent"], "user": self.user(row["by"]),
            "created_at": row["at"], "resolved_at": row["resolved"], "message": row["text"], "reactions": [],
            "order_id": None if row["parent"] else "1", "client_meta": row["meta"],
        }  # fmt: skip
