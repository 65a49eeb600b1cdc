"""QuickBooks' JSON to records and back; no key of QuickBooks' passes these functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.records import Customer, Figure, Invoice, Payment, Record, Ref, Report
from tools.kit.webhook import WebhookEvent

PAGES = {
    "invoice": "invoice?txnId", "bill": "bill?txnId", "payment": "recvpayment?txnId", "purchase": "expense?txnId",
    "customer": "customerdetail?nameId", "vendor": "vendordetail?nameId",
}  # fmt: skip


def ref(kind: str, id: Any, site: str, key: str = "") -> Ref:
    """A record by its kind and id."""
    url = f"{site}/app/{PAGES[kind]}={id}" if site and kind in PAGES else ""
    return Ref(integration="quickbooks", kind=kind, id=str(id), key=key, url=url)


def to_invoice(item: Mapping[str, Any], site: str, today: date) -> Invoice:
    """An invoice."""
    number, customer = item.get("DocNumber") or "", _name(item.get("CustomerRef"))
    sent = item.get("DeliveryInfo") or {}
    return Invoice(
        ref=ref("invoice", item["Id"], site, number and f"#{number}"),
        title=f"Invoice {number} for {customer}" if number else f"Invoice for {customer}",
        kind="invoice",
        customer=customer,
        memo=(item.get("CustomerMemo") or {}).get("value") or "",
        lines=tuple(_sold(line) for line in item.get("Line") or () if line.get("DetailType") == "SalesItemLineDetail"),
        email=(item.get("BillEmail") or {}).get("Address") or "",
        sent_at=_moment(sent.get("DeliveryTime")) if item.get("EmailStatus") == "EmailSent" else None,
        **_owed(item, today),
    )


def to_bill(item: Mapping[str, Any], site: str, today: date) -> Invoice:
    """A bill from a supplier; its lines are the accounts it is booked on."""
    vendor, number = _name(item.get("VendorRef")), item.get("DocNumber") or ""
    return Invoice(
        ref=ref("bill", item["Id"], site),
        title=f"Bill {number} from {vendor}" if number else f"Bill from {vendor}",
        kind="bill",
        customer=vendor,
        memo=item.get("PrivateNote") or "",
        reference=number,
        lines=tuple(account for line in item.get("Line") or () if (account := _booked(line))),
        **_owed(item, today),
    )


def to_payment(item: Mapping[str, Any], site: str, _: date) -> Payment:
    """Money that a customer paid; its reason is the invoices that it is for, by their ids."""
    customer = _name(item.get("CustomerRef"))
    paid = [txn for line in item.get("Line") or () for txn in line.get("LinkedTxn") or ()]
    return Payment(
        ref=ref("payment", item["Id"], site),
        title=f"Payment from {customer}",
        amount=_money(item.get("TotalAmt")),
        currency=_code(item),
        customer=customer,
        reason=", ".join(str(txn["TxnId"]) for txn in paid if txn.get("TxnType") == "Invoice"),
        paid_on=_day(item.get("TxnDate")),
        reference=item.get("PaymentRefNum") or "",
        account=_name(item.get("DepositToAccountRef")),
    )


def to_expense(item: Mapping[str, Any], site: str, _: date) -> Payment:
    """Money that was spent; the payee is a vendor, or merely named in the line."""
    line: Mapping[str, Any] = next(iter(item.get("Line") or ()), {})
    payee = _name(item.get("EntityRef")) or line.get("Description") or ""
    return Payment(
        ref=ref("purchase", item["Id"], site),
        title=f"Expense at {payee}",
        amount=_money(item.get("TotalAmt")),
        currency=_code(item),
        customer=payee,
        reason=item.get("PrivateNote") or "",
        paid_on=_day(item.get("TxnDate")),
        reference=item.get("DocNumber") or "",
        account=_name(item.get("AccountRef")),
        category=_booked(line),
    )


def to_customer(item: Mapping[str, Any], site: str, _: date) -> Customer:
    """A customer."""
    name = item.get("DisplayName") or ""
    return Customer(
        ref=ref("customer", item["Id"], site),
        title=name,
        email=(item.get("PrimaryEmailAddr") or {}).get("Address") or "",
        phone=(item.get("PrimaryPhone") or {}).get("FreeFormNumber") or "",
        balance=_money(item.get("Balance")),
        currency=_code(item),
        company=item.get("CompanyName") or "",
        address=_address(item.get("BillAddr") or {}),
        updated_at=_moment((item.get("MetaData") or {}).get("LastUpdatedTime")),
    )


def to_report(item: Mapping[str, Any]) -> Report:
    """A report: each figure is named by its row, and by its column where there are several."""
    head = item.get("Header") or {}
    columns = [str(one.get("ColTitle") or "") for one in (item.get("Columns") or {}).get("Column") or ()][1:]
    begin, end, basis = head.get("StartPeriod", ""), head.get("EndPeriod", ""), head.get("ReportBasis", "")
    return Report(
        ref=Ref(integration="quickbooks", kind="report", id=str(head.get("ReportName") or "ProfitAndLoss")),
        title=f"Profit and loss, {begin} to {end}",
        text=" ".join(word for word in (basis and f"{basis} basis,", f"in {head.get('Currency', '')}") if word),
        figures=tuple(_figures((item.get("Rows") or {}).get("Row") or (), columns)),
    )


def line_text(text: str, quantity: Decimal, price: Decimal) -> str:
    """A line for people, as it is written and as it is read back."""
    return f"{quantity.normalize():f} × {text}: {quantity * price:,.2f}"


def events(told: Any) -> list[WebhookEvent]:
    """Both forms: events in an envelope of their own each, and the older list of entities by company."""
    if isinstance(told, list):
        return [
            WebhookEvent(
                str(one["id"]),
                str(one["type"]),
                ref(str(one["type"]).split(".")[1], one["intuitentityid"], ""),
                datetime.fromisoformat(one["time"]),
            )
            for one in told
        ]
    found = []
    for notice in told["eventNotifications"]:
        for one in notice["dataChangeEvent"]["entities"]:
            kind = str(one["name"]).lower()
            id = ":".join(
                str(part) for part in (notice["realmId"], kind, one["id"], one["operation"], one["lastUpdated"])
            )
            at = datetime.fromisoformat(one["lastUpdated"])
            found.append(WebhookEvent(id, f"{one['name']}.{one['operation']}", ref(kind, one["id"], ""), at))
    return found


def faults(data: Any) -> list[Mapping[str, str]]:
    """The errors of an answer, as `{code, message, detail, element}`; none where it holds none."""
    if not isinstance(data, Mapping):
        return []
    inner = data.get("QueryResponse")
    fault = data.get("Fault") or data.get("fault") or (inner.get("Fault") if isinstance(inner, Mapping) else None)
    if not isinstance(fault, Mapping):
        return []
    rows = fault.get("Error") or fault.get("error") or [{}]
    names = ("code", "message", "detail", "element")
    lower = [{str(name).lower(): str(value or "") for name, value in row.items()} for row in rows]
    return [{name: row.get(name, "") for name in names} for row in lower]


def deleted(data: Mapping[str, Any], kind: str) -> list[Ref]:
    """Those that a change list calls deleted."""
    groups = [part for one in data.get("CDCResponse") or () for part in one.get("QueryResponse") or ()]
    rows = [row for part in groups for row in part.get(kind.title()) or ()]
    return [ref(kind, row["Id"], "") for row in rows if row.get("status") == "Deleted"]


def shows(record: Record, expect: Mapping[str, Any]) -> bool:
    """Whether a record holds what is expected."""
    return all((getattr(record, name) or None) == (value or None) for name, value in expect.items())


def _owed(item: Mapping[str, Any], today: date) -> dict[str, Any]:
    total, left, due = _money(item.get("TotalAmt")), _money(item.get("Balance")), _day(item.get("DueDate"))
    note = str(item.get("PrivateNote") or "").lower()
    status = "voided" if not total and "void" in note else "paid" if left == 0 else "open"
    if status == "open" and due and due < today:
        status = "overdue"
    owed = {"status": status, "total": total, "due_amount": left, "due": due}
    return owed | {"issued": _day(item.get("TxnDate")), "currency": _code(item)}


def _sold(line: Mapping[str, Any]) -> str:
    detail, amount = line.get("SalesItemLineDetail") or {}, _money(line.get("Amount")) or Decimal(0)
    quantity = _money(detail.get("Qty")) or Decimal(1)
    price = _money(detail.get("UnitPrice"))
    text = line.get("Description") or _name(detail.get("ItemRef"))
    return line_text(text, quantity, amount / quantity if price is None else price)


def _booked(line: Mapping[str, Any]) -> str:
    return _name((line.get("AccountBasedExpenseLineDetail") or {}).get("AccountRef"))


def _figures(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[Figure]:
    found: list[Figure] = []
    for row in rows:
        found += _figures((row.get("Rows") or {}).get("Row") or (), columns)
        cells = row.get("ColData") or (row.get("Summary") or {}).get("ColData") or ()
        if not cells:
            continue
        name, values = str(cells[0].get("value") or ""), [str(one.get("value") or "") for one in cells[1:]]
        several = len(values) > 1
        pairs = zip(columns, values, strict=False)
        found += [Figure(name=f"{name} · {col}" if several else name, value=value) for col, value in pairs if value]
    return found


def _name(node: Mapping[str, Any] | None) -> str:
    return str((node or {}).get("name") or "")


def _code(item: Mapping[str, Any]) -> str:
    return str((item.get("CurrencyRef") or {}).get("value") or "")


def _address(node: Mapping[str, Any]) -> str:
    names = ("Line1", "Line2", "Line3", "Line4", "Line5", "City", "CountrySubDivisionCode", "PostalCode", "Country")
    return "\n".join(str(node[name]) for name in names if node.get(name))


def _money(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
