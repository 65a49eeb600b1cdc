"""Reads what was written back from monday.com, and looks there after an answer was lost."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.records import Record, Ref
from core.tool import Change
from tools.integrations.monday import mapping
from tools.integrations.monday.desk import Desk
from tools.kit.http import Http


class Readback:
    """The part of the connector that proves and recovers."""

    http: Http

    async def read_item(self, ref: Ref) -> Record:
        """Reads the item again."""
        return mapping.to_task(await Desk(self.http).item(ref.id))

    async def read_update(self, ref: Ref) -> Record:
        """Reads the update again."""
        return await Desk(self.http).one_update(ref.id)

    async def recover_create(self, board: str, name: str, **_: Any) -> Change | None:
        """The new item, if it is there."""
        return await Desk(self.http).created_lately(board, name)

    async def recover_change(
        self,
        board: str,
        item: str,
        status: str | None = None,
        person: str | None = None,
        date: date | None = None,
        columns: str | None = None,
    ) -> Change | None:
        """The change, if the item holds what was asked for."""
        return await Desk(self.http).updated(board, item, status, person, date, columns)

    async def recover_move(self, item: str, group: str) -> Change | None:
        """The move, if the item stands there."""
        return await Desk(self.http).moved(item, group)

    async def recover_post(self, item: str, body: str, **_: Any) -> Change | None:
        """The update, if it stands on the item."""
        return await Desk(self.http).posted_lately(item, body)

    async def recover_archive(self, item: str) -> Change | None:
        """Whether the item is archived."""
        return await Desk(self.http).archived(item)

    async def recover_delete(self, item: str) -> Change | None:
        """Whether the item is gone."""
        return await Desk(self.http).deleted(item)
