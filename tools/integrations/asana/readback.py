"""Reads what was written back from Asana, and looks there after an answer was lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.errors import NotFound
from core.records import Record, Ref, Task
from core.tool import Change
from tools.integrations.asana import mapping
from tools.integrations.asana.workspace import Workspace, ref_to
from tools.kit.http import Http


class Readback:
    """The part of the connector that proves and recovers."""

    http: Http

    async def read_task(self, ref: Ref) -> Record:
        """Reads the task again."""
        return mapping.to_task(await self._workspace.item(ref.id))

    async def read_comment(self, ref: Ref) -> Record:
        """Reads the comments of the task again."""
        return _only(ref, await self._workspace.comments(ref.id.partition("/")[0]))

    async def read_status(self, ref: Ref) -> Record:
        """Reads the latest updates of the project again."""
        return _only(ref, await self._workspace.updates(ref.id.partition("/")[0]))

    async def recover_task(
        self, name: str, project: str | None = None, assignee: str | None = None, **_: Any
    ) -> Change | None:
        """The new task, if it is there."""
        return await self._workspace.created_lately(name, project, assignee)

    async def recover_comment(self, task: str, text: str) -> Change | None:
        """The comment, if it stands on the task."""
        return await self._workspace.said_lately(task, text)

    async def recover_status(self, project: str, status: str, text: str, title: str | None = None) -> Change | None:
        """The update, if the project has it."""
        return await self._workspace.posted_lately(project, status, text, title)

    async def recover_delete(self, task: str) -> Change | None:
        """Whether the task is gone."""
        try:
            await self._workspace.item(task)
        except NotFound:
            return Change(Task(ref=ref_to("task", task)), is_gone=True)
        return None

    @property
    def _workspace(self) -> Workspace:
        return Workspace(self.http)


def _only(ref: Ref, found: Sequence[Record]) -> Record:
    for one in found:
        if one.ref.id == ref.id:
            return one
    raise NotFound("It is no longer in Asana.")
