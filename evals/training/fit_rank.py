"""Learns the ranker's weights over words and pairwise evidence: multinomial logistic regression by AdaGrad."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.local.evidence import PAIR_SIZE, Trait
from agent.local.rank import Clue, Ranker, RankWeights, columns_of

EPOCHS = 30
RATE = 0.1
DECAY = 2e-3
BATCH = 32
GRAIN = 16  # weights in steps of a sixteenth: a third of the size, and nothing read otherwise
HIDDEN = 0.5  # how often a tool must be found without weights of its own, as one never seen must


@dataclass(frozen=True)
class Sample:
    """A sentence and the number of its tool."""

    clue: Clue
    answer: int


def learn(samples: Sequence[Sample], traits: Sequence[Trait], *, epochs: int = EPOCHS, seed: int = 5) -> RankWeights:
    """Weights that rank each sample's tool first."""
    counts = Counter(f for sample in samples for f in sample.clue.features)
    columns = {name: k for k, name in enumerate(sorted(n for n, c in counts.items() if c > 1))}
    rows: dict[str, int] = {}
    for trait in traits:
        for factor in trait.factors:
            rows.setdefault(factor, len(rows))
    mix = np.zeros((len(traits), len(rows)), np.float32)
    for k, trait in enumerate(traits):
        mix[k, [rows[f] for f in trait.factors]] = 1
    matrix = np.zeros((len(columns), len(rows)), np.float32)
    squares = np.full_like(matrix, 1e-3)
    pair, pair_squares = np.zeros(PAIR_SIZE, np.float32), np.full(PAIR_SIZE, 1e-3, np.float32)
    pair[:2] = (2, -2)
    blank = Ranker(traits, RankWeights(rows, columns, np.zeros((0, 0), np.float32), pair), ())
    tables = [blank.pair_table(s.clue) for s in samples]
    bags = [columns_of(s.clue.features, columns) for s in samples]
    own = np.array([[f.startswith(("t:", "vn:")) for f in rows]] * len(traits)) & (mix > 0)
    dice = np.random.default_rng(seed)
    order = list(range(len(samples)))
    shuffle = random.Random(seed)  # noqa: S311
    for _ in range(epochs):
        shuffle.shuffle(order)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            used = np.unique(np.concatenate([bags[k][0] for k in chosen]))
            place = {int(c): n for n, c in enumerate(used)}
            x = np.zeros((len(chosen), len(used)), np.float32)
            for n, k in enumerate(chosen):
                x[n, [place[int(c)] for c in bags[k][0]]] = bags[k][1]
            local = matrix[used]
            blend = np.where(own & (dice.random(len(traits)) < HIDDEN)[:, None], 0, mix).astype(np.float32)
            logits = (x @ local) @ blend.T + np.stack([tables[k] @ pair for k in chosen])
            logits -= logits.max(1, keepdims=True)
            wrong = np.exp(logits)
            wrong /= wrong.sum(1, keepdims=True)
            wrong[np.arange(len(chosen)), [samples[k].answer for k in chosen]] -= 1
            wrong /= len(chosen)
            slope = x.T @ (wrong @ blend) + DECAY * local / 10
            squares[used] += slope * slope
            matrix[used] -= RATE * slope / np.sqrt(squares[used])
            pair_slope = sum(tables[k].T @ wrong[n] for n, k in enumerate(chosen)) + DECAY * pair / 10
            pair_squares += pair_slope * pair_slope
            pair -= 2 * RATE * pair_slope / np.sqrt(pair_squares)
    matrix = (np.round(matrix * GRAIN) / GRAIN).astype(np.float32)
    return RankWeights(rows, columns, np.ascontiguousarray(matrix.T), pair)
