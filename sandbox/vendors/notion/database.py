"""Databases and their entries."""

from __future__ import annotations

from typing import Any

from sandbox.exchange import Call, Json
from sandbox.vendor import route
from sandbox.vendors.notion.base import canonical, refused
from sandbox.vendors.notion.page import Pages
from sandbox.vendors.notion.shape import fits, rich, words


class Databases(Pages):
    """`/data_sources` and `/databases`."""

    @route("GET", "/v1/data_sources/{source}")
    def get_source(self, call: Call) -> Json:
        """Its properties."""
        return self.source_shown(self.source(call.params["source"]))

    @route("GET", "/v1/databases/{database}")
    def get_database(self, call: Call) -> Json:
        """Which data sources are inside."""
        row: Json | None = self.state["databases"].get(canonical(call.params["database"]))
        if row is None:
            raise refused(404, f"Could not find database with ID: {call.params['database']}.")
        inside = [{"id": row["source"], "name": row["title"]}]
        return {"object": "database", "id": row["id"], "title": rich(row["title"]), "data_sources": inside}

    @route("POST", "/v1/data_sources/{source}/query")
    def query(self, call: Call) -> Json:
        """Its entries, filtered and sorted."""
        source = self.source(call.params["source"])
        today = self.world.time().date()
        rows = [
            self.page_shown(row)
            for row in self.state["pages"].values()
            if row["parent"].get("data_source_id") == source["id"] and not row["in_trash"]
        ]
        if asked := call.get("filter"):
            rows = [row for row in rows if fits(row["properties"], asked, today)]
        for sort in reversed(call.get("sorts") or []):
            if sort.get("property") not in source["properties"]:
                raise refused(400, f"Could not find sort property with name or id: {sort.get('property')}")
            rows.sort(
                key=lambda row: _key(row["properties"][sort["property"]]), reverse=sort["direction"] == "descending"
            )
        return self.listed(call, rows, "page_or_data_source")


def _key(held: Json) -> tuple[bool, Any]:
    value = words(held)
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return (value is not None, value if value is not None else 0)
