"""Phrases that stand for something remembered: “my board”, “the deck”. Each is put in plainly, and where it is from kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from memory.gate import is_name
from memory.item import MemoryRow, Owner
from memory.shelf import Shelf
from memory.statement import RELATIONS, relation

_POSSESSIVE = re.compile(
    rf"(?<!\w)(?P<whose>my|our) (?:(?:usual|default|normal|own) )?(?P<what>(?:[\w’'-]+ ){{0,2}}?(?:{RELATIONS}))(?![\w’'-])",
    re.I,
)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|`[^`]*`|(?<=[\w)])\s*:\s.*$", re.S)
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Use:
    """Something remembered that a plan was made with: the item, what it stood for, and the sentence that shows it."""

    row: MemoryRow
    owner: Owner
    phrase: str
    value: str

    @property
    def shown(self) -> str:
        """The sentence."""
        said = self.phrase.lower().removeprefix("my ").removeprefix("our ").removeprefix("the ")
        whose = {"person": "your", "channel": "this channel’s", "team": "your team’s"}.get(
            self.row.scope, "the company’s"
        )
        if self.row.kind == "alias":
            return f"I took “{self.phrase}” as {self.value}."
        usual = "" if said.startswith("usual") else "usual " if said in _USUAL else ""
        return f"I took {self.value}, {whose} {usual}{said}."


_USUAL = (
    "board",
    "project",
    "channel",
    "repo",
    "repository",
    "folder",
    "calendar",
    "list",
    "workspace",
    "space",
    "dashboard",
)


def resolved(text: str, shelves: Mapping[Owner, Shelf]) -> tuple[str, list[Use]]:
    """The text with its phrases put plainly, and what was used. Quoted words and what follows a colon stay."""
    closed = [match.span() for match in _QUOTED.finditer(text)]
    uses: dict[tuple[int, int], Use] = {}
    for start, end, use in sorted(_found(text, shelves), key=lambda one: (one[0], -one[1])):
        is_open = not any(a < end and start < b for a, b in (*closed, *uses))
        if is_open:
            uses[(start, end)] = use
    for (start, end), use in sorted(uses.items(), reverse=True):
        text = f"{text[:start]}{_written(use.value)}{text[end:]}"
    return text, [uses[span] for span in sorted(uses)]


def _found(text: str, shelves: Mapping[Owner, Shelf]) -> Iterator[tuple[int, int, Use]]:
    for match in _POSSESSIVE.finditer(text):
        is_mine = match["whose"].lower() == "my"
        for owner, shelf in shelves.items():
            if is_mine != (owner.scope == "person"):
                continue
            row = shelf.by_key.get(relation(match["what"]))
            if row is not None and is_name(row.value):
                yield match.start(), match.end(), Use(row, owner, match[0], row.value)
                break
    taken: set[str] = set()
    for owner, shelf in shelves.items():
        for row in shelf.rows:
            alias = str(row.data.get("alias", "")) if row.kind == "alias" else ""
            if not alias or alias in taken or not _may_stand(row, owner):
                continue
            taken.add(alias)
            pattern = rf"(?<![\w-])(?:(?:the|our|my) )?{re.escape(alias)}(?![\w-])"
            for match in re.finditer(pattern, text, re.I):
                yield match.start(), match.end(), Use(row, owner, match[0], row.value)


def _may_stand(row: MemoryRow, owner: Owner) -> bool:
    """A link is taken only from the person's own word."""
    return is_name(row.value) or (owner.scope == "person" and bool(_LINK.fullmatch(row.value)))


def _written(value: str) -> str:
    return f"the file “{value}”" if re.search(r"[\w)]\.[a-z]{2,5}$", value) else value
