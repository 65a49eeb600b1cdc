"""The streams of mails and meetings: Graph's delta queries, folder by folder for mail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import utc_now
from core.errors import NotFound
from core.records import Record, Ref
from tools.integrations.outlook.mapping import KEY, to_meeting, to_message
from tools.kit.http import Http
from tools.kit.microsoft import changes, in_utc
from tools.stream import Batch

BACK, AHEAD = timedelta(days=30), timedelta(days=365)
SKIPPED = {"drafts", "outbox", "deleted items", "junk email", "conversation history", "sync issues"}


async def mails(http: Http, cursor: str, folders: Mapping[str, str]) -> Batch:
    """The next page of some folder. The cursor has a place for each folder, and those not yet asked in this round."""
    told = json.loads(cursor) if cursor else {"places": {}, "left": []}
    places: dict[str, str] = told["places"]
    left: list[str] = told["left"]
    if not left:
        left = [number for number, name in folders.items() if name.lower() not in SKIPPED]
    folder, *left = left
    try:
        page = await changes(http, f"/me/mailFolders/{folder}/messages/delta", places.get(folder, ""))
    except NotFound:  # the folder is gone, or its place is so old that it begins anew
        is_old = bool(places.pop(folder, ""))
        left = [folder, *left] if is_old and folder in folders else left
        return Batch([], json.dumps({"places": places, "left": left}), bool(left))
    places[folder] = page.cursor
    left = [folder, *left] if page.has_more else left
    records: list[Record] = []
    gone: list[Ref] = []
    for item in page.items:
        if "@removed" not in item:
            records += [] if item.get("isDraft") else [to_message(item, folders)]
            continue
        try:  # out of this folder is not out of the mailbox
            now = await http.get(f"/me/messages/{item['id']}")
        except NotFound:
            now = {}
        if folders.get(str(now.get("parentFolderId")), "").lower() in {"", *SKIPPED}:
            gone.append(Ref(integration=KEY, kind="message", id=str(item["id"])))
    return Batch(records, json.dumps({"places": places, "left": left}), bool(left), gone)


async def meetings(http: Http, cursor: str, zone: ZoneInfo) -> Batch:
    """The next page of a month back and a year ahead of the day on which the stream began; a series is one record."""
    now = utc_now()
    query = {"startDateTime": in_utc(now - BACK), "endDateTime": in_utc(now + AHEAD)}
    try:
        page = await changes(http, "/me/calendarView/delta", cursor, query)
    except NotFound:  # so old that Graph has forgotten it
        return Batch([], "", has_more=bool(cursor))
    live: list[Any] = [one for one in page.items if "@removed" not in one and one.get("type") != "occurrence"]
    gone = [Ref(integration=KEY, kind="event", id=str(one["id"])) for one in page.items if "@removed" in one]
    return Batch([to_meeting(one, zone) for one in live], page.cursor, page.has_more, gone)
