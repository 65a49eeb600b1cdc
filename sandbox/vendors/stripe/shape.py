"""How Stripe's objects look on the wire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.company import Customer
from sandbox.exchange import Json
from sandbox.grant import MIXED

MONTH_S = 30 * 86400


class Shape:
    """Builds payloads; the state keeps objects in the same form."""

    def __init__(self, ident: Callable[..., str]) -> None:
        self._ident = ident

    def id(self, kind: str, *parts: Any) -> str:
        """`<kind>_` and what depends on `parts`."""
        return f"{kind}_{self._ident(14 if kind == 'cus' else 24, kind, *parts, alphabet=MIXED)}"

    def customer(self, customer: Customer, currency: str, created: int) -> Json:
        """Somebody who pays."""
        return {
            "id": self.id("cus", customer.key),
            "object": "customer",
            "address": None,
            "balance": 0,
            "created": created,
            "currency": currency,
            "default_source": None,
            "delinquent": False,
            "description": f"{customer.plan} plan, {customer.seats} seats",
            "discount": None,
            "email": customer.billing_email,
            "invoice_prefix": self._ident(4, "prefix", customer.key, alphabet="ABCDEF0123456789"),
            "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None},
            "livemode": False,
            "metadata": {"account": customer.key},
            "name": customer.billing_name,
            "next_invoice_sequence": 1,
            "phone": None,
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        }

    def product(self, number: str, name: str, created: int) -> Json:
        """Something sold."""
        return {
            "id": number,
            "object": "product",
            "active": True,
            "created": created,
            "default_price": None,
            "description": None,
            "features": [],
            "images": [],
            "livemode": False,
            "metadata": {},
            "name": name,
            "package_dimensions": None,
            "shippable": None,
            "statement_descriptor": None,
            "tax_code": None,
            "unit_label": None,
            "updated": created,
            "url": None,
        }

    def price(self, number: str, product: str, amount: int, currency: str, interval: str | None, created: int) -> Json:
        """What it costs; `interval` where it is paid again and again."""
        recurring = {"interval": interval, "interval_count": 1, "usage_type": "licensed", "aggregate_usage": None}
        return {
            "id": number,
            "object": "price",
            "active": True,
            "billing_scheme": "per_unit",
            "created": created,
            "currency": currency,
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": product,
            "recurring": recurring if interval else None,
            "tax_behavior": "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "recurring" if interval else "one_time",
            "unit_amount": amount,
            "unit_amount_decimal": str(amount),
        }

    def invoice(self, number: str, customer: Json, currency: str, created: int) -> Json:
        """An empty draft."""
        zero = dict.fromkeys(
            "amount_due amount_paid amount_remaining amount_shipping attempt_count post_payment_credit_notes_amount "
            "pre_payment_credit_notes_amount starting_balance subtotal total".split(), 0,
        )  # fmt: skip
        nothing: Json = dict.fromkeys(
            "description due_date hosted_invoice_url invoice_pdf number payment_intent charge subscription footer "
            "ending_balance effective_at next_payment_attempt".split()
        )
        return zero | nothing | {
            "id": number,
            "object": "invoice",
            "attempted": False,
            "auto_advance": False,
            "automatic_tax": {"enabled": False, "status": None},
            "billing_reason": "manual",
            "collection_method": "charge_automatically",
            "created": created,
            "currency": currency,
            "customer": customer["id"],
            "customer_email": customer["email"],
            "customer_name": customer["name"],
            "default_tax_rates": [],
            "lines": {"object": "list", "data": [], "has_more": False, "url": f"/v1/invoices/{number}/lines"},
            "livemode": False,
            "metadata": {},
            "paid": False,
            "paid_out_of_band": False,
            "payment_settings": {
                "default_mandate": None,
                "payment_method_options": None,
                "payment_method_types": None,
            },
            "period_end": created,
            "period_start": created,
            "status": "draft",
            "status_transitions": {
                "finalized_at": None,
                "marked_uncollectible_at": None,
                "paid_at": None,
                "voided_at": None,
            },
            "total_tax_amounts": [],
        }  # fmt: skip

    def line(self, number: str, invoice: Json, text: str, quantity: int, amount: int, **more: Any) -> Json:
        """A line of an invoice."""
        return {
            "id": number,
            "object": "line_item",
            "amount": amount,
            "currency": invoice["currency"],
            "description": text,
            "discount_amounts": [],
            "discountable": True,
            "discounts": [],
            "livemode": False,
            "metadata": {},
            "period": {"start": invoice["created"], "end": invoice["created"]},
            "price": None,
            "proration": False,
            "quantity": quantity,
            "tax_amounts": [],
            "tax_rates": [],
            "type": "invoiceitem",
            **more,
        }

    def intent(self, number: str, amount: int, currency: str, customer: str, status: str, created: int) -> Json:
        """A payment, done or under way."""
        return {
            "id": number,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_received": amount if status == "succeeded" else 0,
            "canceled_at": None,
            "capture_method": "automatic",
            "client_secret": f"{number}_secret",
            "confirmation_method": "automatic",
            "created": created,
            "currency": currency,
            "customer": customer,
            "description": None,
            "invoice": None,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": {},
            "payment_method_types": ["card"],
            "status": status,
        }

    def charge(self, number: str, intent: Json) -> Json:
        """The money that a payment brought."""
        return {
            "id": number,
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"],
            "amount_refunded": 0,
            "billing_details": {"address": None, "email": None, "name": None, "phone": None},
            "captured": True,
            "created": intent["created"],
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "invoice": intent["invoice"],
            "livemode": False,
            "metadata": {},
            "paid": True,
            "payment_intent": intent["id"],
            "refunded": False,
            "status": "succeeded",
        }

    def subscription(self, number: str, customer: str, price: Json, seats: int, started: int, now: int) -> Json:
        """A monthly plan; a month has 30 days here."""
        begun = now - (now - started) % MONTH_S
        item = {
            "id": self.id("si", number),
            "object": "subscription_item",
            "created": started,
            "metadata": {},
            "price": price,
            "quantity": seats,
            "subscription": number,
        }
        nothing: Json = dict.fromkeys(
            "cancel_at canceled_at ended_at days_until_due latest_invoice trial_start trial_end description".split()
        )
        return nothing | {
            "id": number,
            "object": "subscription",
            "automatic_tax": {"enabled": False},
            "billing_cycle_anchor": started,
            "cancel_at_period_end": False,
            "cancellation_details": {"comment": None, "feedback": None, "reason": None},
            "collection_method": "charge_automatically",
            "created": started,
            "currency": price["currency"],
            "current_period_end": begun + MONTH_S,
            "current_period_start": begun,
            "customer": customer,
            "items": {
                "object": "list",
                "data": [item],
                "has_more": False,
                "url": f"/v1/subscription_items?subscription={number}",
            },
            "livemode": False,
            "metadata": {},
            "start_date": started,
            "status": "active",
        }

    def link(self, number: str, currency: str, items: list[Json], created: int) -> Json:
        """A payment link; it has no `created` on the wire, but a list needs an order."""
        return {
            "id": number,
            "object": "payment_link",
            "active": True,
            "after_completion": {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": None}},
            "allow_promotion_codes": False,
            "automatic_tax": {"enabled": False},
            "billing_address_collection": "auto",
            "created": created,
            "currency": currency,
            "custom_fields": [],
            "custom_text": {"shipping_address": None, "submit": None},
            "customer_creation": "if_required",
            "line_items": items,
            "livemode": False,
            "metadata": {},
            "payment_method_collection": "always",
            "phone_number_collection": {"enabled": False},
            "shipping_options": [],
            "submit_type": "auto",
            "tax_id_collection": {"enabled": False},
            "url": f"https://buy.stripe.com/test_{self._ident(14, 'link', number, alphabet=MIXED)}",
        }


def seconds(moment: datetime) -> int:
    """Unix time."""
    return int(moment.timestamp())


def total(invoice: Json) -> None:
    """Add the lines up."""
    amount = sum(line["amount"] for line in invoice["lines"]["data"])
    invoice |= {"subtotal": amount, "total": amount, "amount_due": max(0, amount)}
    invoice["amount_remaining"] = max(0, amount) - invoice["amount_paid"]
