"""Amounts: Stripe counts in the smallest unit of a currency, people in the largest, and they write it in many ways."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from core.errors import Rejected

WHOLE = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
IN_THOUSANDTHS = frozenset("bhd jod kwd omr tnd".split())
DOLLARS = frozenset("usd cad aud nzd sgd hkd mxn twd".split())
CALLED = {
    "$": "usd", "us$": "usd", "dollar": "usd", "dollars": "usd", "buck": "usd", "bucks": "usd", "€": "eur",
    "euro": "eur", "euros": "eur", "£": "gbp", "pound": "gbp", "pounds": "gbp", "quid": "gbp", "¥": "jpy", "yen": "jpy",
    "franc": "chf", "francs": "chf", "fr": "chf", "sfr": "chf", "₹": "inr", "rupees": "inr", "zł": "pln",
}  # fmt: skip
_CODES = (
    "usd|eur|gbp|chf|jpy|cad|aud|nzd|sek|nok|dkk|pln|czk|huf|ron|bgn|inr|sgd|hkd|mxn|brl|zar|aed|krw|cny|ils|thb|kwd"
)
_SIGN = rf"us\$|[$€£¥₹]|(?:(?:{_CODES}|sfr|fr)\b\.?)"
_WORD = rf"[$€£¥₹]|zł|(?:(?:{_CODES}|dollars?|bucks?|euros?|pounds?|quid|yen|francs?|rupees)\b)"
NUMBER = r"\d+(?:[.,\u00a0 ]\d{3})*(?:[.,]\d+)?k?"
MONEY = re.compile(rf"(?:(?P<sign>{_SIGN})\s*)?(?<![\w.,])(?P<number>{NUMBER})(?![\w%])(?:\s*(?P<word>{_WORD}))?", re.I)


@dataclass(frozen=True)
class Money:
    """An amount found in a text; `currency` is empty where none was written."""

    amount: Decimal
    currency: str
    span: tuple[int, int]


def exponent(currency: str) -> int:
    """How many digits the smallest unit stands behind the point."""
    return 0 if currency.lower() in WHOLE else 3 if currency.lower() in IN_THOUSANDTHS else 2


def minor(amount: Decimal, currency: str) -> int:
    """An amount in the smallest unit.

    Raises:
        Rejected: it is negative or nothing, or finer than the currency.
    """
    scaled = amount.scaleb(exponent(currency))
    if scaled <= 0 or scaled != scaled.to_integral_value():
        raise Rejected(f"{amount:f} {currency.upper()} cannot be charged.", fields={"amount": "not an amount"})
    return int(scaled)


def major(amount: int | None, currency: str) -> Decimal:
    """An amount in the largest unit."""
    return Decimal(amount or 0).scaleb(-exponent(currency))


def code(text: str) -> str:
    """The lower-case ISO code of a currency as people call it.

    Raises:
        Rejected: it is none.
    """
    word = text.strip().lower().rstrip(".")
    found = CALLED.get(word, word)
    if not re.fullmatch(r"[a-z]{3}", found):
        raise Rejected(f"“{text}” is no currency that I know.", fields={"currency": "unknown"})
    return found


def shown(amount: Decimal, currency: str) -> str:
    """An amount for people: `1,800.00 USD`."""
    return f"{amount:,f} {currency.upper()}"


def amounts(text: str) -> list[Money]:
    """The amounts in a text, those with a currency first."""
    found = []
    for hit in MONEY.finditer(text):
        name = hit["sign"] or hit["word"] or ""
        found.append(Money(_number(hit["number"]), code(name) if name else "", hit.span()))
    return sorted(found, key=lambda money: not money.currency)


def agreed(wanted: str, written: set[str]) -> str:
    """The currency to charge in: the one wanted, or the one that the lines name where only the default is wanted.

    Raises:
        Rejected: the lines name several, or another one.
    """
    currency = code(wanted)
    named = {one for one in written if one and not (one == "usd" and currency in DOLLARS)}
    if not named or named == {currency}:
        return currency
    if len(named) == 1 and currency == "usd" and not written & {"usd"}:
        return named.pop()
    others = ", ".join(sorted(one.upper() for one in written if one))
    raise Rejected(
        f"The lines are in {others}, the invoice in {currency.upper()}.",
        fields={"currency": "the lines are in another"},
    )


def _number(text: str) -> Decimal:
    digits = re.sub(r"[\u00a0 ]", "", text.lower().rstrip("k"))
    last = max(digits.rfind("."), digits.rfind(","))
    is_grouping = (
        last >= 0 and len(digits) - last == 4 and not (digits.count(digits[last]) == 1 and _others(digits, last))
    )
    whole, part = (digits, "") if last < 0 or is_grouping else (digits[:last], digits[last + 1 :])
    value = Decimal(re.sub(r"[.,]", "", whole) + (f".{part}" if part else ""))
    return value * 1000 if text.lower().endswith("k") else value


def _others(digits: str, last: int) -> bool:
    """Whether the other separator stands before the last one, so that the last one is the decimal point."""
    return ("." if digits[last] == "," else ",") in digits[:last]
