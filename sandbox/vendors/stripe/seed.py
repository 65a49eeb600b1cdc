"""The account at the start: who pays for what, what was billed, and what came in."""

from __future__ import annotations

from sandbox.company import Company, Customer
from sandbox.exchange import Json
from sandbox.story import Invoice, Story
from sandbox.vendors.stripe.shape import MONTH_S, Shape, seconds, total

TRIAL, DRAFT, TWICE = "tidepool", "granite", "acme"
DECLINED = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "insufficient_funds",
    "message": "Your card has insufficient funds.",
}


def seed_stripe(company: Company, story: Story, shape: Shape) -> Json:
    """Objects by kind and id, and the answers to idempotency keys."""
    kinds = (
        "customers products prices invoices invoiceitems payment_intents charges refunds subscriptions payment_links"
    )
    state: Json = {kind: {} for kind in [*kinds.split(), "idempotency"]}
    _Book(state, company, story, shape).write()
    return state


class _Book:
    def __init__(self, state: Json, company: Company, story: Story, shape: Shape) -> None:
        self.state = state
        self.company = company
        self.story = story
        self.shape = shape
        self.now = seconds(story.now)

    def write(self) -> None:
        began = self.now - 30 * MONTH_S
        for plan in self.company.plans:
            product = self.shape.product(self.shape.id("prod", plan.key), plan.name, began)
            number = self.shape.id("price", plan.key)
            self._keep("products", product)
            self._keep("prices", self.shape.price(number, product["id"], plan.price, plan.currency, "month", began))
        for customer in self.company.customers:
            started = seconds(self.story.started(customer))
            currency = self.company.plan(customer.plan).currency
            self._keep("customers", self.shape.customer(customer, currency, started))
            self._subscribe(customer, customer.plan, started)
        for bill in self.story.invoices:
            self._bill(bill)
        self._extras()

    def _keep(self, kind: str, row: Json) -> Json:
        self.state[kind][row["id"]] = row
        return row

    def _of(self, customer: Customer) -> Json:
        row: Json = self.state["customers"][self.shape.id("cus", customer.key)]
        return row

    def _subscribe(self, customer: Customer, plan: str, started: int) -> Json:
        price = self.state["prices"][self.shape.id("price", plan)]
        number = self.shape.id("sub", customer.key, plan)
        row = self.shape.subscription(number, self._of(customer)["id"], price, customer.seats, started, self.now)
        if any(bill.status == "open" and bill.due < self.story.now for bill in self._bills(customer)):
            row["status"] = "past_due"
        if customer.churned:
            ended = self.now - 4 * MONTH_S
            row |= {"status": "canceled", "canceled_at": ended, "ended_at": ended}
            row["cancellation_details"] = {
                "comment": None,
                "feedback": "too_expensive",
                "reason": "cancellation_requested",
            }
        return self._keep("subscriptions", row)

    def _bills(self, customer: Customer) -> list[Invoice]:
        return [bill for bill in self.story.invoices if bill.customer.key == customer.key]

    def _bill(self, bill: Invoice) -> None:
        customer = self._of(bill.customer)
        created = seconds(bill.created)
        invoice = self.shape.invoice(self.shape.id("in", bill.number), customer, bill.currency, created)
        sequence = customer["next_invoice_sequence"]
        customer["next_invoice_sequence"] = sequence + 1
        price = self.state["prices"][self.shape.id("price", bill.customer.plan)]
        plan = self.company.plan(bill.customer.plan)
        text = f"{bill.customer.seats} × {plan.name}"
        line = self.shape.line(self.shape.id("il", bill.number), invoice, text, bill.customer.seats, bill.amount)
        invoice["lines"]["data"] = [line | {"price": price}]
        total(invoice)
        invoice |= {
            "number": f"{customer['invoice_prefix']}-{sequence:04d}",
            "status": bill.status,
            "collection_method": "send_invoice",
            "due_date": seconds(bill.due),
            "hosted_invoice_url": f"https://invoice.stripe.com/i/acct_fernwick/test_{bill.number}",
            "subscription": self.shape.id("sub", bill.customer.key, bill.customer.plan),
            "metadata": {"bill": str(bill.number)},
        }
        invoice["status_transitions"]["finalized_at"] = created
        self._keep("invoices", invoice)
        is_paid = bill.paid_at is not None
        at = seconds(bill.paid_at or bill.created)
        status = "succeeded" if is_paid else "requires_payment_method"
        intent = self._pay(customer, bill.amount, bill.currency, status, at, bill.number)
        intent |= {"invoice": invoice["id"], "description": f"Invoice {invoice['number']}"}
        invoice["payment_intent"] = intent["id"]
        if is_paid:
            self.state["charges"][intent["latest_charge"]] |= {
                "invoice": invoice["id"],
                "description": intent["description"],
            }
            invoice |= {
                "paid": True,
                "amount_paid": bill.amount,
                "amount_remaining": 0,
                "charge": intent["latest_charge"],
            }
            invoice["status_transitions"]["paid_at"] = at
        elif bill.due < self.story.now:
            intent["last_payment_error"] = dict(DECLINED)

    def _pay(self, customer: Json, amount: int, currency: str, status: str, at: int, *about: object) -> Json:
        number = self.shape.id("pi", *about)
        intent = self.shape.intent(number, amount, currency, customer["id"], status, at)
        if status == "succeeded":
            charge = self._keep("charges", self.shape.charge(self.shape.id("ch", *about), intent))
            intent["latest_charge"] = charge["id"]
        return self._keep("payment_intents", intent)

    def _extras(self) -> None:
        """A trial, a draft, a card charged twice."""
        by_key = {customer.key: customer for customer in self.company.customers}
        trial = self._subscribe(by_key[TRIAL], "chain", self.now - 10 * 86400)
        trial |= {
            "status": "trialing",
            "trial_start": trial["start_date"],
            "trial_end": trial["current_period_end"],
        }
        customer = self._of(by_key[DRAFT])
        draft = self.shape.invoice(self.shape.id("in", "draft"), customer, customer["currency"], self.now - 2 * 86400)
        draft |= {"collection_method": "send_invoice", "due_date": self.now + 28 * 86400}
        draft |= {"description": "Thank you for having us on site"}
        draft["lines"]["data"] = [
            self.shape.line(self.shape.id("il", "draft"), draft, "On-site training day", 2, 180000)
        ]
        total(draft)
        self._keep("invoices", draft)
        payer = self._of(by_key[TWICE])
        for number in (1, 2):
            at = self.now - 3 * 86400 + number * 40
            extra = self._pay(payer, 45000, "usd", "succeeded", at, "workshop", number)
            extra["description"] = "Merchant workshop"
