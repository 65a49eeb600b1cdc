"""What the vendor's description of `stripe` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    # Deleting a draft, and reading or changing one payment link, are real endpoints that were trimmed away.
    paths, form = document["paths"], "application/x-www-form-urlencoded"

    def answers(name: str) -> Json:
        return {
            "200": {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}},
            "default": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}}},
        }

    paths["/v1/invoices/{invoice}"]["delete"] = {"parameters": [], "responses": answers("deleted_invoice")}
    expand: Json = {"type": "array", "items": {"type": "string"}}
    fields: Json = {"active": {"type": "boolean"}, "expand": expand}
    change = {"schema": {"type": "object", "additionalProperties": False, "properties": fields}}
    # The list of events, which keeps thirty days, was trimmed away too.
    strings: Json = {"type": "array", "items": {"type": "string"}}
    named = {"types": strings, "limit": {"type": "integer"}, "starting_after": {"type": "string"}}
    events: Json = {"type": "object", "required": ["object", "data", "has_more", "url"]}
    paths["/v1/events"] = {
        "get": {
            "parameters": [{"name": name, "in": "query", "schema": schema} for name, schema in named.items()],
            "responses": {"200": {"content": {"application/json": {"schema": events}}}},
            "x-basis": "Stripe's reference of GET /v1/events, from general knowledge",
        }
    }
    paths["/v1/payment_links/{payment_link}"] = {
        "get": {
            "parameters": [{"name": "expand", "in": "query", "schema": expand}],
            "responses": answers("payment_link"),
        },
        "post": {"requestBody": {"content": {form: change}}, "responses": answers("payment_link")},
    }
