"""What Notion's routes share: errors, versions, lists, events, who is who."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import Grant
from sandbox.oauth import OAuth
from sandbox.vendor import Endpoint, Handler, Vendor
from sandbox.vendors.notion.seed import seed_notion

CODES = {
    400: "validation_error", 401: "unauthorized", 403: "restricted_resource", 404: "object_not_found",
    409: "conflict_error", 422: "validation_error", 429: "rate_limited", 500: "internal_server_error",
}  # fmt: skip
VERSIONS = ("2025-09-03", "2026-03-11")


def refused(status: int, message: str, code: str = "") -> Refusal:
    """A refusal with Notion's code."""
    return Refusal("notion", message, status=status, code=code or CODES[status])


class Workspace(Vendor):
    """What all routes share."""

    key = "notion"
    hosts = ("https://api.notion.com",)
    oauth = OAuth(authorize="/v1/oauth/authorize", token="/v1/oauth/token", revoke="/v1/oauth/revoke", expires_in=None)

    def seed(self) -> Json:
        """Pages and databases of `seed.yaml`."""
        return seed_notion(self)

    def refuse(self, refusal: Refusal) -> Answer:
        """`{object: error, status, code, message, request_id}`."""
        kind, status, message = refusal.kind, refusal.status, refusal.message
        headers = {}
        if kind in ("unauthenticated", "invalid_token", "expired", "revoked"):
            status, message = 401, "API token is invalid."
        elif kind == "rate_limited":
            status, headers = 429, {"retry-after": str(refusal.detail.get("retry_after", 1))}
            message = "You have been rate limited. Please try again in a few minutes."
        elif kind == "server_error":
            status, message = 500, "Unexpected error occurred."
        elif kind == "no_route":
            status, code = 400, "invalid_request_url"
            return Answer(status, self._error(status, code, "Invalid request URL."))
        elif kind in ("missing", "invalid", "invalid_body", "invalid_cursor"):
            status = 400
        code = str(refusal.detail.get("code") or CODES.get(status, "validation_error"))
        return Answer(
            400 if status == 422 else status, self._error(400 if status == 422 else status, code, message), headers
        )

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """The HMAC of the body with the verification token."""
        return {"x-notion-signature": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}

    def new_token(self, grant: Grant, serial: int) -> str:
        """`ntn_` and what follows."""
        return f"ntn_{self.ident(46, grant.email, serial)}"

    def token_answer(self, grant: Grant) -> Json:
        """With the workspace and the bot."""
        return super().token_answer(grant) | {
            "bot_id": self.uuid("bot"), "workspace_id": self.uuid("workspace"), "workspace_name": self.company.name,
            "duplicated_template_id": None, "owner": {"type": "user", "user": self.user(grant.email)},
        }  # fmt: skip

    def answer(self, call: Call, endpoint: Endpoint, handler: Handler) -> Answer:
        """Every call names its version."""
        version = call.headers.get("notion-version", "")
        if version not in VERSIONS:
            raise refused(400, "Notion-Version header should be defined.", "missing_version")
        if call.path.endswith("/markdown") and version < VERSIONS[1]:
            raise refused(400, "This endpoint needs a newer Notion-Version.")
        return super().answer(call, endpoint, handler)

    def uuid(self, *parts: object) -> str:
        """A stable id."""
        return str(uuid.UUID(self.ident(32, *parts, alphabet="0123456789abcdef")))

    def fresh(self, kind: str) -> str:
        """A new id."""
        return self.uuid(kind, "new", self.count(kind))

    def user(self, email: str) -> Json:
        """A person."""
        person = self.company.by_email[email]
        return {
            "object": "user", "id": self.uuid("user", email), "name": person.name, "avatar_url": None, "type": "person",
            "person": {"email": email},
        }  # fmt: skip

    def brief(self, email: str) -> Json:
        """A person by id alone."""
        return {"object": "user", "id": self.uuid("user", email)}

    def page(self, number: str) -> Json:
        """A page that was shared with the app."""
        row: Json | None = self.state["pages"].get(canonical(number))
        if row is None or row["unshared"]:
            raise refused(404, f"Could not find page with ID: {number}. Make sure it is shared with your integration.")
        return row

    def listed(self, call: Call, rows: Sequence[Any], kind: str) -> Json:
        """One page of a list."""
        size = call.whole("page_size", 100)
        if not 1 <= size <= 100:
            raise refused(400, "page_size should be between 1 and 100.")
        cursor, start = call.get("start_cursor"), 0
        if cursor:
            try:
                start = int(base64.urlsafe_b64decode(str(cursor)).decode())
            except (ValueError, binascii.Error):
                raise refused(400, "The start_cursor provided is invalid.") from None
        part = list(rows[start : start + size])
        more = len(rows) > start + size
        following = base64.urlsafe_b64encode(str(start + size).encode()).decode() if more else None
        return {"object": "list", "results": part, "has_more": more, "next_cursor": following, "type": kind, kind: {}}

    def now(self) -> str:
        """The present moment as Notion writes it: whole minutes."""
        return minute(self.world.time())

    def tell(self, call: Call, event: str, kind: str, number: str, **data: Any) -> None:
        """Deliver a webhook."""
        self.emit(
            {
                "id": self.uuid("event", self.count("event")), "type": event, "entity": {"id": number, "type": kind},
                "timestamp": self.world.time().isoformat(timespec="milliseconds"), "attempt_number": 1, "data": data,
                "workspace_id": self.uuid("workspace"), "workspace_name": self.company.name,
                "subscription_id": self.uuid("subscription"), "integration_id": self.uuid("integration"),
                "authors": [{"id": self.uuid("user", call.person.email), "type": "person"}],
            }
        )  # fmt: skip

    def _error(self, status: int, code: str, message: str) -> Json:
        request = self.uuid("request", message)
        return {"object": "error", "status": status, "code": code, "message": message, "request_id": request}


def minute(at: datetime) -> str:
    """A moment, cut to the minute."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00.000Z")


def canonical(number: str) -> str:
    """An id with its dashes.

    Raises:
        Refusal: it is none.
    """
    try:
        return str(uuid.UUID(number))
    except ValueError:
        raise refused(400, f"path failed validation: {number} should be a valid uuid.") from None
