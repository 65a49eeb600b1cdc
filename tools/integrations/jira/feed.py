"""What Jira sends by itself: issues, comments and work logs that were made, changed or deleted."""

from __future__ import annotations

from datetime import UTC, datetime

from core.records import Ref
from tools.kit.webhook import Delivery, WebhookEvent


def to_events(delivery: Delivery) -> list[WebhookEvent]:
    """The one event of a delivery."""
    data = delivery.data
    kind, stamp, issue = str(data["webhookEvent"]), int(data["timestamp"]), data.get("issue") or {}
    ref = Ref(integration="jira", kind="issue", id=str(issue["id"]), key=issue["key"]) if issue else None
    if ref and data.get("comment"):
        ref = Ref(integration="jira", kind="comment", id=f"{ref.key}/{data['comment']['id']}", key=ref.key)
    assignee = (issue.get("fields") or {}).get("assignee") or {}
    people = (assignee["accountId"],) if assignee.get("accountId") else ()
    named = delivery.headers.get("x-atlassian-webhook-identifier")
    return [
        WebhookEvent(
            named or f"{kind}:{ref.id if ref else ''}:{stamp}",
            kind,
            ref,
            datetime.fromtimestamp(stamp / 1000, UTC),
            people,
        )
    ]
