"""From predictions to figures: one verdict a case, then rates in all and by group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil, sqrt

from pydantic import BaseModel, ConfigDict

from core.records import Person
from core.tool import Tool
from evals.case import Case, Prediction
from evals.match import Scene
from evals.pairing import Difference, pair
from evals.person import Directory

Z95 = 1.959963984540054
BINS = 10


class Verdict(BaseModel):
    """How one prediction did; `is_same_tools` and `is_full` are None where no call is expected."""

    model_config = ConfigDict(frozen=True)

    case: Case
    prediction: Prediction
    is_same_tools: bool | None
    is_full: bool | None
    is_outcome: bool
    is_right: bool
    is_dangerous: bool
    is_destructive: bool
    differences: tuple[Difference, ...] = ()


class Rate(BaseModel):
    """`hits` of `n`; `low` and `high` are the 95% Wilson interval, `share` is None where n is 0."""

    model_config = ConfigDict(frozen=True)

    hits: int
    n: int
    share: float | None
    low: float
    high: float

    @classmethod
    def of(cls, flags: Iterable[bool]) -> Rate:
        """The rate of what is true."""
        values = list(flags)
        hits, n = sum(values), len(values)
        low, high = wilson(hits, n)
        return cls(hits=hits, n=n, share=hits / n if n else None, low=low, high=high)


class Score(BaseModel):
    """The figures of one group of cases."""

    model_config = ConfigDict(frozen=True)

    tools: Rate
    full: Rate
    outcome: Rate
    accuracy: Rate
    dangerous: Rate
    destructive: Rate


class Latency(BaseModel):
    """Time to interpret, in ms, over the cases that have one."""

    model_config = ConfigDict(frozen=True)

    n: int
    p50: float
    p95: float
    max: float


class Calibration(BaseModel):
    """Expected calibration error over ten equal bins, of the predictions that carry a confidence."""

    model_config = ConfigDict(frozen=True)

    n: int
    error: float


class Summary(BaseModel):
    """All figures of a run; `coverage`: what the local model answered itself, `selective`: right there."""

    model_config = ConfigDict(frozen=True)

    all: Score
    by_tag: dict[str, Score]
    by_integration: dict[str, Score]
    by_operation: dict[str, Score]
    latency: Latency | None
    coverage: Rate
    selective: Rate
    calibration: Calibration | None


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95% Wilson interval of a share; (0, 1) where nothing was counted."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = hits / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return (0.0 if hits == 0 else low), (1.0 if hits == n else high)


def judge(case: Case, prediction: Prediction, tools: Mapping[str, Tool], people: Iterable[Person] = ()) -> Verdict:
    """The verdict on one prediction, given the tools by id and the company's people."""
    is_call, came = case.expect == "call", prediction.calls if prediction.outcome == "call" else ()
    scene = Scene(zone=case.user.zone, now=case.now, people=Directory(case.user, people))
    pairing = pair(case.gold if is_call else (), came, tools, scene)
    held = {pairing.pairs[number] for number in pairing.right}
    strays = [
        tools[call.tool].effect if call.tool in tools else "write" for n, call in enumerate(came) if n not in held
    ]
    is_outcome = prediction.outcome == case.expect
    return Verdict(
        case=case,
        prediction=prediction,
        is_same_tools=pairing.is_same_tools if is_call else None,
        is_full=pairing.is_full if is_call else None,
        is_outcome=is_outcome,
        is_right=pairing.is_full if is_call else is_outcome,
        is_dangerous=any(effect != "read" for effect in strays),
        is_destructive="destructive" in strays,
        differences=pairing.differences if is_call else (),
    )


def summarise(verdicts: Sequence[Verdict]) -> Summary:
    """All figures of the verdicts."""
    times = sorted(v.prediction.ms for v in verdicts if v.prediction.ms is not None)
    local = [v for v in verdicts if v.prediction.answered_by == "local"]
    return Summary(
        all=score(verdicts),
        by_tag=_grouped(verdicts, lambda v: v.case.tags),
        by_integration=_grouped(verdicts, lambda v: [call.tool.partition(".")[0] for call in v.case.gold] or ["none"]),
        by_operation=_grouped(verdicts, lambda v: [call.tool for call in v.case.gold] or ["none"]),
        latency=Latency(n=len(times), p50=_quantile(times, 0.5), p95=_quantile(times, 0.95), max=times[-1])
        if times
        else None,
        coverage=Rate.of(v.prediction.answered_by == "local" for v in verdicts),
        selective=Rate.of(v.is_right for v in local),
        calibration=calibration(verdicts),
    )


def score(verdicts: Sequence[Verdict]) -> Score:
    """The figures of one group."""
    return Score(
        tools=Rate.of(v.is_same_tools for v in verdicts if v.is_same_tools is not None),
        full=Rate.of(v.is_full for v in verdicts if v.is_full is not None),
        outcome=Rate.of(v.is_outcome for v in verdicts),
        accuracy=Rate.of(v.is_right for v in verdicts),
        dangerous=Rate.of(v.is_dangerous for v in verdicts),
        destructive=Rate.of(v.is_destructive for v in verdicts),
    )


def calibration(verdicts: Sequence[Verdict]) -> Calibration | None:
    """How far confidence is from being right, weighted over the bins; None where none is given."""
    sure = [(v.prediction.confidence, v.is_right) for v in verdicts if v.prediction.confidence is not None]
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, is_right in sure:
        bins.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, is_right))
    gap = sum(abs(sum(c for c, _ in items) - sum(right for _, right in items)) for items in bins.values())
    return Calibration(n=len(sure), error=gap / len(sure)) if sure else None


def _grouped(verdicts: Sequence[Verdict], keys: Callable[[Verdict], Iterable[str]]) -> dict[str, Score]:
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        for key in dict.fromkeys(keys(verdict)):
            groups.setdefault(key, []).append(verdict)
    return {key: score(groups[key]) for key in sorted(groups)}


def _quantile(ordered: Sequence[float], q: float) -> float:
    return ordered[max(0, ceil(q * len(ordered)) - 1)]
