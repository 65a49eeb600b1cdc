"""What the simulated products of Google share: errors, tokens, and messages that Google pushes and signs."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import Grant, ident
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor, route

OAUTH = ("https://accounts.google.com", "https://oauth2.googleapis.com", "https://www.googleapis.com/oauth2")
KEY_ID = "sandbox-1"
GATE = {
    "unauthenticated": (401, "required", "Login Required."),
    "invalid_token": (401, "authError", "Invalid Credentials"),
    "expired": (401, "authError", "Invalid Credentials"),
    "revoked": (401, "authError", "Invalid Credentials"),
    "missing_scope": (403, "insufficientPermissions", "Request had insufficient authentication scopes."),
    "rate_limited": (429, "rateLimitExceeded", "Quota exceeded for quota metric 'Queries' and limit 'per minute'."),
    "server_error": (500, "backendError", "Internal error encountered."),
    "no_route": (404, "notFound", "Requested entity was not found."),
    "invalid_body": (400, "parseError", "Invalid JSON payload received."),
    "invalid": (400, "invalid", ""),
    "invalid_cursor": (400, "invalid", "Invalid page token"),
    "missing": (400, "required", ""),
}
CANONICAL = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE",
}  # fmt: skip


def refused(status: int, reason: str, message: str) -> Refusal:
    """A refusal with Google's reason."""
    return Refusal(reason, message, status=status)


class Google(Vendor):
    """One product; `has_reasons` where its errors carry the older list of reasons."""

    oauth = OAuth("/o/oauth2/v2/auth", "/token", "/revoke", expires_in=3599)
    has_reasons: ClassVar[bool] = True

    def refuse(self, refusal: Refusal) -> Answer:
        """Google's `{error: {code, message, status}}`, with reasons or details."""
        status, reason, message = GATE.get(refusal.kind, (refusal.status, refusal.kind, refusal.message))
        message = message or refusal.message
        error: Json = {"code": status, "message": message, "status": CANONICAL.get(status, "FAILED_PRECONDITION")}
        if self.has_reasons:
            error["errors"] = [{"message": message, "domain": "global", "reason": reason}]
        headers = {}
        if refusal.kind == "missing_scope":
            about = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}
            error["details"] = [about | {"domain": "googleapis.com"}]
            wanted = refusal.detail.get("needed", "")
            headers["www-authenticate"] = f'Bearer error="insufficient_scope", scope="{wanted}"'
        return Answer(status, {"error": error}, headers)

    def new_token(self, grant: Grant, serial: int) -> str:
        """A token as Google's look."""
        return f"ya29.{ident(64, self.key, grant.email, serial)}"

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """The bearer token of an authenticated push, for the audience that the subscription was given."""
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "aud": secret.partition(" ")[0],
            "iss": "https://accounts.google.com",
            "email": about.get("sender", "push@fernwick.example"),
            "email_verified": True,
            "iat": now,
            "exp": now + 3600,
        }
        return {"authorization": f"Bearer {jwt.encode(claims, _key(), 'RS256', headers={'kid': KEY_ID})}"}

    def publish(self, data: Any, **attributes: str) -> None:
        """Push a message of Cloud Pub/Sub."""
        number, at = self.count("published", 10_000_001), self.world.time().isoformat(timespec="milliseconds")
        text = base64.b64encode(json.dumps(data).encode()).decode()
        message = {"data": text, "messageId": str(number), "message_id": str(number), "attributes": attributes}
        told = message | {"publishTime": at.replace("+00:00", "Z")}
        self.emit({"message": told, "subscription": f"projects/fernwick/subscriptions/{self.key}"})

    @route("GET", "/oauth2/v3/certs", public=True)
    def certs(self, call: Call) -> Json:
        """The keys that Google signs with."""
        public = json.loads(RSAAlgorithm.to_jwk(_key().public_key()))
        return {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
