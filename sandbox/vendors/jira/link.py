"""Links between issues, and who watches them."""

from __future__ import annotations

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.jira.base import WORK, WRITE, Site

KINDS = {"Blocks": ("is blocked by", "blocks"), "Duplicate": ("is duplicated by", "duplicates"),
         "Relates": ("relates to", "relates to")}  # fmt: skip
WATCHERS = "/rest/api/3/issue/{issue}/watchers"


class Links(Site):
    """The issueLink and watchers resources."""

    @route("POST", "/rest/api/3/issueLink", scope=WRITE)
    def link_issues(self, call: Call) -> Answer:
        """Join two issues."""
        kind = (call.get("type") or {}).get("name")
        if kind not in KINDS:
            raise Refusal("bad", f"No issue link type with name '{kind}' found.", status=404)
        ends = {side: self.issue(call, (call.get(f"{side}Issue") or {}).get("key")) for side in ("inward", "outward")}
        key = str(self.count("link", 50001))
        inward, outward = KINDS[kind]
        number = str(10000 + list(KINDS).index(kind))
        self.state["links"][key] = {
            "id": key,
            "inward": ends["inward"]["id"],
            "outward": ends["outward"]["id"],
            "type": {"id": number, "name": kind, "inward": inward, "outward": outward},
        }
        return Answer(201)

    @route("DELETE", "/rest/api/3/issueLink/{link}", scope=WRITE)
    def unlink_issues(self, call: Call) -> None:
        """Take a link away."""
        if self.state["links"].pop(call.params["link"], None) is None:
            raise Refusal("unknown", f"No issue link with id '{call.params['link']}' exists.", status=404)

    @route("GET", WATCHERS, scope=WORK)
    def get_watchers(self, call: Call) -> Json:
        """Who watches."""
        issue = self.issue(call)
        return {
            "self": f"{self.shape.api}/issue/{issue['key']}/watchers",
            "watchCount": len(issue["watchers"]),
            "isWatching": self.me(call) in issue["watchers"],
            "watchers": [self.user(a) for a in issue["watchers"]],
        }

    @route("POST", WATCHERS, scope=WRITE)
    def add_watcher(self, call: Call) -> None:
        """The body is an account id as a JSON string; without one, the caller."""
        issue = self.issue(call)
        account = call.body if isinstance(call.body, str) and call.body else self.me(call)
        self.account(account)
        if account not in issue["watchers"]:
            issue["watchers"].append(account)

    @route("DELETE", WATCHERS, scope=WRITE)
    def remove_watcher(self, call: Call) -> None:
        """No longer."""
        issue = self.issue(call)
        account = str(call.need("accountId"))
        if account in issue["watchers"]:
            issue["watchers"].remove(account)
