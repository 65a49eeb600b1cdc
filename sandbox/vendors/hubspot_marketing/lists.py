"""Lists and who is on them."""

from __future__ import annotations

from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.hubspot_marketing.base import Base

READ, WRITE = "crm.lists.read", "crm.lists.write"


class Lists(Base):
    """The lists API."""

    @route("POST", "/crm/v3/lists/search", scope=READ)
    def search_lists(self, call: Call) -> Json:
        """A page of them, by part of the name and kind."""
        part, kinds = str(call.get("query") or "").casefold(), call.get("processingTypes")
        rows = [row for row in self.state["lists"].values() if part in row["name"].casefold()]
        rows = [row for row in rows if not kinds or row["processingType"] in kinds]
        start, size = int(call.get("offset") or 0), int(call.get("count") or 20)
        some = [
            self._list(row) | {"additionalProperties": {"hs_list_size": str(len(row["members"]))}}
            for row in rows[start : start + size]
        ]
        end = start + len(some)
        return {"lists": some, "offset": end, "hasMore": end < len(rows), "total": len(rows)}

    @route("GET", "/crm/v3/lists/{own}", scope=READ)
    def a_list(self, call: Call) -> Json:
        """One."""
        row = self.one("lists", call.params["own"])
        return {"list": self._list(row) | {"size": len(row["members"])}}

    @route("GET", "/crm/v3/lists/records/{kind}/{contact}/memberships", scope=READ)
    def memberships(self, call: Call) -> Json:
        """The lists that a contact is on."""
        contact = self.one("contacts", call.params["contact"]) and call.params["contact"]
        found = [
            {
                "listId": row["listId"],
                "listVersion": 1,
                "firstAddedTimestamp": row["at"],
                "lastAddedTimestamp": row["at"],
            }
            for row in self.state["lists"].values()
            if contact in row["members"]
        ]
        return {"total": len(found), "results": found}

    @route("PUT", "/crm/v3/lists/{own}/memberships/add", scope=WRITE)
    def add(self, call: Call) -> Json:
        """Put contacts on a static list."""
        row, wanted = self._static(call), self._wanted(call)
        there = [contact for contact in wanted if contact in self.state["contacts"]]
        new = [contact for contact in there if contact not in row["members"]]
        row["members"] = sorted([*row["members"], *new])
        missing = [contact for contact in wanted if contact not in there]
        return {"recordsIdsAdded": new, "recordIdsRemoved": [], "recordIdsMissing": missing}

    @route("PUT", "/crm/v3/lists/{own}/memberships/remove", scope=WRITE)
    def remove(self, call: Call) -> Json:
        """Take contacts off a static list."""
        row, wanted = self._static(call), self._wanted(call)
        gone = [contact for contact in wanted if contact in row["members"]]
        row["members"] = [contact for contact in row["members"] if contact not in gone]
        return {"recordsIdsAdded": [], "recordIdsRemoved": gone, "recordIdsMissing": []}

    def _static(self, call: Call) -> Json:
        row = self.one("lists", call.params["own"])
        if row["processingType"] == "DYNAMIC":
            raise Refusal("invalid", "Memberships of a DYNAMIC list cannot be changed by hand")
        return row

    def _wanted(self, call: Call) -> list[str]:
        if not isinstance(call.body, list):
            raise Refusal("invalid_body")
        return [str(contact) for contact in call.body]

    def _list(self, row: Json) -> Json:
        kept = {name: row[name] for name in ("listId", "name", "processingType")}
        times = {"createdAt": row["at"], "updatedAt": row["at"], "filtersUpdatedAt": row["at"]}
        return {**kept, **times, "objectTypeId": "0-1", "processingStatus": "COMPLETE", "listVersion": 1}
