"""Xero: the organisation's ledger with its conditions, pages, validation errors and signed events."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.oauth import OAuth
from sandbox.vendor import Endpoint, Handler, Vendor, route
from sandbox.vendors.xero.seed import contact_row, days, ident, invoice_row, line, payment_row, seed_xero, stamp

TENANT = "45e4708e-d862-4111-ab3a-dd8cd03913e1"
BOOKS, PEOPLE = "accounting.transactions accounting.transactions.read", "accounting.contacts accounting.contacts.read"
REPORTS, SETTINGS = "accounting.reports.read", "accounting.settings.read accounting.settings"
TITLES: Mapping[int, tuple[str, str]] = {
    401: ("Unauthorized", "TokenExpired: the token is no longer valid"),
    403: ("Forbidden", "AuthenticationUnsuccessful"),
    404: ("Not Found", "The resource you're looking for cannot be found"),
    409: ("Conflict", "The resource was changed in the meantime"),
    429: ("Too Many Requests", "The minute limit was reached"),
    500: ("An error occurred", "An error occurred in Xero. Check the API Status page."),
}
KINDS = {
    "unauthenticated": 401,
    "invalid_token": 401,
    "expired": 401,
    "revoked": 401,
    "rate_limited": 429,
    "no_route": 404,
    "server_error": 500,
    "not_found": 404,
    "invalid": 400,
    "missing": 400,
    "invalid_body": 400,
    "no_tenant": 403,
}
IDS = {"Invoices": "InvoiceID", "Contacts": "ContactID", "Payments": "PaymentID", "Quotes": "QuoteID"}
CONDITION = re.compile(r'([\w.]+)\s*(==|!=|<=|>=|<|>)\s*(?:guid\()?(?:"([^"]*)"|DateTime\(([\d, ]+)\))\)?')


class Xero(Vendor):
    """The ledger of Fernwick's British company."""

    key = "xero"
    hosts = ("https://api.xero.com", "https://identity.xero.com", "https://login.xero.com")
    base = "/api.xro/2.0"
    oauth = OAuth(
        "/identity/connect/authorize",
        "/connect/token",
        "/connect/revocation",
        expires_in=1800,
        is_rotating=True,
        refresh_scope="offline_access",
    )

    def seed(self) -> Json:
        return seed_xero(self.company, self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        if refusal.kind == "missing_scope":
            return self._problem(401, "Unauthorized", "AuthorizationUnsuccessful")
        status = KINDS.get(refusal.kind, refusal.status)
        if status in (400, 422):
            errors = [{"Message": refusal.message}]
            body: Json = {
                "ErrorNumber": 10,
                "Type": "ValidationException",
                "Message": "A validation exception occurred",
            }
            return Answer(400, body | {"Elements": [{"ValidationErrors": errors}]})
        title, said = TITLES.get(status, TITLES[500])
        answer = self._problem(status, title, said)
        if status == 429:
            wait = {"retry-after": str(refusal.detail.get("retry_after", 1)), "x-rate-limit-problem": "minute"}
            return Answer(429, answer.body, wait)
        return answer

    def answer(self, call: Call, endpoint: Endpoint, handler: Handler) -> Answer:
        if endpoint.is_based and not endpoint.is_public and call.headers.get("xero-tenant-id") != TENANT:
            raise Refusal("no_tenant")
        key = call.headers.get("idempotency-key", "") if call.method != "GET" else ""
        if key in self.state["keys"]:
            kept = self.state["keys"][key]
            return Answer(kept["status"], kept["body"])
        given = super().answer(call, endpoint, handler)
        if key:
            self.state["keys"][key] = {"status": given.status, "body": given.body}
        return given

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
        return {"x-xero-signature": base64.b64encode(digest).decode()}

    @route("GET", "/connections", based=False)
    def connections(self, call: Call) -> list[Json]:
        at = "2026-01-05T09:00:00.000000"
        row = {"id": ident("connection", 1), "tenantId": TENANT, "tenantType": "ORGANISATION", "createdDateUtc": at}
        return [
            row | {"tenantName": f"{self.company.name} UK Ltd", "updatedDateUtc": at, "authEventId": ident("auth", 1)}
        ]

    @route("GET", "/Accounts", scope=SETTINGS)
    def list_accounts(self, call: Call) -> Json:
        return self._wrap("Accounts", self._where(call, [*self.state["Accounts"].values()]))

    @route("GET", "/Items", scope=SETTINGS)
    def list_items(self, call: Call) -> Json:
        return self._wrap("Items", [*self.state["Items"].values()])

    @route("GET", "/Contacts", scope=PEOPLE)
    def list_contacts(self, call: Call) -> Json:
        rows, text = [*self.state["Contacts"].values()], str(call.query.get("searchTerm", "")).lower()
        ids = str(call.query.get("IDs", ""))
        if ids:
            rows = [row for row in rows if row["ContactID"] in ids.split(",")]
        names = ("Name", "EmailAddress", "ContactNumber")
        rows = [row for row in rows if any(text in str(row.get(name) or "").lower() for name in names)]
        rows = [row for row in rows if row["ContactStatus"] == "ACTIVE" or ids]
        return self._paged(call, "Contacts", [self._contact(row) for row in rows])

    @route("GET", "/Contacts/{id}", scope=PEOPLE)
    def show_contact(self, call: Call) -> Json:
        return self._wrap("Contacts", [self._contact(self._row("Contacts", call.params["id"]))])

    @route("PUT", "/Contacts", scope="accounting.contacts")
    def create_contact(self, call: Call) -> Json:
        asked = self._asked(call, "Contacts")
        name = str(asked.get("Name") or "")
        if not name:
            raise Refusal("invalid", "The Contact Name cannot be empty.")
        if any(row["Name"].lower() == name.lower() for row in self.state["Contacts"].values()):
            raise Refusal("invalid", f"The contact name {name} is already assigned to another contact.")
        row = contact_row(ident("contact", self.count("contact", 9001)), name, self._now()) | asked
        return self._wrap("Contacts", [self._contact(self._keep("Contacts", row, "CREATE"))])

    @route("POST", "/Contacts/{id}", scope="accounting.contacts")
    def update_contact(self, call: Call) -> Json:
        row = self._row("Contacts", call.params["id"])
        row |= self._asked(call, "Contacts")
        return self._wrap("Contacts", [self._contact(self._keep("Contacts", row, "UPDATE"))])

    @route("GET", "/Invoices", scope=BOOKS)
    def list_invoices(self, call: Call) -> Json:
        rows = [self._invoice(row) for row in self.state["Invoices"].values()]
        filters: Mapping[str, Callable[[Json], Any]] = {
            "IDs": lambda row: row["InvoiceID"],
            "InvoiceNumbers": lambda row: row.get("InvoiceNumber"),
            "ContactIDs": lambda row: row["Contact"]["ContactID"],
            "Statuses": lambda row: row["Status"],
        }
        for name, of in filters.items():
            if wanted := call.query.get(name):
                rows = [row for row in rows if of(row) in str(wanted).split(",")]
        return self._paged(call, "Invoices", rows)

    @route("GET", "/Invoices/{id}", scope=BOOKS)
    def show_invoice(self, call: Call) -> Json:
        return self._wrap("Invoices", [self._invoice(self._row("Invoices", call.params["id"]))])

    @route("PUT", "/Invoices", scope="accounting.transactions")
    def create_invoice(self, call: Call) -> Json:
        asked = self._asked(call, "Invoices")
        who, status = self._row("Contacts", asked["Contact"]["ContactID"]), asked.get("Status", "DRAFT")
        lines = self._lines(asked)
        if status == "AUTHORISED" and not asked.get("DueDate"):
            raise Refusal("invalid", "DueDate cannot be empty")
        if status == "AUTHORISED" and not all(one.get("AccountCode") for one in lines):
            raise Refusal("invalid", "Account code must be specified")
        due = date.fromisoformat(asked["DueDate"]) if asked.get("DueDate") else None
        currency, issued = asked.get("CurrencyCode", "GBP"), date.fromisoformat(asked["Date"])
        number = self.count("invoice", 230)
        row = invoice_row(ident("new invoice", number), asked["Type"], who, lines, currency, issued, due)
        own = {"InvoiceNumber": f"INV-{number:04}"} if asked["Type"] == "ACCREC" else {}
        names = ("InvoiceNumber", "Reference", "LineAmountTypes")
        row |= own | {name: asked[name] for name in names if name in asked} | {"Status": status}
        return self._wrap("Invoices", [self._invoice(self._keep("Invoices", row, "CREATE"))])

    @route("POST", "/Invoices/{id}", scope="accounting.transactions")
    def update_invoice(self, call: Call) -> Json:
        row, status = self._row("Invoices", call.params["id"]), self._asked(call, "Invoices").get("Status")
        now = self._invoice(row)
        is_draft = now["Status"] in ("DRAFT", "SUBMITTED")
        if (
            status not in ("VOIDED", "DELETED")
            or is_draft != (status == "DELETED")
            or now["Status"] in ("VOIDED", "DELETED")
        ):
            raise Refusal("invalid", "Invoice not of valid status for modification")
        if now["AmountPaid"]:
            raise Refusal("invalid", "Invoices that have payments cannot be voided")
        row["Status"] = status
        return self._wrap("Invoices", [self._invoice(self._keep("Invoices", row, "UPDATE"))])

    @route("POST", "/Invoices/{id}/Email", scope="accounting.transactions")
    def email_invoice(self, call: Call) -> None:
        row = self._row("Invoices", call.params["id"])
        if row["Type"] != "ACCREC" or row["Status"] not in ("SUBMITTED", "AUTHORISED"):
            raise Refusal("invalid", "Invoice must be an approved sales invoice to be emailed")
        row["SentToContact"] = True
        self._keep("Invoices", row, "UPDATE")

    @route("GET", "/Payments/{id}", scope=BOOKS)
    def show_payment(self, call: Call) -> Json:
        return self._wrap("Payments", [self._row("Payments", call.params["id"])])

    @route("PUT", "/Payments", scope="accounting.transactions")
    def create_payment(self, call: Call) -> Json:
        asked = self._asked(call, "Payments")
        row = self._row("Invoices", asked["Invoice"]["InvoiceID"])
        account = self.state["Accounts"].get(asked["Account"].get("AccountID"))
        due = self._invoice(row)["AmountDue"]
        if account is None:
            raise Refusal("invalid", "Account could not be found")
        if row["Status"] != "AUTHORISED" or not due:
            raise Refusal("invalid", "Payments can only be made against Authorised documents")
        if asked["Amount"] > due:
            raise Refusal("invalid", "Payment amount exceeds the amount outstanding on this document")
        number = ident("payment", self.count("payment", 9001))
        paid = payment_row(number, row, account, asked["Amount"], date.fromisoformat(asked["Date"]))
        paid |= {"Reference": asked.get("Reference", "")}
        self._keep("Invoices", row, "UPDATE")
        return self._wrap("Payments", [self._keep("Payments", paid, "")])

    @route("POST", "/Payments/{id}", scope="accounting.transactions")
    def delete_payment(self, call: Call) -> Json:
        row = self._row("Payments", call.params["id"])
        if row["Status"] == "DELETED" or call.get("Status") != "DELETED":
            raise Refusal("invalid", "Payment has been deleted")
        row["Status"] = "DELETED"
        self._keep("Invoices", self._row("Invoices", row["Invoice"]["InvoiceID"]), "UPDATE")
        return self._wrap("Payments", [self._keep("Payments", row, "")])

    @route("GET", "/Quotes/{id}", scope=BOOKS)
    def show_quote(self, call: Call) -> Json:
        return self._wrap("Quotes", [self._row("Quotes", call.params["id"])])

    @route("PUT", "/Quotes", scope="accounting.transactions")
    def create_quote(self, call: Call) -> Json:
        asked = self._asked(call, "Quotes")
        who, lines, number = (
            self._row("Contacts", asked["Contact"]["ContactID"]),
            self._lines(asked),
            self.count("quote", 31),
        )
        total = round(sum(one["LineAmount"] for one in lines), 2)
        row = {
            "QuoteID": ident("quote", number),
            "QuoteNumber": f"QU-{number:04}",
            "Status": "DRAFT",
            "LineItems": lines,
            "Contact": {"ContactID": who["ContactID"], "Name": who["Name"]},
            "CurrencyCode": "GBP",
            "SubTotal": total,
            "Total": total,
            "TotalTax": 0.0,
            "Title": asked.get("Title", ""),
            "LineAmountTypes": "EXCLUSIVE",
        }
        row |= days("Date", date.fromisoformat(asked["Date"]))
        row |= days("ExpiryDate", date.fromisoformat(asked["ExpiryDate"])) if asked.get("ExpiryDate") else {}
        return self._wrap("Quotes", [self._keep("Quotes", row, "")])

    @route("POST", "/Quotes/{id}", scope="accounting.transactions")
    def update_quote(self, call: Call) -> Json:
        row, asked = self._row("Quotes", call.params["id"]), self._asked(call, "Quotes")
        if not asked.get("Contact") or not asked.get("Date"):
            raise Refusal("invalid", "Contact and Date must be specified")
        row["Status"] = asked.get("Status", row["Status"])
        return self._wrap("Quotes", [self._keep("Quotes", row, "")])

    @route("GET", "/BankTransactions", scope=BOOKS)
    def list_bank_transactions(self, call: Call) -> Json:
        return self._paged(call, "BankTransactions", [*self.state["BankTransactions"].values()])

    @route("GET", "/Reports/ProfitAndLoss", scope=REPORTS)
    def profit_and_loss(self, call: Call) -> Json:
        today = self.world.time().date()
        begin = date.fromisoformat(call.get("fromDate") or today.replace(day=1).isoformat())
        end = date.fromisoformat(call.get("toDate") or today.isoformat())
        count, size = (
            1 + call.whole("periods", 0, top=12),
            {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[call.get("timeframe", "MONTH")],
        )
        spans = [(_back(begin, size * n), _back(end, size * n)) for n in range(count)]
        income, costs = self._sums("ACCREC", spans), self._sums("ACCPAY", spans)
        left = [sum(v[n] for v in income.values()) - sum(v[n] for v in costs.values()) for n in range(count)]
        head = {"RowType": "Header", "Cells": [{"Value": ""}, *({"Value": f"{last:%d %b %Y}"} for _, last in spans)]}
        rows = [head, _section("Income", income, count), _section("Less Operating Expenses", costs, count)]
        rows.append({"RowType": "Section", "Title": "", "Rows": [_cells("Row", "Net Profit", left)]})
        titles = ["Profit and Loss", f"{self.company.name} UK Ltd", f"{begin:%d %B %Y} to {end:%d %B %Y}"]
        report = {
            "ReportID": "ProfitAndLoss",
            "ReportName": "Profit and Loss",
            "ReportType": "ProfitAndLoss",
            "Rows": rows,
        }
        return self._wrap("Reports", [report | {"ReportTitles": titles, "UpdatedDateUTC": self._now()}])

    def _problem(self, status: int, title: str, said: str) -> Answer:
        body = {"Type": None, "Title": title, "Status": status, "Detail": said, "Instance": ident("trace", said)}
        return Answer(status, body | {"Extensions": {}})

    def _now(self) -> str:
        return stamp(self.world.time())

    def _row(self, name: str, id: str) -> Json:
        row: Json | None = self.state[name].get(id)
        if row is None:
            raise Refusal("not_found")
        return row

    def _asked(self, call: Call, name: str) -> Json:
        rows = call.body.get(name) if isinstance(call.body, dict) else None
        if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
            raise Refusal("invalid", f"No {name} were provided")
        return rows[0]

    def _lines(self, asked: Json) -> list[Json]:
        rows = asked.get("LineItems") or []
        if not rows:
            raise Refusal("invalid", "One or more line items must be specified")
        codes = {row["Code"] for row in self.state["Accounts"].values()}
        for row in rows:
            if row.get("AccountCode") and row["AccountCode"] not in codes:
                raise Refusal("invalid", f"Account code '{row['AccountCode']}' is not a valid code for this document.")
        made = [(r["Description"], r.get("Quantity", 1), r["UnitAmount"], r.get("AccountCode", "")) for r in rows]
        return [line(*one, self.count("line")) for one in made]

    def _keep(self, name: str, row: Json, kind: str) -> Json:
        row["UpdatedDateUTC"] = self._now()
        self.state[name][row[IDS[name]]] = row
        if kind:
            number, id = self.count("event"), row[IDS[name]]
            at = self.world.time().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
            event = {
                "resourceUrl": f"https://api.xero.com/api.xro/2.0/{name}/{id}",
                "resourceId": id,
                "eventDateUtc": at,
                "eventType": kind,
                "eventCategory": name[:-1].upper(),
                "tenantId": TENANT,
                "tenantType": "ORGANISATION",
            }
            self.emit(
                {
                    "events": [event],
                    "firstEventSequence": number,
                    "lastEventSequence": number,
                    "entropy": ident("e", number),
                }
            )
        return row

    def _invoice(self, row: Json) -> Json:
        paid = round(
            sum(
                one["Amount"]
                for one in self.state["Payments"].values()
                if one["Status"] == "AUTHORISED" and one["Invoice"]["InvoiceID"] == row["InvoiceID"]
            ),
            2,
        )
        left = 0 if row["Status"] in ("VOIDED", "DELETED") else round(row["Total"] - paid, 2)
        status = "PAID" if row["Status"] == "AUTHORISED" and not left else row["Status"]
        return row | {"AmountPaid": paid, "AmountDue": left, "Status": status}

    def _contact(self, row: Json) -> Json:
        balances: Json = {}
        for name, kind in (("AccountsReceivable", "ACCREC"), ("AccountsPayable", "ACCPAY")):
            mine = [
                self._invoice(one)
                for one in self.state["Invoices"].values()
                if one["Contact"]["ContactID"] == row["ContactID"]
                and one["Type"] == kind
                and one["Status"] == "AUTHORISED"
            ]
            balances[name] = {"Outstanding": round(sum(one["AmountDue"] for one in mine), 2), "Overdue": 0.0}
        return row | {"Balances": balances}

    def _wrap(self, name: str, rows: list[Json], **more: Any) -> Json:
        head = {"Id": ident("answer", self.count("answer")), "Status": "OK", "ProviderName": "ATOM"}
        return head | {"DateTimeUTC": self._now(), **more, name: rows}

    def _paged(self, call: Call, name: str, rows: list[Json]) -> Json:
        rows = self._where(call, rows)
        if since := call.headers.get("if-modified-since"):
            least = datetime.fromisoformat(since).replace(tzinfo=UTC)
            rows = [row for row in rows if _moment(row["UpdatedDateUTC"]) >= least]
        field, _, way = str(call.query.get("order", "")).partition(" ")
        if field:
            rows = sorted(rows, key=lambda row: str(_value(row, field)), reverse=way == "DESC")
        size, number = max(1, call.whole("pageSize", 100)), max(1, call.whole("page", 1))
        pages = {"page": number, "pageSize": size, "pageCount": -(-len(rows) // size), "itemCount": len(rows)}
        return self._wrap(name, rows[(number - 1) * size : number * size], pagination=pages)

    def _where(self, call: Call, rows: list[Json]) -> list[Json]:
        text = str(call.query.get("where", ""))
        hits = [CONDITION.fullmatch(part.strip()) for part in re.split(r"\s+AND\s+|&&", text) if part.strip()]
        for hit in hits:
            if hit is None:
                raise Refusal("invalid", f"The where clause is not valid: {text}")
            field, sign, wanted = hit[1], hit[2], hit[3]
            if hit[4]:
                wanted = date(*(int(part) for part in hit[4].split(","))).isoformat()
            rows = [row for row in rows if _fits(_value(row, field), sign, wanted)]
        return rows

    def _sums(self, kind: str, spans: list[tuple[date, date]]) -> dict[str, list[float]]:
        names = {row["Code"]: row["Name"] for row in self.state["Accounts"].values()}
        found: dict[str, list[float]] = {}
        for row in self.state["Invoices"].values():
            if row["Type"] != kind or row["Status"] != "AUTHORISED":
                continue
            at = date.fromisoformat(row["DateString"][:10])
            for one in row["LineItems"]:
                sums = found.setdefault(names.get(one.get("AccountCode"), "Other"), [0.0] * len(spans))
                for place, (begin, end) in enumerate(spans):
                    sums[place] += one["LineAmount"] if begin <= at <= end else 0
        return found


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(int(text[6:].split("+")[0].rstrip(")/")) / 1000, UTC)


def _value(row: Json, field: str) -> Any:
    if field in ("Date", "DueDate"):
        return str(row.get(f"{field}String", ""))[:10]
    node: Any = row
    for part in field.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _fits(value: Any, sign: str, wanted: str) -> bool:
    if value in (None, ""):
        return False
    tests = {"==": value == wanted, "!=": value != wanted, "<": value < wanted, ">": value > wanted}
    return bool(tests.get(sign, value == wanted or (value < wanted if sign == "<=" else value > wanted)))


def _back(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, min(day.day, 28) if months else day.day)


def _cells(kind: str, name: str, values: list[float]) -> Json:
    return {"RowType": kind, "Cells": [{"Value": name}, *({"Value": f"{value:.2f}"} for value in values)]}


def _section(title: str, rows: dict[str, list[float]], count: int) -> Json:
    total = [sum(values[n] for values in rows.values()) for n in range(count)]
    inner = [_cells("Row", name, values) for name, values in sorted(rows.items())]
    return {"RowType": "Section", "Title": title, "Rows": [*inner, _cells("SummaryRow", f"Total {title}", total)]}
