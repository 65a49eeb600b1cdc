"""Comments and tasks on files."""

from __future__ import annotations

from datetime import datetime

from sandbox.exchange import Answer, Call, Json
from sandbox.vendor import route
from sandbox.vendors.box.base import SCOPE, Enterprise, refused


class Remarks(Enterprise):
    """`/comments`, `/tasks` and `/task_assignments`."""

    @route("POST", "/2.0/comments", scope=SCOPE)
    def comment(self, call: Call) -> Answer:
        """Leave a comment."""
        item = call.need("item")
        file = self.row(call, "file", str(item.get("id")))
        row = {
            "id": self.fresh("comment"), "file": file["id"], "by": call.person.email, "at": self.now(),
            "message": str(call.need("message")),
        }  # fmt: skip
        self.state["comments"][row["id"]] = row
        self.tell(call, "COMMENT.CREATED", self._comment(row))
        return Answer(201, self._comment(row))

    @route("GET", "/2.0/comments/{id}", scope=SCOPE)
    def get_comment(self, call: Call) -> Json:
        """One comment."""
        return self._comment(self._one(call, "comments"))

    @route("DELETE", "/2.0/comments/{id}", scope=SCOPE)
    def delete_comment(self, call: Call) -> None:
        """One's own only."""
        row = self._one(call, "comments")
        if row["by"] != call.person.email:
            raise refused(403, "access_denied_insufficient_permissions", "Access denied - insufficient permission")
        del self.state["comments"][row["id"]]

    @route("GET", "/2.0/files/{number}/comments", scope=SCOPE)
    def comments(self, call: Call) -> Json:
        """All on a file."""
        file = self.row(call, "file", call.params["number"])
        rows = [row for row in self.state["comments"].values() if row["file"] == file["id"]]
        start, size = call.whole("offset", 0, 10_000), max(1, call.whole("limit", 100))
        part = [self._comment(row) for row in rows[start : start + size]]
        return {"total_count": len(rows), "offset": start, "limit": size, "entries": part}

    @route("POST", "/2.0/tasks", scope=SCOPE)
    def task(self, call: Call) -> Answer:
        """Open a task, for nobody yet."""
        item = call.need("item")
        file = self.row(call, "file", str(item.get("id")))
        action = str(call.get("action", "review"))
        if action not in ("review", "complete"):
            raise refused(400, "bad_request", "Bad Request", errors=[{"reason": "invalid_parameter", "name": "action"}])
        due = call.get("due_at")
        row = {
            "id": self.fresh("task"), "file": file["id"], "action": action, "message": str(call.get("message", "")),
            "due": datetime.fromisoformat(due).isoformat(timespec="seconds") if due else None,
            "by": call.person.email, "at": self.now(), "for": {},
        }  # fmt: skip
        self.state["tasks"][row["id"]] = row
        return Answer(201, self._task(row))

    @route("GET", "/2.0/tasks/{id}", scope=SCOPE)
    def get_task(self, call: Call) -> Json:
        """One task."""
        return self._task(self._one(call, "tasks"))

    @route("DELETE", "/2.0/tasks/{id}", scope=SCOPE)
    def delete_task(self, call: Call) -> None:
        """Away with it."""
        del self.state["tasks"][self._one(call, "tasks")["id"]]

    @route("POST", "/2.0/task_assignments", scope=SCOPE)
    def assign(self, call: Call) -> Answer:
        """Give a task to somebody who can see the file."""
        task, login = call.need("task"), str(call.need("assign_to").get("login", "")).lower()
        row: Json | None = self.state["tasks"].get(str(task.get("id")))
        if row is None:
            raise refused(404, "not_found", "Not Found")
        person = self.company.by_email.get(login)
        file = self.row(call, "file", row["file"])
        if person is None or not self.sees(person, file):
            raise refused(403, "access_denied_insufficient_permissions", f"{login} has no access to the file")
        row["for"][login] = self.fresh("assignment")
        made = self._assignment(row, login)
        self.tell(call, "TASK_ASSIGNMENT.CREATED", made)
        return Answer(201, made)

    def _one(self, call: Call, table: str) -> Json:
        row: Json | None = self.state[table].get(call.params["id"])
        if row is None:
            raise refused(404, "not_found", "Not Found")
        self.row(call, "file", row["file"])
        return row

    def _comment(self, row: Json) -> Json:
        return {
            "type": "comment", "id": row["id"], "is_reply_comment": False, "message": row["message"],
            "created_by": self.user(row["by"]), "created_at": row["at"], "modified_at": row["at"],
            "item": {"id": row["file"], "type": "file"},
        }  # fmt: skip

    def _task(self, row: Json) -> Json:
        given = [self._assignment(row, login) for login in row["for"]]
        task: Json = {
            "type": "task", "id": row["id"], "item": self._file(row["file"]), "action": row["action"],
            "message": row["message"], "is_completed": False, "created_by": self.user(row["by"]),
            "created_at": row["at"], "completion_rule": "all_assignees",
            "task_assignment_collection": {"total_count": len(given), "entries": given},
        }  # fmt: skip
        return task | ({"due_at": row["due"]} if row["due"] else {})

    def _assignment(self, row: Json, login: str) -> Json:
        return {
            "type": "task_assignment", "id": row["for"][login], "item": self._file(row["file"]),
            "assigned_to": self.user(login), "message": row["message"], "assigned_at": row["at"],
            "resolution_state": "incomplete", "assigned_by": self.user(row["by"]),
        }  # fmt: skip

    def _file(self, number: str) -> Json:
        whole = self._whole(self.state["items"][f"file/{number}"])
        return {name: whole[name] for name in ("type", "id", "etag", "sequence_id", "name", "sha1", "file_version")}
