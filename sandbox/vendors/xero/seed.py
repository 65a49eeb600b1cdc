"""The ledger at the start: accounts, contacts, invoices and bills with their payments, the bank."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from sandbox.company import Company
from sandbox.exchange import Json
from sandbox.story import Story


def ident(kind: str, name: Any) -> str:
    """A stable id."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"xero/{kind}/{name}"))


def stamp(moment: datetime) -> str:
    """As Xero writes a time."""
    return f"/Date({int(moment.timestamp() * 1000)}+0000)/"


def days(name: str, day: date) -> Json:
    """A day in both of its forms."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return {name: stamp(at), f"{name}String": f"{day.isoformat()}T00:00:00"}


def line(text: str, quantity: float, price: float, account: str, place: int) -> Json:
    """A line item."""
    row = {"LineItemID": ident("line", f"{text}/{place}/{quantity}/{price}"), "Description": text, "Quantity": quantity}
    more = {"UnitAmount": price, "LineAmount": round(quantity * price, 2), "TaxAmount": 0.0, "Tracking": []}
    return row | more | ({"AccountCode": account} if account else {})


def seed_xero(company: Company, story: Story) -> Json:
    """Everything by kind and id."""
    told = yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))
    kinds = ("Accounts", "Items", "Contacts", "Invoices", "Payments", "Quotes", "BankTransactions", "keys")
    state: Json = {kind: {} for kind in kinds}
    now, since, currency = story.now, stamp(story.now - timedelta(days=400)), told["currency"]
    codes: dict[str, Json] = {}
    for code, name, kind in told["accounts"]:
        row = {"AccountID": ident("account", code), "Code": code, "Name": name, "Type": kind, "Status": "ACTIVE"}
        row |= {"EnablePaymentsToAccount": code == "880", "UpdatedDateUTC": since}
        if kind == "BANK":
            row |= {"BankAccountNumber": f"20-00-00 4410{code}", "CurrencyCode": currency, "BankAccountType": "BANK"}
        state["Accounts"][row["AccountID"]] = codes[code] = row
    for code, name, price in told["items"]:
        row = {"ItemID": ident("item", code), "Code": code, "Name": name, "SalesDetails": {"UnitPrice": price}}
        state["Items"][row["ItemID"]] = row | {"UpdatedDateUTC": since}
    contacts: dict[str, Json] = {}
    firms = {one.key: one for one in company.customers}
    people = [(key, firms[key].billing_name, firms[key].billing_email, "") for key in told["customers"]]
    for key, name, email, account in [*people, *((name, name, email, code) for name, email, code in told["suppliers"])]:
        row = contact_row(ident("contact", key), name, since) | {"EmailAddress": email}
        row |= {"PurchasesDefaultAccountCode": account} if account else {"SalesDefaultAccountCode": "200"}
        row["ContactNumber"] = f"C-{len(contacts) + 101}"
        state["Contacts"][row["ContactID"]] = contacts[key] = row
    for kind, name in (("ACCREC", "invoices"), ("ACCPAY", "bills")):
        for number, key, status, ago, due, lines in told[name]:
            issued, ends = (now - timedelta(days=ago)).date(), (now + timedelta(days=due)).date()
            rows = [line(one[0], one[1], one[2], one[3], place) for place, one in enumerate(lines)]
            row = invoice_row(ident("invoice", number), kind, contacts[key], rows, currency, issued, ends)
            row |= {"InvoiceNumber": number, "Status": "AUTHORISED" if status == "PAID" else status}
            row |= {"SentToContact": kind == "ACCREC" and status not in ("DRAFT", "SUBMITTED")}
            row["UpdatedDateUTC"] = stamp(now - timedelta(days=ago))
            state["Invoices"][row["InvoiceID"]] = row
            if status == "PAID":
                paid = payment_row(ident("payment", number), row, codes["090"], row["Total"], ends)
                state["Payments"][paid["PaymentID"]] = paid | {"UpdatedDateUTC": stamp(now - timedelta(days=ago))}
    for place, (kind, code, key, ago, text, amount, account, reference) in enumerate(told["bank"]):
        number, bank = ident("bank", place), codes[code]
        row = {
            "BankTransactionID": number,
            "Type": kind,
            "Status": "AUTHORISED",
            "IsReconciled": False,
            "SubTotal": amount,
        }
        row |= {
            "BankAccount": {"AccountID": bank["AccountID"], "Code": code, "Name": bank["Name"]},
            "Reference": reference,
        }
        row |= {"LineItems": [line(text, 1, amount, account, place)], "Total": amount, "TotalTax": 0.0}
        row |= {"CurrencyCode": currency, "UpdatedDateUTC": stamp(now - timedelta(days=ago))}
        row |= {"Contact": {"ContactID": contacts[key]["ContactID"], "Name": contacts[key]["Name"]}} if key else {}
        state["BankTransactions"][number] = row | days("Date", (now - timedelta(days=ago)).date())
    return state


def contact_row(number: str, name: str, at: str) -> Json:
    """A contact."""
    return {
        "ContactID": number,
        "Name": name,
        "ContactStatus": "ACTIVE",
        "EmailAddress": "",
        "Phones": [],
        "Addresses": [],
        "IsSupplier": False,
        "IsCustomer": False,
        "ContactGroups": [],
        "ContactPersons": [],
        "UpdatedDateUTC": at,
    }


def invoice_row(
    number: str, kind: str, who: Json, lines: list[Json], currency: str, issued: date, due: date | None
) -> Json:
    """An invoice or a bill."""
    total = round(sum(one["LineAmount"] for one in lines), 2)
    row = {
        "InvoiceID": number,
        "Type": kind,
        "Contact": {"ContactID": who["ContactID"], "Name": who["Name"]},
        "LineItems": lines,
        "LineAmountTypes": "Exclusive",
        "CurrencyCode": currency,
        "SubTotal": total,
        "TotalTax": 0.0,
        "Total": total,
        "Reference": "",
        "SentToContact": False,
        "HasErrors": False,
        "AmountCredited": 0.0,
    }
    return row | days("Date", issued) | (days("DueDate", due) if due else {})


def payment_row(number: str, paid: Json, account: Json, amount: float, on: date) -> Json:
    """A payment of an invoice or a bill; it tells an account by id and code alone."""
    names = ("InvoiceID", "InvoiceNumber", "Type", "CurrencyCode", "Contact")
    kind = "ACCRECPAYMENT" if paid["Type"] == "ACCREC" else "ACCPAYPAYMENT"
    row: Json = {"PaymentID": number, "Invoice": {name: paid[name] for name in names if name in paid}, "Amount": amount}
    row |= {
        "Account": {"AccountID": account["AccountID"], "Code": account["Code"]},
        "PaymentType": kind,
        "BankAmount": amount,
    }
    return row | {"Status": "AUTHORISED", "IsReconciled": False, "Date": days("Date", on)["Date"], "Reference": ""}
