"""What the vendor's description of `dropbox` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
REFERENCE = "Dropbox's public API reference, from general knowledge"


def amend(document: Json) -> None:
    """Widen what it allows."""
    paths, create = document["paths"], document["paths"]["/file_requests/create"]["post"]
    text, many = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
    request = {"$ref": "#/components/schemas/file_requests.FileRequest"}
    requests = {"type": "object", "required": ["file_requests"], "properties": {"file_requests": _list(request)}}
    folder = {"$ref": "#/components/schemas/sharing.SharedFolderMetadata"}
    members = {"$ref": "#/components/schemas/sharing.SharedFolderMembers"}
    status = {"type": "object", "required": [".tag"], "properties": {".tag": text}}
    # The trimmed description lacks these routes.
    for route, arguments, answer in (
        ("/file_requests/get", {"id": text}, request),
        ("/file_requests/update", {"id": text, "open": {"type": "boolean"}}, request),
        ("/file_requests/delete", {"ids": many}, requests),
        ("/sharing/list_folder_members/continue", {"cursor": text}, members),
        ("/sharing/unshare_folder", {"shared_folder_id": text, "leave_a_copy": {"type": "boolean"}}, status),
        ("/sharing/check_share_job_status", {"async_job_id": text}, {"anyOf": [folder, status]}),
    ):
        body = {"type": "object", "required": [*arguments], "properties": arguments, "additionalProperties": False}
        paths[route] = {
            "post": {
                "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
                "responses": {**create["responses"], "200": {"content": {"application/json": {"schema": answer}}}},
                "x-basis": REFERENCE,
            }
        }
        paths[route]["post"]["responses"]["409"] = {}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}
