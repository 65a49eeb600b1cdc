"""Recall: the scopes of the turn first, then what fits it by meaning, words, recency and use, within a budget."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.clock import Clock, utc_now
from memory.index import Index
from memory.item import Circle, MemoryRow, Owner, Scope
from memory.shelf import Shelf, Shelves, words
from memory.store import Store

MEANING, WORDS, RECENCY, USE = 0.6, 0.15, 0.06, 0.04
LEAST_MEANING, LEAST_WORDS = 0.2, 0.34
HALF_LIFE_DAYS = 60.0
NEAREST = 12
LEVEL_S = 0.5
CHARS_PER_TOKEN = 4
NEARER: Mapping[Scope, float] = {"person": 0.05, "channel": 0.03, "team": 0.02, "tenant": 0.0}


@dataclass(frozen=True)
class Recalled:
    """One item with how well it fits, 0 to 1."""

    row: MemoryRow
    owner: Owner
    score: float
    meaning: float
    words: float

    @property
    def tokens(self) -> int:
        """About what it takes of a prompt."""
        return len(self.row.text) // CHARS_PER_TOKEN + 1


class Recall:
    """Reads what is remembered; it asks the owners of a circle and no other."""

    def __init__(self, store: Store, index: Index, shelves: Shelves, clock: Clock = utc_now) -> None:
        self._store = store
        self._index = index
        self._shelves = shelves
        self._clock = clock

    async def fitting(self, circle: Circle, text: str, *, most: int = 8, tokens: int = 200) -> list[Recalled]:
        """What fits a text best, best first, with no more tokens than these."""
        shelves = await self._shelves.of(list(circle))
        asked = words(text)
        vector = await self._index.encode(text) if shelves else None
        found: list[Recalled] = []
        for owner, shelf in shelves.items():
            near: Mapping[str, float] = {}
            if vector is not None and shelf.rows and await self._index.level(owner, shelf.revision, LEVEL_S):
                near = await self._index.near(owner, vector, NEAREST) or {}
            rows = await self._rows(owner, shelf, near, asked)
            found += [self._judged(row, owner, shelf, near.get(row.id, 0.0), asked) for row in rows]
        fits = [one for one in found if one.meaning >= LEAST_MEANING or one.words >= LEAST_WORDS]
        return _packed(sorted(fits, key=lambda one: -one.score), most, tokens)

    async def _rows(
        self, owner: Owner, shelf: Shelf, near: Mapping[str, float], asked: frozenset[str]
    ) -> list[MemoryRow]:
        """The rows worth a look: the database has the last word on which of the index's ids there are."""
        hit = [row for row in shelf.rows if row.id in near or asked & shelf.words[row.id]]
        beyond = [one for one in near if one not in shelf.by_id]
        return hit + (await self._store.some(owner, beyond) if beyond else [])

    def _judged(self, row: MemoryRow, owner: Owner, shelf: Shelf, meaning: float, asked: frozenset[str]) -> Recalled:
        said = shelf.words.get(row.id) or words(row.text)
        overlap = _overlap(asked, said, shelf)
        score = (
            MEANING * max(0.0, meaning)
            + WORDS * overlap
            + RECENCY * _recency(row.used_at, self._clock())
            + USE * min(1.0, math.log1p(row.uses) / math.log(20))
            + NEARER[owner.scope]
        )
        return Recalled(row, owner, score * (0.5 + 0.5 * row.confidence), meaning, overlap)


def _overlap(asked: frozenset[str], said: frozenset[str], shelf: Shelf) -> float:
    """The share of what was asked that an item's words cover, rare words counting more."""
    if not asked:
        return 0.0
    total = len(shelf.rows) + 1
    weight = {word: math.log(1 + total / (1 + shelf.counts[word])) for word in asked}
    return sum(weight[word] for word in asked & said) / sum(weight.values())


def _recency(at: datetime, now: datetime) -> float:
    return float(0.5 ** (max(0.0, (now - at).total_seconds()) / 86_400 / HALF_LIFE_DAYS))


def _packed(found: Sequence[Recalled], most: int, tokens: int) -> list[Recalled]:
    kept: list[Recalled] = []
    for one in found:
        if len(kept) < most and one.tokens <= tokens:
            kept.append(one)
            tokens -= one.tokens
    return kept
