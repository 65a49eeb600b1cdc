"""A line of an invoice as people write it: “3 hours at 150”, “$75 for setup fee”, “kiln repair $420”."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from core.errors import Rejected
from tools.integrations.stripe.money import Money, amounts, exponent, minor, shown

_COUNT = re.compile(r"(?<![\w.,$€£¥])(?:[x×]\s*)?(\d+(?:[.,]\d{1,2})?)\s*(?:x|×)?\s+(?=[^\d\s])", re.IGNORECASE)
_AT = re.compile(r"(?:\b(?:at|for)|@|à|[,x×:–-])\s*$", re.IGNORECASE)
_EACH = re.compile(r"^\s*(?:each|apiece|a piece|per \w+|an? \w+|/\s*\w+)\b", re.IGNORECASE)
_UNIT = re.compile(r"(?:\bat|@|à|x|×)\s*$", re.IGNORECASE)
_FOR = re.compile(r"^\s*(?:for|of|on)\b", re.IGNORECASE)
_END = re.compile(r"^\s*(?:[.,;:]?\s*$|(?:for|of|on|each|apiece|per|a piece|/)(?:\b|\s|$))", re.IGNORECASE)
_LATER = re.compile(r"(?:\bfor|x|×|,)\s*(\d+)\b", re.IGNORECASE)
_EDGE = " \t,;:–-"


@dataclass(frozen=True)
class Line:
    """What is billed: a number of units at a price each; `currency` is empty where the text names none."""

    text: str
    quantity: int
    unit: Decimal
    currency: str

    def form(self, currency: str) -> dict[str, str | int]:
        """As Stripe takes it."""
        return {"description": self.text, "quantity": self.quantity, "unit_amount": minor(self.unit, currency)}

    def shown(self, currency: str) -> str:
        """As the invoice read back must show it."""
        unit = self.unit.quantize(Decimal(1).scaleb(-exponent(currency)))
        return line_text(self.text, self.quantity, unit * self.quantity, currency)


def line_text(text: str, quantity: int, amount: Decimal, currency: str) -> str:
    """A line for people."""
    return f"{quantity} × {text}: {shown(amount, currency)}"


def to_line(text: str) -> Line:
    """Read a line.

    Raises:
        Rejected: there is no amount in it.
    """
    money = _price(text)
    begin, end = money.span
    before, after = text[:begin], text[end:]
    each, counted = _EACH.match(after), _COUNT.search(before)
    if each and not counted and (later := _LATER.search(after)):
        words = after[later.end() :]
        return Line(_tidy(before, words, text), int(later[1]), money.amount, money.currency)
    if counted and (each or _UNIT.search(before)):
        words = before[: counted.start()] + _AT.sub("", before[counted.end() :])
        number = Decimal(counted[1].replace(",", "."))
        if number == number.to_integral_value():
            return Line(
                _tidy(words, after[each.end() :] if each else after, text), int(number), money.amount, money.currency
            )
        return Line(text.strip(), 1, number * money.amount, money.currency)
    words = _AT.sub("", before) if not after.strip(_EDGE + ".") else before
    return Line(_tidy(words, _FOR.sub("", after), text), 1, money.amount, money.currency)


def _price(text: str) -> Money:
    """The amount that the line costs: one with a currency, else a number that no noun follows."""
    found = amounts(text)
    priced = [money for money in found if money.currency]
    bare = [money for money in found if _END.match(text[money.span[1] :])]
    if not priced and not bare:
        raise Rejected(f"“{text}” has no amount.", fields={"items": "an amount is missing"})
    return (priced or bare)[-1]


def _tidy(before: str, after: str, whole: str) -> str:
    words = " ".join(f"{before.strip(_EDGE)} {after.strip(_EDGE)}".split())
    return words.strip(_EDGE) or whole.strip()
