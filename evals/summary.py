"""`atom report`: one report over every set, with pictures, and baselines and public sets beside it where wanted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.local.interpreter import Interpreter
from core.tool import Tool
from evals import plot, public
from evals.baseline import floors
from evals.brain import Local
from evals.case import Case, load_cases
from evals.public import PublicScore
from evals.report import Report, report
from evals.run import predict
from evals.score import Rate, Verdict, judge

TAGS = ("single", "multi", "followup", "clarify", "decline", "injection")
PRECISION = 0.97


@dataclass
class Summary:
    """What is reported: a report for each set with its floors, simpler readers on the first, and the public sets."""

    sets: dict[str, tuple[Report, list[Report]]] = field(default_factory=dict)
    covered: dict[str, float] = field(default_factory=dict)
    beside: list[Any] = field(default_factory=list)
    public: dict[str, list[PublicScore]] = field(default_factory=dict)


async def summarise(
    paths: Sequence[Path], tools: Sequence[Tool], out: Path, *, publics: Sequence[Path] = (), baselines: bool = True
) -> Summary:
    """Score the local interpreter and write `report.md`, `report.json` and the first set's pictures to `out`.

    Raises:
        ConfigInvalid: the baselines are asked for and the `train` extra is not installed.
    """
    interpreter, found = Interpreter(tools), Summary()
    for n, path in enumerate(paths):
        cases = load_cases(path)
        verdicts = await _verdicts(cases, interpreter, tools)
        made = report(verdicts, data=path.name, brain="local")
        found.sets[path.name] = (made, await floors(cases, tools, data=path.name))
        found.covered[path.name] = max(
            (x for x, precise in plot.coverage(verdicts) if precise >= PRECISION), default=0.0
        )
        if n == 0:
            plot.draw(verdicts, made.summary.by_integration, out / "figures")
            if baselines:
                from evals.training.baseline import beside
                from evals.training.lesson import lessons

                found.beside = beside(cases, lessons(tools), interpreter)
    for path in publics:
        found.public[path.name] = await public.score(path, interpreter)
    (out / "report.md").write_text(markdown(found), encoding="utf-8")
    (out / "report.json").write_text(json.dumps(as_json(found), indent=1) + "\n", encoding="utf-8")
    return found


async def _verdicts(cases: Sequence[Case], interpreter: Interpreter, tools: Sequence[Tool]) -> list[Verdict]:
    known = {tool.id: tool for tool in tools}
    predictions = await predict(cases, Local(interpreter))
    return [judge(case, one, known) for case, one in zip(cases, predictions, strict=True)]


def as_json(found: Summary) -> dict[str, Any]:
    """All figures, without the failures."""
    rows = [{"name": b.name, "tools": b.tools.model_dump(), "p50": b.p50, "p95": b.p95} for b in found.beside]
    publics = {
        name: [{"brain": s.brain, "tools": s.tools.model_dump(), "full": s.full.model_dump(),
                "left_alone": s.left_alone.model_dump(), "p50": s.p50, "p95": s.p95} for s in scores]
        for name, scores in found.public.items()
    }  # fmt: skip
    sets = {name: one.summary.model_dump(mode="json") for name, (one, _) in found.sets.items()}
    return {"sets": sets, "coverage_at_97": found.covered, "baselines": rows, "public": publics}


def markdown(found: Summary) -> str:
    """The report for people."""
    parts = ["# How well sentences are read", "", "Made by `atom report`. Shares with a 95% Wilson interval.", ""]
    for name, (one, beside) in found.sets.items():
        parts += [f"## {name}, {one.cases} cases", "", *_set(one, beside, found.covered[name]), ""]
        if found.beside and name == next(iter(found.sets)):
            parts += ["Simpler readers with the same lessons, right tool for one command without a conversation:", ""]
            parts += ["| reader | right tool | p50 / p95 ms |", "| --- | --- | --- |"]
            parts += [f"| {b.name} | {_rate(b.tools)} | {b.p50:.1f} / {b.p95:.1f} |" for b in found.beside]
            parts += [""]
        if name == next(iter(found.sets)):
            parts += [
                f"![{picture}](figures/{picture}.png)"
                for picture in ("reliability", "coverage", "latency", "integrations")
            ]
            parts += [""]
    for name, scores in found.public.items():
        parts += [f"## {name}: tools of its own with each line", ""]
        parts += [
            "| reader | right tools | right and complete | left alone | p50 / p95 ms |",
            "| --- | --- | --- | --- | --- |",
        ]
        parts += [
            f"| {s.brain} | {_rate(s.tools)} | {_rate(s.full)} | {_rate(s.left_alone)} | {s.p50:.1f} / {s.p95:.1f} |"
            for s in scores
        ]
        parts += ["", "“Left alone” is of the lines that no tool should be called for.", ""]
    return "\n".join(parts).rstrip() + "\n"


def _set(one: Report, beside: Sequence[Report], covered: float) -> list[str]:
    summary = one.summary
    rows = [("all", summary.all)] + [(tag, summary.by_tag[tag]) for tag in TAGS if tag in summary.by_tag]
    lines = [
        "| | n | accuracy | right tools | right and complete | dangerous | destructive |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    rows += [(floor.brain, floor.summary.all) for floor in beside]
    for name, s in rows:
        rates = (s.accuracy, s.tools, s.full, s.dangerous, s.destructive)
        lines.append(f"| {name} | {s.accuracy.n} | " + " | ".join(map(_rate, rates)) + " |")
    facts = [f"coverage at 97% precision {100 * covered:.0f}%"]
    if summary.calibration:
        facts.append(f"expected calibration error {summary.calibration.error:.3f}")
    if summary.latency:
        facts.append(f"p50 / p95 {summary.latency.p50:.1f} / {summary.latency.p95:.1f} ms")
    return [*lines, "", "; ".join(facts).capitalize() + "."]


def _rate(rate: Rate) -> str:
    return "–" if rate.share is None else f"{100 * rate.share:.1f}% ({100 * rate.low:.0f}–{100 * rate.high:.0f})"
