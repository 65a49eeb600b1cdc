"""Shopify's JSON to records and back; no key of Shopify's passes these functions."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from core.records import Campaign, Customer, Order, Payment, Product, Ref
from tools.integrations.shopify.money import money, taken_off

Item = Mapping[str, Any]
REASONS = {
    "damaged": r"damag|broken|defect|crack",
    "received": r"arriv|receiv|deliver|came in",
    "restock": r"restock|return",
    "shrinkage": r"stolen|lost|theft|shrink|missing",
    "promotion": r"promo|gift|sample",
    "cycle_count_available": r"count|stock ?tak|inventory",
    "quality_control": r"quality",
    "correction": r"correct|wrong|fix",
}
EVENTS = {
    "orders": "order",
    "products": "product",
    "customers": "customer",
    "draft_orders": "draft_order",
    "refunds": "refund",
    "discounts": "discount",
}


def ref(kind: str, identity: str, key: str = "", url: str = "") -> Ref:
    """Where something lives; its id is Shopify's global one."""
    return Ref(integration="shopify", kind=kind, id=identity, key=key, url=url)


def to_order(item: Item, site: str) -> Order:
    """An order; its link leads to the shop's admin."""
    amount, currency = money(item.get("currentTotalPriceSet"))
    lines = nodes(item.get("lineItems"))
    customer = item.get("customer") or {}
    return Order(
        ref=ref("order", item["id"], item["name"], f"{site}/orders/{item['legacyResourceId']}"),
        title=f"{item['name']} {customer.get('displayName') or item.get('email') or ''}".strip(),
        status="cancelled" if item.get("cancelledAt") else "closed" if item.get("closed") else "open",
        customer=customer.get("displayName") or item.get("email") or "",
        amount=amount,
        currency=currency,
        payment=str(item.get("displayFinancialStatus") or "").lower(),
        delivery=str(item.get("displayFulfillmentStatus") or "").lower(),
        tracking=tuple(
            tracked(info.get("company"), info.get("number"))
            for parcel in item.get("fulfillments") or ()
            if parcel["status"] != "CANCELLED"
            for info in parcel.get("trackingInfo") or ()
        ),
        address=", ".join((item.get("shippingAddress") or {}).get("formatted") or ()),
        lines=tuple(_line(line, line["quantity"]) for line in lines),
        reason=item.get("cancelReason") or "",
        note=item.get("note") or "",
        labels=tuple(sorted(item.get("tags") or ())),
        created_at=_moment(item.get("createdAt")),
        updated_at=_moment(item.get("updatedAt")),
    )


def to_product(item: Item, site: str, currency: str = "") -> Product:
    """A product; its amount is that of its cheapest variant."""
    variants = nodes(item.get("variants"))
    prices = [Decimal(str(one["price"])) for one in variants]
    return Product(
        ref=ref("product", item["id"], "", f"{site}/products/{item['legacyResourceId']}"),
        title=item["title"],
        amount=min(prices, default=None),
        currency=currency,
        is_active=item["status"] == "ACTIVE",
        status=item["status"],
        sku=variants[0].get("sku") or "" if len(variants) == 1 else "",
        description=to_text(item.get("descriptionHtml")),
        labels=tuple(sorted(item.get("tags") or ())),
        stock=item.get("totalInventory"),
        variants=tuple(_variant(one) for one in variants) if len(variants) > 1 else (),
        updated_at=_moment(item.get("updatedAt")),
    )


def to_variant(item: Item, site: str, currency: str = "") -> Product:
    """One variant of a product, with how many of it lie where."""
    product = item["product"]
    link = f"{site}/products/{product['legacyResourceId']}/variants/{item['legacyResourceId']}"
    return Product(
        ref=ref("variant", item["id"], item.get("sku") or "", link),
        title=item["displayName"],
        amount=Decimal(str(item["price"])),
        currency=currency,
        is_active=product["status"] == "ACTIVE",
        status=product["status"],
        sku=item.get("sku") or "",
        stock=item.get("inventoryQuantity"),
        stock_by_place={level["location"]["name"]: available(level) for level in levels(item)},
        updated_at=_moment(item.get("updatedAt")),
    )


def to_customer(item: Item, site: str) -> Customer:
    """Somebody who bought, or may."""
    spent = item.get("amountSpent") or {}
    return Customer(
        ref=ref("customer", item["id"], "", f"{site}/customers/{item['legacyResourceId']}"),
        title=item["displayName"],
        email=(item.get("defaultEmailAddress") or {}).get("emailAddress") or "",
        phone=(item.get("defaultPhoneNumber") or {}).get("phoneNumber") or "",
        spent=Decimal(spent["amount"]) if spent.get("amount") else None,
        currency=spent.get("currencyCode") or "",
        orders=int(item.get("numberOfOrders") or 0),
        labels=tuple(sorted(item.get("tags") or ())),
        updated_at=_moment(item.get("updatedAt")),
    )


