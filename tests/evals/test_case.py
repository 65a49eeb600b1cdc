from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidArgument
from evals.case import load_cases, load_predictions

LINE: dict[str, Any] = {
    "id": "a",
    "utterance": "open it",
    "now": "2026-11-24T09:00:00+01:00",
    "user": {"name": "Mia", "email": "mia@firm.example", "timezone": "Europe/Berlin"},
    "expect": "call",
    "gold": [{"tool": "desk.open", "args": {"title": "it"}}],
}


def written(tmp_path: Path, *lines: Any) -> Path:
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return path


def test_context_and_tags_may_be_left_out_and_blank_lines_are_skipped(tmp_path: Path) -> None:
    cases = load_cases(written(tmp_path, LINE, "", LINE | {"id": "b", "utterance": "line\u2028break"}))
    assert [case.id for case in cases] == ["a", "b"]
    assert cases[0].context == ()


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("{", "line 2: Invalid JSON"),
        (LINE, "line 2: id 'a' was used on line 1"),
        (LINE | {"id": "b", "expect": "maybe"}, "line 2: expect: "),
        (LINE | {"id": "b", "now": "2026-11-24T09:00:00"}, "line 2: now: "),
        (
            LINE | {"id": "b", "user": {"name": "M", "timezone": "Mars/North"}},
            "user.timezone: unknown time zone",
        ),
        (LINE | {"id": "b", "gold": []}, "a case that expects a call needs `gold`"),
        (LINE | {"id": "b", "gold": [{"tool": "t", "args": {"x": {"ref": 3}}}]}, "t, x: `ref` names no call"),
        (
            LINE | {"id": "b", "gold": [{"tool": "t", "args": {"x": {"any": []}}}]},
            "t, x: `any` must be a list",
        ),
        (
            LINE | {"id": "b", "gold": [{"tool": "t", "args": {"x": {"may": {"text": 1}}}}]},
            "`text` must be a text",
        ),
        (
            LINE | {"id": "b", "gold": [{"tool": "t", "args": {"x": {"contains": "w"}}}]},
            "`contains` must be a list",
        ),
        ({"id": "b"}, "utterance: Field required"),
    ],
)
def test_an_error_names_the_line_and_the_reason(tmp_path: Path, bad: Any, says: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        load_cases(written(tmp_path, LINE, bad))
    assert says in caught.value.message


def test_no_file_and_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="cannot be read"):
        load_cases(tmp_path / "none.jsonl")
    with pytest.raises(InvalidArgument, match="holds no line"):
        load_cases(written(tmp_path, ""))


def test_predictions_load_too(tmp_path: Path) -> None:
    line = {"id": "a", "outcome": "call", "calls": [{"tool": "t", "args": {}}], "confidence": 0.5, "ms": 3}
    assert load_predictions(written(tmp_path, line))[0].calls[0].tool == "t"
    with pytest.raises(InvalidArgument, match="line 1: confidence"):
        load_predictions(written(tmp_path, line | {"confidence": 2}))
