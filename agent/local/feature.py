"""What is seen of a stretch of words, or of a word left out, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from agent.local.form import Form
from agent.local.text import Token
from agent.local.word import COMMAND, DETERMINER, FUNCTION, PRONOUN, SELF, stem

_VERBS = frozenset(
    "is are was were will has have needs need should can cannot can't does doesn't do did fails fail".split()
)


def lean(common: Mapping[str, tuple[int, int]], token: Token) -> str:
    """Whether a word is mostly part of an argument (i), mostly not (o), mixed (m), or never met (?)."""
    if token.kind != "word":
        return token.kind
    inside, outside = common.get(token.low, (0, 0))
    if inside + outside == 0:
        return "?"
    share = outside / (inside + outside)
    size = "" if inside + outside < 4 else "+"
    return ("o" if share > 0.85 else "O" if share > 0.6 else "m" if share > 0.3 else "i") + size


def features(tokens: Sequence[Token], i: int, j: int, form: Form) -> list[str]:
    """What is seen of a stretch whatever parameter it may be."""
    n, words, common = len(tokens), form.words, form.common
    left = tokens[i - 1] if i else None
    right = tokens[j] if j < n else None
    first, last = tokens[i], tokens[j - 1]
    size = j - i
    l1 = _seen(left, "<s>")
    r1 = _seen(right, "</s>")
    found = [
        "b",
        "L=" + l1,
        "R=" + r1,
        "LL=" + (_seen(tokens[i - 2], "<s>") if i > 1 else "<s>") + " " + l1,
        "LR=" + l1 + "~" + r1,
        "n=" + str(size if size < 5 else 5 if size < 8 else 8 if size < 13 else 13),
        "f=" + _shape(first),
        "e=" + _shape(last),
        "F=" + (first.low if first.kind == "word" else first.kind),
        "fl=" + lean(common, first),
        "el=" + lean(common, last),
        "rl=" + (lean(common, right) if right else "</s>"),
    ]
    if size == 1:
        found.append("K=" + (_shape(first)))
    else:
        inner = tokens[i:j]
        capitals = sum(t.is_capital for t in inner)
        found.append(
            "c=" + ("all" if capitals == size else "most" if capitals * 2 >= size else "few" if capitals else "0")
        )
        if any(t.low in _VERBS for t in inner[1:]):
            found.append("verb")
        if any(t.text in ",:–—-" for t in inner):
            found.append("sign")
        if any(t.text in ".!?;" for t in inner[:-1]):
            found.append("stop")
        if any(t.text == ":" for t in inner):
            found.append("colon")
        kinds = {t.kind for t in inner}
        found += ["has=" + k for k in kinds if k != "word"]
        middle = [lean(common, t) for t in inner]
        leaning = sum(1 for m in middle if m[0] in "oO") / size
        found.append(
            "lean=" + ("0" if not leaning else "<" if leaning < 0.34 else "half" if leaning < 0.67 else "most")
        )
        known = sum(1 for t in inner if words.get(t.low, 0) > 0 and t.low not in FUNCTION) / size
        found.append("voc=" + ("0" if not known else "<" if known < 0.34 else "half" if known < 0.67 else "most"))
    if left is not None and left.low in DETERMINER and i > 1:
        found.append("L2=" + _seen(tokens[i - 2], "<s>"))
    if i == 0 or (left is not None and left.text in ".;\n"):
        found.append("start")
    if j == n or (right is not None and right.text in ".;!?\n"):
        found.append("end")
    if words.get(first.low, 0) > 0 and first.kind == "word":
        found.append("fvoc")
    return found


def _seen(token: Token | None, edge: str) -> str:
    if token is None:
        return edge
    return token.low if token.kind == "word" else f"<{token.kind}>"


def _shape(token: Token) -> str:
    if token.kind != "word":
        return token.kind
    if token.low in SELF:
        return "self"
    if token.low in PRONOUN:
        return "pron"
    if token.low in DETERMINER:
        return "det"
    if token.low in COMMAND and not token.is_capital:
        return "cmd"
    if token.low in FUNCTION:
        return "func"
    text = token.text
    if text.isupper() and len(text) > 1:
        return "ALL" if len(text) < 6 else "ALLLONG"
    if any(c.isdigit() for c in text):
        return "mix"
    if "-" in text or "_" in text:
        return "dash"
    return "Cap" if text[0].isupper() else "sign" if token.is_sign else "low"


def special(form: Form, tokens: Sequence[Token], i: int, j: int, label: str, seen: Iterable[str]) -> list[str]:
    """What is seen of a stretch for one parameter: its own name beside it, values met before."""
    found = []
    names = form.cues.get(label)
    if names:
        near = [tokens[k].low for k in range(max(0, i - 3), i)]
        if near and stem(near[-1]) in names:
            found.append("cueL")
        elif any(stem(w) in names for w in near[-2:]):
            found.append("cueLL")
        if j < len(tokens) and stem(tokens[j].low) in names:
            found.append("cueR")
        if stem(tokens[i].low) in names:
            found.append("cueF")
        if j - i > 1 and stem(tokens[j - 1].low) in names:
            found.append("cueE")
    if label in form.tool.required:
        found.append("req")
    text = " ".join(t.low for t in tokens[i:j])
    if text in seen:
        found.append("seen")
    return found


def outside(tokens: Sequence[Token], i: int, form: Form) -> list[str]:
    """What is seen of a word that belongs to no parameter."""
    token = tokens[i]
    count = form.words.get(token.low, 0)
    found = [
        "O|b",
        "O|l=" + lean(form.common, token),
        "O|w=" + (token.low if token.kind == "word" else token.kind),
        "O|s=" + _shape(token),
        "O|v=" + ("0" if not count else "1" if count == 1 else "2" if count < 4 else "4"),
    ]
    if i == 0:
        found.append("O|first")
    if i == len(tokens) - 1:
        found.append("O|last")
    if token.kind != "word" and i:
        found.append("O|k=" + token.kind + "~" + tokens[i - 1].low)
    return found
