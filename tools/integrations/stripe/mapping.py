"""Stripe's JSON to records and back; no key of Stripe's passes these functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from core.records import Customer, Figure, Invoice, Order, Payment, Product, Ref, Report
from tools.integrations.stripe.line import line_text
from tools.integrations.stripe.money import major, shown

Item = Mapping[str, Any]


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested values as form fields with brackets; what is None is left out."""
    fields: dict[str, str] = {}
    for name, value in values.items():
        field = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, Mapping):
            fields |= flat(value, field)
        elif isinstance(value, list):
            fields |= flat({str(place): one for place, one in enumerate(value)}, field)
        elif value is not None:
            fields[field] = str(value).lower() if isinstance(value, bool) else str(value)
    return fields


def to_customer(item: Item, site: str) -> Customer:
    """Somebody who pays; a positive balance is what they owe."""
    currency = item.get("currency") or ""
    return Customer(
        ref=_ref("customer", item["id"], f"{site}/customers/{item['id']}"),
        title=item.get("name") or item.get("email") or item["id"],
        email=item.get("email") or "",
        phone=item.get("phone") or "",
        balance=major(item.get("balance"), currency),
        currency=currency.upper(),
    )


def to_payment(item: Item, site: str) -> Payment:
    """A payment intent; `amount` is what was asked for, and what came in once it succeeded."""
    error = item.get("last_payment_error") or {}
    return Payment(
        ref=_ref("payment", item["id"], f"{site}/payments/{item['id']}"),
        title=item.get("description") or "",
        amount=major(item["amount"], item["currency"]),
        currency=item["currency"].upper(),
        status=item["status"],
        customer=named(item.get("customer")),
        reason=error.get("message", ""),
        paid_at=moment(item["created"]),
    )


def to_refund(item: Item, site: str) -> Payment:
    """Money given back."""
    of = item.get("payment_intent") or item.get("charge") or ""
    return Payment(
        ref=_ref("refund", item["id"], f"{site}/payments/{of}"),
        title=f"Refund of {of}",
        amount=major(item["amount"], item["currency"]),
        currency=item["currency"].upper(),
        status=item.get("status") or "",
        reason=item.get("reason") or "",
        paid_at=moment(item["created"]),
    )


def to_invoice(item: Item, site: str) -> Invoice:
    """An invoice; a draft has no number yet."""
    currency = item["currency"]
    return Invoice(
        ref=_ref("invoice", item["id"], f"{site}/invoices/{item['id']}", item.get("number") or ""),
        title=item.get("number") or "draft",
        status=item.get("status") or "",
        customer=named(item.get("customer"), item.get("customer_name") or ""),
        total=major(item["total"], currency),
        due_amount=major(item["amount_remaining"], currency),
        currency=currency.upper(),
        due=day(item.get("due_date")),
        memo=item.get("description") or "",
        lines=tuple(
            line_text(
                line.get("description") or "", line.get("quantity") or 1,
                major(line["amount"], currency), currency,
            )
            for line in item["lines"]["data"]
        ),
    )  # fmt: skip


def to_order(item: Item, site: str, products: Mapping[str, str] | None = None) -> Order:
    """A subscription; `products` are names by id. Amounts are of one period."""
    rows = item["items"]["data"]
    names = products or {}
    parts = [f"{row.get('quantity') or 1} × {_product(row['price'], names)}" for row in rows]
    amount = sum(((row["price"].get("unit_amount") or 0) * (row.get("quantity") or 1) for row in rows), 0)
    ends = item.get("ended_at") or item.get("cancel_at")
    return Order(
        ref=_ref("subscription", item["id"], f"{site}/subscriptions/{item['id']}"),
        title=", ".join(parts),
        status=item["status"],
        customer=named(item.get("customer")),
        amount=major(amount, item["currency"]),
        currency=item["currency"].upper(),
        renews_on=None if ends else day(item["current_period_end"]),
        ends_on=day(ends),
    )


def to_link(item: Item) -> Product:
    """A payment link with its line items; `amount` is of one unit."""
    row = item["line_items"]["data"][0]
    price, quantity = row["price"], row.get("quantity") or 1
    return Product(
        ref=_ref("payment_link", item["id"], item["url"]),
        title=link_title(row.get("description") or "", quantity),
        amount=major(price.get("unit_amount"), price["currency"]),
        currency=price["currency"].upper(),
        is_recurring=price["type"] == "recurring",
        is_active=item["active"],
    )


def link_title(title: str, quantity: int) -> str:
    """What a payment link sells."""
    return title if quantity == 1 else f"{quantity} × {title}"


def to_balance(item: Item, site: str) -> Report:
    """What is there and what is on its way, by currency."""
    figures = [
        Figure(name=f"{kind} {row['currency'].upper()}", value=shown(_amount(row), row["currency"]))
        for kind in ("available", "pending")
        for row in item[kind]
    ]
    text = "\n".join(f"{figure.name}: {figure.value}" for figure in figures)
    ref = _ref("balance", "balance", f"{site}/balance/overview")
    return Report(ref=ref, title="Balance", text=text, figures=tuple(figures))


def price_label(item: Item) -> str:
    """A price for people; its product is expanded."""
    every = (item.get("recurring") or {}).get("interval")
    product = item["product"]
    name = product.get("name", "") if isinstance(product, Mapping) else product
    amount = shown(major(item.get("unit_amount"), item["currency"]), item["currency"])
    return f"{item.get('nickname') or name}, {amount}{f' a {every}' if every else ''}"


def named(customer: Any, name: str = "") -> str:
    """A customer, expanded or by id, as `name (id)`."""
    if isinstance(customer, Mapping):
        name, customer = customer.get("name") or customer.get("email") or "", customer["id"]
    return f"{name} ({customer})" if name and customer else customer or name


def moment(seconds: int) -> datetime:
    """Unix seconds as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def day(seconds: int | None) -> date | None:
    """The day of a time, in UTC as Stripe's own pages show it."""
    return moment(seconds).date() if seconds else None


def _product(price: Item, names: Mapping[str, str]) -> str:
    product = price["product"]
    number = product["id"] if isinstance(product, Mapping) else product
    return price.get("nickname") or names.get(number, number)


def _amount(row: Item) -> Decimal:
    return major(row["amount"], row["currency"])


def _ref(kind: str, number: str, url: str, key: str = "") -> Ref:
    return Ref(integration="stripe", kind=kind, id=number, key=key, url=url)
