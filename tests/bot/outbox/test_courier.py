"""How notices are carried out: where the person is, when it suits them, once, and never lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.courier import MOST_ATTEMPTS
from core.errors import OutcomeUnknown, RateLimited, VendorUnavailable
from core.message import NoticeKind
from core.principal import Principal
from tests.bot.outbox.desk import DANA, RAVI, TUESDAY, Chat, Desk, KeyedChat

KINDS: tuple[NoticeKind, ...] = ("reminder", "digest", "alert", "suggestion", "approval", "result")


@pytest.mark.behaviour(
    "notice-reminder", "notice-digest", "notice-alert", "notice-suggestion", "notice-approval", "notice-result"
)
@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_is_carried_out_with_its_reason_and_trace(desk: Desk, kind: NoticeKind) -> None:
    await desk.put("state", kind=kind, text="Something happened", why="you asked for it")
    assert await desk.later() == 1
    [text] = desk.slack.texts()
    assert "Something happened" in text
    [row] = (await desk.rows()).values()
    assert (row.status, row.platform, row.because) == ("sent", "slack", "you asked for it")


@pytest.mark.behaviour("quiet-hours")
async def test_quiet_hours_are_the_persons_own(desk: Desk) -> None:
    desk.now = TUESDAY.replace(hour=14)  # half past seven in the evening in Kolkata
    for who in (DANA, RAVI):
        await desk.put(who=who)
    assert await desk.later() == 1
    assert not desk.slack.texts(RAVI)
    row = (await desk.rows(RAVI))["PAY-1:open"]
    assert row.because == "it came in your quiet hours"
    assert row.due_at == TUESDAY.replace(day=6, hour=2, minute=30)  # eight in the morning there
    assert await desk.later(hours=12, minutes=30) == 1
    assert desk.slack.texts(RAVI)


@pytest.mark.behaviour("quiet-hours")
async def test_a_weekend_is_quiet_and_summer_time_moves_with_the_person(desk: Desk) -> None:
    desk.now = TUESDAY.replace(month=3, day=26, hour=20)  # a Friday; on Sunday the clocks go forward
    await desk.put()
    await desk.later()
    assert await desk.later(days=1) == 0
    assert (await desk.rows())["PAY-1:open"].due_at == TUESDAY.replace(month=3, day=29, hour=7)


@pytest.mark.behaviour("quiet-hours")
async def test_urgent_waits_for_no_quiet_hours(desk: Desk) -> None:
    desk.now = TUESDAY.replace(hour=23)
    await desk.put(is_urgent=True, why="the shop is down")
    assert await desk.later() == 1
    assert (await desk.rows())["PAY-1:open"].because == "it is urgent: the shop is down"


@pytest.mark.behaviour("notice-reminder", "snooze")
async def test_what_the_person_set_for_a_moment_comes_at_that_moment(desk: Desk) -> None:
    desk.now = TUESDAY.replace(hour=18, minute=30)
    await desk.put("r1", kind="reminder", not_before=TUESDAY.replace(hour=21))
    await desk.put("PAY-1:open")
    assert await desk.later() == 1
    await desk.push("In an hour")
    assert await desk.later(hours=1) == 1
    assert await desk.later(hours=1, minutes=30) == 1
    assert "r1" in desk.slack.texts()[-1]


@pytest.mark.behaviour("budget", "digest-batch")
async def test_beyond_the_days_budget_it_comes_in_one_digest_the_next_morning(desk: Desk) -> None:
    await desk.recipients.prefer(DANA.tenant, DANA.id, per_day=2)
    for number in range(6):
        await desk.put(f"T-{number}:open")
        await desk.later(minutes=1)
    assert len(desk.slack.texts()) == 2
    assert (await desk.rows())["T-5:open"].because == "you had 2 messages that day already"
    assert await desk.later(hours=22, minutes=30) == 1
    digest = desk.slack.texts()[-1]
    assert all(f"T-{number}:open" in digest for number in range(2, 6))
    assert "you had 2 messages" in (await desk.rows())["T-5:open"].because


@pytest.mark.behaviour("budget")
async def test_the_hard_limit_holds_even_what_is_urgent_until_the_next_day(desk: Desk) -> None:
    await desk.recipients.prefer(DANA.tenant, DANA.id, per_day=1)
    for number in range(4):
        await desk.put(f"U-{number}", is_urgent=True)
        await desk.later(minutes=1)
    assert len(desk.slack.texts()) == 2
    assert "the most I send" in (await desk.rows())["U-3"].because
    await desk.later(hours=14)
    assert len(desk.slack.texts()) == 4


async def test_approvals_and_own_reminders_are_not_put_into_the_digest(desk: Desk) -> None:
    await desk.recipients.prefer(DANA.tenant, DANA.id, per_day=1)
    await desk.put("first")
    await desk.later()
    await desk.put("a", kind="approval")
    assert await desk.later() == 1


@pytest.mark.behaviour("digest-batch")
async def test_many_at_once_come_as_one_message(desk: Desk) -> None:
    desk.now = TUESDAY.replace(hour=22)
    for number in range(9):
        await desk.put(f"T-{number}:open")
    await desk.put("a1", kind="approval")
    await desk.later()
    assert await desk.later(hours=11) == 2
    assert "a1" in desk.slack.texts()[0]
    assert desk.slack.texts()[1].count("• T-") == 9


async def test_a_kind_that_is_switched_off_is_held_back_with_the_reason(desk: Desk) -> None:
    await desk.recipients.prefer(DANA.tenant, DANA.id, off={"suggestion"})
    await desk.put("s", kind="suggestion")
    assert await desk.later() == 0
    assert (await desk.rows())["s"].because == "you switched suggestions off"


async def test_approvals_cannot_be_switched_off(desk: Desk) -> None:
    with pytest.raises(ValueError, match="somebody waits"):
        await desk.recipients.prefer(DANA.tenant, DANA.id, off={"approval"})


@pytest.mark.behaviour("reach")
async def test_people_are_reached_where_they_were_last(desk: Desk) -> None:
    await desk.board.met(DANA, "teams")
    await desk.put()
    await desk.later()
    assert (len(desk.teams.texts()), len(desk.slack.texts())) == (1, 0)


@pytest.mark.behaviour("reach")
async def test_where_the_app_is_gone_the_other_platform_takes_it(desk: Desk) -> None:
    desk.slack.away.add(DANA.id)
    await desk.put()
    assert await desk.later() == 1
    assert len(desk.teams.texts()) == 1


@pytest.mark.behaviour("reach")
async def test_out_of_reach_it_is_kept_shown_at_home_and_told_when_they_are_back(desk: Desk) -> None:
    for chat in (desk.slack, desk.teams):
        chat.away.add(DANA.id)
    await desk.put(text="The contract is signed")
    assert await desk.later() == 0
    row = (await desk.rows())["PAY-1:open"]
    assert row.status == "kept"
    assert "could not reach you" in row.because
    waiting = (await desk.board.section(DANA))[1]
    assert "The contract is signed" in waiting.model_dump_json()
    desk.slack.away.clear()
    desk.now += timedelta(hours=1)
    await desk.board.met(DANA, "slack")
    assert await desk.later() == 1


@pytest.mark.behaviour("throttled")
async def test_a_platform_that_asks_to_slow_down_is_tried_when_it_says(desk: Desk) -> None:
    desk.slack.faults = [RateLimited("Slack asks me to slow down.", retry_after_s=90)]
    await desk.put()
    assert await desk.later() == 0
    assert await desk.later(seconds=80) == 0
    assert await desk.later(seconds=10) == 1
    assert not desk.teams.texts()


@pytest.mark.behaviour("platform-down")
async def test_a_platform_that_stays_down_hands_over_to_the_other(desk: Desk) -> None:
    desk.slack.faults = [VendorUnavailable("Slack is down.")] * (MOST_ATTEMPTS + 1)
    await desk.put(is_urgent=True)
    for _ in range(MOST_ATTEMPTS + 1):
        await desk.later(hours=1)
    assert len(desk.teams.texts()) == 1


async def test_an_adapter_that_breaks_for_one_person_does_not_stop_the_others(desk: Desk) -> None:
    desk.slack.faults = [KeyError("channel")]
    await desk.put()
    await desk.put(who=RAVI)
    await desk.later()
    assert len(desk.slack.posts) == 1
    await desk.later(minutes=1)
    assert len(desk.slack.texts(DANA)) == len(desk.slack.texts(RAVI)) == 1


@pytest.mark.behaviour("once-across-restarts")
async def test_two_workers_on_one_database_show_each_once_and_count_one_budget(any_desk: Desk, tenant: str) -> None:
    people = [Principal(tenant=tenant, id=f"p{number}", name="P", timezone="Europe/London") for number in range(5)]
    for who in people:
        await any_desk.board.met(who, "slack")
        await any_desk.recipients.prefer(tenant, who.id, per_day=4)
        for number in range(10):
            await any_desk.put(f"R-{number}", who=who, kind="result" if number % 2 else "reminder")
    workers = [any_desk.worker() for _ in range(3)]
    await asyncio.gather(*(worker.round() for worker in workers for _ in range(2)))
    for who in people:
        said = "\n".join(any_desk.slack.texts(who))
        assert all(said.count(f"• R-{number}\n") <= 1 for number in range(10))
        assert 1 <= len(any_desk.slack.texts(who)) <= 8
        rows = await any_desk.outbox.of(tenant, who.id)
        assert {row.status for row in rows} <= {"sent", "waiting"}
        assert sum(row.status == "sent" for row in rows) == said.count("• R-")


@pytest.mark.behaviour("once-across-restarts")
@pytest.mark.parametrize("chat", [Chat, KeyedChat])
async def test_a_crash_between_posting_and_marking(desk: Desk, chat: type[Chat]) -> None:
    """Shown once where the platform knows the key; where it cannot tell it is said again rather than lost."""
    desk.slack = chat()
    desk.courier, desk.slack.is_kept_despite_fault = desk.worker(), True
    desk.slack.faults = [asyncio.CancelledError()]  # type: ignore[list-item]
    await desk.put()
    with pytest.raises(asyncio.CancelledError):
        await desk.later()
    assert (await desk.rows())["PAY-1:open"].status == "posting"
    desk.courier = desk.worker()
    assert await desk.later(minutes=1) == 0  # it may still be under way elsewhere
    assert await desk.later(minutes=2) == 1
    assert len(desk.slack.texts()) == (1 if chat is KeyedChat else 2)
    assert (await desk.rows())["PAY-1:open"].status == "sent"
    assert await desk.later(days=1) == 0


async def test_no_answer_from_the_platform_is_repeated_with_the_same_key(desk: Desk) -> None:
    desk.slack = KeyedChat()
    desk.courier, desk.slack.is_kept_despite_fault = desk.worker(), True
    desk.slack.faults = [OutcomeUnknown("Slack did not answer.")]
    await desk.put()
    assert await desk.later() == 0
    assert await desk.later(minutes=1) == 1
    assert len(desk.slack.texts()) == 1


async def test_what_is_taken_back_while_others_are_posted_is_not_shown(desk: Desk) -> None:
    await desk.put("a", kind="reminder")
    await desk.put("b", kind="reminder")
    send = desk.slack.posts
    first = desk.courier.round()
    task = asyncio.create_task(first)
    while not send:  # noqa: ASYNC110 - the chat tells nobody
        await asyncio.sleep(0)
    await desk.outbox.over(DANA.tenant, "b")
    await task
    row = (await desk.rows())["b"]
    assert len(desk.slack.texts()) == (1 if row.status == "withdrawn" else 2)


@pytest.mark.behaviour("nothing-new")
async def test_nothing_new_says_nothing(desk: Desk) -> None:
    await desk.put()
    await desk.later()
    for _ in range(50):
        await desk.put()
        assert await desk.later(minutes=30) == 0


async def test_the_thousandth_notice_of_the_tenth_person(desk: Desk) -> None:
    who = DANA.model_copy(update={"id": "p10"})
    await desk.board.met(who, "slack")
    for number in range(1000):
        await desk.put(f"N-{number}", who=who)
    for _ in range(12):
        await desk.later(minutes=1)
    rows = await desk.outbox.of(who.tenant, who.id, most=2000)
    assert len(rows) == 1000
    assert len(desk.slack.texts(who)) <= 16
    assert all(row.because for row in rows if row.status != "waiting" or row.is_digest)
