"""What the vendor's description of `figma` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    # Figma's reference has null for a node that is not in the file.
    answer = document["components"]["responses"]["GetFileNodesResponse"]["content"]["application/json"]["schema"]
    nodes = answer["properties"]["nodes"]
    nodes["additionalProperties"] = {"anyOf": [nodes["additionalProperties"], {"type": "null"}]}
