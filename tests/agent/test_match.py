"""Which record a name means."""

from __future__ import annotations

import pytest

from agent.match import choose
from core.errors import Ambiguous, Candidate, Unresolved

PEOPLE = [
    Candidate("u1", "Alex Novak", "alex.novak@x.example"),
    Candidate("u2", "Alex Okonkwo", "alex.okonkwo@x.example"),
    Candidate("u3", "Inês Carvalho", "ines@x.example"),
    Candidate("u4", "Priya Raman", "priya.raman@x.example"),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Priya", "u4"),
        ("priya raman", "u4"),
        ("@Priya", "u4"),
        ("ines", "u3"),
        ("INÊS", "u3"),
        ("u2", "u2"),
        ("alex.novak@x.example", "u1"),
        ("Alex N", "u1"),
        ("“Priya”", "u4"),
    ],
)
def test_one_fits(text: str, found: str) -> None:
    assert choose("assignee", text, PEOPLE, "Jira").id == found


def test_several_fit() -> None:
    with pytest.raises(Ambiguous) as caught:
        choose("assignee", "Alex", PEOPLE, "Jira")
    assert [one.id for one in caught.value.candidates] == ["u1", "u2"]
    assert str(caught.value) == "Which assignee do you mean by “Alex”?"


def test_an_exact_name_beats_longer_ones() -> None:
    channels = [Candidate("c1", "#eng", ""), Candidate("c2", "#eng-oncall", ""), Candidate("c3", "#eng-web", "")]
    assert choose("channel", "#eng", channels, "Slack").id == "c1"


def test_none_fits() -> None:
    with pytest.raises(Unresolved, match="I found no assignee “Zoe” in Jira"):
        choose("assignee", "Zoe", [], "Jira")


def test_the_vendors_only_hit_counts_and_several_unlike_ones_ask() -> None:
    only = [Candidate("i1", "PAY-1 Cart loses items", "")]
    assert choose("issue", "the basket bug", only, "Jira").id == "i1"
    with pytest.raises(Ambiguous):
        choose("issue", "the basket bug", [*only, Candidate("i2", "PAY-2 Basket", "")], "Jira")
