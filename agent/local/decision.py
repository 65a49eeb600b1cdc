"""When to act, when to ask, and whether a sentence is one command or several."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agent.interpretation import Interpretation
from agent.local import plan
from agent.local.plan import Draft
from agent.local.role import role_of
from agent.local.text import Sentence
from agent.local.toolbox import Candidate

THRESHOLDS = {"read": 0.1, "write": 0.15, "destructive": 0.3}
RIVAL_SHARE = 0.4
TWIN_SHARE = 0.1
PLAIN_TWIN_SHARE = 0.005
WORST = -8.0
CUTS = 5  # the place of the cuts among the evidence
CUT_TRUST = 0.3


def evidence(drafts: Sequence[Draft], *, is_later: bool, cuts: float = 0.0) -> tuple[float, ...]:
    """What a plan's confidence is reckoned from: 1, the log odds of its least sure tool, the log probability of how
    its words were read, how many further calls it has, whether something was said before it, the log probability of
    where it was cut, and how many of its words nothing explains."""
    tool = min((draft.confidence for draft in drafts), default=0.5)
    words = sum(draft.sureness for draft in drafts)
    odd = min(sum(draft.odd for draft in drafts), 4.0)
    return (1.0, log_odds(tool), max(words, WORST), min(len(drafts) - 1.0, 3.0), float(is_later), max(cuts, WORST), odd)


def log_odds(p: float) -> float:
    """Of a probability kept away from 0 and 1."""
    p = min(max(p, 0.01), 0.99)
    return math.log(p / (1 - p))


def confidence(seen: Sequence[float], weights: Sequence[float]) -> float:
    """How often plans with this evidence are right, by weights measured on sentences that nothing was learned from."""
    if not weights:
        weights = (0.0, 1.0, *[0.0] * (len(seen) - 2))
    return 1 / (1 + math.exp(-sum(w * x for w, x in zip(weights, seen, strict=True))))


def preference(seen: Sequence[float], weights: Sequence[float]) -> float:
    """The confidence by which one plan is taken before another of the same sentence, which trusts the cuts less: that
    they are there is what is in doubt."""
    return confidence([x * CUT_TRUST if n == CUTS else x for n, x in enumerate(seen)], weights) if seen else 0.0


def is_sure(drafts: Sequence[Draft], sure: float) -> bool:
    """Whether the plan is above the threshold of each of its effects."""
    return all(sure >= THRESHOLDS[draft.tool.effect] for draft in drafts)


def unsure(drafts: Sequence[Draft], confidence: float) -> Interpretation:
    """The question whether the plan is what was meant."""
    tool = min(drafts, key=lambda d: d.confidence).tool
    asked = f"Do you want me to do this in {tool.title or tool.integration}: {tool.description.rstrip('.')}?"
    return Interpretation("clarify", plan.calls(drafts), confidence, asked, words=plan.words(drafts))


def rival(found: Sequence[Candidate], sentence: Sentence) -> Candidate | None:
    """Another system's tool that reads the sentence as well as the best one, both with all they need."""
    best = found[0]
    for other in found[1:]:
        if other.talk or other.tool.integration == best.tool.integration:
            continue
        is_twin = other.tool.id.partition(".")[2] == best.tool.id.partition(".")[2] and not _is_marked(best)
        if other.probability < (_twin_share(best, sentence) if is_twin else RIVAL_SHARE) * best.probability:
            continue
        if _parts(best) == _parts(other) and not _lacks(best) and not _lacks(other):
            return other
    return None


def _twin_share(best: Candidate, sentence: Sentence) -> float:
    """How likely a tool of the same name elsewhere must be; less where the place named has no key's shape."""
    places = [sentence.between(s.first, s.last) for s in best.reading.segments if role_of(s.label) == "place"]
    is_plain = bool(places) and not any(place.isupper() or "/" in place for place in places)
    return PLAIN_TWIN_SHARE if is_plain else TWIN_SHARE


def _is_marked(candidate: Candidate) -> bool:
    """Whether the sentence uses a word that belongs to this system: a value of one of its enums."""
    return any(
        s.value is not None and s.label in ("issue_type", "kind", "object", "cycle") for s in candidate.reading.segments
    )


def _parts(candidate: Candidate) -> tuple[str, str]:
    words = candidate.tool.id.partition(".")[2].split("_")
    return words[0], words[-1]


def _lacks(candidate: Candidate) -> bool:
    labels = {part for s in candidate.reading.segments for part in s.label.split("+")}
    return any(name not in labels for name in candidate.tool.required)


def joined(parts: Sequence[Sequence[Candidate]]) -> list[tuple[int, int]] | None:
    """Ranges of clauses that are one command each, or None where the sentence is one command."""
    ranges: list[tuple[int, int]] = []
    for n, found in enumerate(parts):
        best = found[0]
        if n == 0 or (not best.talk and best.probability > 0.3):
            ranges.append((n, n + 1))
        else:
            ranges[-1] = (ranges[-1][0], n + 1)
    return ranges if len(ranges) > 1 else None
