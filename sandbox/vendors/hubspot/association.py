"""What ties objects, version 4 of that API."""

from __future__ import annotations

from sandbox.exchange import Call, Json
from sandbox.vendor import route
from sandbox.vendors.hubspot.record import READ, WRITE, Records
from sandbox.vendors.hubspot.schema import TIES
from sandbox.vendors.hubspot.seed import stamp


class Associations(Records):
    """The associations API."""

    @route("GET", "/crm/v4/objects/{kind}/{own}/associations/{other}", scope=READ)
    def list_ties(self, call: Call) -> Json:
        """A page of the other objects that one is tied to."""
        kind, own, other = (call.params[name] for name in ("kind", "own", "other"))
        self.object_of(kind, own)
        self.of_kind(other)
        every = list(self.near(kind, own, other))
        start, size = int(call.get("after") or 0), call.whole("limit", 500, 500) or 500
        results = [
            {"toObjectId": one, "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": number}]}
            for one, number in every[start : start + size]
        ]
        return {"results": results, **self.paging(start + size, len(every))}

    @route("PUT", "/crm/v4/objects/{kind}/{own}/associations/default/{other}/{to}", scope=WRITE)
    def tie_by_default(self, call: Call) -> Json:
        """Tie two objects in the usual way."""
        kind, own, other, to = (call.params[name] for name in ("kind", "own", "other", "to"))
        self.object_of(kind, own)
        self.tie(kind, own, other, to)
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TIES[kind, other]}
        at = stamp(self.world.time())
        results = [{"from": {"id": own}, "to": {"id": to}, "associationSpec": spec}]
        return {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}

    @route("DELETE", "/crm/v4/objects/{kind}/{own}/associations/{other}/{to}", scope=WRITE)
    def untie(self, call: Call) -> None:
        """Tie two objects no longer."""
        kind, own, other, to = (call.params[name] for name in ("kind", "own", "other", "to"))
        for tie in (f"{kind}/{own}>{other}/{to}", f"{other}/{to}>{kind}/{own}"):
            self.state["ties"].pop(tie, None)
