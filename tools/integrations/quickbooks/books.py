"""What is written into the books: drafts, and the writing of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from core.clock import utc_now
from core.errors import Conflict, Rejected
from core.records import Record
from core.tool import Call, Change
from tools.integrations.quickbooks import mapping
from tools.integrations.quickbooks.ledger import KINDS, MANY, Ledger, iso, quoted
from tools.kit.line import to_line
from tools.kit.paging import take

RECENT = timedelta(minutes=10)


@dataclass(frozen=True)
class Draft:
    """What is to be written: the kind, the body, and what the record must show afterwards."""

    kind: str
    body: Mapping[str, Any]
    expect: Mapping[str, Any]


class Books(Ledger):
    """One company's books, to be written to."""

    async def invoice(
        self, customer: str, lines: Sequence[str], due_date: date | None, memo: str | None, email: str | None
    ) -> Draft:
        """An invoice for a customer, in the currency that the customer is billed in."""
        who = await self.row("customer", customer)
        currency = who.get("CurrencyRef") or {}
        items = await take(self.rows("Item"), MANY) if lines else []
        sold, shown = [], []
        for text in lines:
            line = to_line(text)
            item = _item(line.text, items)
            price = line.price if line.price is not None else _decimal((item or {}).get("UnitPrice"))
            if price is None:
                raise Rejected(f"“{text}” has no price.", fields={"lines": "a price is missing"})
            if line.currency and currency.get("value") and line.currency != currency["value"]:
                raise Rejected(f"“{text}” is in {line.currency}, but the customer is billed in {currency['value']}.")
            detail: dict[str, Any] = {"Qty": float(line.quantity), "UnitPrice": float(price)}
            detail |= {"ItemRef": {"value": item["Id"], "name": item["Name"]}} if item else {}
            row = {"DetailType": "SalesItemLineDetail", "Description": line.text, "SalesItemLineDetail": detail}
            sold.append(row | {"Amount": float(round(line.quantity * price, 2))})
            shown.append(mapping.line_text(line.text, line.quantity, price))
        body = _body(
            CustomerRef={"value": customer},
            Line=sold,
            CurrencyRef=currency or None,
            DueDate=due_date.isoformat() if due_date else None,
            CustomerMemo={"value": memo} if memo else None,
            BillEmail={"Address": email} if email else None,
        )
        expect = {"customer": who["DisplayName"], "lines": tuple(shown)} | _body(due=due_date, memo=memo, email=email)
        return Draft("invoice", body, expect)

    async def customer(
        self, name: str, email: str | None, phone: str | None, company: str | None, address: str | None
    ) -> Draft:
        """A customer."""
        parts = [part.strip() for part in (address or "").split("\n") if part.strip()][:5]
        body = _body(
            DisplayName=name,
            PrimaryEmailAddr={"Address": email} if email else None,
            PrimaryPhone={"FreeFormNumber": phone} if phone else None,
            CompanyName=company,
            BillAddr={f"Line{place}": part for place, part in enumerate(parts, 1)} or None,
        )
        expect = _body(title=name, email=email, phone=phone, company=company, address="\n".join(parts) or None)
        return Draft("customer", body, expect)

    async def payment(
        self,
        customer: str,
        amount: Decimal,
        invoice: str | None,
        date: date | None,
        reference: str | None,
        *,
        is_made: bool = False,
    ) -> Draft:
        """Money from a customer; what is more than the invoice stays with the customer as a credit.

        Raises:
            Conflict: the invoice is paid.
        """
        who, line = await self.row("customer", customer), None
        if invoice:
            bill = await self.row("invoice", invoice)
            left = _decimal(bill.get("Balance")) or Decimal(0)
            if not left and not is_made:
                raise Conflict(f"Invoice {bill.get('DocNumber') or invoice} is already paid.")
            linked = [{"TxnId": invoice, "TxnType": "Invoice"}]
            line = [{"Amount": float(min(amount, left)), "LinkedTxn": linked}]
        body = _body(
            CustomerRef={"value": customer},
            TotalAmt=float(amount),
            Line=line,
            TxnDate=(date or self.today).isoformat(),
            PaymentRefNum=reference,
            CurrencyRef=who.get("CurrencyRef"),
        )
        expect = {"customer": who["DisplayName"], "amount": amount, "paid_on": date or self.today}
        return Draft("payment", body, expect | _body(reason=invoice, reference=reference))

    async def bill(
        self, vendor: str, amount: Decimal, account: str | None, due_date: date | None, reference: str | None
    ) -> Draft:
        """A bill; without an account it is booked where the vendor's last one was."""
        who = await self.row("vendor", vendor)
        if not account:
            last = await take(self.rows("Bill", f"VendorRef = {quoted(vendor)}", order="TxnDate desc"), 1)
            account = _account_of(last[0]) if last else ""
            if not account:
                raise Rejected(f"Which expense account is it for? {who['DisplayName']} has no bill yet.")
        booked = await self.row("account", account)
        body = _body(
            VendorRef={"value": vendor},
            Line=[_spent(amount, booked)],
            DueDate=due_date.isoformat() if due_date else None,
            DocNumber=reference,
            CurrencyRef=who.get("CurrencyRef"),
        )
        expect = {"customer": who["DisplayName"], "total": amount, "lines": (booked["Name"],)}
        return Draft("bill", body, expect | _body(due=due_date, reference=reference))

    async def expense(
        self,
        payee: str,
        amount: Decimal,
        account: str,
        paid_from: str | None,
        date: date | None,
        memo: str | None,
        reference: str | None,
    ) -> Draft:
        """An expense; without an account it was paid from where the last one was."""
        if not paid_from:
            last = await take(self.rows("Purchase", order="TxnDate desc"), 1)
            paid_from = str((last[0].get("AccountRef") or {}).get("value") or "") if last else ""
            if not paid_from:
                raise Rejected("Which bank or card account was it paid from?")
        bank, booked = await self.row("account", paid_from), await self.row("account", account)
        vendor = await self.row("vendor", payee) if payee.isdigit() else None
        name = vendor["DisplayName"] if vendor else payee
        body = _body(
            PaymentType="CreditCard" if bank["AccountType"] == "Credit Card" else "Cash",
            AccountRef={"value": paid_from, "name": bank["Name"]},
            EntityRef={"value": payee, "name": name, "type": "Vendor"} if vendor else None,
            Line=[_spent(amount, booked) | {"Description": name}],
            TxnDate=(date or self.today).isoformat(),
            PrivateNote=memo,
            DocNumber=reference,
        )
        expect = {"customer": name, "amount": amount, "paid_on": date or self.today, "account": bank["Name"]}
        return Draft("purchase", body, expect | {"category": booked["Name"]} | _body(reason=memo, reference=reference))

    async def make(self, draft: Draft) -> Change:
        """Write a draft."""
        made = await self._post(draft.kind, draft.body)
        return self._made(draft, KINDS[draft.kind][1](made, self.site, self.today))

    async def made_lately(self, draft: Draft) -> Change | None:
        """The record that shows all that a draft asks for, and was made within the last minutes."""
        begin = f"MetaData.CreateTime >= {quoted(iso(utc_now() - RECENT))}"
        for one in await self.records(draft.kind, MANY, begin):
            if mapping.shows(one, draft.expect):
                return self._made(draft, one)
        return None

    async def send(self, invoice: str, to: str | None) -> Change:
        """Mail an invoice; QuickBooks wants the request to be bytes, though there are none."""
        head = {"Content-Type": "application/octet-stream"}
        path = f"/invoice/{invoice}/send"
        answer = await self._http.send("POST", path, params={"sendTo": to}, content=b"", headers=head)
        return self._sent(mapping.to_invoice(answer.data["Invoice"], self.site, self.today), to)

    async def sent_lately(self, invoice: str, to: str | None) -> Change | None:
        """The invoice, if it was mailed within the last minutes."""
        now = await self.read(mapping.ref("invoice", invoice, self.site))
        is_recent = now.sent_at is not None and utc_now() - now.sent_at < RECENT
        return self._sent(now, to) if is_recent and to in (None, now.email) else None

    async def void(self, invoice: str) -> Change:
        """Make an invoice worth nothing."""
        row = await self.row("invoice", invoice)
        now = mapping.to_invoice(row, self.site, self.today)
        if now.status == "voided":
            raise Conflict(f"Invoice {now.ref.label} is void already.")
        await self._post("invoice", {"Id": row["Id"], "SyncToken": row["SyncToken"]}, operation="void")
        return Change(now, {"status": "voided", "total": Decimal(0), "due_amount": Decimal(0)})

    async def void_now(self, invoice: str) -> Change | None:
        """The invoice, if it is void."""
        now = await self.read(mapping.ref("invoice", invoice, self.site))
        return Change(now, {"status": "voided"}) if now.status == "voided" else None

    async def remove(self, kind: str, id: str) -> Change:
        """Delete what was written; a customer becomes inactive."""
        row = await self.row(kind, id)
        before, same = KINDS[kind][1](row, self.site, self.today), {"Id": row["Id"], "SyncToken": row["SyncToken"]}
        if kind == "customer":
            await self._post(kind, same | {"sparse": True, "Active": False})
        else:
            await self._post(kind, same, operation="delete")
        return Change(before, is_gone=True)

    async def _post(self, kind: str, body: Mapping[str, Any], operation: str | None = None) -> Any:
        """A write with an id of its own, under which QuickBooks does it once."""
        params = {"requestid": uuid.uuid4().hex, "operation": operation}
        answer = await self._http.send("POST", f"/{kind}", params=params, json=dict(body), is_repeatable=True)
        return answer.data[kind.title()]

    def _made(self, draft: Draft, record: Record) -> Change:
        undo = Call(tool="quickbooks.remove_record", args={"kind": draft.kind, "id": record.ref.id})
        return Change(record, draft.expect, undo=undo)

    def _sent(self, invoice: Any, to: str | None) -> Change:
        return Change(invoice, {"sent_at": invoice.sent_at} | ({"email": to} if to else {}))


def _body(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _spent(amount: Decimal, account: Mapping[str, Any]) -> dict[str, Any]:
    ref = {"AccountRef": {"value": account["Id"], "name": account["Name"]}}
    kind = "AccountBasedExpenseLineDetail"
    return {"DetailType": kind, "Amount": float(amount), kind: ref}


def _account_of(bill: Mapping[str, Any]) -> str:
    details = [line.get("AccountBasedExpenseLineDetail") or {} for line in bill.get("Line") or ()]
    return next((str(one["AccountRef"]["value"]) for one in details if one.get("AccountRef")), "")


def _item(text: str, items: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The thing sold that a line names: the longest name that stands in it."""
    words = f" {text.lower()} "
    fits = [one for one in items if f" {str(one.get('Name') or '').lower()} " in words]
    return max(fits, key=lambda one: len(one["Name"]), default=None)


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
