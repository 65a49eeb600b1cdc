"""What counts as right, and what as junk."""

from __future__ import annotations

from typing import Any

import pytest

from evals.memory.judge import check, judge_kept, judge_wanted
from evals.memory.play import Kept, Made, Played, Seen
from evals.memory.report import Figures, Report
from evals.memory.script import Script, Turn

DANA = "dana.whitlock"


def played(*turns: tuple[dict[str, Any], Seen], **more: Any) -> Played:
    """A script of one day with what came of it."""
    said = [Turn.model_validate({"who": DANA, "say": "…", **turn}) for turn, _ in turns]
    script = Script(id="one", theme="", systems=("jira",), days=(tuple(said),), **more)
    return Played(script, [(turn, seen) for turn, (_, seen) in zip(said, turns, strict=True)])


def made(tool: str, status: str = "planned", who: str = DANA, **args: Any) -> Made:
    """A call."""
    return Made(tool, who, status, args, {})


@pytest.mark.parametrize(
    ("turn", "seen", "is_right"),
    [
        ({"score": "recall", "has": ["Growth"]}, Seen("Your board is Growth."), True),
        ({"score": "recall", "has": ["Growth"]}, Seen("Which board?"), False),
        ({"score": "recall", "has": ["short|brief"]}, Seen("You like them brief."), True),
        ({"score": "leak", "lacks": ["Growth"]}, Seen("Outgrowth."), True),
        ({"score": "leak", "lacks": ["Growth"]}, Seen("growth, it seems"), False),
        ({"score": "leak", "openly": ["Growth"]}, Seen("Growth", ""), True),
        ({"score": "leak", "openly": ["Growth"]}, Seen("Growth", "Growth"), False),
        ({"score": "argument", "plan": {"jira.create_issue": {"project": "PAY"}}}, Seen(), False),
    ],
)
def test_words_are_whole_and_either_of_two_will_do(turn: dict[str, Any], seen: Seen, is_right: bool) -> None:
    assert [one.is_right for one in check(played((turn, seen)))] == [is_right]


@pytest.mark.parametrize(
    ("plan", "args", "is_right"),
    [
        ({"project": "PAY"}, {"project": "Payments (PAY)"}, True),
        ({"project": "PAY"}, {"project": "WEB"}, False),
        ({"project": ["PAY", "MOB"]}, {"project": "MOB"}, True),
        ({"priority": None}, {"project": "PAY"}, True),
        ({"priority": None}, {"priority": "High"}, False),
        ({"duration|end": ["11:30"]}, {"end": "2026-11-25T11:30:00+00:00"}, True),
        ({"duration|end": ["30 minutes"]}, {"duration": "30 minutes"}, True),
    ],
)
def test_an_argument_is_read_as_it_is_sent(plan: dict[str, Any], args: dict[str, Any], is_right: bool) -> None:
    turn = {"score": "argument", "plan": {"jira.create_issue": plan}}
    assert [one.is_right for one in check(played((turn, Seen(calls=(made("jira.create_issue", **args),)))))] == [
        is_right
    ]


def test_what_was_filled_where_nothing_was_said_is_false() -> None:
    turn = {"score": "asks", "asks": ["priority"]}
    plays = [
        played((turn, Seen(calls=(made("jira.create_issue", project="PAY"),)))),
        played((turn, Seen(calls=(made("jira.create_issue", priority="High"),)))),
    ]
    figures = Figures.of(plays, 1.0)
    assert (figures.false_fill.hits, figures.false_fill.n) == (1, 2)


def test_what_is_stored_is_a_fact_or_a_deed_or_junk() -> None:
    play = played(({}, Seen()), keep={DANA: [["board", "Growth"]]}, never=("dentist",))
    play.done = [made("jira.create_issue", "done", project="PAY")]
    play.kept = [
        Kept(DANA, "fact", "person", "Your board is Growth"),
        Kept(DANA, "fact", "person", "Your board is Platform"),
        Kept(DANA, "episode", "person", "Created an issue in PAY"),
        Kept(DANA, "episode", "person", "Created an issue in WEB"),
        Kept(DANA, "fact", "person", "PAY"),
        Kept(DANA, "fact", "person", "Growth board talk at the dentist"),
        Kept("ken.sato", "fact", "person", "Your board is Growth"),
    ]
    found = judge_kept(play)
    assert [one.is_right for one in found] == [True, False, True, False, False, False, False]
    assert [one.text for one in found if one.is_secret] == ["Growth board talk at the dentist"]
    assert [one.is_there for one in judge_wanted(play)] == [True]


def test_the_report_says_that_there_is_no_memory() -> None:
    off = Figures.of([played(({"score": "leak", "lacks": ["Growth"]}, Seen("Growth")))], 1.0)
    report = Report(scripts=1, turns=1, checksum="0" * 64, on=None, off=off, outright=off)
    assert "has no memory" in report.to_markdown()
    assert "1 of 1 probes" in report.to_markdown()
    assert off.junk is None
    both = Report(scripts=1, turns=1, checksum="0" * 64, on=off, off=off, outright=off)
    assert "| memory on | memory off |" in both.to_markdown()
    assert Report.model_validate_json(both.to_json()) == both
