from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from evals.value import as_day, as_moment, as_money, as_number, as_seconds, holds, normal, token_f1

TOKYO = ZoneInfo("Asia/Tokyo")


def test_normal_drops_case_space_quotes_and_a_leading_mark() -> None:
    assert normal("  #Eng-OnCall ") == "eng-oncall"
    assert normal("“I’m   out”") == normal('"I\'m out"')
    assert normal("@Priya") == "priya"
    assert normal("ticket #5") == "ticket #5"


@pytest.mark.parametrize(
    ("came", "value"),
    [
        ("12,000", 12000),
        ("1.5k", 1500),
        (7, 7),
        (7.0, 7),
        ("seven", None),
        (True, None),
        ("", None),
        ("1-2", None),
    ],
)
def test_numbers_by_value(came: Any, value: int | None) -> None:
    assert as_number(came) == value


@pytest.mark.parametrize(
    ("came", "value"),
    [
        ("$2,400", (2400, "usd")),
        ("80 EUR", (80, "eur")),
        ("€19.50", (Decimal("19.5"), "eur")),
        ("30k", (30000, "")),
        ({"amount": "12", "currency": "GBP"}, (12, "gbp")),
        ("USD 5 EUR", None),
        ("a lot", None),
    ],
)
def test_money_has_an_amount_and_perhaps_a_currency(came: Any, value: Any) -> None:
    assert as_money(came) == value


@pytest.mark.parametrize(
    "came", ["90m", "1h30m", "1h 30min", "1.5 hours", "PT1H30M", "1:30", 90, "1 hour and 30 minutes"]
)
def test_durations_however_written(came: Any) -> None:
    assert as_seconds(came) == 5400


@pytest.mark.parametrize("came", ["soon", "", "2 sheep", None])
def test_what_is_no_duration(came: Any) -> None:
    assert as_seconds(came) is None


def test_moments_move_to_the_zone_and_naive_ones_stay() -> None:
    assert as_moment("2026-11-24T23:30:59Z", TOKYO) == as_moment("2026-11-25T08:30", TOKYO)
    assert as_day("2026-11-24T23:30:00+00:00", TOKYO) == as_day("2026-11-25", TOKYO)
    assert as_day("next week", TOKYO) is None


def test_holds_wants_whole_words_in_any_order() -> None:
    assert holds("The 1:1 with Farah, moved", ["farah", "1:1"])
    assert not holds("checkouts", ["checkout"])


def test_token_f1_counts_repeats() -> None:
    assert token_f1("a b", "b a") == 1
    assert token_f1("a a b", "a b") == pytest.approx(0.8)
    assert token_f1("a", "b") == 0
