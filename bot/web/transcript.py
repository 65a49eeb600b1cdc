"""What was said in one conversation of the web chat, kept so that a reload or a lost connection loses nothing."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from core.clock import Clock
from core.message import Part, Plan, Reply

KEPT_ENTRIES = 400
_HEARTBEAT_S = 15.0
_RETRY_MS = 1_500


@dataclass(frozen=True)
class Entry:
    """One message of either side; a later `version` of the same `number` takes its place.

    `pressed` maps the target of a button to the value pressed; `settles` is the approval whose card it replaces.
    """

    number: int
    version: int
    at: datetime
    text: str = ""
    client_id: str = ""
    reply: Reply | None = None
    pressed: dict[str, str] = field(default_factory=dict)
    settles: str = ""

    def to_json(self, generation: str) -> dict[str, Any]:
        """What the page draws."""
        return {
            "generation": generation,
            "number": self.number,
            "at": self.at.isoformat(),
            "text": self.text,
            "client_id": self.client_id,
            "parts": self.reply.model_dump(mode="json")["parts"] if self.reply else None,
            "pressed": self.pressed,
            "settles": self.settles,
        }


class Transcript:
    """The last entries of a conversation and what is being done right now.

    Event ids are `<generation>.<version>`; a process that starts anew starts another generation.
    """

    def __init__(self, limit: int = KEPT_ENTRIES) -> None:
        self._generation = secrets.token_hex(4)
        self._limit = limit
        self._entries: dict[int, Entry] = {}
        self._number = 0
        self._version = 0
        self._turns: set[str] = set()
        self._doing: dict[str, str] = {}
        self._change = asyncio.Event()
        self._listeners = 0
        self._is_closed = False

    @property
    def turns(self) -> int:
        """How many turns are going on."""
        return len(self._turns)

    @property
    def is_idle(self) -> bool:
        """Whether nobody works on it and nobody looks at it."""
        return not (self._turns or self._doing or self._listeners)

    def say(self, text: str, client_id: str, at: datetime) -> None:
        """Keep what the person wrote."""
        self._add(Entry(0, 0, at, text=text, client_id=client_id))

    def reply(self, reply: Reply, at: datetime) -> None:
        """Keep what the assistant says."""
        self._add(Entry(0, 0, at, reply=reply))

    def settle(self, approval: str, reply: Reply, at: datetime) -> None:
        """Put a reply in the place of a plan's card; where the card is gone, at the end."""
        entry = self._find(approval)
        if entry is None or entry.reply is None:
            self._add(Entry(0, 0, at, reply=reply, settles=approval))
            return
        parts: list[Part] = []
        for part in entry.reply.parts:
            is_card = isinstance(part, Plan) and part.approval == approval
            parts.extend(reply.parts if is_card else (part,))
        pressed = {target: value for target, value in entry.pressed.items() if target != approval}
        self._put(replace(entry, reply=Reply(parts=tuple(parts)), pressed=pressed))

    def press(self, target: str, value: str) -> None:
        """Mark the buttons of `target` as pressed."""
        if entry := self._find(target):
            self._put(replace(entry, pressed={**entry.pressed, target: value}))

    def release(self, target: str) -> None:
        """Make the buttons of `target` live again."""
        if (entry := self._find(target)) and target in entry.pressed:
            pressed = {other: value for other, value in entry.pressed.items() if other != target}
            self._put(replace(entry, pressed=pressed))

    def begin(self, turn: str) -> None:
        """Say that a turn has begun."""
        self._turns.add(turn)
        self._wake()

    def do(self, turn: str, text: str) -> None:
        """Say what a turn is doing right now; "" for nothing in particular."""
        self._doing.pop(turn, None)
        if text:
            self._doing[turn] = text
        self._wake()

    def end(self, turn: str) -> None:
        """Say that a turn has ended."""
        self._turns.discard(turn)
        self.do(turn, "")

    def close(self) -> None:
        """End every stream."""
        self._is_closed = True
        self._wake()

    async def events(self, last_id: str = "") -> AsyncIterator[str]:
        """Server-sent events: what came after `last_id`, `ready`, then whatever happens, until closed."""
        version, progress, is_ready = self._version_of(last_id), "", False
        self._listeners += 1
        try:
            yield f"retry: {_RETRY_MS}\n\n"
            if self._is_trimmed and version == 0:
                yield _event("trimmed", "{}")
            while True:
                change = self._change
                for entry in self._after(version):
                    version = entry.version
                    data = json.dumps(entry.to_json(self._generation))
                    yield _event("entry", data, f"{self._generation}.{version}")
                if (now := self._progress()) != progress or not is_ready:
                    progress = now
                    yield _event("progress", now)
                if not is_ready:
                    is_ready = True
                    yield _event("ready", "{}")
                if self._is_closed:
                    return
                if not await _happens(change):
                    yield ": alive\n\n"
        finally:
            self._listeners -= 1

    @property
    def _is_trimmed(self) -> bool:
        return self._number > len(self._entries)

    def _after(self, version: int) -> list[Entry]:
        later = (entry for entry in self._entries.values() if entry.version > version)
        return sorted(later, key=lambda entry: entry.version)

    def _version_of(self, event_id: str) -> int:
        generation, _, version = event_id.partition(".")
        return int(version) if generation == self._generation and version.isdecimal() else 0

    def _progress(self) -> str:
        text = next(reversed(self._doing.values()), "")
        return json.dumps({"is_working": bool(self._turns or text), "text": text})

    def _find(self, target: str) -> Entry | None:
        """The newest entry with a card, question or receipt of this id."""
        newest_first = reversed(self._entries.values())
        return next((entry for entry in newest_first if target in _targets(entry)), None)

    def _add(self, entry: Entry) -> None:
        self._number += 1
        self._put(replace(entry, number=self._number))
        if len(self._entries) > self._limit:
            del self._entries[next(iter(self._entries))]

    def _put(self, entry: Entry) -> None:
        self._version += 1
        self._entries[entry.number] = replace(entry, version=self._version)
        self._wake()

    def _wake(self) -> None:
        self._change.set()
        self._change = asyncio.Event()


