"""Fits the local interpreter to the examples of tools; `python -m agent.local` does it for those installed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

import numpy as np

from agent.local import align, fit, fit_rank, rank
from agent.local.evidence import Trait, Usage
from agent.local.form import Form
from agent.local.model import Model, digest, text_key
from agent.local.read import read
from agent.local.slot import Segment
from agent.local.talk import talk_tools
from agent.local.text import Sentence
from agent.local.toolbox import Encodes
from agent.local.train_at import READ_AT
from core.tool import Arguments, Tool

Learnt = TypeVar("Learnt")
SEEDS = (1, 2)
LOWERED = 3  # every third example is learned without capitals too


@dataclass(frozen=True)
class Example:
    """A tool's example, read."""

    tool: str
    sentence: Sentence
    args: Arguments
    gold: tuple[Segment, ...]


def examples(tools: Sequence[Tool]) -> list[Example]:
    """All examples of the tools with their arguments found in them."""
    found = []
    for tool in tools:
        bare = Form(tool)
        for example in tool.examples:
            sentence = read(example.say, READ_AT)
            found.append(Example(tool.id, sentence, example.args, align.segments(sentence, bare, example.args)))
    return found


def train(
    tools: Sequence[Tool], encoder: Encodes, among: Sequence[Example] | None = None, seeds: Sequence[int] = SEEDS
) -> Model:
    """The model of the tools, learned from their examples or from those given."""
    known = list(among if among is not None else examples(tools))
    usage = align.usage([(e.sentence, e.gold) for e in known])
    forms = {tool.id: _form(tool, [e for e in known if e.tool == tool.id], usage) for tool in tools}
    lessons = [fit.Lesson(e.sentence, forms[e.tool], e.gold) for e in known]
    lessons += [_lowered(e, forms[e.tool]) for e in known[::LOWERED]]
    slots = _mean(_each(partial(fit.learn, lessons), seeds))
    talk = talk_tools()
    said = examples(talk)
    usage = align.usage([(e.sentence, e.gold) for e in [*known, *said]])
    known += said
    traits = [Trait(tool) for tool in [*tools, *talk]]
    cards = encoder.encode([trait.card for trait in traits])
    clues = [rank.clue(e.sentence, _without(usage, e)) for e in known]
    vectors = encoder.encode([c.text for c in clues])
    place = {trait.tool.id: k for k, trait in enumerate(traits)}
    samples = [fit_rank.Sample(c, v, place[e.tool]) for c, v, e in zip(clues, vectors, known, strict=True)]
    random.Random(3).shuffle(samples)  # noqa: S311
    runs = _each(partial(fit_rank.learn, samples, traits, [card[None] for card in cards]), seeds)
    weights = replace(
        runs[0],
        matrix=np.mean([run.matrix for run in runs], axis=0, dtype=np.float32),
        pair=np.mean([run.pair for run in runs], axis=0, dtype=np.float32),
    )
    kept = {
        tool.id: (
            digest(tool),
            {w: c for w, c in forms[tool.id].words.items() if c > 0},
            {k: sorted(v) for k, v in forms[tool.id].seen.items()},
        )
        for tool in tools
    }
    return Model(usage, slots, weights, kept, {text_key(t.card): v for t, v in zip(traits, cards, strict=True)})


def _each(learn: Callable[..., Learnt], seeds: Sequence[int]) -> list[Learnt]:
    """What is learned with each seed; several at once, each in a process of its own."""
    if len(seeds) == 1:
        return [learn(seed=seeds[0])]
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        return [done.result() for done in [pool.submit(learn, seed=seed) for seed in seeds]]


def _form(tool: Tool, known: Sequence[Example], usage: Usage) -> Form:
    return replace(align.form_of(tool, [(e.sentence, e.args) for e in known]), common=usage)


def _mean(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of several runs' weights, which wavers less than one run's."""
    names = sorted({name for run in runs for name in run})
    found = {name: round(sum(run.get(name, 0.0) for run in runs) / len(runs), 3) for name in names}
    return {name: weight for name, weight in found.items() if abs(weight) > 0.01}


def _lowered(example: Example, form: Form) -> fit.Lesson:
    """The example as somebody in a hurry writes it, without capitals."""
    sentence = read(example.sentence.raw.lower(), READ_AT)
    return fit.Lesson(sentence, form, align.segments(sentence, form, example.args))


def _without(usage: Usage, example: Example) -> Mapping[str, tuple[int, int]]:
    """The usage of words as it would be had this example not been there."""
    covered = {k for s in example.gold for k in range(s.first, s.last)}
    less = dict(usage)
    for k, token in enumerate(example.sentence.tokens):
        if token.kind == "word" and not token.is_sign and token.low in less:
            inside, outside = less[token.low]
            less[token.low] = (inside - (k in covered), outside - (k not in covered))
    return less
