"""What the vendor's description of `mailchimp` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    # The sign-in server tells the data centre; it is another host than the API that is described.
    told = {"200": {"content": {"application/json": {"schema": {"type": "object", "required": ["dc"]}}}}, "401": {}}
    basis = "Mailchimp's guide to OAuth 2"
    document["paths"]["/oauth2/metadata"] = {"get": {"parameters": [], "responses": told, "x-basis": basis}}
