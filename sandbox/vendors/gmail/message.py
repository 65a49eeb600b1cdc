"""Messages, conversations, history."""

from __future__ import annotations

from datetime import timedelta

from sandbox.exchange import Call, Json, page
from sandbox.google import refused
from sandbox.vendor import route
from sandbox.vendors.gmail.base import BASE, MODIFY, READ, SEND, Base

OLDEST = 9000


class Messages(Base):
    """`users`, `users.messages`, `users.threads`, `users.history`."""

    @route("GET", f"{BASE}/profile", scope=READ)
    def profile(self, call: Call) -> Json:
        """Whose mailbox it is, and how full."""
        mine = self.own(call)
        return {
            "emailAddress": self.owner(call), "messagesTotal": len(mine),
            "threadsTotal": len({one["threadId"] for one in mine}), "historyId": str(self.state["historyId"]),
        }  # fmt: skip

    @route("POST", f"{BASE}/watch", scope=READ)
    def watch(self, call: Call) -> Json:
        """Push to a Pub/Sub topic for a week."""
        if "/topics/" not in str(call.need("topicName")):
            raise refused(400, "invalidArgument", "Invalid topicName")
        ends = self.world.time() + timedelta(days=7)
        return {"historyId": str(self.state["historyId"]), "expiration": str(int(ends.timestamp() * 1000))}

    @route("GET", f"{BASE}/messages", scope=READ)
    def list_messages(self, call: Call) -> Json:
        """Ids, newest first."""
        found = self.sought(call)
        items, more = page(found, call.get("pageToken"), call.whole("maxResults", 100, 500))
        shown: Json = {"messages": [self.brief(one) for one in items]} if items else {}
        return shown | {"resultSizeEstimate": len(found)} | ({"nextPageToken": more} if more else {})

    @route("GET", f"{BASE}/messages/{{id}}", scope=READ)
    def get_message(self, call: Call) -> Json:
        """One of them."""
        message = self.message(call, str(call.params["id"]))
        return self.payload(message, str(call.get("format", "full")), call.many("metadataHeaders"))

    @route("GET", f"{BASE}/messages/{{id}}/attachments/{{file}}", scope=READ)
    def get_attachment(self, call: Call) -> Json:
        """A file of a message."""
        message = self.message(call, str(call.params["id"]))
        for place, one in enumerate(message["files"], 1):
            if self.file_id(message, place) == call.params["file"]:
                return {"size": len(one["data"]), "data": one["data"]}
        raise refused(404, "notFound", "Attachment not found")

    @route("POST", f"{BASE}/messages/send", scope=SEND)
    def send(self, call: Call) -> Json:
        """Send a message that comes whole."""
        mail, thread = self.parsed(call, call.body)
        sent = self.send_off(call, mail, thread)
        return {**self.brief(sent), "labelIds": sent["labelIds"]}

    @route("POST", f"{BASE}/messages/batchModify", scope=MODIFY)
    def batch_modify(self, call: Call) -> None:
        """Change the labels of up to a thousand messages."""
        ids = [str(one) for one in call.need("ids")]
        if len(ids) > 1000:
            raise refused(400, "invalidArgument", "Too many message ids")
        for number in ids:
            message = self.message(call, number)
            self.relabel(message, call.get("addLabelIds") or (), call.get("removeLabelIds") or ())
        self.push(self.owner(call))

    @route("POST", f"{BASE}/messages/{{id}}/modify", scope=MODIFY)
    def modify(self, call: Call) -> Json:
        """Change the labels of one message."""
        message = self.message(call, str(call.params["id"]))
        self.relabel(message, call.get("addLabelIds") or (), call.get("removeLabelIds") or ())
        self.push(message["owner"])
        return self.payload(message, "minimal")

    @route("POST", f"{BASE}/messages/{{id}}/trash", scope=MODIFY)
    def trash(self, call: Call) -> Json:
        """Into the trash, out of the inbox."""
        return self._moved(call, ["TRASH"], ["INBOX"])

    @route("POST", f"{BASE}/messages/{{id}}/untrash", scope=MODIFY)
    def untrash(self, call: Call) -> Json:
        """Out of the trash; back in the inbox it is not."""
        return self._moved(call, [], ["TRASH"])

    @route("GET", f"{BASE}/threads", scope=READ)
    def list_threads(self, call: Call) -> Json:
        """Conversations with a message that fits, newest first."""
        threads = list(dict.fromkeys(one["threadId"] for one in self.sought(call)))
        items, more = page(threads, call.get("pageToken"), call.whole("maxResults", 100, 500))
        rows = [{"id": one, "historyId": self._thread(call, one)[-1]["historyId"]} for one in items]
        shown: Json = {"threads": rows} if rows else {}
        return shown | {"resultSizeEstimate": len(threads)} | ({"nextPageToken": more} if more else {})

    @route("GET", f"{BASE}/threads/{{id}}", scope=READ)
    def get_thread(self, call: Call) -> Json:
        """A conversation, oldest message first."""
        form, wanted = str(call.get("format", "full")), call.many("metadataHeaders")
        return self._shown(call, str(call.params["id"]), form, wanted)

    @route("POST", f"{BASE}/threads/{{id}}/modify", scope=MODIFY)
    def modify_thread(self, call: Call) -> Json:
        """Change the labels of every message in a conversation."""
        number = str(call.params["id"])
        for message in self._thread(call, number):
            self.relabel(message, call.get("addLabelIds") or (), call.get("removeLabelIds") or ())
        self.push(self.owner(call))
        return self._shown(call, number, "minimal", [])

    @route("GET", f"{BASE}/history", scope=READ)
    def history(self, call: Call) -> Json:
        """What happened since a history id; too old a one is not known."""
        start, owner = call.whole("startHistoryId", 0, 10**12), self.owner(call)
        if start < OLDEST:
            raise refused(404, "notFound", "Requested entity was not found.")
        rows = [one for one in self.state["history"] if one["owner"] == owner and int(one["id"]) > start]
        items, more = page(rows, call.get("pageToken"), call.whole("maxResults", 100, 500))
        shown = []
        for one in items:
            labels = {"labelIds": one["labels"]} if one["labels"] else {}
            about = {one["kind"]: [{"message": one["message"], **labels}]}
            brief = {name: one["message"][name] for name in ("id", "threadId")}
            shown.append({"id": one["id"], "messages": [brief], **about})
        told: Json = {"historyId": str(self.state["historyId"])} | ({"history": shown} if shown else {})
        return told | ({"nextPageToken": more} if more else {})

    def _moved(self, call: Call, add: list[str], remove: list[str]) -> Json:
        message = self.message(call, str(call.params["id"]))
        self.relabel(message, add, remove)
        self.push(message["owner"])
        return {**self.brief(message), "labelIds": message["labelIds"]}

    def _thread(self, call: Call, number: str) -> list[Json]:
        found = [one for one in reversed(self.own(call)) if one["threadId"] == number]
        if not found:
            raise refused(404, "notFound", "Requested entity was not found.")
        return found

    def _shown(self, call: Call, number: str, form: str, wanted: list[str]) -> Json:
        messages = self._thread(call, number)
        shown = [self.payload(one, form, wanted) for one in messages]
        return {"id": number, "historyId": messages[-1]["historyId"], "messages": shown}
