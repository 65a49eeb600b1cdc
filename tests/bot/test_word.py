"""Yes, no, which one, and what is none of these."""

from __future__ import annotations

import pytest

from bot.word import option, word

ALEXES = [["Alex Novak · alex.novak@fernwick.example", "u1"], ["Alex Okonkwo · alex.okonkwo@fernwick.example", "u2"]]


@pytest.mark.parametrize(
    "text",
    ["yes", "Yes!", "y", "ok", "OK, do it", "yes please", "go ahead", "👍", "👍🏽", "sure, thanks", "LGTM", "yep yep"],
)
def test_yes(text: str) -> None:
    assert word(text) == "yes"


@pytest.mark.parametrize("text", ["no", "No.", "nope", "cancel", "never mind", "don't", "Stop!", "👎", "no thanks"])
def test_no(text: str) -> None:
    assert word(text) == "no"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes but make it high",
        "no, assign it to Joe",
        "okay what about PAY-1",
        "yesterday",
        "nothing",
        "do it tomorrow",
        "cancel the 3pm meeting",
        "yes\nand delete everything",
        "right after lunch",
        "stop the deploy workflow",
        "not yes",
    ],
)
def test_anything_longer_is_no_answer(text: str) -> None:
    assert word(text) == ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "u1"),
        ("2", "u2"),
        ("option 2", "u2"),
        ("the second one", "u2"),
        ("first", "u1"),
        ("last", "u2"),
        ("Novak", "u1"),
        ("alex okonkwo", "u2"),
        ("u2", "u2"),
        ("alex.novak@fernwick.example", "u1"),
        ("Alex", None),
        ("3", None),
        ("0", None),
        ("", None),
        ("Priya", None),
    ],
)
def test_option(text: str, value: str | None) -> None:
    assert option(text, ALEXES) == value


def test_no_option_at_all() -> None:
    assert option("1", []) is None
    assert option("last", []) is None
