"""Users, and who was let into what."""

from __future__ import annotations

from sandbox.exchange import Answer, Call, Json
from sandbox.vendor import route
from sandbox.vendors.box.base import SCOPE, Enterprise, refused

ROLES = ("editor", "viewer", "previewer", "uploader", "previewer uploader", "viewer uploader", "co-owner")


class People(Enterprise):
    """`/users` and `/collaborations`."""

    @route("GET", "/2.0/users/me")
    def me(self, call: Call) -> Json:
        """Who calls."""
        return self._full(call.person.email)

    @route("GET", "/2.0/users", scope=SCOPE)
    def users(self, call: Call) -> Json:
        """Everybody whose name or login begins so; for administrators."""
        if not call.person.is_admin:
            raise refused(403, "access_denied_insufficient_permissions", "Access denied - insufficient permission")
        begin = str(call.get("filter_term") or "").lower()
        people = [p for p in self.company.people if p.name.lower().startswith(begin) or p.email.startswith(begin)]
        start, size = call.whole("offset", 0, 10_000), max(1, call.whole("limit", 100))
        part = [self._full(person.email) for person in people[start : start + size]]
        return {"total_count": len(people), "offset": start, "limit": size, "entries": part}

    @route("GET", "/2.0/{kinds}/{number}/collaborations", scope=SCOPE)
    def of_item(self, call: Call) -> Json:
        """Who was let into one item."""
        kind = call.params["kinds"].removesuffix("s")
        row = self.row(call, kind, call.params["number"])
        rows = [one for one in self.state["collaborations"].values() if one["item"] == f"{kind}/{row['id']}"]
        return {"next_marker": None, "limit": 1000, "entries": [self._collaboration(one) for one in rows]}

    @route("GET", "/2.0/collaborations/{id}", scope=SCOPE)
    def collaboration(self, call: Call) -> Json:
        """One of them."""
        return self._collaboration(self._found(call))

    @route("POST", "/2.0/collaborations", scope=SCOPE)
    def let_in(self, call: Call) -> Answer:
        """Let a person in; somebody from outside has to accept first."""
        item, by, role = call.need("item"), call.need("accessible_by"), str(call.need("role"))
        row = self.row(call, str(item["type"]), str(item["id"]))
        login = str(by.get("login") or "").lower()
        if role not in ROLES or "@" not in login:
            raise refused(400, "bad_request", "Bad Request", errors=[{"reason": "invalid_parameter", "name": "role"}])
        name = f"{row['type']}/{row['id']}"
        if any(one["item"] == name and one["login"] == login for one in self.state["collaborations"].values()):
            raise refused(400, "user_already_collaborator", "User is already a collaborator")
        made = {
            "id": self.fresh("collaboration"), "item": name, "login": login, "role": role, "by": call.person.email,
            "created": self.now(),
        }  # fmt: skip
        self.state["collaborations"][made["id"]] = made
        self.tell(call, "COLLABORATION.CREATED", self._collaboration(made))
        return Answer(201, self._collaboration(made))

    @route("DELETE", "/2.0/collaborations/{id}", scope=SCOPE)
    def take_off(self, call: Call) -> None:
        """End it."""
        row = self._found(call)
        del self.state["collaborations"][row["id"]]
        self.tell(call, "COLLABORATION.REMOVED", self._collaboration(row))

    def _found(self, call: Call) -> Json:
        row: Json | None = self.state["collaborations"].get(call.params["id"])
        if row is None:
            raise refused(404, "not_found", "Not Found")
        self.row(call, *row["item"].split("/"))
        return row

    def _collaboration(self, row: Json) -> Json:
        is_known = row["login"] in self.company.by_email
        return {
            "type": "collaboration", "id": row["id"], "role": row["role"], "created_at": row["created"],
            "modified_at": row["created"], "expires_at": None, "created_by": self.user(row["by"]),
            "status": "accepted" if is_known else "pending", "item": self._whole(self.state["items"][row["item"]]),
            "accessible_by": self.user(row["login"]) if is_known else None,
            "invite_email": None if is_known else row["login"],
        }  # fmt: skip

    def _full(self, email: str) -> Json:
        person = self.company.by_email[email]
        return self.user(email) | {
            "created_at": self.world.now.isoformat(), "language": "en", "timezone": person.time_zone,
            "status": "active", "job_title": person.title, "phone": person.phone, "space_used": 0,
        }  # fmt: skip
