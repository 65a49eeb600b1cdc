"""Charts: only of what can be compared, with every number in words, and readable."""

from __future__ import annotations

import base64
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.locale import Writer
from bot.render.chart import draw, series

HERE = Writer(ZoneInfo("Europe/Berlin"), "de_DE")


def deal(stage: str, amount: str, currency: str = "EUR") -> dict[str, Any]:
    return {"type": "deal", "stage": stage, "amount": amount, "currency": currency}


def report(*figures: tuple[str, str]) -> dict[str, Any]:
    return {"type": "report", "title": "Costs", "figures": [{"name": name, "value": value} for name, value in figures]}


def test_figures_are_drawn_and_told_as_the_person_writes_numbers() -> None:
    compared = series(report(("Rent", "12800.00"), ("Hosting $", "2210.50"), ("Travel", "38.50")))
    assert compared
    picture = draw(compared, HERE)
    assert picture.title == "Costs"
    assert picture.alt == "Bar chart of Costs: Rent 12.800,00, Hosting $ 2.210,50, Travel 38,50."
    assert base64.b64decode(picture.png).startswith(b"\x89PNG")


def test_deals_are_summed_by_stage() -> None:
    compared = series([deal("Won", "10"), deal("Open", "5.50"), deal("Won", "2"), deal("Lost", "1")])
    assert compared
    assert [(name, str(value)) for name, value in compared.bars] == [("Won", "12"), ("Open", "5.50"), ("Lost", "1")]


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        {},
        report(("Rent", "1"), ("Hosting", "2")),
        report(("Rent", "1"), ("Hosting", "2"), ("Share", "12%")),
        report(("Rent", "1"), ("Hosting", "2"), ("Odd", "NaN")),
        [deal("Won", "1"), deal("Open", "2"), deal("Lost", "3", "USD")],
        [deal("Won", "1"), deal("Open", "2"), {"type": "task", "title": "x"}],
    ],
)
def test_what_cannot_be_compared_is_not_drawn(result: Any) -> None:
    assert series(result) is None
