"""References to earlier results: found, filled, shown."""

from __future__ import annotations

import pytest

from agent.reference import filled, references, shown
from core.errors import InvalidArgument

RESULTS = {
    0: {"id": "10", "key": "PAY-1", "url": "https://x.example/PAY-1", "title": "Cart"},
    1: [{"id": "a"}, {"id": "b"}],
}


def test_found_however_deep() -> None:
    value = {"text": "see {{0.url}} and {{ 1.id }}", "list": [{"$ref": 2, "field": "id"}], "plain": 3}
    assert references(value) == {0, 1, 2}
    assert references("{{x}} {0} {{}} {{1}}") == set()


def test_filled() -> None:
    assert filled("see {{0.url}} ({{0.title}})", RESULTS) == "see https://x.example/PAY-1 (Cart)"
    assert filled({"issue": {"$ref": 0, "field": "key"}}, RESULTS) == {"issue": "PAY-1"}
    assert filled(["{{0.url}}", {"$ref": 1, "field": "url"}], RESULTS) == ["https://x.example/PAY-1", "a"]
    assert filled(7, RESULTS) == 7


def test_a_result_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InvalidArgument, match="Step 3 gave nothing"):
        filled("{{2.url}}", RESULTS)
    with pytest.raises(InvalidArgument, match="gave no colour"):
        filled("{{0.colour}}", RESULTS)


def test_text_that_was_filled_in_is_not_filled_again() -> None:
    sly = {0: {"url": "{{1.id}}"}, 1: {"id": "secret"}}
    assert filled("{{0.url}}", sly) == "{{1.id}}"


def test_shown_in_words() -> None:
    assert shown("see {{0.url}}") == "see (the link from step 1)"
    assert shown({"$ref": 1, "field": "key"}) == "(the key from step 2)"
    assert shown([True, "a", 2]) == "yes, a, 2"
