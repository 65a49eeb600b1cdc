"""Workflows and their runs."""

from __future__ import annotations

from datetime import datetime

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.github.base import Organisation, invalid
from sandbox.vendors.github.issue import REPO
from sandbox.vendors.github.shape import sha_of

ACTIONS = REPO + "/actions"


class Actions(Organisation):
    """Workflows and their runs."""

    @route("GET", ACTIONS + "/workflows")
    def list_workflows(self, call: Call) -> Answer:
        """Workflows of a repository."""
        repo = self.repo_of(call)
        rows = self.state["workflows"][repo]
        return self.page(call, rows, lambda row: self.shape.workflow(repo, row), "workflows")

    @route("GET", ACTIONS + "/runs")
    def list_runs(self, call: Call) -> Answer:
        """Runs of a repository, the latest first."""
        return self._runs(call, None)

    @route("GET", ACTIONS + "/workflows/{workflow}/runs")
    def list_runs_of(self, call: Call) -> Answer:
        """Runs of one workflow."""
        return self._runs(call, self._workflow(call)["id"])

    @route("GET", ACTIONS + "/runs/{run:int}")
    def get_run(self, call: Call) -> Json:
        """One run."""
        row = self.state["runs"].get(str(call.params["run"]))
        if row is None or row["repo"] != self.repo_of(call):
            raise Refusal("no_route", status=404)
        return self.shape.run(row)

    @route("POST", ACTIONS + "/workflows/{workflow}/dispatches", scope="repo")
    def dispatch(self, call: Call) -> Answer:
        """Start a workflow by hand."""
        repo, workflow, ref = self.repo_of(call), self._workflow(call), str(call.need("ref"))
        inputs = call.get("inputs") or {}
        if not workflow["is_manual"]:
            raise invalid("Workflow does not have 'workflow_dispatch' trigger")
        if ref.removeprefix("refs/heads/") not in self.state["branches"][repo]:
            raise invalid(f"No ref found for: {ref}")
        if unknown := [name for name in inputs if name not in workflow["inputs"]]:
            raise invalid(f"Unexpected inputs provided: {unknown}")
        if missing := [name for name, needed in workflow["inputs"].items() if needed and name not in inputs]:
            raise invalid(f"Required input '{missing[0]}' not provided")
        number, now = self.count(f"run {repo}", 501), self.now()
        row = {
            "id": 9_000_000_000 + self.count("run"), "repo": repo, "workflow_id": workflow["id"],
            "name": workflow["name"], "path": workflow["path"], "run_number": number, "head_branch": ref,
            "event": "workflow_dispatch", "status": "queued", "conclusion": None, "actor": call.person.github,
            "title": workflow["name"], "head_sha": sha_of(repo, ref), "created_at": now, "run_started_at": now,
            "updated_at": now, "inputs": inputs,
        }  # fmt: skip
        self.state["runs"][str(row["id"])] = row
        shown = self.shape.run(row)
        self.tell(call, "workflow_run", "requested", workflow_run=shown)
        if not call.flag("return_run_details"):
            return Answer(204)
        return Answer(200, {"workflow_run_id": row["id"], "run_url": shown["url"], "html_url": shown["html_url"]})

    def _workflow(self, call: Call) -> Json:
        wanted = call.params["workflow"]
        for row in self.state["workflows"][self.repo_of(call)]:
            if wanted in (str(row["id"]), row["path"].rpartition("/")[2]):
                found: Json = row
                return found
        raise Refusal("no_route", status=404)

    def _runs(self, call: Call, workflow: int | None) -> Answer:
        repo, branch, status = self.repo_of(call), call.get("branch"), call.get("status")
        rows = [
            row for row in self.state["runs"].values()
            if row["repo"] == repo and workflow in (None, row["workflow_id"]) and branch in (None, row["head_branch"])
            and status in (None, row["status"], row["conclusion"]) and _is_in(row["created_at"], call.get("created"))
        ]  # fmt: skip
        rows.sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
        return self.page(call, rows, self.shape.run, "workflow_runs")


def _is_in(moment: str, period: str | None) -> bool:
    """Whether a moment lies in `a..b`, `>=a` or `<=b`."""
    if not period:
        return True
    first, dots, last = period.partition("..")
    if not dots:
        first, last = (period[2:], "*") if period.startswith(">=") else ("*", period[2:])
    at = _parsed(moment)
    return (first == "*" or _parsed(first) <= at) and (last == "*" or at <= _parsed(last))


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise invalid(f"{text} is no date") from None
