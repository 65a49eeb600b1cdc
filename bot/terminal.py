"""The chat in the terminal; piped lines are answered one after another, and the end of input ends it."""

from __future__ import annotations

import asyncio
import sys
import uuid

from rich.console import Console

from bot.assistant import Assistant
from bot.render.text import to_text
from core.clock import utc_now
from core.errors import NotFound
from core.message import Message, Reply
from core.principal import Principal

PROMPT = "› "


class TerminalSink:
    """Prints replies; the status line is shown to a person only, never into a pipe."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status("") if console.is_terminal else None

    async def status(self, text: str) -> None:
        """Show what is being done; "" clears it."""
        if self._status is None:
            return
        if text:
            self._status.update(text)
            self._status.start()
        else:
            self._status.stop()

    async def draft(self, text: str) -> None:
        """Nothing: what was printed cannot be taken back, so only the finished answer is."""

    async def send(self, reply: Reply) -> None:
        """Print a reply."""
        await self.status("")
        self._console.print(to_text(reply), markup=False, highlight=False, soft_wrap=True)
        self._console.print()

    async def settle(self, approval: str, reply: Reply) -> None:
        """What was printed stays; the answer to the word just given follows by itself."""


class Terminal:
    """One person at a terminal."""

    def __init__(self, assistant: Assistant, who: Principal, console: Console) -> None:
        self._assistant = assistant
        self._who = who
        self._console = console
        self._sink = TerminalSink(console)

    async def reopen(self, tenant: str, conversation: str, thread: str, person: str) -> TerminalSink:
        """The one sink there is."""
        return self._sink

    async def reach(self, tenant: str, person: str) -> TerminalSink:
        """The one sink there is; `NotFound` for anybody else."""
        if (tenant, person) != (self._who.tenant, self._who.id):
            raise NotFound("This terminal is somebody else's.")
        return self._sink

    async def chat(self) -> None:
        """Read lines until the input ends or the person says so."""
        conversation = uuid.uuid4().hex[:12]
        while True:
            line = await asyncio.to_thread(_read, sys.stdin.isatty())
            if line is None or line.strip().lower() in ("exit", "quit", ":q"):
                return
            if not sys.stdin.isatty():
                self._console.print(f"{PROMPT}{line}", markup=False, highlight=False, soft_wrap=True)
            message = Message(
                id=uuid.uuid4().hex,
                platform="terminal",
                conversation=conversation,
                author=self._who,
                text=line,
                sent_at=utc_now(),
            )
            await self._assistant.hear(message, self._sink)


def _read(is_person: bool) -> str | None:
    try:
        if is_person:
            return input(PROMPT)
        line = sys.stdin.readline()
    except (EOFError, KeyboardInterrupt):
        return None
    return line.rstrip("\n") if line else None
