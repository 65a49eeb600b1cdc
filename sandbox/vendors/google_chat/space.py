"""Spaces and who is in them."""

from __future__ import annotations

from sandbox.exchange import Call, Json, page
from sandbox.google import refused
from sandbox.grant import MIXED
from sandbox.vendor import route
from sandbox.vendors.google_chat.base import API, JOIN, MAKE, MEMBERS, SPACES, Base
from sandbox.vendors.google_chat.query import allowed, terms
from sandbox.vendors.google_chat.seed import stamp

MOST_MEMBERS = 49


class Spaces(Base):
    """`spaces` and `spaces.members`."""

    @route("GET", "/v1/spaces", scope=SPACES)
    def list_spaces(self, call: Call) -> Json:
        """Where the caller is a member; direct messages once something was said."""
        groups = terms(str(call.get("filter") or ""))
        allowed(groups, {"spaceType": "=", "space_type": "="})
        kinds = {value for group in groups for _, _, value in group}
        busy = {name.partition("/messages/")[0] for name in self.state["messages"]}
        found = [
            self.shown_space(one)
            for one in self.state["spaces"].values()
            if call.person.email in one["members"]
            and (not kinds or one["spaceType"] in kinds)
            and (one["spaceType"] == "SPACE" or one["name"] in busy)
        ]
        items, more = page(found, call.get("pageToken"), call.whole("pageSize", 100, 1000) or 100)
        return ({"spaces": items} if items else {}) | ({"nextPageToken": more} if more else {})

    @route("GET", "/v1/spaces:findDirectMessage", scope=SPACES)
    def find_direct(self, call: Call) -> Json:
        """The direct message with a person."""
        found = self._direct(call.person.email, self.address(str(call.need("name"))))
        if found is None:
            raise refused(404, "notFound", "Direct message space not found.")
        return self.shown_space(found)

    @route("POST", "/v1/spaces:setup", scope=MAKE)
    def setup(self, call: Call) -> Json:
        """A space with its members; a direct message that is there is given back."""
        about = call.need("space")
        rows = call.get("memberships") or []
        emails = [self.address(str(row["member"]["name"])) for row in rows]
        kind = str(about.get("spaceType") or "")
        if len(emails) > MOST_MEMBERS or call.person.email in emails:
            raise refused(400, "invalidArgument", "Invalid memberships.")
        if known := self.once(call.get("requestId")):
            return self.shown_space(known)
        if kind == "DIRECT_MESSAGE":
            if len(emails) != 1:
                raise refused(400, "invalidArgument", "A direct message has exactly one other member.")
            if there := self._direct(call.person.email, emails[0]):
                return self.shown_space(there)
        elif kind != "SPACE" or not about.get("displayName"):
            raise refused(400, "invalidArgument", "A space needs a display name.")
        if kind == "SPACE" and any(one["displayName"] == about["displayName"] for one in self.state["spaces"].values()):
            raise refused(409, "alreadyExists", "A space with this display name already exists.")
        name = f"spaces/AAQA{self.ident(7, 'space', self.count('space'), alphabet=MIXED)}"
        members = {call.person.email: "ROLE_MANAGER" if kind == "SPACE" else "ROLE_MEMBER"}
        space = {
            "name": name, "spaceType": kind, "displayName": about.get("displayName", ""),
            "description": (about.get("spaceDetails") or {}).get("description", ""),
            "members": members | dict.fromkeys(emails, "ROLE_MEMBER"), "createTime": stamp(self.world.time()),
        }  # fmt: skip
        self.state["spaces"][name] = space
        self.once(call.get("requestId"), space)
        return self.shown_space(space)

    @route("GET", "/v1/spaces/{space}", scope=SPACES)
    def get_space(self, call: Call) -> Json:
        """One of them."""
        return self.shown_space(self.space(call))

    @route("DELETE", "/v1/spaces/{space}", scope=f"{API}delete")
    def delete_space(self, call: Call) -> Json:
        """Delete one with all that is in it."""
        space = self.space(call)
        if space["members"][call.person.email] != "ROLE_MANAGER":
            raise refused(403, "forbidden", "Only a manager may delete a space.")
        del self.state["spaces"][space["name"]]
        for name in [one for one in self.state["messages"] if one.startswith(f"{space['name']}/")]:
            del self.state["messages"][name]
        return {}

    @route("GET", "/v1/spaces/{space}/members", scope=MEMBERS)
    def list_members(self, call: Call) -> Json:
        """Who is in a space."""
        space = self.space(call)
        found = [self.shown_member(space, email) for email in space["members"]]
        if not call.flag("showInvited"):
            found = [one for one in found if one["state"] == "JOINED"]
        items, more = page(found, call.get("pageToken"), call.whole("pageSize", 100, 1000) or 100)
        return {"memberships": items} | ({"nextPageToken": more} if more else {})

    @route("POST", "/v1/spaces/{space}/members", scope=JOIN)
    def add_member(self, call: Call) -> Json:
        """Let a person in, or invite them; somebody who is in already stays."""
        space = self.space(call)
        if space["spaceType"] == "DIRECT_MESSAGE":
            raise refused(400, "failedPrecondition", "Members cannot be added to a direct message.")
        email = self.address(str((call.need("member") or {}).get("name") or ""))
        if email in space["members"]:
            raise refused(409, "alreadyExists", "The user is a member already.")
        space["members"][email] = "ROLE_MEMBER"
        made = self.shown_member(space, email)
        self.told(space["name"], "created", "membership", made)
        return made

    @route("DELETE", "/v1/spaces/{space}/members/{member}", scope=JOIN)
    def remove_member(self, call: Call) -> Json:
        """Take a person out."""
        space, name = self.space(call), f"spaces/{call.params['space']}/members/{call.params['member']}"
        for email in list(space["members"]):
            row = self.shown_member(space, email)
            if row["name"] == name:
                del space["members"][email]
                self.told(space["name"], "deleted", "membership", row)
                return {**row, "state": "NOT_A_MEMBER"}
        raise refused(404, "notFound", f"Membership {name} not found.")

    def _direct(self, one: str, other: str) -> Json | None:
        for space in self.state["spaces"].values():
            if space["spaceType"] == "DIRECT_MESSAGE" and {*space["members"]} == {one, other}:
                found: Json = space
                return found
        return None
