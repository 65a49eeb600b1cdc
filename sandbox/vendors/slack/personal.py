"""What only a person's own token may do: search and reminders."""

from __future__ import annotations

from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.slack.base import Workspace
from sandbox.vendors.slack.text import Reminder, Search


class Personal(Workspace):
    """search.* and reminders.*"""

    def only_user(self, call: Call) -> str:
        if self.me(call) == self.shape.bot_user_id:
            raise Refusal("not_allowed_token_type")
        return self.shape.user_id(call.person)

    @route("GET POST", "/api/search.messages", scope="search:read")
    def search_messages(self, call: Call) -> Json:
        """Messages the caller may see, latest first."""
        me = self.only_user(call)
        search = Search.parse(str(call.need("query")), call.person.time_zone)
        found = []
        for channel in self.state["channels"].values():
            if self.sees(channel, me):
                found += [
                    (channel, row)
                    for row in self.state["messages"][channel["id"]]
                    if search.fits(channel, row, self.user(row["user"]), me)
                ]
        found.sort(key=lambda pair: str(pair[1]["ts"]), reverse=call.get("sort_dir", "desc") == "desc")
        count, number = call.whole("count", 20, 100) or 20, call.whole("page", 1, 100) or 1
        pages = -(-len(found) // count)
        part = found[(number - 1) * count : number * count]
        return {
            "query": call.get("query"),
            "messages": {
                "total": len(found),
                "matches": [self.shape.match(c, r, self.user(r["user"])["name"]) for c, r in part],
                "paging": {"count": count, "total": len(found), "page": number, "pages": pages},
                "pagination": {
                    "total_count": len(found),
                    "page": number,
                    "per_page": count,
                    "page_count": pages,
                    "first": (number - 1) * count + 1,
                    "last": (number - 1) * count + len(part),
                },
            },
        }

    @route("GET POST", "/api/reminders.add", scope="reminders:write")
    def reminders_add(self, call: Call) -> Json:
        """Remind the caller; Slack no longer lets one remind others."""
        me = self.only_user(call)
        if call.get("user", me) != me:
            raise Refusal("cannot_add_others")
        now = self.world.time()
        text = str(call.need("text"))
        due = Reminder.parse(str(call.need("time")), now, call.person.time_zone)
        key = "Rm" + self.ident(9, "reminder", self.count("reminder"))
        row: Json = {"id": key, "creator": me, "user": me, "text": text, "recurring": due.is_recurring}
        if not due.is_recurring:
            row |= {"time": int(due.at.timestamp()), "complete_ts": 0}
        self.state["reminders"][key] = row
        return {"reminder": row}

    def _reminder(self, call: Call) -> Json:
        row: Json | None = self.state["reminders"].get(call.need("reminder"))
        if row is None or row["user"] != self.only_user(call):
            raise Refusal("not_found")
        return row

    @route("GET POST", "/api/reminders.list", scope="reminders:read reminders:write")
    def reminders_list(self, call: Call) -> Json:
        """The caller's reminders."""
        me = self.only_user(call)
        return {"reminders": [row for row in self.state["reminders"].values() if row["user"] == me]}

    @route("GET POST", "/api/reminders.info", scope="reminders:read reminders:write")
    def reminders_info(self, call: Call) -> Json:
        """One reminder."""
        return {"reminder": self._reminder(call)}

    @route("GET POST", "/api/reminders.delete", scope="reminders:write")
    def reminders_delete(self, call: Call) -> Json:
        """Forget a reminder."""
        del self.state["reminders"][self._reminder(call)["id"]]
        return {}
