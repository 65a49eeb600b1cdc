"""Customers and their companies."""

from __future__ import annotations

from typing import Any

from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.intercom.base import APP, Base


class Contacts(Base):
    """The contacts and companies APIs."""

    @route("POST", "/contacts/search")
    def search_contacts(self, call: Call) -> Json:
        """A page of users and leads."""
        some, more = self.found(call, list(self.state["contacts"].values()), _value)
        return {"type": "list", "data": [self.as_contact(row) for row in some], **more}

    @route("GET", "/contacts/{own}")
    def get_contact(self, call: Call) -> Json:
        """One."""
        return self.as_contact(self._contact(call))

    @route("DELETE", "/contacts/{own}")
    def delete_contact(self, call: Call) -> Json:
        """For good."""
        row = self._contact(call)
        del self.state["contacts"][row["id"]]
        self.tell("contact.deleted", {"type": "contact", "id": row["id"]})
        return {"type": "contact", "id": row["id"], "external_id": None, "deleted": True}

    @route("GET", "/companies")
    def get_companies(self, call: Call) -> Json:
        """Those with this very name."""
        name = str(call.get("name") or "")
        found = [row for row in self.state["companies"].values() if row["name"] == name]
        if not found:
            raise Refusal("unknown", "Company Not Found", status=404, code="company_not_found")
        return {"type": "list", "data": found, "total_count": len(found)}

    @route("POST", "/companies/list")
    def list_companies(self, call: Call) -> Json:
        """A numbered page of all."""
        number, size = call.whole("page", 1) or 1, call.whole("per_page", 15, 60) or 15
        rows = sorted(self.state["companies"].values(), key=lambda row: str(row["name"]))
        last = -(-len(rows) // size)
        pages = {"type": "pages", "page": number, "per_page": size, "total_pages": last}
        return {
            "type": "list",
            "data": rows[(number - 1) * size : number * size],
            "pages": pages,
            "total_count": len(rows),
        }

    @route("GET", "/companies/{own}/contacts")
    def company_contacts(self, call: Call) -> Json:
        """The customers of one."""
        if call.params["own"] not in self.state["companies"]:
            raise Refusal("unknown", "Company Not Found", status=404, code="company_not_found")
        rows = [row for row in self.state["contacts"].values() if row["company"] == call.params["own"]]
        return {"type": "list", "data": [self.as_contact(row) for row in rows], "total_count": len(rows)}

    def _contact(self, call: Call) -> Json:
        row = self.state["contacts"].get(call.params["own"])
        if row is None:
            raise Refusal("unknown", "User Not Found", status=404)
        found: Json = row
        return found

    def as_contact(self, row: Json) -> Json:
        """A customer as it is shown."""
        kept = {name: value for name, value in row.items() if name != "company"}
        link = f"/contacts/{row['id']}/companies"
        companies = (
            [{"id": row["company"], "type": "company", "url": f"/companies/{row['company']}"}] if row["company"] else []
        )
        some = {"data": companies, "url": link, "total_count": len(companies), "has_more": False}
        return {**kept, "workspace_id": APP, "companies": some, "custom_attributes": {}}


def _value(row: Json, field: str) -> Any:
    if field not in row:
        raise Refusal("invalid", f"{field} is no field to search by", name=field)
    return row[field]
