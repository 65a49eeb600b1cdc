"""Owners, pipelines, and the options of properties."""

from __future__ import annotations

from sandbox.company import Person
from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.hubspot.record import READ, Records
from sandbox.vendors.hubspot.schema import INDUSTRIES, LIFECYCLE, PIPELINES, PROPERTIES
from sandbox.vendors.hubspot.seed import is_owner, owner_id, stamp


class Directory(Records):
    """What the portal is set up with."""

    @route("GET", "/crm/v3/owners/", scope="crm.objects.owners.read")
    def owners(self, call: Call) -> Json:
        """A page of the users, one of them by address."""
        people = [person for person in self.company.people if is_owner(person, self.company.default)]
        if email := call.get("email"):
            people = [person for person in people if person.email == email.lower()]
        start, size = int(call.get("after") or 0), call.whole("limit", 100, 500) or 100
        found = [self._owner(person) for person in people[start : start + size]]
        return {"results": found, **self.paging(start + size, len(people))}

    @route("GET", "/crm/v3/owners/{owner}", scope="crm.objects.owners.read")
    def owner(self, call: Call) -> Json:
        """One user."""
        people = [person for person in self.company.people if is_owner(person, self.company.default)]
        found = next((person for person in people if owner_id(person) == call.params["owner"]), None)
        if found is None:
            raise Refusal("unknown", "resource not found", status=404)
        return self._owner(found)

    def _owner(self, person: Person) -> Json:
        at = stamp(self.world.now)
        return {
            "id": owner_id(person), "email": person.email, "firstName": person.first, "lastName": person.last,
            "userId": int(owner_id(person)[1:]), "type": "PERSON", "archived": False, "createdAt": at, "updatedAt": at,
            "teams": [{"id": str(sum(map(ord, person.team))), "name": person.team, "primary": True}],
        }  # fmt: skip

    @route("GET", "/crm/v3/pipelines/{kind}", scope=READ)
    def pipelines(self, call: Call) -> Json:
        """The pipelines of deals."""
        if call.params["kind"] != "deals":
            return {"results": []}
        at = stamp(self.world.now)
        common = {"archived": False, "createdAt": at, "updatedAt": at}
        results = []
        for order, (own, (label, stages)) in enumerate(PIPELINES.items()):
            its = [
                {
                    "id": stage, "label": title, "displayOrder": place, **common, "writePermissions": "CRM_PERMISSIONS",
                    "metadata": {"isClosed": "true" if closed else "false", "probability": str(probability)},
                }
                for place, (stage, (title, probability, closed)) in enumerate(stages.items())
            ]  # fmt: skip
            results.append({"id": own, "label": label, "displayOrder": order, "stages": its, **common})
        return {"results": results}

    @route("GET", "/crm/v3/properties/{kind}/{name}", scope=READ)
    def a_property(self, call: Call) -> Json:
        """One property with its options."""
        kind, name = call.params["kind"], call.params["name"]
        sort = PROPERTIES.get(kind, {}).get(name)
        if sort is None:
            raise Refusal("unknown", f'Property "{name}" does not exist', status=404)
        labels = {"lifecycle": LIFECYCLE, "industry": INDUSTRIES}.get(sort, {})
        options = [
            {"label": label, "value": value, "displayOrder": place, "hidden": False}
            for place, (value, label) in enumerate(labels.items())
        ]
        return {
            "name": name, "label": name, "type": "enumeration" if options else "string", "fieldType": "select",
            "groupName": "information", "description": "", "options": options,
        }  # fmt: skip
