"""Tickets and the articles of the help center."""

from __future__ import annotations

from typing import Any

from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.intercom.base import APP, Base
from sandbox.vendors.intercom.seed import TICKET_TYPES, number, seconds

SUBMITTED = {"type": "ticket_state", "id": "6601", "category": "submitted", "internal_label": "Submitted",
             "external_label": "Submitted"}  # fmt: skip


class Tickets(Base):
    """The tickets and articles APIs."""

    @route("GET", "/ticket_types")
    def ticket_types(self, call: Call) -> Json:
        """The kinds of ticket."""
        return {"type": "list", "data": [self._type(name) for name in TICKET_TYPES]}

    def _type(self, name: str) -> Json:
        at = seconds(self.world.now)
        return {
            "type": "ticket_type", "id": str(number("ticket type", name)), "category": TICKET_TYPES[name], "name": name,
            "description": "", "icon": "🎟️", "workspace_id": APP, "archived": False, "created_at": at, "updated_at": at,
        }  # fmt: skip

    @route("POST", "/tickets")
    def create_ticket(self, call: Call) -> Json:
        """A new one."""
        names = {str(number("ticket type", name)): name for name in TICKET_TYPES}
        kind = names.get(str(call.need("ticket_type_id")))
        if kind is None:
            raise Refusal("unknown", "Ticket type not found", status=404, code="ticket_type_not_found")
        people = [str(one.get("id")) for one in call.need("contacts")]
        if any(own not in self.state["contacts"] for own in people):
            raise Refusal("invalid", "Contact not found", name="contacts")
        told, at, serial = call.get("ticket_attributes") or {}, self.now(), self.count("ticket")
        own = str(22_000_000 + serial)
        self.state["tickets"][own] = row = {
            "id": own, "serial": str(400 + serial), "kind": kind, "told": told, "people": people, "created_at": at,
            "updated_at": at,
        }  # fmt: skip
        self.tell("ticket.created", self.as_ticket(row))
        return self.as_ticket(row)

    @route("GET", "/tickets/{own}")
    def get_ticket(self, call: Call) -> Json:
        """One."""
        row = self.state["tickets"].get(call.params["own"])
        if row is None:
            raise Refusal("unknown", "Ticket not found", status=404, code="ticket_not_found")
        return self.as_ticket(row)

    @route("POST", "/tickets/search")
    def search_tickets(self, call: Call) -> Json:
        """A page of them."""
        some, more = self.found(call, list(self.state["tickets"].values()), _value)
        return {"type": "ticket.list", "tickets": [self.as_ticket(row) for row in some], **more}

    def as_ticket(self, row: Json) -> Json:
        """A ticket as it is shown."""
        people = [{"type": "contact", "id": own, "external_id": None} for own in row["people"]]
        return {
            "type": "ticket", "id": row["id"], "ticket_id": row["serial"], "category": TICKET_TYPES[row["kind"]],
            "ticket_attributes": row["told"], "ticket_state": SUBMITTED, "ticket_type": self._type(row["kind"]),
            "contacts": {"type": "contact.list", "contacts": people}, "open": True, "is_shared": False,
            "created_at": row["created_at"], "updated_at": row["updated_at"],
        }  # fmt: skip

    @route("GET", "/articles/search")
    def search_articles(self, call: Call) -> Json:
        """Those with the words, published unless said otherwise."""
        parts, state = str(call.need("phrase")).casefold().split(), call.get("state") or "published"
        rows = [
            row for row in self.state["articles"].values()
            if state in ("all", row["state"])
            and all(part in f"{row['title']} {row['body']}".casefold() for part in parts)
        ]  # fmt: skip
        pages = {"type": "pages", "page": 1, "per_page": 10, "total_pages": 1}
        return {"type": "list", "total_count": len(rows), "data": {"articles": rows, "highlights": []}, "pages": pages}


def _value(row: Json, field: str) -> Any:
    known = {"created_at": row["created_at"], "updated_at": row["updated_at"], "contact_ids": row["people"]}
    if field not in known:
        raise Refusal("invalid", f"{field} is no field to search by", name=field)
    return known[field]
