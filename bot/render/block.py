"""The smallest pieces of Block Kit, and text cut to fit them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Block = dict[str, Any]

SECTION_CHARS = 3_000
_FENCE = "```"


def section(text: str) -> Block:
    """A paragraph of mrkdwn."""
    return {"type": "section", "text": mark(text)}


def mark(text: str) -> Block:
    """Mrkdwn in which Slack looks for no further links and mentions."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str) -> Block:
    """Text shown exactly as it is."""
    return {"type": "plain_text", "text": text, "emoji": False}


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; a cut one ends in “…”."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def chunks(text: str, convert: Callable[[str], str]) -> list[str]:
    """Pieces of `text` that fit a section once converted, cut between lines or words where that is possible."""
    if not text.strip():
        return []
    if len(convert(text)) <= SECTION_CHARS:
        return [text]
    head, tail = _halves(text)
    return [*chunks(head, convert), *chunks(tail, convert)]


def _halves(text: str) -> tuple[str, str]:
    middle = len(text) // 2 if len(text) < 2 * SECTION_CHARS else SECTION_CHARS - 200
    at = next((at for space in ("\n", " ") if (at := text.rfind(space, middle // 2, middle)) > 0), middle)
    head, tail = text[:at], text[at:].removeprefix("\n")
    is_in_code = sum(line.lstrip().startswith(_FENCE) for line in head.split("\n")) % 2 == 1
    return (f"{head}\n{_FENCE}", f"{_FENCE}\n{tail}") if is_in_code else (head, tail)
