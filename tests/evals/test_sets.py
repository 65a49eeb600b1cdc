"""The frozen sets are what their README says, and the catalogue offers every call that they ask for."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.tool import Call
from evals.case import Case, Prediction, is_matcher, load_cases
from evals.run import evaluate

SETS = Path(__file__).parents[2] / "evals" / "sets"
SEVEN = SETS / "seven.jsonl"
ROW = re.compile(r"^\| `([\w.]+\.jsonl)` \| (\d+) \| \d{4}-\d\d-\d\d \| `([0-9a-f]{64})` \|$", re.MULTILINE)
KIND = re.compile(r"^\| `(\w+)` \| (\d+) \|", re.MULTILINE)
Operations = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    return load_cases(SEVEN)


@pytest.fixture(scope="module", params=["seven", "apart"])
def any_cases(request: pytest.FixtureRequest) -> tuple[Case, ...]:
    return load_cases(SETS / f"{request.param}.jsonl")


@pytest.fixture(scope="module")
def operations() -> Operations:
    folder = os.environ.get("ATOM_DESCRIPTIONS")
    if not folder:
        pytest.skip("ATOM_DESCRIPTIONS is not set: no catalogue to check names against")
    files = sorted((Path(folder) / "catalog").glob("*.yaml"))
    return {item["name"]: item for file in files for item in yaml.safe_load(file.read_text("utf-8"))["operations"]}


def literals(gold: Any) -> Iterator[Any]:
    """Every literal in a gold value."""
    if not is_matcher(gold):
        yield from gold if isinstance(gold, list) else [gold]
        return
    for inner in [gold["may"]] if "may" in gold else gold.get("any", []):
        yield from literals(inner)


def answer(gold: Any) -> Any:
    """The plainest right value: None where the argument may be left out."""
    if not is_matcher(gold):
        return gold
    if "ref" in gold:
        return f"{{{{{gold['ref']}.{gold['field']}}}}}"
    if "any" in gold:
        return answer(gold["any"][0])
    return None if "may" in gold else gold.get("text") or " ".join(gold["contains"])


def test_no_set_was_edited_after_it_was_frozen() -> None:
    rows = {name: (int(count), digest) for name, count, digest in ROW.findall((SETS / "README.md").read_text("utf-8"))}
    assert set(rows) == {path.name for path in SETS.glob("*.jsonl")}
    for name, (count, digest) in rows.items():
        content = (SETS / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        assert len(content.splitlines()) == count


def test_the_readme_counts_the_kinds(cases: tuple[Case, ...]) -> None:
    counted = Counter(case.id.partition("-")[0] for case in cases)
    assert dict(counted) == {kind: int(n) for kind, n in KIND.findall((SETS / "README.md").read_text("utf-8"))}


def test_clarify_and_decline_are_what_their_tags_say(cases: tuple[Case, ...]) -> None:
    for case in cases:
        kind = case.id.partition("-")[0]
        assert kind in case.tags
        assert case.expect == (kind if kind in ("clarify", "decline") else "call")
        assert (len(case.gold) == 0) == (case.expect == "decline")
        assert case.now.utcoffset() == case.now.astimezone(case.user.zone).utcoffset()


def test_every_gold_call_is_one_the_catalogue_offers(any_cases: tuple[Case, ...], operations: Operations) -> None:
    faults = []
    for case in any_cases:
        for call in case.gold:
            params: dict[str, Any] = operations[call.tool]["params"]
            faults += [f"{case.id}: {call.tool} has no {name}" for name in call.args if name not in params]
            for name, value in call.args.items():
                allowed = params.get(name, {}).get("enum")
                faults += [f"{case.id}: {name} {v!r}" for v in literals(value) if allowed and v not in allowed]
            if case.expect == "call":
                needed = [name for name, param in params.items() if param.get("required")]
                faults += [f"{case.id}: {call.tool} lacks {name}" for name in needed if name not in call.args]
    assert faults == []


def test_every_operation_of_the_seven_is_asked_for(cases: tuple[Case, ...], operations: Operations) -> None:
    asked = {call.tool for case in cases if case.expect == "call" for call in case.gold}
    seven = {name.partition(".")[0] for name in asked}
    assert len(seven) == 7
    assert {name for name in operations if name.partition(".")[0] in seven} == asked


def test_every_operation_there_is_is_asked_for(operations: Operations) -> None:
    cases = load_cases(SETS / "apart.jsonl")
    assert {call.tool for case in cases if case.expect == "call" for call in case.gold} == {*operations}
    assert len({case.id for case in cases}) == len(cases)


async def test_the_plainest_right_answers_score_in_full(any_cases: tuple[Case, ...]) -> None:
    async def interpret(case: Case) -> Prediction:
        calls = [
            Call(tool=call.tool, args={name: answer(value) for name, value in call.args.items()}) for call in case.gold
        ]
        return Prediction(id=case.id, outcome=case.expect, calls=tuple(calls))

    report = await evaluate(any_cases, interpret, [], data="a set", brain="the answers")
    assert report.failures == ()
    assert report.summary.all.full.share == 1
