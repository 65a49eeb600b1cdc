"""The tools of Teams against the sandbox, held against Microsoft's own description."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadSignature, Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected
from core.records import Channel, Message
from core.tool import Change
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.teams.integration import Teams
from tools.integrations.teams.mapping import linked, to_message
from tools.kit.webhook import Delivery


@pytest.fixture
async def teams(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "teams") as found:
        yield found
        if has_descriptions():
            assert await found.problems("teams") == []


async def find(teams: Company, tool: str, parameter: str, text: str, **args: Any) -> list[str]:
    found = await (await teams.open("teams")).find(f"teams.{tool}", parameter, text, args)
    return [one.label for one in found]


async def number(teams: Company, tool: str, parameter: str, text: str, **args: Any) -> str:
    return (await (await teams.open("teams")).find(f"teams.{tool}", parameter, text, args))[0].id


async def test_teams_and_channels_are_found_by_name_path_and_link(teams: Company) -> None:
    payments = await number(teams, "list_channels", "team", "the Payments team")
    assert await find(teams, "list_channels", "team", "Finance") == []
    assert len(await find(teams, "read_channel", "channel", "General")) == 6
    assert await find(teams, "read_channel", "channel", "General", team=payments) == ["General"]
    one = await number(teams, "read_channel", "channel", "payments > on-call")
    channels = await teams.run("teams.list_channels", team=payments)
    assert isinstance(channels, list)
    shown = next(row for row in channels if isinstance(row, Channel) and row.title == "On-call")
    assert await number(teams, "read_channel", "channel", shown.ref.url) == await number(
        teams, "read_channel", "channel", one
    )
    assert await find(teams, "read_channel", "channel", "Nowhere") == []


async def test_people_chats_and_posts_are_found(teams: Company) -> None:
    assert len(await find(teams, "add_member", "person", "Alex")) == 2
    assert await find(teams, "add_member", "person", "priya.raman@fernwick.example") == ["Priya Raman"]
    assert await find(teams, "add_member", "person", "nobody@fernwick.example") == []
    assert await find(teams, "read_chat", "chat", "Priya") == ["Priya Raman"]
    assert len(await find(teams, "read_chat", "chat", "Ines")) == 2
    assert await find(teams, "read_chat", "chat", "war room") == ["Launch war room"]
    general = await number(teams, "delete_message", "channel", "Payments / General")
    [mine] = await find(teams, "delete_message", "message", "my last post", channel=general)
    assert mine.startswith("Merchants ask for partial refunds")
    assert len(await find(teams, "delete_message", "message", "Diego's post", channel=general)) == 1
    assert await find(teams, "delete_message", "message", "zeppelin", channel=general) == []
    path = await number(teams, "delete_message", "message", "my last post", channel=general)
    post = await teams.run("teams.read_channel", channel=general)
    assert isinstance(post, list)
    url = next(one.ref.url for one in post if one.ref.id == path)
    assert await number(teams, "delete_message", "message", url, channel=general) == path
    assert await number(teams, "delete_message", "message", path.rpartition("/")[2], channel=general) == path


async def test_lists_page_on_and_time_is_kept(teams: Company) -> None:
    alerts = await number(teams, "read_channel", "channel", "Alerts")
    many = await teams.run("teams.read_channel", channel=alerts, limit=58)
    assert isinstance(many, list)
    assert len({one.ref.id for one in many}) == 58
    since = datetime.now(UTC) - timedelta(days=8, hours=2)
    late = await teams.run("teams.read_channel", channel=alerts, since=since.isoformat())
    assert isinstance(late, list)
    assert 0 < len(late) < 6
    hits = await teams.run("teams.search_messages", query='"Latency alert"', limit=40)
    assert isinstance(hits, list)
    assert len({one.ref.id for one in hits}) == 40
    first = await (await teams.open("teams")).find("teams.delete_message", "message", hits[0].ref.id, {})
    assert [one.id for one in first] == [hits[0].ref.id]


async def test_refusals_are_told(teams: Company) -> None:
    payments = await number(teams, "add_member", "team", "Payments")
    sales = await number(teams, "add_member", "team", "Sales")
    bea = await number(teams, "add_member", "person", "Bea Santos")
    priya = await number(teams, "add_member", "person", "Priya Raman")
    with pytest.raises(Conflict, match="already"):
        await teams.run("teams.add_member", team=payments, person=priya)
    with pytest.raises(NotFound, match="not in the team"):
        await teams.run("teams.remove_member", team=payments, person=bea)
    with pytest.raises(Forbidden, match="owner"):
        await teams.run("teams.add_member", team=sales, person=bea)
    with pytest.raises(Rejected, match="oneself"):
        await teams.run("teams.send_chat_message", to=[await number(teams, "add_member", "person", "me")], text="x")
    with pytest.raises(Conflict, match="already existed"):
        await teams.run("teams.create_channel", team=payments, name="Alerts")
    with pytest.raises(Rejected, match="50 characters"):
        await teams.run("teams.create_channel", team=payments, name="x" * 60)
    general = await number(teams, "delete_message", "channel", "Payments / General")
    theirs = await number(teams, "delete_message", "message", "Diego's post", channel=general)
    with pytest.raises(Forbidden, match="author"):
        await teams.run("teams.delete_message", channel=general, message=theirs)
    await teams.connect("teams", scopes=["User.Read", "Team.ReadBasic.All", "Channel.ReadBasic.All"])
    with pytest.raises(Forbidden, match=r"lacks a scope for this \(ChannelMessage.Read.All\)"):
        await teams.run("teams.read_channel", channel=general)


async def test_a_reply_to_a_reply_joins_the_post(teams: Company) -> None:
    general = await number(teams, "send_channel_message", "channel", "Payments / General")
    reply = await number(teams, "send_channel_message", "reply_to", "after the load test", channel=general)
    assert "/replies/" in reply
    change = await teams.prove("teams.send_channel_message", channel=general, text="Fine.", reply_to=reply)
    assert isinstance(change.record, Message)
    assert change.record.thread == reply.partition("/messages/")[2].partition("/")[0]
    await teams.undo(change)


async def test_a_group_chat_is_used_again(teams: Company) -> None:
    people = [await number(teams, "send_chat_message", "to", name) for name in ("Ken Sato", "Nadia Rossi")]
    first = await teams.prove("teams.send_chat_message", to=people, text="One")
    second = await teams.prove("teams.send_chat_message", to=people[::-1], text="Two")
    assert first.record.ref.id.partition("/messages/")[0] == second.record.ref.id.partition("/messages/")[0]


@pytest.mark.parametrize(
    "tool", ["send_channel_message", "send_chat_message", "create_channel", "add_member", "create_meeting"]
)
async def test_a_lost_answer_is_recovered_not_repeated(teams: Company, tool: str) -> None:
    payments = await number(teams, "add_member", "team", "Payments")
    every: dict[str, dict[str, Any]] = {
        "send_channel_message": {"channel": await number(teams, tool, "channel", "On-call")}
        if tool == "send_channel_message"
        else {},
        "send_chat_message": {"to": [await number(teams, "add_member", "person", "Priya Raman")]},
        "create_channel": {"team": payments, "name": "Once", "description": "x"},
        "add_member": {"team": payments, "person": await number(teams, "add_member", "person", "Bea Santos")},
        "create_meeting": {"subject": "Once", "start": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
    }
    args = every[tool] | ({"text": "Only once"} if tool.startswith("send") else {})
    system = await teams.open("teams", "call-1")
    if tool != "create_meeting":
        assert await system.recover(f"teams.{tool}", args) is None
        last = {"send_chat_message": "/messages$"}.get(tool, "")
        await teams.fault("teams", kind="cut_off", times=1, method="POST", path=last, after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"teams.{tool}", args)
    else:
        await system.run(f"teams.{tool}", args)
    change = await system.recover(f"teams.{tool}", args)
    assert isinstance(change, Change)
    assert await system.prove(f"teams.{tool}", change) is not None
    assert len((await teams.state("teams"))["meetings"]) == (tool == "create_meeting")
    await teams.undo(change)


def test_messages_and_links_are_read() -> None:
    html = {"contentType": "html", "content": '<p>Hi <at id="0">Ana</at>,<br>two &lt; three</p>'}
    row = {"id": "5", "body": html, "from": None, "createdDateTime": "2026-11-24T09:00:00.123Z"}
    message = to_message(row, "chats/19:a@thread.v2")
    assert (message.text, message.author, message.ref.id) == (
        "Hi Ana,\ntwo < three",
        "",
        "chats/19:a@thread.v2/messages/5",
    )
    group = "0d1f2a3b-0000-4000-8000-000000000000"
    link = f"https://teams.microsoft.com/l/message/19%3Ax%40thread.tacv2/12?groupId={group}&parentMessageId=10"
    assert linked(link) == f"teams/{group}/channels/19:x@thread.tacv2/messages/10/replies/12"
    assert linked("https://example.com/l/channel/x") == ""


def test_webhooks_are_greeted_verified_and_understood() -> None:
    row = {"subscriptionId": "s1", "clientState": "kept", "changeType": "created",
           "resource": "teams('t1')/channels('19:c@thread.tacv2')/messages('16')",
           "resourceData": {"@odata.type": "#Microsoft.Graph.chatMessage", "id": "16"}}  # fmt: skip
    delivery = Delivery.of({}, json.dumps({"value": [row]}).encode())
    assert Teams.webhook is not None
    Teams.webhook.verify(delivery, "kept")
    [event] = Teams.events(delivery)
    assert event.ref is not None
    assert (event.kind, event.ref.id) == ("message.created", "teams/t1/channels/19:c@thread.tacv2/messages/16")
    with pytest.raises(BadSignature):
        Teams.webhook.verify(Delivery.of({}, b'{"value": [{"clientState": ""}]}'), "kept")
    assert Teams.greet(Delivery.of({}, b"", query={"validationToken": "abc"}), "kept") is not None
