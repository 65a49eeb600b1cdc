"""What the vendor's description of `hubspot_marketing` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    schemas = document["components"]["schemas"]
    # The client's classes fold every kind of field, consent and style into one, with what only some of them have.
    field = schemas["FormsDependentFieldDependentField"]
    field["properties"]["fieldType"] = {"type": "string"}
    field["required"] = ["objectTypeId", "name", "label", "fieldType", "required", "hidden", "dependentFields"]
    consent = schemas["FormsHubSpotFormDefinitionAllOfLegalConsentOptions"]
    consent["properties"]["type"] = {"type": "string"}
    consent["required"] = ["type"]
    schemas["FormsFormStyle"]["required"] = []
    # Small neighbours that marketing needs: the portal, its users, and contacts by name.
    error = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ListsError"}}}}
    answers: Json = {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}, "default": error}
    told = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("after", "limit", "email")]
    asked = {"content": {"application/json": {"schema": {"type": "object"}}}}
    client = "HubSpot's own CRM client"
    document["paths"] |= {
        "/account-info/v3/details": {
            "get": {"parameters": [], "responses": answers, "x-basis": "HubSpot's guide to the account information API"}
        },
        "/crm/v3/owners/": {"get": {"parameters": told, "responses": answers, "x-basis": client}},
        "/crm/v3/objects/contacts/search": {"post": {"requestBody": asked, "responses": answers, "x-basis": client}},
    }
