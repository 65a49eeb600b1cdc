"""What the description of `gmail` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    labels = document["resources"]["users"]["resources"]["labels"]["methods"]
    # Deleting a label was trimmed away; it is the inverse of making one.
    labels["delete"] = {
        "httpMethod": "DELETE",
        "path": "gmail/v1/users/{userId}/labels/{id}",
        "parameters": labels["get"]["parameters"],
        "parameterOrder": ["userId", "id"],
        "x-basis": "Gmail's reference of users.labels.delete",
    }
