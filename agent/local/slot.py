"""Which words of a sentence are which arguments of a tool: a segment model decoded with a beam.

Every stretch of words is scored for every parameter by weights learned from the tools' examples, keyed by the
parameter's type, its name and the tool, so that a tool never seen is still read by type and name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.local.feature import features, outside, special
from agent.local.form import Form, candidates, is_closed
from agent.local.head import Hint
from agent.local.role import role_of
from agent.local.text import Sentence, Token, fold
from agent.local.word import POLITE

Weights = Mapping[str, float]
BEAM = 8
PER_START = 9
NEED = 2.0
SEEN, EDGE = 1.0, 0.3
KEPT_SUMS = 20_000


@dataclass(frozen=True)
class Segment:
    """Tokens `first` to `last` (exclusive) as parameter `label`; `value` is set where the words choose one."""

    first: int
    last: int
    label: str
    value: Any = None
    score: float = 0.0


@dataclass(frozen=True)
class Reading:
    """One way to lay a tool's parameters over a sentence; `sureness` is the log probability that the encoder gives it."""

    segments: tuple[Segment, ...]
    score: float
    unexplained: int = 0
    total: float = 0.0
    sureness: float = 0.0


def keys_of(sentence: Sentence, form: Form) -> list[tuple[Segment, list[str]]]:
    """All candidate segments with what is seen of them, before the prefixes."""
    tokens = sentence.tokens
    cache: dict[tuple[int, int], list[str]] = {}
    found = []
    for i, j, label, value in candidates(sentence, form):
        keys = cache.get((i, j))
        if keys is None:
            keys = cache[i, j] = features(tokens, i, j, form)
        extra = special(form, tokens, i, j, label, form.seen.get(label, ()))
        if value is not None:
            extra.append("v=" + str(value).lower())
        found.append((Segment(i, j, label, value), keys + extra))
    return found


class Sums(dict[str, float]):
    """The weight of each feature for one label, summed over its prefixes when first asked for."""

    def __init__(self, prefixes: Sequence[str], weights: Weights) -> None:
        super().__init__()
        self._prefixes, self._weights = prefixes, weights

    def __missing__(self, key: str) -> float:
        get = self._weights.get
        value = sum(get(prefix + key, 0.0) for prefix in self._prefixes)
        if len(self) < KEPT_SUMS:
            self[key] = value
        return value


def scored(sentence: Sentence, form: Form, weights: Weights, hint: Hint | None = None) -> list[Segment]:
    """All candidate segments with their scores, by the weights and by what the encoder saw."""
    tables: dict[str, Sums] = form.sums.setdefault(id(weights), {})
    found = []
    for segment, keys in keys_of(sentence, form):
        table = tables.get(segment.label)
        if table is None:
            table = tables[segment.label] = Sums(form.table[segment.label][0], weights)
        total = sum([table[key] for key in keys])
        if hint is not None:
            total += _hinted(segment, hint)
        found.append(Segment(segment.first, segment.last, segment.label, segment.value, total))
    return found


def _inside(segment: Segment, hint: Hint) -> float:
    """The log probability of a segment; words of a label that stands for two parameters may be either."""
    return max(sums[segment.last] - sums[segment.first] for sums in (hint.inside[p] for p in segment.label.split("+")))


def _hinted(segment: Segment, hint: Hint) -> float:
    """What the encoder says of a segment and its ends."""
    return SEEN * _inside(segment, hint) + EDGE * (hint.begin[segment.first] + hint.end[segment.last - 1])


def decode(
    sentence: Sentence, form: Form, weights: Weights, is_bound: bool = False, hint: Hint | None = None
) -> Reading:
    """The best way to lay the tool's parameters over the sentence, each used once, lists as often as they come.

    A required one that is missing is looked for harder, unless `is_bound` says that it may be in hand already.
    """
    found = _decoded(sentence, form, weights, is_bound, hint)
    return found if hint is None else replace(found, sureness=_sureness(found, hint))


def _sureness(found: Reading, hint: Hint) -> float:
    covered = {k for s in found.segments for k in range(s.first, s.last)}
    free = sum(none for k, none in enumerate(hint.none) if k not in covered)
    return free + sum(_inside(segment, hint) for segment in found.segments)


def _decoded(sentence: Sentence, form: Form, weights: Weights, is_bound: bool, hint: Hint | None) -> Reading:
    tokens = sentence.tokens
    outs = [sum(weights.get(key, 0.0) for key in outside(tokens, i, form)) for i in range(len(tokens))]
    if hint is not None:
        outs = [out + SEEN * none for out, none in zip(outs, hint.none, strict=True)]
    segments = scored(sentence, form, weights, hint)
    found = laid(tokens, form, outs, segments)
    labels = {part for s in found.segments for part in s.label.split("+")}
    missing = {
        n for n in form.tool.required if n not in labels and not (is_bound and role_of(n) in ("thing", "place", "firm"))
    }
    if not missing:
        return found
    pushed = [replace(s, score=s.score + NEED) if missing & set(s.label.split("+")) else s for s in segments]
    again = laid(tokens, form, outs, pushed)
    gained = sum(1 for s in again.segments if missing & set(s.label.split("+")))
    return replace(again, score=again.score - NEED * gained, total=again.total - NEED * gained)


