"""Labels."""

from __future__ import annotations

from sandbox.exchange import Call, Json
from sandbox.google import refused
from sandbox.vendor import route
from sandbox.vendors.gmail.base import BASE, LABELS, READ, Base
from sandbox.vendors.gmail.seed import SYSTEM

PALETTE = {
    "#000000", "#434343", "#666666", "#999999", "#cccccc", "#efefef", "#f3f3f3", "#ffffff", "#fb4c2f", "#ffad47",
    "#fad165", "#16a766", "#43d692", "#4a86e8", "#a479e2", "#f691b3", "#822111", "#285bac", "#0b804b",
}  # fmt: skip


class Labels(Base):
    """`users.labels`."""

    @route("GET", f"{BASE}/labels", scope=f"{READ} {LABELS}")
    def list_labels(self, call: Call) -> Json:
        """Gmail's own and the person's."""
        system = [{"id": one, "name": one, "type": "system"} for one in SYSTEM]
        return {"labels": [*system, *self.state["labels"].get(self.owner(call), [])]}

    @route("GET", f"{BASE}/labels/{{id}}", scope=f"{READ} {LABELS}")
    def get_label(self, call: Call) -> Json:
        """One, with how many messages have it."""
        label = self._label(call)
        count = sum(label["id"] in one["labelIds"] for one in self.own(call))
        return {**label, "messagesTotal": count, "threadsTotal": count}

    @route("POST", f"{BASE}/labels", scope=LABELS)
    def create_label(self, call: Call) -> Json:
        """A new one; names differ by more than case."""
        owner, name = self.owner(call), str(call.need("name")).strip()
        mine = self.state["labels"].setdefault(owner, [])
        if name.upper() in SYSTEM:
            raise refused(400, "invalidArgument", "Invalid label name")
        if any(one["name"].lower() == name.lower() for one in mine):
            raise refused(409, "aborted", "Label name exists or conflicts")
        color = call.get("color")
        if color and not {color.get("backgroundColor"), color.get("textColor")} <= PALETTE:
            raise refused(400, "invalidArgument", "Label color is not on the allowed color palette")
        label: Json = {"id": f"Label_{self.count('label', 100)}", "name": name, "type": "user"}
        label |= {
            one: call.get(one) for one in ("labelListVisibility", "messageListVisibility", "color") if call.get(one)
        }
        mine.append(label)
        self.push(owner)
        return label

    @route("DELETE", f"{BASE}/labels/{{id}}", scope=LABELS)
    def delete_label(self, call: Call) -> None:
        """Delete one and take it off every message."""
        label = self._label(call)
        if label["type"] == "system":
            raise refused(400, "invalidArgument", "Invalid delete request")
        for message in self.own(call):
            if label["id"] in message["labelIds"]:
                self.relabel(message, [], [label["id"]])
        self.state["labels"][self.owner(call)].remove(label)
        self.push(self.owner(call))

    def _label(self, call: Call) -> Json:
        number = str(call.params["id"])
        if number in SYSTEM:
            return {"id": number, "name": number, "type": "system"}
        for label in self.state["labels"].get(self.owner(call), []):
            if label["id"] == number:
                found: Json = label
                return found
        raise refused(404, "notFound", "Requested entity was not found.")
