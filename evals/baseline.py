"""Two interpreters that know nothing, so that every report has a floor."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.tool import Call, Tool
from evals.case import Case, Prediction
from evals.report import Report
from evals.run import Interpret, evaluate

_WORD = re.compile(r"[^\W_]+")
_STOP = frozenset(
    ("a", "an", "and", "for", "from", "in", "is", "it", "me", "my", "of", "on", "or", "the", "to", "with")
)


class Nothing:
    """Declines everything."""

    name = "baseline: nothing"

    async def __call__(self, case: Case) -> Prediction:
        """A refusal."""
        return Prediction(id=case.id, outcome="decline", answered_by="nothing")


class Keyword:
    """Calls, without arguments, the tool whose id and description share most words with the sentence."""

    name = "baseline: keyword"

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._words = {tool.id: _words(f"{tool.id} {tool.description} {' '.join(tool.aliases)}") for tool in tools}

    async def __call__(self, case: Case) -> Prediction:
        """A call of the nearest tool, or a refusal where no word is shared; sure by their overlap (Dice)."""
        said = _words(case.utterance)
        overlap = {
            tool: 2 * len(said & words) / (len(said) + len(words))
            for tool, words in self._words.items()
            if said & words
        }
        if not overlap:
            return Prediction(id=case.id, outcome="decline", answered_by="keyword")
        best = max(overlap, key=lambda tool: (overlap[tool], tool))
        return Prediction(
            id=case.id,
            outcome="call",
            calls=(Call(tool=best),),
            confidence=overlap[best],
            answered_by="keyword",
        )


async def floors(cases: Sequence[Case], tools: Sequence[Tool], *, data: str) -> list[Report]:
    """The reports of both baselines on cases."""
    brains: list[tuple[str, Interpret]] = [(Nothing.name, Nothing()), (Keyword.name, Keyword(tools))]
    return [await evaluate(cases, brain, tools, data=data, brain=name) for name, brain in brains]


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold())) - _STOP
