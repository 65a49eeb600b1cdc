"""Where one sentence holds several commands."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from agent.local.text import Sentence

LINKS = frozenset("and then also plus & afterwards after".split())
_STOP = re.compile(r"^(?:don['’]?t|do not|no need to|never|instead of|without)$", re.I)


@dataclass(frozen=True)
class Clause:
    """A part of a sentence: its words as written, and where they begin in the whole."""

    text: str
    start: int
    is_negated: bool = False


def clauses(sentence: Sentence, at: list[int]) -> list[Clause]:
    """The parts between cuts, without the words that link them."""
    bounds = [0, *at, len(sentence.tokens)]
    found = []
    for first, last in itertools.pairwise(bounds):
        tokens = list(sentence.tokens[first:last])
        while tokens and (tokens[-1].low in LINKS or tokens[-1].text in ",;"):
            tokens.pop()
        while len(tokens) > 1 and (tokens[0].low in LINKS or tokens[0].text in ",;"):
            tokens.pop(0)
        if not tokens:
            continue
        is_negated = bool(_STOP.match(tokens[0].text)) and not (len(tokens) > 1 and tokens[1].low in ("forget", "let"))
        found.append(Clause(sentence.raw[tokens[0].start : tokens[-1].end], tokens[0].start, is_negated))
    return found
