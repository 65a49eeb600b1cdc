"""`atom interpret` and `atom eval`: what the assistant makes of sentences, and how often it is right."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import ConfigInvalid, InvalidArgument

if TYPE_CHECKING:
    from core.tool import Tool
    from evals.run import Interpret

SETS = Path(__file__).parent / "sets"
MEMORY = "memory"
APART = SETS / "apart.jsonl"
FAILED = 1


def register(app: typer.Typer) -> None:
    """Add the commands to `atom`."""
    app.command("interpret")(interpret)
    app.command("eval")(evaluate)
    app.command("report")(write_report)
    training = typer.Typer(help="Make the shipped weights anew.", no_args_is_help=True)
    training.command("interpreter")(train_interpreter)
    training.command("held-out")(train_held_out)
    app.add_typer(training, name="train")


def interpret(
    cases: Annotated[Path, typer.Argument(help="JSON Lines: id, utterance, and optionally now, user, context, tools.")],
    tools: Annotated[
        Path | None, typer.Option(help="JSON list of {name, description, parameters} that replaces ATOM's own tools.")
    ] = None,
) -> None:
    """Print a plan a line as JSON: id, outcome, calls, confidence, ms, answered_by."""
    from evals.brain import Asked, Local
    from evals.case import load_lines

    lines = load_lines(cases, Asked)
    given = _tools(tools)
    interpreter, _ = _interpreter()
    brain = Local(interpreter, given)
    for line in lines:
        typer.echo(brain.read(line).model_dump_json())


def evaluate(
    path: Annotated[
        Path, typer.Argument(help="A data set in the format of evals/FORMAT.md, or “proactive” or “memory”.")
    ] = APART,
    brain: Annotated[str, typer.Option(help="local, llm, cascade, or all three side by side.")] = "local",
    price: Annotated[
        tuple[float, float], typer.Option(help="Dollars for a million tokens read and written, for the cost.")
    ] = (0.0, 0.0),
    json_report: Annotated[Path | None, typer.Option("--json", help="Also write the report here as JSON.")] = None,
    min_full: Annotated[float | None, typer.Option(help="Exit 1 when the share of full matches is below.")] = None,
    floor: Annotated[bool, typer.Option(help="Put the two floors beside: nothing and keywords.")] = True,
) -> None:
    """Score a brain on a data set, what is said unasked on its month, or memory on its scripts."""
    if str(path) == "proactive":
        from evals.proactive.report import command

        command(json_report)
        return
    if str(path) == MEMORY:
        asyncio.run(_evaluate_memory(json_report))
        return
    if brain == "all":
        typer.echo(asyncio.run(side_by_side(path, price)))
        return
    report = asyncio.run(_evaluate(path, brain, json_report, floor))
    share = report.summary.all.full.share
    if min_full is not None and (share is None or share < min_full):
        typer.echo(f"atom: full is {share}, below {min_full}", err=True)
        raise typer.Exit(FAILED)


def write_report(
    out: Annotated[Path, typer.Option(help="Where report.md, report.json and figures/ go.")] = SETS.parent,
    public: Annotated[Path | None, typer.Option(help="A folder with public sets, *.jsonl.gz.")] = None,
    baselines: Annotated[bool, typer.Option(help="Simpler readers beside; needs the `train` extra.")] = True,
) -> None:
    """Score the local interpreter on every set and write a report with pictures. Needs the `train` extra."""
    try:
        from evals.summary import markdown, summarise
    except ModuleNotFoundError as missing:
        raise ConfigInvalid(f"The report needs {missing.name}.", next_step="pip install -e '.[train]'") from missing
    from tools.registry import offered

    sets = [SETS / "apart.jsonl", SETS / "seven.jsonl"]
    publics = sorted(public.glob("*.jsonl.gz")) if public else []
    typer.echo(markdown(asyncio.run(summarise(sets, offered(), out, publics=publics, baselines=baselines))))


def train_interpreter(
    work: Annotated[Path, typer.Option(help="Where a stopped run is kept, to go on from.")] = Path(".atom-training"),
    seed: Annotated[int, typer.Option(help="Another seed gives another run.")] = 1,
    epochs: Annotated[int, typer.Option(help="Passes over the lessons.")] = 6,
    out: Annotated[Path | None, typer.Option(help="Another version in this folder; the shipped one stays.")] = None,
) -> None:
    """Train the local interpreter: network, words, export, calibration, card. Needs the `train` extra."""
    from evals.training.run import train
    from tools.registry import offered

    with _watched() as (tell, step):
        card = train(offered(), work, tell, step, epochs=epochs, seed=seed, out=out)
    typer.echo(json.dumps(card, indent=2))


def train_held_out(
    work: Annotated[Path, typer.Option(help="Where a stopped run is kept, to go on from.")] = Path(".atom-training"),
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = SETS.parent / "held.json",
) -> None:
    """Measure how tools and sentences that training never saw are read. Needs the `train` extra."""
    try:
        from evals.training.held import measure

        with _watched() as (tell, step):
            figures = measure(_offered(), work, tell, step)
    except ModuleNotFoundError as missing:
        raise ConfigInvalid(f"Training needs {missing.name}.", next_step="pip install -e '.[train]'") from missing
    out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    typer.echo(json.dumps(figures["figures"], indent=1))


@contextmanager
def _watched() -> Iterator[tuple[Any, Any]]:
    """A progress bar: what tells a line, and what tells a step."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f}%"),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as bars:
        bar = bars.add_task("network", total=None)
        yield (
            bars.console.print,
            lambda done, steps, text: bars.update(bar, completed=done, total=steps, description=text),
        )


