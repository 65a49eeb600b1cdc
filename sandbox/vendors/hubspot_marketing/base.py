"""What all of the portal's resources share: errors, paging, owners, contacts."""

from __future__ import annotations

from typing import Any

from sandbox.company import Person
from sandbox.exchange import Call, Json, Refusal
from sandbox.hubspot import PORTAL, Portal
from sandbox.vendor import route
from sandbox.vendors.hubspot_marketing.seed import is_owner, owner_id, seed_marketing, stamp


class Base(Portal):
    """One portal."""

    def seed(self) -> Json:
        """Campaigns, e-mails, forms, lists, contacts."""
        return seed_marketing(self.world.story)

    def page(self, call: Call, rows: list[Any]) -> Json:
        """A page of results after a mark."""
        start, size = int(call.get("after") or 0), call.whole("limit", 20, 100) or 20
        found: Json = {"total": len(rows), "results": rows[start : start + size]}
        if start + size < len(rows):
            found["paging"] = {"next": {"after": str(start + size), "link": f"?after={start + size}"}}
        return found

    def one(self, kind: str, own: Any) -> Json:
        """One thing of a kind."""
        row = self.state[kind].get(str(own))
        if row is None:
            raise Refusal("unknown", "resource not found", status=404)
        found: Json = row
        return found

    def now(self) -> str:
        """The present moment."""
        return stamp(self.world.time())

    @property
    def owners(self) -> dict[str, Person]:
        """Those who may own a campaign, by id."""
        people = [person for person in self.company.people if is_owner(person, self.company.default)]
        return {owner_id(person): person for person in people}

    @route("GET", "/account-info/v3/details")
    def account(self, call: Call) -> Json:
        """The portal."""
        return {
            "portalId": PORTAL,
            "accountType": "STANDARD",
            "timeZone": "Europe/London",
            "uiDomain": "app.hubspot.com",
        }

    @route("GET", "/crm/v3/owners/", scope="crm.objects.owners.read")
    def list_owners(self, call: Call) -> Json:
        """A page of the users."""
        rows = [
            {"id": own, "email": person.email, "firstName": person.first, "lastName": person.last, "archived": False}
            for own, person in self.owners.items()
        ]
        return self.page(call, rows)

    @route("POST", "/crm/v3/objects/contacts/search", scope="crm.objects.contacts.read")
    def search_contacts(self, call: Call) -> Json:
        """Contacts by words, or by one property."""
        filters = [one for group in call.get("filterGroups") or [] for one in group["filters"]]
        parts, found = str(call.get("query") or "").casefold().split(), []
        for own, row in self.state["contacts"].items():
            values = row | {"hs_object_id": own}
            words = " ".join(row.values()).casefold()
            fits = all(values.get(one["propertyName"]) == one["value"] for one in filters)
            if fits and all(part in words for part in parts):
                at = stamp(self.world.now)
                found.append({"id": own, "properties": values, "createdAt": at, "updatedAt": at, "archived": False})
        return {"total": len(found), "results": found[: call.get("limit") or 10]}
