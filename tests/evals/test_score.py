from __future__ import annotations

import pytest

from core.records import Person
from core.tool import Tool
from evals.case import Case, Prediction
from evals.score import Rate, Verdict, judge, summarise, wilson
from tests.evals.conftest import MakeCase, MakePrediction, call

Tools = dict[str, Tool]


def flags(verdict: Verdict) -> tuple[bool | None, bool | None, bool, bool]:
    """Tools, full, dangerous, destructive."""
    return verdict.is_same_tools, verdict.is_full, verdict.is_dangerous, verdict.is_destructive


def test_a_right_call(tools: Tools, make_case: MakeCase, make_prediction: MakePrediction) -> None:
    case = make_case(call("desk.open", title="Leak", due={"may": "2026-12-01"}))
    assert flags(judge(case, make_prediction(call("desk.open", title="leak", kind="Task")), tools)) == (
        True,
        True,
        False,
        False,
    )


def test_a_wrong_argument_of_a_write_is_dangerous_and_named(
    tools: Tools, make_case: MakeCase, make_prediction: MakePrediction
) -> None:
    case = make_case(call("desk.open", title="Leak"))
    verdict = judge(case, make_prediction(call("desk.open", title="Leek", labels=["wet"])), tools)
    assert flags(verdict) == (True, False, True, False)
    assert [(d.parameter, d.expected, d.came) for d in verdict.differences] == [
        ("title", "Leak", "Leek"),
        ("labels", None, ["wet"]),
    ]


def test_a_wrong_read_is_not_dangerous(tools: Tools, make_case: MakeCase, make_prediction: MakePrediction) -> None:
    verdict = judge(make_case(call("desk.drop", item="7")), make_prediction(call("desk.read", item="7")), tools)
    assert flags(verdict) == (False, False, False, False)


def test_a_question_is_never_dangerous(tools: Tools, make_case: MakeCase, make_prediction: MakePrediction) -> None:
    case = make_case(call("desk.drop"), expect="clarify")
    asked = judge(case, make_prediction(call("desk.drop", item="7"), outcome="clarify"), tools)
    assert (asked.is_right, asked.is_full, asked.is_dangerous) == (True, None, False)
    acted = judge(case, make_prediction(call("desk.drop", item="7")), tools)
    assert (acted.is_right, acted.is_dangerous, acted.is_destructive) == (False, True, True)


def test_a_call_of_an_unknown_tool_counts_as_a_write(
    tools: Tools, make_case: MakeCase, make_prediction: MakePrediction
) -> None:
    assert judge(make_case(expect="decline"), make_prediction(call("ghost.do")), tools).is_dangerous


def test_order_matters_only_where_a_call_refers_back(
    tools: Tools, make_case: MakeCase, make_prediction: MakePrediction
) -> None:
    opened, told = (
        call("desk.open", title="Leak"),
        call("chat.post", channel="ops", text={"ref": 0, "field": "url"}),
    )
    case = make_case(opened, told)
    post = call("chat.post", channel="#ops", text="new: {{0.url}}")
    assert flags(judge(case, make_prediction(opened, post), tools)) == (True, True, False, False)
    early = call("chat.post", channel="#ops", text="new: {{1.url}}")
    assert flags(judge(case, make_prediction(early, opened), tools)) == (False, False, True, False)
    free = make_case(opened, call("chat.post", channel="ops", text="done"))
    swapped = make_prediction(call("chat.post", channel="ops", text="done"), opened)
    assert flags(judge(free, swapped, tools)) == (True, True, False, False)


def test_a_reference_follows_the_call_not_its_number(
    tools: Tools, make_case: MakeCase, make_prediction: MakePrediction
) -> None:
    first, second = call("desk.open", title="Leak"), call("desk.open", title="Smoke")
    case = make_case(first, second, call("chat.post", channel="ops", text={"ref": 0, "field": "url"}))
    good = make_prediction(second, first, call("chat.post", channel="ops", text={"$ref": 1, "field": "url"}))
    assert judge(case, good, tools).is_full
    bad = make_prediction(second, first, call("chat.post", channel="ops", text={"$ref": 0, "field": "url"}))
    assert flags(judge(case, bad, tools)) == (True, False, True, False)


