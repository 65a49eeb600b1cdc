"""Reads what was written back from GitLab, and looks there after an answer was lost."""

from __future__ import annotations

from typing import Any

from core.records import Record, Ref
from core.tool import Change
from tools.integrations.gitlab import mapping
from tools.integrations.gitlab.forge import Forge, merged, split
from tools.kit.http import Http


class Readback:
    """The part of the connector that proves and recovers."""

    http: Http

    async def read_issue(self, ref: Ref) -> Record:
        """Reads the issue again."""
        return await Forge(self.http).issue(*split(ref.id))

    async def read_merge_request(self, ref: Ref) -> Record:
        """Reads the merge request again."""
        return await Forge(self.http).pull(*split(ref.id))

    async def read_note(self, ref: Ref) -> Record:
        """Reads the comment again."""
        return await Forge(self.http).note(*split(ref.id))

    async def recover_issue(self, project: str, title: str, **_: Any) -> Change | None:
        """The new issue, if it is there."""
        return await Forge(self.http).opened_lately(project, title)

    async def recover_merge_request(
        self, project: str, source_branch: str, target_branch: str, title: str, draft: bool = False, **_: Any
    ) -> Change | None:
        """The new merge request, if it is there."""
        whole = f"Draft: {title}" if draft else title
        return await Forge(self.http).raised_lately(project, source_branch, target_branch, whole)

    async def recover_merge(self, project: str, mr: int, when_pipeline_passes: bool = False, **_: Any) -> Change | None:
        """Whether it is merged now, or set to merge by itself where that was asked."""
        now = await Forge(self.http).pull(project, mr)
        is_set = when_pipeline_passes and now.status == mapping.WAITS
        return merged(now, when_pipeline_passes) if now.is_merged or is_set else None

    async def recover_note(self, project: str, mr: int, body: str) -> Change | None:
        """The comment, if it stands on the merge request."""
        return await Forge(self.http).said_lately(project, mr, body)
