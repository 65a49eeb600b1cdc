"""Xero beyond the walk: finders, pages, lines, refusals, lost answers, streams, signed events."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadSignature, Forbidden, NotFound, Rejected
from core.records import Customer, Invoice, Report
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.xero import mapping
from tools.integrations.xero.integration import Xero
from tools.kit.http import Answer
from tools.kit.webhook import Delivery


async def at_once(_: float) -> None:
    """A pace of one call a second is no pace for tests."""


@pytest.fixture
async def xero(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path) as found:
        found.registry._shared.sleep = at_once
        await found.connect("xero")
        yield found
        if has_descriptions():
            assert await found.problems("xero") == []


async def find(xero: Company, tool: str, parameter: str, text: str) -> list[str]:
    system = await xero.open("xero")
    return [one.label for one in await system.find(f"xero.{tool}", parameter, text)]


async def invoices(xero: Company, **args: Any) -> list[Invoice]:
    found = await xero.run("xero.list_invoices", **args)
    assert isinstance(found, list)
    return found


async def contact(xero: Company, name: str) -> str:
    [one] = await (await xero.open("xero")).find("xero.create_invoice", "contact", name)
    return one.id


async def test_names_are_found(xero: Company) -> None:
    assert await find(xero, "create_invoice", "contact", "harbourlight") == ["Harbourlight Books Ltd"]
    assert await find(xero, "create_invoice", "contact", "accounts@nordkaffe.example") == ["Nordkaffe A/S"]
    assert await find(xero, "create_invoice", "contact", "Zebulon") == []
    assert await find(xero, "record_payment", "account", "account 090") == ["Barclays Current"]
    assert await find(xero, "record_payment", "account", "owner") == ["Owner contribution"]
    assert await find(xero, "list_bank_transactions", "account", "owner") == []
    assert len(await find(xero, "create_invoice", "contact", "w")) > 2
    system = await xero.open("xero")
    number = await contact(xero, "harbourlight")
    assert await contact(xero, number) == number
    [one] = await system.find("xero.email_invoice", "invoice", "inv-0205")
    assert [again.id for again in await system.find("xero.email_invoice", "invoice", one.id)] == [one.id]
    assert [again.id for again in await system.find("xero.email_invoice", "invoice", "Harbourlight's")] == [one.id]
    assert await find(xero, "email_invoice", "invoice", "INV-9999") == []
    assert (await system.list_names())["account"] == ["Barclays Current", "Company Card"]


async def test_lists_balances_and_reports(xero: Company) -> None:
    assert {one.status for one in await invoices(xero, status="PAID")} == {"paid"}
    [bill] = await invoices(xero, kind="ACCPAY", due_before=date.today().isoformat(), status="AUTHORISED")
    assert (bill.kind, bill.reference, bill.currency) == ("bill", "SP-30091", "GBP")
    assert bill.ref.url.startswith("https://go.xero.com/AccountsPayable/View.aspx?InvoiceID=")
    [power] = await xero.run("xero.find_contact", name="Southgate")  # type: ignore[misc]
    assert isinstance(power, Customer)
    assert power.owed == Decimal("318.2")
    state = xero.sandbox.vendors["xero"].state
    first = state["Invoices"][mapping_id(state, "INV-0208")]
    for number in range(230):
        state["Invoices"][f"x{number}"] = first | {"InvoiceID": f"x{number}"}
    assert len({one.ref.id for one in await invoices(xero, status="DRAFT", limit=225)}) == 225
    report = await xero.run("xero.get_profit_and_loss", from_date="2026-01-01", to_date="2026-12-31")
    assert isinstance(report, Report)
    assert {"Net Profit", "Total Income"} <= {one.name for one in report.figures}


def mapping_id(state: dict[str, Any], number: str) -> str:
    return next(str(row["InvoiceID"]) for row in state["Invoices"].values() if row.get("InvoiceNumber") == number)


async def test_lines_become_items_or_are_refused(xero: Company) -> None:
    who = await contact(xero, "ironbridge")
    change = await xero.prove(
        "xero.create_invoice",
        contact=who,
        lines=["2 Training day", "setup £75 incl. VAT, account 210"],
        due_date="2027-01-31",
    )
    assert isinstance(change.record, Invoice)
    assert change.record.lines == ("2 × Training day: 1,700.00", "1 × setup: 75.00")
    assert change.record.total == Decimal("1775")
    for lines, said in (
        (["a riddle"], "has no price"),
        (["a £5", "b €5"], "differ"),
        (["a 5, account 999"], "not a valid code"),
    ):
        with pytest.raises(Rejected, match=said):
            await xero.run("xero.create_invoice", contact=who, lines=lines)
    await xero.undo(change)
    with pytest.raises(Rejected, match="DueDate cannot be empty"):
        await xero.run("xero.create_invoice", contact=who, lines=["a 5"], status="AUTHORISED")


async def test_refusals_are_told_apart(xero: Company) -> None:
    state = xero.sandbox.vendors["xero"].state
    number = mapping_id(state, "INV-0205")
    account = next(row["AccountID"] for row in state["Accounts"].values() if row["Code"] == "090")
    with pytest.raises(Rejected, match="exceeds the amount outstanding"):
        await xero.run("xero.record_payment", invoice=number, amount="99999", account=account)
    with pytest.raises(NotFound):
        await xero.run("xero.email_invoice", invoice="11111111-1111-1111-1111-111111111111")
    with pytest.raises(Rejected, match="already assigned"):
        await xero.run("xero.create_contact", name="Tillworks Ltd")
    wrong = {
        "Invoices": [{"StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": "Account code missing"}]}]
    }
    inside = Xero.error(Answer(200, {}, wrong))
    assert isinstance(inside, Rejected)
    assert "Account code missing" in str(inside)
    assert Xero.error(Answer(200, {}, {"Status": "OK", "Invoices": []})) is None
    await xero.connect("xero", scopes=["accounting.contacts.read"])
    with pytest.raises(Forbidden, match="does not cover"):
        await invoices(xero)


async def test_a_lost_answer_is_not_a_second_effect(xero: Company) -> None:
    who = await contact(xero, "ironbridge")
    await xero.fault("xero", kind="cut_off", times=2, path="/Invoices$", method="PUT", after_effect=True)
    await xero.prove("xero.create_invoice", contact=who, lines=["care 90.00"], reference="Only once")
    assert len([one for one in await invoices(xero, contact=who) if one.reference == "Only once"]) == 1


async def test_the_streams_give_all_then_what_changed(xero: Company) -> None:
    system = await xero.open("xero")
    every = await system.stream("invoice")
    assert len(every.records) == 13
    again = await system.stream("invoice", every.cursor)
    assert list(again.records) == []
    number = mapping_id(xero.sandbox.vendors["xero"].state, "INV-0204")
    await xero.run("xero.void_invoice", invoice=number)
    after = await system.stream("invoice", again.cursor)
    assert [(one.ref.id, getattr(one, "status", "")) for one in after.records] == [(number, "voided")]
    assert len((await system.stream("contact")).records) == 11


def test_signed_events_are_understood_and_forged_ones_refused() -> None:
    def signed(told: dict[str, Any], key: bytes = b"key") -> Delivery:
        body = json.dumps(told).encode()
        mark = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
        return Delivery.of({"x-xero-signature": mark}, body)

    about = {"eventType": "UPDATE", "eventCategory": "INVOICE", "tenantId": "t"}
    event = {"resourceId": "7", "eventDateUtc": "2026-11-24T09:30:00.902", **about}
    delivery = signed({"events": [event], "firstEventSequence": 1, "lastEventSequence": 1, "entropy": "x"})
    assert Xero.webhook is not None
    Xero.webhook.verify(delivery, "key")
    [one] = Xero.events(delivery)
    assert one.ref is not None
    assert (one.kind, one.ref.kind, one.at) == (
        "invoice.update",
        "invoice",
        datetime(2026, 11, 24, 9, 30, 0, 902000, UTC),
    )
    with pytest.raises(BadSignature):
        Xero.webhook.verify(signed({"events": [event]}, b"guess"), "key")
    empty: dict[str, Any] = {"events": [], "firstEventSequence": 0, "lastEventSequence": 0, "entropy": "x"}
    answers = [Xero.greet(signed(empty, key), "key") for key in (b"key", b"guess")]
    assert [one.status for one in answers if one] == [200, 401]
    assert Xero.greet(delivery, "key") is None
    assert mapping.to_invoice({"InvoiceID": "1", "DueDate": "/Date(1518685950940+0000)/"}).due == date(2018, 2, 15)
