"""The stream of channel posts: Graph's delta queries, channel by channel."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import NotFound
from core.records import Ref
from tools.integrations.teams.mapping import KEY, is_said, to_message
from tools.kit.http import Http
from tools.kit.microsoft import changes
from tools.stream import Batch


async def posts(http: Http, told: Mapping[str, Any], channels: Sequence[str]) -> Batch:
    """The next page of some channel. The cursor has a place for each, and those not yet asked in this round."""
    places: dict[str, str] = dict(told.get("places") or {})
    left: list[str] = list(told.get("left") or channels)
    if not left:
        return Batch([], json.dumps({"places": places, "left": []}))
    channel, *left = left
    try:
        page = await changes(http, f"/{channel}/messages/delta", places.get(channel, ""))
    except NotFound:  # the channel is gone, or its place is so old that it begins anew
        is_old = bool(places.pop(channel, ""))
        left = [channel, *left] if is_old and channel in channels else left
        return Batch([], json.dumps({"places": places, "left": left}), bool(left))
    places[channel] = page.cursor
    left = [channel, *left] if page.has_more else left
    there = [to_message(one, channel) for one in page.items if "@removed" not in one and is_said(one)]
    gone = [
        Ref(integration=KEY, kind="message", id=f"{channel}/messages/{one['id']}")
        for one in page.items
        if "@removed" in one or one.get("deletedDateTime")
    ]
    return Batch(there, json.dumps({"places": places, "left": left}), bool(left), gone)
