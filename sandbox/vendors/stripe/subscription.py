"""Subscriptions: listed, changed, ended."""

from __future__ import annotations

from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.stripe.base import Ledger

STATUSES = "active all canceled ended incomplete incomplete_expired past_due paused trialing unpaid".split()
FEEDBACK = (
    "", "customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex",
    "too_expensive", "unused",
)  # fmt: skip


class Subscriptions(Ledger):
    """Who pays again and again."""

    @route("GET", "/v1/subscriptions", scope="subscription_read")
    def list_subscriptions(self, call: Call) -> Json:
        """Subscriptions, newest first; the ended ones only when asked for."""
        status, customer, price = call.get("status"), call.get("customer"), call.get("price")
        if status not in (None, *STATUSES):
            raise Refusal("parameter_invalid", f"Invalid status: {status}", param="status")
        rows = [
            row
            for row in self.state["subscriptions"].values()
            if customer in (None, row["customer"])
            and (price is None or any(item["price"]["id"] == price for item in row["items"]["data"]))
            and _is_wanted(row["status"], status)
        ]
        return self.listed(call, rows, "/v1/subscriptions")

    @route("GET", "/v1/subscriptions/{subscription}", scope="subscription_read")
    def get_subscription(self, call: Call) -> Json:
        """One subscription."""
        return self.shown(call, self.thing("subscriptions", call.get("subscription"), "id"))

    @route("POST", "/v1/subscriptions/{subscription}", scope="subscription_write")
    def change_subscription(self, call: Call) -> Json:
        """Let it end with the period, or go on."""
        self.allow(call, "cancel_at_period_end", "cancellation_details", "metadata", "description")
        row = self._living(call)
        details = self._details(call, row)
        if call.get("cancel_at_period_end") is not None:
            ends = call.flag("cancel_at_period_end")
            row["cancel_at_period_end"] = ends
            row["cancel_at"] = row["current_period_end"] if ends else None
            row["canceled_at"] = self.now if ends else None
            details["reason"] = "cancellation_requested" if ends else None
        row["cancellation_details"] = details
        self.happened("customer.subscription.updated", row)
        return self.shown(call, row)

    @route("DELETE", "/v1/subscriptions/{subscription}", scope="subscription_write")
    def cancel_subscription(self, call: Call) -> Json:
        """End it at once."""
        self.allow(call, "cancellation_details", "invoice_now", "prorate")
        row = self._living(call)
        details = self._details(call, row) | {"reason": "cancellation_requested"}
        row |= {
            "status": "canceled",
            "canceled_at": self.now,
            "ended_at": self.now,
            "cancellation_details": details,
        }
        self.happened("customer.subscription.deleted", row)
        return self.shown(call, row)

    def _living(self, call: Call) -> Json:
        row = self.thing("subscriptions", call.params["subscription"], "id")
        if row["status"] in ("canceled", "incomplete_expired"):
            raise Refusal("resource_missing", f"No such subscription: '{row['id']}'", param="id")
        return row

    def _details(self, call: Call, row: Json) -> Json:
        asked = call.get("cancellation_details") or {}
        if asked.get("feedback", "") not in FEEDBACK:
            raise Refusal("parameter_invalid", "Invalid feedback.", param="cancellation_details[feedback]")
        given = {name: asked[name] or None for name in ("comment", "feedback") if name in asked}
        return {**row["cancellation_details"], **given}


def _is_wanted(status: str, asked: str | None) -> bool:
    if asked == "all":
        return True
    if asked == "ended":
        return status in ("canceled", "incomplete_expired")
    return status != "canceled" if asked is None else status == asked
