"""Linear's GraphQL API."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema, execute_sync, parse, validate

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor, route
from sandbox.vendors.linear.change import Changing
from sandbox.vendors.linear.seed import seed_linear

SCHEMA: GraphQLSchema = build_schema((Path(__file__).parent / "schema.graphql").read_text("utf-8"))
HOUR_S = 3600
NOT_SIGNED_IN = ("unauthenticated", "invalid_token", "expired", "revoked")


class Linear(Vendor):
    """The workspace of the company."""

    key = "linear"
    hosts = ("https://api.linear.app", "https://linear.app")
    oauth = OAuth(
        authorize="/oauth/authorize", token="/oauth/token", revoke="/oauth/revoke", expires_in=24 * HOUR_S,
        is_rotating=True,
    )  # fmt: skip

    def seed(self) -> Json:
        """Teams, issues and projects of the story."""
        return seed_linear(self.company, self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        """`{errors: [{message, extensions}]}`; the rate limit is a 400."""
        if refusal.kind == "rate_limited":
            ends = self.world.time().timestamp() + float(refusal.detail.get("retry_after", 1))
            headers = {"x-ratelimit-requests-remaining": "0", "x-ratelimit-requests-reset": str(int(ends * 1000))}
            return _failed(400, "RATELIMITED", "ratelimited", "Rate limit exceeded", headers)
        if refusal.kind in NOT_SIGNED_IN:
            said = "Authentication required, not authenticated"
            return _failed(401, "AUTHENTICATION_ERROR", "authentication error", said)
        if refusal.kind == "server_error":
            return _failed(500, "INTERNAL_SERVER_ERROR", "internal error", "Internal server error")
        return _failed(refusal.status, "INPUT_ERROR", "invalid input", refusal.message)

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """The hex HMAC of the raw body."""
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {"linear-signature": digest, "linear-event": str(about.get("event", ""))}

    @route("POST", "/graphql")
    def graphql(self, call: Call) -> Answer:
        """Any document."""
        try:
            document = parse(str(call.need("query")))
        except GraphQLError as error:
            return _failed(400, "GRAPHQL_PARSE_FAILED", "graphql error", error.message)
        if problems := validate(SCHEMA, document):
            return _failed(400, "GRAPHQL_VALIDATION_FAILED", "graphql error", problems[0].message)
        scopes = call.grant.scopes if call.grant else None
        answering = Changing(self, call.person, scopes)
        result = execute_sync(
            SCHEMA, document, variable_values=call.get("variables") or {}, field_resolver=answering.resolve,
            operation_name=call.get("operationName"),
        )  # fmt: skip
        return Answer(400 if result.errors and result.data is None and not _is_ours(result.errors[0]) else 200, {
            **({"errors": [error.formatted for error in result.errors]} if result.errors else {}),
            "data": result.data,
        })  # fmt: skip


def _is_ours(error: GraphQLError) -> bool:
    """Whether the error came from a resolver and not from the variables."""
    return bool(error.extensions)


def _failed(status: int, code: str, kind: str, said: str, headers: Mapping[str, str] | None = None) -> Answer:
    more = {"type": kind, "code": code, "statusCode": status, "userPresentableMessage": said}
    return Answer(status, {"errors": [{"message": said, "extensions": more}]}, headers or {})
