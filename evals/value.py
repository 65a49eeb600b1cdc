"""Values as people and programs write them, made comparable: text, numbers, money, durations, days."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

_QUOTES = re.compile("[\"'`´‘’‚‛“”„‟«»‹›]")
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"([+-]?\d[\d,_ ]*(?:\.\d+)?)\s*([kKmM]?)")
_SYMBOLS = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "₹": "inr"}
_CURRENCY_NAMES = {
    "dollar": "usd",
    "dollars": "usd",
    "euro": "eur",
    "euros": "eur",
    "pound": "gbp",
    "pounds": "gbp",
}
_MONEY = re.compile(r"([^\d\s+-]*)\s*([+-]?\d[\d,_ ]*(?:\.\d+)?\s*[kKmM]?)\s*([^\d\s]*)")
_UNIT = "w(?:eeks?)?|d(?:ays?)?|h(?:ours?|rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?"
_SPAN = re.compile(rf"(\d+(?:[.,]\d+)?)\s*({_UNIT})(?![a-z])", re.IGNORECASE)
_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


def normal(text: str) -> str:
    """Text without what does not matter: case, white space, quotes, a leading # or @."""
    bare = _QUOTES.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return " ".join(bare.split()).lstrip("#@").strip()


def as_text(value: Any) -> str:
    """A value as one text: a list joined by spaces, a mapping by its values."""
    if isinstance(value, Mapping):
        return " ".join(as_text(inner) for inner in value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return " ".join(as_text(inner) for inner in value)
    return "" if value is None else str(value)


def as_number(value: Any) -> Decimal | None:
    """A number by value, `12,000` and `12k` included; None for anything else, booleans too."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value))
    match = _NUMBER.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    factor = {"": 1, "k": 1_000, "m": 1_000_000}[match[2].lower()]
    try:
        return Decimal(re.sub("[,_ ]", "", match[1])) * factor
    except InvalidOperation:
        return None


def as_money(value: Any) -> tuple[Decimal, str] | None:
    """An amount and its currency in lower case, empty where none is named."""
    if isinstance(value, Mapping):
        number = as_number(value.get("amount", value.get("value")))
        return None if number is None else (number, str(value.get("currency") or "").lower())
    number = as_number(value)
    if number is not None:
        return number, ""
    match = _MONEY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or (match[1] and match[3]):
        return None
    mark, number = (match[1] or match[3]).lower(), as_number(match[2])
    currency = _SYMBOLS.get(mark) or _CURRENCY_NAMES.get(mark) or mark
    return None if number is None or not re.fullmatch("[a-z]{3}", currency) else (number, currency)


def as_seconds(value: Any) -> Decimal | None:
    """The length of a duration; a bare number is minutes. Reads `90m`, `1h 30min`, `PT1H30M`, `1:30`."""
    if not isinstance(value, str) or value.strip().isdecimal():
        number = as_number(value)
        return None if number is None else number * 60
    if clock := re.fullmatch(r"\s*(\d+):([0-5]\d)\s*", value):
        return Decimal(clock[1]) * 3600 + Decimal(clock[2]) * 60
    parts = _SPAN.findall(value)
    rest = re.sub(r"\band\b|[pt,\s]", "", _SPAN.sub(" ", value).lower())
    if not parts or rest:
        return None
    return sum((Decimal(size.replace(",", ".")) * _SECONDS[unit[0].lower()] for size, unit in parts), Decimal(0))


def as_moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """A datetime to the minute in `zone`; a naive one is taken as there, a day as its midnight."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    local = value.replace(tzinfo=zone) if value.tzinfo is None else value.astimezone(zone)
    return local.replace(second=0, microsecond=0)


def as_day(value: Any, zone: ZoneInfo) -> date | None:
    """A day in `zone`."""
    moment = as_moment(value, zone)
    return None if moment is None else moment.date()


def as_truth(value: Any) -> bool | None:
    """A boolean, also written as a word."""
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "false": False, "no": False}
    return words.get(value.strip().lower()) if isinstance(value, str) else None


def holds(text: str, words: list[str]) -> bool:
    """Whether a text holds every one of the words (or phrases), whole, in any order."""
    hay = normal(text)
    return all(re.search(rf"(?<!\w){re.escape(normal(word))}(?!\w)", hay) for word in words)


def token_f1(gold: str, came: str) -> float:
    """The harmonic mean of precision and recall of the words of two texts, counted with their repeats."""
    left, right = Counter(_WORD.findall(normal(gold))), Counter(_WORD.findall(normal(came)))
    shared = (left & right).total()
    return 2 * shared / (left.total() + right.total()) if shared else float(left == right)
