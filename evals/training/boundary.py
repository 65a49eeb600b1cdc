"""Where further commands begin in a sentence known to hold several, by words: the lessons' own boundaries."""

from __future__ import annotations

from agent.local.clause import LINKS
from agent.local.text import Sentence
from agent.local.word import COMMAND, POLITE

_FILLERS = (
    frozenset(
        "and then also plus please pls plz just finally & , ; afterwards afterward that can could you would i'd like want need to next once done".split()
    )
    | POLITE
)
_OPENERS = frozenset("let need who what when where which is are do does did how show any i'll".split())
_OBJECTS = frozenset("it them that him her me us this everyone everybody".split())
_ASKING = frozenset("what which who when how what's whats who's show list is are do does give any tell".split())
_VERBS = COMMAND | frozenset(
    "msg whatsapp telegram text comment finish fulfil fulfill refund star snooze archive bin upload download duplicate clone export "
    "render unsubscribe enrol enroll kick ban poll wire quote total count".split()
)


def cuts(sentence: Sentence) -> list[int]:
    """Tokens before which a new command may begin."""
    tokens = sentence.tokens
    found = []
    for k in range(1, len(tokens)):
        before = tokens[k - 1]
        if not (before.low in LINKS or before.text in ",;.!?" or "\n" in sentence.raw[before.end : tokens[k].start]):
            continue
        if tokens[k].low in LINKS or tokens[k].is_sign:
            continue
        if before.low == "after" or (
            before.low == "then" and k > 1 and tokens[k - 2].low in ("before", "since", "until")
        ):
            continue
        hard = before.text in ".;!?" or "\n" in sentence.raw[before.end : tokens[k].start]
        if _begins(sentence, k, hard):
            found.append(k)
    return found


def _begins(sentence: Sentence, k: int, hard: bool) -> bool:
    """Whether words from token k on read as a command."""
    tokens = sentence.tokens
    while k < len(tokens) and tokens[k].low in _FILLERS and k < len(tokens) - 1:
        k += 1
    token = tokens[k]
    rest = len(tokens) - k
    if rest < 2 or token.kind != "word":
        return False
    if token.low in _VERBS:
        after = tokens[k + 1]
        return after.low not in ("is", "was", "are", "will", "has") and not (after.is_sign and after.text not in ":#@")
    if token.low in ("what", "which", "who", "when", "how", "what's", "who's") and tokens[0].low in _ASKING:
        return True
    if token.low in ("let", "dm", "ping", "who", "what", "when", "show", "don't", "dont", "invite"):
        return hard or token.low in ("let", "dm", "ping", "don't", "dont", "show", "invite")
    return False
