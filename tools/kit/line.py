"""A line of a bill as people write it: “12 hours of consulting at 140”, “kiln repair $420”, “40 lunches, 18 each”."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

CALLED = {
    "$": "", "us$": "USD", "a$": "AUD", "c$": "CAD", "nz$": "NZD", "dollars": "", "dollar": "", "bucks": "",
    "€": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "pounds": "GBP", "quid": "GBP", "¥": "JPY", "₹": "INR",
}  # fmt: skip
_CODE = "usd|eur|gbp|chf|jpy|cad|aud|nzd|sek|nok|dkk|pln|czk|inr|sgd|hkd|zar|aed"
_NUMBER = r"(?:\d{1,3}(?:[.,\u00a0 ]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d+)?)k?"
_MONEY = re.compile(
    rf"(?P<sign>(?:us|nz|[ac])?\$|[€£¥₹]|\b(?:{_CODE})\b)?\s*(?<![\w.,-])(?P<number>{_NUMBER})(?![\w%-])"
    rf"\s*(?P<word>[€£]|\b(?:{_CODE}|dollars?|bucks|euros?|pounds|quid)\b)?",
    re.IGNORECASE,
)
_TAX = re.compile(r"[\s,(]*\b(plus|\+|ex\w*|without|incl?\w*|with)\.?\s+(?:gst|vat|tax|taxes)\b\)?", re.IGNORECASE)
_AT = re.compile(r"(?:\bat|@|à|\bx|×|\*)\s*$", re.IGNORECASE)
_EACH = re.compile(r"^\s*(?:each|apiece|a piece|per\s+\w+|an? \w+|/\s*\w+)\s*", re.IGNORECASE)
_JOINT = re.compile(r"(?:\bat|@|à|\bx|×|\*|\bfor|[,:=–-])\s*$", re.IGNORECASE)
_COUNT = re.compile(r"(?<![\w.,])(\d+(?:[.,]\d{1,2})?)\s*(?:x\b|×)?\s*(?=[^\W\d]|$)", re.IGNORECASE)
_LEAD = re.compile(r"^(?:for|of|on|x|×)\s+", re.IGNORECASE)
_EDGE = " \t,;:.–-"


@dataclass(frozen=True)
class Line:
    """What is billed: so many at a price each (None where none is written), in a currency (""), with tax or without."""

    text: str
    quantity: Decimal
    price: Decimal | None
    currency: str = ""
    tax: Literal["", "on top", "inside"] = ""


def to_line(text: str) -> Line:
    """Read a line."""
    taxed = _TAX.search(text)
    tax: Literal["", "on top", "inside"] = ""
    if taxed:
        tax = "inside" if taxed[1].lower().startswith(("inc", "with")) and taxed[1].lower() != "without" else "on top"
        text = text[: taxed.start()] + text[taxed.end() :]
    money = _price(text)
    if money is None:
        count = _COUNT.match(text.strip())
        rest = text.strip()[count.end() :] if count else text
        return Line(_tidy(rest), number(count[1]) if count else Decimal(1), None, "", tax)
    before, after = text[: money.start()], text[money.end() :]
    each = _EACH.match(after)
    after = after[each.end() :] if each else after
    name = (money["sign"] or money["word"] or "").lower()
    currency = CALLED.get(name, name.upper())
    quantity = Decimal(1)
    if each or _AT.search(before):
        before = _JOINT.sub("", before)
        if count := _COUNT.search(before):
            quantity, before = number(count[1]), before[: count.start()] + before[count.end() :]
        elif count := _COUNT.search(after):
            quantity, after = number(count[1]), after[: count.start()] + after[count.end() :]
    words = f"{_JOINT.sub('', before.rstrip())} {_LEAD.sub('', after.strip())}"
    return Line(_tidy(words) or text.strip(), quantity, number(money["number"]), currency, tax)


def number(text: str) -> Decimal:
    """A number with a point or a comma, with groups of thousands, with a `k`."""
    digits = re.sub(r"[\u00a0 ]", "", text.lower().rstrip("k"))
    last = max(digits.rfind("."), digits.rfind(","))
    other = "." if last >= 0 and digits[last] == "," else ","
    is_group = last >= 0 and len(digits) - last == 4 and not (digits.count(digits[last]) == 1 and other in digits)
    whole, part = (digits, "") if last < 0 or is_group else (digits[:last], digits[last + 1 :])
    value = Decimal(re.sub(r"[.,]", "", whole) + (f".{part}" if part else ""))
    return value * 1000 if text.lower().endswith("k") else value


def _price(text: str) -> re.Match[str] | None:
    """The amount that the line costs: one with a currency, else one that a noun does not follow."""
    found = [*_MONEY.finditer(text)]
    priced = [hit for hit in found if hit["sign"] or hit["word"]]
    bare = [hit for hit in found if _JOINT.search(text[: hit.start()]) or _EACH.match(text[hit.end() :])]
    last = [hit for hit in found[-1:] if not text[hit.end() :].strip(_EDGE)]
    return next(iter((priced or bare or last)[-1:]), None)


def _tidy(words: str) -> str:
    return _LEAD.sub("", " ".join(words.split()).strip(_EDGE)).strip(_EDGE)
