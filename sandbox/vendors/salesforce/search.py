"""`parameterizedSearch`: words in any field of several objects."""

from __future__ import annotations

import re

from sandbox.exchange import Call, Json
from sandbox.vendor import route
from sandbox.vendors.salesforce.base import DATA, Base, refused
from sandbox.vendors.salesforce.schema import SCHEMA
from sandbox.vendors.salesforce.soql import check_field

SEARCHED = ("string", "email", "phone", "url", "textarea", "picklist")
MOST = 2000


class Searches(Base):
    """The search without SOSL."""

    @route("GET", f"{DATA}/parameterizedSearch", scope="api full")
    def search(self, call: Call) -> Json:
        """Records in which every word occurs, grouped by object."""
        words = re.findall(r"\w+\*?", str(call.need("q")).lower())
        if not words or max(map(len, words)) < 2:
            raise refused("MALFORMED_SEARCH", "search term must be longer than one character")
        kinds = call.many("sobject") or ["Account", "Contact", "Lead", "Opportunity", "Case", "Task"]
        most = call.whole("overallLimit", MOST, MOST)
        found: list[Json] = []
        for kind in kinds:
            if kind not in SCHEMA:
                raise refused("INVALID_TYPE", f"sObject type '{kind}' is not supported.")
            asked = dict(call.pairs)
            fields = (asked.get(f"{kind}.fields") or asked.get("fields") or "Id").split(",")
            for name in fields:
                check_field(kind, name)
            limit = int(asked.get(f"{kind}.limit") or asked.get("defaultLimit") or MOST)
            hits = [row for row in self.all(kind) if self._fits(row, words)][:limit]
            found += [self.payload(call, row, fields) for row in hits]
        return {"searchRecords": found[:most]}

    def _fits(self, record: Json, words: list[str]) -> bool:
        texts = (record.get(name) for name, column in SCHEMA[record["type"]].items() if column.type in SEARCHED)
        known = set(re.findall(r"\w+", " ".join(str(text) for text in texts if text).lower()))
        return all(
            any(one.startswith(word[:-1]) for one in known) if word.endswith("*") else word in known for word in words
        )
