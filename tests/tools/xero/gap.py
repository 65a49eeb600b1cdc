"""What the vendor's description of `xero` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    # Which organisations a consent covers is asked at the root of the host, outside this API.
    row = {"type": "object", "required": ["tenantId"], "properties": {"tenantId": {"type": "string"}}}
    content = {"application/json": {"schema": {"type": "array", "items": row}}}
    answers = {"200": {"content": content}}
    document["paths"]["/connections"] = {"get": {"responses": answers, "x-basis": "developer.xero.com, tenants"}}
