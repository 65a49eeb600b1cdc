"""What Zoom sends by itself: the challenge at set-up, and its events."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from core.errors import BadSignature
from tools.integrations.zoom.mapping import meeting_ref, to_recording
from tools.kit.webhook import Delivery, Greeting, WebhookEvent


def greeting(delivery: Delivery, secret: str) -> Greeting | None:
    """The answer to a challenge: its token, signed.

    Only a bare token is answered, for whoever may have any text signed could sign a delivery.

    Raises:
        BadSignature: it is no bare token.
    """
    told = delivery.data
    if not isinstance(told, Mapping) or told.get("event") != "endpoint.url_validation":
        return None
    token = str((told.get("payload") or {}).get("plainToken"))
    if not re.fullmatch(r"[\w-]{1,128}", token, re.ASCII):
        raise BadSignature("This is no challenge of Zoom's.")
    signed = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    body = json.dumps({"plainToken": token, "encryptedToken": signed})
    return Greeting(200, body, {"content-type": "application/json"})


def events(delivery: Delivery) -> list[WebhookEvent]:
    """One event a delivery; Zoom numbers none, so its name, its record and its moment are the id."""
    told = delivery.data
    row, ms = told["payload"]["object"], int(told["event_ts"])
    is_recording = told["event"].startswith("recording.")
    ref = to_recording(row).ref if is_recording else meeting_ref(row["id"], row.get("join_url") or "")
    who = (row.get("participant") or row.get("registrant") or {}).get("id", "")
    mark = f"{told['event']}:{row.get('uuid') or row['id']}:{who}:{ms}"
    return [WebhookEvent(mark, told["event"], ref, datetime.fromtimestamp(ms / 1000, UTC))]
