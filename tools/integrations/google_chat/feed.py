"""The messages as they come: each space read once, then the events that each space tells of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.records import Record, Ref
from tools.integrations.google_chat.lookup import Lookup, since
from tools.integrations.google_chat.mapping import moment, ref, to_message
from tools.kit.paging import by_cursor, take
from tools.stream import MOST, Batch

KEPT = timedelta(days=27)  # events are kept for 28 days
SKEW = timedelta(minutes=1)  # this clock may be ahead of Google's; what was read and told in it is given twice
EARLY = datetime(2000, 1, 1, tzinfo=UTC)
TYPES = " OR ".join(
    f'event_types:"google.workspace.chat.message.v1.{one}"' for one in ("created", "updated", "deleted")
)


class Feed(Lookup):
    """The stream of Google Chat; its cursor holds for each space the moment up to which it was given."""

    async def changes(self, cursor: str) -> Batch:
        """What came in each space since the cursor; a space that is new to it is read from its beginning."""
        state: dict[str, Any] = json.loads(cursor) if cursor else {"whole": {}, "events": {}}
        records, gone, has_more = list[Record](), list[Ref](), False
        for space in await take(self.spaces(), 1_000):
            name = str(space["name"])
            if name not in state["events"]:
                begun = state["whole"].setdefault(name, {"from": since(EARLY), "until": since(utc_now() - SKEW)})
                only = f'create_time > "{begun["from"]}"'
                found = await take(self.messages(name, only, "ASC"), MOST - len(records))
                records += [to_message(one) for one in found]
                if found:
                    begun["from"] = str(found[-1]["createTime"])
                if len(records) >= MOST:
                    has_more = True
                    break
                state["events"][name] = begun["until"]
                del state["whole"][name]
                continue
            there, left = await self._told(name, state)
            records += there
            gone += left
        return Batch(records, json.dumps(state), has_more, gone)

    async def _told(self, space: str, state: dict[str, Any]) -> tuple[list[Any], list[Ref]]:
        at = moment(state["events"][space]) or EARLY
        if utc_now() - at > KEPT:
            del state["events"][space]
            return [], []
        rows = by_cursor(
            self.http, f"/v1/{space}/spaceEvents", "spaceEvents", "nextPageToken", "pageToken",
            filter=f'start_time="{state["events"][space]}" AND ({TYPES})',
        )  # fmt: skip
        latest: dict[str, Mapping[str, Any] | None] = {}
        for row in await take(rows, 10_000):
            state["events"][space] = max(
                state["events"][space], str(row["eventTime"]), key=lambda one: moment(one) or EARLY
            )
            is_gone = "eleted" in str(row["eventType"]).rpartition(".")[2]
            for item in _messages(row):
                latest[str(item["name"])] = None if is_gone or item.get("deleteTime") or "text" not in item else item
        there = [to_message(item) for item in latest.values() if item]
        return there, [ref("message", name) for name, item in latest.items() if item is None]


def _messages(event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The messages that an event is about, one or many."""
    for name, data in event.items():
        if not name.endswith("EventData"):
            continue
        for one in data.get("messages") or [data]:
            if (one.get("message") or {}).get("name"):
                yield one["message"]
