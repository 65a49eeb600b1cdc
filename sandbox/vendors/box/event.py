"""The event stream of an account."""

from __future__ import annotations

from sandbox.exchange import Call, Json
from sandbox.vendor import route
from sandbox.vendors.box.base import SCOPE, Enterprise


class Events(Enterprise):
    """`/events`."""

    @route("GET", "/2.0/events", scope=SCOPE)
    def events(self, call: Call) -> Json:
        """What happened after a position; `now` only tells the position."""
        every = self.state["events"]
        at = str(call.get("stream_position", "0"))
        if at == "now":
            return {"chunk_size": 0, "next_stream_position": str(len(every)), "entries": []}
        start, size = int(at), max(1, call.whole("limit", 100, top=500))
        rows = every[start : start + size]
        part = [
            {
                "type": "event", "event_id": row["id"], "event_type": row["type"], "created_at": row["at"],
                "source": self._whole(self.state["items"][row["item"]]),
            }
            for row in rows
            if self.sees(call.person, self.state["items"][row["item"]])
        ]  # fmt: skip
        return {"chunk_size": len(part), "next_stream_position": str(start + len(rows)), "entries": part}
