"""The rules by which Teams takes a streamed answer."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

JSON = dict[str, Any]

LEAST_S = 0.9
LONGEST_S = 120.0


@dataclass
class Open:
    """A stream that is under way."""

    chat: str
    sequence: int
    text: str
    at: float
    begun: float
    is_writing: bool


@dataclass
class Streams:
    """Streams by id; `shown` are the texts that people saw grow."""

    least_s: float = LEAST_S
    open: dict[str, Open] = field(default_factory=dict)
    shown: list[tuple[str, str]] = field(default_factory=list)

    def take(self, chat: str, body: JSON, fresh: str) -> tuple[int, str]:
        """A status and the stream's id, or an error's code; `fresh` is the id of a stream that begins."""
        info = stream_of(body) or {}
        if not chat.startswith("a:"):
            return 403, "ContentStreamNotAllowed"
        known, kind = info.get("streamId"), info["streamType"]
        if known is None:
            return self._begin(chat, body, info, fresh)
        stream = self.open.get(known)
        if stream is None or stream.chat != chat or time.monotonic() - stream.begun > LONGEST_S:
            return 403, "ContentStreamNotAllowed"
        if time.monotonic() - stream.at < self.least_s:
            return 429, "TooManyRequests"
        if stream.is_writing and not str(body.get("text") or "").startswith(stream.text):
            return 403, "ContentStreamNotAllowed"
        if kind == "final":
            if body["type"] != "message" or "streamSequence" in info:
                return 400, "BadArgument"
            del self.open[known]
            return 202, known
        if body["type"] != "typing" or info["streamSequence"] <= stream.sequence:
            return 202, known  # one that comes too late is dropped
        self._note(known, stream, body, info)
        return 202, known

    def _begin(self, chat: str, body: JSON, info: JSON, fresh: str) -> tuple[int, str]:
        if body["type"] != "typing" or info["streamType"] == "final" or info.get("streamSequence") != 1:
            return 400, "BadArgument"
        now = time.monotonic()
        self._note(fresh, Open(chat, 0, "", now, now, False), body, info)
        return 201, fresh

    def _note(self, name: str, stream: Open, body: JSON, info: JSON) -> None:
        stream.sequence, stream.at = info["streamSequence"], time.monotonic()
        stream.is_writing = info["streamType"] == "streaming"
        stream.text = body["text"] if stream.is_writing else ""
        self.open[name] = stream
        self.shown.append((info["streamType"], body["text"]))


def stream_of(body: JSON) -> JSON | None:
    """What an activity says about its stream, or None."""
    return next((one for one in body.get("entities") or () if one.get("type") == "streaminfo"), None)
