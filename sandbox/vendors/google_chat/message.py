"""Messages, their search, and the events of a space."""

from __future__ import annotations

from datetime import datetime

from sandbox.exchange import Call, Json, page
from sandbox.google import refused
from sandbox.vendor import route
from sandbox.vendors.google_chat.base import CHANGE, READ, WRITE, Base
from sandbox.vendors.google_chat.query import allowed, compared, terms, wrong
from sandbox.vendors.google_chat.seed import new_message, stamp

MOST_CHARACTERS = 32_000


class Messages(Base):
    """`spaces.messages` and `spaces.spaceEvents`."""

    @route("GET", "/v1/spaces/{space}/messages", scope=READ)
    def list_messages(self, call: Call) -> Json:
        """Messages of a space, oldest first unless asked otherwise."""
        space, groups = self.space(call), terms(str(call.get("filter") or ""))
        allowed(groups, {"create_time": "> <", "createTime": "> <", "thread.name": "="})
        found = [one for one in self._said_in(space["name"]) if all(_one(one, group[0]) for group in groups)]
        order = str(call.get("orderBy") or "createTime ASC")
        if order not in ("createTime ASC", "createTime DESC", "create_time ASC", "create_time DESC", "ASC", "DESC"):
            raise refused(400, "invalidArgument", "Invalid order_by.")
        if order.endswith("DESC"):
            found.reverse()
        items, more = page(found, call.get("pageToken"), call.whole("pageSize", 25, 1000) or 25)
        shown = {"messages": [self.shown(one) for one in items]} if items else {}
        return shown | ({"nextPageToken": more} if more else {})

    @route("POST", "/v1/spaces/{space}/messages", scope=WRITE)
    def create(self, call: Call) -> Json:
        """Post, or answer in a thread."""
        space, text = self.space(call), str(call.get("text") or "")
        if not text or len(text) > MOST_CHARACTERS:
            raise refused(400, "invalidArgument", "Message cannot be empty, or is too long.")
        if known := self.once(call.query.get("requestId")):
            return self.shown(known)
        thread = str((call.get("thread") or {}).get("name") or "")
        if thread and not any(one["thread"] == thread for one in self._said_in(space["name"])):
            raise refused(404, "notFound", f"Thread {thread} not found.")
        key, now = str(self.count("message")), self.world.time()
        made = new_message(space["name"], f"new {key}", call.person.email, text, now, thread)
        self.state["messages"][made["name"]] = made
        self.once(call.query.get("requestId"), made)
        self.told(space["name"], "created", "message", made)
        return self.shown(made)

    @route("GET", "/v1/spaces/{space}/messages/{message}", scope=READ)
    def get_message(self, call: Call) -> Json:
        """One of them."""
        return self.shown(self._message(call))

    @route("PATCH", "/v1/spaces/{space}/messages/{message}", scope=CHANGE)
    def patch(self, call: Call) -> Json:
        """Change the text of one's own."""
        message = self._own(call)
        if call.query.get("updateMask") != "text" or not call.get("text"):
            raise refused(400, "invalidArgument", "Invalid update mask.")
        message |= {"text": str(call.get("text")), "edited": stamp(self.world.time())}
        self.told(message["name"].partition("/messages/")[0], "updated", "message", message)
        return self.shown(message)

    @route("DELETE", "/v1/spaces/{space}/messages/{message}", scope=CHANGE)
    def delete(self, call: Call) -> Json:
        """Delete one's own."""
        message = self._own(call)
        del self.state["messages"][message["name"]]
        self.told(message["name"].partition("/messages/")[0], "deleted", "message", message)
        return {}

    @route("POST", "/v1/spaces/{space}/messages:search", scope=READ)
    def search(self, call: Call) -> Json:
        """Messages of all spaces that the caller is in, newest first."""
        if call.params["space"] != "-":
            raise refused(400, "invalidArgument", "The parent must be spaces/-.")
        groups = terms(str(call.need("filter")))
        allowed(groups, {"": "", "create_time": ">= <", "sender.name": "=", "space.name": "=", "space.space_type": "="})
        mine = {name for name, one in self.state["spaces"].items() if call.person.email in one["members"]}
        found = [
            one
            for one in sorted(self.state["messages"].values(), key=lambda one: str(one["createTime"]), reverse=True)
            if one["name"].partition("/messages/")[0] in mine
            and all(any(self._fits(call, one, term) for term in group) for group in groups)
        ]
        items, more = page(found, call.get("pageToken"), call.whole("pageSize", 25, 100) or 25)
        rows = [{"message": self._named(one), "read": True} for one in items]
        return ({"results": rows} if rows else {}) | ({"nextPageToken": more} if more else {})

    @route("GET", "/v1/spaces/{space}/spaceEvents", scope=READ)
    def events(self, call: Call) -> Json:
        """What happened in a space."""
        space, groups = self.space(call), terms(str(call.need("filter")))
        allowed(groups, {"start_time": "=", "end_time": "=", "event_types": ":"})
        kinds = {value for group in groups for field, _, value in group if field == "event_types"}
        start = next((value for group in groups for field, _, value in group if field == "start_time"), "")
        if not kinds:
            raise wrong()
        found = [
            one
            for one in self.state["events"]
            if one["space"] == space["name"] and one["kind"] in kinds and (not start or _at(one["at"]) > _at(start))
        ]
        items, more = page(found, call.get("pageToken"), call.whole("pageSize", 100, 1000) or 100)
        rows = [
            {"name": one["name"], "eventTime": one["at"], "eventType": one["kind"], **self._data(one)} for one in items
        ]
        return ({"spaceEvents": rows} if rows else {}) | ({"nextPageToken": more} if more else {})

    def _data(self, event: Json) -> Json:
        """The latest version of what an event is about."""
        now = self.state["messages"].get(event["item"]["name"])
        shown = self.shown(now) if now else {"name": event["item"]["name"], "deleteTime": event["at"]}
        return {f"message{event['kind'].rpartition('.')[2].capitalize()}EventData": {"message": shown}}

    def _said_in(self, space: str) -> list[Json]:
        found = [one for name, one in self.state["messages"].items() if name.startswith(f"{space}/")]
        return sorted(found, key=lambda one: str(one["createTime"]))

    def _message(self, call: Call) -> Json:
        name = f"{self.space(call)['name']}/messages/{call.params['message']}"
        found: Json | None = self.state["messages"].get(name)
        if found is None:
            raise refused(404, "notFound", f"Message {name} not found.")
        return found

    def _own(self, call: Call) -> Json:
        message = self._message(call)
        if message["author"] != call.person.email:
            raise refused(403, "forbidden", "You do not have permission to change this message.")
        return message

    def _named(self, message: Json) -> Json:
        space = self.state["spaces"][message["name"].partition("/messages/")[0]]
        title = {"displayName": space["displayName"]} if space["displayName"] else {}
        return {**self.shown(message), "space": {"name": space["name"], **title}}

    def _fits(self, call: Call, message: Json, term: tuple[str, str, str]) -> bool:
        field, _, value = term
        if field == "":
            return value.lower() in message["text"].lower()
        if field == "sender.name":
            email = call.person.email if value == "users/me" else self.address(value)
            return bool(message["author"] == email)
        space = message["name"].partition("/messages/")[0]
        if field == "space.space_type":
            return bool(self.state["spaces"][space]["spaceType"] == value)
        return space == value if field == "space.name" else _one(message, term)


def _one(message: Json, term: tuple[str, str, str]) -> bool:
    field, sign, value = term
    return (
        bool(message["thread"] == value)
        if field == "thread.name"
        else compared(_at(message["createTime"]), sign, value)
    )


def _at(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise wrong() from None
