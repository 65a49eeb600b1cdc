"""What Google's APIs share: the sign-in, and errors as `{error: {code, message, status, errors, details}}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.errors import Conflict, Forbidden, RateLimited, VendorError
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status, retry_after

SOON = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}
LATER = {"quotaExceeded", "dailyLimitExceeded", "sharingRateLimitExceeded"}
SCOPE = {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}
OFF = {"accessNotConfigured", "SERVICE_DISABLED"}
LATER_S = 3600.0


def google_oauth(*scopes: str) -> OAuth2:
    """The consent of one person; offline, so that the connection outlives an hour."""
    return OAuth2(
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        revoke_url="https://oauth2.googleapis.com/revoke",
        scopes=scopes,
        extra={"access_type": "offline", "prompt": "consent"},
    )


def google_error(name: str, answer: Answer) -> VendorError | None:
    """The error that an answer means, also one that came with a 200; None where there is none."""
    error = answer.data.get("error") if isinstance(answer.data, Mapping) else None
    if not isinstance(error, Mapping):
        return None
    status = answer.status if answer.status >= 400 else int(error.get("code") or 500)
    reasons, said = _reasons(error), str(error.get("message") or "")
    if status == 403 and reasons & SCOPE:
        return Forbidden(f"The connection to {name} lacks a scope for this{_needed(answer)}.", status=403, cause=said)
    if status == 403 and reasons & OFF:
        return Forbidden(f"The API of {name} is not switched on for the app.", status=403, cause=said)
    if status in (403, 429) and reasons & LATER:
        return RateLimited(f"The quota of {name} is used up.", retry_after_s=LATER_S, status=status)
    if status == 429 or (status == 403 and reasons & SOON):
        wait = retry_after(answer.headers)
        return RateLimited(f"{name} asks for fewer requests.", retry_after_s=wait, status=status)
    if status == 400 and error.get("status") == "FAILED_PRECONDITION":
        return Conflict(f"{name} cannot do this as things stand. {name} says: {said}", status=status, cause=said)
    return by_status(name, replace(answer, status=status), said, _fields(error))


def _reasons(error: Mapping[str, Any]) -> set[str]:
    rows = [*(error.get("errors") or ()), *(error.get("details") or ())]
    return {str(row.get("reason") or "") for row in rows}


def _fields(error: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with which field: Google's `fieldViolations`, or the `location` of an older API."""
    found: dict[str, str] = {}
    for row in error.get("details") or ():
        found |= {str(one.get("field")): str(one.get("description")) for one in row.get("fieldViolations") or ()}
    for row in error.get("errors") or ():
        if row.get("location"):
            found[str(row["location"])] = str(row.get("message"))
    return found


def _needed(answer: Answer) -> str:
    """The scopes that the header `WWW-Authenticate` names, by their last words."""
    hit = re.search(r'scope="([^"]*)"', answer.headers.get("www-authenticate", ""))
    names = [scope.rpartition("/")[2] for scope in hit[1].split()] if hit else []
    return f" ({', '.join(names)})" if names else ""
