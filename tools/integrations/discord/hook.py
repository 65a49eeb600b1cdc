"""What Discord sends over HTTP: the ping at set-up, interactions of members with the bot, events of the app."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.records import Ref
from tools.integrations.discord.mapping import link, moment_of
from tools.kit.webhook import Delivery, Greeting, Signature, WebhookEvent


def greeting(delivery: Delivery, secret: str, signature: Signature) -> Greeting | None:
    """The answer to a ping: of interactions its own type, of app events nothing.

    Discord pings with false signatures too, and turns an address away that does not refuse them.

    Raises:
        BadSignature: the ping is forged.
    """
    told = delivery.data
    if not isinstance(told, Mapping) or "data" in told or "event" in told or told.get("type") not in (0, 1):
        return None
    signature.verify(delivery, secret)
    if told["type"] == 0:
        return Greeting(204)
    return Greeting(200, json.dumps({"type": 1}), {"content-type": "application/json"})


def events(delivery: Delivery) -> list[WebhookEvent]:
    """The one thing that a delivery tells."""
    told: Mapping[str, Any] = delivery.data
    if "event" in told:
        event = told["event"]
        at = datetime.fromisoformat(event["timestamp"])
        return [WebhookEvent(f"{event['type']}:{event['timestamp']}", event["type"], None, at)]
    data = told.get("data") or {}
    channel, message = told.get("channel_id"), data.get("target_id") or (told.get("message") or {}).get("id")
    ref = None
    if message and channel:
        url = link(str(told.get("guild_id") or "@me"), channel, message)
        ref = Ref(integration="discord", kind="message", id=f"{channel}/{message}", url=url)
    kind = f"INTERACTION_CREATE {data.get('name') or data.get('custom_id') or ''}".strip()
    return [WebhookEvent(str(told["id"]), kind, ref, moment_of(told["id"]))]
