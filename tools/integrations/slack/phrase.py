"""What the words of a person point at: a channel, a colleague, or a message (“Tom's last post about prices”)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Item = Mapping[str, Any]

AROUND_NAMES = frozenset("the our a my channel slack dm group mr mrs ms dr prof professor to".split())
MINE = frozenset("my mine i me your you".split())
LAST = frozenset("last latest newest recent just".split())
FIRST = frozenset("first oldest".split())
AROUND_MESSAGES = frozenset(
    "the a an that this these what which who s ve d in on of by from to at with for and about under slack channel "
    "message messages msg post posts posted wrote write written said say sent thread threads dm one it is was were "
    "has have had put made discussion debate conversation question answer all everything".split()
)
LINK = re.compile(r"/archives/([A-Z0-9]+)/p(\d{10})(\d{6})(?:\S*?[?&]thread_ts=(\d{10}\.\d{6}))?")
STAMP = re.compile(r"\d{10}\.\d{6}")


def is_id(text: str, kinds: str) -> bool:
    """Whether it looks like one of Slack's ids; `kinds` are the letters that one may begin with."""
    return re.fullmatch(f"[{kinds}][A-Z0-9]{{4,}}", text) is not None


def words(text: str) -> list[str]:
    """The words without case and accents; a hyphen, dot or underscore parts words."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[^\W_]+", "".join(char for char in folded if not unicodedata.combining(char)))


def near(text: str, named: Sequence[tuple[T, Sequence[str]]]) -> list[T]:
    """Those whose name is `text`, else those with each of its words as the beginning of one of theirs."""
    plain = words(text)
    head = words(re.split(r" (?:from|in|of|at) ", text)[0])
    for wanted in (plain, [w for w in plain if w not in AROUND_NAMES], [w for w in head if w not in AROUND_NAMES]):
        if not wanted:
            continue
        split = [(one, [words(name) for name in names]) for one, names in named]
        whole = [one for one, names in split if wanted in names]
        found = whole or [
            one
            for one, names in split
            if all(any(word.startswith(part) for name in names for word in name) for part in wanted)
        ]
        if found:
            return found
    return []


def meant(phrase: str, items: Sequence[Item], names: Mapping[str, str], me: str) -> tuple[list[Item], list[Item]]:
    """The messages (newest first) that a phrase may mean, and those it comes near to.

    A name or “my” restricts the author, “last” or “first” the place, every other word must be in the text as far as
    any message has it.
    """
    spoken = words(phrase)
    authors = {one for one, name in names.items() if set(words(name)) & (set(spoken) - AROUND_MESSAGES)}
    if MINE & set(spoken):
        authors = {me}
    called = {word for one in authors for word in words(names.get(one, ""))}
    topic = set(spoken) - AROUND_MESSAGES - MINE - LAST - FIRST - called
    by_them = [item for item in items if not authors or item.get("user") in authors]
    found = by_them
    if topic:
        scores = [_score(topic, item) for item in by_them]
        best = max(scores, default=0)
        found = [item for item, score in zip(by_them, scores, strict=True) if score == best > 0]
    if LAST & set(spoken):
        found = found[:1]
    elif FIRST & set(spoken):
        found = found[-1:]
    return found, by_them


def _score(topic: set[str], item: Item) -> int:
    there = words(item.get("text") or "")
    return sum(
        any(word.startswith(part) or (part.startswith(word) and len(word) > 3) for word in there) for part in topic
    )
