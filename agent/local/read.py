"""From what was written to a sentence with all typed spans laid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from agent.local import dates, listing, literal
from agent.local.text import Sentence, clean, disjoint, lookup, markup, tokenise


def read(text: str, now: datetime, names: Mapping[str, Sequence[str]] | None = None) -> Sentence:
    """Markup first, then identifiers, names of the directory, time, money and plain numbers."""
    raw = clean(text)
    marks = markup(raw)
    spans = [*marks, *literal.identifiers(raw)]
    spans += lookup(names or {}, raw)
    spans += literal.amounts(raw)
    spans += dates.find(raw, now)
    spans += listing.names(raw)
    spans += literal.counts(raw)
    return tokenise(raw, listing.merged(disjoint(spans), raw))
