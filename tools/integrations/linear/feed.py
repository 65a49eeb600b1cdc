"""What Linear sends by itself: issues, comments and projects that were made, changed or removed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from core.errors import BadSignature
from core.records import Ref
from tools.kit.webhook import Delivery, WebhookEvent

KINDS = {"Issue": "issue", "Comment": "comment", "Project": "project", "ProjectUpdate": "project_update"}


def signed(delivery: Delivery) -> tuple[bytes, list[str], int | None]:
    """The hex HMAC of the raw body; the time stands in the body, in milliseconds."""
    try:
        stamp = int(json.loads(delivery.body)["webhookTimestamp"]) // 1000
    except (ValueError, KeyError, TypeError) as error:
        raise BadSignature("The delivery carries no time.") from error
    return delivery.body, [delivery.headers.get("linear-signature", "")], stamp


def to_events(delivery: Delivery) -> list[WebhookEvent]:
    """The one event of a delivery."""
    data = delivery.data
    row, stamp = data["data"], int(data["webhookTimestamp"])
    kind = KINDS.get(data["type"], data["type"].lower())
    ref = Ref(integration="linear", kind=kind, id=row["id"], key=row.get("identifier", ""), url=data.get("url") or "")
    named = delivery.headers.get("linear-delivery") or f"{data['type']}:{row['id']}:{stamp}"
    people = (row["assigneeId"],) if row.get("assigneeId") else ()
    moment = datetime.fromtimestamp(stamp / 1000, UTC)
    return [WebhookEvent(named, f"{data['type']}.{data['action']}", ref, moment, people)]
