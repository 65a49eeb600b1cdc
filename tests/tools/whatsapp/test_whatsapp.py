"""WhatsApp beyond the walk: recipients, templates with placeholders, pages, refusals, lost answers, signed events."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import (
    BadSignature,
    Conflict,
    Forbidden,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    VendorUnavailable,
)
from core.records import Channel, Document, Message
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.whatsapp.integration import WhatsApp
from tools.kit.connection import Connection
from tools.kit.http import Answer
from tools.kit.webhook import Delivery

EDITH, FREJA = "447700900471", "4520123471"


@pytest.fixture
async def whatsapp(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "whatsapp") as found:
        yield found
        if has_descriptions():
            assert await found.problems("whatsapp") == []


async def find(whatsapp: Company, tool: str, parameter: str, text: str) -> list[str]:
    system = await whatsapp.open("whatsapp")
    return [one.id for one in await system.find(f"whatsapp.{tool}", parameter, text)]


async def templates(whatsapp: Company, **args: Any) -> list[Document]:
    found = await whatsapp.run("whatsapp.list_templates", **args)
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, Document)]


async def test_recipients_and_templates_are_found(whatsapp: Company) -> None:
    for text in ("+44 7700 900471", "0044 (7700) 900-471", EDITH):
        assert await find(whatsapp, "send_message", "to", text) == [EDITH]
    for text in ("07700 900471", "Mrs Marlowe", "+44"):
        assert await find(whatsapp, "send_message", "to", text) == []
    [group] = await find(whatsapp, "send_message", "to", "the beta merchants group")
    assert group.startswith("group:")
    assert await find(whatsapp, "send_message", "to", group) == [group]
    assert len(await find(whatsapp, "send_message", "to", "t")) == 2
    assert await find(whatsapp, "block_contact", "who", "beta merchants") == []
    assert await find(whatsapp, "send_template", "template", "order shipped") == ["order_shipped"]
    assert await find(whatsapp, "send_template", "template", "the till training template") == ["till_training"]
    assert len(await find(whatsapp, "delete_template", "name", "o")) > 2
    assert await find(whatsapp, "delete_template", "name", "black_friday") == []
    names = await (await whatsapp.open("whatsapp")).list_names()
    assert "order_shipped" in names["template"]
    assert "Beta merchants" in names["group"]


async def test_a_template_is_filled_in_and_checked(whatsapp: Company) -> None:
    sent = await whatsapp.prove("whatsapp.send_template", to=FREJA, template="order_shipped", values=["Freja", "A-7"])
    assert isinstance(sent.record, Message)
    assert sent.record.text == "Hi Freja, your order A-7 is on its way."
    for args, said in (
        ({"template": "order_shipped", "values": ["Freja"]}, "2 placeholders"),
        ({"template": "order_shipped", "language": "fr"}, "en_US, es"),
        ({"template": "spring_launch", "language": "de", "values": ["x"]}, "not approved: it is pending"),
    ):
        with pytest.raises(Rejected, match=said):
            await whatsapp.run("whatsapp.send_template", to=FREJA, **args)
    body = "Hi {{1}}, order {{2}} is late."
    made = await whatsapp.prove("whatsapp.create_template", name="Order late", category="UTILITY", body=body)
    assert made.record.title == "order_late"
    [row] = await templates(whatsapp, name="order late")
    assert (row.text, row.properties["status"]) == (body, "PENDING")
    await whatsapp.undo(made)
    assert await templates(whatsapp, name="order late") == []
    with pytest.raises(Rejected, match="small letters"):
        await whatsapp.run("whatsapp.create_template", name="späti!", category="UTILITY", body="x")


async def test_lists_go_over_many_pages(whatsapp: Company) -> None:
    state = whatsapp.sandbox.vendors["whatsapp"].state
    first = next(iter(state["templates"].values()))
    for number in range(250):
        id = str(59_471_020_000_000 + number)
        state["templates"][id] = first | {"id": id, "name": f"note_{number}"}
    assert len({one.ref.id for one in await templates(whatsapp, name="note")}) == 250
    group = next(iter(state["groups"].values()))
    for number in range(130):
        id = str(1_203_630_600_000_000 + number)
        state["groups"][id] = group | {"id": id, "subject": f"Street {number}"}
    groups = await whatsapp.run("whatsapp.list_groups", limit=500)
    assert isinstance(groups, list)
    assert len({one.ref.id for one in groups}) == 132


async def test_refusals_are_told_apart(whatsapp: Company) -> None:
    with pytest.raises(Conflict, match="24 hours") as over:
        await whatsapp.run("whatsapp.send_message", to=FREJA, text="Hello")
    assert "template" in over.value.next_step
    with pytest.raises(Conflict, match="last 24 hours"):
        await whatsapp.run("whatsapp.block_contact", who=FREJA)
    with pytest.raises(Conflict, match="blocked already"):
        await whatsapp.run("whatsapp.block_contact", who="15005550006")
    with pytest.raises(Conflict, match="already content"):
        await whatsapp.run("whatsapp.create_template", name="till_training", category="MARKETING", body="x")
    for tool, args in (
        ("send_message", {"to": EDITH, "text": "x" * 4097}),
        ("send_message", {"to": EDITH, "text": "x", "reply_to": "the last one"}),
        ("update_profile", {"about": "x" * 140}),
        ("create_group", {"subject": "x" * 129}),
    ):
        with pytest.raises(Rejected) as refused:
            await whatsapp.run(f"whatsapp.{tool}", **args)
        assert refused.value.fields
    with pytest.raises(Rejected, match="nothing to change"):
        await whatsapp.run("whatsapp.update_profile")
    with pytest.raises(Rejected, match="is no group"):
        await whatsapp.run("whatsapp.send_message", to="group:1203630600000000", text="x")
    await whatsapp.connect("whatsapp", scopes=["whatsapp_business_management"])
    with pytest.raises(Forbidden, match="permission"):
        await whatsapp.run("whatsapp.send_message", to=EDITH, text="Hello")


def test_codes_tell_more_than_the_status() -> None:
    def meant(code: int, status: int = 400, **more: Any) -> type[Exception]:
        error = {"message": "x", "type": "OAuthException", "code": code, **more}
        said = WhatsApp.error(Answer(status, {}, {"error": error}))
        assert said is not None
        return type(said)

    assert meant(130429) is RateLimited
    assert meant(80007, 200) is RateLimited
    assert meant(200, 200) is Forbidden
    assert meant(100, error_subcode=33) is NotFound
    assert meant(131000) is VendorUnavailable
    assert meant(132000) is Rejected
    assert meant(131026, 500) is VendorUnavailable


async def test_the_two_ids_must_belong_together(whatsapp: Company) -> None:
    who = whatsapp.who
    known = await whatsapp.registry.connections.get(who.tenant, who.id, "whatsapp")
    assert known is not None
    for wrong in ({"phone_number_id": "1"}, {"business_account_id": "x"}):
        made = Connection(who.tenant, who.id, "whatsapp", {**known.secret, **wrong})
        with pytest.raises(NotFound):
            await whatsapp.registry.settle(who, made)
    for row in whatsapp.sandbox.world.grants._tokens.values():
        row["revoked"] = True
    with pytest.raises(NotConnected):
        await whatsapp.run("whatsapp.list_groups")


async def test_what_was_sent_is_looked_after(whatsapp: Company) -> None:
    system = await whatsapp.open("whatsapp")
    sent = await whatsapp.prove("whatsapp.send_message", to=EDITH, text="The van is here")
    read = await system.prove("whatsapp.send_message", sent)
    assert isinstance(read, Message)
    assert read.labels == ("delivered",)
    row = whatsapp.sandbox.vendors["whatsapp"].state["messages"][sent.record.ref.id]
    row["events"].append(row["events"][0] | {"delivery_status": "FAILED", "error_description": "Undeliverable"})
    assert await system.prove("whatsapp.send_message", sent) is None
    with pytest.raises(LookupError):
        await system.recover("whatsapp.send_message", {"to": EDITH, "text": "The van is here"})


async def test_lost_answers_are_recovered_not_repeated(whatsapp: Company) -> None:
    system = await whatsapp.open("whatsapp")
    for tool, method, args in (
        ("create_template", "POST", {"name": "only_once", "category": "UTILITY", "body": "x"}),
        ("delete_template", "DELETE", {"name": "only_once"}),
        ("create_group", "POST", {"subject": "Only once"}),
    ):
        assert await system.recover(f"whatsapp.{tool}", args) is None
        await whatsapp.fault("whatsapp", kind="cut_off", times=1, method=method, after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"whatsapp.{tool}", args)
        change = await system.recover(f"whatsapp.{tool}", args)
        assert change is not None
        record = await system.prove(f"whatsapp.{tool}", change)
        assert (record is None) is change.is_gone
    assert isinstance(record, Channel)
    assert record.link.startswith("https://chat.whatsapp.com/")


def test_signed_events_are_understood_and_forged_ones_refused() -> None:
    values = [
        ("messages", {"messages": [{"id": "wamid.A", "from": EDITH, "timestamp": "1795000000", "type": "text"}]}),
        ("messages", {"statuses": [{"id": "wamid.B", "status": "read", "timestamp": "1795000001"}]}),
        ("message_template_status_update", {"event": "APPROVED", "message_template_id": 594, "reason": "NONE"}),
    ]
    changes = [{"field": field, "value": value} for field, value in values]
    told = {"object": "whatsapp_business_account", "entry": [{"id": "1", "time": 1795000002, "changes": changes}]}
    body = json.dumps(told).encode()
    headers = {"X-Hub-Signature-256": f"sha256={hmac.new(b'secret', body, hashlib.sha256).hexdigest()}"}
    assert WhatsApp.webhook is not None
    WhatsApp.webhook.verify(Delivery.of(headers, body), "secret")
    with pytest.raises(BadSignature):
        WhatsApp.webhook.verify(Delivery.of(headers, body + b" "), "secret")
    found = [(event.kind, event.ref and event.ref.id) for event in WhatsApp.events(Delivery.of(headers, body))]
    assert found == [
        ("messages", "wamid.A"),
        ("messages.read", "wamid.B"),
        ("message_template_status_update", "594"),
    ]
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "h00k"}
    greeting = WhatsApp.greet(
        Delivery("GET", "https://atom.example/hooks/h00k?hub.mode=subscribe", query=query), "secret"
    )
    assert greeting is not None
    assert greeting.body == "1158201444"
    for wrong in ({"hub.verify_token": "other"}, {"hub.challenge": "<script>"}):
        with pytest.raises(BadSignature):
            WhatsApp.greet(Delivery("GET", "https://atom.example/hooks/h00k", query=query | wrong), "secret")
    assert WhatsApp.greet(Delivery.of(headers, body), "secret") is None
