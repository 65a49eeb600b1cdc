"""What people press on notices, what that teaches, and what their home page says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.tact import TO_DIGEST, TO_HOLD
from bot.taste import unknown
from core.message import Listing
from tests.bot.outbox.desk import DANA, RAVI, TUESDAY, Desk


async def shares(desk: Desk) -> dict[str, float]:
    return await desk.tastes.estimates(DANA.tenant, DANA.id)


@pytest.mark.behaviour("snooze")
@pytest.mark.parametrize(("label", "hours"), [("In an hour", 1), ("Tomorrow", 22)])
async def test_snoozed_is_shown_again_once_at_its_time(desk: Desk, label: str, hours: int) -> None:
    await desk.put("PAY-1:open", topic="assigned")
    await desk.later()
    assert "show it again" in await desk.push(label)
    assert await desk.later(hours=hours - 0.5) == 0
    assert await desk.later(hours=0.5) == 1
    assert await desk.later(days=1) == 0
    assert len(desk.slack.texts()) == 2


async def test_what_was_put_off_is_replaced_by_newer_news_at_the_time_that_was_asked_for(desk: Desk) -> None:
    await desk.put("PAY-1:open", subject="PAY-1")
    await desk.later()
    await desk.push("In an hour")
    await desk.put("PAY-1:closed", subject="PAY-1")
    assert await desk.later(minutes=30) == 0
    assert await desk.later(minutes=30) == 1
    assert "PAY-1:closed" in desk.slack.texts()[-1]


@pytest.mark.behaviour("less", "notice-suggestion")
async def test_less_of_this_goes_to_the_digest_then_is_held_back_and_can_be_taken_back(desk: Desk) -> None:
    said = []
    for number in range(4):
        await desk.put(f"S-{number}", kind="suggestion", topic="lead")
        await desk.later(minutes=1)
        said.append(await desk.press("less", (await desk.rows())[f"S-{number}"].id))
    assert "come in your digest" in said[0]
    assert "do not send messages about “lead” any more" in said[-1]
    await desk.put("S-9", kind="suggestion", topic="lead")
    await desk.put("S-10", kind="suggestion", topic="renewal")
    assert await desk.later(minutes=1) == 1
    assert "of these help you" in (await desk.rows())["S-9"].because
    held = (await desk.board.section(DANA))[-1]
    assert isinstance(held, Listing)
    assert held.title == "Held back"
    assert "S-9" in [entry.text for entry in held.entries]
    show, again = next(entry for entry in held.entries if entry.text == "S-9").buttons
    assert "S-9" in await desk.press(show.action, show.target)
    await desk.press(again.action, again.target)
    await desk.put("S-11", kind="suggestion", topic="lead")
    assert await desk.later(minutes=1) == 1


async def test_what_seldom_helps_makes_no_digest_by_itself_but_comes_along_with_something_better(desk: Desk) -> None:
    await desk.tastes.learn(DANA.tenant, DANA.id, "suggestion:lead", "less")
    await desk.put("S-1", kind="suggestion", topic="lead")
    await desk.later()
    assert await desk.later(hours=22, minutes=30) == 0
    assert (await desk.rows())["S-1"].because == "there was nothing else to send it with"
    await desk.put("brief", kind="digest", not_before=desk.now + timedelta(days=1))
    assert await desk.later(days=1) == 1
    assert "S-1" in desk.slack.texts()[-1]


async def test_what_found_no_company_is_held_back_with_the_reason(desk: Desk) -> None:
    await desk.tastes.learn(DANA.tenant, DANA.id, "suggestion:lead", "less")
    await desk.put("S-1", kind="suggestion", topic="lead")
    for _ in range(7):
        await desk.later(hours=24)
    row = (await desk.rows())["S-1"]
    assert (row.status, "seldom help you" in row.because) == ("held", True)
    assert not desk.slack.texts()


async def test_a_double_click_counts_once_and_a_change_of_mind_counts(desk: Desk) -> None:
    await desk.put("S", kind="suggestion")
    await desk.later()
    for _ in range(2):
        await desk.push("Less of this")
    once = (await shares(desk))["suggestion"]
    assert once == pytest.approx(2 / 6)
    await desk.push("Useful")
    assert (await shares(desk))["suggestion"] > once


async def test_what_is_learned_fades(desk: Desk) -> None:
    await desk.put("S", kind="suggestion")
    await desk.later()
    await desk.push("Less of this")
    desk.now += timedelta(days=300)
    assert (await shares(desk))["suggestion"] == pytest.approx(unknown(), abs=0.01)


@pytest.mark.behaviour("notice-approval")
async def test_approvals_are_never_learned_away(desk: Desk) -> None:
    for number in range(5):
        await desk.put(f"A-{number}", kind="approval")
        assert await desk.later(minutes=1) == 1
        assert "always ask you" in await desk.press("less", (await desk.rows())[f"A-{number}"].id)
    labels = [button.label for reply in [desk.slack.posts[-1][1]] for part in reply.parts
              if isinstance(part, Listing) for button in part.buttons]  # fmt: skip
    assert "Less of this" not in labels


async def test_passing_over_counts_only_if_the_person_was_here(desk: Desk) -> None:
    for who in (DANA, RAVI):
        await desk.put("S", who=who, kind="suggestion")
    await desk.later()
    await desk.later(hours=2)
    await desk.board.met(DANA, "slack")
    await desk.later(days=1)
    for _ in range(2):
        await desk.courier.learn_from_silence()
    assert (await shares(desk))["suggestion"] == pytest.approx(2 / 3.15)
    assert not await desk.tastes.estimates(RAVI.tenant, RAVI.id)


async def test_passing_over_alone_never_holds_back(desk: Desk) -> None:
    for _ in range(500):
        await desk.tastes.learn(DANA.tenant, DANA.id, "suggestion", "ignored")
    assert TO_HOLD <= (await shares(desk))["suggestion"] < TO_DIGEST


@pytest.mark.behaviour("why")
async def test_why_did_i_get_this(desk: Desk) -> None:
    desk.now = TUESDAY.replace(hour=23)
    await desk.put(why="the ticket is yours")
    await desk.later()
    await desk.later(hours=10)
    said = await desk.push("Why?")
    assert "the ticket is yours" in said
    assert "wait: it came in your quiet hours" in said


@pytest.mark.behaviour("right-person")
async def test_only_the_person_may_press_on_their_notice(desk: Desk) -> None:
    await desk.put(kind="suggestion")
    await desk.later()
    [row] = (await desk.rows()).values()
    for action in ("snooze", "less"):
        assert "somebody else" in await desk.press(action, row.id, by=RAVI)
    other = DANA.model_copy(update={"tenant": "other"})
    assert "somebody else" in await desk.press("set", f"notice.show:{row.id}", by=other)
    assert not await shares(desk)


@pytest.mark.behaviour("app-home")
@pytest.mark.parametrize(
    ("target", "value", "shown"),
    [
        ("notice.quiet", "22:00-06:00", "Quiet hours: 22:00-06:00"),
        ("notice.digest", "16:30", "Digest and daily brief: 16:30"),
        ("notice.brief", "off", "Daily brief: off"),
        ("notice.days", "all", "Weekends: on"),
        ("notice.per_day", "3", "Messages a day: 3"),
        ("notice.kind:alert", "off", "Alerts: off"),
    ],
)
async def test_settings_are_kept_and_shown(desk: Desk, target: str, value: str, shown: str) -> None:
    assert shown in await desk.press("set", target, value)
    home = "".join(part.model_dump_json() for part in await desk.board.section(DANA))
    assert shown in home
    assert shown not in "".join(part.model_dump_json() for part in await desk.board.section(RAVI))


@pytest.mark.parametrize(
    ("target", "value"),
    [
        ("notice.kind:approval", "off"),
        ("notice.kind:everything", "off"),
        ("notice.quiet", "late"),
        ("notice.per_day", "-3"),
        ("notice.per_day", "many"),
        ("notice.tenant", "other"),
    ],
)
async def test_what_cannot_be_set_is_refused(desk: Desk, target: str, value: str) -> None:
    before = (await desk.recipients.get(DANA.tenant, DANA.id)).wishes
    assert "cannot set that" in await desk.press("set", target, value)
    assert (await desk.recipients.get(DANA.tenant, DANA.id)).wishes == before


async def test_every_button_of_the_home_page_does_something(desk: Desk) -> None:
    await desk.put(kind="suggestion", not_before=desk.now + timedelta(hours=3))
    parts = await desk.board.section(DANA)
    buttons = [
        button
        for part in parts
        if isinstance(part, Listing)
        for buttons in (part.buttons, *(entry.buttons for entry in part.entries))
        for button in buttons
    ]
    assert len(buttons) > 15
    for button in buttons:
        assert "⚠️" not in await desk.press(button.action, button.target, button.value)
