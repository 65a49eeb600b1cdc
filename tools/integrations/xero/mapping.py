"""Xero's JSON to records and back; its dates and its words for things do not pass these functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from core.errors import Rejected
from core.records import Customer, Deal, Figure, Invoice, Payment, Ref, Report
from tools.kit.http import Answer
from tools.kit.line import Line, to_line
from tools.kit.webhook import WebhookEvent

InvoiceKind = Literal["ACCREC", "ACCPAY"]
SITE = "https://go.xero.com"
PAGES = {
    "ACCREC": "/AccountsReceivable/View.aspx?InvoiceID=", "ACCPAY": "/AccountsPayable/View.aspx?InvoiceID=",
    "contact": "/Contacts/View/", "bank_transaction": "/Bank/ViewTransaction.aspx?bankTransactionID=",
}  # fmt: skip
_STAMP = re.compile(r"/Date\((-?\d+)")
_ACCOUNT = re.compile(r"[\s,;(]*\b(?:(?:to|in|on|under|from)\s+)?(?:account|acct|code)\s+#?([\w.-]*\d[\w.-]*)\)?", re.I)
_LISTS = ("Invoices", "Contacts", "Payments", "Quotes", "BankTransactions")


@dataclass(frozen=True)
class Lines:
    """What is billed: the items as Xero takes them, how they read afterwards, their currency and tax ("" if unsaid)."""

    items: Sequence[Mapping[str, Any]]
    shown: tuple[str, ...]
    currency: str
    tax: str


def ref(kind: str, id: Any, key: str = "", page: str = "") -> Ref:
    """A record by its kind and id."""
    path = PAGES.get(page or kind, "")
    return Ref(integration="xero", kind=kind, id=str(id), key=key, url=f"{SITE}{path}{id}" if path else "")


def to_invoice(item: Mapping[str, Any]) -> Invoice:
    """A sales invoice or a bill; a bill's number is the supplier's."""
    number, kind, who = item.get("InvoiceNumber") or "", str(item.get("Type") or "ACCREC"), _contact(item)
    is_bill = kind == "ACCPAY"
    what = f"{'Bill' if is_bill else 'Invoice'} {number}".strip()
    return Invoice(
        ref=ref("invoice", item["InvoiceID"], number, kind),
        title=f"{what} {'from' if is_bill else 'for'} {who}",
        kind="bill" if is_bill else "invoice",
        status=str(item.get("Status") or "").lower(),
        customer=who,
        total=_money(item.get("Total")),
        due_amount=_money(item.get("AmountDue")),
        currency=item.get("CurrencyCode") or "",
        due=_day(item.get("DueDateString") or item.get("DueDate")),
        issued=_day(item.get("DateString") or item.get("Date")),
        reference=(number if is_bill else item.get("Reference")) or "",
        lines=tuple(map(_shown, item.get("LineItems") or ())),
        is_sent=bool(item.get("SentToContact")),
    )


def to_contact(item: Mapping[str, Any]) -> Customer:
    """A customer or supplier."""
    balances = item.get("Balances") or {}
    return Customer(
        ref=ref("contact", item["ContactID"]),
        title=item.get("Name") or "",
        email=item.get("EmailAddress") or "",
        phone=next((number for one in item.get("Phones") or () if (number := _phone(one))), ""),
        balance=_money((balances.get("AccountsReceivable") or {}).get("Outstanding")),
        owed=_money((balances.get("AccountsPayable") or {}).get("Outstanding")),
        currency=item.get("DefaultCurrency") or "",
        tax_number=item.get("TaxNumber") or "",
        address=next((text for one in item.get("Addresses") or () if (text := _address(one))), ""),
    )


def to_payment(item: Mapping[str, Any]) -> Payment:
    """A payment of an invoice or a bill; its reason is that invoice's number."""
    paid = item.get("Invoice") or {}
    return Payment(
        ref=ref("payment", item["PaymentID"]),
        title=f"Payment of {paid.get('InvoiceNumber') or item.get('InvoiceNumber') or 'an invoice'}",
        amount=_money(item.get("Amount")),
        currency=paid.get("CurrencyCode") or "",
        status=str(item.get("Status") or "").lower(),
        customer=_contact(paid),
        reason=paid.get("InvoiceNumber") or item.get("InvoiceNumber") or "",
        paid_on=_day(item.get("Date")),
        reference=item.get("Reference") or "",
        account=account_name(item.get("Account") or {}),
    )


