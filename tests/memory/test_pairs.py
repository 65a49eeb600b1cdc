"""Does meaning find what words do not? A hundred things remembered of one person, each asked for in other words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agent.local.encoder import Encoder as Tuned
from core.principal import Principal
from memory.item import Circle, Said
from tests.memory.conftest import ENCODER, LENA, OTTO, Opened

PAIRS = [line.split("\t") for line in (Path(__file__).parent / "pairs.tsv").read_text(encoding="utf-8").splitlines()]


def share(ranks: list[int], most: int) -> float:
    return sum(rank < most for rank in ranks) / len(ranks)


async def ranks(opened: Opened, who: Principal, *, with_vectors: bool) -> list[int]:
    async with opened(is_open=with_vectors) as memory:
        mine = Circle(who).person
        await memory.store.keep_all(
            mine, [Said("fact", f"note {n}", text) for n, (text, _) in enumerate(PAIRS)], "x", "y"
        )
        await memory._leveled(mine)
        found = []
        for text, question in PAIRS:
            texts = [one.row.text for one in await memory.fitting(Circle(who), question, most=10, tokens=1_000)]
            found.append(texts.index(text) if text in texts else 99)
        return found


def cosine_ranks(encoder: object) -> list[int]:
    held, asked = (encoder.encode([pair[side] for pair in PAIRS]) for side in (0, 1))  # type: ignore[attr-defined]
    order = np.argsort(-(asked @ held.T), axis=1)
    return [int(np.flatnonzero(order[n] == n)[0]) for n in range(len(PAIRS))]


@pytest.mark.slow
async def test_meaning_finds_what_words_do_not(opened: Opened) -> None:
    words = await ranks(opened, LENA, with_vectors=False)
    both = await ranks(opened, OTTO, with_vectors=True)
    published, tuned = cosine_ranks(ENCODER), cosine_ranks(Tuned.shared())
    for name, found in {
        "words": words,
        "words and vectors": both,
        "published encoder alone": published,
        "interpreter's encoder alone": tuned,
    }.items():
        print(
            f"{name}: first {share(found, 1):.2f}, among three {share(found, 3):.2f}, among eight {share(found, 8):.2f}"
        )
    assert share(both, 3) > share(words, 3) + 0.2
    assert share(published, 3) > share(tuned, 3)