def _offered() -> Sequence[Tool]:
    from tools.registry import offered

    return offered()


async def _evaluate(path: Path, brain: str, json_report: Path | None, floor: bool) -> Any:
    from evals.baseline import floors
    from evals.brain import WithLanguageModel
    from evals.case import load_cases
    from evals.run import evaluate as score

    cases = load_cases(path)
    interpreter, tools = _interpreter()
    reader = _brain(brain, interpreter, tools)
    try:
        report = await score(cases, reader, tools, data=path.name, brain=brain)
    finally:
        if isinstance(reader, WithLanguageModel):
            await reader.close()
    beside = await floors(cases, tools, data=path.name) if floor else []
    typer.echo(report.to_markdown(beside))
    if json_report:
        json_report.write_text(report.to_json() + "\n", encoding="utf-8")  # noqa: ASYNC240 - nothing else runs
    return report


async def side_by_side(path: Path, price: tuple[float, float]) -> str:
    """The brains as rows of one table, with what a thousand messages cost."""
    from evals.brain import WithLanguageModel
    from evals.case import load_cases
    from evals.report import beside
    from evals.run import evaluate as score

    cases = load_cases(path)
    interpreter, tools = _interpreter()
    rows = []
    for name in ("local", "llm", "cascade"):
        reader = _brain(name, interpreter, tools)
        try:
            report = await score(cases, reader, tools, data=path.name, brain=name)
        finally:
            if isinstance(reader, WithLanguageModel):
                await reader.close()
        spent = reader.spent if isinstance(reader, WithLanguageModel) else None
        rows.append((report, spent, spent.dollars(price) if spent else 0.0))
    return beside(rows)


async def _evaluate_memory(json_report: Path | None) -> None:
    from evals.memory.run import evaluate as play
    from evals.memory.script import load_scripts

    report = await play(load_scripts())
    typer.echo(report.to_markdown())
    if json_report:
        json_report.write_text(report.to_json() + "\n", encoding="utf-8")  # noqa: ASYNC240 - nothing else runs


def _brain(name: str, interpreter: Any, tools: Sequence[Tool]) -> Interpret:
    from evals.brain import Local, WithLanguageModel

    if name == "local":
        return Local(interpreter)
    if name not in ("llm", "cascade"):
        raise InvalidArgument(f"There is no brain “{name}”.", next_step="Use local, llm, cascade or all.")
    return WithLanguageModel(interpreter, tools, is_cascade=name == "cascade")


def _interpreter() -> tuple[Any, Sequence[Tool]]:
    from agent.local.interpreter import Interpreter
    from tools.registry import offered

    tools = offered()
    return Interpreter(tools), tools


def _tools(path: Path | None) -> Sequence[Tool] | None:
    from evals.brain import runtime_tools

    if path is None:
        return None
    try:
        items = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"{path} is no JSON file.", cause=str(error)) from error
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InvalidArgument(f"{path} must hold a JSON list of tools.")
    return runtime_tools(items)
