"""Amounts, and what is taken off them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.errors import Rejected

VALUE = re.compile(r"[^\d%]*(\d+(?:[.,]\d+)?)\s*(%|percent\b|pct\b)?", re.IGNORECASE)


def money(bag: Mapping[str, Any] | None) -> tuple[Decimal | None, str]:
    """An amount in the shop's currency, and the currency."""
    told = (bag or {}).get("shopMoney")
    return (Decimal(str(told["amount"])), str(told["currencyCode"])) if told else (None, "")


def value_of(text: str) -> tuple[bool, Decimal]:
    """Whether "15%" or "£10" is a percentage, and how much.

    Raises:
        Rejected: it is neither.
    """
    hit = VALUE.search(text)
    amount = Decimal(hit[1].replace(",", ".")) if hit else Decimal(0)
    if not hit or amount <= 0 or (hit[2] and amount > 100):
        raise Rejected(f"“{text}” is no discount; it looks like 15% or 10.00.", fields={"value": "not understood"})
    return bool(hit[2]), amount


def taken_off(is_percentage: bool, value: Any, currency: str) -> str:
    """A discount as people write it: `15%` or `10.00 EUR`."""
    number = Decimal(str(value))
    return f"{number.normalize():f}%" if is_percentage else f"{number:.2f} {currency}".strip()
