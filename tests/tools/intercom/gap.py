"""What the vendor's description of `intercom` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    schemas = document["components"]["schemas"]
    # Its own prose says that these are null where nobody has the conversation.
    for name in ("conversation", "conversation_list_item"):
        for field in ("admin_assignee_id", "team_assignee_id"):
            schemas[name]["properties"][field]["nullable"] = True
