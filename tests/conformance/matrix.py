"""The promises, the tests that are marked as holding them, and the table of both. No test is run or imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "chat-conformance.md"
PLATFORMS = ("slack", "teams", "web")
FOLDERS: Mapping[str, tuple[str, ...]] = {
    "tests/bot/slack/": ("slack",),
    "tests/manifest/test_slack.py": ("slack",),
    "tests/bot/teams/": ("teams",),
    "tests/manifest/test_teams.py": ("teams",),
    "tests/bot/web/": ("web",),
    "tests/bot/render/test_block_kit.py": ("slack",),
    "tests/bot/render/test_mrkdwn.py": ("slack",),
    "tests/bot/render/test_adaptive_card.py": ("teams",),
    "tests/transcripts/": ("slack", "teams"),
}
HEAD = """# What is promised in chat, and what holds it

Made by `python -m tests.conformance` from the tests that carry `@pytest.mark.behaviour("…")`; a test of the house
compares this page with them. “Shared” are tests of what stands behind every platform.
"""


class Behaviour(BaseModel):
    """One promise; `absent` says on which platforms there is no such thing, and why. What is `neutral` is done behind
    every platform alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    promise: str = Field(alias="is")
    absent: dict[str, str] = Field(default={}, alias="not")
    neutral: bool = False


@dataclass(frozen=True)
class Held:
    """A test that holds a behaviour on some platforms; on none, behind all of them."""

    key: str
    path: str
    test: str
    line: int
    platforms: tuple[str, ...]


def catalogue() -> dict[str, dict[str, Behaviour]]:
    """The behaviours by chapter and key."""
    data = yaml.safe_load((Path(__file__).parent / "catalogue.yaml").read_text(encoding="utf-8"))
    return {
        chapter: {key: Behaviour.model_validate(one) for key, one in behaviours.items()}
        for chapter, behaviours in data.items()
    }


def marked() -> list[Held]:
    """Every test that is marked, in the order of files and lines."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [held for path in files for held in _in_file(path)]


def _in_file(path: Path) -> Iterator[Held]:
    text = path.read_text(encoding="utf-8")
    if "mark.behaviour(" not in text:
        return
    name = path.relative_to(ROOT).as_posix()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for call in _marks(node):
                keys = [ast.literal_eval(one) for one in call.args]
                given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
                where = given.get("on") or next(
                    (found for start, found in FOLDERS.items() if name.startswith(start)), ()
                )
                platforms = (where,) if isinstance(where, str) else tuple(where)
                yield from (Held(key, name, node.name, node.lineno, platforms) for key in keys)


def _marks(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.Call]:
    return [
        one
        for one in node.decorator_list
        if isinstance(one, ast.Call) and ast.unparse(one.func) == "pytest.mark.behaviour"
    ]


def document() -> str:
    """The page."""
    held, parts = marked(), [HEAD]
    for chapter, behaviours in catalogue().items():
        parts += [
            f"## {chapter}",
            "",
            "| behaviour | Slack | Teams | web | shared |",
            "| --- | --- | --- | --- | --- |",
        ]
        parts += [_row(key, one, [test for test in held if test.key == key]) for key, one in behaviours.items()]
        parts.append("")
    return "\n".join([*parts, *_gaps(held)]).rstrip() + "\n"


def _row(key: str, one: Behaviour, tests: Sequence[Held]) -> str:
    shared = [test for test in tests if not test.platforms]
    cells = [_cell(one, platform, [test for test in tests if platform in test.platforms]) for platform in PLATFORMS]
    return f"| {one.promise} (`{key}`) | {' | '.join(cells)} | {_links(shared) or '–'} |"


def _cell(one: Behaviour, platform: str, tests: Sequence[Held]) -> str:
    return f"*{one.absent[platform]}*" if platform in one.absent else _links(tests) or "–"


def _links(tests: Sequence[Held]) -> str:
    """The tests, each once; a page in docs/ links to the file."""
    names = {test.test: f"[{test.test.removeprefix('test_').replace('_', ' ')}](../{test.path})" for test in tests}
    return "<br>".join(names.values())


def gaps(held: Sequence[Held]) -> dict[str, list[str]]:
    """Where nothing holds a promise: platforms without a test of their own, unless one behind all of them will do."""
    found: dict[str, list[str]] = {}
    for behaviours in catalogue().values():
        for key, one in behaviours.items():
            tests = [test for test in held if test.key == key]
            is_shared = one.neutral and any(not test.platforms for test in tests)
            lacking = [
                platform
                for platform in PLATFORMS
                if platform not in one.absent and not is_shared and all(platform not in t.platforms for t in tests)
            ]
            if lacking:
                found[key] = lacking
    return found


def _gaps(held: Sequence[Held]) -> list[str]:
    found = gaps(held)
    total = sum(len(behaviours) for behaviours in catalogue().values())
    lines = [f"- `{key}`: {', '.join(platforms)}" for key, platforms in found.items()]
    said = f"{total - len(found)} of {total} behaviours are held on every platform that has them."
    return ["## Gaps", "", said, "", *(lines or ["None."])]