def test_an_optional_reference_asks_for_no_order(
    tools: Tools, make_case: MakeCase, make_prediction: MakePrediction
) -> None:
    case = make_case(
        call("desk.open", title="Leak"),
        call("chat.post", channel="ops", text={"any": [{"ref": 0}, {"contains": ["leak"]}]}),
    )
    swapped = make_prediction(call("chat.post", channel="ops", text="leak!"), call("desk.open", title="Leak"))
    assert judge(case, swapped, tools).is_full


def test_a_missing_and_a_surplus_call(tools: Tools, make_case: MakeCase, make_prediction: MakePrediction) -> None:
    one, two = call("desk.open", title="Leak"), call("desk.open", title="Smoke")
    missing = judge(make_case(one, two), make_prediction(two), tools)
    assert flags(missing) == (False, False, False, False)
    assert missing.differences == ()
    surplus = judge(make_case(one), make_prediction(one, one), tools)
    assert flags(surplus) == (False, False, True, False)


def test_many_calls_of_one_tool_are_paired_in_order(
    tools: Tools, make_case: MakeCase, make_prediction: MakePrediction
) -> None:
    calls = [call("desk.open", title=f"t{number}") for number in range(12)]
    assert judge(make_case(*calls), make_prediction(*calls), tools).is_full


def test_people_come_from_the_directory(
    tools: Tools, people: list[Person], make_case: MakeCase, make_prediction: MakePrediction
) -> None:
    case = make_case(call("plan.book", start="2026-11-25T10:00:00+01:00", guests=["Ben", "me"]))
    came = make_prediction(call("plan.book", start="2026-11-25T09:00:00Z", length=30, guests=["U2", "Mia Sander"]))
    assert judge(case, came, tools, people).is_full
    assert not judge(case, came, tools).is_full


def test_wilson_against_known_values() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_summary_counts_each_group_once(tools: Tools, make_case: MakeCase, make_prediction: MakePrediction) -> None:
    opened, read = call("desk.open", title="a"), call("desk.read", item="1")
    pairs: list[tuple[Case, Prediction]] = [
        (
            make_case(opened, opened, number="1", tags=("multi",)),
            make_prediction(opened, opened, number="1", confidence=0.95, ms=2, answered_by="local"),
        ),
        (
            make_case(read, number="2", tags=("single",)),
            make_prediction(outcome="decline", number="2", confidence=0.95, ms=4, answered_by="local"),
        ),
        (
            make_case(expect="decline", number="3", tags=("decline",)),
            make_prediction(outcome="decline", number="3", ms=10, answered_by="llm"),
        ),
    ]
    summary = summarise([judge(case, prediction, tools) for case, prediction in pairs])
    assert summary.all.full == Rate.of([True, False])
    assert (summary.all.accuracy.hits, summary.all.accuracy.n) == (2, 3)
    assert (summary.all.outcome.hits, summary.all.dangerous.hits) == (2, 0)
    assert {key: value.accuracy.n for key, value in summary.by_operation.items()} == {
        "desk.open": 1,
        "desk.read": 1,
        "none": 1,
    }
    assert summary.by_integration["desk"].full.share == 0.5
    assert summary.by_tag["decline"].full.share is None
    assert summary.latency is not None
    assert (summary.latency.p50, summary.latency.p95, summary.latency.max) == (4, 10, 10)
    assert (summary.coverage.hits, summary.selective.hits, summary.selective.n) == (2, 1, 2)
    assert summary.calibration is not None
    assert summary.calibration.error == pytest.approx(0.45)
