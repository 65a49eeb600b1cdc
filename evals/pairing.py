"""Which call that came is which gold call, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product
from math import perm, prod
from typing import Any

from core.tool import Call, Tool
from evals.case import needed_refs
from evals.match import Scene, is_default, is_right

TOO_MANY = 20_000  # above it calls of one tool are paired in their order
Pairs = dict[int, int]  # gold call → call that came


@dataclass(frozen=True)
class Difference:
    """One argument that is not as it should be."""

    tool: str
    parameter: str
    expected: Any
    came: Any


@dataclass(frozen=True)
class Pairing:
    """The best pairing of gold and what came; `right` are the gold calls whose every argument is right."""

    pairs: Pairs
    right: frozenset[int]
    is_same_tools: bool
    is_full: bool
    differences: tuple[Difference, ...] = ()


def pair(gold: Sequence[Call], came: Sequence[Call], tools: Mapping[str, Tool], scene: Scene) -> Pairing:
    """The pairing with the most right calls, and of those one in the order that references need."""
    is_complete = sorted(call.tool for call in gold) == sorted(call.tool for call in came)
    best: tuple[int, bool, int] = (-1, False, 0)
    pairs, right, is_ordered_once = Pairs(), frozenset[int](), False
    for option in _options(gold, came):
        good = frozenset(n for n in option if not differences(gold, came, n, option, tools, scene))
        is_ordered = _is_ordered(gold, option)
        is_ordered_once = is_ordered_once or is_ordered
        rank = (len(good), is_ordered, len(option))
        if rank > best:
            best, pairs, right = rank, option, good
    wrong = [n for n in sorted(pairs) if n not in right]
    return Pairing(
        pairs=pairs,
        right=right,
        is_same_tools=is_complete and is_ordered_once,
        is_full=is_complete and best[1] and len(right) == len(gold),
        differences=tuple(d for n in wrong for d in differences(gold, came, n, pairs, tools, scene)),
    )


def differences(
    gold: Sequence[Call],
    came: Sequence[Call],
    number: int,
    pairs: Pairs,
    tools: Mapping[str, Tool],
    scene: Scene,
) -> list[Difference]:
    """What is wrong with the call that is paired with gold call `number`."""
    want, got = gold[number], came[pairs[number]]
    known = tools[want.tool].properties if want.tool in tools else {}
    links = {
        theirs: ours for ours, theirs in pairs.items() if theirs < pairs[number]
    }  # nothing can be told before it is
    linked = replace(scene, links=links)
    found = []
    for name in [*want.args, *(name for name in got.args if name not in want.args)]:
        schema, value = known.get(name, {}), got.args.get(name)
        is_good = (
            is_right(want.args[name], value, schema, linked) if name in want.args else is_default(value, schema, linked)
        )
        if not is_good:
            found.append(Difference(want.tool, name, want.args.get(name), value))
    return found


def _options(gold: Sequence[Call], came: Sequence[Call]) -> Iterator[Pairs]:
    """Every way to pair as many calls as can be, tool by tool."""
    slots: dict[str, list[int]] = {}
    for number, call in enumerate(gold):
        slots.setdefault(call.tool, []).append(number)
    choices = {tool: [n for n, call in enumerate(came) if call.tool == tool] for tool in slots}
    padded = {tool: [*found, *[None] * (len(slots[tool]) - len(found))] for tool, found in choices.items()}
    if prod(perm(len(padded[tool]), len(slots[tool])) for tool in slots) > TOO_MANY:
        yield {ours: theirs for tool in slots for ours, theirs in zip(slots[tool], choices[tool], strict=False)}
        return
    for ways in product(*(permutations(padded[tool], len(slots[tool])) for tool in slots)):
        yield {
            ours: theirs
            for numbers, way in zip(slots.values(), ways, strict=True)
            for ours, theirs in zip(numbers, way, strict=True)
            if theirs is not None
        }


def _is_ordered(gold: Sequence[Call], pairs: Pairs) -> bool:
    return all(
        pairs[earlier] < pairs[later]
        for later, call in enumerate(gold)
        for value in call.args.values()
        for earlier in needed_refs(value)
        if earlier in pairs and later in pairs
    )
