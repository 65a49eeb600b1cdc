"""Slack's tools against the sandbox, each proven, undone and held against Slack's own description."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import (
    Ambiguous,
    BadSignature,
    Conflict,
    Forbidden,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unresolved,
)
from core.records import Message, Person
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.slack.mapping import emoji_name, escape, said, to_recurrence, to_text
from tools.kit.webhook import Delivery

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=5)


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "slack") as found:
        yield found
        if has_descriptions():
            assert await found.problems("slack") == []


async def find(slack: Company, tool: str, parameter: str, text: str) -> list[str]:
    return [one.id for one in await (await slack.open("slack")).find(f"slack.{tool}", parameter, text)]


async def place(slack: Company, name: str) -> str:
    [found] = await find(slack, "send_message", "channel", name)
    return found


async def messages(slack: Company, tool: str, **args: Any) -> list[Message]:
    found = await slack.run(f"slack.{tool}", **args)
    assert isinstance(found, list)
    return found


async def test_send_is_proven_linked_and_undone(slack: Company) -> None:
    before = await slack.state("slack")
    launch = await place(slack, "#launch")
    text = "the build is green & <ready>: https://example.org/a"
    change = await slack.prove("slack.send_message", channel=launch, text=text)
    system = await slack.open("slack")
    shown = await system.prove("slack.send_message", change)
    assert isinstance(shown, Message)
    assert shown.ref.url == f"https://fernwick.slack.com/archives/{launch}/p{shown.ref.key.replace('.', '')}"
    reply = await slack.prove("slack.send_message", channel=launch, text="on it", thread=shown.ref.url)
    thread = await messages(slack, "read_thread", channel=launch, thread=shown.ref.key)
    assert [(one.text, one.author) for one in thread] == [(text, "Dana Whitlock"), ("on it", "Dana Whitlock")]
    await slack.undo(reply)
    await slack.undo(change)
    assert (await slack.state("slack"))["messages"] == before["messages"]


async def test_a_person_gets_a_direct_message(slack: Company) -> None:
    [priya] = await find(slack, "send_message", "channel", "Priya")
    change = await slack.prove("slack.send_message", channel=priya, text="running ten minutes late")
    channel = change.record.ref.id.partition("/")[0]
    assert channel.startswith("D")
    [said] = await messages(slack, "read_channel", channel=priya)
    assert said.text == "running ten minutes late"
    await slack.undo(change)
    assert (await slack.state("slack"))["messages"][channel] == []


async def test_markup_in_a_text_stays_text(slack: Company) -> None:
    launch = await place(slack, "launch")
    await slack.prove("slack.send_message", channel=launch, text="<!channel> see <https://evil.example|your bank>")
    stored = (await slack.state("slack"))["messages"][launch][-1]["text"]
    assert stored == "&lt;!channel&gt; see &lt;https://evil.example|your bank&gt;"


async def test_edit_and_its_undo(slack: Company) -> None:
    launch = await place(slack, "launch")
    first = await slack.prove("slack.send_message", channel=launch, text="we ship at 4 <3")
    edited = await slack.prove(
        "slack.edit_message", channel=launch, message="my last message", text="we ship at 5 & no later"
    )
    assert edited.record.ref.id == first.record.ref.id
    await slack.undo(edited)
    assert (await slack.state("slack"))["messages"][launch][-1]["text"] == "we ship at 4 &lt;3"
    [other, *_] = await messages(slack, "read_channel", channel=await place(slack, "general"))
    with pytest.raises(Forbidden, match="cant update message"):
        await slack.run(
            "slack.edit_message", channel=await place(slack, "general"), message=other.ref.key, text="hijacked"
        )


async def test_reaction_and_its_undo(slack: Company) -> None:
    sales = await place(slack, "launch")
    before = (await slack.state("slack"))["messages"][sales]
    change = await slack.prove("slack.add_reaction", channel=sales, message="the press list post", emoji=":thumbs up:")
    assert change.record.ref.key == ":+1:"
    with pytest.raises(Conflict, match="already reacted"):
        await slack.run("slack.add_reaction", channel=sales, message="press list", emoji="👍")
    await slack.undo(change)
    assert (await slack.state("slack"))["messages"][sales] == before


async def test_words_point_at_messages(slack: Company) -> None:
    emoji = iter(("eyes", "tada", "fire", "heart", "rocket", "pray", "clap"))

    async def meant(channel: str, words: str) -> str:
        where = await place(slack, channel)
        change = await slack.run("slack.add_reaction", channel=where, message=words, emoji=next(emoji))
        ts = change.record.ref.id.split("/")[1]  # type: ignore[union-attr]
        rows = (await slack.state("slack"))["messages"][where]
        return str(next(row["text"] for row in rows if row["ts"] == ts))

    assert (await meant("launch", "Emil's message")).startswith("New key visual")
    assert (await meant("launch", "what Inês wrote about the load test")) == "Load test is booked."
    assert (await meant("launch", "the last message")).startswith("New key visual")
    with pytest.raises(Ambiguous) as asked:
        await meant("payments", "that message")
    assert len(asked.value.candidates) > 1
    assert asked.value.parameter == "message"
    with pytest.raises(Unresolved):
        await meant("launch", "the post about penguins")
    with pytest.raises(Unresolved):
        await meant("launch", "my last message about penguins")


async def test_schedule_and_reminder_and_their_undo(slack: Company) -> None:
    before = await slack.state("slack")
    launch = await place(slack, "launch")
    [marco] = await find(slack, "schedule_message", "channel", "marco")
    for change in (
        await slack.prove("slack.schedule_message", channel=launch, text="timesheets please!", at=SOON.isoformat()),
        await slack.prove("slack.schedule_message", channel=marco, text="happy birthday", at=SOON.isoformat()),
        await slack.prove("slack.set_reminder", text="send the deck & notes", at=SOON.isoformat()),
        await slack.prove("slack.set_reminder", text="rota", at=SOON.isoformat(), recurrence="weekly"),
    ):
        await slack.undo(change)
    after = await slack.state("slack")
    assert (after["scheduled"], after["reminders"]) == (before["scheduled"], before["reminders"]) == ({}, {})
    with pytest.raises(Rejected, match="time in past"):
        await slack.run("slack.schedule_message", channel=launch, text="x", at="2020-01-01T09:00:00+00:00")
    with pytest.raises(Rejected, match="time too far"):
        await slack.run("slack.schedule_message", channel=launch, text="x", at="2099-01-01T09:00:00+00:00")


async def test_search_narrows(slack: Company) -> None:
    sales = await place(slack, "sales")
    [tom] = await find(slack, "search_messages", "from", "Tom Hargreaves")
    [hit] = await messages(slack, "search_messages", query="price", channel=sales, **{"from": tom})
    assert (hit.text, hit.author, hit.channel) == ("List price, first month free.", "Tom Hargreaves", "sales")
    assert hit.sent_at is not None
    day = hit.sent_at.date()
    ahead, back = (day + timedelta(days=2)).isoformat(), (day - timedelta(days=2)).isoformat()
    assert await messages(slack, "search_messages", query="list price", after=back, before=ahead)
    assert await messages(slack, "search_messages", query="list price", after=ahead) == []
    assert await messages(slack, "search_messages", query="list price", before=back) == []
    assert len(await messages(slack, "search_messages", query="the", limit=23)) == 23


async def test_a_channel_is_read_in_order_and_in_pages(slack: Company) -> None:
    launch = await place(slack, "launch")
    for number in range(8):
        await slack.run("slack.send_message", channel=launch, text=f"note {number}")
    found = await messages(slack, "read_channel", channel=launch, limit=3)
    assert [one.text for one in found] == ["note 5", "note 6", "note 7"]
    since = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    assert len(await messages(slack, "read_channel", channel=launch, since=since)) == 8
    channels = await slack.run("slack.list_channels", limit=7)
    assert isinstance(channels, list)
    assert len({one.ref.id for one in channels}) == 7
    more = await slack.run("slack.list_channels", include_private=True, include_archived=True, limit=500)
    assert isinstance(more, list)
    assert {"office-move", "launch"} <= {one.title for one in more}


async def test_create_channel_with_people_and_its_undo(slack: Company) -> None:
    [lena] = await find(slack, "create_channel", "members", "Lena")
    [me] = await find(slack, "create_channel", "members", "me")
    change = await slack.prove(
        "slack.create_channel", name="#Acme Renewal", private=True, members=[me, lena], topic="Q4 & beyond"
    )
    assert change.record.ref.key == "#acme-renewal"
    with pytest.raises(Conflict, match="name taken"):
        await slack.run("slack.create_channel", name="acme-renewal")
    await slack.undo(change)
    channel = (await slack.state("slack"))["channels"][change.record.ref.id]
    assert channel["is_archived"]
    with pytest.raises(Rejected, match="invalid name"):
        await slack.run("slack.create_channel", name="what?!")
    with pytest.raises(Conflict, match="is there now, but not as you wanted it"):
        await slack.run("slack.create_channel", name="halfway", members=["U0NOBODY"])


async def test_invite_adds_only_the_missing_and_undo_takes_only_them(slack: Company) -> None:
    before = await slack.state("slack")
    launch = await place(slack, "launch")
    people = [(await find(slack, "invite_to_channel", "people", name))[0] for name in ("Sanne", "Ken Sato", "Lena")]
    change = await slack.prove("slack.invite_to_channel", channel=launch, people=people)
    assert [one.id for one in change.record.members] == people[:1]  # type: ignore[attr-defined]
    await slack.undo(change)
    assert (await slack.state("slack"))["channels"] == before["channels"]
    with pytest.raises(Conflict, match="already"):
        await slack.run("slack.invite_to_channel", channel=launch, people=people[1:])
    [me] = await find(slack, "invite_to_channel", "people", "dana.whitlock@fernwick.example")
    joined = await slack.prove("slack.invite_to_channel", channel=await place(slack, "platform"), people=[me])
    await slack.undo(joined)
    assert (await slack.state("slack"))["channels"] == before["channels"]


async def test_names_are_found(slack: Company) -> None:
    launch = await place(slack, "#launch")
    for text in (
        launch,
        f"<#{launch}|launch>",
        "our launch slack channel",
        "LAUNCH",
        f"https://x.slack.com/archives/{launch}/p1718000000000100",
    ):
        assert await find(slack, "send_message", "channel", text) == [launch]
    assert await place(slack, "incident 4471") == await place(slack, "incident-4471")
    [priya] = await find(slack, "send_message", "channel", "@priya.raman")
    for text in (priya, f"<@{priya}>", "Priya", "priya.raman@fernwick.example", "Mrs Raman", "Priya from payments"):
        assert await find(slack, "send_message", "channel", text) == [priya], text
    assert len(await find(slack, "send_message", "channel", "Alex")) == 2
    assert await find(slack, "send_message", "channel", "#Alex") == []
    assert await find(slack, "send_message", "channel", "Zebulon") == []
    assert await find(slack, "send_message", "channel", "finance") == []  # private, and Dana is not in it
    system = await slack.open("slack")
    [ines] = await system.find("slack.invite_to_channel", "people", "Ines Carvalho")
    assert (ines.label, ines.detail) == ("Inês Carvalho", "ines.carvalho@fernwick.example")
    names = await system.list_names()
    assert {"launch", "it-help"} <= set(names["channel"])
    assert "Emil Sørensen" in names["person"]


async def test_a_colleague_is_looked_up(slack: Company) -> None:
    for who in ("Ottilie from finance", "ottilie.frost@fernwick.example"):
        [found] = await slack.run("slack.find_person", who=who)  # type: ignore[misc]
        assert isinstance(found, Person)
        assert (found.job_title, found.timezone, found.handle) == ("Finance Manager", "Europe/London", "ottilie.frost")
    assert await slack.run("slack.find_person", who="nobody@fernwick.example") == []


async def test_delete_takes_only_ones_own_message(slack: Company) -> None:
    launch = await place(slack, "launch")
    before = await slack.state("slack")
    await slack.run("slack.send_message", channel=launch, text="wrong price list")
    await slack.prove("slack.delete_message", channel=launch, message="what I just posted")
    assert (await slack.state("slack"))["messages"] == before["messages"]
    with pytest.raises(Forbidden, match="cant delete message"):
        await slack.run("slack.delete_message", channel=launch, message="Grace's message")
    with pytest.raises(NotFound):
        await slack.run("slack.delete_message", channel=launch, message="1718000000.000100")
    link = "https://fernwick.slack.com/archives/C0OTHER/p1718000000000100"
    with pytest.raises(Rejected, match="another channel"):
        await slack.run("slack.delete_message", channel=launch, message=link)


async def test_lost_answers_are_recovered_not_repeated(slack: Company) -> None:
    launch = await place(slack, "launch")
    sent = {"channel": launch, "text": "Only once"}
    writes: dict[str, tuple[str, dict[str, Any]]] = {
        "send_message": ("chat.postMessage", sent),
        "schedule_message": ("chat.scheduleMessage", {**sent, "at": SOON.isoformat()}),
        "set_reminder": ("reminders.add", {"text": "Only once", "at": SOON.isoformat()}),
        "create_channel": ("conversations.create", {"name": "only-once"}),
        "add_reaction": ("reactions.add", {"channel": launch, "message": "Only once", "emoji": "eyes"}),
    }
    for tool, (method, args) in writes.items():
        system = await slack.open("slack")
        if tool != "add_reaction":
            assert await system.recover(f"slack.{tool}", args) is None
        await slack.fault("slack", kind="cut_off", times=1, path=method, method="POST", after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"slack.{tool}", args)
        change = await system.recover(f"slack.{tool}", args)
        assert change is not None
        assert await system.prove(f"slack.{tool}", change) is not None
    rows = (await slack.state("slack"))["messages"][launch]
    assert [row["text"] for row in rows].count("Only once") == 1


async def test_faults_are_told_apart(slack: Company) -> None:
    launch = await place(slack, "launch")
    await slack.fault("slack", kind="rate_limited", times=1, path="postMessage", retry_after=30)
    with pytest.raises(RateLimited) as limited:
        await slack.run("slack.send_message", channel=launch, text="x")
    assert limited.value.retry_after_s == 30
    await slack.fault("slack", kind="rate_limited", times=1, path="conversations.info", retry_after=0)
    await slack.run("slack.search_messages", query="x", channel=launch)
    await slack.connect("slack", scopes=["channels:read", "users:read"])
    with pytest.raises(Forbidden, match=r"missing scope \(chat:write\)"):
        await slack.run("slack.send_message", channel=launch, text="x")
    await slack.fault("slack", kind="expired_token", times=1)
    with pytest.raises(NotConnected):
        await slack.run("slack.list_channels")


async def test_webhooks_are_signed(slack: Company) -> None:
    system = await slack.open("slack")
    assert system.webhook is not None
    target = {"url": "http://127.0.0.1:9/slack", "secret": "s3cret"}
    base = f"{slack.sandbox.url}/_sandbox/slack"
    (await slack.client.post(f"{base}/webhooks", json=target)).raise_for_status()
    await slack.run("slack.send_message", channel=await place(slack, "launch"), text="hello")
    [delivery, *_] = (await slack.client.get(f"{base}/deliveries")).json()
    vendor = slack.sandbox.vendors["slack"]
    body = delivery["body"].encode()
    headers = vendor.sign("s3cret", body, {})
    system.webhook.verify(Delivery.of(headers, body), "s3cret")
    with pytest.raises(BadSignature, match="came before"):
        system.webhook.verify(Delivery.of(headers, body), "s3cret")
    with pytest.raises(BadSignature):
        system.webhook.verify(Delivery.of(headers, body + b" "), "s3cret")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("see <https://a.example/x> &amp; more", "see https://a.example/x & more"),
        ("<http://a.example|a.example>", "a.example"),
        ("<https://a.example|our page>", "our page (https://a.example)"),
        ("<@U1> and <@U2>, <#C1|launch> <!here>", "@Priya and <@U2>, #launch @here"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
    ],
)
def test_text_is_read(raw: str, text: str) -> None:
    assert to_text(raw, {"U1": "Priya"}) == text


def test_text_is_written_and_expected() -> None:
    assert escape(" <@U12> 1 < 2 ") == "<@U12> 1 &lt; 2"
    assert said("done 🎉", "done :tada:") == "done :tada:"
    assert said(" done ", "whatever") == "done"
    assert [emoji_name(name) for name in (":eyes:", "thumbs up", "🎉", "raised hands")] == [
        "eyes", "+1", "tada", "raised_hands",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("every weekday", "every weekday at 08:30"),
        ("daily", "every day at 08:30"),
        ("mondays", "every Monday at 08:30"),
        ("weekly", "every Friday at 08:30"),
        ("biweekly on fridays", "every other Friday at 08:30"),
        ("on the 1st of each month", "every month on the 1st at 08:30"),
        ("yearly", "every January 1st at 08:30"),
        ("every tuesday and thursday", "every Tuesday and Thursday at 08:30"),
    ],
)
def test_recurrence_is_told(said: str, told: str) -> None:
    at = datetime.combine(date(2027, 1, 1), datetime.min.time().replace(hour=8, minute=30), UTC)
    assert to_recurrence(said, at) == told
