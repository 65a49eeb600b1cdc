"""Time spent on an issue."""

from __future__ import annotations

import re
from datetime import datetime

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.jira.adf import check_doc
from sandbox.vendors.jira.base import WORK, WRITE, Site
from sandbox.vendors.jira.shape import stamp

PATH = "/rest/api/3/issue/{issue}/worklog"
UNITS = {"w": 144000, "d": 28800, "h": 3600, "m": 60}


class Worklogs(Site):
    """The worklog resource."""

    def _log(self, call: Call, issue: Json) -> Json:
        rows: list[Json] = issue["worklogs"]
        for row in rows:
            if row["id"] == call.params["worklog"]:
                return row
        raise Refusal("unknown", f"Cannot find worklog with id: '{call.params['worklog']}'.", status=404)

    def _seconds(self, call: Call) -> int:
        if call.get("timeSpentSeconds") is not None:
            seconds = call.whole("timeSpentSeconds", 0, 10**9)
        else:
            text = str(call.get("timeSpent") or "")
            if not re.fullmatch(r"\s*(\d+(\.\d+)?[wdhm]\s*)+", text):
                raise Refusal("fields", errors={"timeLogged": "Invalid time duration entered."})
            parts = re.findall(r"(\d+(?:\.\d+)?)([wdhm])", text)
            seconds = round(sum(float(number) * UNITS[unit] for number, unit in parts))
        if seconds < 60:
            raise Refusal("fields", errors={"timeLogged": "You must indicate the time spent working."})
        return seconds

    def _started(self, call: Call) -> str:
        given = call.get("started")
        if given is None:
            return stamp(self.world.time())
        try:
            return stamp(datetime.strptime(str(given), "%Y-%m-%dT%H:%M:%S.%f%z"))
        except ValueError:
            raise Refusal("fields", errors={"started": f"Error parsing time: {given}"}) from None

    @route("GET", PATH, scope=WORK)
    def get_worklogs(self, call: Call) -> Json:
        """All of an issue's."""
        issue = self.issue(call)
        start, size = call.whole("startAt", 0), call.whole("maxResults", 5000, 5000)
        rows = [self.shape.worklog(issue, row, self.user) for row in issue["worklogs"][start : start + size]]
        return {"startAt": start, "maxResults": size, "total": len(issue["worklogs"]), "worklogs": rows}

    @route("POST", PATH, scope=WRITE)
    def add_worklog(self, call: Call) -> Answer:
        """Log time."""
        issue, now = self.issue(call), stamp(self.world.time())
        row = {
            "id": str(self.count("worklog", 40001)),
            "author": self.me(call),
            "seconds": self._seconds(call),
            "started": self._started(call),
            "comment": check_doc(call.get("comment"), "comment"),
            "created": now,
        }
        issue["worklogs"].append(row)
        self.touch(call, issue, issue_event_type_name="issue_worklog_added")
        return Answer(201, self.shape.worklog(issue, row, self.user))

    @route("GET", PATH + "/{worklog}", scope=WORK)
    def get_worklog(self, call: Call) -> Json:
        """One entry."""
        issue = self.issue(call)
        return self.shape.worklog(issue, self._log(call, issue), self.user)

    @route("DELETE", PATH + "/{worklog}", scope=WRITE)
    def delete_worklog(self, call: Call) -> None:
        """Take one's own entry away."""
        issue = self.issue(call)
        row = self._log(call, issue)
        if row["author"] != self.me(call) and not call.person.is_admin:
            raise Refusal("bad", "You do not have the permission to delete this worklog.")
        issue["worklogs"].remove(row)
        self.touch(call, issue, issue_event_type_name="issue_worklog_deleted")