def to_draft(item: Item, site: str) -> Order:
    """A draft order; `status` is open, invoice_sent or completed."""
    (amount, currency), customer, off = (
        money(item.get("totalPriceSet")),
        item.get("customer") or {},
        item.get("appliedDiscount"),
    )
    return Order(
        ref=ref("draft_order", item["id"], item["name"], f"{site}/draft_orders/{item['legacyResourceId']}"),
        title=f"{item['name']} {customer.get('displayName') or ''}".strip(),
        status=item["status"].lower(),
        customer=customer.get("displayName") or item.get("email") or "",
        amount=amount,
        currency=currency,
        lines=tuple(_line(line, line["quantity"]) for line in nodes(item.get("lineItems"))),
        discount=taken_off(off["valueType"] == "PERCENTAGE", off["value"], currency) if off else "",
        note=item.get("note2") or "",
        labels=tuple(sorted(item.get("tags") or ())),
        created_at=_moment(item.get("createdAt")),
        updated_at=_moment(item.get("updatedAt")),
    )


def to_refund(item: Item, site: str) -> Payment:
    """Money given back on an order."""
    amount, currency = money(item.get("totalRefundedSet"))
    states = {str(one["status"]).lower() for one in nodes(item.get("transactions"))}
    order = item["order"]
    return Payment(
        ref=ref("refund", item["id"], "", f"{site}/orders/{order['legacyResourceId']}"),
        title=f"Refund of {order['name']}",
        amount=amount,
        currency=currency,
        status=next((state for state in ("failure", "error", "pending") if state in states), "success"),
        customer=order["name"],
        reason=item.get("note") or "",
        paid_at=_moment(item.get("createdAt")),
    )


def to_discount(item: Item, site: str) -> Campaign:
    """A discount code that takes a percentage or an amount off."""
    told = item["codeDiscount"]
    codes, value = nodes(told.get("codes")), (told.get("customerGets") or {}).get("value") or {}
    least = (told.get("minimumRequirement") or {}).get("greaterThanOrEqualToSubtotal")
    amount = value.get("amount") or {}
    is_percentage = "percentage" in value
    off = Decimal(str(value["percentage"])) * 100 if is_percentage else amount.get("amount")
    return Campaign(
        ref=ref(
            "discount", item["id"], codes[0]["code"] if codes else "", f"{site}/discounts/{item['id'].split('/')[-1]}"
        ),
        title=codes[0]["code"] if codes else told.get("title") or "",
        status=str(told.get("status") or "").lower(),
        subject=told.get("summary") or "",
        starts_at=_moment(told.get("startsAt")),
        ends_at=_moment(told.get("endsAt")),
        value=taken_off(is_percentage, off, amount.get("currencyCode", "")) if off is not None else "",
        minimum=Decimal(least["amount"]) if least else None,
        limit=told.get("usageLimit"),
    )


def reason_of(text: str) -> str:
    """The reason of a stock change in Shopify's words; what fits none is `other`."""
    word = text.strip().lower()
    return next((code for code, pattern in REASONS.items() if word == code or re.search(pattern, word)), "other")


def levels(item: Item) -> list[Item]:
    """The places that stock a variant."""
    return nodes((item.get("inventoryItem") or {}).get("inventoryLevels"))


def available(level: Item) -> int:
    """How many of a variant can be sold from a place."""
    return next((int(one["quantity"]) for one in level["quantities"] if one["name"] == "available"), 0)


def new_product(
    before: Item, title: str | None, status: str | None, tags: Sequence[str] | None, description: str | None
) -> dict[str, Any]:
    """The input of an update; tags are added to those that are there."""
    fields = {
        "title": title,
        "status": status,
        "tags": sorted({*before["tags"], *tags}) if tags else None,
        "descriptionHtml": to_html(description) if description else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def to_html(text: str) -> str:
    """Plain text as Shopify keeps a description: paragraphs and line breaks."""
    parts = re.split(r"\n\s*\n", text.strip())
    return "".join(f"<p>{html.escape(part.strip(), quote=False).replace(chr(10), '<br>')}</p>" for part in parts)


def to_text(markup: str | None) -> str:
    """The text of a description."""
    text = re.sub(r"\s*<br\s*/?>\s*", "\n", re.sub(r"\s*\n\s*", " ", markup or ""), flags=re.IGNORECASE)
    text = re.sub(r"</(p|div|h\d|ul|ol)>\s*", "\n\n", text, flags=re.IGNORECASE)
    text = re.sub(r"<li[^>]*>", "\n- ", text, flags=re.IGNORECASE)
    return re.sub(r"\n{3,}", "\n\n", html.unescape(re.sub(r"<[^>]+>", "", text))).strip()


def is_fresh(item: Item, seconds: float = 600) -> bool:
    """Whether it was made within the last minutes."""
    made = _moment(item.get("createdAt"))
    return made is not None and (datetime.now(UTC) - made).total_seconds() < seconds


def tracked(company: str | None, number: str | None) -> str:
    """A parcel as people call it."""
    return f"{company or ''} {number or ''}".strip()


def _variant(item: Item) -> str:
    code = f" ({item['sku']})" if item.get("sku") else ""
    return f"{item['title']}{code}: {item['price']}, {item.get('inventoryQuantity') or 0} in stock"


def _line(item: Item, quantity: int) -> str:
    amount, _ = money(item.get("originalUnitPriceSet"))
    code = f" ({item['sku']})" if item.get("sku") else ""
    return f"{quantity} x {item['name']}{code}" + (f" at {amount}" if amount is not None else "")


def nodes(connection: Item | None) -> list[Item]:
    """The items of a connection."""
    return list((connection or {}).get("nodes") or ())


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
