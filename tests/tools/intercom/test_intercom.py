"""Intercom against the sandbox: what its walk does not show."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import BadSignature, Conflict, Forbidden, NotFound, OutcomeUnknown, RateLimited, Rejected
from core.records import Ticket
from core.tool import Change
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.intercom.integration import Intercom
from tools.integrations.intercom.mapping import to_html, to_text
from tools.kit.http import Answer
from tools.kit.webhook import Delivery

FIRST = "88140201"


@pytest.fixture
async def intercom(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "intercom") as found:
        yield found
        if has_descriptions():
            assert await found.problems("intercom") == []


async def find(c: Company, tool: str, parameter: str, text: str) -> list[str]:
    return [one.id for one in await (await c.open("intercom")).find(f"intercom.{tool}", parameter, text)]


async def conversations(c: Company, **args: object) -> list[Ticket]:
    found = await c.run("intercom.search_conversations", **args)
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, Ticket)]


async def test_names_are_found(intercom: Company) -> None:
    [edith] = await find(intercom, "delete_contact", "contact", "Edith Marlowe")
    assert await find(intercom, "delete_contact", "contact", edith) == [edith]
    assert await find(intercom, "delete_contact", "contact", "Zebulon") == []
    assert await find(intercom, "delete_contact", "contact", "nobody@fair.example") == []
    assert await find(intercom, "reply", "conversation", f"#{FIRST}") == [FIRST]
    assert await find(intercom, "reply", "conversation", f"https://app.intercom.com/x/conversation/{FIRST}") == [FIRST]
    assert await find(intercom, "reply", "conversation", "Edith Marlowe")
    assert await find(intercom, "reply", "conversation", "quantum flux") == []
    with pytest.raises(NotFound):
        await find(intercom, "reply", "conversation", "11")
    assert len(await find(intercom, "assign_conversation", "assignee", "Hamza")) == 1
    assert len(await find(intercom, "assign_conversation", "team", "customer care team")) == 1
    assert len(await find(intercom, "search_contacts", "company", "Casa Verde")) == 1
    assert await find(intercom, "search_contacts", "company", "Zebra Inc") == []
    assert len(await find(intercom, "search_conversations", "tag", "feature")) == 1


async def test_a_conversation_is_read_whole_with_names(intercom: Company) -> None:
    await intercom.prove("intercom.add_internal_note", conversation=FIRST, body="for us only")
    found = await intercom.run("intercom.get_conversation", conversation=FIRST)
    assert isinstance(found, Ticket)
    assert found.requester
    assert found.comments[-1].text == "for us only"
    assert found.comments[-1].is_private
    assert found.comments[-1].author == "Dana Whitlock"
    assert found.ref.url.startswith("https://app.intercom.com/a/apps/fw7k2q9d/")


async def test_search_goes_over_pages(intercom: Company) -> None:
    customers = await intercom.run("intercom.search_contacts", query="example", limit=500)
    assert isinstance(customers, list)
    vendor = intercom.sandbox.vendors["intercom"]
    some = next(iter(vendor.state["contacts"].values()))
    for number in range(200):
        own = f"{number:024x}"
        vendor.state["contacts"][own] = {**some, "id": own, "email": f"visitor{number}@example.example"}
    again = await intercom.run("intercom.search_contacts", query="example", limit=500)
    assert isinstance(again, list)
    assert len({one.ref.id for one in again}) == len(customers) + 200


async def test_states_and_hands(intercom: Company) -> None:
    [some, *_] = await conversations(intercom, state="open")
    with pytest.raises(Conflict, match="already open"):
        await intercom.run("intercom.close_conversation", conversation=some.ref.id, action="open")
    with pytest.raises(Rejected, match="moment"):
        await intercom.run("intercom.close_conversation", conversation=some.ref.id, action="snooze")
    with pytest.raises(Rejected, match="closing"):
        await intercom.run("intercom.close_conversation", conversation=some.ref.id, action="open", body="x")
    [julia], [billing] = [
        await find(intercom, "assign_conversation", name, text)
        for name, text in (("assignee", "Julia"), ("team", "billing"))
    ]
    before = await intercom.state("intercom")
    both = {"conversation": some.ref.id, "assignee": julia, "team": billing}
    change = await intercom.prove("intercom.assign_conversation", **both)
    assert await conversations(intercom, assignee=julia)
    await intercom.undo(change)
    now = (await intercom.state("intercom"))["conversations"][some.ref.id]
    old = before["conversations"][some.ref.id]
    assert (now["admin"], now["team"]) == (old["admin"], old["team"])


async def test_errors_are_told_apart(intercom: Company) -> None:
    def error(status: int, code: str, **headers: str) -> object:
        body = {"type": "error.list", "errors": [{"code": code, "message": "No."}]}
        return Intercom.error(Answer(status, headers, body))

    assert isinstance(error(200, "not_found"), NotFound)
    assert isinstance(error(403, "token_unauthorized"), Forbidden)
    ends = str(int((datetime.now(UTC) + timedelta(seconds=7)).timestamp()))
    limited = error(429, "rate_limit_exceeded", **{"x-ratelimit-reset": ends})
    assert isinstance(limited, RateLimited)
    assert limited.retry_after_s is not None
    assert 4 < limited.retry_after_s <= 7
    with pytest.raises(NotFound, match="User Not Found"):
        await intercom.run("intercom.create_ticket", ticket_type="1", customer="2", title="x")


async def test_lost_answers_are_recovered_not_repeated(intercom: Company) -> None:
    system = await intercom.open("intercom")
    [edith] = await find(intercom, "delete_contact", "contact", "Edith Marlowe")
    [bug] = await find(intercom, "create_ticket", "ticket_type", "bug")
    [some, *_] = await conversations(intercom, state="open")
    for tool, path, args in (
        ("reply", "/reply$", {"conversation": FIRST, "body": "Only once"}),
        ("close_conversation", "/parts$", {"conversation": some.ref.id}),
        ("create_ticket", "/tickets$", {"ticket_type": bug, "customer": edith, "title": "Only once"}),
    ):
        if tool == "create_ticket":
            with pytest.raises(OutcomeUnknown, match="slow to show"):
                await system.recover(f"intercom.{tool}", args)
        else:
            assert await system.recover(f"intercom.{tool}", args) is None
        await intercom.fault("intercom", kind="cut_off", times=1, path=path, method="POST", after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"intercom.{tool}", args)
        change = await system.recover(f"intercom.{tool}", args)
        assert isinstance(change, Change)
        assert await system.prove(f"intercom.{tool}", change) is not None


async def test_streams_give_all_then_only_the_change(intercom: Company) -> None:
    system = await intercom.open("intercom")
    first = await system.stream("conversation")
    moments = [one.updated_at for one in first.records if isinstance(one, Ticket)]
    assert moments == sorted(moments, key=str)
    assert len(moments) > 10
    await intercom.prove("intercom.reply", conversation=FIRST, body="later")
    again = await system.stream("conversation", first.cursor)
    assert [one.ref.id for one in again.records] == [FIRST]
    assert (await system.stream("conversation", again.cursor)).records == []
    assert len((await system.stream("contact")).records) > 20


async def test_webhooks_are_genuine(intercom: Company) -> None:
    target = {"url": "http://127.0.0.1:9/hook", "secret": "s3cret"}
    await intercom.client.post(f"{intercom.sandbox.url}/_sandbox/intercom/webhooks", json=target)
    await intercom.prove("intercom.reply", conversation=FIRST, body="hello")
    await intercom.sandbox.vendors["intercom"].hooks.settle()
    [row] = (await intercom.client.get(f"{intercom.sandbox.url}/_sandbox/intercom/deliveries")).json()
    delivery = Delivery.of(row["headers"], row["body"].encode())
    assert Intercom.webhook is not None
    Intercom.webhook.verify(delivery, "s3cret")
    [event] = Intercom.events(delivery)
    assert event.kind == "conversation.admin.replied"
    assert event.ref is not None
    assert (event.ref.kind, event.ref.id) == ("conversation", FIRST)
    with pytest.raises(BadSignature):
        Intercom.webhook.verify(Delivery.of(row["headers"], row["body"].encode() + b" "), "s3cret")
    ping = json.dumps({"type": "notification_event", "id": "notif_1", "topic": "ping", "data": {}})
    assert Intercom.events(Delivery.of({}, ping.encode())) == []
    assert Intercom.greet(Delivery(method="HEAD"), "s3cret") is not None


def test_text_and_html() -> None:
    assert to_text(to_html("a < b & c\n\nd\ne")) == "a < b & c\nd\ne"
