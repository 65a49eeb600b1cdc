"""What the vendor's description of `asana` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    schemas = document["components"]["schemas"]
    # A new task names project and section by their ids; the schema only knows how they are answered.
    place = {"oneOf": [{"type": "string"}, {"type": "object"}]}
    item = {"type": "object", "properties": {"project": place, "section": place}}
    [own] = [part["properties"] for part in schemas["TaskBase"]["allOf"] if "memberships" in part.get("properties", {})]
    own["memberships"]["items"] = item
    # A task without a parent has null there, as the field's own words say; the schema wants a compact task as well.
    [own] = [part["properties"] for part in schemas["TaskResponse"]["allOf"] if "parent" in part.get("properties", {})]
    own["parent"] = {"nullable": True, "oneOf": [{"$ref": "#/components/schemas/TaskCompact"}]}
    own["assignee"] = {"nullable": True, "oneOf": [{"$ref": "#/components/schemas/UserCompact"}]}  # likewise nobody
    # A nested field may be asked for wherever a record is answered; the list of them forgets the owner's name.
    [fields] = [
        one["schema"]["items"]["enum"]
        for one in document["paths"]["/workspaces/{workspace_gid}/projects"]["get"]["parameters"]
        if one.get("name") == "opt_fields"
    ]
    fields.append("owner.name")
    # The last page has a `next_page` of null, as the guide to paging says.
    schemas["NextPage"]["nullable"] = True
    # Comments and status updates are deleted by addresses of their own, which the trimmed description lacks.
    for path, name in (
        ("/stories/{story_gid}", "story_gid"),
        ("/status_updates/{status_update_gid}", "status_update_gid"),
    ):
        document["paths"][path] = {
            "delete": {
                "x-basis": "Asana's API reference (deleteStory, deleteStatus)",
                "parameters": [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"200": {}, "403": {}, "404": {}},
            }
        }
