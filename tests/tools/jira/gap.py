"""What the vendor's description of `jira` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    # In prose the account id of an assignee may be null, which leaves the issue with nobody.
    document["components"]["schemas"]["User"]["properties"]["accountId"]["nullable"] = True
    for item in document["paths"].values():
        for operation in item.values():
            # The gateway at api.atlassian.com refuses tokens before Jira does, with a body of its own.
            operation["responses"].get("401", {}).pop("content", None)
    # One comment and one worklog are read and deleted by addresses of their own, which the trimmed description lacks.
    for kind, schema in (("comment", "Comment"), ("worklog", "Worklog")):
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
        named = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in ("issueIdOrKey", "id")
        ]
        document["paths"][f"/rest/api/3/issue/{{issueIdOrKey}}/{kind}/{{id}}"] = {
            "get": {"parameters": named, "responses": {"200": {"content": content}, "404": {}}},
            "delete": {"parameters": named, "responses": {"204": {}, "404": {}}},
        }
