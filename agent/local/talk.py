"""Kinds of talk that are no command, as tools of their own for the ranker."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from core.tool import Example, Tool

PREFIX = "talk."
_FILE = Path(__file__).parent / "talk.yaml"
_CARDS = {
    "small_talk": "Greetings, thanks and chat.", "help": "Explain what the assistant can do.",
    "confirm": "Agree to what was proposed.", "reject": "Refuse what was proposed.",
    "undo": "Take back what was just done.", "correct": "Correct what was just said.",
    "why": "Explain why something was done.", "out_of_scope": "General questions, writing, facts, weather, jokes.",
    "unsupported": "Administration, settings, passwords, accounts and things no tool does.",
}  # fmt: skip


@lru_cache(maxsize=1)
def talk_tools() -> tuple[Tool, ...]:
    """One tool without parameters for each kind of talk."""
    said = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return tuple(
        Tool(
            id=PREFIX + kind, description=_CARDS.get(kind, kind), effect="read", parameters={"type": "object", "properties": {}},
            examples=tuple(Example(str(say)) for say in sentences),
        )
        for kind, sentences in said.items()
    )  # fmt: skip
