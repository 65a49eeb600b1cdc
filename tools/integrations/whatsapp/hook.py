"""What WhatsApp sends by itself: the check of the address at set-up, messages, deliveries, changes of templates."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from core.errors import BadSignature
from core.records import Ref
from tools.integrations.whatsapp.mapping import message_ref
from tools.kit.webhook import Delivery, Greeting, WebhookEvent


def greeting(delivery: Delivery, secret: str) -> Greeting | None:
    """The answer to the check of the address: its challenge.

    The verify token is the end of the address itself, or the secret; the first is better, for Meta sends it openly.

    Raises:
        BadSignature: it is another, or the challenge is no number.
    """
    if delivery.method != "GET" or delivery.query.get("hub.mode") != "subscribe":
        return None
    token, challenge = delivery.query.get("hub.verify_token", ""), delivery.query.get("hub.challenge", "")
    end = delivery.url.partition("?")[0].rpartition("/")[2]
    known = [one.encode() for one in (end, secret) if one]
    if not any(hmac.compare_digest(one, token.encode()) for one in known) or not challenge.isdigit():
        raise BadSignature("The verify token does not match.")
    return Greeting(200, challenge, {"content-type": "text/plain"})


def events(delivery: Delivery) -> list[WebhookEvent]:
    """Everything that a delivery tells, in order."""
    return [
        event
        for entry in delivery.data["entry"]
        for change in entry["changes"]
        for event in _of(str(change["field"]), change["value"], entry)
    ]


def _of(field: str, value: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    for row in value.get("messages") or ():
        yield WebhookEvent(str(row["id"]), field, message_ref(str(row["id"])), _moment(row.get("timestamp")))
    for row in value.get("statuses") or ():
        ref, kind = message_ref(str(row["id"])), f"{field}.{row['status']}"
        yield WebhookEvent(f"{row['id']}:{row['status']}", kind, ref, _moment(row.get("timestamp")))
    for row in value.get("groups") or ():
        kind, group = str(row.get("type") or ""), str(row.get("group_id") or "")
        mark = f"{row.get('request_id') or row.get('timestamp')}:{kind}:{group}"
        whose = Ref(integration="whatsapp", kind="group", id=group) if group else None
        yield WebhookEvent(mark, f"{field}.{kind}", whose, _moment(row.get("timestamp")))
    if not any(value.get(name) for name in ("messages", "statuses", "groups")):
        told = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
        template = value.get("message_template_id")
        which = Ref(integration="whatsapp", kind="template", id=str(template)) if template else None
        yield WebhookEvent(f"{entry.get('id')}:{field}:{told}", field, which, _moment(entry.get("time")))


def _moment(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None
