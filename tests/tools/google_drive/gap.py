"""What the description of `google_drive` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
    comments = document["resources"]["comments"]["methods"]
    one = {
        "path": "files/{fileId}/comments/{commentId}",
        "parameters": {name: {"type": "string", "location": "path"} for name in ("fileId", "commentId")},
        "parameterOrder": ["fileId", "commentId"],
        "x-basis": "Drive's reference of comments",
    }
    # Reading and deleting one comment were trimmed away; they prove a comment and take it back.
    comments["get"] = {**one, "httpMethod": "GET", "response": {"$ref": "Comment"}}
    comments["delete"] = {**one, "httpMethod": "DELETE"}
    # With alt=media the answer is the file itself, which a discovery document says of no method in particular.
    document["resources"]["files"]["methods"]["get"]["response"] = {"anyOf": [{"$ref": "File"}, {"type": "string"}]}
