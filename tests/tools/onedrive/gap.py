"""What the vendor's description of `onedrive` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from tests.odata import Json, lighten, operation

ITEM = "/drives/{drive-id}/items/{driveItem-id}"


def amend(document: Json) -> None:
    """Widen what it allows."""
    lighten(document)
    paths = document["paths"]
    named = ("drive-id", "driveItem-id")
    item = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/microsoft.graph.driveItem"}}}}
    file: Json = {"content": {"application/octet-stream": {"schema": {}}}}
    # The content of a file is somewhere else, at an address that is given for a while.
    paths[f"{ITEM}/content"]["get"]["responses"]["302"] = {}
    there = operation("id")
    there["responses"]["200"] = {}
    paths["/download/{id}"] = {"get": there}
    # Writing content answers with the item, not with nothing.
    written = paths[f"{ITEM}/content"]["put"]["responses"]
    written["200"] = written["201"] = item
    # Addresses by path are told in prose only; so are links, versions, people and what a name that is taken means.
    rule = ("@microsoft.graph.conflictBehavior",)
    made = operation(*named, "name", query=rule, status="201")
    made["responses"] |= {"200": item, "201": item}
    made["requestBody"] = {"required": True, **file}
    paths[f"{ITEM}:/{{name}}:/content"] = {"put": made}
    paths[f"{ITEM}:/{{path}}"] = {"get": operation(*named, "path")}
    paths["/shares/{id}/driveItem"] = {"get": operation("id")}
    paths[f"{ITEM}/versions/{{version}}/microsoft.graph.restoreVersion"] = {
        "post": operation(*named, "version", status="204")
    }
    paths["/users"] = {"get": operation(query=("$search", "$top", "$skip"))}
    paths["/users/{id}"] = {"get": operation("id")}
    # The places of a delta query stand in the links that it gives.
    found = paths[f"{ITEM}/microsoft.graph.delta()"]["get"]["parameters"]
    found += operation(query=("$deltatoken", "$skiptoken", "$mark"))["parameters"]
