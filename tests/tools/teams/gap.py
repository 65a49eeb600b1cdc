"""What the vendor's description of `teams` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from tests.odata import Json, lighten, operation


def amend(document: Json) -> None:
    """Widen what it allows."""
    lighten(document)
    paths = document["paths"]
    # A shared channel is made after the answer, which is 202 and has no body.
    created = paths["/teams/{team-id}/channels"]["post"]["responses"]
    created["201"] = created.pop("2XX")
    created["202"] = {}
    # Left out of the trimmed description: people, one membership, one reply, delta, deleting replies and chat
    # messages, bringing them back.
    paths["/me"] = {"get": operation()}
    paths["/users"] = {"get": operation(query=("$search", "$top", "$skip"))}
    paths["/users/{id}"] = {"get": operation("id")}
    role: Json = {"type": "object", "required": ["roles"], "properties": {"roles": {"type": "array"}}}
    one = "/teams/{team-id}/members/{conversationMember-id}"
    paths[one]["patch"] = operation("team-id", "conversationMember-id", body=role)
    posts = "/teams/{team-id}/channels/{channel-id}/messages"
    named = ("team-id", "channel-id")
    query = ("$deltatoken", "$skiptoken", "$mark")
    paths[f"{posts}/delta"] = {"get": operation(*named, query=query)}
    reply = f"{posts}/{{message-id}}/replies/{{reply-id}}"
    paths[reply] = {"get": operation(*named, "message-id", "reply-id")}
    chat = "/users/{user-id}/chats/{chat-id}/messages/{message-id}"
    for name in ("softDelete", "undoSoftDelete"):
        paths[f"{reply}/microsoft.graph.{name}"] = {"post": operation(*named, "message-id", "reply-id", status="204")}
        paths[f"{chat}/microsoft.graph.{name}"] = {"post": operation("user-id", "chat-id", "message-id", status="204")}
    paths[f"{posts}/{{message-id}}/microsoft.graph.undoSoftDelete"] = {
        "post": operation(*named, "message-id", status="204")
    }
