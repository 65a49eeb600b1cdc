"""The gate on writing: what may be kept at all. What passes no rule is not kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from memory.item import LONGEST, Said, Scope
from memory.secret import secret, special

SHARED_KINDS = ("fact", "alias")
NAME_WORDS, NAME_CHARS = 8, 80
_NOT_IN_NAME = re.compile(r"[\n\r;!?<>{}|`]|https?://|,\s|\b(?:and|then|or|but) (?=\w+ )", re.I)
_PASSING = re.compile(
    r"\b(?:today|tomorrow|yesterday|right now|currently|at the moment|this (?:morning|afternoon|week)|in a minute|for now|"
    r"tonight|just now)\b",
    re.I,
)
_JUNK = re.compile(
    r"^(?:it|this|that|everything|nothing|something|stuff|things?|ok(?:ay)?|yes|no|hi|hello|thanks?)\W*$", re.I
)
_ORDER = re.compile(
    r"\b(?:ignore|disregard|override|bypass)\b.{0,40}\b(?:instruction|rule|polic|approval|confirm)|"
    r"\b(?:without|no need for|skip|never ask for) (?:asking|approval|confirm\w*)|\b(?:system prompt|you are now|act as)\b",
    re.I,
)


@dataclass(frozen=True)
class Refusal:
    """Why something is not kept, as a sentence for the person."""

    reason: str


def judge(said: Said, scope: Scope, *, is_own_words: bool, is_admin: bool = False) -> Refusal | None:
    """Why this may not be kept for this scope; None where it may.

    `is_own_words` says that the person wrote it to the assistant: nothing else becomes a fact about anybody.
    """
    whole = f"{said.text} {said.value}"
    if not is_own_words:
        return Refusal("I keep only what you tell me yourself, not what I read in files, tickets or messages.")
    if secret(whole):
        return Refusal("I do not keep passwords, keys, tokens, or account numbers. Use your password manager for that.")
    if about := special(whole):
        return Refusal(f"I keep nothing about {about}: that is nobody's business but the person's own.")
    if _ORDER.search(whole):
        return Refusal("I keep facts and preferences, not rules about what I may do; an administrator sets those.")
    if len(said.text) > LONGEST or _JUNK.match(said.value or said.text):
        return Refusal("I could not make out one thing to remember in that.")
    if said.kind != "episode" and _PASSING.search(said.text):
        return Refusal("That will be over soon, so I did not keep it. Ask me for a reminder instead.")
    if scope != "person" and said.kind not in SHARED_KINDS:
        return Refusal("A preference is yours alone, so I keep it for nobody else.")
    if scope == "tenant" and not is_admin:
        return Refusal("Only an administrator can have me remember something for the whole company.")
    return None


def is_name(value: str) -> bool:
    """Whether a value may stand for a phrase in a sentence: a name, never a clause, a link or an order."""
    words = value.split()
    return 0 < len(words) <= NAME_WORDS and len(value) <= NAME_CHARS and not _NOT_IN_NAME.search(value)
