"""What the vendor's description of `zoom` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
DOCS = "developers.zoom.us"


def amend(document: Json) -> None:
    """Widen what it allows."""
    for node in _walk(document):
        # Several days go into one text, as its own prose has it: "1,3,5".
        if isinstance(node.get("weekly_days"), dict):
            node["weekly_days"].pop("enum", None)
    paths = document["paths"]
    id = [{"name": "meetingId", "in": "path", "required": True, "schema": {"type": "string"}}]
    # The person who is connected: an operation of Zoom's user API, which is described elsewhere.
    me = {"type": "object", "required": ["id", "email"]}
    paths["/users/me"] = {"get": _added("user API, get a user", [], "200", me)}
    # The trimmed description has no way back for a registration or a trashed recording.
    registrant = [*id, {"name": "registrantId", "in": "path", "required": True, "schema": {"type": "string"}}]
    paths["/meetings/{meetingId}/registrants/{registrantId}"] = {
        "delete": _added("meeting API, delete a meeting registrant", registrant, "204")
    }
    status = _added("meeting API, recover meeting recordings", id, "204")
    recover = {"type": "object", "required": ["action"], "properties": {"action": {"enum": ["recover"]}}}
    status["requestBody"] = {"required": True, "content": {"application/json": {"schema": recover}}}
    paths["/meetings/{meetingId}/recordings/status"] = {"put": status}


def _added(page: str, parameters: list[Json], status: str, answer: Json | None = None) -> Json:
    said: Json = {"content": {"application/json": {"schema": answer}}} if answer else {}
    return {"parameters": parameters, "responses": {status: said}, "x-basis": f"{DOCS}, {page}"}


def _walk(node: Any) -> list[Json]:
    if isinstance(node, list):
        return [found for item in node for found in _walk(item)]
    if isinstance(node, dict):
        return [node, *(found for item in node.values() for found in _walk(item))]
    return []
