"""The scripts ask for what there is: people, systems, tools and parameters."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from core.errors import InvalidArgument
from evals.memory.script import SCRIPTS, Script, Turn, checksum, load_scripts
from sandbox.company import Company
from tools.registry import discover

INTEGRATIONS = discover()
ROW = re.compile(r"^\| `scripts/` \| (\d+) \| \d{4}-\d\d-\d\d \| `([0-9a-f]{64})` \|$", re.MULTILINE)
KIND = re.compile(r"^\| `(\w+)` \| (\d+) \|", re.MULTILINE)
TOOLS = {tool.id: tool for kind in INTEGRATIONS.values() for tool in kind.tools.values()}


@pytest.fixture(scope="module")
def scripts() -> tuple[Script, ...]:
    return load_scripts()


def test_everybody_in_a_script_works_at_the_company(scripts: tuple[Script, ...]) -> None:
    handles = {person.handle for person in Company().people}
    assert {who.partition("@")[0] for script in scripts for who in script.people} <= handles
    for script in scripts:
        assert {who for who in script.keep if not who.startswith("#")} <= {*script.people}


def test_every_call_asked_for_is_one_that_there_is(scripts: tuple[Script, ...]) -> None:
    faults = []
    for script in scripts:
        for turn in script.turns:
            for tools, filled in turn.plan.items():
                faults += [f"{script.id}: no {tool}" for tool in tools.split("|") if tool not in TOOLS]
                known = {name for tool in tools.split("|") for name in TOOLS[tool].properties}
                names = {name for names in filled for name in names.split("|")}
                faults += [f"{script.id}: {tools} has no {name}" for name in names - known]
                faults += [f"{script.id}: not connected" for _ in {tools.partition(".")[0]} - {*script.systems}]
            faults += [f"{script.id}: no {turn.call}" for _ in {turn.call} - {"", *TOOLS}]
    assert faults == []


def test_a_script_says_what_it_measures() -> None:
    with pytest.raises(ValueError, match="names its score"):
        Turn.model_validate({"who": "dana.whitlock", "say": "hello", "has": ["Dana"]})
    with pytest.raises(ValueError, match="says something or makes a call"):
        Turn.model_validate({"who": "dana.whitlock"})


def test_two_scripts_of_one_id_are_refused(tmp_path: Path) -> None:
    one = "- {id: same, theme: t, systems: [], days: [[{who: dana.whitlock, say: hello}]]}\n"
    (tmp_path / "a.yaml").write_text(one, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(one, encoding="utf-8")
    with pytest.raises(InvalidArgument, match="same id"):
        load_scripts(tmp_path)


def test_no_script_was_edited_after_it_was_frozen(scripts: tuple[Script, ...]) -> None:
    rows = ROW.findall((SCRIPTS.parent / "README.md").read_text("utf-8"))
    assert rows == [(str(len(scripts)), checksum())]


def test_the_readme_counts_the_themes(scripts: tuple[Script, ...]) -> None:
    counted = Counter(script.id.partition("-")[0] for script in scripts)
    assert dict(counted) == {
        kind: int(n) for kind, n in KIND.findall((SCRIPTS.parent / "README.md").read_text("utf-8"))
    }


def test_scripts_take_days_and_every_integration_is_in_one(scripts: tuple[Script, ...]) -> None:
    assert {key for script in scripts for key in script.systems} == {*INTEGRATIONS}
    for script in scripts:
        assert 2 <= len(script.days) <= 8
        assert 3 <= len([*script.turns]) <= 15


def test_what_memory_should_fill_in_is_also_said_outright(scripts: tuple[Script, ...]) -> None:
    for script in scripts:
        for turn in script.turns:
            assert turn.outright or turn.score != "argument"
            assert not turn.outright or turn.outright != turn.say
