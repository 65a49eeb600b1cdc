"""A script as it was played: what was answered, which calls were made, what memory held at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.render.text import to_text
from core.message import Part, Reply
from evals.memory.script import Script, Turn


class Memory(Protocol):
    """One thing that the assistant remembers."""

    text: str
    kind: str
    scope: str


class Store(Protocol):
    """What the assistant offers of its memory."""

    async def everything(self, tenant: str, person: str) -> Sequence[Memory]:
        """All that is kept of and for a person."""


@dataclass(frozen=True)
class Kept:
    """One thing found in memory, and for whom it was listed."""

    who: str
    kind: str
    scope: str
    text: str


@dataclass(frozen=True)
class Made:
    """A call planned or made: exact arguments, and the labels that a person reads in their place."""

    tool: str
    who: str
    status: str
    args: Mapping[str, Any]
    labels: Mapping[str, str]


@dataclass
class Seen:
    """What came of a turn: what was answered but for a system's own lists, the part of it that everybody there could
    read, the part that is no plan, what came of the script's own word on it, and the calls."""

    text: str = ""
    open_text: str = ""
    said: str = ""
    aside: str = ""
    calls: tuple[Made, ...] = ()


@dataclass
class Played:
    """A script with what came of each turn, and what memory held at the end (None: there is no memory)."""

    script: Script
    seen: list[tuple[Turn, Seen]] = field(default_factory=list)
    kept: list[Kept] | None = None
    done: list[Made] = field(default_factory=list)


@dataclass
class Recorder:
    """A sink that keeps what it is given."""

    replies: list[Reply] = field(default_factory=list)

    async def status(self, text: str) -> None:
        """Keep nothing."""

    async def draft(self, text: str) -> None:
        """Keep nothing: the finished answer follows."""

    async def send(self, reply: Reply) -> None:
        """Keep the reply."""
        self.replies.append(reply)

    async def settle(self, approval: str, reply: Reply) -> None:
        """Keep what stands in a plan's place."""
        self.replies.append(reply)

    def leave_out(self, parts: Sequence[Part]) -> None:
        """Drop these parts."""
        self.replies = [
            reply.model_copy(update={"parts": tuple(part for part in reply.parts if part not in parts)})
            for reply in self.replies
        ]

    def text(self, *, openly: bool = False, but: type[Part] | None = None) -> str:
        """What was answered, as plain lines: all of it, what others could read, or without one kind of part."""
        replies = [reply for reply in self.replies if not (openly and reply.is_private)]
        parts = [part for reply in replies for part in reply.parts if but is None or not isinstance(part, but)]
        return to_text(Reply(parts=tuple(parts)))
