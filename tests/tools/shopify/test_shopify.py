"""Shopify's tools against the sandbox, beyond the walk."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.errors import BadSignature, Conflict, Forbidden, NotFound, OutcomeUnknown, RateLimited, Rejected
from core.records import Customer, Order, Product
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.shopify.integration import Shopify
from tools.integrations.shopify.mapping import reason_of, to_html, to_text
from tools.integrations.shopify.money import value_of
from tools.integrations.shopify.search import counted, customer_query, order_query, product_query
from tools.kit.http import Answer
from tools.kit.webhook import Delivery

GRAPHQL = "/graphql.json$"


@pytest.fixture
async def shopify(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "shopify") as found:
        yield found
        if has_descriptions():
            assert await found.problems("shopify") == []


async def find(shopify: Company, tool: str, parameter: str, text: str, **args: Any) -> list[Any]:
    return list(await (await shopify.open("shopify")).find(f"shopify.{tool}", parameter, text, args))


async def only(shopify: Company, tool: str, parameter: str, text: str, **args: Any) -> str:
    [found] = await find(shopify, tool, parameter, text, **args)
    return str(found.id)


def test_words_become_searches() -> None:
    assert order_query("1043", "paid", None, None, None) == 'name:"#1043" AND financial_status:paid'
    assert (
        order_query("gwen@harlow.uk", None, "partial", None, None)
        == "email:gwen@harlow.uk AND fulfillment_status:partial"
    )
    assert order_query("tag:x", None, None, None, None) == "tag:x"
    assert product_query("PAP-20", "DRAFT") == '(sku:PAP-20 OR "PAP-20") AND status:draft'
    assert customer_query("who spent more than 500") == "total_spent:>500"
    assert customer_query("+32 9 555 0147") == "phone:+3295550147"
    said = ("12 boxes", "CAND-12 x 30", "two of the candles", "3x MUG", "Roll (box of 20)")
    assert [counted(text) for text in said] == [
        (12, "boxes"), (30, "CAND-12"), (2, "the candles"), (3, "MUG"), (None, "Roll (box of 20)"),
    ]  # fmt: skip
    assert value_of("€10,50") == (False, Decimal("10.50"))
    with pytest.raises(Rejected, match="no discount"):
        value_of("cheap")
    assert [reason_of(text) for text in ("they were damaged", "arrived", "why not")] == ["damaged", "received", "other"]
    assert to_text(to_html("One & two\nthree\n\n<four>")) == "One & two\nthree\n\n<four>"


async def test_names_are_found(shopify: Company) -> None:
    order = await only(shopify, "get_order", "order", "#1056")
    for way in ("1056", order, f"https://admin.shopify.com/store/fernwick/orders/{order.rpartition('/')[2]}"):
        assert await only(shopify, "get_order", "order", way) == order
    assert await find(shopify, "get_order", "order", "#9999") == []
    assert len(await find(shopify, "adjust_inventory", "variant", "receipt printer")) == 2
    assert await find(shopify, "adjust_inventory", "variant", "unicorn") == []
    assert [one.label for one in await find(shopify, "adjust_inventory", "variant", "prn-usb")] == [
        "Receipt Printer - USB"
    ]
    assert await only(shopify, "update_product", "product", "summer-market-kit") == await only(
        shopify, "update_product", "product", "the summer market kit"
    )
    assert [one.label for one in await find(shopify, "create_draft_order", "items", "3 large aprons")] == [
        "3 x Counter Apron - L"
    ]
    assert len(await find(shopify, "create_draft_order", "customer", "Sam")) == 2
    lines = await find(shopify, "refund_order", "items", "2 aprons", order=order)
    assert [one.label for one in lines] == ["2 x Counter Apron - S"]
    names = await (await shopify.open("shopify")).list_names()
    assert "Rotterdam warehouse" in names["location"]
    assert "Enamel Mug" in names["product"]


async def test_lists_page(shopify: Company) -> None:
    found = await shopify.run("shopify.search_orders", limit=60)
    assert isinstance(found, list)
    assert len({one.ref.id for one in found}) == 60
    assert [one.ref.key for one in found][:2] == ["#1064", "#1063"]
    assert found[0].ref.url.startswith("https://admin.shopify.com/store/fernwick/orders/")
    [open_one] = await shopify.run("shopify.search_orders", query="1061")  # type: ignore[misc]
    assert isinstance(open_one, Order)
    assert (open_one.payment, open_one.delivery, open_one.customer) == ("pending", "unfulfilled", "Luc Tremblay")
    [printer] = await shopify.run("shopify.search_products", query="PRN-KIT")  # type: ignore[misc]
    assert isinstance(printer, Product)
    assert (printer.amount, printer.currency, printer.stock) == (Decimal("219.00"), "EUR", 22)
    rich = await shopify.run("shopify.search_customers", query="spent over 500")
    assert isinstance(rich, list)
    assert rich
    assert all(isinstance(one, Customer) and one.spent and one.spent > 500 for one in rich)


async def test_what_does_not_fit_is_refused(shopify: Company) -> None:
    printer = await only(shopify, "adjust_inventory", "variant", "PRN-USB")
    with pytest.raises(Rejected, match="stocked at Harbour Street, Rotterdam warehouse"):
        await shopify.run("shopify.adjust_inventory", variant=printer, change=1)
    dock = await only(shopify, "adjust_inventory", "variant", "DOCK-1")
    other = await only(shopify, "adjust_inventory", "location", "Rotterdam")
    with pytest.raises(Rejected, match="not stocked"):
        await shopify.run("shopify.adjust_inventory", variant=dock, change=1, location=other)
    shipped = await only(shopify, "get_order", "order", "1020")
    with pytest.raises(Conflict, match="Nothing of #1020 is open"):
        await shopify.run("shopify.fulfill_order", order=shipped)
    with pytest.raises(Conflict, match="has been fulfilled"):
        await shopify.run("shopify.cancel_order", order=shipped, reason="OTHER")
    with pytest.raises(Rejected, match="Only the shipping"):
        await shopify.run("shopify.refund_order", order=shipped, shipping=True)
    with pytest.raises(Rejected, match="At most"):
        await shopify.run("shopify.refund_order", order=shipped, amount=99999)
    small = await only(shopify, "get_order", "order", "1058")
    line = await only(shopify, "fulfill_order", "items", "5 till stands", order=small)
    with pytest.raises(Rejected, match="Not so many"):
        await shopify.run("shopify.fulfill_order", order=small, items=[line])
    with pytest.raises(Rejected, match="must be unique"):
        await shopify.run("shopify.create_discount", code="hello10", value="5%")
    with pytest.raises(NotFound):
        await shopify.run("shopify.get_order", order="gid://shopify/Order/1")
    mug = await only(shopify, "create_draft_order", "items", "a mug")
    with pytest.raises(OutcomeUnknown, match=r"draft #D1 is made, but its invoice was not sent"):
        await shopify.run("shopify.create_draft_order", items=[mug], send_invoice=True)


def losing(request: Callable[..., Awaitable[httpx.Response]]) -> Callable[..., Awaitable[httpx.Response]]:
    """Sends everything, and loses the answers to mutations."""

    async def send(method: str, url: str, **more: Any) -> httpx.Response:
        answer = await request(method, url, **more)
        if "mutation" in more["json"]["query"]:
            raise httpx.ReadTimeout("lost")
        return answer

    return send


async def test_lost_answers_are_recovered_not_repeated(shopify: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    order = await only(shopify, "get_order", "order", "1063")
    mug = await only(shopify, "create_draft_order", "items", "2 mugs")
    cases: list[tuple[str, dict[str, Any]]] = [
        ("create_draft_order", {"items": [mug]}),
        ("create_discount", {"code": "ONLYONCE", "value": "5%"}),
        ("fulfill_order", {"order": order, "tracking_number": "T1"}),
        ("refund_order", {"order": order, "amount": 3}),
        ("adjust_inventory", {"variant": await only(shopify, "adjust_inventory", "variant", "MUG-1"), "change": 5}),
    ]
    for tool, args in cases:
        system = await shopify.open("shopify", call_id=f"call {tool}")
        if tool != "adjust_inventory":  # which asks by doing it, with the same key
            assert await system.recover(f"shopify.{tool}", args) is None
        with monkeypatch.context() as patched:
            patched.setattr(shopify.client, "request", losing(shopify.client.request))
            with pytest.raises(OutcomeUnknown):
                await system.run(f"shopify.{tool}", args)
        change = await system.recover(f"shopify.{tool}", args)
        assert change is not None, tool
        assert await system.prove(f"shopify.{tool}", change) is not None
    state = await shopify.state("shopify")
    assert len(state["drafts"]) == 1
    assert len(state["orders"][order]["fulfillments"]) == 1
    assert [one["amount"] for one in state["orders"][order]["transactions"]][1:] == ["3.00"]
    assert sum(one["available"] for one in state["levels"].values() if one["itemId"] in {
        row["inventoryItemId"] for row in state["variants"].values() if row["sku"] == "MUG-1"
    }) == 80  # fmt: skip


async def test_points_are_waited_for_and_scopes_are_named(shopify: Company) -> None:
    await shopify.fault("shopify", kind="rate_limited", times=1, retry_after=60)
    with pytest.raises(RateLimited) as caught:
        await shopify.run("shopify.search_orders", limit=1)
    assert caught.value.retry_after_s == 60
    await shopify.connect("shopify", scopes=["read_products"])
    with pytest.raises(Forbidden, match="`read_orders` access scope"):
        await shopify.run("shopify.search_orders", limit=1)
    assert isinstance(Shopify.error(Answer(402, {}, {"errors": "Payment Required"})), Forbidden)


async def test_streams_give_all_and_then_the_change(shopify: Company) -> None:
    system = await shopify.open("shopify")
    first = await system.stream("order")
    assert len(first.records) == 64
    assert not (await system.stream("order", first.cursor)).records
    order = await only(shopify, "get_order", "order", "1063")
    await shopify.run("shopify.fulfill_order", order=order)
    assert [one.ref.key for one in (await system.stream("order", first.cursor)).records] == ["#1063"]
    assert len((await system.stream("product")).records) == 14


def test_webhooks_are_verified_and_understood() -> None:
    told = {"admin_graphql_api_id": "gid://shopify/Order/7", "name": "#7", "updated_at": "2026-11-24T10:00:00Z"}
    body = json.dumps(told).encode()
    digest = base64.b64encode(hmac.new(b"s", body, hashlib.sha256).digest()).decode()
    headers = {"X-Shopify-Hmac-Sha256": digest, "X-Shopify-Topic": "orders/paid", "X-Shopify-Webhook-Id": "w1"}
    delivery = Delivery.of(headers, body)
    Shopify.webhook.verify(delivery, "s")
    [event] = Shopify.events(delivery)
    assert (event.id, event.kind, event.ref and event.ref.id) == ("w1", "orders/paid", "gid://shopify/Order/7")
    with pytest.raises(BadSignature):
        Shopify.webhook.verify(Delivery.of(headers, body + b" "), "s")
