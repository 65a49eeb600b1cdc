"""HubSpot's own ways: how errors are worded, and whose account it is. Each of its integrations keeps its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.errors import Forbidden, RateLimited, VendorError
from tools.integration import Account
from tools.kit.http import Answer, Http, by_status, retry_after

DAY_S = 3600.0
STATUS = {
    "EXPIRED_AUTHENTICATION": 401, "INVALID_AUTHENTICATION": 401, "MISSING_SCOPES": 403, "BANNED": 403,
    "USER_DOES_NOT_HAVE_PERMISSIONS": 403, "OBJECT_NOT_FOUND": 404, "CONFLICT": 409, "RATE_LIMITS": 429,
    "INTERNAL_ERROR": 500,
}  # fmt: skip


def understood(name: str, answer: Answer) -> VendorError | None:
    """HubSpot's `{status: error, message, category, errors}`, whatever the status of the answer."""
    data = answer.data
    if not isinstance(data, Mapping) or (answer.status < 400 and data.get("status") != "error"):
        return None
    category, said = str(data.get("category") or ""), str(data.get("message") or "")
    status = answer.status if answer.status >= 400 else STATUS.get(category, 400)
    details = [one for one in data.get("errors") or () if isinstance(one, Mapping)]
    if status == 429:
        wait = DAY_S if data.get("policyName") == "DAILY" else retry_after(answer.headers)
        return RateLimited(f"{name} asks for fewer requests.", retry_after_s=wait)
    if category == "MISSING_SCOPES":
        needed = ", ".join(scope for one in details for scope in _context(one, "requiredGranularScopes"))
        return Forbidden(
            f"Your connection to {name} lacks the permission {needed or 'for this'}.",
            status=status,
            cause=said,
            next_step="Connect it again.",
        )
    fields = {str(one["in"]): str(one.get("message") or "") for one in details if one.get("in")}
    return by_status(name, replace(answer, status=status), said, fields)


async def account_of(http: Http) -> Account:
    """The portal, and where people see it."""
    told = await http.get("/account-info/v3/details")
    portal = str(told["portalId"])
    return Account(portal, site=f"https://{told.get('uiDomain') or 'app.hubspot.com'}/contacts/{portal}")


def _context(error: Mapping[str, Any], name: str) -> list[str]:
    return [str(one) for one in (error.get("context") or {}).get(name) or ()]
