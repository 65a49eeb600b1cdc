"""What the vendor's description of `trello` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
IDS = {"type": "string", "pattern": "^([0-9a-fA-F]{24}(,[0-9a-fA-F]{24})*)?$"}


def amend(document: Json) -> None:
    """Widen what it allows."""
    schemas, paths = document["components"]["schemas"], document["paths"]
    # A card's labels are objects, as `Label` describes them; the schema of a card has ids there.
    schemas["Card"]["properties"]["labels"] = {"type": "array", "items": {"$ref": "#/components/schemas/Label"}}
    # Several members or labels are named with commas between them, as the prose says; none by an empty text.
    for param in paths["/cards/{id}"]["put"]["parameters"]:
        if param.get("name") in ("idMembers", "idLabels"):
            param["schema"] = IDS
    # A card is also found by the short id that stands in its link.
    for param in paths["/cards/{id}"]["parameters"]:
        if param.get("in") == "path":
            param["schema"] = {"type": "string", "pattern": "^([0-9a-fA-F]{24}|[0-9A-Za-z]{8})$"}
    # Kinds of things beside a search's hits: an object with a list for each, not one array of all.
    found = {"type": "object", "properties": {
        "cards": {"type": "array", "items": {"$ref": "#/components/schemas/Card"}},
        "members": {"type": "array", "items": {"$ref": "#/components/schemas/Member"}},
    }}  # fmt: skip
    paths["/search"]["get"]["responses"]["200"]["content"]["application/json"]["schema"] = found
    # Errors are mostly a plain sentence.
    paths["/boards/{id}"]["get"]["responses"] = {"200": paths["/boards/{id}"]["get"]["responses"]["200"]}
    # One comment is deleted by an address of its own, which the trimmed description lacks.
    paths["/cards/{id}/actions/{idAction}/comments"] = {
        "delete": {
            "x-basis": "Trello's REST API reference, “Delete a comment on a Card”",
            "parameters": [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in ("id", "idAction")
            ],
            "responses": {"200": {}},
        }
    }
