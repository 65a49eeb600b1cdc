"""Permissions and comments."""

from __future__ import annotations

from sandbox.exchange import Call, Json, page
from sandbox.google import refused
from sandbox.grant import MIXED
from sandbox.vendor import route
from sandbox.vendors.google_drive.base import BASE, READ, WRITE, Base
from sandbox.vendors.google_drive.seed import access

ROLES = ("reader", "commenter", "writer")


class Sharing(Base):
    """`permissions` and `comments`."""

    @route("GET", f"{BASE}/files/{{file}}/permissions", scope=READ)
    def list_permissions(self, call: Call) -> Json:
        """Who may open a file; only editors see it."""
        file = self.file(call, least="writer")
        items, more = page(file["permissions"], call.get("pageToken"), call.whole("pageSize", 100, 100) or 100)
        rows = [self._permission(one) for one in items]
        return {"kind": "drive#permissionList", "permissions": rows} | ({"nextPageToken": more} if more else {})

    @route("POST", f"{BASE}/files/{{file}}/permissions", scope=WRITE)
    def create_permission(self, call: Call) -> Json:
        """Let somebody in."""
        file, kind, role = self.file(call, least="writer"), str(call.need("type")), str(call.need("role"))
        if role not in ROLES:
            raise refused(400, "invalid", "The specified role is invalid.")
        if kind == "user":
            who = str(call.need("emailAddress")).lower()
            if "@" not in who:
                raise refused(400, "invalidSharingRequest", 'Bad Request. User message: "You are trying to invite …"')
        elif kind == "domain" and call.need("domain") != self.company.domain:
            raise refused(400, "invalidSharingRequest", "The domain is not one of this organisation.")
        else:
            who = kind
        made = access(self.world.story, who, role)
        file["permissions"] = [one for one in file["permissions"] if one["id"] != made["id"]] + [made]
        self.touch(file)
        return self._permission(made)

    @route("PATCH", f"{BASE}/files/{{file}}/permissions/{{id}}", scope=WRITE)
    def update_permission(self, call: Call) -> Json:
        """Change what somebody may do."""
        file, found = self._found(call)
        if call.need("role") not in ROLES:
            raise refused(400, "invalid", "The specified role is invalid.")
        if found["role"] == "owner":
            raise refused(403, "ownerCannotBeDemoted", "The owner of a file cannot be demoted.")
        found["role"] = call.need("role")
        self.touch(file)
        return self._permission(found)

    @route("DELETE", f"{BASE}/files/{{file}}/permissions/{{id}}", scope=WRITE)
    def delete_permission(self, call: Call) -> None:
        """Shut somebody out."""
        file, found = self._found(call)
        if found["role"] == "owner":
            raise refused(403, "cannotDeletePermission", "The owner of a file cannot be removed.")
        file["permissions"].remove(found)
        self.touch(file)

    @route("GET", f"{BASE}/files/{{file}}/comments", scope=READ)
    def list_comments(self, call: Call) -> Json:
        """What was said about a file, newest first; the fields must be named."""
        self._need_fields(call)
        file = self.file(call)
        found = [one for one in self.state["comments"].values() if one["file"] == file["id"]]
        items, more = page(found[::-1], call.get("pageToken"), call.whole("pageSize", 20, 100) or 20)
        rows = [self._comment(call, one) for one in items]
        return {"kind": "drive#commentList", "comments": rows} | ({"nextPageToken": more} if more else {})

    @route("POST", f"{BASE}/files/{{file}}/comments", scope=WRITE)
    def create_comment(self, call: Call) -> Json:
        """Say something about a file."""
        self._need_fields(call)
        file = self.file(call, least="commenter")
        number = f"AAAC{self.ident(7, 'comment', self.count('comment'), alphabet=MIXED)}"
        row = {"id": number, "file": file["id"], "author": call.person.email, "content": str(call.need("content"))}
        self.state["comments"][number] = row | {"at": self.now()}
        self.emit("", number=self.count("change", 5001), state="update", file=file["id"])
        return self._comment(call, self.state["comments"][number])

    @route("GET", f"{BASE}/files/{{file}}/comments/{{id}}", scope=READ)
    def get_comment(self, call: Call) -> Json:
        """One of them."""
        self._need_fields(call)
        return self._comment(call, self._said(call))

    @route("DELETE", f"{BASE}/files/{{file}}/comments/{{id}}", scope=WRITE)
    def delete_comment(self, call: Call) -> None:
        """Take one's own back."""
        row = self._said(call)
        if row["author"] != call.person.email:
            raise refused(403, "forbidden", "The user is not the author of the comment.")
        del self.state["comments"][row["id"]]

    def _need_fields(self, call: Call) -> None:
        if not call.query.get("fields"):
            raise refused(400, "required", "The 'fields' parameter is required for this method.")

    def _found(self, call: Call) -> tuple[Json, Json]:
        file = self.file(call, least="writer")
        for one in file["permissions"]:
            if one["id"] == call.params["id"]:
                return file, one
        raise refused(404, "notFound", f"Permission not found: {call.params['id']}.")

    def _said(self, call: Call) -> Json:
        file = self.file(call)
        row: Json | None = self.state["comments"].get(str(call.params["id"]))
        if row is None or row["file"] != file["id"]:
            raise refused(404, "notFound", f"Comment not found: {call.params['id']}.")
        return row

    def _permission(self, one: Json) -> Json:
        person = self.company.by_email.get(one.get("emailAddress", ""))
        name = person.name if person else one.get("emailAddress") or one.get("domain")
        return {"kind": "drive#permission", **one, **({"displayName": name} if name else {})}

    def _comment(self, call: Call, row: Json) -> Json:
        author = self.user(row["author"], call)
        del author["emailAddress"]
        return {
            "kind": "drive#comment", "id": row["id"], "content": row["content"], "author": author,
            "createdTime": row["at"], "modifiedTime": row["at"], "deleted": False, "replies": [],
        }  # fmt: skip
