from __future__ import annotations

import json

import pytest

from core.errors import InvalidArgument
from core.tool import Tool
from evals.baseline import Keyword, Nothing, floors
from evals.case import Case, Prediction
from evals.run import evaluate, grade
from tests.evals.conftest import MakeCase, MakePrediction, call

Tools = dict[str, Tool]


async def test_a_run_judges_times_and_reports(tools: Tools, make_case: MakeCase) -> None:
    cases = [
        make_case(call("desk.open", title="Leak"), tags=("single",)),
        make_case(expect="decline", number="2"),
    ]

    async def interpret(case: Case) -> Prediction:
        return Prediction(id=case.id, outcome="call", calls=(call("desk.open", title="Leak"),), answered_by="local")

    report = await evaluate(cases, interpret, list(tools.values()), data="two", brain="eager")
    assert report.summary.all.full.share == 1
    assert report.summary.all.dangerous.hits == 1
    assert report.summary.latency is not None
    assert [failure.id for failure in report.failures] == ["2"]
    shown = report.to_markdown(await floors(cases, list(tools.values()), data="two"))
    assert "| eager | 2 | 100.0% (20.7% to 100.0%)" in shown
    assert "| baseline: nothing | 2 | 0.0%" in shown
    assert "`2` **dangerous** do it" in shown
    assert 'came call: `desk.open {"title": "Leak"}`' in shown
    assert json.loads(report.to_json())["summary"]["all"]["accuracy"]["hits"] == 1


async def test_the_baselines_are_floors(tools: Tools, make_case: MakeCase) -> None:
    case = make_case(call("desk.read", item="7")).model_copy(update={"utterance": "read desk 7"})
    assert (await Nothing()(case)).outcome == "decline"
    keyword = Keyword(list(tools.values()))
    assert (await keyword(case)).calls == (call("desk.read"),)
    assert (await keyword(case.model_copy(update={"utterance": "??"}))).outcome == "decline"


def test_predictions_must_belong_to_the_cases(
    tools: Tools, make_case: MakeCase, make_prediction: MakePrediction
) -> None:
    with pytest.raises(InvalidArgument, match="do not belong together: 1, 9"):
        grade(
            [make_case(expect="decline")],
            [make_prediction(outcome="decline", number="9")],
            tools.values(),
            data="d",
            brain="b",
        )
