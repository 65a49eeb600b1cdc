"""What the vendor's description of `discord` lacks; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
DOCS = "docs.discord.com"


def amend(document: Json) -> None:
    """Add what the trimmed description leaves out."""
    paths = document["paths"]
    # The codes of single fields are names (BASE_TYPE_REQUIRED), as the documentation's examples show; only the outer
    # one is a number.
    named = {"type": "object", "required": ["code", "message"], "properties": {"code": {"type": ["string", "integer"]}}}
    document["components"]["schemas"]["InnerErrors"]["properties"]["_errors"]["items"] = named
    guild = {"name": "guild_id", "in": "path", "required": True, "schema": {"type": "string"}}
    event = {"name": "event_id", "in": "path", "required": True, "schema": {"type": "string"}}
    # Open threads stand in no list of channels.
    threads = {"type": "array", "items": {"$ref": "#/components/schemas/ThreadResponse"}}
    active = {"type": "object", "required": ["threads", "members"], "properties": {"threads": threads}}
    content = {"application/json": {"schema": active}}
    paths["/guilds/{guild_id}/threads/active"] = {
        "get": {
            "parameters": [guild],
            "responses": {"200": {"content": content}},
            "x-basis": f"{DOCS}, guild, list active guild threads",
        }
    }
    # The inverse of putting an event on the list.
    paths["/guilds/{guild_id}/scheduled-events/{event_id}"] = {
        "delete": {
            "parameters": [guild, event],
            "responses": {"204": {}},
            "x-basis": f"{DOCS}, guild scheduled event, delete",
        }
    }
