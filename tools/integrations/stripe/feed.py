"""What Stripe sends by itself, and lists for thirty days: everything that happened to an object."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from core.records import Ref
from tools.kit.webhook import Delivery, WebhookEvent

CHANGES = ("invoice.created", "invoice.updated", "invoice.finalized", "invoice.sent", "invoice.paid",
           "invoice.payment_failed", "invoice.voided", "invoice.marked_uncollectible", "invoice.deleted")  # fmt: skip
NONE = "evt_none"
KINDS = {"payment_intent": "payment", "charge": "charge", "subscription": "subscription"}


def to_events(delivery: Delivery) -> list[WebhookEvent]:
    """The one event of a delivery."""
    return [to_event(delivery.data)]


async def until(events: AsyncIterator[Any], last: str) -> AsyncIterator[Any]:
    """The events that are newer than one."""
    async for event in events:
        if event["id"] == last:
            return
        yield event


def to_event(item: Mapping[str, Any]) -> WebhookEvent:
    """An event as Stripe writes it."""
    about = item["data"]["object"]
    kind = KINDS.get(about["object"], about["object"])
    ref = Ref(integration="stripe", kind=kind, id=about["id"], key=about.get("number") or "") if "id" in about else None
    return WebhookEvent(item["id"], item["type"], ref, datetime.fromtimestamp(int(item["created"]), UTC))
