"""Which tool a sentence is for: what the encoder saw, weights shared by verb, noun, integration and effect, and pairwise evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from agent.local.evidence import Trait, Usage, bag, masked, named, pairs, sentence_classes
from agent.local.head import OWN_SCALE, Heads, Sight
from agent.local.text import Sentence

BAG_SCALE = 3.0
PIECE_WEIGHT = 0.4
FAMILIAR = 0.2  # the weight of words beside what the encoder saw
NOVELTY = 3.5  # what a tool never trained on is helped by, since its card alone speaks for it
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class RankWeights:
    """`rows`: factor name to its place in `matrix` (factors, columns); `columns`: bag feature to its column."""

    rows: Mapping[str, int]
    columns: Mapping[str, int]
    matrix: Floats
    pair: Floats


@dataclass(frozen=True)
class Clue:
    """A sentence as the ranker sees it, independent of tools."""

    sentence: Sentence
    features: list[str]
    sight: Sight | None = None


def clue(sentence: Sentence, usage: Usage, sight: Sight | None = None) -> Clue:
    """The features of a sentence with its arguments masked."""
    names = [name for _, name in sentence_classes(sentence)]
    return Clue(sentence, bag(masked(sentence, usage), names), sight)


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
    heads: Heads | None = None

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
    def _own(self) -> tuple[Floats, Floats]:
        """Weights and bias of each tool of its own; none for one never trained on."""
        assert self.heads is not None  # noqa: S101 - only asked where there are heads
        own = np.zeros((len(self.traits), self.heads.own.shape[1]), np.float32)
        bias = np.full(len(self.traits), NOVELTY, np.float32)
        for k, trait in enumerate(self.traits):
            if (place := self.heads.tools.get(trait.tool.id)) is not None:
                own[k], bias[k] = self.heads.own[place], self.heads.bias[place]
        return own, bias

    def scores(self, seen: Clue) -> Floats:
        """A logit for each tool."""
        ids, values = columns_of(seen.features, self.weights.columns)
        logits: Floats = self.pair_table(seen) @ self.weights.pair
        if len(ids):
            logits = logits + values @ self._by_column[ids]
        if self.heads is None or seen.sight is None:
            return logits
        stacked, starts = self._stacked
        own, bias = self._own
        likeness = np.maximum.reduceat(stacked @ seen.sight.vector, starts)
        result: Floats = self.heads.scale * likeness + OWN_SCALE * (own @ seen.sight.vector) + bias + FAMILIAR * logits
        return result

    def pair_table(self, seen: Clue) -> Floats:
        """Pairwise evidence."""
        return pairs(seen.sentence, self.traits, named(seen.sentence.raw, self.traits))