def laid(tokens: Sequence[Token], form: Form, outs: Sequence[float], segments: Sequence[Segment]) -> Reading:
    """The best disjoint segments, where each word left out scores `outs`."""
    n = len(tokens)
    sums = [0.0]
    for out in outs:
        sums.append(sums[-1] + out)
    by_start: dict[int, list[Segment]] = {}
    for segment in segments:
        by_start.setdefault(segment.first, []).append(segment)
    beams: list[list[tuple[float, tuple[Segment, ...], frozenset[str]]]] = [[] for _ in range(n + 1)]
    beams[0] = [(0.0, (), frozenset())]
    for i in range(n):
        beam = _best(beams[i])
        options = sorted(by_start.get(i, ()), key=lambda s: s.score - (sums[s.last] - sums[s.first]), reverse=True)[
            :PER_START
        ]
        for total, path, used in beam:
            beams[i + 1].append((total + outs[i], path, used))
            for segment in options:
                parts = segment.label.split("+")
                if any(part in used for part in parts):
                    continue
                taken = used if form.table[segment.label][1] else used.union(parts)
                beams[segment.last].append((total + segment.score, (*path, segment), taken))
    total, path, _ = _best(beams[n])[0]
    covered = {k for s in path for k in range(s.first, s.last)}
    odd = sum(
        1 for k in range(n) if k not in covered and not tokens[k].is_sign and not is_closed(tokens[k], form.words)
    )
    return Reading(path, total - sums[n], odd, total)


def _best(
    beam: list[tuple[float, tuple[Segment, ...], frozenset[str]]],
) -> list[tuple[float, tuple[Segment, ...], frozenset[str]]]:
    beam.sort(key=lambda item: item[0], reverse=True)
    kept: list[tuple[float, tuple[Segment, ...], frozenset[str]]] = []
    masks: set[frozenset[str]] = set()
    for item in beam:
        if item[2] not in masks or len(kept) < 2:
            kept.append(item)
            masks.add(item[2])
        if len(kept) == BEAM:
            break
    return kept


LEAST_TEXT = 3
MOST_TAIL = 3
_OPEN = frozenset("since after from starting until till before by to through ending".split())


def periods(segments: Sequence[Segment], sentence: Sentence, form: Form) -> tuple[Segment, ...]:
    """A week, month or year that nothing opens or closes ("in June") is both ends of a period."""
    labels = {s.label for s in segments}
    made = []
    for s in segments:
        pair = next((p for p in form.kinds if p.startswith(s.label + "+") and form.kinds[p] == "pair"), "")
        token = sentence.tokens[s.first] if s.last > s.first else None
        day = getattr(token.span.value, "day", None) if token is not None and token.span is not None else None
        before = sentence.tokens[s.first - 1].low if s.first else ""
        is_period = (
            day is not None and before not in _OPEN and (day.grain not in ("day", "") or _is_whole(token, form, pair))
        )
        is_free = bool(pair) and not labels & set(pair.split("+")[1:])
        made.append(replace(s, label=pair) if is_period and is_free else s)
    return tuple(made)


def snapped(segments: Sequence[Segment], sentence: Sentence, form: Form) -> tuple[Segment, ...]:
    """Texts grown to whole sentences: the words before them since the last full stop, and those left to the next."""
    tokens = sentence.tokens
    taken = {k for s in segments for k in range(s.first, s.last)}
    stops = [
        k for k, token in enumerate(tokens) if token.text in ".!?" or "\n" in sentence.raw[token.end : token.end + 1]
    ]
    made = []
    for s in segments:
        first, last = s.first, s.last
        if form.kinds.get(s.label) == "text" and last - first >= LEAST_TEXT and tokens[first].kind != "quote":
            begin = max((k + 1 for k in stops if k < first), default=0)
            if begin and not taken & {*range(begin, first)}:
                first = begin
            end = min((k for k in stops if k >= last), default=len(tokens))
            rest = tokens[last:end]
            if not taken & {*range(last, end)} and len(rest) <= MOST_TAIL and all(t.low not in _TAILS for t in rest):
                last = end
        made.append(replace(s, first=first, last=last))
    return tuple(made)


_TAILS = POLITE | frozenset(
    "too also please thanks slack teams gmail outlook jira and then , ; thx ok now asap in on to".split()
)


def _is_whole(token: Token | None, form: Form, pair: str) -> bool:
    """Whether a day without an hour fills a window of moments, from its beginning to its end."""
    value = token.span.value if token is not None and token.span is not None else None
    is_bare = value is not None and value.clock is None and not value.part and value.exact is None
    return is_bare and bool(pair) and all(form.kinds[name] == "date-time" for name in pair.split("+"))


def fold_words(tokens: Sequence[Token], i: int, j: int) -> str:
    """Words i to j as they are compared with values seen before."""
    return fold(" ".join(t.low for t in tokens[i:j]))
