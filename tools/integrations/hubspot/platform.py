"""HubSpot's own ways: how errors are worded, how deliveries are signed, whose account it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from core.errors import Forbidden, RateLimited, VendorError
from core.records import Ref
from tools.integration import Account
from tools.kit.http import Answer, Http, by_status, retry_after
from tools.kit.webhook import Delivery, WebhookEvent, seconds

DAY_S = 3600.0
STATUS = {
    "EXPIRED_AUTHENTICATION": 401, "INVALID_AUTHENTICATION": 401, "MISSING_SCOPES": 403, "BANNED": 403,
    "USER_DOES_NOT_HAVE_PERMISSIONS": 403, "OBJECT_NOT_FOUND": 404, "CONFLICT": 409, "RATE_LIMITS": 429,
    "INTERNAL_ERROR": 500,
}  # fmt: skip
KINDS = {"0-1": "contact", "0-2": "company", "0-3": "deal", "0-46": "note", "0-27": "task"}


def understood(name: str, answer: Answer) -> VendorError | None:
    """HubSpot's `{status: error, message, category, errors}`, whatever the status of the answer."""
    data = answer.data
    if not isinstance(data, Mapping) or (answer.status < 400 and data.get("status") != "error"):
        return None
    category, said = str(data.get("category") or ""), str(data.get("message") or "")
    status = answer.status if answer.status >= 400 else STATUS.get(category, 400)
    details = [one for one in data.get("errors") or () if isinstance(one, Mapping)]
    if status == 429:
        wait = retry_after(answer.headers)
        is_daily = data.get("policyName") == "DAILY"
        return RateLimited(f"{name} asks for fewer requests.", retry_after_s=DAY_S if is_daily else wait)
    if category == "MISSING_SCOPES":
        needed = ", ".join(scope for one in details for scope in _context(one, "requiredGranularScopes"))
        return Forbidden(
            f"Your connection to {name} lacks the permission {needed or 'for this'}.",
            status=status,
            cause=said,
            next_step="Connect it again.",
        )
    fields = {field: str(one.get("message") or "") for one in details for field in _fields(one)}
    return by_status(name, replace(answer, status=status), said, fields)


def signature_v3(delivery: Delivery) -> tuple[bytes, list[str], int | None]:
    """Base64 HMAC over method, address, body and a time in milliseconds."""
    stamp = delivery.headers.get("x-hubspot-request-timestamp", "")
    signed = f"{delivery.method}{delivery.url}".encode() + delivery.body + stamp.encode()
    return signed, [delivery.headers.get("x-hubspot-signature-v3", "")], seconds(stamp)


def to_events(integration: str, delivery: Delivery) -> list[WebhookEvent]:
    """A delivery is a list of events; an event's own id is not unique, so more goes into ours."""
    found = []
    for one in delivery.data or ():
        title = str(one["subscriptionType"])
        kind = title.partition(".")[0]
        kind = KINDS.get(str(one.get("objectTypeId") or ""), kind)
        marks = (one.get("eventId"), one.get("subscriptionId"), one["objectId"], one["occurredAt"])
        ref = Ref(integration=integration, kind=kind, id=str(one["objectId"]))
        at = datetime.fromtimestamp(one["occurredAt"] / 1000, UTC)
        found.append(WebhookEvent("-".join(map(str, marks)), title.replace("object", kind), ref, at))
    return found


async def account_of(http: Http) -> Account:
    """The portal, and where people see its records."""
    told = await http.get("/account-info/v3/details")
    portal = str(told["portalId"])
    return Account(portal, site=f"https://{told.get('uiDomain') or 'app.hubspot.com'}/contacts/{portal}")


def _context(error: Mapping[str, Any], name: str) -> list[str]:
    return [str(one) for one in (error.get("context") or {}).get(name) or ()]


def _fields(error: Mapping[str, Any]) -> list[str]:
    named = _context(error, "propertyName") or [error.get("name") or error.get("in") or ""]
    return [str(one) for one in named if one]
