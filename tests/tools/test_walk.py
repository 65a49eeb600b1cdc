"""Every operation of every integration through the assistant: proposed, approved, proven, and undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.message import Failure, Question
from tests.assistant import Office, receipts, text
from tests.description import check_answer, check_request, has_descriptions
from tests.tools.walk import Case, Reader, Walk, approve, ask, connected, difference, load, ready, without
from tools.registry import discover

KEYS = sorted(discover())


@pytest.mark.parametrize("key", KEYS)
async def test_every_operation_is_done_proven_and_undone(key: str, tmp_path: Path) -> None:
    walk, wrong = load(key), []
    async with connected(key, tmp_path) as (desk, reader, _):
        for number, case in enumerate(walk.cases):
            desk.conversation = f"c{number}"
            try:
                await go(desk, reader, walk, case)
            except Exception as problem:  # all that is wrong with an integration is told at once
                wrong.append(f"{case.tool} {dict(case.args)}: {type(problem).__name__}: {str(problem)[:600]}")
            wrong += described(await requests(desk, key), key) if has_descriptions() else []
    missing = {tool.id for tool in discover()[key].tools.values() if not tool.is_hidden} - {
        case.tool for case in walk.cases
    }
    assert not wrong, "\n".join(wrong)
    assert not missing, "\n".join(sorted(missing))


async def go(desk: Office, reader: Reader, walk: Walk, case: Case) -> None:
    """One case, from the sentence to the undo."""
    tool = desk.running.registry.tool(case.tool)
    assert tool is not None, "there is no such tool"
    args = await ready(desk, case)
    before = without(await desk.state(walk.key), walk.ignore)
    said = await ask(desk, reader, case, args)
    parts = [part for reply in said.replies for part in reply.parts]
    assert not any(isinstance(part, Failure | Question) for part in parts), text(said)
    if tool.effect == "read":
        assert parts, "it says nothing"
        return
    [line] = receipts(await approve(desk, said))
    assert line.status == "done", f"{line.status}: {line.text}"
    if tool.undo == desk.running.registry.integrations[walk.key].declarations[tool.id].irreversible:
        assert not line.undo
        return
    assert line.undo, "it has no undo"
    [back] = receipts(await approve(desk, await desk.press("undo", line.undo)))
    assert back.status == "done", f"undo {back.status}: {back.text}"
    if not case.leaves:
        left = difference(before, without(await desk.state(walk.key), walk.ignore))
        assert not left, f"after the undo {left}"


async def requests(desk: Office, key: str) -> list[dict[str, object]]:
    """What came to the vendor since it was last asked."""
    control = f"{desk.sandbox.url}/_sandbox/{key}/requests"
    found: list[dict[str, object]] = (await desk.client.get(control)).json()
    await desk.client.delete(control)
    return found


def described(rows: list[dict[str, object]], key: str) -> list[str]:
    """What the vendor's own description says against the requests and answers."""
    found: dict[str, None] = {}
    for row in rows:
        if "/oauth" in str(row["path"]):  # no vendor's description holds its sign-in
            continue
        sent = (key, str(row["method"]), str(row["path"]))
        told = check_request(*sent, row["query"], row["headers"], row["body"])  # type: ignore[arg-type]
        told += check_answer(*sent, int(str(row["status"])), row["answer"], row["body"])
        found |= dict.fromkeys(f"{row['method']} {row['path']}: {problem}" for problem in told)
    return list(found)
