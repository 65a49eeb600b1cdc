"""Public sets, each line with tools of its own: parts of BFCL, CLINC150 and SLURP, read where they lie."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.interpretation import Request
from agent.local.interpreter import Interpreter
from core.errors import InvalidArgument
from core.tool import Call, Tool
from evals.baseline import Keyword
from evals.brain import prediction, request_of
from evals.case import Case, User
from evals.run import grade
from evals.score import Rate

NOW = datetime(2026, 3, 11, 10, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    """One case and the tools there are for it."""

    case: Case
    tools: tuple[Tool, ...]


def lines(path: Path) -> Iterator[Line]:
    """The lines of a file of JSON Lines, gzipped: id, utterance, tools, gold, notes.

    Raises:
        InvalidArgument: it is no such file.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for row in file:
                yield _line(json.loads(row))
    except (OSError, KeyError, ValueError) as error:
        raise InvalidArgument(f"{path.name} is no public set.", cause=str(error)) from error


def _line(row: Mapping[str, Any]) -> Line:
    notes = row["notes"]
    tools = tuple(Tool.from_json(_plain(tool)) for tool in row["tools"])
    accept = notes.get("accept") or [{call["name"]: call["arguments"]} for call in row["gold"]]
    gold = [Call(tool=name, args=_args(args, notes)) for one in accept for name, args in one.items()]
    is_call = notes["expect"] == "call" and bool(gold)
    case = Case(
        id=row["id"],
        utterance=row["utterance"],
        now=NOW,
        user=User(name="Me"),
        expect="call" if is_call else "decline",
        gold=tuple(gold) if is_call else (),
        tags=(str(notes["category"]),),
    )
    return Line(case, tools)


def _plain(tool: Mapping[str, Any]) -> dict[str, Any]:
    return {**tool, "effect": "read"}


def _args(args: Mapping[str, Any], notes: Mapping[str, Any]) -> dict[str, Any]:
    """Gold arguments in the form of FORMAT.md; BFCL lists what is accepted, "" among it where nothing is."""
    if "accept" in notes:
        found: dict[str, Any] = {}
        for name, accepted in args.items():
            options = [one for one in accepted if one not in ("", None)]
            anyone: Any = {"any": options} if options else {"any": [""]}
            found[name] = {"may": anyone} if len(options) < len(accepted) else anyone
        return found
    free = notes.get("free_text") or ()
    return {name: {"text": value} if name in free else value for name, value in args.items()}


@dataclass(frozen=True)
class PublicScore:
    """One reader on one set: of the cases for a call the right tools and whole calls; of the others those left."""

    brain: str
    tools: Rate
    full: Rate
    left_alone: Rate
    p50: float
    p95: float


async def score(path: Path, interpreter: Interpreter) -> list[PublicScore]:
    """The interpreter, the keyword floor, and the floor that does nothing, on one set."""
    every = list(lines(path))
    local, keyword = [], []
    for line in every:
        local.append(prediction(line.case, interpreter.interpret(_request(line))))
        keyword.append(await Keyword(line.tools)(line.case))
    nothing = [one.model_copy(update={"outcome": "decline", "calls": ()}) for one in keyword]
    return [
        _scored("local", every, local), _scored("keyword", every, keyword), _scored("nothing", every, nothing),
    ]  # fmt: skip


def _request(line: Line) -> Request:
    return request_of(line.case, line.tools)


def _scored(brain: str, every: Sequence[Line], predictions: Sequence[Any]) -> PublicScore:
    tools, full, alone = [], [], []
    for line, one in zip(every, predictions, strict=True):
        if line.case.expect == "call":
            summary = grade([line.case], [one], line.tools, data="", brain=brain).summary.all
            tools.append(summary.tools.hits > 0)
            full.append(summary.full.hits > 0)
        else:
            alone.append(one.outcome != "call")
    times = sorted(one.ms or 0.0 for one in predictions)
    return PublicScore(
        brain, Rate.of(tools), Rate.of(full), Rate.of(alone), times[len(times) // 2], times[int(len(times) * 0.95)]
    )
