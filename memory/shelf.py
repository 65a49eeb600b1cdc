"""What stands of each owner, at hand in the process for as long as the database's revision is the same."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from memory.item import MemoryRow, Owner
from memory.store import Store

OWNERS_KEPT = 2_000
_WORD = re.compile(r"[^\W_]+")
_COMMON = frozenset(
    "a an and are as at be by do for from had has have he her him his i in is it its me my of on or our put she so that the "
    "their them they this to us was we what when where which who will with you your please can could would want".split()
)


def words(text: str) -> frozenset[str]:
    """The words of a text that carry meaning, each cut to its stem."""
    return frozenset(_stem(word) for word in _WORD.findall(text.casefold()) if word not in _COMMON)


def _stem(word: str) -> str:
    for end in ("ing", "es", "ed", "s"):
        if word.endswith(end) and len(word) - len(end) >= 3:
            return word[: -len(end)]
    return word


@dataclass(frozen=True)
class Shelf:
    """One owner's rows, the last used first."""

    revision: int
    rows: tuple[MemoryRow, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, MemoryRow]:
        """Each row by its id."""
        return {row.id: row for row in self.rows}

    @cached_property
    def by_key(self) -> dict[str, MemoryRow]:
        """Each row by what it is about."""
        return {row.key: row for row in self.rows}

    @cached_property
    def words(self) -> dict[str, frozenset[str]]:
        """The words of each row, by id."""
        return {row.id: words(f"{row.text} {row.key} {row.value}") for row in self.rows}

    @cached_property
    def counts(self) -> Counter[str]:
        """In how many rows each word stands."""
        return Counter(word for said in self.words.values() for word in said)


class Shelves:
    """The shelves of the owners who were asked for lately."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[Owner, Shelf] = OrderedDict()

    async def of(self, owners: Iterable[Owner]) -> dict[Owner, Shelf]:
        """What stands of each owner who has anything, as the database says now."""
        revisions = await self._store.revisions(owners)
        found: dict[Owner, Shelf] = {}
        for owner in owners:
            if owner not in revisions:
                self._kept.pop(owner, None)
                continue
            shelf = self._kept.get(owner)
            if shelf is None or shelf.revision != revisions[owner]:
                shelf = Shelf(revisions[owner], tuple(await self._store.live(owner)))
            self._kept[owner] = found[owner] = shelf
            self._kept.move_to_end(owner)
        while len(self._kept) > OWNERS_KEPT:
            self._kept.popitem(last=False)
        return found

    def drop(self, owner: Owner) -> None:
        """Let go of an owner's rows."""
        self._kept.pop(owner, None)