def to_quote(item: Mapping[str, Any]) -> Deal:
    """A quote."""
    number = item.get("QuoteNumber") or ""
    return Deal(
        ref=ref("quote", item["QuoteID"], number),
        title=item.get("Title") or f"Quote {number}".strip(),
        stage=str(item.get("Status") or "").lower(),
        amount=_money(item.get("Total")),
        currency=item.get("CurrencyCode") or "",
        company=_contact(item),
        closes_on=_day(item.get("ExpiryDateString") or item.get("ExpiryDate")),
        is_open=item.get("Status") in ("DRAFT", "SENT"),
        lines=tuple(map(_shown, item.get("LineItems") or ())),
    )


def to_transaction(item: Mapping[str, Any]) -> Payment:
    """Money spent or received on a bank account."""
    who, is_out = _contact(item), str(item.get("Type") or "").startswith("SPEND")
    return Payment(
        ref=ref("bank_transaction", item["BankTransactionID"]),
        title=f"{'Spent at' if is_out else 'Received from'} {who or 'somebody'}",
        amount=_money(item.get("Total")),
        currency=item.get("CurrencyCode") or "",
        status=str(item.get("Status") or "").lower(),
        customer=who,
        reason="; ".join(str(line["Description"]) for line in item.get("LineItems") or () if line.get("Description")),
        paid_on=_day(item.get("DateString") or item.get("Date")),
        reference=item.get("Reference") or "",
        account=(item.get("BankAccount") or {}).get("Name") or "",
    )


def to_report(item: Mapping[str, Any]) -> Report:
    """A report: each figure is named by its row, and by its column where there are several."""
    rows = item.get("Rows") or ()
    head = next((row.get("Cells") or () for row in rows if row.get("RowType") == "Header"), ())
    columns = [str(cell.get("Value") or "") for cell in head][1:]
    inner = [one for row in rows for one in (row.get("Rows") or ())]
    figures: list[Figure] = []
    for row in inner:
        name, *values = [str(cell.get("Value") or "") for cell in row.get("Cells") or ()] or [""]
        pairs = zip(columns or [""] * len(values), values, strict=False)
        figures += [Figure(name=f"{name} · {col}" if len(values) > 1 else name, value=v) for col, v in pairs if v]
    titles = [str(one) for one in item.get("ReportTitles") or ()]
    return Report(
        ref=Ref(integration="xero", kind="report", id=str(item.get("ReportID") or "ProfitAndLoss")),
        title=", ".join(titles) or str(item.get("ReportName") or "Profit and Loss"),
        figures=tuple(figures),
    )


def account_name(account: Mapping[str, Any]) -> str:
    """An account as a payment tells it: by its code, else by its id."""
    return str(account.get("Code") or account.get("AccountID") or "")


def to_lines(texts: Sequence[str], items: Sequence[Mapping[str, Any]], account: str = "") -> Lines:
    """Lines as people write them; `items` are sold things with prices, `account` is where a line goes that names none.

    Raises:
        Rejected: one has no price, or they differ in currency or tax.
    """
    made, shown, currencies, taxes = [], [], set(), set()
    for text in texts:
        line, code = _line(text)
        item = next((one for one in items if line.text.lower() in (one["name"].lower(), one["code"].lower())), None)
        price: Decimal | None = line.price if line.price is not None else (item or {}).get("price")
        if price is None:
            raise Rejected(f"“{text}” has no price.", fields={"lines": "a price is missing"})
        row = {"Description": line.text, "Quantity": float(line.quantity), "UnitAmount": float(price)}
        code = code or account
        made.append(row | ({"AccountCode": code} if code else {}) | ({"ItemCode": item["code"]} if item else {}))
        shown.append(_line_text(line.text, line.quantity, price))
        currencies |= {line.currency} - {""}
        taxes |= {line.tax} - {""}
    if len(currencies) > 1 or len(taxes) > 1:
        raise Rejected("The lines differ in currency or tax.", fields={"lines": "they differ"})
    return Lines(made, tuple(shown), next(iter(currencies), ""), next(iter(taxes), ""))


