"""Reminders, asked for in words, proven, undone, and said at their time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.outbox import NoticeRow
from core.clock import utc_now
from core.errors import InvalidArgument, NotFound
from core.message import Plan
from sandbox.server import Sandbox, serve
from tests.assistant import Office, office, plan, principal, receipts, text

INES = "ines.carvalho@fernwick.example"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with serve() as running:
        yield running


@pytest.fixture
async def desk(tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[Office]:
    """Read by the local interpreter; nobody is connected to anything."""
    async with office(tmp_path / "home", sandbox=sandbox) as found:
        yield found


async def rows(desk: Office) -> list[NoticeRow]:
    return list(await desk.running.outbox.of(desk.who.tenant, desk.who.id))


@pytest.mark.behaviour("notice-reminder")
async def test_it_is_set_after_a_yes_read_back_and_said_at_its_time(desk: Office) -> None:
    shown = plan(await desk.say("remind me tomorrow at 4pm to call Harbourlight Books"))
    assert [(step.tool, step.effect) for step in shown.steps] == [("reminder.set_reminder", "write")]
    assert not await rows(desk)
    [line] = receipts(await desk.say("yes"))
    assert line.status == "done"
    assert line.undo
    [row] = await rows(desk)
    here = row.due_at.astimezone(desk.who.zone)
    assert (here.hour, here.minute) == (16, 0)
    assert (here.date() - utc_now().astimezone(desk.who.zone).date()).days == 1
    assert "call Harbourlight Books" in text(await desk.say("show my reminders"))


async def test_it_is_taken_back_by_undo_and_by_words(desk: Office) -> None:
    await desk.say("remind me in 2 hours to stretch")
    [line] = receipts(await desk.say("yes"))
    undo = plan(await desk.press("undo", line.undo))
    await desk.press("approve", undo.approval)
    assert [row.status for row in await rows(desk)] == ["withdrawn"]
    await desk.say("remind me in 3 hours to stretch")
    await desk.say("yes")
    assert isinstance(plan(await desk.say("cancel the reminder to stretch")), Plan)
    await desk.say("yes")
    assert [row.status for row in await rows(desk)] == ["withdrawn", "withdrawn"]


@pytest.mark.parametrize("hours", [-1, 24 * 500])
async def test_a_time_that_is_over_or_far_away_is_refused(desk: Office, hours: int) -> None:
    system = await desk.running.registry.open("reminder", desk.who, "c1")
    at = (utc_now() + timedelta(hours=hours)).isoformat()
    with pytest.raises(InvalidArgument, match="still to come"):
        await system.run("reminder.set_reminder", {"text": "stretch", "at": at})
    assert not await rows(desk)


async def test_a_call_that_runs_again_after_a_crash_sets_one(desk: Office) -> None:
    system = await desk.running.registry.open("reminder", desk.who, "the same call")
    args = {"text": "stretch", "at": (utc_now() + timedelta(hours=1)).isoformat()}
    for _ in range(2):
        await system.run("reminder.set_reminder", args)
    [row] = await rows(desk)
    assert datetime.fromisoformat(args["at"]) == row.due_at


async def test_nobody_sees_or_cancels_anybody_elses(desk: Office) -> None:
    await desk.say("remind me in 2 hours to stretch")
    await desk.say("yes")
    [row] = await rows(desk)
    for other in (principal(desk.sandbox, INES), desk.who.model_copy(update={"tenant": "other"})):
        system = await desk.running.registry.open("reminder", other, "c2")
        assert await system.run("reminder.list_reminders", {}) == []
        with pytest.raises(NotFound):
            await system.run("reminder.cancel_reminder", {"reminder": row.id})
    assert [one.status for one in await rows(desk)] == ["waiting"]
