"""What the vendor's description of `whatsapp` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
DOCS = "developers.facebook.com/docs/whatsapp"


def amend(document: Json) -> None:
    """Widen what it allows."""
    # A request without a body has no content type; the description wants one of every request.
    document["components"]["parameters"]["ContentType"]["required"] = False
    # Each kind of message is put together of two parts, each of which forbids what the other one has; the whole is held
    # to both instead.
    parts = document["components"]["schemas"]
    for schema in list(parts.values()):
        if len(schema.get("allOf", ())) == 2:
            schema["unevaluatedProperties"] = False
            for part in schema["allOf"]:
                _open(parts, part)
    paths, text = document["paths"], {"type": "string"}
    # Every list of the Graph API is paged by cursors; two leave the parameters out.
    for path in ("/{Version}/{WABA-ID}/message_templates", "/{Version}/{Phone-Number-ID}/block_users"):
        more: list[Json] = [{"name": name, "in": "query", "schema": {}} for name in ("limit", "after")]
        paths[path]["get"]["parameters"].extend(more)
    # The link of a group is read at the place where a new one is made.
    link = {"type": "object", "required": ["invite_link"], "properties": {"invite_link": text}}
    named = [{"name": name, "in": "path", "required": True, "schema": text} for name in ("Version", "group_id")]
    paths["/{Version}/{group_id}/invite_link"]["get"] = {
        "parameters": named,
        "responses": {"200": {"content": {"application/json": {"schema": link}}}},
        "x-basis": f"{DOCS}, groups, get the invite link",
    }


def _open(schemas: Json, part: Json) -> None:
    """Let a part stand beside others."""
    schemas.get(str(part.get("$ref", "")).rpartition("/")[2], part).pop("additionalProperties", None)
