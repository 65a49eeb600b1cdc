"""What is wrong in every description made from Microsoft Graph's metadata."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
GRAPH = "Microsoft Graph's public reference, from general knowledge"


def lighten(node: Any) -> None:
    """No longer ask for `@odata.type` in every object: Graph tells it, and wants it, only where a type has heirs."""
    if isinstance(node, list):
        for one in node:
            lighten(one)
    if isinstance(node, dict):
        if node.get("required") == ["@odata.type"]:
            del node["required"]
        for one in node.values():
            lighten(one)


def operation(*names: str, query: tuple[str, ...] = (), body: Json | None = None, status: str = "200") -> Json:
    """An operation that the description lacks, with the names in its path and its query."""
    rows: list[Json] = [{"name": one, "in": "path", "required": True, "schema": {"type": "string"}} for one in names]
    rows += [{"name": one, "in": "query", "schema": {"type": "string"}} for one in query]
    error = {
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/microsoft.graph.ODataErrors.ODataError"}}
        }
    }
    answer: Json = {"content": {"application/json": {"schema": {"type": "object"}}}} if status != "204" else {}
    made: Json = {"x-basis": GRAPH, "parameters": rows, "responses": {status: answer, "4XX": error, "5XX": error}}
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return made
