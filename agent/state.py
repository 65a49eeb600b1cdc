"""What a run keeps beside its messages; all of it plain JSON, so that it survives a restart."""

from __future__ import annotations

import hashlib
from typing import Any, Literal, NotRequired, TypedDict

from langchain.agents.middleware import AgentState

CONNECTED = "connected"  # the word with which a run goes on that waited for a connection


class PlanState(AgentState[Any]):
    """`labels` are what a person reads in place of ids, by call and parameter; `settled` are calls with ids in place;
    `undo_of` maps an inverse call to the call it takes back; `has_outsiders` says that guests read along."""

    turn: NotRequired[str]
    labels: NotRequired[dict[str, dict[str, str]]]
    settled: NotRequired[list[str]]
    undo_of: NotRequired[dict[str, str]]
    has_outsiders: NotRequired[bool]


class Pending(TypedDict):
    """What a run waits for: a word on a plan, an answer to a question, or a connection.

    `about` is the kind of record that a question's options are.
    """

    kind: Literal["approval", "question", "connect"]
    id: str
    principal: str
    turn: str
    text: NotRequired[str]
    options: NotRequired[list[list[str]]]
    about: NotRequired[str]
    calls: NotRequired[list[dict[str, Any]]]
    expires_at: NotRequired[str]
    integration: NotRequired[str]
    approvers: NotRequired[list[str]]


def short_id(*parts: str) -> str:
    """A stable id of 16 hex digits."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
