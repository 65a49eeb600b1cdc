"""`query`: SOQL with its pages."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.exchange import Call, Json
from sandbox.vendor import route
from sandbox.vendors.salesforce.base import DATA, Base, refused
from sandbox.vendors.salesforce.soql import parse, run


class Queries(Base):
    """The query resource and what follows a page."""

    @route("GET", f"{DATA}/query", scope="api full")
    def query(self, call: Call) -> Json:
        """The first page of a query."""
        asked = parse(str(call.need("q")), self.value, self.world.time().date())
        found = run(asked, self.all(asked.kind), self.value)
        if not asked.fields:
            return {"totalSize": len(found), "done": True, "records": []}
        return self.slice(call, [row["Id"] for row in found], asked.fields, 0)

    @route("GET", DATA + "/query/{locator}", scope="api full")
    def query_more(self, call: Call) -> Json:
        """A further page."""
        locator, _, start = str(call.params["locator"]).partition("-")
        cursor = self.state.get("cursors", {}).get(locator)
        if cursor is None or not start.isdigit():
            raise refused("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self.slice(call, cursor["ids"], cursor["fields"], int(start), locator)

    def slice(self, call: Call, ids: list[str], fields: Sequence[str], start: int, locator: str = "") -> Json:
        """A page of records, and where the next one is."""
        rows = [row for one in ids[start : start + self.page] if (row := self.by_id(one))]
        answer: Json = {"totalSize": len(ids), "done": start + self.page >= len(ids)}
        if not answer["done"]:
            locator = locator or f"01g{self.ident(15, 'cursor', self.count('cursor'))}"
            self.state.setdefault("cursors", {})[locator] = {"ids": ids, "fields": list(fields)}
            root = f"/services/data/{call.params['version']}"
            answer["nextRecordsUrl"] = f"{root}/query/{locator}-{start + self.page}"
        return answer | {"records": [self.payload(call, row, fields) for row in rows]}
