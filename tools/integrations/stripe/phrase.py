"""What people say of a payment, an invoice or a subscription: whose it is, how much, when, and whether the last one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tools.integrations.stripe.money import amounts

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*"
_DAY = re.compile(
    rf"""\b(?:(?P<iso>\d{{4}}-\d\d-\d\d)|(?P<near>today|yesterday)
    |(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})
    |(?P<first>{_MONTH})\s+(?P<then>\d{{1,2}})(?:st|nd|rd|th)?|(?P<only>{_MONTH}))\b""",
    re.IGNORECASE | re.VERBOSE,
)
LAST = re.compile(r"\b(?:last|latest|newest|recent|most recent)\b", re.IGNORECASE)
_NOISE = re.compile(
    r"\b(?:the|a|an|our|their|his|her|from|of|on|for|in|by|to|with|stripe|payments?|paid|charges?|charged|invoices?|bill|"
    r"subscriptions?|plan|draft|open|unpaid|overdue|money|transaction|refund|customer|client|last|latest|newest|recent|most|"
    r"who|that|this|one|it)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Phrase:
    """`name` is whose it is, `amount` how much; `begin` and `end` (the day after) frame the day or month."""

    name: str
    amount: Decimal | None
    currency: str
    begin: date | None
    end: date | None
    is_last: bool


def read(text: str, today: date) -> Phrase:
    """Read what somebody says of a payment."""
    when = _DAY.search(text)
    begin, end = _span(when, today) if when else (None, None)
    rest = text[: when.start()] + " " + text[when.end() :] if when else text
    money = next(iter(amounts(rest)), None)
    if money:
        rest = rest[: money.span[0]] + " " + rest[money.span[1] :]
    name = " ".join(_NOISE.sub(" ", re.sub(r"['’]s?\b(?=\s|$)", " ", rest)).split()).strip(" ,.-")
    return Phrase(
        name,
        money.amount if money else None,
        money.currency if money else "",
        begin,
        end,
        LAST.search(text) is not None,
    )


def clauses(name: str, field: str = "name") -> Iterator[str]:
    """Search queries for a name, the strictest first: as written, then any of its longer words."""
    if len(name) >= 3:
        yield f"{field}~{quoted(name)}"
    words = [word for word in re.findall(r"[^\W_]+", name) if len(word) >= 3]
    if len(words) > 1:
        yield " AND ".join(f"{field}~{quoted(word)}" for word in words)
        yield (
            " OR ".join(f"{field}~{quoted(word)}" for word in words if len(word) >= 4) or f"{field}~{quoted(words[0])}"
        )


def quoted(value: str) -> str:
    """A value of the search language that holds nothing but the text."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _span(when: re.Match[str], today: date) -> tuple[date | None, date | None]:
    if when["iso"]:
        return _of(date.fromisoformat(when["iso"]))
    if when["near"]:
        return _of(today - timedelta(days=when["near"].lower() == "yesterday"))
    month = MONTHS.index((when["month"] or when["first"] or when["only"]).lower()[:3]) + 1
    year = today.year if month <= today.month else today.year - 1
    if when["only"]:
        return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
    number = int(when["day"] or when["then"])
    try:
        found = date(year, month, number)
    except ValueError:
        return None, None
    return _of(found if found <= today else found.replace(year=year - 1))


def _of(found: date) -> tuple[date, date]:
    return found, found + timedelta(days=1)
