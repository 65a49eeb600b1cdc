"""One turn: who asks, where, when, and how much it may take. Every middleware reads it; no model writes it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from agent.interpretation import Directory
from core.errors import BudgetExceeded
from core.principal import Principal

Progress = Callable[[str], Awaitable[None]]


async def in_silence(_: str) -> None:
    """A progress line that nobody watches."""


@dataclass
class Limits:
    """What one turn may take: seconds, tool calls, tokens sent to the language model."""

    seconds: float = 90.0
    calls: int = 20
    tokens: int = 32_000


@dataclass
class Turn:
    """The context of a run. `id` names the turn in the ledger; `done` tells calls that wait for others.

    `channel` is the channel that others hear it in, "" in a private chat. `called` is how the person wants to be
    called, `recalled` what is remembered that fits the sentence.
    `free` are the systems that need no sign-in, which are `connected` for everybody.
    """

    id: str
    who: Principal
    thread: str
    now: datetime
    limits: Limits = field(default_factory=Limits)
    directory: Directory = field(default_factory=Directory)
    connected: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    is_channel: bool = False
    has_outsiders: bool = False
    channel: str = ""
    called: str = ""
    recalled: tuple[str, ...] = ()
    is_brief: bool = False
    progress: Progress = in_silence
    tokens_used: int = 0
    calls_made: int = 0
    undo_receipt: str = ""
    started: float = field(default_factory=time.monotonic)
    done: dict[str, asyncio.Event] = field(default_factory=dict)

    def left_s(self) -> float:
        """Seconds that remain.

        Raises:
            BudgetExceeded: none do.
        """
        left = self.limits.seconds - (time.monotonic() - self.started)
        if left <= 0:
            raise BudgetExceeded("This took longer than I may work on one message, so I stopped here.")
        return left

    def count_call(self) -> None:
        """Count a tool call.

        Raises:
            BudgetExceeded: it is one too many.
        """
        self.calls_made += 1
        if self.calls_made > self.limits.calls:
            raise BudgetExceeded(f"One message may take {self.limits.calls} steps, so I stopped here.")

    def count_tokens(self, tokens: int) -> None:
        """Count tokens that are about to be sent to the language model.

        Raises:
            BudgetExceeded: they are more than the turn has left.
        """
        if self.tokens_used + tokens > self.limits.tokens:
            raise BudgetExceeded("This needs more text than I may read for one message, so I stopped here.")
        self.tokens_used += tokens

    def event(self, call_id: str) -> asyncio.Event:
        """Set once this call has ended."""
        return self.done.setdefault(call_id, asyncio.Event())
