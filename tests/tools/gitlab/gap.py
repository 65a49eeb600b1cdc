"""What the vendor's description of `gitlab` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
PROJECT = "/api/v4/projects/{id}"
NOTES = PROJECT + "/merge_requests/{merge_request_iid}/notes"
PAGED = ("page", "per_page")


def amend(document: Json) -> None:
    """Widen what it allows."""
    paths = document["paths"]
    # The trimmed description calls the answer to a list of issues one issue; it is an array of them.
    for path in ("/api/v4/issues", PROJECT + "/issues"):
        content = paths[path]["get"]["responses"]["200"]["content"]["application/json"]
        content["schema"] = {"type": "array", "items": content["schema"]}
    # Addresses that the trimmed description leaves out.
    added = {
        "/api/v4/user": {"get": _read("current user", "object")},
        "/api/v4/users": {"get": _read("list users", "array", "search", "active", *PAGED)},
        PROJECT: {"get": _read("get a single project", "object")},
        PROJECT + "/members/all": {"get": _read("list all members of a project", "array", "query", *PAGED)},
        NOTES: {
            "get": _read("list all merge request notes", "array", "order_by", "sort", *PAGED),
            "post": paths[PROJECT + "/merge_requests/{noteable_id}/notes"]["post"],
        },
        NOTES + "/{note_id}": {
            "get": _read("get single merge request note", "object"),
            "delete": {"x-basis": _basis("delete a merge request note"), "responses": {"204": {}, "404": {}}},
        },
    }
    for path, item in added.items():
        paths.setdefault(path, {}).update(item)


def _read(name: str, kind: str, *query: str) -> Json:
    return {
        "x-basis": _basis(name),
        "parameters": [{"name": one, "in": "query", "schema": {"type": "string"}} for one in query],
        "responses": {"200": {"content": {"application/json": {"schema": {"type": kind}}}}, "404": {}},
    }


def _basis(name: str) -> str:
    return f"GitLab's REST API documentation, “{name}”"
