"""Customers, payments, refunds, the balance."""

from __future__ import annotations

from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.stripe.base import Ledger

DAY = 86400


class Payments(Ledger):
    """Who paid what."""

    @route("GET", "/v1/customers", scope="customer_read")
    def list_customers(self, call: Call) -> Json:
        """Customers, newest first."""
        email = call.get("email")
        rows = [row for row in self.state["customers"].values() if email in (None, row["email"])]
        return self.listed(call, rows, "/v1/customers")

    @route("GET", "/v1/customers/search", scope="customer_read")
    def search_customers(self, call: Call) -> Json:
        """Customers by name, address or metadata."""
        return self.searched(call, "customers", "/v1/customers/search")

    @route("GET", "/v1/customers/{customer}", scope="customer_read")
    def get_customer(self, call: Call) -> Json:
        """One customer."""
        return self.shown(call, self.thing("customers", call.get("customer"), "id"))

    @route("GET", "/v1/payment_intents", scope="payment_intent_read")
    def list_intents(self, call: Call) -> Json:
        """Payments, newest first."""
        customer = call.get("customer")
        rows = [
            row
            for row in self.state["payment_intents"].values()
            if customer in (None, row["customer"]) and self.within(call, "created", row["created"])
        ]
        return self.listed(call, rows, "/v1/payment_intents")

    @route("GET", "/v1/payment_intents/search", scope="payment_intent_read")
    def search_intents(self, call: Call) -> Json:
        """Payments by customer, status, amount and time."""
        return self.searched(call, "payment_intents", "/v1/payment_intents/search")

    @route("GET", "/v1/payment_intents/{intent}", scope="payment_intent_read")
    def get_intent(self, call: Call) -> Json:
        """One payment."""
        return self.shown(call, self.thing("payment_intents", call.get("intent"), "intent"))

    @route("GET", "/v1/charges/{charge}", scope="charge_read")
    def get_charge(self, call: Call) -> Json:
        """One charge."""
        return self.shown(call, self.thing("charges", call.get("charge"), "id"))

    @route("GET", "/v1/refunds/{refund}", scope="charge_read")
    def get_refund(self, call: Call) -> Json:
        """One refund."""
        return self.shown(call, self.thing("refunds", call.get("refund"), "id"))

    @route("POST", "/v1/refunds", scope="charge_write")
    def add_refund(self, call: Call) -> Json:
        """Give money back, all of it or a part."""
        self.allow(call, "charge", "payment_intent", "amount", "reason", "metadata")
        charge = self._charge(call)
        left = charge["amount_captured"] - charge["amount_refunded"]
        amount = call.whole("amount", left, 10**9)
        if left == 0:
            raise Refusal("charge_already_refunded", f"Charge {charge['id']} has already been refunded.")
        if amount < 1:
            raise Refusal("parameter_invalid_integer", "This value must be greater than or equal to 1.", param="amount")
        if amount > left:
            message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            raise Refusal("amount_too_large", message, param="amount")
        reason = call.get("reason")
        if reason not in (None, "duplicate", "fraudulent", "requested_by_customer"):
            raise Refusal("parameter_invalid", f"Invalid reason: {reason}", param="reason")
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        row: Json = {
            "id": self.shape.id("re", self.count("refund")),
            "object": "refund",
            "amount": amount,
            "charge": charge["id"],
            "created": self.now,
            "currency": charge["currency"],
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "receipt_number": None,
            "status": "succeeded",
        }
        self.state["refunds"][row["id"]] = row
        self.happened("charge.refunded", charge)
        return self.shown(call, row)

    def _charge(self, call: Call) -> Json:
        if number := call.get("charge"):
            return self.thing("charges", number, "charge")
        intent = self.thing("payment_intents", call.need("payment_intent"), "payment_intent")
        if intent["latest_charge"] is None:
            message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            raise Refusal("payment_intent_unexpected_state", message)
        return self.thing("charges", intent["latest_charge"], "charge")

    @route("GET", "/v1/balance", scope="balance_read")
    def get_balance(self, call: Call) -> Json:
        """What came in within a week is pending, what came in the three weeks before is there."""
        sums: dict[str, dict[str, int]] = {"available": {}, "pending": {}}
        for charge in self.state["charges"].values():
            age = self.now - charge["created"]
            kind = "pending" if age < 7 * DAY else "available"
            net = charge["amount_captured"] - charge["amount_refunded"] if age < 28 * DAY else 0
            sums[kind][charge["currency"]] = sums[kind].get(charge["currency"], 0) + net
        currencies = sorted({*sums["available"], *sums["pending"]})
        return {
            "object": "balance",
            "livemode": False,
            **{
                kind: [
                    {"amount": found.get(name, 0), "currency": name, "source_types": {"card": found.get(name, 0)}}
                    for name in currencies
                ]
                for kind, found in sums.items()
            },
        }
