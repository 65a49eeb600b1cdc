"""What Google sends by itself: that something in a calendar changed, and not what."""

from __future__ import annotations

from core.records import Ref
from tools.kit.webhook import Delivery, WebhookEvent


def to_events(delivery: Delivery) -> list[WebhookEvent]:
    """The one event of a delivery; the first message of a channel, which only says that it is open, is none."""
    headers = delivery.headers
    state = headers.get("x-goog-resource-state", "")
    if state == "sync":
        return []
    calendar = headers.get("x-goog-resource-uri", "").partition("/calendars/")[2].partition("/")[0]
    mark = f"{headers['x-goog-channel-id']}:{headers['x-goog-message-number']}"
    ref = Ref(integration="google_calendar", kind="calendar", id=calendar) if calendar else None
    return [WebhookEvent(mark, state, ref)]
