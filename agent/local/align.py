"""Where the arguments of an example stand in its sentence."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from agent.local.form import FULL_NAME, PAIRS, Form, candidates
from agent.local.slot import Segment, fold_words
from agent.local.text import Sentence, fold
from core.tool import Tool


def segments(sentence: Sentence, form: Form, args: Mapping[str, Any]) -> tuple[Segment, ...]:
    """The example's arguments as disjoint segments; what its words do not hold is left out."""
    wanted: list[tuple[int, str, Any]] = []
    for name, value in args.items():
        if name in form.kinds:
            wanted += [(len(str(v)), name, v) for v in (value if isinstance(value, list) else [value])]
    possible = {(i, j, label): value for i, j, label, value in candidates(sentence, form)}
    chosen: list[Segment] = []
    pairs = [f"{a}+{b}" for a, b in PAIRS if a in args and b in args and f"{a}+{b}" in form.kinds]
    for _, name, value in sorted(wanted, key=lambda item: -item[0]):
        kind = form.kinds[name]
        if kind in ("enum", "boolean"):
            spots = [(i, j, name) for (i, j, label), v in possible.items() if label == name and v == value]
        else:
            spots = [(i, j, name) for i, j in occurrences(sentence, str(value))]
            if kind not in ("text", "string", "id", "person") and not kind.startswith("list"):
                spots = [(i, j, n) for (i, j, n) in possible for a, b, _ in spots if n == name and a <= i and j <= b]
        for i, j, label in spots:
            clash = [s for s in chosen if i < s.last and s.first < j]
            pair = next((p for p in pairs if name in p.split("+")), None)
            if not clash:
                chosen.append(Segment(i, j, label, value if kind in ("enum", "boolean") else None))
                break
            if pair and clash[0].label in pair.split("+") and clash[0].label != name:
                chosen[chosen.index(clash[0])] = Segment(clash[0].first, clash[0].last, pair)
                break
    return _joined(sorted(chosen, key=lambda s: s.first))


def _joined(chosen: list[Segment]) -> tuple[Segment, ...]:
    """A first and a last name side by side are one full name."""
    for a, b in itertools.pairwise(chosen):
        if (a.label, b.label) == tuple(FULL_NAME.split("+")) and a.last == b.first:
            both = Segment(a.first, b.last, FULL_NAME)
            return tuple(both if s is a else s for s in chosen if s is not b)
    return tuple(chosen)


def occurrences(sentence: Sentence, value: str) -> list[tuple[int, int]]:
    """Token ranges that cover each place where the value is written."""
    found = []
    needle = value.strip()
    if not needle:
        return []
    pattern = r"(?<!\w)" + re.escape(needle).replace(r"\ ", r"\s+") + r"(?!\w)"
    for m in re.finditer(pattern, sentence.raw, re.I):
        inside = [k for k, t in enumerate(sentence.tokens) if t.start < m.end() and m.start() < t.end]
        if inside:
            found.append((inside[0], inside[-1] + 1))
    return found


def spoken(tool: Tool) -> Counter[str]:
    """The words of a tool's card: its name, aliases and description."""
    text = " ".join([tool.id.replace(".", " ").replace("_", " "), *tool.aliases, tool.title, tool.description])
    return Counter(re.findall(r"[a-z][a-z\-]+", text.lower()))


def usage(read: Sequence[tuple[Sentence, Sequence[Segment]]]) -> dict[str, tuple[int, int]]:
    """Each word of all examples with how often it was within an argument and outside one."""
    found: dict[str, list[int]] = {}
    for sentence, gold in read:
        covered = {k for s in gold for k in range(s.first, s.last)}
        for k, token in enumerate(sentence.tokens):
            if token.kind == "word" and not token.is_sign:
                found.setdefault(token.low, [0, 0])[k not in covered] += 1
    return {word: (counts[0], counts[1]) for word, counts in found.items()}


def form_of(tool: Tool, read: Sequence[tuple[Sentence, Mapping[str, Any]]]) -> Form:
    """The tool with the words of its examples that are no arguments, and the values met in them."""
    bare = Form(tool)
    words = Counter({word: 1 for word in spoken(tool)})
    seen: dict[str, set[str]] = {}
    for sentence, args in read:
        gold = segments(sentence, bare, args)
        words.update(outside_words(sentence, gold))
        for segment in gold:
            seen.setdefault(segment.label, set()).add(fold_words(sentence.tokens, segment.first, segment.last))
    return Form(tool, words, {}, {label: frozenset(values) for label, values in seen.items()})


def outside_words(sentence: Sentence, gold: Sequence[Segment]) -> set[str]:
    """The words of a sentence that are no argument."""
    covered = {k for s in gold for k in range(s.first, s.last)}
    return {t.low for k, t in enumerate(sentence.tokens) if k not in covered and t.kind == "word" and not t.is_sign}


def without(form: Form, sentence: Sentence, gold: Sequence[Segment]) -> Form:
    """The form as it would be had this example not been there."""
    words = form.words.copy()
    words.subtract(outside_words(sentence, gold))
    seen = dict(form.seen)
    for segment in gold:
        own = fold_words(sentence.tokens, segment.first, segment.last)
        seen[segment.label] = seen.get(segment.label, frozenset()) - {own}
    covered = {k for s in gold for k in range(s.first, s.last)}
    common = dict(form.common)
    for k, token in enumerate(sentence.tokens):
        inside, out = common.get(token.low, (0, 0))
        common[token.low] = (inside - (k in covered and inside > 0), out - (k not in covered and out > 0))
    return Form(form.tool, words, common, seen)


def plain(value: Any) -> str:
    """An argument as it is compared."""
    return fold(str(value))
