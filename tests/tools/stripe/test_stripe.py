"""Stripe's tools against the sandbox, each proven, undone and held against Stripe's own description."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.errors import (
    BadSignature,
    Candidate,
    Conflict,
    Forbidden,
    InvalidArgument,
    NotConnected,
    NotFound,
    RateLimited,
    Rejected,
)
from core.records import Customer, Invoice, Order, Payment, Product, Report
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.stripe.integration import Stripe
from tools.integrations.stripe.line import Line, to_line
from tools.integrations.stripe.mapping import flat
from tools.integrations.stripe.money import agreed, code, major, minor
from tools.integrations.stripe.phrase import read
from tools.kit.http import Answer
from tools.kit.webhook import Delivery


@pytest.fixture
async def stripe(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "stripe") as found:
        yield found
        if has_descriptions():
            assert await found.problems("stripe") == []


async def find(stripe: Company, tool: str, parameter: str, text: str) -> list[Candidate]:
    return list(await (await stripe.open("stripe")).find(f"stripe.{tool}", parameter, text))


async def customer(stripe: Company, name: str) -> str:
    [found] = await find(stripe, "create_invoice", "customer", name)
    return found.id


async def some(stripe: Company, tool: str, **args: Any) -> list[Any]:
    found = await stripe.run(f"stripe.{tool}", **args)
    assert isinstance(found, list)
    return found


async def test_a_draft_invoice_is_proven_and_undone(stripe: Company) -> None:
    before = await stripe.state("stripe")
    harbour = await customer(stripe, "Harbourlight Books")
    change = await stripe.prove(
        "stripe.create_invoice",
        customer=harbour,
        items=["3 hours at 150", "setup fee €75.50"],
        currency="eur",
        days_until_due=15,
        memo="Thank you & see you",
    )
    assert isinstance(change.record, Invoice)
    assert change.expect["total"] == Decimal("525.50")
    assert change.expect["lines"] == ("3 × hours: 450.00 EUR", "1 × setup fee: 75.50 EUR")
    assert change.record.ref.url == f"https://dashboard.stripe.com/test/invoices/{change.record.ref.id}"
    await stripe.undo(change)
    after = await stripe.state("stripe")
    assert (after["invoices"], after["invoiceitems"]) == (before["invoices"], before["invoiceitems"])
    with pytest.raises(Rejected, match="no amount"):
        await stripe.run("stripe.create_invoice", customer=harbour, items=["a new logo"])
    with pytest.raises(Rejected, match="The lines are in"):
        await stripe.run("stripe.create_invoice", customer=harbour, items=["a £5", "b €5"])
    assert (await stripe.state("stripe"))["invoices"] == before["invoices"]


async def test_a_half_made_invoice_is_thrown_away(stripe: Company) -> None:
    before = await stripe.state("stripe")
    harbour = await customer(stripe, "Harbourlight Books")
    await stripe.fault("stripe", kind="rate_limited", times=3, path="/v1/invoiceitems$", retry_after=1)
    with pytest.raises(RateLimited):
        await stripe.run("stripe.create_invoice", customer=harbour, items=["x 5 eur"], currency="eur")
    assert (await stripe.state("stripe"))["invoices"] == before["invoices"]


async def test_send_and_void(stripe: Company) -> None:
    acme = await customer(stripe, "acme")
    draft = await stripe.prove("stripe.create_invoice", customer=acme, items=["2 seats at $49"], currency="usd")
    with pytest.raises(Conflict, match="draft"):
        await stripe.run("stripe.void_invoice", invoice=draft.record.ref.id)
    sent = await stripe.prove("stripe.send_invoice", invoice=draft.record.ref.id)
    assert isinstance(sent.record, Invoice)
    number = sent.record.ref.key
    assert number
    [found] = await find(stripe, "void_invoice", "invoice", f"invoice {number.lower()}")
    assert found.id == draft.record.ref.id
    await stripe.prove("stripe.send_invoice", invoice=found.id)
    await stripe.prove("stripe.void_invoice", invoice=found.id)
    with pytest.raises(Conflict, match="void"):
        await stripe.run("stripe.send_invoice", invoice=found.id)


async def test_payment_links_in_any_currency(stripe: Company) -> None:
    for args, amount in (
        ({"title": "Conference ticket", "amount": "75", "currency": "usd", "quantity": 3}, 7500),
        ({"title": "Onboarding package", "amount": "990.50", "currency": "€"}, 99050),
        ({"title": "Ramen course", "amount": 5000, "currency": "JPY"}, 5000),
        ({"title": "Premium support", "amount": 99, "currency": "pounds", "one_time": False}, 9900),
        ({"title": "Kuwait stand", "amount": "12.5", "currency": "kwd"}, 12500),
    ):
        change = await stripe.prove("stripe.create_payment_link", **args)
        assert isinstance(change.record, Product)
        assert change.record.ref.url.startswith("https://buy.stripe.com/")
        link = (await stripe.state("stripe"))["payment_links"][change.record.ref.id]
        assert link["line_items"][0]["price"]["unit_amount"] == amount
        await stripe.undo(change)
        assert not (await stripe.state("stripe"))["payment_links"][change.record.ref.id]["active"]
    with pytest.raises(Rejected, match="cannot be charged"):
        await stripe.run("stripe.create_payment_link", title="x", amount="10.5", currency="jpy")
    with pytest.raises(Rejected, match="no currency"):
        await stripe.run("stripe.create_payment_link", title="x", amount="10", currency="doubloons")


async def test_refunds_in_part_and_in_full(stripe: Company) -> None:
    found = await find(stripe, "refund_payment", "payment", "Acme's $450 payment")
    assert len(found) == 2
    [last] = await find(stripe, "refund_payment", "payment", "the last stripe payment from ACME Provisions")
    assert "450.00 USD from ACME Provisions Inc" in last.label
    part = await stripe.prove("stripe.refund_payment", payment=last.id, amount="40", reason="duplicate")
    assert part.undo is None
    with pytest.raises(Rejected, match=r"only 410\.00 USD"):
        await stripe.run("stripe.refund_payment", payment=last.id, amount=420)
    whole = await stripe.prove("stripe.refund_payment", payment=last.id)
    assert isinstance(whole.record, Payment)
    assert whole.record.amount == 410
    with pytest.raises(Conflict, match="refunded already"):
        await stripe.run("stripe.refund_payment", payment=last.id)
    other = next(one for one in found if one.id != last.id)
    charge = (await stripe.state("stripe"))["payment_intents"][other.id]["latest_charge"]
    await stripe.prove("stripe.refund_payment", payment=charge, amount=1)
    [unpaid, *_] = await some(stripe, "list_payments", status="requires_payment_method", limit=1)
    with pytest.raises(Conflict, match="brought no money"):
        await stripe.run("stripe.refund_payment", payment=unpaid.ref.id)


async def test_a_lost_refund_is_sent_again_with_its_key(stripe: Company) -> None:
    [last] = await find(stripe, "refund_payment", "payment", "Acme's last payment")
    await stripe.fault("stripe", kind="cut_off", times=1, path="/v1/refunds$", after_effect=True)
    await stripe.prove("stripe.refund_payment", payment=last.id, amount=10)
    assert len((await stripe.state("stripe"))["refunds"]) == 1


async def test_cancel_at_period_end_is_undone_at_once_is_not(stripe: Company) -> None:
    before = await stripe.state("stripe")
    [found] = await find(stripe, "cancel_subscription", "subscription", "Kestrel Cycles")
    change = await stripe.prove("stripe.cancel_subscription", subscription=found.id, reason="moving on")
    with pytest.raises(Conflict, match="already"):
        await stripe.run("stripe.cancel_subscription", subscription=found.id)
    await stripe.undo(change)
    assert (await stripe.state("stripe"))["subscriptions"] == before["subscriptions"]
    gone = await stripe.prove(
        "stripe.cancel_subscription", subscription=found.id, at_period_end=False, reason="closed down"
    )
    assert gone.undo is None
    row = (await stripe.state("stripe"))["subscriptions"][found.id]
    assert (row["status"], row["cancellation_details"]["comment"]) == ("canceled", "closed down")
    with pytest.raises(Conflict, match="already"):
        await stripe.run("stripe.cancel_subscription", subscription=found.id, at_period_end=False)


async def test_customers_are_searched(stripe: Company) -> None:
    [one] = await some(stripe, "search_customers", name="casa verde")
    assert isinstance(one, Customer)
    assert (one.title, one.email) == ("CASA VERDE S.L.", "accounts@casaverde.example")
    assert [by.ref.id for by in await some(stripe, "search_customers", email=one.email)] == [one.ref.id]
    assert await some(stripe, "search_customers", name="Nobody & Sons") == []
    assert await some(stripe, "search_customers", name='a "quoted\\ name') == []
    assert len(await some(stripe, "search_customers", limit=15)) == 15
    for text in (one.ref.id, one.email, "CASA VERDE", f"https://dashboard.stripe.com/customers/{one.ref.id}"):
        assert await customer(stripe, text) == one.ref.id
    assert (await find(stripe, "create_invoice", "customer", "Brightloom Textiles"))[0].label.startswith("Bright Loom")
    with pytest.raises(NotFound, match="No such customer"):
        await find(stripe, "create_invoice", "customer", "cus_nobody")
    assert "Nordkaffe A/S" in (await (await stripe.open("stripe")).list_names())["customer"]


async def test_payments_are_listed_and_filtered(stripe: Company) -> None:
    everything = await some(stripe, "list_payments", limit=500)
    assert len(everything) == len((await stripe.state("stripe"))["payment_intents"]) > 90
    assert everything == sorted(everything, key=lambda one: one.paid_at, reverse=True)
    acme = await customer(stripe, "acme")
    today = datetime.now(UTC).date()
    recent = await some(
        stripe,
        "list_payments",
        customer=acme,
        status="succeeded",
        since=str(today - timedelta(days=7)),
        until=str(today),
    )
    assert [one.amount for one in recent][:2] == [450, 450]
    assert all(one.customer == f"ACME Provisions Inc ({acme})" for one in recent)
    assert {one.amount for one in await some(stripe, "list_payments", amount=450)} == {450}
    many = await some(stripe, "list_payments", min_amount="4000", limit=10)
    assert many
    assert all(one.amount >= 4000 for one in many)
    assert await some(stripe, "list_payments", until="2001-01-01") == []


async def test_invoices_subscriptions_and_balance_are_listed(stripe: Company) -> None:
    saffron = await customer(stripe, "Saffron Lane")
    owed = await some(stripe, "list_invoices", status="open", customer=saffron)
    assert len(owed) == 2
    early = await some(stripe, "list_invoices", customer=saffron, status="open", due_before=str(owed[0].due))
    assert len(early) == 1
    assert len(await some(stripe, "list_invoices", limit=105)) > 100 - 8
    late = await some(stripe, "list_subscriptions", status="past_due")
    assert {"Saffron Lane Grp", "Kestrel Cycles BV", "Monsoon Tea Houses"} >= {
        one.customer.split(" (")[0] for one in late
    }
    [price] = await find(stripe, "list_subscriptions", "price", "Flagship plan")
    flagship = await some(stripe, "list_subscriptions", price=price.id)
    assert flagship
    assert all(isinstance(one, Order) and "Fernwick Flagship" in one.title for one in flagship)
    assert [one.id for one in await find(stripe, "list_subscriptions", "price", price.id)] == [price.id]
    [trial] = await some(stripe, "list_subscriptions", status="trialing")
    assert trial.customer.startswith("Tidepool")
    assert len(await some(stripe, "list_subscriptions", status="all", limit=50)) > len(flagship)
    balance = await stripe.run("stripe.get_balance")
    assert isinstance(balance, Report)
    assert {figure.name for figure in balance.figures} == {
        "available EUR", "available USD", "pending EUR", "pending USD",
    }  # fmt: skip


async def test_records_are_found_by_what_people_say(stripe: Company) -> None:
    [draft] = await find(stripe, "send_invoice", "invoice", "Granite and Oak's draft invoice")
    assert draft.detail == "draft"
    assert len(await find(stripe, "void_invoice", "invoice", "Saffron Lane's open invoice")) == 2
    assert len(await find(stripe, "void_invoice", "invoice", "Saffron Lane's last open invoice")) == 1
    assert await find(stripe, "void_invoice", "invoice", "F3A2-9999") == []
    with pytest.raises(NotFound):
        await find(stripe, "void_invoice", "invoice", "in_nothing")
    [last] = await find(stripe, "refund_payment", "payment", "Nordkaffe's last payment")
    [same] = await find(stripe, "refund_payment", "payment", f"the payment {last.id}")
    assert same.id == last.id
    assert await find(stripe, "refund_payment", "payment", "Nordkaffe's $1 payment") == []
    assert len(await find(stripe, "cancel_subscription", "subscription", "Tidepool")) == 2


async def test_errors_are_told_apart(stripe: Company) -> None:
    with pytest.raises(NotFound, match="No such invoice"):
        await stripe.run("stripe.send_invoice", invoice="in_nothing")
    with pytest.raises(InvalidArgument):
        await stripe.run("stripe.list_invoices", status="lost")
    await stripe.fault("stripe", kind="rate_limited", times=2, path="/v1/balance")
    await stripe.run("stripe.get_balance")
    await stripe.fault("stripe", kind="expired_token", times=1)
    with pytest.raises(NotConnected):
        await stripe.run("stripe.get_balance")
    await stripe.connect("stripe", scopes=["balance_read"])
    with pytest.raises(Forbidden, match="rak_customer_read"):
        await stripe.run("stripe.search_customers", name="acme")


def test_error_bodies_are_read() -> None:
    def error(status: int, **fields: str) -> object:
        return Stripe.error(Answer(status, {}, {"error": {"type": "card_error", **fields}}))

    declined = error(402, code="card_declined", decline_code="insufficient_funds", message="Your card was declined.")
    assert isinstance(declined, Rejected)
    assert "Your card was declined. (insufficient_funds)" in declined.message
    assert isinstance(error(429, code="lock_timeout", message="busy"), RateLimited)
    assert isinstance(error(409, code="idempotency_key_in_use", message="busy"), RateLimited)
    assert isinstance(error(400, code="charge_already_refunded", message="done"), Conflict)
    bad = error(400, code="parameter_invalid", param="amount", message="too small")
    assert isinstance(bad, Rejected)
    assert bad.fields == {"amount": "too small"}
    assert Stripe.error(Answer(200, {}, {"id": "in_1"})) is None


async def test_webhooks_are_signed(stripe: Company) -> None:
    assert Stripe.webhook is not None
    base = f"{stripe.sandbox.url}/_sandbox/stripe"
    target = {"url": "http://127.0.0.1:9/stripe", "secret": "whsec_1"}
    (await stripe.client.post(f"{base}/webhooks", json=target)).raise_for_status()
    [last] = await find(stripe, "refund_payment", "payment", "Acme's last payment")
    await stripe.run("stripe.refund_payment", payment=last.id)
    [delivery] = (await stripe.client.get(f"{base}/deliveries")).json()
    assert delivery["about"] == {"type": "charge.refunded"}
    body = delivery["body"].encode()
    headers = stripe.sandbox.vendors["stripe"].sign("whsec_1", body, {})
    Stripe.webhook.verify(Delivery.of(headers, body), "whsec_1")
    with pytest.raises(BadSignature, match="came before"):
        Stripe.webhook.verify(Delivery.of(headers, body), "whsec_1")
    with pytest.raises(BadSignature):
        Stripe.webhook.verify(Delivery.of(headers, body + b" "), "whsec_1")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("3 hours at 150", Line("hours", 3, Decimal(150), "")),
        ("10 licences at £18", Line("licences", 10, Decimal(18), "gbp")),
        ("2 Gala tickets at 85 each", Line("Gala tickets", 2, Decimal(85), "")),
        ("$20 per seat for 5 seats", Line("seats", 5, Decimal(20), "usd")),
        ("translation 12 pages at 25", Line("translation pages", 12, Decimal(25), "")),
        ("kiln repair $420", Line("kiln repair", 1, Decimal(420), "usd")),
        ("$75 for setup fee", Line("setup fee", 1, Decimal(75), "usd")),
        ("stage lighting 2,300 EUR", Line("stage lighting", 1, Decimal(2300), "eur")),
        ("consulting 1.234,56 €", Line("consulting", 1, Decimal("1234.56"), "eur")),
        ("2 nights photo shooting CHF 1,400", Line("2 nights photo shooting", 1, Decimal(1400), "chf")),
        ("logo for Fig & Thyme, 900 dollars", Line("logo for Fig & Thyme", 1, Decimal(900), "usd")),
        ("1.5 hours at 100", Line("1.5 hours at 100", 1, Decimal(150), "")),
    ],
)
def test_lines_are_read(text: str, line: Line) -> None:
    assert to_line(text) == line


def test_a_count_is_no_amount() -> None:
    with pytest.raises(Rejected):
        to_line("12 pages")


def test_amounts_and_currencies() -> None:
    assert (minor(Decimal("10.05"), "usd"), minor(Decimal(10), "jpy"), minor(Decimal("1.234"), "kwd")) == (
        1005,
        10,
        1234,
    )
    assert (major(1005, "usd"), major(10, "jpy")) == (Decimal("10.05"), Decimal(10))
    with pytest.raises(Rejected):
        minor(Decimal("10.005"), "usd")
    assert [code(name) for name in ("€", "USD", "pounds", "CHF")] == ["eur", "usd", "gbp", "chf"]
    assert (agreed("usd", {"eur", ""}), agreed("cad", {"usd"}), agreed("eur", {""})) == ("eur", "cad", "eur")
    with pytest.raises(Rejected):
        agreed("eur", {"gbp"})
    assert flat({"a": {"b": True}, "c": [{"d": 1}], "e": None}) == {"a[b]": "true", "c[0][d]": "1"}


@pytest.mark.parametrize(
    ("text", "name", "amount", "begin", "is_last"),
    [
        ("Nadia's last payment", "Nadia", None, None, True),
        ("$120 charge from Ola Svensson", "Ola Svensson", Decimal(120), None, False),
        ("Pelican Surf's payment of 18 May", "Pelican Surf", None, "2026-05-18", False),
        ("the June payment by Juno Media", "Juno Media", None, "2026-06-01", False),
        ("Gideon's $64 payment from yesterday", "Gideon", Decimal(64), "2026-11-23", False),
        ("300 from Willowbank Nursery", "Willowbank Nursery", Decimal(300), None, False),
    ],
)
def test_payments_are_described(text: str, name: str, amount: Decimal | None, begin: str | None, is_last: bool) -> None:
    said = read(text, datetime(2026, 11, 24, tzinfo=UTC).date())
    assert (said.name, said.amount, said.begin and str(said.begin), said.is_last) == (name, amount, begin, is_last)
