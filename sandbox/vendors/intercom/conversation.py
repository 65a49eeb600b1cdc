"""Conversations: found, read, answered, noted, handed over, closed."""

from __future__ import annotations

from typing import Any

from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.intercom.base import Base
from sandbox.vendors.intercom.seed import FIRST, TEAMS, number

STATES = {"close": "closed", "snoozed": "snoozed", "open": "open"}


class Conversations(Base):
    """The conversations API."""

    @route("POST", "/conversations/search")
    def search_conversations(self, call: Call) -> Json:
        """A page of them."""
        some, more = self.found(call, list(self.state["conversations"].values()), _value)
        return {"type": "conversation.list", "conversations": [self.as_conversation(row) for row in some], **more}

    @route("GET", "/conversations/{own}")
    def get_conversation(self, call: Call) -> Json:
        """One with its parts."""
        return self._whole(self._conversation(call))

    @route("POST", "/conversations/{own}/reply")
    def reply(self, call: Call) -> Json:
        """A comment for the customer, or a note for teammates."""
        row, admin = self._conversation(call), self._admin(call)
        kind, body = call.need("message_type"), str(call.need("body"))
        if call.get("type") != "admin" or kind not in ("comment", "note"):
            raise Refusal("invalid", "message_type must be comment or note", name="message_type")
        row["said"].append(self._part(kind, admin, body))
        row |= {"updated_at": self.now()} | ({"read": True} if kind == "comment" else {})
        customer = self.state["contacts"].get(row["contact"])
        if customer and kind == "comment":
            customer |= {"last_contacted_at": self.now(), "updated_at": self.now()}
        self.tell("conversation.admin.replied" if kind == "comment" else "conversation.admin.noted", self._whole(row))
        return self._whole(row)

    @route("POST", "/conversations/{own}/parts")
    def manage(self, call: Call) -> Json:
        """Close, snooze, open or hand over."""
        row, admin = self._conversation(call), self._admin(call)
        kind = str(call.need("message_type"))
        if kind == "assignment":
            self._assign(call, row)
            topic = "conversation.admin.assigned"
        elif kind in STATES:
            until = int(call.need("snoozed_until")) if kind == "snoozed" else None
            if until is not None and until <= self.now():
                raise Refusal("invalid", "snoozed_until must lie in the future", name="snoozed_until")
            row |= {"state": STATES[kind], "snoozed_until": until}
            topic = {"close": "closed", "snoozed": "snoozed", "open": "opened"}[kind]
            topic = f"conversation.admin.{topic}"
        else:
            raise Refusal("invalid", f"{kind} is no message_type", name="message_type")
        row["moves"].append(self._part(kind, admin, call.get("body")))
        row["updated_at"] = self.now()
        self.tell(topic, self._whole(row))
        return self._whole(row)

    def _assign(self, call: Call, row: Json) -> None:
        own, kind = int(call.need("assignee_id")), call.need("type")
        known = self.admins if kind == "admin" else {number("team", team): team for team in TEAMS}
        if own and own not in known:
            raise Refusal("unknown", "Assignee not found", status=404, code="assignee_not_found")
        row["admin" if kind == "admin" else "team"] = own or None

    def _conversation(self, call: Call) -> Json:
        row = self.state["conversations"].get(call.params["own"])
        if row is None:
            raise Refusal("unknown", "Resource Not Found", status=404, code="conversation_not_found")
        found: Json = row
        return found

    def _admin(self, call: Call) -> int:
        own = int(call.need("admin_id"))
        if own not in self.admins:
            raise Refusal("unknown", "Admin not found", status=404, code="admin_not_found")
        return own

    def _part(self, kind: str, admin: int, body: Any) -> Json:
        own = str(FIRST * 10 + 1000 + self.count("part"))
        return {"id": own, "part_type": kind, "by": admin, "at": self.now(), "body": body}

    def as_conversation(self, row: Json) -> Json:
        """A conversation as lists show it."""
        customer = self.state["contacts"].get(row["contact"]) or {"id": row["contact"], "name": None, "email": None}
        author = {"type": customer.get("role", "user"), **{name: customer[name] for name in ("id", "name", "email")}}
        reference = {"type": "contact", "id": row["contact"], "external_id": None}
        found: Json = {
            "type": "conversation", "id": row["id"], "title": None, "created_at": row["created_at"],
            "updated_at": row["updated_at"], "waiting_since": row["waiting_since"], "read": row["read"],
            "snoozed_until": row["snoozed_until"], "open": row["state"] == "open", "state": row["state"],
            "priority": row["priority"], "admin_assignee_id": row["admin"], "team_assignee_id": row["team"],
            "tags": {"type": "tag.list", "tags": [self.as_tag(tag) for tag in row["tags"]]},
            "contacts": {"type": "contact.list", "contacts": [reference]},
            "source": {"type": "conversation", "id": f"{row['id']}0", "delivered_as": "customer_initiated",
                       "subject": "", "body": row["body"], "author": author, "attachments": [], "redacted": False},
        }  # fmt: skip
        if customer.get("company") in self.state["companies"]:
            found["company"] = self.state["companies"][customer["company"]]
        return found

    def _whole(self, row: Json) -> Json:
        parts = []
        for part in sorted([*row["said"], *row["moves"]], key=lambda one: int(one["id"])):
            admin = self.as_admin(part["by"])
            author = {"type": "admin", **{name: admin[name] for name in ("id", "name", "email")}}
            parts.append(
                {
                    "type": "conversation_part", "id": part["id"], "part_type": part["part_type"], "body": part["body"],
                    "created_at": part["at"], "updated_at": part["at"], "notified_at": part["at"], "author": author,
                    "attachments": [], "external_id": None, "redacted": False,
                }
            )  # fmt: skip
        some = {"type": "conversation_part.list", "conversation_parts": parts, "total_count": len(parts)}
        return {**self.as_conversation(row), "conversation_parts": some}


def _value(row: Json, field: str) -> Any:
    known = {
        "state": row["state"], "admin_assignee_id": row["admin"], "team_assignee_id": row["team"],
        "contact_ids": [row["contact"]], "source.body": row["body"], "read": row["read"],
        "updated_at": row["updated_at"], "created_at": row["created_at"],
        "tag_ids": [str(number("tag", tag)) for tag in row["tags"]],
    }  # fmt: skip
    if field not in known:
        raise Refusal("invalid", f"{field} is no field to search by", name=field)
    return known[field]
