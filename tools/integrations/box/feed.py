"""The stream of Box files: folder by folder at first, then by the events of the account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.records import Document
from tools.integrations.box.mapping import FIELDS, TOP, ref, to_document
from tools.kit.http import Http
from tools.kit.paging import by_cursor, listed, take
from tools.stream import MOST, Batch

CHANGES = {
    "ITEM_CREATE", "ITEM_UPLOAD", "ITEM_MODIFY", "ITEM_MOVE", "ITEM_COPY", "ITEM_RENAME", "ITEM_UNDELETE_VIA_TRASH",
    "ITEM_SHARED_CREATE", "ITEM_SHARED_UNSHARE", "ITEM_SHARED", "ITEM_TRASH",
}  # fmt: skip
EVENTS = 500


async def files(http: Http, cursor: str) -> Batch:
    """The next batch. The cursor holds a position among the events, and the folders that were not yet looked into."""
    if not cursor:
        now = await http.get("/events", stream_position="now")
        return await _look(http, str(now["next_stream_position"]), [TOP])
    told = json.loads(cursor)
    if told["folders"]:
        return await _look(http, told["position"], told["folders"])
    return await _changes(http, told["position"])


async def _look(http: Http, position: str, folders: list[str]) -> Batch:
    found: list[Document] = []
    while folders and len(found) < MOST:
        folder, *folders = folders
        items = by_cursor(
            http, f"/folders/{folder}/items", "entries", "next_marker", "marker",
            usemarker="true", limit=1000, fields=FIELDS,
        )  # fmt: skip
        for item in await take(items, 100_000):
            if item["type"] == "folder":
                folders.append(str(item["id"]))
            elif item["type"] == "file":
                found.append(to_document(item))
    return Batch(found, _cursor(position, folders), bool(folders))


async def _changes(http: Http, position: str) -> Batch:
    data = await http.get("/events", stream_type="changes", stream_position=position, limit=EVENTS)
    there: dict[str, Document | None] = {}
    folders: list[str] = []
    events = listed(data, "entries")
    for event in events:
        source = event.get("source") or {}
        if event.get("event_type") not in CHANGES or source.get("type") not in ("file", "folder"):
            continue
        number = str(source["id"])
        is_gone = event["event_type"] == "ITEM_TRASH" or source.get("item_status", "active") != "active"
        if source["type"] == "folder":  # files that came back with their folder have no event of their own
            folders += [number] if event["event_type"] in ("ITEM_UNDELETE_VIA_TRASH", "ITEM_COPY") else []
            continue
        there.pop(number, None)
        there[number] = None if is_gone else to_document(source)
    gone = [ref("file", number) for number, record in there.items() if record is None]
    records = [record for record in there.values() if record is not None]
    has_more = len(events) >= EVENTS or bool(folders)
    return Batch(records, _cursor(_next(data, position), folders), has_more, gone)


def _next(data: Mapping[str, Any], position: str) -> str:
    return str(data.get("next_stream_position") or position)


def _cursor(position: str, folders: list[str]) -> str:
    return json.dumps({"position": position, "folders": folders})
