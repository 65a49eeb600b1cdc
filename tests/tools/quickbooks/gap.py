"""What the description of `quickbooks` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    for path, item in document["paths"].items():
        if "post" in item:
            # Every write takes an id of its own, under which it is done once; the vendor says so for all of them.
            item["post"].setdefault("parameters", []).append(
                {"name": "requestid", "in": "query", "schema": {"type": "string"}}
            )
        if path.endswith("/send"):
            # Mailing wants a content type of bytes and no bytes.
            item["post"].pop("requestBody", None)
