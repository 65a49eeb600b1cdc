"""What the vendor's description of `hubspot` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    schemas = document["components"]["schemas"]
    text = {"type": "string"}
    # Errors are JSON with a category; the generated client that this was read out of leaves them as text.
    needs = {"type": "object", "required": ["status", "message", "correlationId"]}
    schemas["Error"] = needs | {"properties": {name: text for name in (*needs["required"], "category")}}
    error = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    for item in document["paths"].values():
        for operation in item.values():
            operation["responses"]["default"] = error
    # A property that was asked for and has no value comes as null.
    for name in ("SimplePublicObject", "SimplePublicObjectWithAssociations"):
        schemas[name]["properties"]["properties"]["additionalProperties"] = {"type": "string", "nullable": True}
    # The guide to the search has each order as an object; the client's types have text.
    order = {"type": "object", "required": ["propertyName"], "properties": {"propertyName": text, "direction": text}}
    schemas["PublicObjectSearchRequest"]["properties"]["sorts"]["items"] = {"anyOf": [text, order]}
    # Two small resources that the description does not hold.
    found = {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}, "default": error}
    named = [{"name": name, "in": "path", "required": True, "schema": text} for name in ("objectType", "propertyName")]
    document["paths"]["/account-info/v3/details"] = {
        "get": {"parameters": [], "responses": found, "x-basis": "HubSpot's guide to the account information API"}
    }
    document["paths"]["/crm/v3/properties/{objectType}/{propertyName}"] = {
        "get": {"parameters": named, "responses": found, "x-basis": "HubSpot's guide to the properties API"}
    }
