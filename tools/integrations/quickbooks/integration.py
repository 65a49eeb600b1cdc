"""QuickBooks Online, API 3: invoices, bills, payments, expenses and customers of one company; its profit and loss."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from core.errors import Conflict, Forbidden, NotConnected, NotFound, RateLimited, TokenExpired, VendorError
from core.records import Customer, Invoice, Report
from core.tool import Change
from tools.declare import Email, Money, Text, finds, tool
from tools.integration import Account, Integration
from tools.integrations.quickbooks import mapping
from tools.integrations.quickbooks.ledger import quoted
from tools.integrations.quickbooks.recovery import Recovery
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.kit.webhook import Delivery, Signature, WebhookEvent, prefixed
from tools.stream import Batch, stream

CustomerId = Annotated[str, finds("customer")]
VendorId = Annotated[str, finds("vendor")]
InvoiceId = Annotated[str, Field(json_schema_extra={"format": "id", "x-find": "invoice"})]
ExpenseAccount = Annotated[str, finds("account")]
Limit = Annotated[int, "how many"]
Basis = Literal["Cash", "Accrual"]
Columns = Literal["Total", "Month", "Quarter", "Customers", "Classes"]

SCOPES = ("com.intuit.quickbooks.accounting",)
CODES = {"610": NotFound, "5010": Conflict, "6240": Conflict, "6140": Conflict, "3100": Forbidden, "3200": TokenExpired}
UNDO = "it is itself an undo"


class QuickBooks(Recovery, Integration):
    """The books of the company that a person chose at the consent."""

    key = "quickbooks"
    name = "QuickBooks Online"
    category = "finance"
    aliases = ("quickbooks", "qbo", "quick books", "the books")
    base_url = "https://quickbooks.api.intuit.com"
    auth = OAuth2(
        authorize_url="https://appcenter.intuit.com/connect/oauth2",
        token_url="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",  # noqa: S106 - an address
        revoke_url="https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
        scopes=SCOPES,
        has_pkce=False,
        client_in_header=True,
        callback_fields=("realmId",),
    )
    calls_per_s = 8.0  # 500 a minute and company
    webhook = Signature(prefixed("intuit-signature", ""))
    names = ("customer", "vendor")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """QuickBooks' `{Fault: {Error}}`; its codes say more than the status."""
        faults = mapping.faults(answer.data)
        if not faults:
            return None
        said = " ".join(dict.fromkeys(one["detail"] or one["message"] for one in faults))
        code, status = faults[0]["code"].lstrip("0"), answer.status
        if code == "3001" or status == 429:
            return RateLimited("QuickBooks asks for fewer requests.", retry_after_s=None)
        kind = CODES.get(code)
        if kind is not None:
            return kind(f"QuickBooks says: {said}", status=status, cause=f"{code} {said}")
        fields = {one["element"]: one["detail"] or one["message"] for one in faults if one["element"]}
        return by_status(cls.name, answer, said, fields)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """Several events a delivery, in either of Intuit's forms."""
        return mapping.events(delivery.data)

    async def identify(self) -> Account:
        """The company, by the id that came back with the consent."""
        realm = str(self.http.connection.secret.get("realmId") or "")
        if not realm:
            raise NotConnected(self.key, self.name, cause="no realmId came back with the consent")
        await self.http.get(f"/v3/company/{realm}/query", query="select * from CompanyInfo")
        return Account(realm, f"/v3/company/{realm}", "https://app.qbo.intuit.com")

    @tool("read", scopes=SCOPES)
    async def list_invoices(
        self,
        customer: Annotated[CustomerId | None, "whose invoices"] = None,
        unpaid: Annotated[bool | None, "only those with something left to pay"] = None,
        overdue: Annotated[bool | None, "only unpaid ones whose due date has passed"] = None,
        since: Annotated[date | None, "dated on this day or later"] = None,
        due_before: Annotated[date | None, "due before this day"] = None,
        due_after: Annotated[date | None, "due after this day"] = None,
        limit: Limit = 20,
    ) -> list[Invoice]:
        """Show invoices that we sent to customers in QuickBooks, such as unpaid or overdue ones."""
        due = [f"DueDate > '{due_after}'" if due_after else None, f"DueDate < '{due_before}'" if due_before else None]
        late = f"DueDate < '{self._books.today}'" if overdue else None
        more = [f"CustomerRef = {quoted(customer)}" if customer else None, f"TxnDate >= '{since}'" if since else None]
        left = "Balance > '0'" if unpaid or overdue else None
        return await self._books.records("invoice", limit, *more, left, late, *due, order="DueDate")

    @tool("write", scopes=SCOPES, proof="read_record", undo="remove_record", recover="recover_invoice")
    async def create_invoice(
        self,
        customer: Annotated[CustomerId, "the customer who is billed"],
        lines: Annotated[list[str], "what is billed, each with quantity and price"],
        due_date: Annotated[date | None, "the day it is due"] = None,
        memo: Annotated[Text | None, "words to the customer on the invoice"] = None,
        email: Annotated[Email | None, "address it would be sent to"] = None,
    ) -> Change:
        """Bill a customer: make a QuickBooks invoice, which is not sent yet."""
        return await self._books.make(await self._books.invoice(customer, lines, due_date, memo, email))

    @tool("write", scopes=SCOPES, proof="read_record", irreversible="the mail has gone out", recover="recover_send")
    async def send_invoice(
        self,
        invoice: Annotated[InvoiceId, "the invoice, by its number"],
        to: Annotated[Email | None, "another address than the customer's own"] = None,
    ) -> Change:
        """Mail a QuickBooks invoice to its customer, the first time or again."""
        return await self._books.send(invoice, to)

    @tool("destructive", scopes=SCOPES, proof="read_record", irreversible="void stays void", recover="recover_void")
    async def void_invoice(self, invoice: Annotated[InvoiceId, "the invoice, by its number"]) -> Change:
        """Void a QuickBooks invoice: it stays, but is worth nothing."""
        return await self._books.void(invoice)

    @tool("read", scopes=SCOPES, name="find_customer")
    async def show_customer(self, name: Annotated[str, "name, company or address"]) -> list[Customer]:
        """Look a customer up in QuickBooks: address, phone, what they owe."""
        ids = [quoted(one.id) for one in await self._books.named("Customer", name)]
        return await self._books.records("customer", 20, f"Id in ({', '.join(ids)})") if ids else []

    @tool("write", scopes=SCOPES, proof="read_record", undo="remove_record", recover="recover_customer")
    async def create_customer(
        self,
        name: Annotated[str, "the name to show, which nobody else has"],
        email: Annotated[Email | None, "address for invoices"] = None,
        phone: Annotated[str | None, "phone number"] = None,
        company: Annotated[str | None, "the company, where the name is a person's"] = None,
        address: Annotated[Text | None, "postal address"] = None,
    ) -> Change:
        """Add a new customer to QuickBooks."""
        return await self._books.make(await self._books.customer(name, email, phone, company, address))

    @tool("write", scopes=SCOPES, proof="read_record", undo="remove_record", recover="recover_payment")
    async def record_payment(
        self,
        customer: Annotated[CustomerId, "the customer who paid"],
        amount: Annotated[Money, "how much came in"],
        invoice: Annotated[InvoiceId | None, "the invoice it pays, by its number"] = None,
        date: Annotated[date | None, "the day it came in, today if not given"] = None,
        reference: Annotated[str | None, "number of the cheque or transfer"] = None,
    ) -> Change:
        """Record in QuickBooks that a customer paid us."""
        return await self._books.make(await self._books.payment(customer, amount, invoice, date, reference))

    @tool("write", scopes=SCOPES, proof="read_record", undo="remove_record", recover="recover_bill")
    async def create_bill(
        self,
        vendor: Annotated[VendorId, "the supplier who sent it"],
        amount: Annotated[Money, "what it comes to"],
        account: Annotated[
            ExpenseAccount | None, "what it is for, as where the supplier's last one went if not given"
        ] = None,
        due_date: Annotated[date | None, "the day it is due"] = None,
        reference: Annotated[str | None, "the supplier's number on it"] = None,
    ) -> Change:
        """Enter into QuickBooks a bill that we got from a supplier and have not paid yet."""
        return await self._books.make(await self._books.bill(vendor, amount, account, due_date, reference))

    @tool("read", scopes=SCOPES)
    async def list_bills(
        self,
        vendor: Annotated[VendorId | None, "whose bills"] = None,
        unpaid: Annotated[bool | None, "only those we still have to pay"] = None,
        due_before: Annotated[date | None, "due before this day"] = None,
        since: Annotated[date | None, "dated on this day or later"] = None,
        limit: Limit = 20,
    ) -> list[Invoice]:
        """Show bills that suppliers sent us in QuickBooks, such as those still to pay."""
        days = [f"DueDate < '{due_before}'" if due_before else None, f"TxnDate >= '{since}'" if since else None]
        whose = f"VendorRef = {quoted(vendor)}" if vendor else None
        return await self._books.records(
            "bill", limit, whose, "Balance > '0'" if unpaid else None, *days, order="DueDate"
        )

    @tool("write", scopes=SCOPES, proof="read_record", undo="remove_record", recover="recover_expense")
    async def record_expense(
        self,
        payee: Annotated[str, finds("payee"), "where the money went, a shop or a vendor"],
        amount: Annotated[Money, "how much"],
        account: Annotated[ExpenseAccount, "what it was for, an expense category"],
        paid_from: Annotated[str | None, finds("bank"), "bank or card account, the last one used if not given"] = None,
        date: Annotated[date | None, "the day of the purchase, today if not given"] = None,
        memo: Annotated[Text | None, "a word about it"] = None,
        reference: Annotated[str | None, "number of the receipt or cheque"] = None,
    ) -> Change:
        """Record in QuickBooks something already paid for by card, cash or cheque."""
        asked = await self._books.expense(payee, amount, account, paid_from, date, memo, reference)
        return await self._books.make(asked)

    @tool("read", scopes=SCOPES)
    async def get_profit_and_loss(
        self,
        start_date: Annotated[date | None, "first day"] = None,
        end_date: Annotated[date | None, "last day"] = None,
        accounting_method: Annotated[Basis | None, "cash or accrual"] = None,
        by: Annotated[Columns, "what the columns are"] = "Total",
    ) -> Report:
        """Run the profit and loss report in QuickBooks: income, costs and what is left of a period."""
        asked = {"start_date": start_date, "end_date": end_date, "accounting_method": accounting_method}
        days = {name: str(value) if value else None for name, value in asked.items()}
        return mapping.to_report(await self.http.get("/reports/ProfitAndLoss", **days, summarize_column_by=by))

    @tool("destructive", scopes=SCOPES, proof="read_record", irreversible=UNDO, is_hidden=True)
    async def remove_record(
        self, kind: Annotated[str, "invoice, bill, payment, purchase or customer"], id: Annotated[str, "its id"]
    ) -> Change:
        """Delete something that was written; a customer becomes inactive."""
        return await self._books.remove(kind, id)

    @stream("invoice")
    async def stream_invoices(self, cursor: str) -> Batch:
        """Invoices by the time of their last change; deleted ones of the last month are told."""
        return await self._books.changes("invoice", cursor)

    @stream("customer")
    async def stream_customers(self, cursor: str) -> Batch:
        """Customers by the time of their last change."""
        return await self._books.changes("customer", cursor)