def are_unpriced(texts: Sequence[str]) -> bool:
    """Whether a line has no price of its own."""
    return any(_line(text)[0].price is None for text in texts)


def to_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Something sold: code, name and price."""
    price = (item.get("SalesDetails") or {}).get("UnitPrice")
    code = str(item["Code"])
    return {"code": code, "name": str(item.get("Name") or code), "price": _money(price)}


def events(told: Mapping[str, Any]) -> list[WebhookEvent]:
    """The events of a delivery; they have no ids of their own."""
    found = []
    for one in told["events"]:
        kind, at = str(one["eventCategory"]).lower(), str(one["eventDateUtc"])
        id = ":".join(str(part) for part in (one["tenantId"], one["resourceId"], one["eventType"], at))
        moment = datetime.fromisoformat(at)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        found.append(WebhookEvent(id, f"{kind}.{str(one['eventType']).lower()}", ref(kind, one["resourceId"]), moment))
    return found


def refusal(answer: Answer) -> tuple[int, str] | None:
    """The status and the words of a refusal, also of one that came with a 200; None where nothing was refused."""
    data, status = answer.data, answer.status
    if not isinstance(data, Mapping):
        return None
    items = [one for name in _LISTS for one in data.get(name) or () if isinstance(one, Mapping)]
    wrong = [one for one in items if one.get("StatusAttributeString") == "ERROR"]
    inside = data.get("Status") if isinstance(data.get("Status"), int) else 0
    if status < 400 and not wrong and not inside and "ErrorNumber" not in data:
        return None
    elements = [*(data.get("Elements") or ()), *wrong]
    said = [str(row.get("Message") or "") for one in elements for row in one.get("ValidationErrors") or ()]
    words = " ".join(dict.fromkeys(said)) or str(data.get("Detail") or data.get("Message") or data.get("Title") or "")
    return (status if status >= 400 else inside or 400), words


def changed(item: Mapping[str, Any]) -> str:
    """The moment of a record's last change in ISO 8601."""
    moment = _moment(item.get("UpdatedDateUTC"))
    return (moment or datetime.fromtimestamp(0, UTC)).isoformat()


def _line(text: str) -> tuple[Line, str]:
    """A line, and the code of the account that it names, if any."""
    named = _ACCOUNT.search(text)
    return to_line(text[: named.start()] + text[named.end() :] if named else text), named[1] if named else ""


def _shown(line: Mapping[str, Any]) -> str:
    quantity = _money(line.get("Quantity")) or Decimal(1)
    price = _money(line.get("UnitAmount")) or Decimal(0)
    return _line_text(line.get("Description") or "", quantity, price)


def _line_text(text: str, quantity: Decimal, price: Decimal) -> str:
    return f"{quantity.normalize():f} × {text}: {quantity * price:,.2f}"


def _contact(item: Mapping[str, Any]) -> str:
    return str((item.get("Contact") or {}).get("Name") or "")


def _phone(node: Mapping[str, Any]) -> str:
    parts = (node.get("PhoneCountryCode"), node.get("PhoneAreaCode"), node.get("PhoneNumber"))
    return " ".join(str(part) for part in parts if part) if node.get("PhoneNumber") else ""


def _address(node: Mapping[str, Any]) -> str:
    names = ("AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4", "City", "Region", "PostalCode", "Country")
    return "\n".join(str(node[name]) for name in names if node.get(name))


def _money(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _moment(text: str | None) -> datetime | None:
    """Out of `/Date(1518685950940+0000)/` or ISO 8601; without a zone it is UTC."""
    if not text:
        return None
    if hit := _STAMP.match(text):
        return datetime.fromtimestamp(int(hit[1]) / 1000, UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _day(text: str | None) -> date | None:
    moment = _moment(text)
    return moment.date() if moment else None
