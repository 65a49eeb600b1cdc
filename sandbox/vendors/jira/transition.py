"""The workflow."""

from __future__ import annotations

from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.jira.adf import check_doc
from sandbox.vendors.jira.base import WORK, WRITE, Site
from sandbox.vendors.jira.shape import STATUSES, stamp

STRICT = {  # in HR and ITS an issue goes through the statuses in order; elsewhere from any to any
    "To Do": ["In Progress"],
    "In Progress": ["To Do", "In Review", "Done"],
    "In Review": ["In Progress", "Done"],
    "Done": ["To Do", "In Progress"],
}
NUMBERS = {"To Do": "11", "In Progress": "21", "In Review": "31", "Done": "41"}
PATH = "/rest/api/3/issue/{issue}/transitions"


class Transitions(Site):
    """Moves of an issue from status to status."""

    def _ways(self, issue: Json) -> list[str]:
        if issue["project"] in ("HR", "ITS"):
            return STRICT[issue["status"]]
        return [status for status in STATUSES if status != issue["status"]]

    @route("GET", PATH, scope=WORK)
    def get_transitions(self, call: Call) -> Json:
        """The moves that are open now."""
        issue = self.issue(call)
        rows = [
            {
                "id": NUMBERS[status],
                "name": status,
                "to": self.shape.status(status),
                "hasScreen": False,
                "isGlobal": True,
                "isInitial": False,
                "isConditional": False,
                "isAvailable": True,
            }
            for status in self._ways(issue)
        ]
        return {"expand": "transitions", "transitions": rows}

    @route("POST", PATH, scope=WRITE)
    def do_transition(self, call: Call) -> None:
        """Move, perhaps with a comment."""
        issue = self.issue(call)
        body = call.body if isinstance(call.body, dict) else {}
        wanted = str((body.get("transition") or {}).get("id"))
        status = next((status for status in self._ways(issue) if NUMBERS[status] == wanted), None)
        if status is None:
            raise Refusal("bad", f"Transition id '{wanted}' is not valid for this issue.")
        said = [check_doc(step["add"]["body"], "comment") for step in (body.get("update") or {}).get("comment", [])]
        now = stamp(self.world.time())
        issue["status"] = status
        issue["resolved"] = now if STATUSES[status] == "done" else None
        for text in said:
            issue["comments"].append(
                {
                    "id": str(self.count("comment", 30001)),
                    "author": self.me(call),
                    "body": text,
                    "created": now,
                    "updated": now,
                }
            )
        self.touch(call, issue, issue_event_type_name="issue_generic")
