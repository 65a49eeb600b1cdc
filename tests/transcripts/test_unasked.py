"""What the assistant says by itself, in Slack and in Teams: it arrives, its buttons work, restarts repeat nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from bot.outbox import NoticeRow
from core.clock import utc_now
from core.message import Entry, Listing, Notice, Reply
from sandbox.server import Sandbox
from tests.transcripts.door import stage as opened
from tests.transcripts.stage import DANA, INES, TENANT, Person, Stage, text


async def put(stage: Stage, signature: str, who: Person = DANA) -> None:
    """An urgent alert, so that the hour at which the tests run does not matter."""
    entry = Entry(text=f"{signature} was assigned to you", url="https://fernwick.atlassian.example/browse/PAY-1")
    notice = Notice(
        tenant=TENANT,
        person=who.email,
        kind="alert",
        topic="assigned",
        signature=signature,
        reply=Reply(parts=(Listing(entries=(entry,)),)),
        why="the ticket is yours now",
        is_urgent=True,
    )
    await stage.running.outbox.put(notice)


@pytest.mark.behaviour("notice-alert", "why")
async def test_a_notice_arrives_in_the_private_chat_with_its_reason(stage: Stage) -> None:
    await stage.say("hello")
    before = len(stage.direct())
    await put(stage, "PAY-1")
    assert await stage.running.courier.round() == 1
    [card] = stage.direct()[before:]
    assert "PAY-1 was assigned to you" in card.text
    assert "Why this: the ticket is yours now" in card.text
    assert {"In an hour", "Tomorrow", "Useful", "Less of this", "Why?"} <= set(card.labels)
    assert not stage.channel()


@pytest.mark.behaviour("snooze", "less", "why")
@pytest.mark.parametrize(
    ("label", "said"),
    [("In an hour", "show it again"), ("Less of this", "come in your digest"), ("Why?", "the ticket is yours now")],
)
async def test_its_buttons_are_answered(stage: Stage, label: str, said: str) -> None:
    await stage.say("hello")
    await put(stage, "PAY-1")
    await stage.running.courier.round()
    await stage.press(stage.direct()[-1], label)
    assert said in stage.direct()[-1].text


@pytest.mark.behaviour("once-across-restarts")
async def test_a_restart_and_a_crash_show_nothing_twice(stage: Stage) -> None:
    await stage.say("hello")
    await put(stage, "PAY-1")
    await stage.running.courier.round()
    before = text(stage.direct()).count("was assigned to you")
    for again in (stage.restart, stage.crash):
        await again()
        await put(stage, "PAY-1")
        assert await stage.running.courier.round() == 0
    assert text(stage.direct()).count("was assigned to you") == before == 1


async def crash_after_posting(stage: Stage) -> None:
    """Leave the notice as a crash between posting and marking leaves it, long enough ago."""
    async with stage.running.database.session() as session:
        await session.execute(update(NoticeRow).values(status="posting", sent_at=None, due_at=utc_now()))


@pytest.mark.behaviour("once-across-restarts", on="slack")
async def test_a_crash_between_posting_and_marking_shows_it_once_in_slack(tmp_path: Path, sandbox: Sandbox) -> None:
    async with opened("slack", tmp_path, sandbox) as stage:
        await stage.say("hello")
        await put(stage, "PAY-1")
        await stage.running.courier.round()
        await crash_after_posting(stage)
        await stage.crash()
        assert await stage.running.courier.round() == 1
        assert text(stage.direct()).count("was assigned to you") == 1
        [row] = await stage.running.outbox.of(TENANT)
        assert row.status == "sent"


@pytest.mark.behaviour("once-across-restarts", on="teams")
async def test_a_crash_between_posting_and_marking_loses_nothing_in_teams(tmp_path: Path, sandbox: Sandbox) -> None:
    """A bot reads no history there, so the message may stand there twice; it is never lost."""
    async with opened("teams", tmp_path, sandbox) as stage:
        await stage.say("hello")
        await put(stage, "PAY-1")
        await stage.running.courier.round()
        await crash_after_posting(stage)
        await stage.crash()
        assert await stage.running.courier.round() == 1
        assert text(stage.direct()).count("was assigned to you") == 2
        assert await stage.running.courier.round() == 0


@pytest.mark.behaviour("once-across-restarts")
async def test_what_waited_over_a_crash_is_said_after_it(stage: Stage) -> None:
    await stage.say("hello")
    await put(stage, "PAY-1")
    await stage.crash()
    assert await stage.running.courier.round() == 1
    assert "PAY-1 was assigned to you" in stage.direct()[-1].text


@pytest.mark.behaviour("reach", "no-app")
async def test_somebody_who_was_never_met_is_kept_until_they_come(stage: Stage) -> None:
    await put(stage, "PAY-1", INES)
    assert await stage.running.courier.round() == 0
    assert not stage.direct(INES)
    await stage.say("hello", INES)
    assert await stage.running.courier.round() == 1
    assert "PAY-1 was assigned to you" in stage.direct(INES)[-1].text


async def test_the_settings_stand_in_the_home_page(kind: str, tmp_path: Path, sandbox: Sandbox) -> None:
    async with opened(kind, tmp_path, sandbox) as stage:
        await stage.say("hello")
        who = (await stage.running.recipients.get(TENANT, DANA.email)).principal
        home = await stage.running.conversation.home(who)
        titles = [part.title for part in home.parts if isinstance(part, Listing)]
        assert titles[titles.index("Notifications") :][:2] == ["Notifications", "Held back"]
