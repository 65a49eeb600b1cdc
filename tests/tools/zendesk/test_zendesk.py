"""Zendesk beyond the walk: finders, pages, refusals, lost answers, the export, signed events."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadSignature, Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected
from core.records import Person, Ticket
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.zendesk.integration import Zendesk
from tools.kit.webhook import Delivery


@pytest.fixture
async def zendesk(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "zendesk") as found:
        yield found
        if has_descriptions():
            assert await found.problems("zendesk") == []


async def find(zendesk: Company, tool: str, parameter: str, text: str) -> list[str]:
    system = await zendesk.open("zendesk")
    return [one.label for one in await system.find(f"zendesk.{tool}", parameter, text)]


async def ids(zendesk: Company, **args: Any) -> list[str]:
    found = await zendesk.run("zendesk.search_tickets", **args)
    assert isinstance(found, list)
    return [one.ref.id for one in found]


async def test_names_are_found(zendesk: Company) -> None:
    assert await find(zendesk, "update_ticket", "assignee", "rosa") == ["Rosa Mendes"]
    assert len(await find(zendesk, "update_ticket", "assignee", "alex")) == 2
    assert await find(zendesk, "update_ticket", "assignee", "Edith Marlowe") == []
    assert await find(zendesk, "create_ticket", "requester", "Zebulon") == []
    assert await find(zendesk, "create_ticket", "requester", "z@nowhere.example") == ["z@nowhere.example"]
    assert await find(zendesk, "update_ticket", "group", "billing") == ["Billing"]
    assert await find(zendesk, "list_view", "view", "billing") == ["Billing queue"]
    assert len(await find(zendesk, "list_view", "view", "unsolved")) == 2
    assert await find(zendesk, "list_view", "view", "astronomy") == []
    system = await zendesk.open("zendesk")
    [firm] = await system.find("zendesk.search_tickets", "requester", "Harbourlight Books")
    assert firm.id.startswith("organization:")
    assert [one.id for one in await system.find("zendesk.search_tickets", "requester", firm.id)] == [firm.id]
    assert await ids(zendesk, requester=firm.id) == ["4825", "4793"]
    [rosa] = await system.find("zendesk.update_ticket", "assignee", "rosa")
    assert [one.id for one in await system.find("zendesk.update_ticket", "assignee", rosa.id)] == [rosa.id]
    assert await find(zendesk, "update_ticket", "assignee", "999") == []
    assert "Billing" in (await system.list_names())["group"]


async def test_a_ticket_carries_names_and_words(zendesk: Company) -> None:
    ticket = await zendesk.run("zendesk.get_ticket", ticket=4799)
    assert isinstance(ticket, Ticket)
    assert (ticket.requester, ticket.company, str(ticket.owner)) == (
        "Doug Ferris",
        "Pinecrest Outfitters",
        "Kyle Bennett",
    )
    assert ticket.ref.url == "https://fernwick.zendesk.com/agent/tickets/4799"
    assert [one.author for one in ticket.comments] == ["Doug Ferris", "Kyle Bennett", "Doug Ferris"]
    [edith] = await zendesk.run("zendesk.find_user", query="Edith Marlowe")  # type: ignore[misc]
    assert isinstance(edith, Person)
    assert edith.company == "Harbourlight Books"


async def test_lists_go_over_many_pages(zendesk: Company) -> None:
    state = zendesk.sandbox.vendors["zendesk"].state
    first = state["tickets"]["4812"]
    for number in range(6000, 6250):
        state["tickets"][str(number)] = first | {"id": number, "assignee_id": None}
    state["comments"]["4812"] *= 230
    assert len(set(await ids(zendesk, query="status:open", limit=240))) == 240
    queue = await zendesk.run("zendesk.list_view", view="36400002", limit=500)
    assert isinstance(queue, list)
    assert len({one.ref.id for one in queue}) == 254
    ticket = await zendesk.run("zendesk.get_ticket", ticket=4812)
    assert isinstance(ticket, Ticket)
    assert len(ticket.comments) == 230


async def test_refusals_are_told_apart(zendesk: Company) -> None:
    with pytest.raises(NotFound):
        await zendesk.run("zendesk.get_ticket", ticket=99)
    with pytest.raises(Rejected, match="closed prevents ticket update") as refused:
        await zendesk.run("zendesk.reply", ticket=4790, body="too late")
    assert "status" in refused.value.fields
    with pytest.raises(Rejected, match="nothing to change"):
        await zendesk.run("zendesk.update_ticket", ticket=4799)
    with pytest.raises(Rejected, match="into itself"):
        await zendesk.run("zendesk.merge_tickets", target=4799, sources=[4799])
    await zendesk.fault("zendesk", kind="refused", status=409, method="PUT")
    with pytest.raises(Conflict, match="outdated ticket data"):
        await zendesk.run("zendesk.update_ticket", ticket=4799, add_tags=["x"])
    await zendesk.connect("zendesk", scopes=["read"])
    with pytest.raises(Forbidden, match="required scopes: write"):
        await zendesk.run("zendesk.reply", ticket=4799, body="hello")


async def test_lost_answers_are_recovered_not_repeated(zendesk: Company) -> None:
    args: dict[str, Any] = {"subject": "Nora asks once", "body": "x", "requester": "nora@newcomer.example"}
    await zendesk.fault("zendesk", kind="cut_off", times=1, path="/tickets$", method="POST", after_effect=True)
    await zendesk.prove("zendesk.create_ticket", **args)  # sent again under the same key
    assert len(await ids(zendesk, query="Nora asks")) == 1
    system = await zendesk.open("zendesk")
    change = await system.recover("zendesk.create_ticket", args)
    assert change is not None
    assert change.record.title == "Nora asks once"
    assert await system.recover("zendesk.create_ticket", args | {"subject": "Never sent"}) is None
    for tool, args in (
        ("reply", {"ticket": 4812, "body": "It is 884 a month", "status": "pending"}),
        ("add_internal_note", {"ticket": 4812, "body": "Ask Wendy"}),
        ("update_ticket", {"ticket": 4812, "priority": "high", "add_tags": ["warm"], "remove_tags": ["pricing"]}),
        ("delete_ticket", {"ticket": 4812}),
    ):
        assert await system.recover(f"zendesk.{tool}", args) is None
        method = "DELETE" if tool == "delete_ticket" else "PUT"
        fault = {"kind": "server_error", "path": "/4812$", "method": method, "after_effect": True}
        await zendesk.fault("zendesk", times=1, **fault)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"zendesk.{tool}", args)
        assert await system.recover(f"zendesk.{tool}", args) is not None


async def test_the_export_gives_all_then_what_changed(zendesk: Company) -> None:
    system = await zendesk.open("zendesk")
    every = await system.stream("ticket")
    assert (len(every.records), every.has_more, every.gone) == (19, False, [])
    again = await system.stream("ticket", every.cursor)
    assert (again.records, again.cursor) == ([], every.cursor)
    await zendesk.run("zendesk.update_ticket", ticket=4799, priority="low")
    await zendesk.run("zendesk.delete_ticket", ticket=4801)
    after = await system.stream("ticket", again.cursor)
    assert [one.ref.id for one in after.records] == ["4799"]
    assert [ref.id for ref in after.gone] == ["4801"]


def test_signed_events_are_understood_and_forged_ones_refused() -> None:
    body = json.dumps({
        "id": "01HX", "type": "zen:event-type:ticket.created", "subject": "zen:ticket:4830",
        "time": "2026-11-24T09:30:00Z", "detail": {"id": "4830"},
    }).encode()  # fmt: skip
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    mark = base64.b64encode(hmac.new(b"secret", at.encode() + body, hashlib.sha256).digest()).decode()
    headers = {"X-Zendesk-Webhook-Signature": mark, "X-Zendesk-Webhook-Signature-Timestamp": at}
    delivery = Delivery.of(headers, body)
    assert Zendesk.webhook is not None
    Zendesk.webhook.verify(delivery, "secret")
    [event] = Zendesk.events(delivery)
    assert event.ref is not None
    assert (event.kind, event.ref.id, event.at) == (
        "zen:event-type:ticket.created",
        "4830",
        datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    )
    with pytest.raises(BadSignature):
        Zendesk.webhook.verify(Delivery.of(headers, body + b" "), "secret")
