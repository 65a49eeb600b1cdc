"""Drafts."""

from __future__ import annotations

from sandbox.exchange import Call, Json, page
from sandbox.google import refused
from sandbox.vendor import route
from sandbox.vendors.gmail.base import BASE, COMPOSE, READ, Base


class Drafts(Base):
    """`users.drafts`."""

    @route("GET", f"{BASE}/drafts", scope=READ)
    def list_drafts(self, call: Call) -> Json:
        """The caller's drafts that fit, newest first."""
        by_message = {one["message"]: number for number, one in self.state["drafts"].items()}
        found = [one for one in self.sought(call) if one["id"] in by_message]
        items, more = page(found, call.get("pageToken"), call.whole("maxResults", 100, 500))
        rows = [{"id": by_message[one["id"]], "message": self.brief(one)} for one in items]
        shown: Json = {"drafts": rows} if rows else {}
        return shown | {"resultSizeEstimate": len(found)} | ({"nextPageToken": more} if more else {})

    @route("GET", f"{BASE}/drafts/{{id}}", scope=READ)
    def get_draft(self, call: Call) -> Json:
        """One of them."""
        number, row = self._draft(call, str(call.params["id"]))
        return {"id": number, "message": self.payload(self._message(row), str(call.get("format", "full")))}

    @route("POST", f"{BASE}/drafts", scope=COMPOSE)
    def create_draft(self, call: Call) -> Json:
        """A new one."""
        mail, thread = self.parsed(call, call.get("message"))
        message = self.put(self.owner(call), mail, ["DRAFT"], thread)
        number = f"r{self.ident(15, 'draft', self.count('draft'), alphabet='123456789')}"
        self.state["drafts"][number] = {"owner": message["owner"], "message": message["id"]}
        self.push(message["owner"])
        return {"id": number, "message": {**self.brief(message), "labelIds": message["labelIds"]}}

    @route("POST", f"{BASE}/drafts/send", scope=COMPOSE)
    def send_draft(self, call: Call) -> Json:
        """Send one: it becomes a message with an id of its own."""
        number, row = self._draft(call, str(call.need("id")))
        message = self._message(row)
        mail = {name: message[name] for name in ("headers", "text", "html", "files")}
        mail["internalDate"] = str(int(self.world.time().timestamp() * 1000))
        thread = message["threadId"] if message["threadId"] != message["id"] else ""
        sent = self.send_off(call, mail, thread)
        self._drop(number, message)
        return {**self.brief(sent), "labelIds": sent["labelIds"]}

    @route("DELETE", f"{BASE}/drafts/{{id}}", scope=COMPOSE)
    def delete_draft(self, call: Call) -> None:
        """Delete one for good."""
        number, row = self._draft(call, str(call.params["id"]))
        self._drop(number, self._message(row))
        self.push(row["owner"])

    def _draft(self, call: Call, number: str) -> tuple[str, Json]:
        row: Json | None = self.state["drafts"].get(number)
        if row is None or row["owner"] != self.owner(call):
            raise refused(404, "notFound", "Requested entity was not found.")
        return number, row

    def _message(self, row: Json) -> Json:
        message: Json = self.state["messages"][row["message"]]
        return message

    def _drop(self, number: str, message: Json) -> None:
        del self.state["drafts"][number], self.state["messages"][message["id"]]
        self.note(message, "messagesDeleted")
