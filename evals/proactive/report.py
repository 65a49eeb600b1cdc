"""Precision and recall of what was said unasked, by the labels of the script, and what each part of the outbox adds."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import typer
from pydantic import BaseModel, ConfigDict

from evals.proactive.month import Candidate, Month, load
from evals.proactive.replay import ABLATION, Run, Shown, Switches, play
from evals.score import Rate

SCRIPT = Path(__file__).parent / "february.yaml"
MOST_MISSED = 20


class Score(BaseModel):
    """The figures of one group of candidates. A line counts as useful where it is labelled so and came in time.

    `precision` is the useful share of the lines shown, `interrupting` of those that came as a message of their own,
    `recall` the share of the useful candidates that were shown in time.
    """

    model_config = ConfigDict(frozen=True)

    precision: Rate
    interrupting: Rate
    recall: Rate


class Result(BaseModel):
    """One run. `unchanged` is how many messages came while nothing changed, `disturbed` how many lines that were not
    urgent came in somebody's quiet hours, `busiest` the most messages that one person had on one day."""

    model_config = ConfigDict(frozen=True)

    name: str
    candidates: int
    messages: int
    lines: int
    all: Score
    by_kind: Mapping[str, Score]
    by_label: Mapping[str, int]
    held: Mapping[str, int]
    missed: tuple[str, ...]
    unchanged: int
    disturbed: int
    busiest: int


class Report(BaseModel):
    """The month as it ships, and with each part switched off."""

    model_config = ConfigDict(frozen=True)

    data: str
    people: int
    days: int
    results: tuple[Result, ...]

    def to_markdown(self) -> str:
        """The report for people."""
        shipped = self.results[0]
        parts = [
            f"# What is said unasked, on {self.data}",
            f"{self.people} people, {self.days} working days, {shipped.candidates} candidates. Shares with a 95% "
            "Wilson interval. Labels were written before the first run; the thresholds of what is learned were set "
            "after it, on this same month.",
            "",
            "| outbox | messages | lines | precision | by themselves | recall | in quiet hours | busiest day "
            "| nothing changed |",
            "| --- " * 9 + "|",
            *(_row(one) for one in self.results),
            "",
            "## By kind, as it ships",
            "",
            "| kind | precision | recall |",
            "| --- | --- | --- |",
            *(f"| {kind} | {_share(one.precision)} | {_share(one.recall)} |" for kind, one in shipped.by_kind.items()),
            "",
            "## Lines shown by label, as it ships",
            "",
            *(f"- {label}: {count}" for label, count in shipped.by_label.items()),
            "",
            "## Why what was not shown was held back",
            "",
            *(f"- {count} × {reason}" for reason, count in shipped.held.items()),
            "",
            f"## Useful and not shown in time ({len(shipped.missed)})",
            "",
            *(f"- {one}" for one in shipped.missed[:MOST_MISSED]),
        ]
        return "\n".join(parts).rstrip() + "\n"


async def evaluate(path: Path = SCRIPT, ablation: Sequence[Switches] = ABLATION) -> Report:
    """Replay the month once for each way."""
    month = load(path)
    results = []
    for switches in ablation:
        with tempfile.TemporaryDirectory() as folder:
            results.append(score(month, await play(month, switches, Path(folder))))
    worked = {one.at.date() for one in month.candidates if one.at.weekday() < 5}
    return Report(data=path.name, people=len(month.people), days=len(worked), results=tuple(results))


def score(month: Month, run: Run) -> Result:
    """The figures of one run."""
    by_number = {one.number: one for one in month.candidates}
    first: dict[int, Shown] = {}
    for shown in run.shown:
        first.setdefault(shown.number, shown)
    kinds = sorted({one.kind for one in month.candidates})
    helped = {number for number, one in first.items() if _helped(by_number[number], one)}
    missed = [one for one in month.candidates if one.label == "useful" and one.number not in helped]
    silent = [one for one in month.candidates if one.number not in first]
    return Result(
        name=run.switches.name,
        candidates=len(month.candidates),
        messages=run.messages,
        lines=len(run.shown),
        all=_score(month, run, first, lambda one: True),
        by_kind={kind: _score(month, run, first, lambda one, kind=kind: one.kind == kind) for kind in kinds},  # type: ignore[misc]
        by_label=dict(Counter(by_number[one.number].label for one in run.shown).most_common()),
        held=dict(Counter(_plain(run.because.get(one.number, "")) for one in silent).most_common()),
        missed=tuple(f"{one.to}: {one.words} ({run.because.get(one.number, 'too late')})" for one in missed),
        unchanged=run.again,
        disturbed=sum(one.in_quiet_hours and not by_number[one.number].more.urgent for one in run.shown),
        busiest=_busiest(month, run),
    )


def _score(month: Month, run: Run, first: Mapping[int, Shown], fits: Callable[[Candidate], bool]) -> Score:
    wanted = {one.number: one for one in month.candidates if fits(one)}
    lines = [one for one in run.shown if one.number in wanted]
    good = [one is first[one.number] and _helped(wanted[one.number], one) for one in lines]
    alone = [is_good for one, is_good in zip(lines, good, strict=True) if not one.is_digest]
    useful = [one for one in wanted.values() if one.label == "useful"]
    found = [one.number in first and _helped(one, first[one.number]) for one in useful]
    return Score(precision=Rate.of(good), interrupting=Rate.of(alone), recall=Rate.of(found))


def _helped(one: Candidate, shown: Shown) -> bool:
    return one.label == "useful" and shown.at <= one.ends


def _busiest(month: Month, run: Run) -> int:
    zones = {one.email: ZoneInfo(one.zone) for one in month.people.values()}
    days = {(one.person, one.at.astimezone(zones[one.person]).date(), one.message) for one in run.shown}
    return max(Counter((person, day) for person, day, _ in days).values(), default=0)


def _plain(because: str) -> str:
    """A reason without its figures, so that like ones are counted together; one that was never kept is a repeat."""
    return re.sub(r"\d+%?", "…", because) or "it was told already"


def _row(one: Result) -> str:
    shares = " | ".join(_share(rate) for rate in (one.all.precision, one.all.interrupting, one.all.recall))
    figures = f"{one.disturbed} | {one.busiest} | {one.unchanged}"
    return f"| {one.name} | {one.messages} | {one.lines} | {shares} | {figures} |"


def _share(rate: Rate) -> str:
    return f"{rate.share:.1%} ({rate.low:.1%} to {rate.high:.1%})" if rate.share is not None else "–"


def command(json_report: Path | None) -> None:
    """What `atom eval proactive` does."""
    report = asyncio.run(evaluate())
    typer.echo(report.to_markdown())
    if json_report:
        json_report.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
