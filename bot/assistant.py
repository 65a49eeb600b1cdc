"""The door between a chat platform and the assistant."""

from __future__ import annotations

from typing import Protocol

from core.message import Field, Message, Press, Reply
from core.principal import Principal


class Sink(Protocol):
    """Where an answer goes: the thread that the message or the button stands in."""

    async def status(self, text: str) -> None:
        """Show what is being done right now; "" clears it."""

    async def draft(self, text: str) -> None:
        """Show an answer while it is being written: all of it so far. `send` puts the finished one in its place."""

    async def send(self, reply: Reply) -> None:
        """Post a reply; a private one reaches the asker alone."""

    async def settle(self, approval: str, reply: Reply) -> None:
        """Replace the card of a plan that was decided, expired or withdrawn; where it is gone, post the reply."""


class Assistant(Protocol):
    """What an adapter may ask of the assistant. `hear` and `press` end with an answer in the sink, never silently."""

    async def hear(self, message: Message, sink: Sink) -> None:
        """Work on something a person wrote."""

    async def press(self, press: Press, sink: Sink) -> None:
        """Work on a button a person pressed."""

    async def form(self, approval: str, who: Principal) -> tuple[Field, ...]:
        """What can be changed in a plan that waits, in the order of its steps; none where nothing can.

        Raises:
            ApprovalInvalid: it is unknown, somebody else's, decided already, or expired; the sentence says which.
        """

    async def home(self, who: Principal) -> Reply:
        """What stands between this person and the assistant: connections, approvals, settings and the like."""

    async def prompts(self, who: Principal) -> tuple[str, ...]:
        """Up to four sentences to begin with that fit this person."""


class Opener(Protocol):
    """Gives the sink of a conversation again, for work that goes on later: after a restart, after a connection."""

    async def reopen(self, tenant: str, conversation: str, thread: str, person: str) -> Sink:
        """The sink of a conversation that the assistant took part in; `NotFound` where it is not known any more."""

    async def reach(self, tenant: str, person: str) -> Sink:
        """A sink to somebody's private chat, for what is said unasked; `NotFound` where they cannot be reached."""
