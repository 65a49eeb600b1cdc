"""Xero, accounting API 2.0: invoices and bills, contacts, payments, quotes, the bank, profit and loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from core.errors import BadSignature, Candidate, Forbidden, NotConnected, VendorError
from core.records import Customer, Invoice, Payment, Record, Ref, Report
from core.tool import Change
from tools.declare import Email, Money, finds, tool
from tools.integration import Account, Integration
from tools.integrations.xero import mapping
from tools.integrations.xero.ledger import Ledger, condition, moment
from tools.integrations.xero.mapping import InvoiceKind
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.kit.paging import take
from tools.kit.webhook import Delivery, Greeting, Signature, WebhookEvent, prefixed
from tools.stream import Batch, stream

Status = Literal["DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED"]
NewStatus = Literal["DRAFT", "SUBMITTED", "AUTHORISED"]
ContactId = Annotated[str, finds("contact")]
InvoiceId = Annotated[str, Field(json_schema_extra={"format": "id", "x-find": "invoice"})]
Lines = Annotated[list[str], "what it is for, each with quantity and price, and the account if it matters"]
Limit = Annotated[int, "how many"]

BOOKS, PEOPLE = ("accounting.transactions",), ("accounting.contacts",)
REPORTS, SETTINGS = ("accounting.reports.read",), ("accounting.settings.read",)
UNDO = "it is itself an undo"


class Xero(Integration):
    """One organisation, of those that a person chose at the consent."""

    key = "xero"
    name = "Xero"
    category = "finance"
    aliases = ("xero", "xero accounting")
    base_url = "https://api.xero.com/api.xro/2.0"
    sites = {"root": "https://api.xero.com"}
    headers = {"Xero-Tenant-Id": "{account}"}
    auth = OAuth2(
        authorize_url="https://login.xero.com/identity/connect/authorize",
        token_url="https://identity.xero.com/connect/token",  # noqa: S106 - an address
        revoke_url="https://identity.xero.com/connect/revocation",
        scopes=(*BOOKS, *PEOPLE, *REPORTS, *SETTINGS, "offline_access"),
        client_in_header=True,
    )
    idempotency_header = "Idempotency-Key"
    calls_per_s = 1.0  # 60 a minute and organisation
    webhook = Signature(prefixed("x-xero-signature", ""))
    names = ("account",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Xero's validation errors, also those of items in a 200, and its problem details."""
        refused = mapping.refusal(answer)
        if refused is None:
            return None
        status, said = refused
        if "AuthorizationUnsuccessful" in said:  # with a 401, though it is the scope that is missing
            return Forbidden("The consent to Xero does not cover this.", status=status, cause=said)
        return by_status(cls.name, replace(answer, status=status), said)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """Several events a delivery, for contacts and invoices."""
        return mapping.events(delivery.data)

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """The intent to receive: deliveries without events, of which the forged ones want a 401."""
        if not isinstance(delivery.data, Mapping) or delivery.data.get("events") != []:
            return None
        try:
            cls.webhook.verify(delivery, secret)
        except BadSignature:
            return Greeting(status=401)
        return Greeting()

    async def identify(self) -> Account:
        """The first organisation that the consent covers."""
        found = (await self.http.send("GET", "/connections", site="root")).data
        tenant = next((one["tenantId"] for one in found if one.get("tenantType") == "ORGANISATION"), "")
        if not tenant:
            raise NotConnected(self.key, self.name, cause="no organisation was chosen")
        return Account(str(tenant), site=mapping.SITE)

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Bank accounts."""
        rows = (await self.http.get("/Accounts", where='Type=="BANK"'))["Accounts"]
        return {"account": [str(row["Name"]) for row in rows]}

    async def find_contact(self, text: str) -> Sequence[Candidate]:
        """Contacts by name, address, number or id."""
        found = [mapping.to_contact(row) for row in await self._ledger.contacts(text, 20)]
        return [Candidate(one.ref.id, one.title, one.email) for one in found]

    async def find_invoice(self, text: str) -> Sequence[Candidate]:
        """Invoices and bills by number or id, or a contact's approved ones."""
        return await self._ledger.invoices(text)

    async def find_account(self, text: str) -> Sequence[Candidate]:
        """Accounts that payments go through, by name, code or number."""
        return await self._ledger.accounts(text, is_bank=False)

    async def find_bank(self, text: str) -> Sequence[Candidate]:
        """Bank and card accounts by name, code or number."""
        return await self._ledger.accounts(text, is_bank=True)

    @tool("read", scopes=BOOKS)
    async def list_invoices(
        self,
        kind: Annotated[InvoiceKind, "ACCREC for what we bill, ACCPAY for bills that we got"] = "ACCREC",
        status: Annotated[Status | None, "status"] = None,
        contact: Annotated[ContactId | None, "the customer or supplier"] = None,
        due_before: Annotated[date | None, "due before this day"] = None,
        since: Annotated[date | None, "dated on this day or later"] = None,
        limit: Limit = 20,
    ) -> list[Invoice]:
        """Show sales invoices or bills in Xero, such as drafts, approved ones, or those due soon."""
        due = f"DueDate<{moment(due_before)}" if due_before else None
        where = condition(f'Type=="{kind}"', due, f"Date>={moment(since)}" if since else None)
        rows = self._ledger.rows("Invoices", where=where, ContactIDs=contact, Statuses=status, order="Date DESC")
        return [mapping.to_invoice(row) for row in await take(rows, limit)]

    @tool("write", scopes=(*BOOKS, *PEOPLE), proof="read_record", undo="void_invoice")
    async def create_invoice(
        self,
        contact: Annotated[ContactId, "the customer, or the supplier of a bill"],
        lines: Lines,
        kind: Annotated[InvoiceKind, "ACCREC to bill somebody, ACCPAY for a bill that we got"] = "ACCREC",
        due_date: Annotated[date | None, "the day it is due"] = None,
        reference: Annotated[str | None, "a reference, or the supplier's number of a bill"] = None,
        status: Annotated[NewStatus, "how far it goes at once"] = "DRAFT",
    ) -> Change:
        """Make a sales invoice or enter a bill in Xero, as a draft unless told otherwise."""
        return await self._ledger.bill(contact, lines, kind, due_date, reference, status)

    @tool("write", scopes=BOOKS, proof="read_record", irreversible="the mail has gone out")
    async def email_invoice(self, invoice: Annotated[InvoiceId, "the invoice, by its number"]) -> Change:
        """Mail an approved Xero invoice to the customer, the first time or again."""
        return await self._ledger.mail(invoice)

    @tool("destructive", scopes=BOOKS, proof="read_record", irreversible="Xero keeps what is void as it is")
    async def void_invoice(self, invoice: Annotated[InvoiceId, "the invoice or bill, by its number"]) -> Change:
        """Void a Xero invoice or bill that nobody paid; one that was never approved is deleted."""
        return await self._ledger.void(invoice)

    @tool("read", scopes=PEOPLE, name="find_contact")
    async def show_contact(self, name: Annotated[str, "name, address or contact number"]) -> list[Customer]:
        """Look up a customer or supplier in Xero: address, phone, what they owe us and we owe them."""
        return [mapping.to_contact(row) for row in await self._ledger.contacts(name, 10)]

    @tool("write", scopes=PEOPLE, proof="read_record", undo="remove_record")
    async def create_contact(
        self,
        name: Annotated[str, "the name, which nobody else has"],
        email: Annotated[Email | None, "address"] = None,
        phone: Annotated[str | None, "phone number"] = None,
        tax_number: Annotated[str | None, "GST, VAT or other tax number"] = None,
    ) -> Change:
        """Add a new customer or supplier to Xero."""
        return await self._ledger.contact(name, email, phone, tax_number)

    @tool("write", scopes=(*BOOKS, *SETTINGS), proof="read_record", undo="remove_record")
    async def record_payment(
        self,
        invoice: Annotated[InvoiceId, "the invoice or bill that was paid, by its number"],
        amount: Annotated[Money, "how much"],
        account: Annotated[str, finds("account"), "the bank account that it went through, by name or code"],
        date: Annotated[date | None, "the day of the payment, today if not given"] = None,
        reference: Annotated[str | None, "a reference"] = None,
    ) -> Change:
        """Record in Xero that an invoice or a bill was paid, in full or in part."""
        return await self._ledger.pay(invoice, amount, account, date, reference)

    @tool("write", scopes=(*BOOKS, *PEOPLE), proof="read_record", undo="remove_record")
    async def create_quote(
        self,
        contact: Annotated[ContactId, "who gets the quote"],
        lines: Lines,
        expires: Annotated[date | None, "the last day that it holds"] = None,
        title: Annotated[str | None, "a title"] = None,
    ) -> Change:
        """Draft a Xero quote, an offer with prices that somebody may accept."""
        return await self._ledger.quote(contact, lines, expires, title)

    @tool("read", scopes=(*BOOKS, *SETTINGS))
    async def list_bank_transactions(
        self,
        account: Annotated[str | None, finds("bank"), "the bank or card account"] = None,
        since: Annotated[date | None, "on this day or later"] = None,
        contact: Annotated[ContactId | None, "who paid or was paid"] = None,
        direction: Annotated[Literal["SPEND", "RECEIVE"] | None, "money out or money in"] = None,
        limit: Limit = 20,
    ) -> list[Payment]:
        """Show money that went out of or came into a bank account in Xero."""
        where = condition(
            f'Type=="{direction}"' if direction else None,
            f'BankAccount.AccountID==guid("{account}")' if account else None,
            f'Contact.ContactID==guid("{contact}")' if contact else None,
            f"Date>={moment(since)}" if since else None,
        )
        rows = self._ledger.rows("BankTransactions", where=where, order="Date DESC")
        return [mapping.to_transaction(row) for row in await take(rows, limit)]

    @tool("read", scopes=REPORTS)
    async def get_profit_and_loss(
        self,
        from_date: Annotated[date | None, "first day"] = None,
        to_date: Annotated[date | None, "last day"] = None,
        periods: Annotated[int | None, "how many earlier periods to compare with"] = None,
        timeframe: Annotated[Literal["MONTH", "QUARTER", "YEAR"] | None, "how long a period is"] = None,
    ) -> Report:
        """Run the profit and loss report in Xero: income, costs and what is left of a period."""
        asked = {"fromDate": from_date, "toDate": to_date, "periods": periods, "timeframe": timeframe}
        answer = await self.http.get("/Reports/ProfitAndLoss", **{k: str(v) for k, v in asked.items() if v})
        return mapping.to_report(answer["Reports"][0])

    @tool("destructive", scopes=(*BOOKS, *PEOPLE), proof="read_record", irreversible=UNDO, is_hidden=True)
    async def remove_record(
        self, kind: Annotated[str, "payment, quote or contact"], id: Annotated[str, "its id"]
    ) -> Change:
        """Delete a payment or a quote, archive a contact."""
        return await self._ledger.remove(kind, id)

    @stream("invoice")
    async def stream_invoices(self, cursor: str) -> Batch:
        """Invoices and bills by the time of their last change; deleted ones are told by their status."""
        return await self._ledger.changes("invoice", cursor)

    @stream("contact")
    async def stream_contacts(self, cursor: str) -> Batch:
        """Contacts by the time of their last change."""
        return await self._ledger.changes("contact", cursor)

    async def read_record(self, ref: Ref) -> Record:
        """Reads the record again."""
        return await self._ledger.read(ref)

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.http, self.who.timezone)
