"""Lines of bills as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tools.kit.line import Line, number, to_line


@pytest.mark.parametrize(
    ("said", "text", "quantity", "price", "currency"),
    [
        ("12 hours of consulting at 140", "hours of consulting", "12", "140", ""),
        ("consulting $3,250", "consulting", "1", "3250", ""),
        ("the install, $800", "the install", "1", "800", ""),
        ("3 days of drone work at 800", "days of drone work", "3", "800", ""),
        ("40 lunches, 18 each", "lunches", "40", "18", ""),
        ("4 training days x 1.100,50 EUR", "training days", "4", "1100.50", "EUR"),
        ("build work, €14k", "build work", "1", "14000", "EUR"),
        ("broadband 129.00", "broadband", "1", "129.00", ""),
        ("£75 for setup fee", "setup fee", "1", "75", "GBP"),
        ("$18 each for 40 lunches", "lunches", "40", "18", ""),
        ("1.5 hours of tuning @ 90", "hours of tuning", "1.5", "90", ""),
        ("5 counter stands", "counter stands", "5", None, ""),
        ("A4 paper: 12.40", "A4 paper", "1", "12.40", ""),
        ("Phase 2 design 2,000 gbp", "Phase 2 design", "1", "2000", "GBP"),
    ],
)
def test_a_line_is_read(said: str, text: str, quantity: str, price: str | None, currency: str) -> None:
    wanted = Line(text, Decimal(quantity), Decimal(price) if price else None, currency)
    assert to_line(said) == wanted


def test_tax_and_numbers() -> None:
    assert to_line("site survey, $950 plus GST") == Line("site survey", Decimal(1), Decimal(950), "", "on top")
    assert to_line("site survey 950 incl. VAT").tax == "inside"
    assert [number(one) for one in ("1,204", "1.204,5", "412.90", "1 000", "2k")] == [
        Decimal(one) for one in ("1204", "1204.5", "412.90", "1000", "2000")
    ]
