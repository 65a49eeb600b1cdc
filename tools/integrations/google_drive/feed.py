"""The files as they change: all of them once, then what Drive's change tokens give."""

from __future__ import annotations

import json
from typing import Any

from core.records import Ref
from tools.integrations.google_drive.mapping import FIELDS, ref, to_document
from tools.kit.http import Http
from tools.kit.paging import listed
from tools.stream import Batch

ALL: dict[str, Any] = {"supportsAllDrives": True, "includeItemsFromAllDrives": True}


async def files(http: Http, cursor: str) -> Batch:
    """A batch; the cursor holds a change token, and the page while all files are given for the first time."""
    state = json.loads(cursor) if cursor else {}
    if not state:
        start = await http.get("/changes/startPageToken", supportsAllDrives=True)
        state = {"token": start["startPageToken"], "page": ""}
    if "page" in state:
        return await _page(http, state)
    return await _changes(http, state["token"])


async def _page(http: Http, state: dict[str, str]) -> Batch:
    fields = f"nextPageToken,files({FIELDS})"
    data = await http.get(
        "/files", q="trashed = false", pageSize=200, pageToken=state["page"] or None, fields=fields,
        orderBy="modifiedTime", **ALL,
    )  # fmt: skip
    more = data.get("nextPageToken")
    kept = {"token": state["token"]} | ({"page": more} if more else {})
    return Batch([to_document(one) for one in listed(data, "files")], json.dumps(kept), bool(more))


async def _changes(http: Http, token: str) -> Batch:
    about = f"fileId,removed,changeType,file({FIELDS})"
    fields = f"nextPageToken,newStartPageToken,changes({about})"
    data = await http.get("/changes", pageToken=token, pageSize=200, includeRemoved=True, fields=fields, **ALL)
    records, gone = [], list[Ref]()
    for row in listed(data, "changes"):
        if row.get("changeType", "file") != "file":
            continue
        item = row.get("file") or {}
        if row.get("removed") or item.get("trashed"):
            gone.append(ref(str(row["fileId"])))
        elif item:
            records.append(to_document(item))
    more = data.get("nextPageToken")
    return Batch(records, json.dumps({"token": more or data["newStartPageToken"]}), bool(more), gone)
