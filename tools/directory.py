"""The company's people as the connected systems know them, to turn a name into an address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.errors import Candidate


class People(Protocol):
    """Looks people up by name or address across the systems that the asker has connected."""

    async def find(self, text: str) -> Sequence[Candidate]:
        """People that `text` may stand for; a candidate's id is the e-mail address."""


class Nobody:
    """A directory without people, for a deployment where no connected system has one."""

    async def find(self, text: str) -> Sequence[Candidate]:
        """Nobody."""
        return ()
