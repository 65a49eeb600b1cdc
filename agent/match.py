"""Which of several records a name means: the one it fits best, or a question."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from core.errors import Ambiguous, Candidate, Unresolved

OFFERED = 5


def plain(text: str) -> str:
    """Lower case without accents, quotes and a leading # or @."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(char for char in folded if not unicodedata.combining(char))
    return " ".join(kept.strip(" \t\"'“”‘’`").lstrip("#@").split())


def choose(parameter: str, text: str, candidates: Sequence[Candidate], where: str, kind: str = "") -> Candidate:
    """The candidate that `text` names; `kind` is what kind of record is looked for.

    Raises:
        Unresolved: there is none.
        Ambiguous: several fit equally well.
    """
    wanted = plain(text)
    for fits in (_is_id, _is_name, _has_words):
        best = {one.id: one for one in candidates if fits(wanted, text, one)}
        if len(best) == 1:
            return next(iter(best.values()))
        if best:
            raise Ambiguous(parameter, text, list(best.values())[:OFFERED])
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        raise Ambiguous(parameter, text, candidates[:OFFERED])
    raise Unresolved(parameter, text, where, kind=kind)


def _is_id(_: str, text: str, one: Candidate) -> bool:
    return text.strip() == one.id


def _is_name(wanted: str, _: str, one: Candidate) -> bool:
    return wanted in {plain(name) for name in (one.label, one.detail, *one.also) if name}


def _has_words(wanted: str, _: str, one: Candidate) -> bool:
    words = [
        word for name in (one.label, *one.also) for word in plain(name).replace("(", " ").replace(")", " ").split()
    ]
    return bool(wanted) and all(any(word.startswith(part) for word in words) for part in wanted.split())
