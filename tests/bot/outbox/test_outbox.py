"""What goes into the outbox: each state once, the newest in place of the older, nothing across tenants."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.message import Reply
from tests.bot.outbox.desk import DANA, RAVI, TUESDAY, Desk


@pytest.mark.behaviour("dedup-by-state")
async def test_the_same_state_is_told_once_whatever_the_words(desk: Desk) -> None:
    await desk.put("PAY-1:failing", subject="PAY-1", text="The build of PAY-1 fails")
    assert await desk.later() == 1
    await desk.put("PAY-1:failing", subject="PAY-1", text="PAY-1: still red, please look")
    await desk.put("PAY-1:failing", subject="PAY-1", text="Build broken", kind="suggestion")
    assert await desk.later(hours=1) == 0
    assert len(desk.slack.texts()) == 1
    [row] = (await desk.rows()).values()
    assert [what for _, what, _ in row.trace] == ["sent", "repeated", "repeated"]


@pytest.mark.behaviour("dedup-by-state")
async def test_another_state_of_the_same_words_is_told(desk: Desk) -> None:
    await desk.put("PAY-1:due-today", text="PAY-1 needs you")
    await desk.put("PAY-2:due-today", text="PAY-1 needs you")
    assert await desk.later() == 2


@pytest.mark.behaviour("dedup-by-state")
async def test_newer_news_replaces_what_waits(desk: Desk) -> None:
    desk.now = TUESDAY.replace(hour=22)
    await desk.put("PAY-1:open", subject="PAY-1", text="PAY-1 is open")
    await desk.later()
    await desk.put("PAY-1:urgent", subject="PAY-1", text="PAY-1 is urgent now")
    assert await desk.later(hours=12) == 1
    assert "PAY-1 is urgent now" in desk.slack.texts()[0]
    assert (await desk.rows())["PAY-1:open"].status == "replaced"


async def test_what_is_over_before_it_was_told_is_never_told(desk: Desk) -> None:
    desk.now = TUESDAY.replace(hour=22)
    await desk.put("PAY-1:assigned", subject="PAY-1")
    await desk.outbox.over(DANA.tenant, "PAY-1")
    assert await desk.later(hours=12) == 0
    row = (await desk.rows())["PAY-1:assigned"]
    assert (row.status, row.because) == ("withdrawn", "it was over before you were told")


async def test_what_goes_back_to_what_is_known_says_nothing(desk: Desk) -> None:
    await desk.put("CI:red", subject="CI")
    await desk.later()
    desk.now = TUESDAY.replace(hour=22)
    await desk.put("CI:green", subject="CI")
    await desk.put("CI:red", subject="CI")
    assert await desk.later(hours=12) == 0
    assert (await desk.rows())["CI:green"].because == "it went back to what you know"


@pytest.mark.behaviour("dedup-by-state")
async def test_a_flapping_state_is_told_again_only_if_it_lasts(desk: Desk) -> None:
    for state in ("red", "green", "red", "green", "red"):
        await desk.put(f"CI:{state}", subject="CI")
        await desk.later(minutes=10)
    assert [text.splitlines()[0] for text in desk.slack.texts()] == ["• CI:red", "• CI:green"]
    await desk.later(hours=4)
    assert [text.splitlines()[0] for text in desk.slack.texts()] == ["• CI:red", "• CI:green", "• CI:red"]


async def test_a_state_that_comes_back_days_later_is_news(desk: Desk) -> None:
    await desk.put("PAY-1:assigned", subject="PAY-1")
    await desk.later()
    await desk.outbox.over(DANA.tenant, "PAY-1")
    await desk.later(days=2)
    await desk.put("PAY-1:assigned", subject="PAY-1")
    await desk.later(minutes=1)
    assert len(desk.slack.texts()) == 2


async def test_what_waits_becomes_urgent_when_it_comes_again_as_urgent(desk: Desk) -> None:
    desk.now = TUESDAY.replace(hour=22)
    await desk.put("SHOP:down")
    assert await desk.later() == 0
    await desk.put("SHOP:down", is_urgent=True)
    assert await desk.later(minutes=1) == 1


@pytest.mark.behaviour("notice-reminder")
async def test_nothing_is_said_before_its_moment_or_after_it_expired(desk: Desk) -> None:
    await desk.put("r1", kind="reminder", not_before=desk.now + timedelta(hours=2))
    await desk.put("m1", expires_at=desk.now + timedelta(minutes=5), not_before=desk.now + timedelta(minutes=10))
    assert await desk.later(hours=1) == 0
    assert await desk.later(hours=1) == 1
    assert (await desk.rows())["m1"].status == "expired"


@pytest.mark.behaviour("tenants")
async def test_people_and_tenants_never_meet(desk: Desk) -> None:
    other = DANA.model_copy(update={"tenant": "other"})
    for who in (DANA, RAVI, other):
        await desk.put("PAY-1:open", who=who, text=f"for {who.tenant} {who.id}")
    assert await desk.later() == 3
    for who in (DANA, RAVI, other):
        [text] = desk.slack.texts(who)
        assert f"for {who.tenant} {who.id}" in text
    [row] = await desk.outbox.of("other")
    assert await desk.outbox.get(DANA.tenant, DANA.id, row.id) is not row
    assert await desk.press("less", row.id, by=RAVI) == await desk.press("less", "no such notice")
    await desk.outbox.over("other", "PAY-1:open")
    assert (await desk.rows())["PAY-1:open"].over_at is None
    assert await desk.outbox.forget("other", DANA.id) == 1
    assert len(await desk.rows()) == 1


@pytest.mark.behaviour("once-across-restarts")
async def test_two_workers_that_put_the_same_at_once_tell_it_once(any_desk: Desk, tenant: str) -> None:
    who = DANA.model_copy(update={"tenant": tenant})
    await any_desk.board.met(who, "slack")
    await asyncio.gather(*(any_desk.put("PAY-1:open", who=who) for _ in range(6)))
    await any_desk.later()
    assert len(any_desk.slack.texts(who)) == 1


async def test_a_very_long_name_is_still_one_state(desk: Desk) -> None:
    for end in ("a", "a", "b"):
        await desk.put("x" * 900 + end)
    assert await desk.later() == 2


async def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not(desk: Desk) -> None:
    await desk.put("old")
    await desk.later()
    await desk.put("far", kind="reminder", not_before=desk.now + timedelta(days=200))
    desk.now += timedelta(days=100)
    await desk.outbox.forget_old()
    assert set(await desk.rows()) == {"far"}


async def test_a_notice_says_why_in_its_own_words(desk: Desk) -> None:
    await desk.put("PAY-1:open", why="the ticket is yours")
    await desk.later()
    [(_, reply)] = desk.slack.posts
    assert isinstance(reply, Reply)
    assert reply.is_private
    assert "Why this: the ticket is yours" in desk.slack.texts()[0]
