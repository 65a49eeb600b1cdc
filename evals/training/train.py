"""The stages of training: what is learned without the network, and the model put together."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import TypeVar

import numpy as np

from agent.local import align, rank
from agent.local.encoder import Encoder
from agent.local.evidence import Trait, Usage
from agent.local.form import Form
from agent.local.head import Heads
from agent.local.model import Model, digest, text_key
from agent.local.rank import RankWeights
from agent.local.read import read
from agent.local.talk import talk_tools
from agent.local.train_at import READ_AT
from core.tool import Tool
from evals.training import fit_rank, fit_slots
from evals.training.lesson import Lesson

Learnt = TypeVar("Learnt")
SEEDS = (1,)
LOWERED = 3  # every third sentence is learned without capitals too


@dataclass(frozen=True)
class Linear:
    """What is learned of words alone."""

    usage: Usage
    slots: Mapping[str, float]
    rank: RankWeights
    forms: Mapping[str, Form]


def linear(tools: Sequence[Tool], lessons: Sequence[Lesson], seeds: Sequence[int] = SEEDS) -> Linear:
    """The segment model and the ranker's words, from all lessons of one command."""
    lessons = [lesson for lesson in lessons if not lesson.parts]
    by_tool: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        by_tool[lesson.tool].append(lesson)
    commands = [lesson for tool in tools for lesson in by_tool[tool.id]]
    usage = align.usage([(e.sentence, e.gold) for e in commands])
    forms = {
        tool.id: replace(align.form_of(tool, [(e.sentence, e.args) for e in by_tool[tool.id]]), common=usage)
        for tool in tools
    }
    cases = [fit_slots.Case(e.sentence, forms[e.tool], e.gold) for e in commands]
    cases += [_lowered(e, forms[e.tool]) for e in commands[::LOWERED]]
    usage = align.usage([(e.sentence, e.gold) for e in lessons])
    traits = [Trait(tool) for tool in [*tools, *talk_tools()]]
    place = {trait.tool.id: k for k, trait in enumerate(traits)}
    samples = [fit_rank.Sample(rank.clue(e.sentence, _without(usage, e)), place[e.tool]) for e in lessons]
    random.Random(3).shuffle(samples)  # noqa: S311
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        cut = [pool.submit(fit_slots.learn, cases, seed=seed) for seed in seeds]
        ranked = [pool.submit(fit_rank.learn, samples, traits, seed=seed) for seed in seeds]
        slots = _mean([one.result() for one in cut])
        runs = [one.result() for one in ranked]
    weights = replace(
        runs[0],
        matrix=np.mean([run.matrix for run in runs], axis=0, dtype=np.float32),
        pair=np.mean([run.pair for run in runs], axis=0, dtype=np.float32),
    )
    return Linear(usage, slots, weights, forms)


def model(tools: Sequence[Tool], learnt: Linear, heads: Heads | None, encoder: Encoder) -> Model:
    """All that was learned, with the cards as the finished encoder sees them."""
    cards = [Trait(tool).card for tool in [*tools, *talk_tools()]]
    kept = {
        tool.id: (
            digest(tool),
            {w: c for w, c in learnt.forms[tool.id].words.items() if c > 0},
            {k: sorted(v) for k, v in learnt.forms[tool.id].seen.items()},
        )
        for tool in tools
    }
    vectors = dict(zip(map(text_key, cards), encoder.encode(cards), strict=True))
    return Model(learnt.usage, learnt.slots, learnt.rank, kept, vectors, heads)


def _mean(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of several runs' weights, which wavers less than one run's."""
    names = sorted({name for run in runs for name in run})
    found = {name: round(sum(run.get(name, 0.0) for run in runs) / len(runs), 3) for name in names}
    return {name: weight for name, weight in found.items() if abs(weight) > 0.01}


def _lowered(lesson: Lesson, form: Form) -> fit_slots.Case:
    """The sentence as somebody in a hurry writes it, without capitals."""
    sentence = read(lesson.sentence.raw.lower(), READ_AT)
    return fit_slots.Case(sentence, form, align.segments(sentence, form, lesson.args))


def _without(usage: Usage, lesson: Lesson) -> Mapping[str, tuple[int, int]]:
    """The usage of words as it would be had this lesson not been there."""
    covered = {k for s in lesson.gold for k in range(s.first, s.last)}
    less = dict(usage)
    for k, token in enumerate(lesson.sentence.tokens):
        if token.kind == "word" and not token.is_sign and token.low in less:
            inside, outside = less[token.low]
            less[token.low] = (inside - (k in covered), outside - (k not in covered))
    return less
