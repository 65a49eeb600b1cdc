"""The brains as the evaluation calls them: the local one, a language model behind an endpoint, and both."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.interpretation import Interpretation, Request
from core.errors import ConfigInvalid
from core.tool import Call, Tool
from evals.brain import Asked, Local, WithLanguageModel, request_of
from evals.case import Case
from evals.cli import side_by_side
from tests.agent.llm import call, endpoint, say
from tools.registry import offered

CASE = Case.model_validate(
    {
        "id": "a",
        "utterance": "who has PAY-7?",
        "now": "2026-11-24T09:00:00+01:00",
        "user": {"name": "Ana", "email": "ana@acme.example", "timezone": "Europe/Berlin"},
        "context": [
            {"role": "user", "text": "hello"},
            {"role": "assistant", "text": "", "calls": [{"tool": "jira.get_issue", "args": {"issue": "PAY-6"}}]},
        ],
        "expect": "call",
        "gold": [{"tool": "jira.get_issue", "args": {"issue": "PAY-7"}}],
    }
)


class Fixed:
    """Reads every sentence the same, as sure as it is told to be."""

    def __init__(self, confidence: float) -> None:
        self._confidence = confidence

    def interpret(self, request: Request) -> Interpretation:
        return Interpretation("call", (Call(tool="jira.get_issue", args={"issue": "PAY-1"}),), self._confidence)

    def nearest(self, request: Request, most: int) -> list[Tool]:
        return [tool for tool in offered() if tool.id in ("jira.get_issue", "jira.assign_issue")]


def test_a_line_needs_no_more_than_its_sentence() -> None:
    asked = Asked.model_validate(
        {"id": "a", "utterance": "hi", "tools": [{"name": "greet", "description": "Greet.", "parameters": {}}]}
    )
    request = request_of(asked)
    assert request.tools is not None
    assert [tool.id for tool in request.tools] == ["greet"]


async def test_local() -> None:
    found = await Local(Fixed(0.9))(CASE)
    assert (found.outcome, found.answered_by) == ("call", "local")


async def test_a_language_model_is_asked_where_the_local_one_is_unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    async with endpoint(call("jira.get_issue", issue="PAY-7"), say("Which project?")) as model:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", model.url)
        sure = WithLanguageModel(Fixed(0.9), offered(), is_cascade=True)
        assert (await sure(CASE)).answered_by == "local"
        unsure = WithLanguageModel(Fixed(0.1), offered(), is_cascade=True)
        found = await unsure(CASE)
        assert found.calls == (Call(tool="jira.get_issue", args={"issue": "PAY-7"}),)
        assert found.answered_by == "llm"
        alone = WithLanguageModel(Fixed(0.9), offered(), is_cascade=False)
        assert (await alone(CASE)).outcome == "clarify"
        for brain in (sure, unsure, alone):
            await brain.close()


async def test_the_brains_side_by_side_with_their_cost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = tmp_path / "one.jsonl"
    data.write_text(CASE.model_dump_json() + "\n", encoding="utf-8")
    async with endpoint(*[call("jira.get_issue", issue="PAY-7")] * 2) as model:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", model.url)
        monkeypatch.setenv("ATOM_LOCAL_THRESHOLD", "1.0")
        rows = (await side_by_side(data, (2.0, 10.0))).splitlines()[2:]
    local, llm, cascade = ([cell.strip() for cell in row.strip("|").split("|")] for row in rows)
    assert [row[0] for row in (local, llm, cascade)] == ["local", "llm", "cascade"]
    assert [row[-3] for row in (local, llm, cascade)] == ["0%", "100%", "100%"]
    assert local[-1] == "$0.00"
    assert llm[-1] == cascade[-1] != "$0.00"


def test_without_a_key_it_says_so() -> None:
    with pytest.raises(ConfigInvalid, match="no language model"):
        WithLanguageModel(Fixed(0.9), offered(), is_cascade=True)
