"""The whole description of `freshdesk`: its vendor publishes none, so each operation says where it is from."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
BASIS = "developers.freshdesk.com/api and the vendor's own JavaScript SDK"

ID, TEXT, WHEN, FLAG = (
    {"type": "integer"},
    {"type": "string"},
    {"type": "string", "format": "date-time"},
    {"type": "boolean"},
)
STATUS, PRIORITY = {"type": "integer", "minimum": 2}, {"type": "integer", "enum": [1, 2, 3, 4]}
TEXTS = {"type": "array", "items": TEXT}


def amend(document: Json) -> None:
    """Write down what is used."""
    ticket = _object(
        {"id": ID, "subject": _maybe(TEXT), "status": STATUS, "priority": PRIORITY, "source": ID, "requester_id": ID,
         "responder_id": _maybe(ID), "group_id": _maybe(ID), "company_id": _maybe(ID), "type": _maybe(TEXT),
         "tags": TEXTS, "spam": FLAG, "deleted": FLAG, "description": TEXT, "description_text": TEXT,
         "due_by": _maybe(WHEN), "created_at": WHEN, "updated_at": WHEN},
        "id", "status", "priority", "requester_id", "created_at", "updated_at",
    )  # fmt: skip
    spoken = _object(
        {"id": ID, "body": TEXT, "body_text": TEXT, "private": FLAG, "incoming": FLAG, "user_id": _maybe(ID),
         "ticket_id": ID, "cc_emails": TEXTS, "created_at": WHEN}, "id", "body", "ticket_id", "created_at",
    )  # fmt: skip
    contact = _object({"id": ID, "name": TEXT, "email": _maybe(TEXT), "company_id": _maybe(ID)}, "id", "name")
    agent = _object({"id": ID, "contact": _object({"name": TEXT, "email": TEXT}, "email")}, "id", "contact")
    named = _object({"id": ID, "name": TEXT}, "id", "name")
    fields = {"subject": TEXT, "type": _maybe(TEXT), "status": STATUS, "priority": PRIORITY, "tags": TEXTS,
              "responder_id": _maybe(ID), "group_id": _maybe(ID)}  # fmt: skip
    new = fields | {"description": TEXT, "email": {"type": "string", "format": "email"}, "source": ID}
    pages = ("page", "per_page")
    filters: Json = {"filter": {"type": "string", "enum": ["new_and_my_open", "watching", "spam", "deleted"]},
               "order_type": {"type": "string", "enum": ["asc", "desc"]}, "requester_id": ID, "updated_since": WHEN,
               "order_by": {"type": "string", "enum": ["created_at", "due_by", "updated_at", "status"]}}  # fmt: skip
    paths = document["paths"]
    paths["/agents/me"] = {"get": _get(agent)}
    paths["/agents"] = {"get": _get(_many(agent), *pages)}
    paths["/groups"] = {"get": _get(_many(named), *pages)}
    paths["/companies/{id}"] = {"get": _get(named, id=ID)}
    paths["/contacts/{id}"] = {"get": _get(contact, id=ID)}
    paths["/contacts/autocomplete"] = {"get": _get(_many(named), "term")}
    for kind, row in (("tickets", ticket), ("contacts", contact)):
        found = _object({"total": ID, "results": _many(row)}, "total", "results")
        paths[f"/search/{kind}"] = {"get": _get(found, "query", "page")}
    paths["/tickets"] = {
        "get": _get(_many(ticket), *pages, "include", "email", **filters),
        "post": _send(_strict(new, "email", "subject", "description", "status", "priority"), ticket, 201),
    }
    paths["/tickets/{id}"] = {
        "get": _get(ticket, "include", id=ID),
        "put": _send(_strict(fields), ticket, 200, id=ID),
        "delete": _send(None, None, 204, id=ID),
    }
    paths["/tickets/{id}/restore"] = {"put": _send(None, None, 204, id=ID)}
    paths["/tickets/{id}/conversations"] = {"get": _get(_many(spoken), *pages, id=ID)}
    paths["/tickets/{id}/reply"] = {
        "post": _send(_strict({"body": TEXT, "cc_emails": TEXTS}, "body"), spoken, 201, id=ID)
    }
    paths["/tickets/{id}/notes"] = {"post": _send(_strict({"body": TEXT, "private": FLAG}, "body"), spoken, 201, id=ID)}
    paths["/conversations/{id}"] = {"delete": _send(None, None, 204, id=ID)}


def _object(properties: Json, *required: str) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


def _strict(properties: Json, *required: str) -> Json:
    return _object(properties, *required) | {"additionalProperties": False}


def _many(row: Json) -> Json:
    return {"type": "array", "items": row}


def _maybe(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _get(answer: Json, *query: str, **more: Json) -> Json:
    schemas = {**{name: {} for name in query}, **more}
    parameters = [
        {
            "name": name,
            "in": "path" if name == "id" else "query",
            "required": name in ("id", "query", "term"),
            "schema": one,
        }
        for name, one in schemas.items()
    ]
    return {"parameters": parameters, "responses": {"200": _content(answer)}, "x-basis": BASIS}


def _send(body: Json | None, answer: Json | None, status: int, **path: Json) -> Json:
    found = _get({}, **path) | {"responses": {str(status): _content(answer) if answer else {}}}
    return found | ({"requestBody": {**_content(body), "required": True}} if body else {})


def _content(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}
