"""What a sentence was taken to mean, whichever brain read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from core.principal import Principal
from core.tool import Arguments, Call, Tool

Outcome = Literal["call", "clarify", "decline"]


@dataclass(frozen=True)
class Step:
    """A call of an earlier turn and what came of it; `result` is None while it waits."""

    tool: str
    args: Arguments = field(default_factory=dict)
    result: Any = None


@dataclass(frozen=True)
class Turn:
    """An earlier turn of the conversation."""

    role: Literal["user", "assistant"]
    text: str
    calls: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Directory:
    """Names the tenant knows, to recognise them in a sentence: kind (`person`, `channel`, `project`, …) to names."""

    names: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """A sentence with all that its meaning depends on; `tools` replaces the interpreter's own where it is given."""

    utterance: str
    now: datetime
    user: Principal
    context: Sequence[Turn] = ()
    tools: Sequence[Tool] | None = None
    directory: Directory = field(default_factory=Directory)
    connected: frozenset[str] | None = None


@dataclass(frozen=True)
class Interpretation:
    """An ordered plan, one question, or nothing that a tool can do.

    `confidence` is that of the whole plan, 0 to 1. For `clarify`, `calls` holds the call that the question is
    about with the arguments known, and `rest` the other calls of the plan; `missing` names the parameter asked
    for and `options` holds the answers offered. `words` maps a call's index and parameter to the words it came
    from ("" is the tool itself). `undo` and `why` are requests about the last plan rather than for a tool.
    """

    outcome: Outcome
    calls: tuple[Call, ...] = ()
    confidence: float = 0.0
    question: str = ""
    missing: str = ""
    options: tuple[str, ...] = ()
    rest: tuple[Call, ...] = ()
    reason: str = ""
    act: Literal["command", "confirm", "reject", "undo", "why", "help", "small_talk", "out_of_scope"] = "command"
    words: dict[tuple[int, str], str] = field(default_factory=dict)
    answered_by: Literal["local", "llm"] = "local"
    ms: float = 0.0
