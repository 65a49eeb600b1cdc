"""A run's report, as Markdown for people and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from core.tool import Call
from evals.case import Outcome
from evals.pairing import Difference
from evals.score import Rate, Score, Summary, Verdict, summarise

if TYPE_CHECKING:
    from evals.brain import Spent

COLUMNS = ("tools", "full", "outcome", "accuracy", "dangerous", "destructive")


class Failure(BaseModel):
    """A case that went wrong: what was expected, what came, and which arguments differ."""

    model_config = ConfigDict(frozen=True)

    id: str
    utterance: str
    tags: tuple[str, ...]
    expected: Outcome
    gold: tuple[Call, ...]
    came: Outcome
    calls: tuple[Call, ...]
    confidence: float | None
    answered_by: str
    is_dangerous: bool
    differences: tuple[Difference, ...]


class Report(BaseModel):
    """The figures of one interpreter on one data set, and its failures."""

    model_config = ConfigDict(frozen=True)

    data: str
    brain: str
    cases: int
    summary: Summary
    failures: tuple[Failure, ...]

    def to_json(self) -> str:
        """The report as JSON, indented."""
        return self.model_dump_json(indent=2)

    def to_markdown(self, floors: Sequence[Report] = ()) -> str:
        """The report as Markdown; `floors` are baselines on the same data, shown beside it."""
        summary = self.summary
        parts = [
            f"# {self.brain} on {self.data}",
            f"{self.cases} cases. Shares with a 95% Wilson interval.",
            "",
        ]
        rows = {report.brain: report.summary.all for report in (self, *floors)}
        parts += [_table("brain", rows), "", *_facts(summary), ""]
        groups = {
            "tag": summary.by_tag,
            "integration": summary.by_integration,
            "operation": summary.by_operation,
        }
        for name, scores in groups.items():
            parts += [f"## By {name}", "", _table(name, scores), ""]
        parts += [f"## Failures ({len(self.failures)})", "", *(_shown(failure) for failure in self.failures)]
        return "\n".join(parts).rstrip() + "\n"


def report(verdicts: Sequence[Verdict], *, data: str, brain: str) -> Report:
    """The report on a run; a case fails when it is not right or is dangerous."""
    return Report(
        data=data,
        brain=brain,
        cases=len(verdicts),
        summary=summarise(verdicts),
        failures=tuple(_failure(v) for v in verdicts if not v.is_right or v.is_dangerous),
    )


def beside(rows: Sequence[tuple[Report, Spent | None, float]]) -> str:
    """Brains on the same data as one table; the cost is for a thousand messages."""
    lines = [
        "| brain | "
        + " | ".join(COLUMNS)
        + " | p50 / p95 ms | asked the language model | tokens a message | cost of 1,000 |",
        "| --- " * (len(COLUMNS) + 5) + "|",
    ]
    for one, spent, dollars in rows:
        score, latency = one.summary.all, one.summary.latency
        times = f"{latency.p50:.0f} / {latency.p95:.0f}" if latency else "–"
        asked, tokens = (spent.calls, spent.read + spent.written) if spent else (0, 0)
        rates = " | ".join(_percent(getattr(score, column)) for column in COLUMNS)
        cost = f"{asked / one.cases:.0%} | {tokens / one.cases:.0f} | ${1000 * dollars / one.cases:.2f}"
        lines.append(f"| {one.brain} | {rates} | {times} | {cost} |")
    return "\n".join(lines)


def _failure(verdict: Verdict) -> Failure:
    case, prediction = verdict.case, verdict.prediction
    return Failure(
        id=case.id,
        utterance=case.utterance,
        tags=case.tags,
        expected=case.expect,
        gold=case.gold,
        came=prediction.outcome,
        calls=prediction.calls,
        confidence=prediction.confidence,
        answered_by=prediction.answered_by,
        is_dangerous=verdict.is_dangerous,
        differences=verdict.differences,
    )


def _facts(summary: Summary) -> list[str]:
    facts = [
        f"- answered by the local model: {_percent(summary.coverage)}",
        f"- right where it did: {_percent(summary.selective)}",
    ]
    if summary.latency is not None:
        latency = summary.latency
        facts.append(f"- latency in ms: p50 {latency.p50:.1f}, p95 {latency.p95:.1f}, max {latency.max:.1f}")
    if summary.calibration is not None:
        facts.append(f"- expected calibration error: {summary.calibration.error:.3f} (n={summary.calibration.n})")
    return facts


def _table(name: str, scores: Mapping[str, Score]) -> str:
    head = f"| {name} | n | " + " | ".join(COLUMNS) + " |"
    rows = [
        f"| {key} | {score.outcome.n} | " + " | ".join(_percent(getattr(score, column)) for column in COLUMNS) + " |"
        for key, score in scores.items()
    ]
    return "\n".join([head, "| --- " * (len(COLUMNS) + 2) + "|", *rows])


def _percent(rate: Rate) -> str:
    if rate.share is None:
        return "–"
    return f"{rate.share:.1%} ({rate.low:.1%} to {rate.high:.1%})"


def _shown(failure: Failure) -> str:
    mark = " **dangerous**" if failure.is_dangerous else ""
    said = " ".join(failure.utterance.split())
    lines = [
        f"- `{failure.id}`{mark} {said}",
        f"  - expected {failure.expected}: {_calls(failure.gold)}",
        f"  - came {failure.came}: {_calls(failure.calls)}",
    ]
    if failure.differences:
        lines.append("  - " + "; ".join(_difference(difference) for difference in failure.differences))
    return "\n".join(lines)


def _calls(calls: Sequence[Call]) -> str:
    return " → ".join(f"`{call.tool} {_json(call.args)}`" for call in calls) or "nothing"


def _difference(difference: Difference) -> str:
    expected = "nothing" if difference.expected is None else _json(difference.expected)
    came = "nothing" if difference.came is None else _json(difference.came)
    return f"{difference.tool} {difference.parameter}: expected `{expected}`, came `{came}`"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
