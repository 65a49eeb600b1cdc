"""Another version of the interpreter: chosen by a setting, or tried in the shadow."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.interpretation import Request
from agent.local.encoder import WEIGHTS
from agent.local.interpreter import Interpreter
from agent.local.model import FOLDER
from agent.local.shadow import Shadowed
from core.errors import ConfigInvalid
from core.log import configure
from core.tool import Tool
from tests.agent.local.conftest import NORA, NOW


def test_a_version_from_a_folder_reads_as_the_shipped_one(
    tmp_path: Path, interpreter: Interpreter, seven: list[Tool]
) -> None:
    shutil.copytree(WEIGHTS, tmp_path / "weights")
    shutil.copytree(FOLDER, tmp_path / "fitted")
    request = Request("list my jira issues in PAY", NOW, NORA)
    other = Interpreter.of_version(seven, tmp_path)
    assert other.interpret(request).calls == interpreter.interpret(request).calls


def test_a_folder_without_a_version_says_so(tmp_path: Path, seven: list[Tool]) -> None:
    with pytest.raises(ConfigInvalid, match="no version"):
        Interpreter.of_version(seven, tmp_path)


@pytest.fixture
def loud() -> Iterator[None]:
    configure("info", json=True)
    yield
    configure()


@pytest.mark.usefixtures("loud")
def test_the_shadow_changes_nothing_and_tells_how_it_agrees(
    interpreter: Interpreter, seven: list[Tool], capsys: pytest.CaptureFixture[str]
) -> None:
    newer = Interpreter(seven[:3])  # it knows few tools, so it reads some sentences otherwise
    shadowed = Shadowed(interpreter, newer)
    texts = ["list my jira issues in PAY", "which stripe invoices are open?", "good morning"]
    found = [shadowed.interpret(Request(text, NOW, NORA)) for text in texts]
    shadowed.close()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [one.calls for one in found] == [interpreter.interpret(Request(text, NOW, NORA)).calls for text in texts]
    told = [line for line in lines if line["event"] == "shadow_read"]
    assert len(told) == len(texts)
    assert {line["is_same"] for line in told} == {True, False}
    assert not any(text in str(line) for text in texts for line in told)
