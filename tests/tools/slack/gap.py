"""What the vendor's description of `slack` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    paged: Json = {"type": "object", "properties": {"next_cursor": {"type": "string"}}}
    for path, item in document["paths"].items():
        for operation in item.values():
            # The list of codes is of 2021 and leaves out codes that every method may give (missing_scope,
            # token_expired, ratelimited) and what comes with missing_scope.
            failed = operation["responses"]["default"]["schema"]
            failed["properties"].get("error", {}).pop("enum", None)
            failed["additionalProperties"] = True
            done = operation["responses"]["200"]["schema"]
            # Paging of history and replies is documented in prose alone, and an empty channel is no error.
            if path in ("/conversations.history", "/conversations.replies"):
                done["properties"] |= {"response_metadata": paged, "has_more": {"type": "boolean"}}
                done["properties"]["messages"].pop("minItems", None)
    # Messages wait in direct messages and groups, too.
    waiting = document["paths"]["/chat.scheduledMessages.list"]["get"]["responses"]["200"]["schema"]["properties"]
    waiting["scheduled_messages"]["items"]["properties"]["channel_id"] = {"type": "string"}
    # Methods that the description leaves out, of the same families as those it has.
    for path, fields in SLACK_METHODS.items():
        params = [{"name": name, "in": "formData", "type": "string", "required": True} for name in fields]
        answers = {"200": {"schema": {"type": "object", "required": ["ok"]}}, "default": {"schema": {"type": "object"}}}
        document["paths"][path] = {"post": {"parameters": params, "responses": answers}}
    # A message has carried who edited it for as long as messages can be edited, and the app that wrote it.
    message = document["definitions"]["objs_message"]["properties"]
    message |= {"edited": {"type": "object"}, "app_id": {"type": "string"}}
    replies = document["paths"]["/conversations.replies"]["get"]["responses"]["200"]["schema"]
    for shape in replies["properties"]["messages"]["items"]["x-items-any-of"]:
        shape["properties"] = {**message, **shape["properties"]}
        # Whether the caller follows a thread is only said to user tokens.
        shape["required"] = [name for name in shape["required"] if name != "subscribed"]


SLACK_METHODS = {
    "/reactions.remove": ("channel", "timestamp", "name"),
    "/reminders.delete": ("reminder",),
    "/conversations.leave": ("channel",),
}
