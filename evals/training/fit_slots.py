"""Learns the weights of the segment model: a structured margin, by AdaGrad."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from agent.local import align, feature, slot
from agent.local.form import Form
from agent.local.slot import Segment
from agent.local.text import Sentence

EPOCHS = 12
RATE = 0.25
MARGIN = 3.0
SHRINK = 2e-4


@dataclass(frozen=True)
class Case:
    """A sentence, the tool it is for, and where its arguments stand."""

    sentence: Sentence
    form: Form
    gold: tuple[Segment, ...]


@dataclass(frozen=True)
class Prepared:
    """A lesson with its features as numbers: `ids[starts[k]:starts[k+1]]` are those of candidate k."""

    lesson: Case
    form: Form
    segments: list[Segment]
    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    is_gold: list[bool]
    outs: list[NDArray[np.int32]]


class Vocabulary:
    """Numbers for feature names."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}

    def of(self, name: str) -> int:
        """The number of a name, a new one where it is new."""
        return self.ids.setdefault(name, len(self.ids))


def prepare(lesson: Case, vocabulary: Vocabulary) -> Prepared:
    """Features of every candidate and of every word left out."""
    form = align.without(lesson.form, lesson.sentence, lesson.gold)
    found = slot.keys_of(lesson.sentence, form)
    gold = {_key(s) for s in lesson.gold}
    missing = gold - {_key(s) for s, _ in found}
    tokens = lesson.sentence.tokens
    for segment in lesson.gold:
        if _key(segment) in missing:
            keys = feature.features(tokens, segment.first, segment.last, form)
            keys += feature.special(
                form, tokens, segment.first, segment.last, segment.label, form.seen.get(segment.label, ())
            )
            found.append((segment, keys))
    ids: list[int] = []
    starts = [0]
    for segment, keys in found:
        ids += [vocabulary.of(prefix + key) for prefix in form.table[segment.label][0] for key in keys]
        starts.append(len(ids))
    outs = [
        np.array([vocabulary.of(key) for key in feature.outside(tokens, k, form)], np.int32) for k in range(len(tokens))
    ]
    return Prepared(
        lesson, form, [s for s, _ in found], np.array(ids, np.int32), np.array(starts), [_key(s) in gold for s, _ in found], outs,
    )  # fmt: skip


def learn(lessons: Sequence[Case], *, epochs: int = EPOCHS, seed: int = 7) -> dict[str, float]:
    """The averaged weights after some passes in a fixed random order."""
    vocabulary = Vocabulary()
    prepared = [prepare(lesson, vocabulary) for lesson in lessons]
    size = len(vocabulary.ids)
    weights, squares = np.zeros(size, np.float32), np.full(size, 1e-2, np.float32)
    total, rounds = np.zeros(size, np.float64), 0
    order = list(range(len(prepared)))
    shuffle = random.Random(seed)  # noqa: S311
    for epoch in range(epochs):
        shuffle.shuffle(order)
        for index in order:
            _step(prepared[index], weights, squares)
        weights *= 1 - SHRINK * len(order) / 100
        if epoch >= epochs // 3:
            total += weights
            rounds += 1
    mean = total / max(rounds, 1)
    return {name: round(float(mean[k]), 3) for name, k in vocabulary.ids.items() if abs(mean[k]) > 0.01}


def _step(item: Prepared, weights: NDArray[np.float32], squares: NDArray[np.float32]) -> None:
    tokens = item.lesson.sentence.tokens
    if not tokens:
        return
    outs = [float(weights[ids].sum()) for ids in item.outs]
    covered = {k for s in item.lesson.gold for k in range(s.first, s.last)}
    outs = [out + (MARGIN / 2 if k in covered else 0.0) for k, out in enumerate(outs)]
    sums = np.concatenate([[0.0], np.cumsum(weights[item.ids])])
    scores = sums[item.starts[1:]] - sums[item.starts[:-1]]
    segments = [
        replace(s, score=float(score) + (0.0 if good else MARGIN))
        for s, score, good in zip(item.segments, scores, item.is_gold, strict=True)
    ]
    guess = slot.laid(tokens, item.form, outs, segments).segments
    if {_key(s) for s in guess} == {_key(s) for s in item.lesson.gold}:
        return
    places = {_key(s): k for k, s in enumerate(item.segments)}
    gradient: dict[int, float] = {}
    for sign, chosen in ((1.0, item.lesson.gold), (-1.0, guess)):
        inside = {k for s in chosen for k in range(s.first, s.last)}
        lists = [item.outs[k] for k in range(len(tokens)) if k not in inside]
        lists += [item.ids[item.starts[places[_key(s)]] : item.starts[places[_key(s)] + 1]] for s in chosen]
        for ids in lists:
            for k in ids.tolist():
                gradient[k] = gradient.get(k, 0.0) + sign
    changed = [(k, g) for k, g in gradient.items() if g]
    ids = np.array([k for k, _ in changed])
    slope = np.array([g for _, g in changed], np.float32)
    squares[ids] += slope * slope
    weights[ids] += RATE * slope / np.sqrt(squares[ids])


def _key(segment: Segment) -> tuple[int, int, str]:
    return segment.first, segment.last, segment.label
