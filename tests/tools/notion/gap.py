"""What the vendor's description of `notion` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows, and say more where it says nothing."""
    schemas, paths = document["components"]["schemas"], document["paths"]
    # Since 2025-09-03 an entry's parent is a data source, which this description still calls a database.
    source = {
        "type": "object",
        "properties": {"type": {"const": "data_source_id"}, "data_source_id": {"type": "string", "format": "uuid"}},
        "required": ["type", "data_source_id"],
    }
    schemas["parentRequest"]["oneOf"].append(source)
    # A page can be made with its text: `markdown` takes the place of `children`.
    create = paths["/v1/pages"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    create["properties"]["markdown"] = {"type": "string"}
    create["additionalProperties"] = False
    # A request's body is described as optional where it is not, and answers as any object: the least that they hold.
    held: Json = {"type": "object", "required": ["object", "id"]}
    page: Json = {"type": "object", "required": ["object", "id", "parent", "properties", "url", "last_edited_time"]}
    many: Json = {"type": "object", "required": ["object", "results", "has_more", "next_cursor"]}
    for path, method, answer in (
        ("/v1/search", "post", many),
        ("/v1/users", "get", many),
        ("/v1/comments", "get", many),
        ("/v1/comments", "post", held),
        ("/v1/pages", "post", page),
        ("/v1/pages/{page_id}", "get", page),
        ("/v1/pages/{page_id}", "patch", page),
        ("/v1/blocks/{block_id}/children", "get", many),
        ("/v1/blocks/{block_id}", "delete", held),
        ("/v1/data_sources/{data_source_id}", "get", held),
        ("/v1/data_sources/{data_source_id}/query", "post", many),
        ("/v1/databases/{database_id}", "get", held),
    ):
        paths[path][method]["responses"]["200"]["content"]["application/json"]["schema"] = answer
