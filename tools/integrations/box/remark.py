"""What people say on a file in Box, and what they are asked to do with it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from core.errors import Forbidden, NotFound, Rejected
from core.records import Party
from core.tool import Call, Change
from tools.declare import Text, Who, tool
from tools.integrations.box import mapping
from tools.integrations.box.lookup import SCOPES, UNDO, FileName, Lookup
from tools.integrations.box.mapping import given


class Remarks(Lookup):
    """The tools for comments and tasks."""

    @tool("write", scopes=SCOPES, proof="read_comment", undo="delete_comment", recover="recover_comment")
    async def comment_on_file(
        self,
        file: Annotated[FileName, "the file, by name, path or link"],
        text: Annotated[Text, "the comment"],
    ) -> Change:
        """Leave a comment on a file."""
        return self.said(
            await self.http.post("/comments", {"message": text, "item": {"type": "file", "id": file}}), text
        )

    @tool("write", scopes=SCOPES, proof="read_task", undo="delete_task")
    async def assign_task(
        self,
        file: Annotated[FileName, "the file, by name, path or link"],
        assignee: Annotated[Who, "who is asked"],
        message: Annotated[Text | None, "what they should do"] = None,
        due: Annotated[datetime | None, "until when"] = None,
        action: Annotated[Literal["review", "complete"], "whether they approve it or tick it off"] = "review",
    ) -> Change:
        """Ask a person to review or complete something on a file."""
        body = given(message=message, due_at=due.isoformat() if due else None, action=action)
        task = await self.http.post("/tasks", {"item": {"type": "file", "id": file}, **body})
        who = {"task": {"type": "task", "id": task["id"]}, "assign_to": {"login": assignee}}
        try:
            await self.http.post("/task_assignments", who)
        except (Forbidden, NotFound, Rejected):  # a task for nobody would stay behind
            await self.http.send("DELETE", f"/tasks/{task['id']}")
            raise
        expect = given(assignee=Party(id=assignee.lower()), description=message, due_at=due, kind=action)
        return Change(mapping.to_task(task), expect, undo=Call(tool="box.delete_task", args={"task": str(task["id"])}))

    @tool("destructive", scopes=SCOPES, proof="read_comment", irreversible=UNDO, is_hidden=True)
    async def delete_comment(self, comment: Annotated[str, "id"]) -> Change:
        """Delete a comment."""
        before = mapping.to_comment(await self.http.get(f"/comments/{comment}"))
        await self.http.send("DELETE", f"/comments/{comment}", is_repeatable=True)
        return Change(before, is_gone=True)

    @tool("destructive", scopes=SCOPES, proof="read_task", irreversible=UNDO, is_hidden=True)
    async def delete_task(self, task: Annotated[str, "id"]) -> Change:
        """Delete a task."""
        before = mapping.to_task(await self.http.get(f"/tasks/{task}"))
        await self.http.send("DELETE", f"/tasks/{task}", is_repeatable=True)
        return Change(before, is_gone=True)
