"""What Slack sends by itself: messages, reactions, channels and people that came, changed or went."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.records import Ref
from tools.kit.webhook import Delivery, Greeting, WebhookEvent


def to_events(delivery: Delivery) -> list[WebhookEvent]:
    """The one event of a delivery."""
    data = delivery.data
    event = data["event"]
    kind = ".".join(filter(None, (event["type"], event.get("subtype"))))
    at = datetime.fromtimestamp(int(data["event_time"]), UTC)
    return [WebhookEvent(data["event_id"], kind, _ref(event), at)]


def to_greeting(delivery: Delivery) -> Greeting | None:
    """The challenge that Slack sends when the address is entered."""
    data = delivery.data
    if not isinstance(data, Mapping) or data.get("type") != "url_verification":
        return None
    return Greeting(body=str(data.get("challenge", ""))[:200], headers={"content-type": "text/plain"})


def _ref(event: Mapping[str, Any]) -> Ref | None:
    item = event.get("item") or event
    channel = item.get("channel")
    if isinstance(channel, Mapping):
        return Ref(integration="slack", kind="channel", id=channel["id"], key=f"#{channel.get('name', '')}")
    stamp = (event.get("message") or event.get("previous_message") or {}).get("ts") or item.get("ts")
    if channel and stamp:
        return Ref(integration="slack", kind="message", id=f"{channel}/{stamp}", key=stamp)
    return Ref(integration="slack", kind="channel", id=channel) if channel else None
