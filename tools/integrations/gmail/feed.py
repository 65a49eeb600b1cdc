"""The messages of a mailbox as they change."""

from __future__ import annotations

import json
from typing import Any

from core.errors import NotFound
from core.records import Ref
from tools.integrations.gmail.mailbox import ME, Mailbox
from tools.integrations.gmail.mapping import DRAFT, KEY, SITE, TRASH, to_message
from tools.kit.paging import dig, listed, walk
from tools.stream import Batch

BATCH = 100


class Feed(Mailbox):
    """The stream of Gmail: a page of everything, or what the history names."""

    async def changes(self, cursor: str) -> Batch:
        """All messages at first, then those that the mailbox's history names."""
        if not cursor:
            now = (await self.http.get(f"{ME}/profile"))["historyId"]
            return await self._page(str(now), None)
        state = json.loads(cursor)
        if state.get("page"):
            return await self._page(state["history"], state["page"])
        try:
            return await self._since(state["history"])
        except NotFound:  # so old that Gmail has forgotten it
            return await self.changes("")

    async def _page(self, history: str, page: str | None) -> Batch:
        data = await self.http.get(f"{ME}/messages", maxResults=BATCH, pageToken=page, q="-in:drafts")
        items = await self.many((one["id"] for one in listed(data, "messages")), is_whole=True)
        more = dig(data, "nextPageToken")
        cursor = json.dumps({"history": history} | ({"page": more} if more else {}))
        return Batch([to_message(one) for one in reversed(items)], cursor, bool(more))

    async def _since(self, history: str) -> Batch:
        last = history

        async def fetch(mark: Any) -> tuple[list[Any], Any]:
            nonlocal last
            data = await self.http.get(f"{ME}/history", startHistoryId=history, pageToken=mark, maxResults=500)
            last = str(data.get("historyId") or last)
            return listed(data, "history"), data.get("nextPageToken")

        touched: dict[str, None] = {}
        async for row in walk(fetch):
            touched |= dict.fromkeys(str(one["id"]) for one in row.get("messages") or ())
        there, gone = [], []
        for number in touched:
            try:
                item = await self.message(number)
            except NotFound:
                gone.append(number)
                continue
            if TRASH in (item.get("labelIds") or ()):
                gone.append(number)
            elif DRAFT not in (item.get("labelIds") or ()):
                there.append(to_message(item))
        refs = [Ref(integration=KEY, kind="message", id=one, url=f"{SITE}{one}") for one in gone]
        return Batch(there, json.dumps({"history": last}), gone=refs)
