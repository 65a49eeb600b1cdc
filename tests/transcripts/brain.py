"""An interpreter that has learned its sentences by heart, for tests of everything around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.interpretation import Interpretation, Request
from core.tool import Call, Tool

SENTENCE = "create a bug in PAY: checkout times out on iOS, assign it to Priya, and tell #eng-oncall"
SUMMARY = "checkout times out on iOS"
TO_ALEX = "create a bug in PAY: checkout times out on iOS, assign it to Alex"
BUG_ONLY = "create a bug in PAY: checkout times out on iOS"


def bug(**more: str) -> Call:
    """The call that creates the bug."""
    return Call(tool="jira.create_issue", args={"project": "PAY", "summary": SUMMARY, "issue_type": "Bug", **more})


KNOWN: Mapping[str, Sequence[Call]] = {
    SENTENCE: (
        bug(assignee="Priya"),
        Call(tool="slack.send_message", args={"channel": "#eng-oncall", "text": SUMMARY + ": {{0.url}}"}),
    ),
    TO_ALEX: (bug(assignee="Alex"),),
    BUG_ONLY: (bug(),),
}


class Learned:
    """Knows `KNOWN`, “yes”, “no”, “undo that” and “show me jira issue KEY”; declines everything else."""

    def interpret(self, request: Request) -> Interpretation:
        """What a sentence means."""
        said = request.utterance
        if said == "undo that":
            return Interpretation("call", act="undo", confidence=1)
        if said in ("yes", "no"):
            return Interpretation("decline", act="confirm" if said == "yes" else "reject", confidence=1)
        if said.startswith("show me jira issue "):
            call = Call(tool="jira.get_issue", args={"issue": said.removeprefix("show me jira issue ")})
            return Interpretation("call", (call,), confidence=1)
        if said in KNOWN:
            return Interpretation("call", tuple(KNOWN[said]), confidence=1)
        return Interpretation("decline", act="out_of_scope")

    def nearest(self, request: Request, most: int) -> Sequence[Tool]:
        """Asked only where there is a language model."""
        return ()
