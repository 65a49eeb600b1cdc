"""What the tools do in the ledger step by step: lists with their filters, names, and what is written."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import utc_now
from core.errors import Candidate, NotFound, Rejected
from core.records import Record, Ref
from core.tool import Call, Change
from tools.integrations.xero import mapping
from tools.kit.http import Http
from tools.kit.paging import dig, listed, take, walk
from tools.stream import Batch, by_time, since

SIZE, MANY = 100, 1000
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
TAX = {"on top": "Exclusive", "inside": "Inclusive"}
READ = {
    "invoice": ("Invoices", mapping.to_invoice),
    "contact": ("Contacts", mapping.to_contact),
    "payment": ("Payments", mapping.to_payment),
    "quote": ("Quotes", mapping.to_quote),
}
GONE = {"Payments": "DELETED", "Quotes": "DELETED", "Contacts": "ARCHIVED"}  # an invoice stays to be seen


class Ledger:
    """One organisation under one connection; `zone` is where the asker's day begins."""

    def __init__(self, http: Http, zone: str) -> None:
        self._http = http
        self.today = utc_now().astimezone(ZoneInfo(zone or "UTC")).date()

    def rows(self, name: str, changed: datetime | None = None, **asked: Any) -> AsyncIterator[Any]:
        """A list in pages, of what changed at or after a moment if one is given."""
        head = {"If-Modified-Since": changed.strftime("%Y-%m-%dT%H:%M:%S")} if changed else None

        async def fetch(number: Any) -> tuple[list[Any], Any]:
            params = {**asked, "page": number, "pageSize": SIZE}
            page = (await self._http.send("GET", f"/{name}", params=params, headers=head)).data
            return listed(page, name), number + 1 if number < int(dig(page, "pagination.pageCount") or 0) else None

        return walk(fetch, 1)

    async def read(self, ref: Ref) -> Record:
        """A record as it is now.

        Raises:
            NotFound: it is deleted or archived.
        """
        name, to = READ[ref.kind]
        item = await self.row(name, ref.id)
        if name in GONE and GONE[name] in (item.get("Status"), item.get("ContactStatus")):
            raise NotFound(f"It is no longer among Xero's {name.lower()}.")
        record: Record = to(item)
        return record

    async def row(self, name: str, id: str) -> Any:
        """An item as Xero has it."""
        return (await self._http.get(f"/{name}/{id}"))[name][0]

    async def contacts(self, text: str, limit: int) -> list[Any]:
        """Contacts by id, or by what their name, number or address holds, as Xero has them."""
        if UUID.fullmatch(text.strip()):
            return await take(self.rows("Contacts", IDs=text.strip()), 1)
        return await take(self.rows("Contacts", searchTerm=text.strip().removesuffix("'s")), limit)

    async def invoices(self, text: str) -> list[Candidate]:
        """Invoices and bills by id or number, else the approved ones of a contact."""
        number = text.strip().lstrip("#")
        if UUID.fullmatch(number):
            rows = await take(self.rows("Invoices", IDs=number), 1)
        else:
            rows = await take(self.rows("Invoices", InvoiceNumbers=f"{number},{number.upper()}".replace(" ", "")), 5)
        if not rows and (who := await self.contacts(number, 5)):
            ids = ",".join(one["ContactID"] for one in who)
            rows = await take(self.rows("Invoices", ContactIDs=ids, Statuses="AUTHORISED", order="Date DESC"), 5)
        found = [mapping.to_invoice(row) for row in rows]
        return [Candidate(one.ref.id, f"{one.title}, {one.total} {one.currency}", also=(one.ref.key,)) for one in found]

    async def accounts(self, text: str, is_bank: bool) -> list[Candidate]:
        """Accounts that money goes through, by id, code, number or words of the name."""
        rows = [
            row for row in (await self._http.get("/Accounts"))["Accounts"] if row.get("Status", "ACTIVE") == "ACTIVE"
        ]
        fit = [row for row in rows if row.get("Type") == "BANK" or (row.get("EnablePaymentsToAccount") and not is_bank)]
        wanted = re.sub(r"\baccounts?\b", "", text, flags=re.IGNORECASE).strip()
        exact = [row for row in fit if wanted in (row["AccountID"], row.get("Code"), row.get("BankAccountNumber"))]
        words = wanted.lower().split()
        near = [row for row in fit if any(word in row["Name"].lower() for word in words)]
        return [
            Candidate(row["AccountID"], row["Name"], row.get("Code") or "", (row.get("BankAccountNumber") or "",))
            for row in exact or near
        ]

    async def bill(
        self, contact: str, lines: Sequence[str], kind: str, due: date | None, reference: str | None, status: str
    ) -> Change:
        """A sales invoice or a bill; what a bill is called by is its supplier's number."""
        who, is_bill = await self.row("Contacts", contact), kind == "ACCPAY"
        default = who.get("PurchasesDefaultAccountCode" if is_bill else "SalesDefaultAccountCode") or ""
        sold = mapping.to_lines(lines, await self._items(lines), default)
        body = _body(
            Type=kind,
            Contact={"ContactID": contact},
            LineItems=sold.items,
            Status=status,
            Date=self.today.isoformat(),
            DueDate=due.isoformat() if due else None,
            LineAmountTypes=TAX.get(sold.tax),
            CurrencyCode=sold.currency or None,
        )
        body |= {"InvoiceNumber" if is_bill else "Reference": reference} if reference else {}
        made = mapping.to_invoice(await self._put("Invoices", body))
        expect = {"customer": who["Name"], "lines": sold.shown, "kind": made.kind, "status": status.lower()}
        undo = Call(tool="xero.void_invoice", args={"invoice": made.ref.id})
        return Change(made, expect | _body(due=due, reference=reference), undo=undo)

    async def void(self, invoice: str) -> Change:
        """Void an invoice, or delete one that was never approved."""
        before = await self.row("Invoices", invoice)
        status = "DELETED" if before.get("Status") in ("DRAFT", "SUBMITTED") else "VOIDED"
        await self._post("Invoices", invoice, {"InvoiceID": invoice, "Status": status})
        return Change(mapping.to_invoice(before), {"status": status.lower()})

    async def mail(self, invoice: str) -> Change:
        """Mail an invoice to its contact."""
        before = mapping.to_invoice(await self.row("Invoices", invoice))
        await self._http.send("POST", f"/Invoices/{invoice}/Email", json={})
        return Change(before, {"is_sent": True})

    async def contact(self, name: str, email: str | None, phone: str | None, tax_number: str | None) -> Change:
        """A new contact."""
        phones = [{"PhoneType": "DEFAULT", "PhoneNumber": phone}] if phone else None
        body = _body(Name=name, EmailAddress=email, Phones=phones, TaxNumber=tax_number)
        made = mapping.to_contact(await self._put("Contacts", body))
        expect = {"title": name} | _body(email=email, phone=phone, tax_number=tax_number)
        return Change(made, expect, undo=_removal("contact", made.ref.id))

    async def pay(self, invoice: str, amount: Decimal, account: str, on: date | None, reference: str | None) -> Change:
        """A payment of an invoice or a bill."""
        paid, through = await self.row("Invoices", invoice), await self._account(account)
        body = _body(
            Invoice={"InvoiceID": invoice},
            Account={"AccountID": account},
            Amount=float(amount),
            Date=(on or self.today).isoformat(),
            Reference=reference,
        )
        made = mapping.to_payment(await self._put("Payments", body))
        expect = {"amount": amount, "paid_on": on or self.today, "reason": paid.get("InvoiceNumber") or ""}
        expect |= {"account": through} | _body(reference=reference)
        return Change(made, expect, undo=_removal("payment", made.ref.id))

    async def quote(self, contact: str, lines: Sequence[str], expires: date | None, title: str | None) -> Change:
        """A draft of a quote."""
        who = await self.row("Contacts", contact)
        sold = mapping.to_lines(lines, await self._items(lines), who.get("SalesDefaultAccountCode") or "")
        body = _body(
            Contact={"ContactID": contact},
            LineItems=sold.items,
            Date=self.today.isoformat(),
            ExpiryDate=expires.isoformat() if expires else None,
            Title=title,
            LineAmountTypes=TAX[sold.tax].upper() if sold.tax else None,
            CurrencyCode=sold.currency or None,
        )
        made = mapping.to_quote(await self._put("Quotes", body))
        expect = {"company": who["Name"], "lines": sold.shown} | _body(closes_on=expires, title=title)
        return Change(made, expect, undo=_removal("quote", made.ref.id))

    async def remove(self, kind: str, id: str) -> Change:
        """Delete a payment or a quote, or archive a contact."""
        name, to = READ[kind]
        before = await self.row(name, id)
        if kind == "payment":
            await self._http.post(f"/Payments/{id}", {"Status": "DELETED"})
        elif kind == "contact":
            await self._post(name, id, {"ContactID": id, "ContactStatus": "ARCHIVED"})
        elif kind == "quote":
            whose, day = (
                {"ContactID": before["Contact"]["ContactID"]},
                before.get("DateString") or self.today.isoformat(),
            )
            await self._post(name, id, {"QuoteID": id, "Status": "DELETED", "Contact": whose, "Date": day[:10]})
        else:
            raise Rejected(f"There is no {kind} to remove.")
        record: Record = to(before)
        return Change(record, is_gone=True)

    async def changes(self, kind: str, cursor: str) -> Batch:
        """Records of a kind by the time of their last change."""
        name, to = READ[kind]
        rows = self.rows(name, since(cursor), order="UpdatedDateUTC ASC")
        return await by_time(rows, cursor, at=mapping.changed, to=to)

    async def _items(self, lines: Sequence[str]) -> list[dict[str, Any]]:
        """What is sold at a fixed price; asked for only where a line has no price of its own."""
        if not mapping.are_unpriced(lines):
            return []
        return [mapping.to_item(row) for row in (await self._http.get("/Items"))["Items"]]

    async def _account(self, id: str) -> str:
        rows = (await self._http.get("/Accounts"))["Accounts"]
        return next((mapping.account_name(row) for row in rows if row["AccountID"] == id), id)

    async def _put(self, name: str, body: Mapping[str, Any]) -> Any:
        return (await self._http.send("PUT", f"/{name}", json={name: [body]})).data[name][0]

    async def _post(self, name: str, id: str, body: Mapping[str, Any]) -> None:
        await self._http.post(f"/{name}/{id}", {name: [body]})


def moment(day: date) -> str:
    """A day in Xero's language of conditions."""
    return f"DateTime({day.year}, {day.month:02}, {day.day:02})"


def condition(*parts: str | None) -> str | None:
    """Conditions that must all hold."""
    return " AND ".join(part for part in parts if part) or None


def _removal(kind: str, id: str) -> Call:
    return Call(tool="xero.remove_record", args={"kind": kind, "id": id})


def _body(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
