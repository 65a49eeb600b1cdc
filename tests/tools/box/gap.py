"""What the vendor's description of `box` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
REFERENCE = "Box's public API reference, from general knowledge"


def amend(document: Json) -> None:
    """Widen what it allows."""
    paths, schemas = document["paths"], document["components"]["schemas"]
    # The list of codes is of HTTP's own; routes answer with codes that say more, as item_name_in_use.
    del schemas["ClientError"]["properties"]["code"]["enum"]
    # Somebody from outside who did not accept yet is in nobody's directory: there is only invite_email.
    schemas["Collaboration"]["properties"]["accessible_by"] = {
        "anyOf": [schemas["Collaboration"]["properties"]["accessible_by"], {"type": "null"}]
    }
    # An item without a link has null for it, and what a link is for is called access, not accessed.
    for name, place in (("File", 1), ("Folder", 1), ("WebLink", 1)):
        properties = schemas[name]["allOf"][place]["properties"]
        told = properties["shared_link"]["allOf"][0]
        told["required"] = [name.replace("accessed", "access") for name in told["required"]]
        properties["shared_link"] = {"anyOf": [told, {"type": "null"}]}
    # A link's end is taken away with null, as its password is.
    link = paths["/files/{file_id}"]["put"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    link["shared_link"]["allOf"][0]["properties"]["unshared_at"]["nullable"] = True
    # The trimmed description lacks the addresses of one comment, one task, one collaboration, restoring, and events.
    named = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    for kind, schema in (("comments", "Comment--Full"), ("tasks", "Task"), ("collaborations", "Collaboration")):
        one = paths.setdefault(f"/{kind}/{{id}}", {})
        one["get"] = _operation(named, {"200": _json(schema)})
        one["delete"] = _operation(named, {"204": {}})
    for kind, schema in (("files", "File--Full"), ("folders", "Folder--Full")):
        fields = {"name": "fields", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}
        body: Json = {"type": "object", "properties": {"name": {"type": "string"}, "parent": {"type": "object"}}}
        item = paths[f"/{kind}/{{{kind.removesuffix('s')}_id}}"]
        parameters = [*item["get"]["parameters"][:1], fields]
        item["post"] = _operation(parameters, {"201": _json(schema)}) | {
            "requestBody": {"content": {"application/json": {"schema": body}}}
        }
    names = ("stream_type", "stream_position", "limit")
    query = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]
    event = {"type": "object", "required": ["type", "event_id", "event_type", "source"]}
    events = {"type": "object", "properties": {"entries": {"type": "array", "items": event}}}
    paths["/events"] = {"get": _operation(query, {"200": {"content": {"application/json": {"schema": events}}}})}
    # Where a file's content lies, and the text that was taken from it, are addresses that Box hands out for a while.
    key = [{"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}]
    paths["/d/1/{key}/download"] = {"get": _operation(key, {"200": {}, "404": {}})}
    paths["/representations/{key}/extracted_text"] = {"get": _operation(key, {"200": {}, "404": {}})}
    for item in paths.values():
        for operation in item.values():
            operation["responses"]["401"] = {}  # it has no body; WWW-Authenticate says why


def _json(schema: str) -> Json:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def _operation(parameters: list[Json], responses: Json) -> Json:
    default = _json("ClientError")
    return {"parameters": parameters, "responses": {**responses, "default": default}, "x-basis": REFERENCE}
