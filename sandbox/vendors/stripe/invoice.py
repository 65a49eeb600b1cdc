"""Invoices and what stands on them."""

from __future__ import annotations

from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.stripe.base import Ledger
from sandbox.vendors.stripe.shape import total


class Invoices(Ledger):
    """From a draft to paid or void."""

    @route("GET", "/v1/invoices", scope="invoice_read")
    def list_invoices(self, call: Call) -> Json:
        """Invoices, newest first."""
        wanted = {name: call.get(name) for name in ("status", "customer", "subscription") if call.get(name)}
        rows = [
            row
            for row in self.state["invoices"].values()
            if all(row[name] == value for name, value in wanted.items())
            and self.within(call, "due_date", row["due_date"])
            and self.within(call, "created", row["created"])
        ]
        return self.listed(call, rows, "/v1/invoices")

    @route("GET", "/v1/events")
    def list_events(self, call: Call) -> Json:
        """What happened, newest first."""
        wanted = call.get("types") or []
        rows = [row for row in self.state.get("events", []) if not wanted or row["type"] in wanted]
        if after := call.get("starting_after"):
            rows = rows[next((n for n, row in enumerate(rows) if row["id"] == after), len(rows)) + 1 :]
        limit = call.whole("limit", 10, 100)
        return {"object": "list", "data": rows[:limit], "has_more": len(rows) > limit, "url": "/v1/events"}

    @route("GET", "/v1/invoices/search", scope="invoice_read")
    def search_invoices(self, call: Call) -> Json:
        """Invoices by number, customer, status, total and time."""
        return self.searched(call, "invoices", "/v1/invoices/search")

    @route("GET", "/v1/invoices/{invoice}", scope="invoice_read")
    def get_invoice(self, call: Call) -> Json:
        """One invoice."""
        return self.shown(call, self._invoice(call))

    @route("POST", "/v1/invoices", scope="invoice_write")
    def add_invoice(self, call: Call) -> Json:
        """An empty draft."""
        self.allow(
            call, "customer", "currency", "collection_method", "days_until_due", "description", "auto_advance",
            "pending_invoice_items_behavior", "metadata", "footer", "due_date",
        )  # fmt: skip
        customer = self.thing("customers", call.need("customer"), "customer")
        currency = _currency(call.get("currency") or customer["currency"])
        row = self.shape.invoice(self.shape.id("in", "new", self.count("invoice")), customer, currency, self.now)
        is_sent = call.get("collection_method") == "send_invoice"
        days = call.get("days_until_due")
        if days is not None and not is_sent:
            message = "You can only specify days_until_due if invoice collection method is send_invoice."
            raise Refusal("parameter_invalid", message, param="days_until_due")
        if is_sent and days is None and call.get("due_date") is None:
            message = "If invoice collection method is send_invoice, you must specify due_date or days_until_due."
            raise Refusal("parameter_missing", message, param="due_date")
        row["collection_method"] = "send_invoice" if is_sent else "charge_automatically"
        row["description"] = call.get("description") or None
        row["auto_advance"] = call.flag("auto_advance")
        if is_sent:
            row["due_date"] = self.now + call.whole("days_until_due", 0, 3650) * 86400
        self.state["invoices"][row["id"]] = row
        self.happened("invoice.created", row)
        return self.shown(call, row)

    @route("POST", "/v1/invoiceitems", scope="invoice_write")
    def add_item(self, call: Call) -> Json:
        """A line of a draft: an amount, or a quantity and a unit amount."""
        self.allow(
            call, "customer", "invoice", "amount", "currency", "description", "quantity", "unit_amount", "metadata"
        )
        customer = self.thing("customers", call.need("customer"), "customer")
        invoice = self.thing("invoices", call.need("invoice"), "invoice")
        if invoice["status"] != "draft":
            raise Refusal("invoice_not_editable", f"Invoice {invoice['id']} is no longer editable")
        if invoice["customer"] != customer["id"]:
            raise Refusal("parameter_invalid", "The invoice belongs to another customer.", param="customer")
        currency = _currency(call.get("currency") or invoice["currency"])
        if currency != invoice["currency"]:
            message = f"The currency of the invoice item must match the invoice's currency ({invoice['currency']})."
            raise Refusal("parameter_invalid", message, param="currency")
        quantity = call.whole("quantity", 1, 10**6)
        unit = call.whole("unit_amount", call.whole("amount", 0, 10**11), 10**11)
        text, number = call.get("description") or "", self.shape.id("ii", self.count("invoiceitem"))
        price = self._unlisted(unit, currency, text)
        line = self.shape.line(self.shape.id("il", number), invoice, text, quantity, quantity * unit)
        invoice["lines"]["data"].append(line | {"invoice_item": number, "price": price})
        total(invoice)
        row = {
            "id": number,
            "object": "invoiceitem",
            "amount": quantity * unit,
            "created": self.now,
            "currency": currency,
            "customer": customer["id"],
            "date": self.now,
            "description": text,
            "discountable": True,
            "invoice": invoice["id"],
            "livemode": False,
            "metadata": {},
            "period": line["period"],
            "price": price,
            "proration": False,
            "quantity": quantity,
            "unit_amount": unit,
            "unit_amount_decimal": str(unit),
        }
        self.state["invoiceitems"][number] = row
        return self.shown(call, row)

    def _unlisted(self, unit: int, currency: str, text: str) -> Json:
        number = self.count("price")
        product = self.shape.id("prod", "item", number)
        return self.shape.price(self.shape.id("price", "item", number), product, unit, currency, None, self.now) | {
            "active": False
        }

    @route("POST", "/v1/invoices/{invoice}/finalize", scope="invoice_write")
    def finalize(self, call: Call) -> Json:
        """A draft gets its number and can no longer be changed."""
        self.allow(call, "auto_advance")
        row = self._invoice(call)
        if row["status"] != "draft":
            message = "This invoice is already finalized, you can't re-finalize a non-draft invoice."
            raise Refusal("invoice_not_editable", message)
        customer = self.state["customers"][row["customer"]]
        sequence = customer["next_invoice_sequence"]
        customer["next_invoice_sequence"] += 1
        row |= {
            "number": f"{customer['invoice_prefix']}-{sequence:04d}",
            "hosted_invoice_url": f"https://invoice.stripe.com/i/acct_fernwick/test_{row['id']}",
            "status": "open" if row["total"] > 0 else "paid",
            "paid": row["total"] <= 0,
            "effective_at": self.now,
        }
        row["status_transitions"]["finalized_at"] = self.now
        if row["total"] > 0:
            intent = self.shape.intent(
                self.shape.id("pi", row["id"]), row["total"], row["currency"], row["customer"],
                "requires_payment_method", self.now,
            )  # fmt: skip
            intent["invoice"] = row["id"]
            self.state["payment_intents"][intent["id"]] = intent
            row["payment_intent"] = intent["id"]
        self.happened("invoice.finalized", row)
        return self.shown(call, row)

    @route("POST", "/v1/invoices/{invoice}/send", scope="invoice_write")
    def send(self, call: Call) -> Json:
        """E-mail it to the customer."""
        self.allow(call)
        row = self._invoice(call)
        if row["status"] != "open":
            raise Refusal("invoice_not_editable", f"You cannot send an invoice that is {row['status']}.")
        if row["collection_method"] != "send_invoice":
            message = "You can only send an invoice whose collection method is send_invoice."
            raise Refusal("invalid_request", message)
        self.happened("invoice.sent", row)
        return self.shown(call, row)

    @route("POST", "/v1/invoices/{invoice}/void", scope="invoice_write")
    def void(self, call: Call) -> Json:
        """Take a finalized invoice out of the books."""
        self.allow(call)
        row = self._invoice(call)
        if row["status"] not in ("open", "uncollectible"):
            message = f"You can only void an open or uncollectible invoice; this one is {row['status']}."
            raise Refusal("invoice_not_editable", message)
        row["status"] = "void"
        row["status_transitions"]["voided_at"] = self.now
        if row["payment_intent"]:
            self.state["payment_intents"][row["payment_intent"]] |= {
                "status": "canceled",
                "canceled_at": self.now,
                "cancellation_reason": "void_invoice",
            }
        self.happened("invoice.voided", row)
        return self.shown(call, row)

    @route("DELETE", "/v1/invoices/{invoice}", scope="invoice_write")
    def delete(self, call: Call) -> Json:
        """Throw a draft away."""
        row = self._invoice(call)
        if row["status"] != "draft":
            raise Refusal("invoice_not_editable", "You can only delete draft invoices.")
        del self.state["invoices"][row["id"]]
        items = self.state["invoiceitems"]
        for number in [number for number, item in items.items() if item["invoice"] == row["id"]]:
            del items[number]
        self.happened("invoice.deleted", row)
        return {"id": row["id"], "object": "invoice", "deleted": True}

    def _invoice(self, call: Call) -> Json:
        return self.thing("invoices", call.get("invoice"), "invoice")


def _currency(text: str) -> str:
    if len(text) != 3 or not text.isalpha():
        raise Refusal("parameter_invalid", f"Invalid currency: {text}.", param="currency")
    return text.lower()