class TranscriptSink:
    """Where the answer of one turn goes; whoever listens to the transcript sees it."""

    def __init__(self, transcript: Transcript, turn: str, clock: Clock) -> None:
        self._transcript = transcript
        self._turn = turn
        self._clock = clock

    async def status(self, text: str) -> None:
        """Show what is being done right now; "" clears it."""
        self._transcript.do(self._turn, text)

    async def draft(self, text: str) -> None:
        """Show an answer while it is being written."""
        self._transcript.do(self._turn, text)

    async def send(self, reply: Reply) -> None:
        """Post a reply; the conversation has one reader, so a private one needs no other way."""
        self._transcript.reply(reply, self._clock())

    async def settle(self, approval: str, reply: Reply) -> None:
        """Replace the card of a plan; where it is gone, post the reply."""
        self._transcript.settle(approval, reply, self._clock())


def _targets(entry: Entry) -> set[str]:
    found: set[str] = {entry.settles} - {""}
    for part in entry.reply.parts if entry.reply else ():
        match part.kind:
            case "plan":
                found.add(part.approval)
            case "question":
                found.add(part.id)
            case "receipts":
                found.update(line.undo for line in part.lines if line.undo)
            case "listing":
                buttons = (*part.buttons, *(button for one in part.entries for button in one.buttons))
                found.update(button.target for button in buttons)
            case _:
                pass
    return found


def _event(name: str, data: str, event_id: str = "") -> str:
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {name}\ndata: {data}\n\n"


async def _happens(change: asyncio.Event) -> bool:
    try:
        await asyncio.wait_for(change.wait(), _HEARTBEAT_S)
    except TimeoutError:
        return False
    return True
