"""What the vendor's description of `google_calendar` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    # A discovery document does not say that null in a PATCH takes a field away, as its guide to patching does;
    # an event that turns from all-day to timed needs that.
    for schema in document["schemas"]["EventDateTime"]["properties"].values():
        schema["nullable"] = True
