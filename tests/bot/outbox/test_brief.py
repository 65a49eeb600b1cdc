"""The daily brief, read from the demo company's systems under each person's own authority."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.brief import brief
from bot.morning import Mornings
from bot.render.text import to_text
from bot.source import sources
from core.message import Listing, Notice
from core.principal import Principal
from sandbox.server import Sandbox, serve
from sandbox.world import World
from tests.assistant import Office, office, principal
from tests.transcripts.brain import Learned
from tools.registry import discover

MORNING = datetime(2027, 1, 5, 8, 30, tzinfo=UTC)  # a Tuesday
KEYS = ("google_calendar", "outlook", "github", "gitlab", "slack", "asana", "trello")
PRIYA, ROSA = "priya.raman@fernwick.example", "rosa.mendes@fernwick.example"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with serve(World(MORNING - timedelta(hours=1))) as running:
        yield running


@pytest.fixture
async def desk(tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[Office]:
    async with office(tmp_path / "home", *KEYS, interpreter=Learned(), sandbox=sandbox) as found:
        yield found


async def made(desk: Office, who: Principal | None = None, now: datetime = MORNING) -> Notice:
    found = await brief(desk.running.registry, who or desk.who, now)
    assert found is not None
    return found


def section(notice: Notice, title: str) -> list[str]:
    """The lines of a section."""
    parts = [part for part in notice.reply.parts if isinstance(part, Listing) and part.title == title]
    return [entry.text for part in parts for entry in part.entries]


async def ask(desk: Office, key: str, tool: str, who: Principal, **args: Any) -> Any:
    system = await desk.running.registry.open(key, who, "c")
    return await system.run(f"{key}.{tool}", args)


@pytest.mark.behaviour("notice-digest", "citations")
async def test_meetings_stand_once_in_order_and_every_line_links_to_its_source(desk: Office) -> None:
    notice = await made(desk)
    meetings = section(notice, "Your meetings")
    assert meetings
    assert meetings == sorted(set(meetings))
    lines = [entry for part in notice.reply.parts if isinstance(part, Listing) for entry in part.entries]
    assert all(entry.url.startswith("https://") for entry in lines if not entry.text.startswith("and "))
    assert (notice.kind, notice.signature) == ("digest", "brief:2027-01-05")


async def test_what_is_over_or_declined_is_left_out(desk: Office) -> None:
    at = MORNING.replace(hour=16, minute=0)
    wanted = {"title": "Ledger review", "start": at.isoformat(), "duration": "30m"}
    await ask(desk, "google_calendar", "create_event", desk.who, **wanted)
    assert "16:00  Ledger review" in section(await made(desk), "Your meetings")
    assert "16:00  Ledger review" not in section(await made(desk, now=MORNING.replace(hour=17)), "Your meetings")


async def test_overdue_stands_before_today_the_oldest_first(desk: Office) -> None:
    for days, name in ((-4, "Old one"), (-1, "Older than today"), (0, "Of today"), (3, "Not yet")):
        due = (MORNING + timedelta(days=days)).date().isoformat()
        await ask(desk, "asana", "create_task", desk.who, name=name, due_on=due)
    notice = await made(desk)
    titles = [part.title for part in notice.reply.parts if isinstance(part, Listing)]
    assert titles.index("Overdue") < titles.index("Due today")
    overdue = section(notice, "Overdue")
    assert overdue.index("Old one") < overdue.index("Older than today")
    assert section(notice, "Due today") == ["Of today"]
    assert "Not yet" not in to_text(notice.reply)


async def test_reviews_that_wait_for_the_person_and_for_nobody_else(desk: Office) -> None:
    priya = principal(desk.sandbox, PRIYA)
    await desk.connect("github", "gitlab", who=priya)
    hers = section(await made(desk, priya), "Waiting for your review")
    mine = section(await made(desk), "Waiting for your review")
    assert hers
    assert not set(hers) & set(mine)


async def test_a_mention_stands_there_until_it_is_answered(desk: Office) -> None:
    priya = principal(desk.sandbox, PRIYA)
    await desk.connect("slack", who=priya)
    account = await desk.running.registry.connections.get(desk.who.tenant, desk.who.id, "slack")
    assert account is not None
    channel = next(
        one["id"] for one in desk.sandbox.vendors["slack"].state["channels"].values()
        if account.account in one["members"] and not one.get("is_archived")
    )  # fmt: skip
    text = f"<@{account.account}> can you sign the contract today?"
    await ask(desk, "slack", "send_message", priya, channel=channel, text=text)
    [line] = section(await made(desk), "Not answered yet")
    assert line.startswith("Priya Raman:")
    assert "can you sign the contract today?" in line
    await ask(desk, "slack", "send_message", desk.who, channel=channel, text="yes, done")
    assert section(await made(desk), "Not answered yet") == []


@pytest.mark.behaviour("platform-down")
async def test_a_system_that_fails_is_left_out_with_a_word(desk: Office) -> None:
    await desk.fault("gitlab", kind="server_error", times=50)
    notice = await made(desk)
    assert section(notice, "Your meetings")
    assert "I could not read GitLab just now." in to_text(notice.reply)


async def test_a_connection_that_ended_is_no_part_of_it(desk: Office) -> None:
    for row in desk.sandbox.world.sections["_grants"]["tokens"].values():
        row["revoked"] = row["revoked"] or row["vendor"] == "google_calendar"
    desk.sandbox.world.sections["_grants"].get("refresh", {}).clear()
    notice = await made(desk)
    assert section(notice, "Your meetings")  # Outlook has them too
    assert "outlook" in to_text(notice.reply)


@pytest.mark.behaviour("nothing-new")
async def test_nothing_to_say_says_nothing(desk: Office) -> None:
    rosa = principal(desk.sandbox, ROSA)
    assert await brief(desk.running.registry, rosa, MORNING) is None
    other = desk.who.model_copy(update={"tenant": "other"})
    assert await brief(desk.running.registry, other, MORNING) is None


@pytest.mark.behaviour("notice-digest")
async def test_once_a_day_at_the_persons_hour_on_the_days_they_work(desk: Office) -> None:
    now = [MORNING - timedelta(minutes=1)]
    running = desk.running
    mornings = Mornings(running.registry, running.outbox, running.recipients, lambda: now[0], timedelta())
    other = Mornings(running.registry, running.outbox, running.recipients, lambda: now[0], timedelta())
    assert await mornings.round() == 0  # nobody was met
    await running.recipients.met(desk.who, "slack")
    assert await mornings.round() == 0
    now[0] = MORNING
    assert await mornings.round() + await other.round() == 1
    assert await mornings.round() == 0
    now[0] = MORNING + timedelta(days=4)  # a Saturday
    assert await mornings.round() == 0
    [row] = await running.outbox.of(desk.who.tenant, desk.who.id)
    assert (row.kind, row.topic, row.subject) == ("digest", "brief", "brief")


async def test_not_wanted_or_far_too_late_it_is_not_made(desk: Office) -> None:
    now = [MORNING + timedelta(hours=4)]
    running = desk.running
    mornings = Mornings(running.registry, running.outbox, running.recipients, lambda: now[0], timedelta())
    await running.recipients.met(desk.who, "slack")
    assert await mornings.round() == 0
    now[0] = MORNING + timedelta(days=1)
    await running.recipients.prefer(desk.who.tenant, desk.who.id, wants_brief=False)
    assert await mornings.round() == 0


@pytest.mark.parametrize("key", sorted(discover()))
def test_a_brief_only_reads(key: str) -> None:
    kind = discover()[key]
    for source in sources(kind):
        tool = kind.tools[f"{key}.{source.tool}"]
        assert tool.effect == "read"
        assert {*source.args, *source.each} <= {*tool.properties}
        assert {*tool.required} <= {*source.args, *source.each}
