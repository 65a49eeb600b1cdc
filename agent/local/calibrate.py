"""How often a plan of a given score is right: measured on examples that the weights were not learned from."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

from agent.interpretation import Request
from agent.local import align
from agent.local.encoder import Encoder
from agent.local.interpreter import Interpreter
from agent.local.model import Model
from agent.local.read import read
from agent.local.slot import Reading
from agent.local.text import fold
from agent.local.train import Example, examples, train
from agent.local.train_at import READ_AT
from agent.local.value import Writer, fill
from core.principal import Principal
from core.tool import Arguments, Tool

FOLDS = 4
_WHO = Principal(tenant="t", id="u", name="Ada Example", email="ada@example.com")


@dataclass(frozen=True)
class Trial:
    """A held-out example: how sure the interpreter was to call, and whether tool and arguments were right."""

    confidence: float
    has_tool: bool
    is_right: bool
    is_call: bool


def trials(tools: Sequence[Tool], seeds: tuple[int, ...] = (1,), folds: int = FOLDS) -> list[Trial]:
    """Every complete example, read by weights learned without it."""
    known = examples(tools)
    order = list(range(len(known)))
    random.Random(1).shuffle(order)  # noqa: S311
    parts = [order[fold::folds] for fold in range(folds)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        done = [pool.submit(_held_out, tools, known, part, seeds) for part in parts]
        return [trial for one in done for trial in one.result()]


def _held_out(
    tools: Sequence[Tool], known: Sequence[Example], part: Sequence[int], seeds: tuple[int, ...]
) -> list[Trial]:
    held, encoder = set(part), Encoder.shared()
    model = train(tools, encoder, [e for k, e in enumerate(known) if k not in held], seeds)
    interpreter = Interpreter(tools, encoder, model)
    return [t for k in sorted(held) if (t := _trial(known[k], tools, interpreter)) is not None]


def _trial(example: Example, tools: Sequence[Tool], interpreter: Interpreter) -> Trial | None:
    tool = next(tool for tool in tools if tool.id == example.tool)
    wanted = expected(example, interpreter)
    if tool.missing(wanted):
        return None
    reading = interpreter.interpret(Request(example.sentence.raw, READ_AT, _WHO))
    is_call = reading.outcome == "call"
    has_tool = len(reading.calls) == 1 and reading.calls[0].tool == tool.id
    is_right = is_call and has_tool and is_same(tool, wanted, reading.calls[0].args)
    return Trial(reading.confidence, has_tool, is_right, is_call)


def expected(example: Example, interpreter: Interpreter) -> Arguments:
    """The example's arguments as values."""
    form = interpreter.form(example.tool)
    sentence = read(example.sentence.raw, READ_AT)
    gold = align.segments(sentence, form, example.args)
    args = fill(Reading(gold, 0.0), sentence, form, Writer(_WHO.name, _WHO.email, READ_AT, _WHO.zone)).args
    spoken = {k: v for k, v in example.args.items() if k not in args and form.kinds.get(k) in ("enum", "boolean")}
    return {**args, **spoken}


def is_same(tool: Tool, a: Arguments, b: Arguments) -> bool:
    """Whether arguments are equal, case and defaults aside."""
    for name in a.keys() | b.keys():
        default = tool.properties[name].get("default")
        left, right = a.get(name, default), b.get(name, default)
        if sorted(map(fold, map(str, left if isinstance(left, list) else [left]))) != sorted(
            map(fold, map(str, right if isinstance(right, list) else [right]))
        ):
            return False
    return True


def fitted(found: Sequence[Trial], steps: int = 4000, rate: float = 0.05) -> tuple[float, float]:
    """Slope and offset of the logistic map from a plan's raw confidence to how often it was right."""
    data = [(logit(t.confidence), float(t.is_right)) for t in found if t.is_call]
    slope, offset = 1.0, 0.0
    for _ in range(steps):
        wrong = [(sigmoid(slope * x + offset) - y, x) for x, y in data]
        slope -= rate * sum(w * x for w, x in wrong) / len(data)
        offset -= rate * sum(w for w, _ in wrong) / len(data)
    return round(max(slope, 0.0), 3), round(offset, 3)


def logit(p: float) -> float:
    """The log odds, of p kept away from 0 and 1."""
    p = min(max(p, 0.02), 0.98)
    return math.log(p / (1 - p))


def sigmoid(x: float) -> float:
    """The inverse of `logit`."""
    return 1 / (1 + math.exp(-x))


def calibrated(model: Model, tools: Sequence[Tool]) -> tuple[Model, list[Trial]]:
    """The model with its confidence map, and the trials it was measured on."""
    found = trials(tools)
    return replace(model, calibration=fitted(found)), found
