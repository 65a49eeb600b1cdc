"""The door between a chat platform and the assistant."""

from __future__ import annotations

from typing import Protocol

from core.message import Message, Press, Reply


class Sink(Protocol):
    """Where an answer goes: the thread that the message or the button stands in."""

    async def status(self, text: str) -> None:
        """Show what is being done right now; "" clears it."""

    async def send(self, reply: Reply) -> None:
        """Post a reply; a private one reaches the asker alone."""

    async def settle(self, approval: str, reply: Reply) -> None:
        """Replace the card of a plan that was decided, expired or withdrawn; where it is gone, post the reply."""


class Assistant(Protocol):
    """What an adapter may ask of the assistant. Both calls end with an answer in the sink, never silently."""

    async def hear(self, message: Message, sink: Sink) -> None:
        """Work on something a person wrote."""

    async def press(self, press: Press, sink: Sink) -> None:
        """Work on a button a person pressed."""


class Opener(Protocol):
    """Gives the sink of a conversation again, for work that goes on later: after a restart, after a connection."""

    async def reopen(self, tenant: str, conversation: str, thread: str, person: str) -> Sink:
        """The sink of a conversation that the assistant took part in; `NotFound` where it is not known any more."""
