"""Stripe's API: form-encoded bodies, an idempotency key on every write, amounts in the smallest unit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from core.clock import utc_now
from core.errors import Candidate, Conflict, RateLimited, Rejected, VendorError
from core.records import Customer, Invoice, Order, Payment, Record, Ref, Report
from core.tool import Call, Change
from tools.declare import Email, Id, Money, Text, finds, tool
from tools.integration import Account, Integration
from tools.integrations.stripe.books import Books, of_size
from tools.integrations.stripe.feed import CHANGES, NONE, to_event, to_events, until
from tools.integrations.stripe.line import to_line
from tools.integrations.stripe.mapping import (
    day,
    flat,
    link_title,
    moment,
    named,
    price_label,
    to_balance,
    to_customer,
    to_invoice,
    to_link,
    to_order,
    to_payment,
    to_refund,
)
from tools.integrations.stripe.money import agreed, code, major, minor, shown
from tools.integrations.stripe.phrase import Phrase, clauses, quoted, read
from tools.kit.auth import BearerToken
from tools.kit.http import Answer, by_status
from tools.kit.paging import take
from tools.kit.webhook import Delivery, Signature, WebhookEvent, stripe_style
from tools.stream import Batch, stream

CustomerId = Annotated[str, finds("customer")]
InvoiceId = Annotated[Id, finds("invoice")]
PaymentId = Annotated[Id, finds("payment")]
PriceId = Annotated[str, finds("price")]
SubscriptionId = Annotated[Id, finds("subscription")]
PaymentStatus = Literal["succeeded", "processing", "requires_payment_method", "requires_action", "canceled"]
InvoiceStatus = Literal["draft", "open", "paid", "uncollectible", "void"]
SubscriptionStatus = Literal["active", "past_due", "trialing", "canceled", "unpaid", "paused", "all"]

DAY = timedelta(days=1)
OWN = re.compile(r"\b((?:cus|in|pi|ch|py|price|sub)_[A-Za-z0-9]+)\b")
NUMBER = re.compile(r"\b([A-Z0-9]{4,}-(?:[A-Z0-9]+-)?\d{4,})\b", re.IGNORECASE)
BUSY = ("lock_timeout", "rate_limit", "idempotency_key_in_use")
DONE = ("charge_already_refunded", "invoice_not_editable", "payment_intent_unexpected_state")
IS_UNDO = "it is itself an undo"


class Stripe(Integration):
    """Stripe with a secret or restricted key of the account."""

    key = "stripe"
    name = "Stripe"
    category = "finance"
    aliases = ("stripe", "card payments", "stripe billing")
    base_url = "https://api.stripe.com"
    auth = BearerToken()
    headers: ClassVar[Mapping[str, str]] = {"Stripe-Version": "2023-08-16"}
    idempotency_header = "Idempotency-Key"
    calls_per_s = 20.0
    webhook = Signature(stripe_style)
    names = ("customer",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Stripe's `{error: {type, code, decline_code, param, message}}`."""
        error = answer.data.get("error") if isinstance(answer.data, Mapping) else None
        if answer.status < 400 or not isinstance(error, Mapping):
            return None
        found, said = str(error.get("code", "")), str(error.get("message", ""))
        if found in BUSY:
            return RateLimited(f"{cls.name} is busy with it.", status=answer.status)
        if found in DONE:
            return Conflict(f"{cls.name} cannot do this as things stand. {cls.name} says: {said}", status=answer.status)
        declined = f" ({error['decline_code']})" if error.get("decline_code") else ""
        fields = {str(error["param"]): said} if error.get("param") else {}
        return by_status(cls.name, answer, said + declined, fields)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """The object that it happened to."""
        return to_events(delivery)

    async def identify(self) -> Account:
        """The address of the account's pages; a test key's are apart."""
        balance = await self.http.get("/v1/balance")
        return Account(site=f"https://dashboard.stripe.com{'' if balance['livemode'] else '/test'}")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Customers by name."""
        found = await take(self._books.every("/v1/customers"), 500)
        return {"customer": [item["name"] for item in found if item.get("name")]}

    async def find_customer(self, text: str) -> Sequence[Candidate]:
        """A customer by id, address or words of the name."""
        if own := _own(text, "cus"):
            item = await self.http.get(f"/v1/customers/{own}")
            return [] if item.get("deleted") else [_of_customer(item, text)]
        return [_of_customer(item) for item in await self._books.customers(text)]

    async def find_invoice(self, text: str) -> Sequence[Candidate]:
        """An invoice by id or number, else by its customer's name, the latest first."""
        if own := _own(text, "in"):
            return [self._of_invoice(await self.http.get(f"/v1/invoices/{own}"), text)]
        if number := NUMBER.search(text):
            query = f"number:{quoted(number[1].upper())}"
            found = await take(self._books.search("/v1/invoices/search", query), 5)
            return [self._of_invoice(item, text) for item in found]
        said = read(text, self._today)
        wanted = [status for status in ("draft", "open", "paid") if re.search(rf"\b{status}\b", text, re.IGNORECASE)]
        rows = [
            item
            for customer in await self._books.customers(said.name)
            for item in await take(self._books.every("/v1/invoices", customer=customer["id"]), 20)
            if not wanted or item["status"] in wanted
        ]
        return [self._of_invoice(item) for item in _fitting(rows, said, "total")]

    async def find_payment(self, text: str) -> Sequence[Candidate]:
        """A payment by id, else by its customer's name, the amount and the day, the latest first."""
        if own := _own(text, "pi"):
            return [_of_payment(await self._books.intent(own), text)]
        if own := _own(text, "ch", "py"):
            charge = await self.http.get(f"/v1/charges/{own}")
            intent = charge.get("payment_intent")
            return (
                [_of_payment(await self._books.intent(intent), text)] if intent else [Candidate(own, own, also=(text,))]
            )
        said = read(text, self._today)
        rows: list[Mapping[str, Any]] = []
        for customer in await self._books.customers(said.name):
            query = f'customer:"{customer["id"]}" AND status:"succeeded"{self._books.when(said.begin, said.end)}'
            found = await take(self._books.search("/v1/payment_intents/search", query), 50)
            rows += [{**item, "customer": customer} for item in found]
        return [_of_payment(item) for item in _fitting(rows, said, "amount")]

    async def find_subscription(self, text: str) -> Sequence[Candidate]:
        """A subscription by id, else by its customer's name."""
        if own := _own(text, "sub"):
            return [await self._of_subscription(await self._books.subscription(own), text)]
        return [
            await self._of_subscription({**item, "customer": customer}, customer.get("name") or "")
            for customer in await self._books.customers(read(text, self._today).name)
            for item in await take(self._books.every("/v1/subscriptions", customer=customer["id"]), 5)
        ]

    async def find_price(self, text: str) -> Sequence[Candidate]:
        """A price by id, else by words of its own name or its product's."""
        own = _own(text, "price")
        words = re.findall(r"[^\W_]+", re.sub(r"\b(the|plan|tier|price|product)\b", " ", text.lower()))
        found = []
        async for item in self._books.every(
            "/v1/prices", 100, active=None if own else "true", **{"expand[]": "data.product"}
        ):
            product = item["product"].get("name", "")
            names = f"{product} {item.get('nickname') or ''}".lower()
            if item["id"] == own or (words and not own and all(word in names for word in words)):
                found.append(Candidate(item["id"], price_label(item), product, also=(product, text if own else "")))
        return found[:10]

    @tool("read", scopes=("customer_read",))
    async def search_customers(
        self,
        name: Annotated[str | None, "words of the name"] = None,
        email: Annotated[Email | None, "e-mail address"] = None,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Customer]:
        """Look customers up by their name or address."""
        address = f"email:{quoted(email)}" if email else ""
        if not name:
            pages = self._books.search("/v1/customers/search", address) if email else self._books.every("/v1/customers")
            return [to_customer(item, self._site) for item in await take(pages, limit)]
        for query in [one for one in clauses(name) if " OR " not in one or not email]:
            query = f"{query} AND {address}" if email else query
            found = await take(self._books.search("/v1/customers/search", query, limit), limit)
            if found:
                return [to_customer(item, self._site) for item in found]
        return []

    @tool("read", scopes=("payment_intent_read",))
    async def list_payments(
        self,
        customer: Annotated[CustomerId | None, "the customer, by name, address or id"] = None,
        status: Annotated[PaymentStatus | None, "the state it is in"] = None,
        since: Annotated[date | None, "this date or later"] = None,
        until: Annotated[date | None, "this date or earlier"] = None,
        amount: Annotated[Money | None, "the very amount"] = None,
        min_amount: Annotated[Money | None, "the smallest amount"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Payment]:
        """Show payments, the newest first, narrowed by who paid, how it stands, how much and when."""
        terms = [f"customer:{quoted(customer)}"] if customer else []
        terms += [f"status:{quoted(status)}"] if status else []
        query = " AND ".join(terms) + self._books.when(since, until + DAY if until else None)
        least = amount if amount is not None else min_amount
        sizes = sorted(await self._books.exponents()) if least is not None else [None]
        found: list[Any] = []
        for size in sizes:
            term = (
                f" AND amount{':' if amount is not None else '>='}{int((least or 0) * 10**size)}"
                if size is not None
                else ""
            )
            whole = (query + term).removeprefix(" AND ") or "created>0"
            rows = self._books.search("/v1/payment_intents/search", whole, limit, expand="data.customer")
            found += await take(of_size(rows, size), limit)
        found.sort(key=lambda item: int(item["created"]), reverse=True)
        return [to_payment(item, self._site) for item in found[:limit]]

    @tool("read", scopes=("balance_read",))
    async def get_balance(self) -> Report:
        """Tell what the account holds in each currency, paid out soon or still on its way."""
        return to_balance(await self.http.get("/v1/balance"), self._site)

    @tool("read", scopes=("invoice_read",))
    async def list_invoices(
        self,
        status: Annotated[InvoiceStatus | None, "the state it is in"] = None,
        customer: Annotated[CustomerId | None, "the customer, by name, address or id"] = None,
        due_before: Annotated[date | None, "falls due earlier than this date"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Invoice]:
        """Show invoices, narrowed by how they stand, whose they are and when they are due."""
        due = self._books.start(due_before) if due_before else None
        pages = self._books.every("/v1/invoices", limit, status=status, customer=customer, **{"due_date[lt]": due})
        return [to_invoice(item, self._site) for item in await take(pages, limit)]

    @stream("invoice")
    async def stream_invoices(self, cursor: str) -> Batch:
        """Invoices as they change: all of them first, then what Stripe's events of thirty days say."""
        events = self._books.every("/v1/events", 100, **{"types[]": CHANGES})
        if not cursor:
            newest = await take(events, 1)
            found = [to_invoice(item, self._site) async for item in self._books.every("/v1/invoices", 100)]
            return Batch(found, newest[0]["id"] if newest else NONE)
        fresh = await take(until(events, cursor), 500)
        last = {event["data"]["object"]["id"]: event for event in reversed(fresh)}.values()
        kept = [event["data"]["object"] for event in last if event["type"] != "invoice.deleted"]
        gone = [to_event(event).ref for event in last if event["type"] == "invoice.deleted"]
        records = [to_invoice(item, self._site) for item in kept]
        return Batch(records, fresh[0]["id"] if fresh else cursor, gone=[ref for ref in gone if ref])

    @tool("write", scopes=("invoice_write",), proof="read_invoice", undo="delete_draft_invoice")
    async def create_invoice(
        self,
        customer: Annotated[CustomerId, "the customer, by name, address or id"],
        items: Annotated[list[str], "what is billed, a line each, such as “3 hours at 150”"],
        currency: Annotated[str, "currency of the lines"] = "usd",
        days_until_due: Annotated[int, "days to pay"] = 30,
        memo: Annotated[Text | None, "a note on it"] = None,
    ) -> Change:
        """Prepare an invoice that can still be changed before it is sent."""
        lines = [to_line(item) for item in items]
        if not lines:
            raise Rejected("An invoice needs a line.", fields={"items": "none"})
        unit = agreed(currency, {line.currency for line in lines})
        forms = [line.form(unit) for line in lines]
        made = await self._books.post(
            "/v1/invoices", customer=customer, currency=unit, collection_method="send_invoice",
            days_until_due=days_until_due, description=memo, auto_advance=False,
            pending_invoice_items_behavior="exclude",
        )  # fmt: skip
        try:
            for form in forms:
                await self._books.post("/v1/invoiceitems", customer=customer, invoice=made["id"], currency=unit, **form)
        except VendorError:
            await self.http.send("DELETE", f"/v1/invoices/{made['id']}")
            raise
        expect = {
            "status": "draft",
            "customer": named(customer, made.get("customer_name") or ""),
            "total": sum((line.unit * line.quantity for line in lines), Decimal()),
            "currency": unit.upper(),
            "lines": tuple(line.shown(unit) for line in lines),
            "memo": memo or "",
            "due": day(made["created"] + days_until_due * 86400),
        }
        undo = Call(tool="stripe.delete_draft_invoice", args={"invoice": made["id"]})
        return Change(to_invoice(made, self._site), expect, undo=undo)

    @tool("write", scopes=("invoice_write",), proof="read_invoice", irreversible="the customer has it in their mail")
    async def send_invoice(self, invoice: Annotated[InvoiceId, "the invoice, by number, id or customer"]) -> Change:
        """Give an invoice its number and mail it to whoever has to pay it."""
        before = await self._invoice(invoice)
        if before.status not in ("draft", "open"):
            raise Conflict(f"Invoice {before.ref.label} is {before.status}, so it cannot be sent.")
        if before.status == "draft":
            await self._books.post(f"/v1/invoices/{invoice}/finalize", auto_advance=False)
        sent = await self._books.post(f"/v1/invoices/{invoice}/send")
        expect = {"status": "open", "total": before.total, "customer": before.customer, "lines": before.lines}
        return Change(to_invoice(sent, self._site), expect)

    @tool(
        "destructive", scopes=("invoice_write",), proof="read_invoice", irreversible="Stripe keeps a void invoice void"
    )
    async def void_invoice(self, invoice: Annotated[InvoiceId, "the invoice, by number, id or customer"]) -> Change:
        """Take an unpaid invoice out of the books for good."""
        before = await self._invoice(invoice)
        if before.status not in ("open", "uncollectible"):
            hint = "; delete the draft instead" if before.status == "draft" else ""
            raise Conflict(f"Invoice {before.ref.label} is {before.status}, so it cannot be voided{hint}.")
        item = await self._books.post(f"/v1/invoices/{invoice}/void")
        return Change(to_invoice(item, self._site), {"status": "void"})

    @tool("write", scopes=("payment_links_write", "price_write"), proof="read_link", undo="deactivate_payment_link")
    async def create_payment_link(
        self,
        title: Annotated[str, "what the payer gets"],
        amount: Annotated[Money, "price of one"],
        currency: Annotated[str, "currency of the amount"] = "usd",
        quantity: Annotated[int, "how many"] = 1,
        one_time: Annotated[bool, "false if it is paid every month"] = True,
    ) -> Change:
        """Make a page where anybody with its address can pay a set price."""
        unit = code(currency)
        price = await self._books.post(
            "/v1/prices", currency=unit, unit_amount=minor(amount, unit), product_data={"name": title},
            recurring=None if one_time else {"interval": "month"},
        )  # fmt: skip
        row = {"price": price["id"], "quantity": quantity}
        made = await self._books.post("/v1/payment_links", line_items=[row], expand=["line_items"])
        expect = {
            "title": link_title(title, quantity), "amount": amount, "currency": unit.upper(),
            "is_recurring": not one_time, "is_active": True,
        }  # fmt: skip
        undo = Call(tool="stripe.deactivate_payment_link", args={"payment_link": made["id"]})
        return Change(to_link(made), expect, undo=undo)

    @tool(
        "destructive", scopes=("charge_write",), proof="read_refund", irreversible="money given back stays given back"
    )
    async def refund_payment(
        self,
        payment: Annotated[PaymentId, "the payment, by id or by whose it is, how much and when"],
        amount: Annotated[Money | None, "how much; everything unless it is said"] = None,
        reason: Annotated[Literal["duplicate", "fraudulent", "requested_by_customer"] | None, "why"] = None,
    ) -> Change:
        """Give a payment back to the customer, all of it or an amount."""
        charge = await self._books.charge(payment)
        currency, left = charge["currency"], charge["amount_captured"] - charge["amount_refunded"]
        if left <= 0:
            raise Conflict(f"{payment} was refunded already.")
        wanted = minor(amount, currency) if amount is not None else left
        if wanted > left:
            rest = shown(major(left, currency), currency)
            raise Rejected(f"Of {payment} only {rest} can be refunded.", fields={"amount": "too much"})
        made = await self._books.post("/v1/refunds", charge=charge["id"], amount=wanted, reason=reason)
        record = to_refund(made, self._site)
        if record.status in ("failed", "canceled"):
            raise Rejected(f"The refund of {payment} {record.status}.")
        expect = {"amount": major(wanted, currency), "currency": currency.upper(), "reason": reason or ""}
        return Change(record, expect | {"title": record.title})

    @tool("read", scopes=("subscription_read",))
    async def list_subscriptions(
        self,
        customer: Annotated[CustomerId | None, "the customer, by name, address or id"] = None,
        status: Annotated[SubscriptionStatus, "the state it is in"] = "active",
        price: Annotated[PriceId | None, "the plan or product, by name or the id of its price"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Order]:
        """Show subscriptions, narrowed by who has them, to what, and how they stand."""
        pages = self._books.every(
            "/v1/subscriptions", limit, customer=customer, status=status, price=price, **{"expand[]": "data.customer"}
        )
        found = await take(pages, limit)
        names = await self._books.products(found)
        return [to_order(item, self._site, names) for item in found]

    @tool("destructive", scopes=("subscription_write",), proof="read_subscription", undo="resume_subscription")
    async def cancel_subscription(
        self,
        subscription: Annotated[SubscriptionId, "the subscription, by id or customer"],
        at_period_end: Annotated[bool, "let the paid period end first"] = True,
        reason: Annotated[Text | None, "why"] = None,
    ) -> Change:
        """Stop a subscription when the paid period is over, or right away."""
        before = await self._books.subscription(subscription)
        if before["status"] == "canceled" or (at_period_end and before["cancel_at_period_end"]):
            raise Conflict(f"{subscription} is canceled already.")
        details = {"comment": reason} if reason else None
        path = f"/v1/subscriptions/{subscription}"
        if not at_period_end:
            form = flat({"cancellation_details": details}) if details else None
            item = (await self.http.send("DELETE", path, form=form)).data
            return Change(to_order(item, self._site), {"status": "canceled", "renews_on": None})
        item = await self._books.post(path, cancel_at_period_end=True, cancellation_details=details)
        comment = (before.get("cancellation_details") or {}).get("comment") or ""
        undo = Call(tool="stripe.resume_subscription", args={"subscription": subscription, "comment": comment})
        expect = {"ends_on": day(before["current_period_end"]), "renews_on": None, "status": before["status"]}
        return Change(to_order(item, self._site), expect, undo=undo)

    @tool("write", scopes=("subscription_write",), proof="read_subscription", irreversible=IS_UNDO, is_hidden=True)
    async def resume_subscription(
        self,
        subscription: Annotated[str, "sub_ id"],
        comment: Annotated[str, "the former note on why it ends"] = "",
    ) -> Change:
        """Let a subscription go on that was to end with its period."""
        path, details = f"/v1/subscriptions/{subscription}", {"comment": comment}
        item = await self._books.post(path, cancel_at_period_end=False, cancellation_details=details)
        return Change(to_order(item, self._site), {"ends_on": None, "renews_on": day(item["current_period_end"])})

    @tool("destructive", scopes=("invoice_write",), proof="read_invoice", irreversible=IS_UNDO, is_hidden=True)
    async def delete_draft_invoice(self, invoice: Annotated[str, "in_ id"]) -> Change:
        """Throw a draft away."""
        before = await self._invoice(invoice)
        await self.http.send("DELETE", f"/v1/invoices/{invoice}")
        return Change(before, is_gone=True)

    @tool("write", scopes=("payment_links_write",), proof="read_link", irreversible=IS_UNDO, is_hidden=True)
    async def deactivate_payment_link(self, payment_link: Annotated[str, "plink_ id"]) -> Change:
        """Switch a payment link off."""
        item = await self._books.post(f"/v1/payment_links/{payment_link}", active=False, expand=["line_items"])
        return Change(to_link(item), {"is_active": False})

    async def read_invoice(self, ref: Ref) -> Record:
        """Reads the invoice again."""
        return await self._invoice(ref.id)

    async def read_link(self, ref: Ref) -> Record:
        """Reads the payment link again."""
        return to_link(await self.http.get(f"/v1/payment_links/{ref.id}", **{"expand[]": "line_items"}))

    async def read_refund(self, ref: Ref) -> Record:
        """Reads the refund again."""
        return to_refund(await self.http.get(f"/v1/refunds/{ref.id}"), self._site)

    async def read_subscription(self, ref: Ref) -> Record:
        """Reads the subscription again."""
        item = await self._books.subscription(ref.id)
        return to_order(item, self._site, await self._books.products([item]))

    async def _invoice(self, invoice: str) -> Invoice:
        return to_invoice(await self.http.get(f"/v1/invoices/{invoice}"), self._site)

    @property
    def _books(self) -> Books:
        return Books(self.http, self.who.zone)

    def _of_invoice(self, item: Mapping[str, Any], *also: str) -> Candidate:
        invoice = to_invoice(item, self._site)
        amount = shown(invoice.total or Decimal(), invoice.currency)
        label = f"{invoice.title} {invoice.customer.partition(' (')[0]}, {amount}"
        return Candidate(item["id"], label, invoice.status, (invoice.ref.key, *also))

    async def _of_subscription(self, item: Mapping[str, Any], *also: str) -> Candidate:
        order = to_order(item, self._site, await self._books.products([item]))
        label = f"{order.customer.partition(' (')[0]}: {order.title}"
        return Candidate(item["id"], label, order.status.replace("_", " "), also)

    @property
    def _site(self) -> str:
        return self.http.connection.site

    @property
    def _today(self) -> date:
        return utc_now().astimezone(self.who.zone).date()


def _fitting(rows: Sequence[Mapping[str, Any]], said: Phrase, amount: str) -> list[Mapping[str, Any]]:
    """The rows that a phrase may mean, newest first, ten at most; only the newest if it asks for the last one."""
    found = [
        item
        for item in sorted(rows, key=lambda item: int(item["created"]), reverse=True)
        if said.amount in (None, major(item[amount], item["currency"]))
        and said.currency in ("", item["currency"])
        and (said.begin is None or said.begin <= moment(item["created"]).date())
        and (said.end is None or moment(item["created"]).date() < said.end)
    ]
    return found[: 1 if said.is_last else 10]


def _own(text: str, *kinds: str) -> str:
    hit = OWN.search(text)
    return hit[1] if hit and hit[1].partition("_")[0] in kinds else ""


def _of_customer(item: Mapping[str, Any], *also: str) -> Candidate:
    return Candidate(item["id"], item.get("name") or item.get("email") or item["id"], item.get("email") or "", also)


def _of_payment(item: Mapping[str, Any], *also: str) -> Candidate:
    payment = to_payment(item, "")
    amount = shown(payment.amount or Decimal(), payment.currency)
    label = f"{amount} from {payment.customer.partition(' (')[0]}, {moment(item['created']):%d %b %Y %H:%M}"
    return Candidate(item["id"], label, payment.status.replace("_", " "), also)
