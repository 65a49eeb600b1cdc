"""Who the token is, and the members of the workspace."""

from __future__ import annotations

from sandbox.exchange import Call, Json, Refusal, page
from sandbox.vendor import route
from sandbox.vendors.slack.base import Workspace


class People(Workspace):
    """auth.* and users.*"""

    @route("GET POST", "/api/auth.test")
    def auth_test(self, call: Call) -> Json:
        """Who the token is."""
        me = self.me(call)
        bot = {"bot_id": self.shape.bot_id} if me == self.shape.bot_user_id else {}
        return {
            "url": self.shape.url + "/",
            "team": self.company.name,
            "user": self.user(me)["name"],
            "team_id": self.shape.team_id,
            "user_id": me,
            "is_enterprise_install": False,
            **bot,
        }

    @route("GET POST", "/api/auth.revoke")
    def auth_revoke(self, call: Call) -> Json:
        """End the token that is sent."""
        return {"revoked": self.world.grants.revoke(self.key, self.credential(call) or "")}

    @route("GET POST", "/api/users.list", scope="users:read")
    def users_list(self, call: Call) -> Json:
        """Everybody, the bot too."""
        everybody = [self.user(self.shape.user_id(person)) for person in self.company.people]
        members, cursor = page(
            [*everybody, self.user(self.shape.bot_user_id)],
            call.get("cursor"),
            call.whole("limit", 0) or 1000,
        )
        return {
            "members": members,
            "cache_ts": int(self.world.time().timestamp()),
            "response_metadata": {"next_cursor": cursor or ""},
        }

    @route("GET POST", "/api/users.info", scope="users:read")
    def users_info(self, call: Call) -> Json:
        """One person."""
        return {"user": self.user(call.need("user"))}

    @route("GET POST", "/api/users.lookupByEmail", scope="users:read.email")
    def users_lookup(self, call: Call) -> Json:
        """One person by address."""
        person = self.company.by_email.get(str(call.need("email")).lower())
        if person is None:
            raise Refusal("users_not_found")
        return {"user": self.user(self.shape.user_id(person))}
