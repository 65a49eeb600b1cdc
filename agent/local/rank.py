"""Which tool a sentence is for: weights shared by verb, noun, integration and effect, and pairwise evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from agent.local.evidence import PAIR_SIZE, Trait, Usage, bag, masked, named, pairs, sentence_classes
from agent.local.text import Sentence

DENSE_SCALE = 3.0
BAG_SCALE = 3.0
PIECE_WEIGHT = 0.4
NOVELTY, LIKE = 16.0, 0.3
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class RankWeights:
    """`rows`: factor name to its place in `matrix` (factors, columns); `columns`: bag feature to its column, dense first."""

    rows: Mapping[str, int]
    columns: Mapping[str, int]
    matrix: Floats
    pair: Floats


@dataclass(frozen=True)
class Clue:
    """A sentence as the ranker sees it, independent of tools."""

    sentence: Sentence
    text: str
    features: list[str]


def clue(sentence: Sentence, usage: Usage) -> Clue:
    """Masks a sentence and takes its features."""
    text = masked(sentence, usage)
    return Clue(sentence, text, bag(text, [name for _, name in sentence_classes(sentence)]))


def columns_of(features: Sequence[str], columns: Mapping[str, int]) -> tuple[NDArray[np.int64], Floats]:
    """Columns and values of the known features, of length BAG_SCALE together."""
    known = [(columns[f], PIECE_WEIGHT if f[0] == "c" else 1.0) for f in features if f in columns]
    ids = np.array([c for c, _ in known], np.int64)
    values = np.array([v for _, v in known], np.float32)
    norm = float(np.sqrt((values * values).sum())) or 1.0
    return ids, values * (BAG_SCALE / norm)


@dataclass(frozen=True)
class Ranker:
    """Scores sentences for a fixed list of tools; `cards` are the vectors of their cards and of new tools' examples."""

    traits: Sequence[Trait]
    weights: RankWeights
    cards: Sequence[Floats]

    @cached_property
    def _matrix(self) -> Floats:
        rows, matrix = self.weights.rows, self.weights.matrix
        made = np.zeros((len(self.traits), matrix.shape[1]), np.float32)
        for k, trait in enumerate(self.traits):
            for factor in trait.factors:
                if factor in rows:
                    made[k] += matrix[rows[factor]]
        return made

    @cached_property
    def _by_column(self) -> Floats:
        return np.ascontiguousarray(self._matrix.T)

    @cached_property
    def _stacked(self) -> tuple[Floats, NDArray[np.int64]]:
        starts = np.cumsum([0] + [len(c) for c in self.cards])[:-1]
        return np.concatenate(self.cards) if len(self.cards) else np.zeros((0, 384), np.float32), starts

    @cached_property
    def _is_novel(self) -> Floats:
        """1 for a tool that no weight knows by name: its card has to speak for it."""
        return np.array([trait.factors[0] not in self.weights.rows for trait in self.traits], np.float32)

    def scores(self, seen: Clue, vector: Floats) -> Floats:
        """A logit for each tool."""
        ids, values = columns_of(seen.features, self.weights.columns)
        size = len(vector)
        logits: Floats = self._by_column[:size].T @ (vector * DENSE_SCALE)
        if len(ids):
            logits = logits + values @ self._by_column[ids]
        table = self.pair_table(seen, vector)
        result: Floats = logits + table @ self.weights.pair
        result += NOVELTY * self._is_novel * np.maximum(table[:, PAIR_SIZE - 2] - LIKE, 0)
        return result

    def pair_table(self, seen: Clue, vector: Floats) -> Floats:
        """Pairwise evidence with the likeness of each card in the last columns."""
        table = pairs(seen.sentence, self.traits, named(seen.sentence.raw, self.traits))
        stacked, starts = self._stacked
        if len(stacked):
            likeness = np.maximum.reduceat(stacked @ vector, starts)
            table[:, PAIR_SIZE - 2] = likeness
            table[:, PAIR_SIZE - 1] = likeness - likeness.max()
        return table
