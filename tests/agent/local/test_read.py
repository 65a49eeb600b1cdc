from datetime import UTC, datetime
from typing import Any

import pytest

from agent.local.read import read
from agent.local.spell import corrected

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("move pay-12 on", "key", "PAY-12"),
        ("in acme/web please", "repo", "acme/web"),
        ("close #482", "number", (482.0, "")),
        ("refund pi_3NqLk2", "id", "pi_3NqLk2"),
        ("it costs $1,200.50", "money", (1200.5, "usd")),
        ("over 50k", "money", (50000.0, "")),
        ("28,500 EUR", "money", (28500.0, "eur")),
        ("mail pat@northwind.io", "email", "pat@northwind.io"),
        ("see <https://acme.test/a|the page>", "url", "https://acme.test/a"),
        ("tell <#C012AB|eng>", "channel", "#eng"),
        ("ask <@U012AB>", "person", "U012AB"),
        ("say “we ship, and then rest”", "quote", "we ship, and then rest"),
        ("run `make test`", "quote", "make test"),
        ("open report.pdf", "file", "report.pdf"),
        ("first forty five", "number", (45.0, "")),
    ],
)
def test_a_typed_span(text: str, kind: str, value: Any) -> None:
    assert (kind, value) in [(s.kind, s.value) for s in read(text, NOW).spans]


def test_offsets_are_those_of_what_was_written() -> None:
    text = "tell <#C1|eng> “hi” by friday 👍"
    for span in read(text, NOW).spans:
        assert text[span.start : span.end] == span.text


def test_a_name_of_the_directory_is_one_span() -> None:
    spans = read("give it to mei lin", NOW, {"person": ("Mei Lin",)}).spans
    assert [(s.kind, s.value) for s in spans] == [("person", "Mei Lin")]


@pytest.mark.parametrize(
    ("slip", "word"), [("mereg", "merge"), ("delte", "delete"), ("shwo", "show"), ("priya", "priya")]
)
def test_a_slip_of_the_pen(slip: str, word: str) -> None:
    assert corrected(slip) == word
