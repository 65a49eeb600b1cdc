"""Shopify's GraphQL Admin API, version 2026-07."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema, execute_sync, parse, validate

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import Grant
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor, route
from sandbox.vendors.shopify.change import Changing
from sandbox.vendors.shopify.resolve import NEEDS
from sandbox.vendors.shopify.seed import seed_shopify

SCHEMA: GraphQLSchema = build_schema((Path(__file__).parent / "schema.graphql").read_text("utf-8"))
RESTORED, MOST = 100.0, 2000.0  # points a second, and at most
NOT_SIGNED_IN = ("unauthenticated", "invalid_token", "expired", "revoked")
SCOPES = " ".join(sorted({*NEEDS.values(), *(name.replace("read_", "write_") for name in NEEDS.values())}))


class Shopify(Vendor):
    """The company's shop, which sells tills and what goes with them."""

    key = "shopify"
    slots = {"shop": "fernwick"}
    hosts = ("https://fernwick.myshopify.com",)
    oauth = OAuth(
        authorize="/admin/oauth/authorize", token="/admin/oauth/access_token", expires_in=3600, is_rotating=True,
        separator=",",
    )  # fmt: skip

    def seed(self) -> Json:
        """Goods, customers, orders."""
        return seed_shopify(self.company, self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        """A sentence beside a status, or a list of errors with HTTP 200."""
        if refusal.kind == "rate_limited":
            return _throttled(float(refusal.detail.get("retry_after", 1)))
        if refusal.kind in NOT_SIGNED_IN:
            said = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return Answer(401, {"errors": said})
        if refusal.kind == "missing_scope":
            return _failed("Access denied. The token has no access scope for this.", "ACCESS_DENIED")
        if refusal.kind == "server_error":
            return Answer(500, {"errors": "Internal Server Error"})
        return Answer(refusal.status, {"errors": HTTPStatus(refusal.status).phrase})

    def new_token(self, grant: Grant, serial: int) -> str:
        """`shpat_` and 32 hexadecimal digits."""
        return f"shpat_{self.ident(32, grant.email, grant.kind, serial, alphabet='0123456789abcdef')}"

    def credential(self, call: Call) -> str | None:
        """The header of its own."""
        return call.headers.get("x-shopify-access-token")

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """The base64 HMAC of the raw body, and what happened."""
        digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
        return {
            "x-shopify-hmac-sha256": digest, "x-shopify-topic": str(about["topic"]),
            "x-shopify-webhook-id": str(about["id"]), "x-shopify-event-id": f"e-{about['id']}",
            "x-shopify-triggered-at": str(about["at"]), "x-shopify-shop-domain": "fernwick.myshopify.com",
            "x-shopify-api-version": "2026-07",
        }  # fmt: skip

    @route("POST", "/admin/api/2026-07/graphql.json", scope=SCOPES)
    def graphql(self, call: Call) -> Answer:
        """Any document."""
        try:
            document = parse(str(call.need("query")))
        except GraphQLError as error:
            return Answer(200, {"errors": [{"message": error.message, "extensions": {"code": "parseError"}}]})
        if problems := validate(SCHEMA, document):
            more = {"code": "undefinedField"}
            return Answer(200, {"errors": [{"message": one.message, "extensions": more} for one in problems]})
        answering = Changing(self, call.person, call.grant.scopes if call.grant else None)
        result = execute_sync(
            SCHEMA, document, variable_values=call.get("variables") or {}, field_resolver=answering.resolve,
            operation_name=call.get("operationName"), type_resolver=lambda value, *_: value["__typename"],
        )  # fmt: skip
        status = {"maximumAvailable": MOST, "currentlyAvailable": MOST - 20, "restoreRate": RESTORED}
        return Answer(200, {
            **({"errors": [error.formatted for error in result.errors]} if result.errors else {}),
            "data": result.data,
            "extensions": {"cost": {"requestedQueryCost": 20, "actualQueryCost": 12, "throttleStatus": status}},
        })  # fmt: skip


def _throttled(wait_s: float) -> Answer:
    error = {
        "message": "Throttled",
        "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/limits"},
    }
    if wait_s < 0:
        return Answer(200, {"errors": [error]})
    wanted = wait_s * RESTORED + 10
    status = {"maximumAvailable": MOST, "currentlyAvailable": 10, "restoreRate": RESTORED}
    return Answer(200, {"errors": [error], "extensions": {
        "cost": {"requestedQueryCost": wanted, "actualQueryCost": None, "throttleStatus": status},
    }})  # fmt: skip


def _failed(said: str, code: str) -> Answer:
    return Answer(200, {"errors": [{"message": said, "extensions": {"code": code}}]})
