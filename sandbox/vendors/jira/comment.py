"""Comments on an issue."""

from __future__ import annotations

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.jira.adf import check_doc
from sandbox.vendors.jira.base import WORK, WRITE, Site
from sandbox.vendors.jira.shape import stamp

PATH = "/rest/api/3/issue/{issue}/comment"


class Comments(Site):
    """The comment resource."""

    def _comment(self, call: Call, issue: Json) -> Json:
        rows: list[Json] = issue["comments"]
        for row in rows:
            if row["id"] == call.params["comment"]:
                return row
        raise Refusal("unknown", f"Can not find a comment for the id: {call.params['comment']}.", status=404)

    def _own(self, call: Call, issue: Json) -> Json:
        row = self._comment(call, issue)
        if row["author"] != self.me(call) and not call.person.is_admin:
            raise Refusal("bad", "You do not have the permission to change this comment.")
        return row

    def _body(self, call: Call) -> Json:
        body = check_doc(call.get("body"), "comment")
        if not body or not body.get("content"):
            raise Refusal("fields", errors={"comment": "Comment body can not be empty!"})
        text: Json = body
        return text

    @route("GET", PATH, scope=WORK)
    def get_comments(self, call: Call) -> Json:
        """Oldest first, or `orderBy=-created`."""
        issue = self.issue(call)
        rows = sorted(
            issue["comments"], key=lambda row: str(row["created"]), reverse=str(call.get("orderBy", "")).startswith("-")
        )
        start, size = call.whole("startAt", 0), call.whole("maxResults", 100)
        shown = [self.shape.comment(issue, row, self.user) for row in rows[start : start + size]]
        return {"startAt": start, "maxResults": size, "total": len(rows), "comments": shown}

    @route("POST", PATH, scope=WRITE)
    def add_comment(self, call: Call) -> Answer:
        """Say something about an issue."""
        issue, now = self.issue(call), stamp(self.world.time())
        row = {
            "id": str(self.count("comment", 30001)),
            "author": self.me(call),
            "body": self._body(call),
            "created": now,
            "updated": now,
        }
        issue["comments"].append(row)
        shown = self.shape.comment(issue, row, self.user)
        self.touch(call, issue, "comment_created", comment=shown)
        return Answer(201, shown)

    @route("GET", PATH + "/{comment}", scope=WORK)
    def get_comment(self, call: Call) -> Json:
        """One comment."""
        issue = self.issue(call)
        return self.shape.comment(issue, self._comment(call, issue), self.user)

    @route("PUT", PATH + "/{comment}", scope=WRITE)
    def update_comment(self, call: Call) -> Json:
        """Change one's own comment."""
        issue = self.issue(call)
        row = self._own(call, issue)
        row |= {"body": self._body(call), "updated": stamp(self.world.time())}
        shown = self.shape.comment(issue, row, self.user)
        self.touch(call, issue, "comment_updated", comment=shown)
        return shown

    @route("DELETE", PATH + "/{comment}", scope=WRITE)
    def delete_comment(self, call: Call) -> None:
        """Take one's own comment away."""
        issue = self.issue(call)
        row = self._own(call, issue)
        issue["comments"].remove(row)
        self.touch(call, issue, "comment_deleted")
