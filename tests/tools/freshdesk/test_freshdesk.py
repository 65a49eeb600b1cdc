"""Freshdesk beyond the walk: finders, pages, days, refusals, lost answers, the stream, rule deliveries."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadSignature, Forbidden, NotConnected, NotFound, OutcomeUnknown, Rejected
from core.records import Person, Ticket
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.freshdesk import mapping, search
from tools.integrations.freshdesk.integration import Freshdesk
from tools.kit.http import Answer
from tools.kit.webhook import Delivery


@pytest.fixture
async def freshdesk(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "freshdesk") as found:
        yield found
        if has_descriptions():
            assert await found.problems("freshdesk") == []


async def find(freshdesk: Company, tool: str, parameter: str, text: str) -> list[str]:
    system = await freshdesk.open("freshdesk")
    return [one.label for one in await system.find(f"freshdesk.{tool}", parameter, text)]


async def tickets(freshdesk: Company, tool: str, **args: Any) -> list[Ticket]:
    found = await freshdesk.run(f"freshdesk.{tool}", **args)
    assert isinstance(found, list)
    return found


async def test_names_are_found(freshdesk: Company) -> None:
    assert await find(freshdesk, "update_ticket", "assignee", "rosa") == ["Rosa Mendes"]
    assert await find(freshdesk, "update_ticket", "assignee", "rosa.mendes@fernwick.example") == ["Rosa Mendes"]
    assert await find(freshdesk, "update_ticket", "assignee", "Zebulon") == []
    assert await find(freshdesk, "update_ticket", "group", "repair") == ["Repairs"]
    assert await find(freshdesk, "list_tickets", "requester", "Marlowe") == ["Edith Marlowe"]
    assert await find(freshdesk, "list_tickets", "requester", "edith.marlowe@harbourlight.example") == ["Edith Marlowe"]
    assert await find(freshdesk, "list_tickets", "requester", "43999999") == []
    assert len(await find(freshdesk, "list_tickets", "requester", "an")) > 3
    system = await freshdesk.open("freshdesk")
    [kyle] = await system.find("freshdesk.update_ticket", "assignee", "Kyle")
    assert [one.label for one in await system.find("freshdesk.update_ticket", "assignee", kyle.id)] == ["Kyle Bennett"]
    [edith] = await freshdesk.run("freshdesk.search_contacts", query="Edith")  # type: ignore[misc]
    assert isinstance(edith, Person)
    assert edith.company == "Harbour Light Books"
    assert await find(freshdesk, "list_tickets", "requester", edith.phone) == ["Edith Marlowe"]


async def test_a_ticket_carries_names_and_words(freshdesk: Company) -> None:
    ticket = await freshdesk.run("freshdesk.get_ticket", ticket=934)
    assert isinstance(ticket, Ticket)
    assert (ticket.status, ticket.priority, ticket.requester) == ("resolved", "medium", "mads.lund@nordkaffe.example")
    assert (str(ticket.owner), str(ticket.group), ticket.company) == ("Kyle Bennett", "Repairs", "Nordkaffe")
    assert ticket.ref.url == "https://fernwick.freshdesk.com/a/tickets/934"
    assert [(one.is_private, one.author) for one in ticket.comments] == [
        (False, "Kyle Bennett"),
        (True, "Kyle Bennett"),
    ]
    assert mapping.plain(mapping.markup("a < b & c\nd")) == "a < b & c\nd"
    assert mapping.to_ticket({"id": 1, "status": 7}, {}, "").status == "status 7"


async def test_lists_go_over_many_pages(freshdesk: Company) -> None:
    state = freshdesk.sandbox.vendors["freshdesk"].state
    first = state["tickets"]["944"]
    for number in range(2000, 2250):
        state["tickets"][str(number)] = first | {"id": number}
    state["conversations"]["944"] = [
        {"id": n, "ticket_id": 944, "body": "x", "created_at": "2026-01-01T00:00:00Z"} for n in range(130)
    ]
    assert len({one.ref.id for one in await tickets(freshdesk, "search_tickets", tag="returns", limit=240)}) == 240
    assert len({one.ref.id for one in await tickets(freshdesk, "list_tickets", limit=220)}) == 220
    ticket = await freshdesk.run("freshdesk.get_ticket", ticket=944)
    assert isinstance(ticket, Ticket)
    assert len(ticket.comments) == 130


def test_days_are_the_askers() -> None:
    late = mapping.to_ticket({"id": 1, "created_at": "2026-11-20T23:30:00Z", "due_by": "2026-11-21T23:30:00Z"}, {}, "")
    assert search.keeps(late, None, date(2026, 11, 20), None, "Asia/Tokyo")
    assert not search.keeps(late, None, date(2026, 11, 20), None, "America/Bogota")
    assert search.keeps(late, None, None, date(2026, 11, 22), "Europe/London")
    assert not search.keeps(late, None, None, date(2026, 11, 22), "Asia/Tokyo")
    assert search.query(None, None, None, "o'brien", None, None, None) == "tag:'o brien'"


async def test_refusals_are_told_apart(freshdesk: Company) -> None:
    with pytest.raises(NotFound):
        await freshdesk.run("freshdesk.get_ticket", ticket=99)
    with pytest.raises(Rejected, match="one of these values") as refused:
        await freshdesk.run("freshdesk.update_ticket", ticket=938, type="Riddle")
    assert "type" in refused.value.fields
    with pytest.raises(Rejected, match="nothing to change"):
        await freshdesk.run("freshdesk.update_ticket", ticket=938)
    in_200 = Answer(200, {}, {"code": "access_denied", "message": "You are not authorized to perform this action."})
    assert isinstance(Freshdesk.error(in_200), Forbidden)
    await freshdesk.connect("freshdesk")
    await freshdesk.fault("freshdesk", kind="refused", status=401)
    with pytest.raises(NotConnected):
        await freshdesk.run("freshdesk.get_ticket", ticket=938)


async def test_lost_answers_are_recovered_not_repeated(freshdesk: Company) -> None:
    system = await freshdesk.open("freshdesk")
    new: dict[str, Any] = {"subject": "Only once", "description": "x", "requester": "nora@newcomer.example"}
    cases: list[tuple[str, str, dict[str, Any]]] = [
        ("create_ticket", "/tickets$", new),
        ("reply", "/reply$", {"ticket": 938, "body": "On its way"}),
        ("add_note", "/notes$", {"ticket": 938, "body": "Ask\nKyle"}),
        ("delete_ticket", "/938$", {"ticket": 938}),
    ]
    for tool, path, args in cases:
        assert await system.recover(f"freshdesk.{tool}", args) is None
        method = "DELETE" if tool == "delete_ticket" else "POST"
        await freshdesk.fault("freshdesk", kind="server_error", times=1, path=path, method=method, after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"freshdesk.{tool}", args)
        assert await system.recover(f"freshdesk.{tool}", args) is not None
    assert len(await tickets(freshdesk, "search_tickets", text="Only once")) == 1
    assert await system.recover("freshdesk.update_ticket", {"ticket": 945, "status": "closed"}) is None
    assert (
        await system.recover("freshdesk.update_ticket", {"ticket": 945, "status": "open", "tags": ["vpn"]}) is not None
    )


async def test_the_stream_gives_all_then_what_changed(freshdesk: Company) -> None:
    system = await freshdesk.open("freshdesk")
    every = await system.stream("ticket")
    assert len(every.records) == 10
    again = await system.stream("ticket", every.cursor)
    assert list(again.records) == []
    await freshdesk.run("freshdesk.update_ticket", ticket=936, priority="low")
    after = await system.stream("ticket", again.cursor)
    assert [one.ref.id for one in after.records] == ["936"]


def test_a_rules_delivery_is_understood_and_a_forged_one_refused() -> None:
    told = {"ticket_id": 938, "triggered_event": "ticket_updated", "ticket_modified_on": "2026-11-24T09:30:00Z"}
    delivery = Delivery.of({"X-Atom-Secret": "secret"}, json.dumps({"freshdesk_webhook": told}).encode())
    assert Freshdesk.webhook is not None
    Freshdesk.webhook.verify(delivery, "secret")
    [event] = Freshdesk.events(delivery)
    assert event.ref is not None
    assert (event.kind, event.ref.id, len(event.id)) == ("ticket_updated", "938", 64)
    with pytest.raises(BadSignature):
        Freshdesk.webhook.verify(Delivery.of({"X-Atom-Secret": "guess"}, delivery.body), "secret")
