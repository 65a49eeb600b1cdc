"""What the vendor's description of `outlook` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from tests.odata import Json, lighten, operation


def amend(document: Json) -> None:
    """Widen what it allows."""
    lighten(document)
    paths = document["paths"]
    # These actions are accepted, and done later: Graph answers 202 where the description has 204.
    for path in ("/me/messages/{message-id}/send", "/me/events/{event-id}/cancel", *(
        f"/me/events/{{event-id}}/{name}" for name in ("accept", "decline", "tentativelyAccept")
    )):  # fmt: skip
        paths[path]["post"]["responses"]["202"] = {}
    message = {"type": "object", "properties": {
        "Comment": {"type": "string"}, "Message": {"type": "object"}, "ToRecipients": {"type": "array"},
    }, "additionalProperties": False}  # fmt: skip
    # A view of the calendar is put in order by the time inside of `start`; the list has only the object around it.
    for row in paths["/me/calendarView"]["get"]["parameters"]:
        if row.get("name") == "$orderby":
            row["schema"]["items"]["enum"].append("start/dateTime")
    # Left out of the trimmed description.
    for name in ("createReplyAll", "createForward"):
        paths[f"/me/messages/{{id}}/{name}"] = {"post": operation("id", body=message, status="201")}
    paths["/me/mailFolders/{id}"] = {"get": operation("id")}
    paths["/me/mailFolders/{id}/childFolders"] = {"get": operation("id", query=("$top", "$skip"))}
    delta = ("$deltatoken", "$skiptoken", "$mark")
    paths["/me/mailFolders/{id}/messages/delta"] = {"get": operation("id", query=delta)}
    edges = ("startDateTime", "endDateTime")
    paths["/me/calendarView/delta"] = {"get": operation(query=(*edges, *delta))}
    paths["/me/people"] = {"get": operation(query=("$search", "$top", "$skip"))}
