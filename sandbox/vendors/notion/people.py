"""Users and comments."""

from __future__ import annotations

from sandbox.exchange import Call, Json
from sandbox.vendor import route
from sandbox.vendors.notion.base import Workspace, refused
from sandbox.vendors.notion.shape import rich


class People(Workspace):
    """`/users` and `/comments`."""

    @route("GET", "/v1/users/me")
    def me(self, call: Call) -> Json:
        """The bot, and the person who connected it."""
        owner = {"type": "user", "user": self.user(call.person.email)}
        bot = {"owner": owner, "workspace_name": self.company.name}
        return {
            "object": "user", "id": self.uuid("bot"), "name": "ATOM", "avatar_url": None, "type": "bot", "bot": bot,
        }  # fmt: skip

    @route("GET", "/v1/users")
    def users(self, call: Call) -> Json:
        """Everybody."""
        return self.listed(call, [self.user(person.email) for person in self.company.people], "user")

    @route("GET", "/v1/comments")
    def comments(self, call: Call) -> Json:
        """Open comments on a page."""
        page = self.page(str(call.need("block_id")))
        rows = [self._comment(row) for row in self.state["comments"].values() if row["page"] == page["id"]]
        return self.listed(call, rows, "comment")

    @route("POST", "/v1/comments")
    def comment(self, call: Call) -> Json:
        """Leave one, as the bot."""
        page = self.page(str(call.need("parent").get("page_id")))
        pieces = call.need("rich_text")
        text = "".join(str(one.get("text", {}).get("content", "")) for one in pieces)
        if not text:
            raise refused(400, "body failed validation: body.rich_text should be defined")
        number = self.fresh("comment")
        self.state["comments"][number] = {
            "id": number, "page": page["id"], "by": "", "text": text, "at": self.world.time().isoformat(),
            "discussion": self.fresh("discussion"),
        }  # fmt: skip
        self.tell(call, "comment.created", "comment", number, page_id=page["id"])
        return self._comment(self.state["comments"][number])

    def _comment(self, row: Json) -> Json:
        by = self.brief(row["by"]) if row["by"] else {"object": "user", "id": self.uuid("bot")}
        return {
            "object": "comment", "id": row["id"], "parent": {"type": "page_id", "page_id": row["page"]},
            "discussion_id": row["discussion"], "created_time": row["at"], "last_edited_time": row["at"],
            "created_by": by, "rich_text": rich(row["text"]),
        }  # fmt: skip
