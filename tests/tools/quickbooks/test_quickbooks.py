"""QuickBooks beyond the walk: finders, pages, money, refusals, lost answers, streams, signed events."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadSignature, Conflict, Forbidden, NotConnected, NotFound, OutcomeUnknown, RateLimited, Rejected
from core.records import Invoice, Report
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.quickbooks.integration import QuickBooks
from tools.kit.connection import Connection
from tools.kit.http import Answer, Shared
from tools.kit.webhook import Delivery


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "quickbooks") as found:
        yield found
        if has_descriptions():
            assert await found.problems("quickbooks") == []


async def find(books: Company, tool: str, parameter: str, text: str) -> list[str]:
    system = await books.open("quickbooks")
    return [one.label for one in await system.find(f"quickbooks.{tool}", parameter, text)]


async def invoices(books: Company, **args: Any) -> list[Invoice]:
    found = await books.run("quickbooks.list_invoices", **args)
    assert isinstance(found, list)
    return found


async def test_names_are_found(books: Company) -> None:
    assert await find(books, "create_invoice", "customer", "granite & oak") == ["Granite and Oak Furniture"]
    assert await find(books, "create_invoice", "customer", "Blue Wren Bakery") == ["Bluewren Bakery"]  # by company
    assert await find(books, "create_invoice", "customer", "accounts@casaverde.example") == ["CASA VERDE S.L."]
    assert await find(books, "create_invoice", "customer", "101") == ["Harbourlight Books Ltd"]
    assert await find(books, "create_invoice", "customer", "Zebulon") == []
    assert await find(books, "create_bill", "vendor", "wharf") == ["Wharf Catering", "Wharf Street Print"]
    assert await find(books, "create_bill", "account", "6030") == ["Hosting"]
    assert await find(books, "create_bill", "account", "Company Visa") == []
    assert await find(books, "record_expense", "paid_from", "visa") == ["Company Visa"]
    assert await find(books, "record_expense", "payee", "O'Hara's") == ["O'Hara's"]
    system = await books.open("quickbooks")
    late = await invoices(books, overdue=True, limit=1)
    for text in (late[0].ref.key, late[0].ref.id, f"{late[0].customer}'s"):
        assert late[0].ref.id in [one.id for one in await system.find("quickbooks.send_invoice", "invoice", text)]
    assert await find(books, "send_invoice", "invoice", "999999") == []
    assert "Northgrid Energy" in (await system.list_names())["vendor"]


async def test_lists_and_reports(books: Company) -> None:
    late = await invoices(books, overdue=True)
    assert {one.status for one in late} == {"overdue"}
    assert {one.customer for one in late} <= {"Saffron Lane Grp", "Kestrel Cycles BV", "Monsoon Tea Houses"}
    state = books.sandbox.vendors["quickbooks"].state
    for number in range(20_000, 20_450):
        state["Invoice"][str(number)] = state["Invoice"]["2001"] | {"Id": str(number)}
    assert len({one.ref.id for one in await invoices(books, customer="101", limit=440)}) == 440
    report = await books.run(
        "quickbooks.get_profit_and_loss", start_date="2026-01-01", end_date="2026-02-28", by="Month"
    )
    assert isinstance(report, Report)
    assert {one.name for one in report.figures} >= {"Net Income · Jan 2026", "Net Income · Feb 2026"}


async def test_money_is_right_or_refused(books: Company) -> None:
    change = await books.prove(
        "quickbooks.create_invoice", customer="101", lines=["3 Counter stand", "1.5 hours of care at 90"]
    )
    assert isinstance(change.record, Invoice)
    assert (change.record.total, change.record.currency) == (Decimal("402.0"), "EUR")
    assert change.record.lines == ("3 × Counter stand: 267.00", "1.5 × hours of care: 135.00")
    for lines, said in (["a riddle"], "has no price"), (["care £90"], "billed in EUR"):
        with pytest.raises(Rejected, match=said):
            await books.run("quickbooks.create_invoice", customer="101", lines=lines)
    number = change.record.ref.id
    paid = await books.prove("quickbooks.record_payment", customer="101", amount="500", invoice=number)
    [bill] = [one for one in await invoices(books, customer="101", limit=99) if one.ref.id == number]
    assert (bill.status, bill.due_amount) == ("paid", Decimal(0))
    with pytest.raises(Conflict, match="already paid"):
        await books.run("quickbooks.record_payment", customer="101", amount="5", invoice=number)
    await books.undo(paid)
    await books.prove("quickbooks.void_invoice", invoice=number)
    with pytest.raises(Conflict, match="void already"):
        await books.run("quickbooks.void_invoice", invoice=number)
    with pytest.raises(Rejected, match="no bill yet"):
        await books.run("quickbooks.create_bill", vendor="205", amount="5")


async def test_refusals_are_told_apart(books: Company) -> None:
    with pytest.raises(Conflict, match="already exists"):
        await books.run("quickbooks.create_customer", name="Nordkaffe A/S")
    with pytest.raises(NotFound, match="made inactive"):
        await books.run("quickbooks.send_invoice", invoice="77")

    def fault(code: str, status: int) -> Any:
        return QuickBooks.error(
            Answer(status, {}, {"Fault": {"Error": [{"code": code, "Message": "no"}], "type": "x"}})
        )

    kinds = [type(fault(*one)) for one in (("5010", 400), ("003001", 429), ("3100", 200), ("610", 400), ("2010", 400))]
    assert kinds == [Conflict, RateLimited, Forbidden, NotFound, Rejected]
    lower = {"fault": {"error": [{"code": "3200", "message": "message=AuthenticationFailed"}]}}
    assert type(QuickBooks.error(Answer(401, {}, lower))).__name__ == "TokenExpired"
    who = books.who
    with pytest.raises(NotConnected):
        await books.registry.settle(who, Connection(who.tenant, who.id, "quickbooks", {"access_token": "x"}))


async def test_lost_answers_are_recovered_not_repeated(books: Company) -> None:
    system = await books.open("quickbooks")
    new = {"customer": "101", "lines": ["care 90.00"], "memo": "Only once"}
    cases: list[tuple[str, str, dict[str, Any]]] = [
        ("create_invoice", "/invoice$", new),
        ("create_customer", "/customer$", {"name": "Only Once Ltd"}),
        ("record_payment", "/payment$", {"customer": "102", "amount": "12.5", "reference": "once"}),
        ("create_bill", "/bill$", {"vendor": "202", "amount": "77", "reference": "once"}),
        ("record_expense", "/purchase$", {"payee": "Nonna's", "amount": "7", "account": "37", "memo": "once"}),
        ("send_invoice", "/send$", {"invoice": "2001", "to": "x@harbourlight.example"}),
    ]
    for tool, path, args in cases:
        assert await system.recover(f"quickbooks.{tool}", args) is None
        await books.fault("quickbooks", kind="server_error", times=9, path=path, method="POST", after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"quickbooks.{tool}", args)
        await books.client.delete(f"{books.sandbox.url}/_sandbox/quickbooks/faults")
        books.registry._shared.breakers = Shared(books.client).breakers  # the failures were meant
        assert await system.recover(f"quickbooks.{tool}", args) is not None
    assert len([one for one in await invoices(books, customer="101", limit=99) if one.memo == "Only once"]) == 1
    assert await system.recover("quickbooks.void_invoice", {"invoice": "2001"}) is None


async def test_the_streams_give_all_then_what_changed(books: Company) -> None:
    system = await books.open("quickbooks")
    made = await books.prove("quickbooks.create_invoice", customer="101", lines=["care 90.00"])
    every = await system.stream("invoice")
    assert len(every.records) == len(books.sandbox.vendors["quickbooks"].state["Invoice"])
    again = await system.stream("invoice", every.cursor)
    assert (list(again.records), list(again.gone)) == ([], [])
    await books.undo(made)
    await books.run("quickbooks.send_invoice", invoice="2002")
    after = await system.stream("invoice", again.cursor)
    assert [one.ref.id for one in after.records] == ["2002"]
    assert [one.id for one in after.gone] == [made.record.ref.id]
    assert len((await system.stream("customer")).records) == 18


def test_signed_events_are_understood_and_forged_ones_refused() -> None:
    new = [{"id": "88cd52aa", "type": "qbo.invoice.created.v1", "time": "2026-11-24T09:30:00.179851517Z",
            "intuitentityid": "9001", "intuitaccountid": "1"}]  # fmt: skip
    entity = {"name": "Customer", "id": "7", "operation": "Update", "lastUpdated": "2026-11-24T01:30:00-0800"}
    old = {"eventNotifications": [{"realmId": "1", "dataChangeEvent": {"entities": [entity]}}]}
    at = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    for told, kind, record in ((new, "qbo.invoice.created.v1", "invoice"), (old, "Customer.Update", "customer")):
        body = json.dumps(told).encode()
        mark = base64.b64encode(hmac.new(b"verifier", body, hashlib.sha256).digest()).decode()
        delivery = Delivery.of({"intuit-signature": mark}, body)
        assert QuickBooks.webhook is not None
        QuickBooks.webhook.verify(delivery, "verifier")
        [event] = QuickBooks.events(delivery)
        assert event.ref is not None
        assert event.at is not None
        assert (event.kind, event.ref.kind, event.at.replace(microsecond=0)) == (kind, record, at)
        with pytest.raises(BadSignature):
            QuickBooks.webhook.verify(Delivery.of({"intuit-signature": mark}, body + b" "), "verifier")
