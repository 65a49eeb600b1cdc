"""The sentences that the interpreter learns from: each tool's examples, and the conversations in `said/`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.interpretation import Step, Turn
from agent.local import align, clause
from agent.local.context import Context
from agent.local.form import Form
from agent.local.read import read
from agent.local.slot import Segment
from agent.local.talk import PREFIX, talk_tools
from agent.local.text import Sentence
from agent.local.train_at import READ_AT
from core.tool import Arguments, Tool
from evals.training import boundary

SAID = Path(__file__).parent / "said"


@dataclass(frozen=True)
class Lesson:
    """One command or one piece of talk: the sentence, what was done before it, its tool and arguments.

    `source` says where it comes from: `example`, `single`, `part` (of a sentence with several), `follow-up`, `ask`, `none`,
    and `several` for a sentence of several commands: its `gold` is that of its parts, its `tool` empty, and `parts` holds
    for each the place of its first word and its tool.
    """

    sentence: Sentence
    tool: str
    args: Arguments
    gold: tuple[Segment, ...]
    context: Context
    source: str
    parts: tuple[tuple[int, str], ...] = ()


def lessons(tools: Sequence[Tool], folder: Path = SAID) -> list[Lesson]:
    """All lessons over these tools, in a fixed order."""
    known = {tool.id: tool for tool in [*tools, *talk_tools()]}
    forms = {tool.id: Form(tool) for tool in known.values()}
    found = [
        _lesson(example.say, tool.id, example.args, forms, Context(), "example")
        for tool in known.values()
        for example in tool.examples
    ]
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            found += _of_line(json.loads(line), path.stem, forms)
    return found


def _of_line(line: Mapping[str, Any], key: str, forms: Mapping[str, Form]) -> Iterator[Lesson]:
    after = line.get("after")
    context = _context(after, key) if after else Context()
    say = str(line["say"])
    if "none" in line:
        yield _lesson(say, PREFIX + line["none"].replace("talk", "small_talk"), {}, forms, context, "none")
        return
    calls = [(_full(call[0], key), call[1] if len(call) > 1 else {}) for call in line.get("call") or line["ask"]]
    if any(tool not in forms for tool, _ in calls):
        return
    if len(calls) == 1:
        source = "follow-up" if after else "ask" if "ask" in line else "single"
        yield _lesson(say, *calls[0], forms, context, source)
        return
    sentence = read(say, READ_AT)
    parts = [p for p in clause.clauses(sentence, boundary.cuts(sentence)) if not p.is_negated]
    if len(parts) == len(calls):
        for n, (part, (tool, args)) in enumerate(zip(parts, calls, strict=True)):
            done = Context.of([_turn(parts[n - 1].text, [calls[n - 1]])]) if n else context
            yield _lesson(part.text, tool, args, forms, done, "part")
        yield _several(sentence, parts, calls, forms, context)


def _lesson(say: str, tool: str, args: Arguments, forms: Mapping[str, Form], context: Context, source: str) -> Lesson:
    sentence = read(say, READ_AT)
    return Lesson(sentence, tool, args, align.segments(sentence, forms[tool], args), context, source)


def _several(
    sentence: Sentence,
    parts: Sequence[clause.Clause],
    calls: Sequence[Any],
    forms: Mapping[str, Form],
    context: Context,
) -> Lesson:
    """The whole sentence; an argument counts for the part in which it stands."""
    bounds = [next(k for k, t in enumerate(sentence.tokens) if t.end > part.start) for part in parts]
    gold: list[Segment] = []
    for n, (tool, args) in enumerate(calls):
        last = bounds[n + 1] if n + 1 < len(bounds) else len(sentence.tokens)
        gold += [s for s in align.segments(sentence, forms[tool], args) if bounds[n] <= s.first and s.last <= last]
    names = tuple((at, tool) for at, (tool, _) in zip(bounds, calls, strict=True))
    return Lesson(sentence, "", {}, tuple(gold), context, "several", names)


def _context(after: Mapping[str, Any], key: str) -> Context:
    calls = [(_full(call[0], key), *call[1:]) for call in after["call"]]
    return Context.of([Turn("user", str(after.get("say", ""))), _turn("", calls)])


def _turn(text: str, calls: Sequence[Sequence[Any]]) -> Turn:
    steps = tuple(Step(c[0], c[1] if len(c) > 1 else {}, c[2] if len(c) > 2 else {"id": "1"}) for c in calls)
    return Turn("assistant", text, steps)


def _full(name: str, key: str) -> str:
    return name if "." in name else f"{key}.{name}"
