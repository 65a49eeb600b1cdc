"""Chat's filters: comparisons joined by AND and OR, and words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sandbox.google import refused

_TOKEN = re.compile(r'\s*(\(|\)|>=|<=|!=|[=<>:]|"[^"]*"|[^\s()=<>!:"]+)')
Term = tuple[str, str, str]  # field, sign, value; words have the field ""


def terms(text: str) -> list[list[Term]]:
    """All of the outer list must hold, one of each inner list."""
    tokens, at = list[str](), 0
    while at < len(text.rstrip()):
        hit = _TOKEN.match(text, at)
        if hit is None:
            raise wrong()
        tokens.append(hit[1])
        at = hit.end()
    found: list[list[Term]] = []
    joins_last, place = False, 0
    while place < len(tokens):
        token = tokens[place]
        if token in ("(", ")", "AND"):
            place += 1
            continue
        if token == "OR":
            joins_last, place = True, place + 1
            continue
        if place + 2 < len(tokens) and tokens[place + 1] in ("=", "<", ">", ">=", "<=", "!=", ":"):
            term = (token, tokens[place + 1], tokens[place + 2].strip('"'))
            place += 3
        else:
            term, place = ("", "", token.strip('"')), place + 1
        if joins_last and found and found[-1][0][0] == term[0]:
            found[-1].append(term)
        elif joins_last:
            raise wrong()
        else:
            found.append([term])
        joins_last = False
    return found


def compared(at: datetime, sign: str, text: str) -> bool:
    """Whether a moment fits."""
    try:
        other = datetime.fromisoformat(text)
    except ValueError:
        raise wrong() from None
    if other.tzinfo is None:
        raise wrong()
    return {">": at > other, ">=": at >= other, "<": at < other, "<=": at <= other, "=": at == other}[sign]


def allowed(groups: list[list[Term]], known: Mapping[str, str]) -> None:
    """Refuse a field or a sign that the method does not know; `known` has the signs of each field."""
    for group in groups:
        for field, sign, _ in group:
            if field not in known or sign not in known[field].split():
                if field == "" and "" in known:
                    continue
                raise wrong()


def wrong() -> Exception:
    """What Chat says to a filter that it does not understand."""
    return refused(400, "invalidArgument", "Request contains an invalid argument: filter.")
