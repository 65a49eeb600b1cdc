"""Streams of every integration: whole from the beginning, then only what changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigInvalid
from core.records import Record, Ref, Task
from tests.assistant import Office
from tests.tools.walk import approve, ask, connected, load, ready
from tools import stream
from tools.registry import discover
from tools.stream import Batch, by_time

STREAMS = sorted((key, kind) for key, found in discover().items() for kind in found.streams)
MOST_BATCHES = 50


async def drain(desk: Office, key: str, kind: str, cursor: str = "") -> tuple[list[Record], list[Ref], str]:
    """Everything from a cursor on."""
    records, gone = list[Record](), list[Ref]()
    for _ in range(MOST_BATCHES):
        system = await desk.running.registry.open(key, desk.who)
        batch = await system.stream(kind, cursor)
        records += batch.records
        gone += batch.gone
        cursor = batch.cursor
        if not batch.has_more:
            return records, gone, cursor
    raise AssertionError("the stream never ends")


@pytest.mark.parametrize(("key", "kind"), STREAMS)
async def test_a_stream_gives_all_and_then_what_changed(key: str, kind: str, tmp_path: Path) -> None:
    walk = load(key)
    async with connected(key, tmp_path) as (desk, reader, _):
        everything, _, cursor = await drain(desk, key, kind)
        assert everything
        assert all(record.ref.kind == kind and record.ref.integration == key for record in everything)
        ids = [record.ref.id for record in everything]
        assert len(ids) == len({*ids})
        nothing, _, cursor = await drain(desk, key, kind, cursor)
        assert nothing == []
        changed = False
        for number, case in enumerate(walk.cases):
            tool = desk.running.registry._tools[case.tool]
            if tool.effect == "read":
                continue
            desk.conversation = f"c{number}"
            args = await ready(desk, case)
            _, _, cursor = await drain(desk, key, kind, cursor)
            await approve(desk, await ask(desk, reader, case, args))
            found, gone, cursor = await drain(desk, key, kind, cursor)
            changed = changed or bool(found or gone)
            assert len(found) < max(5, len(everything)), "the whole came again"
            if changed:
                break
        assert changed, "no write of the walk was seen"


async def items(*rows: tuple[str, str]) -> AsyncIterator[Any]:
    for row in rows:
        yield row


def task(row: Any) -> Task:
    return Task(ref=Ref(integration="acme", kind="task", id=row[0]))


async def batch(cursor: str, *rows: tuple[str, str]) -> Batch:
    return await by_time(items(*rows), cursor, lambda row: str(row[1]), task)


async def test_two_changes_in_one_second_are_both_given_and_each_once() -> None:
    first = await batch("", ("a", "2026-01-01T00:00:00+00:00"), ("b", "2026-01-01T00:00:05+00:00"))
    assert [one.ref.id for one in first.records] == ["a", "b"]
    second = await batch(
        first.cursor,
        ("b", "2026-01-01T00:00:05+00:00"),
        ("c", "2026-01-01T00:00:05+00:00"),
        ("a", "2026-01-01T00:00:09+00:00"),
    )
    assert [one.ref.id for one in second.records] == ["c", "a"]
    assert (await batch(second.cursor)).cursor == second.cursor
    with pytest.raises(ConfigInvalid):
        await batch("nonsense")


async def test_a_long_stream_comes_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST", 3)
    rows = [(str(n), f"2026-01-01T00:00:{n:02}+00:00") for n in range(10)]
    cursor, found = "", list[str]()
    for _ in range(10):
        one = await batch(cursor, *rows)
        found += [record.ref.id for record in one.records]
        cursor = one.cursor
        if not one.has_more:
            break
    assert found == [row[0] for row in rows]
