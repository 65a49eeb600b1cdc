"""What Shopify's errors mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import (
    Conflict,
    Forbidden,
    NotFound,
    RateLimited,
    Rejected,
    TokenExpired,
    VendorError,
    VendorUnavailable,
)
from tools.kit.http import Answer, by_status

FROZEN, THROTTLED = 402, 429


def understood(answer: Answer) -> VendorError | None:
    """The error in an answer: a sentence beside a status, or a list with HTTP 200; None where there is none."""
    errors = answer.data.get("errors") if isinstance(answer.data, Mapping) else None
    if answer.status == FROZEN:
        return Forbidden("The shop is frozen: its bill at Shopify is not paid.", status=FROZEN, cause=str(errors))
    if not errors or answer.status == THROTTLED:
        return None
    if isinstance(errors, Sequence) and not isinstance(errors, str) and isinstance(errors[0], Mapping):
        return _listed(errors[0], answer)
    if answer.status >= 400:
        return by_status("Shopify", answer, str(errors)[:300])
    return VendorUnavailable("Shopify answered with an error.", status=answer.status, cause=str(errors)[:300])


def refused(payload: Mapping[str, Any]) -> VendorError | None:
    """The error that a mutation's own answer tells; None where it did its work."""
    errors = payload.get("userErrors") or payload.get("orderCancelUserErrors")
    if not errors:
        return None
    said = "; ".join(str(one["message"]) for one in errors)
    codes = {str(one.get("code") or "") for one in errors}
    cause = f"{' '.join(sorted(codes))} {said}".strip()
    if "NOT_FOUND" in codes or "does not exist" in said or "not found" in said.lower():
        return NotFound(f"It is not in Shopify. Shopify says: {said}", cause=cause)
    if any("PERMISSION" in code for code in codes):
        return Forbidden(f"You may not do this in Shopify. Shopify says: {said}", cause=cause)
    if any(word in said.lower() for word in ("already", "cannot be", "can't be", "cannot cancel")):
        return Conflict(f"Shopify cannot do this as things stand. Shopify says: {said}", cause=cause)
    fields = {".".join(map(str, one.get("field") or ("base",))): str(one["message"]) for one in errors}
    return Rejected(f"Shopify refused the values. Shopify says: {said}", fields=fields, cause=cause)


def _listed(error: Mapping[str, Any], answer: Answer) -> VendorError:
    more = error.get("extensions") or {}
    code, said = str(more.get("code") or ""), str(error.get("message") or "")
    cause = f"{code} {said}".strip()
    if code == "THROTTLED":
        return RateLimited("Shopify asks for fewer requests.", retry_after_s=_wait_s(answer.data), status=answer.status)
    if code == "ACCESS_DENIED":
        needed = f" It needs: {more['requiredAccess']}" if more.get("requiredAccess") else f" Shopify says: {said}"
        return Forbidden(f"You may not do this in Shopify.{needed}", status=403, cause=cause)
    if code == "SHOP_INACTIVE":
        return Forbidden("The shop is not active.", status=403, cause=cause)
    if code in ("UNAUTHORIZED", "INVALID_TOKEN"):
        return TokenExpired("Shopify no longer accepts the sign-in.", status=401, cause=cause)
    if code in ("INTERNAL_SERVER_ERROR", "TIMEOUT") or answer.status >= 500:
        return VendorUnavailable("Shopify is having trouble.", status=answer.status, cause=cause)
    if code in ("RESOURCE_NOT_FOUND", "NOT_FOUND"):
        return NotFound("It is not in Shopify, or you may not see it.", status=404, cause=cause)
    return Rejected(f"Shopify refused the request. Shopify says: {said}", status=answer.status, cause=cause)


def _wait_s(data: Mapping[str, Any]) -> float | None:
    """Seconds until there are points enough again for what the query costs."""
    cost = (data.get("extensions") or {}).get("cost") or {}
    status = cost.get("throttleStatus") or {}
    wanted, rate = cost.get("requestedQueryCost"), status.get("restoreRate")
    if not wanted or not rate:
        return None
    return max(0.0, math.ceil((float(wanted) - float(status.get("currentlyAvailable") or 0)) / float(rate)))
