"""What the vendor's description of `salesforce` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    # The collection has one example of each request: it leaves out the address of a query's next page, the list of a
    # version's resources (which names the signed-in user), and most parameters of the search.
    paths = document["paths"]
    version = paths["/services/data/v{version}/query"]["get"]["parameters"][0]
    answer: Json = {"default": {"description": "not described in the collection"}}
    locator = {"name": "locator", "in": "path", "required": True, "schema": {"type": "string"}}
    paths["/services/data/v{version}"] = {"get": {"parameters": [version], "responses": answer}}
    paths["/services/data/v{version}/query/{locator}"] = {
        "get": {"parameters": [version, locator], "responses": answer}
    }
    kinds = ("Account", "Contact", "Lead", "Opportunity", "Case", "Task")
    names = ["sobject", "overallLimit", *(f"{kind}.fields" for kind in kinds)]
    paths["/services/data/v{version}/parameterizedSearch"]["get"]["parameters"] += [
        {"name": name, "in": "query", "schema": {"type": "array", "items": {"type": "string"}}} for name in names
    ]
