"""One run: every case through an interpreter, judged and reported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import perf_counter

from core.errors import InvalidArgument
from core.records import Person
from core.tool import Tool
from evals.case import Case, Prediction
from evals.report import Report, report
from evals.score import judge

Interpret = Callable[[Case], Awaitable[Prediction]]


async def predict(cases: Iterable[Case], interpret: Interpret) -> list[Prediction]:
    """What the interpreter makes of each case, one after another so that times are true.

    Where it does not say how long it took, the time of the call is filled in.
    """
    found = []
    for case in cases:
        begun = perf_counter()
        prediction = await interpret(case)
        spent = (perf_counter() - begun) * 1000
        found.append(prediction if prediction.ms is not None else prediction.model_copy(update={"ms": spent}))
    return found


def grade(
    cases: Sequence[Case],
    predictions: Iterable[Prediction],
    tools: Iterable[Tool],
    *,
    data: str,
    brain: str,
    people: Sequence[Person] = (),
) -> Report:
    """The report on predictions made before.

    Raises:
        InvalidArgument: a case has no prediction, or a prediction no case.
    """
    by_id = {prediction.id: prediction for prediction in predictions}
    ids = {case.id for case in cases}
    if odd := sorted(ids ^ by_id.keys()):
        raise InvalidArgument(f"Cases and predictions do not belong together: {', '.join(odd[:5])}.")
    catalogue = {tool.id: tool for tool in tools}
    verdicts = [judge(case, by_id[case.id], catalogue, people) for case in cases]
    return report(verdicts, data=data, brain=brain)


async def evaluate(
    cases: Sequence[Case],
    interpret: Interpret,
    tools: Sequence[Tool],
    *,
    data: str,
    brain: str,
    people: Sequence[Person] = (),
) -> Report:
    """The report of an interpreter on cases; `tools` give effects, defaults, types; `people` who is who."""
    predictions = await predict(cases, interpret)
    return grade(cases, predictions, tools, data=data, brain=brain, people=people)
