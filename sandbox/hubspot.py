"""What the simulated products of HubSpot share: sign-in and errors."""

from __future__ import annotations

import hashlib

from sandbox.exchange import Answer, Json, Refusal
from sandbox.grant import Grant
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor

PORTAL = 48112907
GATE = {
    "unauthenticated": (401, "INVALID_AUTHENTICATION", "Authentication credentials not found."),
    "invalid_token": (401, "INVALID_AUTHENTICATION", "The access token is not valid."),
    "revoked": (401, "INVALID_AUTHENTICATION", "The access token is not valid."),
    "expired": (401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired 12 second(s) ago."),
    "server_error": (500, "INTERNAL_ERROR", "internal error"),
    "no_route": (404, "OBJECT_NOT_FOUND", "resource not found"),
    "invalid_body": (400, "VALIDATION_ERROR", "Invalid input JSON"),
}
CATEGORIES = {403: "USER_DOES_NOT_HAVE_PERMISSIONS", 404: "OBJECT_NOT_FOUND", 409: "CONFLICT"}


class Portal(Vendor):
    """A product over one portal."""

    hosts = ("https://api.hubapi.com", "https://app.hubspot.com")
    oauth = OAuth(
        "/oauth/authorize", "/oauth/2026-03/token", "/oauth/2026-03/token/revoke", expires_in=1800
    )  # fmt: skip

    def refuse(self, refusal: Refusal) -> Answer:
        """HubSpot's `{status: error, message, category, correlationId}`."""
        body: Json = {"status": "error", "message": refusal.message, "correlationId": self._correlation()}
        if refusal.kind == "rate_limited":
            body |= {"message": "You have reached your secondly limit.", "category": "RATE_LIMITS"}
            body |= {"errorType": "RATE_LIMIT", "policyName": "SECONDLY"}
            headers = {"x-hubspot-ratelimit-remaining": "0", "x-hubspot-ratelimit-interval-milliseconds": "10000"}
            return Answer(429, body, headers)
        if refusal.kind == "missing_scope":
            needed = {"requiredGranularScopes": [refusal.detail["needed"]]}
            said = "This app hasn't been granted all required scopes to make this call."
            errors = [{"message": "One or more of the following scopes are required.", "context": needed}]
            return Answer(403, body | {"message": said, "category": "MISSING_SCOPES", "errors": errors})
        if refusal.kind in GATE:
            status, category, said = GATE[refusal.kind]
            return Answer(status, body | {"message": said, "category": category})
        body["category"] = CATEGORIES.get(refusal.status, "VALIDATION_ERROR")
        if "errors" in refusal.detail:
            body["errors"] = refusal.detail["errors"]
        return Answer(refusal.status, body)

    def _correlation(self) -> str:
        mark = hashlib.md5(str(len(self.requests)).encode(), usedforsecurity=False).hexdigest()
        return f"{mark[:8]}-{mark[8:12]}-{mark[12:16]}-{mark[16:20]}-{mark[20:]}"

    def token_answer(self, grant: Grant) -> Json:
        """The portal and the scopes as a list besides."""
        return super().token_answer(grant) | {"hub_id": PORTAL, "scopes": grant.scopes or []}
