"""The books at the start: accounts, customers with their invoices and payments, vendors with their bills."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from sandbox.company import Company
from sandbox.exchange import Json
from sandbox.story import Story

HOME = "EUR"


def stamp(moment: datetime) -> str:
    """As QuickBooks writes a time."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def entity(id: Any, at: datetime, **fields: Any) -> Json:
    """A row of any kind."""
    meta = {"CreateTime": stamp(at), "LastUpdatedTime": stamp(at)}
    return {"domain": "QBO", "sparse": False, "Id": str(id), "SyncToken": "0", "MetaData": meta, **fields}


def seed_quickbooks(company: Company, story: Story) -> Json:
    """Everything by entity and id."""
    told = yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))
    kinds = ("Account", "Item", "Customer", "Vendor", "Invoice", "Payment", "Bill", "Purchase")
    state: Json = {kind: {} for kind in (*kinds, "requests", "deleted")}
    since = story.now - timedelta(days=800)

    def keep(kind: str, id: int, at: datetime, **fields: Any) -> Json:
        state[kind][str(id)] = row = entity(id, at, **fields)
        return row

    accounts = {}
    for place, (name, kind, number) in enumerate(told["accounts"]):
        row = keep(
            "Account",
            31 + place,
            since,
            Name=name,
            FullyQualifiedName=name,
            AccountType=kind,
            AcctNum=number,
            Active=True,
        )
        accounts[name] = {"value": row["Id"], "name": name}
    for place, (name, price) in enumerate(told["items"]):
        more: Json = {"UnitPrice": price} if price else {}
        keep(
            "Item",
            1 + place,
            since,
            Name=name,
            FullyQualifiedName=name,
            Type="Service",
            Active=True,
            IncomeAccountRef=accounts["Services"],
            **more,
        )
    vendors = {}
    for place, (name, email, account) in enumerate(told["vendors"]):
        row = keep(
            "Vendor",
            201 + place,
            since,
            DisplayName=name,
            CompanyName=name,
            Active=True,
            PrimaryEmailAddr={"Address": email},
            CurrencyRef=currency(HOME),
        )
        vendors[name] = ({"value": row["Id"], "name": name}, account)
    customers = {}
    for place, customer in enumerate(company.customers):
        plan, (contact, _) = company.plan(customer.plan), customer.contacts[0]
        row = keep(
            "Customer",
            101 + place,
            story.started(customer),
            DisplayName=customer.billing_name,
            CompanyName=customer.crm_name,
            PrimaryEmailAddr={"Address": customer.billing_email},
            PrimaryPhone={"FreeFormNumber": f"+44 20 7946 {9000 + place}"},
            GivenName=contact.split()[0],
            FamilyName=contact.split()[-1],
            Active=True,
            CurrencyRef=currency(plan.currency.upper()),
            BillAddr={"Line1": f"{place + 3} Market Street", "Country": customer.country},
        )
        customers[customer.key] = row
    for place, bill in enumerate(story.invoices):
        who, plan = customers[bill.customer.key], company.plan(bill.customer.plan)
        ref, amount = {"value": who["Id"], "name": who["DisplayName"]}, bill.amount / 100
        text = f"{bill.customer.seats} × {plan.name}"
        invoice = keep(
            "Invoice",
            2001 + place,
            bill.created,
            DocNumber=str(bill.number),
            TxnDate=bill.created.date().isoformat(),
            CustomerRef=ref,
            DueDate=bill.due.date().isoformat(),
            Line=sold([(text, bill.customer.seats, plan.price / 100, None)]),
            TotalAmt=amount,
            CurrencyRef=who["CurrencyRef"],
            BillEmail=dict(who["PrimaryEmailAddr"]),
            EmailStatus="EmailSent",
            DeliveryInfo={"DeliveryType": "Email", "DeliveryTime": stamp(bill.created)},
        )
        if bill.paid_at:
            line = [{"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}]
            keep(
                "Payment",
                3001 + place,
                bill.paid_at,
                CustomerRef=ref,
                TotalAmt=amount,
                Line=line,
                CurrencyRef=who["CurrencyRef"],
                TxnDate=bill.paid_at.date().isoformat(),
                PaymentRefNum=f"ST-{bill.number}",
                DepositToAccountRef=accounts["Operating Account"],
            )
    for place, (name, amount, ago, due, number, is_paid) in enumerate(told["bills"]):
        ref, account = vendors[name]
        keep(
            "Bill",
            4001 + place,
            story.now - timedelta(days=ago),
            VendorRef=ref,
            DocNumber=number,
            TotalAmt=amount,
            CurrencyRef=currency(HOME),
            TxnDate=day(story.now, -ago),
            DueDate=day(story.now, due),
            Line=[spent(amount, accounts[account])],
            Balance=0 if is_paid else amount,
        )
    for place, (name, amount, ago, account, bank, memo) in enumerate(told["expenses"]):
        party: Json = {"EntityRef": vendors[name][0] | {"type": "Vendor"}} if name else {}
        entry = spent(amount, accounts[account]) | {"Description": name or memo}
        keep(
            "Purchase",
            5001 + place,
            story.now - timedelta(days=ago),
            TotalAmt=amount,
            PaymentType="CreditCard",
            AccountRef=accounts[bank],
            TxnDate=day(story.now, -ago),
            PrivateNote=memo,
            Line=[entry],
            CurrencyRef=currency(HOME),
            **party,
        )
    return state


def sold(rows: list[tuple[str, float, float, Any]]) -> list[Json]:
    """Lines of an invoice with their sum."""
    lines: list[Json] = []
    for place, (text, quantity, price, item) in enumerate(rows, 1):
        detail = {"Qty": quantity, "UnitPrice": price, "ItemRef": item or {"value": "1", "name": "Services"}}
        amount = round(quantity * price, 2)
        lines.append(
            {
                "Id": str(place),
                "LineNum": place,
                "Description": text,
                "Amount": amount,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": detail,
            }
        )
    total = round(sum(line["Amount"] for line in lines), 2)
    return [*lines, {"Amount": total, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}]


def spent(amount: float, account: Json) -> Json:
    """A line of a bill or expense."""
    kind = "AccountBasedExpenseLineDetail"
    return {"Id": "1", "Amount": amount, "DetailType": kind, kind: {"AccountRef": account}}


def currency(code: str) -> Json:
    """A reference to a currency."""
    return {"value": code, "name": {"EUR": "Euro", "USD": "United States Dollar"}.get(code, code)}


def day(now: datetime, days: float) -> str:
    """A day so many days from now."""
    return (now + timedelta(days=days)).date().isoformat()
