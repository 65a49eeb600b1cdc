"""What the vendor's description of `zendesk` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
DOCS = "developer.zendesk.com"


def amend(document: Json) -> None:
    """Widen what it allows."""
    schemas, paths = document["components"]["schemas"], document["paths"]
    # A ticket that nobody has, or that has no priority yet, holds null there; the vendor's own examples do.
    for kind in ("TicketObject", "TicketUpdateInput"):
        for name in ("assignee_id", "group_id", "organization_id", "priority", "type", "external_id"):
            if name in schemas[kind]["properties"]:
                node = schemas[kind]["properties"][name]
                node["nullable"] = True
                if "enum" in node:
                    node["enum"] = [*node["enum"], None]
    # A deleted ticket is told by this status in the incremental export.
    schemas["TicketObject"]["properties"]["status"]["enum"].append("deleted")
    # Users without a phone or a company hold null.
    for name in ("organization_id", "phone"):
        schemas["UserForEndUser"]["properties"][name]["nullable"] = True
    # One operation stands for several addresses there, and so wants a user's id in the path.
    paths["/api/v2/groups"]["get"]["parameters"] = []
    # Paging and side-loading are described in prose on pages of their own, for every list.
    lists = {
        "/api/v2/search": ("page", "per_page", "include"),
        "/api/v2/users/search": ("page", "per_page", "include"),
        "/api/v2/users/{user_id}": ("include",),
        "/api/v2/tickets": ("page[size]", "page[after]", "sort"),
        "/api/v2/tickets/{ticket_id}": ("include",),
        "/api/v2/tickets/{ticket_id}/comments": ("page[size]", "page[after]"),
        "/api/v2/groups": ("page[size]", "page[after]"),
        "/api/v2/views": ("page[size]", "page[after]"),
        "/api/v2/views/{view_id}/tickets": ("page[size]", "page[after]", "include"),
    }
    for path, names in lists.items():
        more = [{"name": name, "in": "query", "schema": {}} for name in names]
        paths[path]["get"].setdefault("parameters", []).extend(more)
    # The request of a creation is described beside the path, under a schema that no operation points to.
    wanted = {"application/json": {"schema": {"$ref": "#/components/schemas/TicketCreateRequest"}}}
    paths["/api/v2/tickets"]["post"].setdefault("requestBody", {"content": wanted})
    many = {"type": "object", "required": ["tickets", "end_of_stream"], "properties": {
        "tickets": {"type": "array", "items": {"$ref": "#/components/schemas/TicketObject"}},
        "end_of_stream": {"type": "boolean"}, "after_cursor": {"type": "string"},
    }}  # fmt: skip
    query: list[Json] = [
        {"name": name, "in": "query", "schema": {}} for name in ("start_time", "cursor", "per_page", "include")
    ]
    paths["/api/v2/incremental/tickets/cursor"] = {"get": _added("incremental exports", query, many)}
    named = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]
    paths["/api/v2/deleted_tickets/{id}/restore"] = {"put": _added("restoring a deleted ticket", named, {})}
    job = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    status = {"$ref": "#/components/schemas/JobStatusResponse"}
    paths["/api/v2/job_statuses/{id}"] = {"get": _added("job statuses", job, status)}


def _added(page: str, parameters: list[Json], answer: Json) -> Json:
    content = {"application/json": {"schema": answer}}
    return {"parameters": parameters, "responses": {"200": {"content": content}}, "x-basis": f"{DOCS}, {page}"}
