"""Habits: what somebody did most often, counted from what was really done, and when that is enough to go by."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from memory.item import Said

LOOKED_AT = 20  # the latest calls of one tool
LEAST_SEEN = 3  # times, to be noted at all
LEAST_SHARE = 0.5
STRONG_SEEN = 5  # times, to fill in what was left out
STRONG_SHARE = 0.8
PLACES = frozenset(
    "project board list repo repository team space folder calendar database workspace pipeline parent_folder group site property "
    "collection channel assignee issue_type".split()
)
HARMLESS = frozenset(
    "project board list repo repository team space folder calendar database workspace pipeline parent_folder group collection issue_type".split()
)
_NAMES = {"assignee": "assignee", "channel": "channel", "repo": "repo", "repository": "repo"}


@dataclass(frozen=True)
class Done:
    """One call that was carried out: its arguments, and what people read in their place."""

    args: Mapping[str, Any]
    labels: Mapping[str, str]
    at: datetime


def habits(tool: str, title: str, done: Sequence[Done]) -> Iterator[Said]:
    """What these calls of one tool, newest first, show a habit of."""
    latest = done[:LOOKED_AT]
    for parameter in sorted({name for one in latest for name in one.args if name in PLACES}):
        values = [(str(one.args[parameter]), one) for one in latest if isinstance(one.args.get(parameter), str)]
        if not values:
            continue
        value, count = Counter(value for value, _ in values).most_common(1)[0]
        if count < LEAST_SEEN or count / len(values) < LEAST_SHARE:
            continue
        label = next(one.labels.get(parameter) or value for found, one in values if found == value)
        data = {"tool": tool, "parameter": parameter, "label": label, "count": count, "of": len(values)}
        text = f"Your usual {named(parameter)} for “{title}” is {label} ({count} of the last {len(values)} times)."
        yield Said("habit", f"habit {tool} {parameter}", text, value, data, confidence=count / len(values))


def hour(tool: str, title: str, moments: Sequence[datetime]) -> list[Said]:
    """The hour of the day at which something is mostly done; `moments` are local, newest first, one a day counts."""
    by_day = {moment.date(): moment.hour for moment in reversed(moments)}
    latest = [by_day[day] for day in sorted(by_day, reverse=True)][:LOOKED_AT]
    if len(latest) < STRONG_SEEN:
        return []
    best = max(latest, key=lambda one: sum(abs(one - other) <= 1 for other in latest))
    count = sum(abs(best - other) <= 1 for other in latest)
    if count / len(latest) < STRONG_SHARE:
        return []
    text = f"You mostly do “{title}” around {best}:00 ({count} of the last {len(latest)} days)."
    data = {"tool": tool, "hour": best, "count": count, "of": len(latest)}
    return [Said("habit", f"habit {tool} hour", text, str(best), data, confidence=count / len(latest))]


def is_strong(data: Mapping[str, Any], *, is_asked_for: bool = False) -> bool:
    """Whether a habit may fill in what was left out; where the person says “usual”, noted is enough."""
    count, of = int(data.get("count", 0)), int(data.get("of", 0))
    if is_asked_for:
        return count >= LEAST_SEEN and count / max(of, 1) >= LEAST_SHARE
    return data.get("parameter") in HARMLESS and count >= STRONG_SEEN and count / max(of, 1) >= STRONG_SHARE


def named(parameter: str) -> str:
    """A parameter in words."""
    return _NAMES.get(parameter, re.sub(r"_", " ", parameter))
