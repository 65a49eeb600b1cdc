"""What the vendor's description of `telegram` lacks; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Add what the trimmed description leaves out."""
    # A link's limits are seen, and a link is taken back, by two methods that the trimmed description lacks.
    link = document["paths"]["/bot{token}/createChatInviteLink"]["post"]
    limits = {"expire_date": {"type": "integer"}, "member_limit": {"type": "integer"}}
    for method, more in (("editChatInviteLink", limits), ("revokeChatInviteLink", {})):
        known = {"chat_id": {"type": ["integer", "string"]}, "invite_link": {"type": "string"}, **more}
        schema = {"type": "object", "required": ["chat_id", "invite_link"], "properties": known}
        asked = {
            "required": True,
            "content": {"application/json": {"schema": schema | {"additionalProperties": False}}},
        }
        basis = {"x-basis": f"core.telegram.org/bots/api, {method}"}
        document["paths"][f"/bot{{token}}/{method}"] = {
            "post": {"parameters": link["parameters"], "requestBody": asked, "responses": link["responses"], **basis}
        }
