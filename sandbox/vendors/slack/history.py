"""What was said in a channel or thread."""

from __future__ import annotations

from sandbox.exchange import Call, Json, Refusal, page
from sandbox.vendor import route
from sandbox.vendors.slack.base import HISTORY, Workspace


class History(Workspace):
    """conversations.history and conversations.replies."""

    @route("GET POST", "/api/conversations.history", scope=HISTORY)
    def conversations_history(self, call: Call) -> Json:
        """Latest first, without the replies."""
        channel = self.channel(call)
        if self.me(call) not in channel["members"] and channel["is_private"]:
            raise Refusal("channel_not_found")
        rows = [row for row in self._between(call, channel) if row.get("thread_ts", row["ts"]) == row["ts"]]
        rows, cursor = page(rows[::-1], call.get("cursor"), call.whole("limit", 100, 999) or 100)
        more = {"response_metadata": {"next_cursor": cursor}} if cursor else {}
        return {
            "messages": [self.shape.opened(row, self._replies(channel, row["ts"])) for row in rows],
            "has_more": bool(cursor),
            "pin_count": 0,
            "channel_actions_ts": None,
            "channel_actions_count": 0,
            **more,
        }

    @route("GET POST", "/api/conversations.replies", scope=HISTORY)
    def conversations_replies(self, call: Call) -> Json:
        """The message that opened a thread and its replies, oldest first."""
        channel = self.channel(call)
        first = next((r for r in self.state["messages"][channel["id"]] if r["ts"] == call.need("ts")), None)
        if first is None:
            raise Refusal("thread_not_found")
        root = (
            first if first.get("thread_ts", first["ts"]) == first["ts"] else self.message(channel, first["thread_ts"])
        )
        replies = self._replies(channel, root["ts"])
        wanted = {row["ts"] for row in self._between(call, channel)}
        opened = {"thread_ts": root["ts"], "reply_count": 0, **self.shape.opened(root, replies)}
        rows = [opened, *({**row, "parent_user_id": root["user"]} for row in replies if row["ts"] in wanted)]
        rows, cursor = page(rows, call.get("cursor"), call.whole("limit", 1000) or 1000)
        return {
            "messages": rows,
            "has_more": bool(cursor),
            "response_metadata": {"next_cursor": cursor or ""},
        }

    def _replies(self, channel: Json, ts: str) -> list[Json]:
        rows: list[Json] = self.state["messages"][channel["id"]]
        return [row for row in rows if row.get("thread_ts") == ts and row["ts"] != ts]

    def _between(self, call: Call, channel: Json) -> list[Json]:
        oldest, latest = str(call.get("oldest") or "0"), str(call.get("latest") or "9999999999")
        try:
            low, high = float(oldest), float(latest)
        except ValueError:
            raise Refusal("invalid_ts_oldest") from None
        rows: list[Json] = self.state["messages"][channel["id"]]
        if call.flag("inclusive"):
            return [row for row in rows if low <= float(row["ts"]) <= high]
        return [row for row in rows if low < float(row["ts"]) < high]
