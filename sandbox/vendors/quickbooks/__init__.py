"""QuickBooks Online: the query language, invoices, bills, payments, expenses, customers, one report, signed events."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import Grant
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor, route
from sandbox.vendors.quickbooks.query import run
from sandbox.vendors.quickbooks.seed import HOME, currency, entity, seed_quickbooks, sold, stamp

REALM = "9341453907112265"
SCOPE = "com.intuit.quickbooks.accounting"
FAULTS: Mapping[int, tuple[str, str, str]] = {  # type, message and code by status
    400: ("ValidationFault", "Request has invalid or unsupported property", "2010"),
    401: ("AUTHENTICATION", "message=AuthenticationFailed; errorCode=003200; statusCode=401", "3200"),
    403: ("AUTHORIZATION", "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403", "3100"),
    409: ("ValidationFault", "Business Validation Error", "6000"),
    429: ("THROTTLING", "message=ThrottleExceeded; errorCode=003001; statusCode=429", "3001"),
    500: ("SystemFault", "An application error has occurred while processing your request", "10000"),
}
KINDS = {
    "unauthenticated": 401, "invalid_token": 401, "expired": 401, "revoked": 401, "missing_scope": 403,
    "rate_limited": 429, "server_error": 500, "no_route": 404, "invalid": 400, "missing": 400, "invalid_body": 400,
}  # fmt: skip
GONE = "Object Not Found : Something you're trying to use has been made inactive."
STALE = "Stale Object Error : You and somebody else were working on this at the same time."


class QuickBooks(Vendor):
    """Fernwick's books."""

    key = "quickbooks"
    hosts = (
        "https://quickbooks.api.intuit.com",
        "https://oauth.platform.intuit.com",
        "https://appcenter.intuit.com",
        "https://developer.api.intuit.com",
    )
    base = "/v3/company/{realm}"
    oauth = OAuth(
        "/connect/oauth2",
        "/oauth2/v1/tokens/bearer",
        "/v2/oauth2/tokens/revoke",
        is_rotating=True,
        extra={"realmId": REALM},
    )

    def seed(self) -> Json:
        return seed_quickbooks(self.company, self.world.story)

    def secret(self, grant: Grant) -> Json:
        return {"access_token": grant.token, "refresh_token": grant.refresh, "realmId": REALM}

    def refuse(self, refusal: Refusal) -> Answer:
        status = KINDS.get(refusal.kind, refusal.status)
        status = 400 if status == 422 else status
        kind, said, code = FAULTS.get(status, ("ValidationFault", refusal.message, "6000"))
        error = {"Message": said, "Detail": refusal.message, "code": str(refusal.detail.get("code", code))}
        error["element"] = str(refusal.detail.get("name", ""))
        return Answer(status, {"Fault": {"Error": [error], "type": kind}, "time": stamp(self.world.time())})

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
        return {"intuit-signature": base64.b64encode(digest).decode()}

    @route("GET", "/query", scope=SCOPE)
    def query(self, call: Call) -> Json:
        self._realm(call)
        return self._timed("QueryResponse", run(str(call.need("query")), self._rows))

    @route("GET", "/cdc", scope=SCOPE)
    def changes(self, call: Call) -> Json:
        self._realm(call)
        since, groups = datetime.fromisoformat(str(call.need("changedSince"))), []
        if self.world.time() - since > timedelta(days=30):
            raise Refusal("invalid", "changedSince must be within the last 30 days", name="changedSince")
        for kind in str(call.need("entities")).split(","):
            rows = [
                row for row in self._rows(kind) if datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"]) >= since
            ]
            gone = [row for row in self.state["deleted"].values() if row["kind"] == kind]
            told = [{k: v for k, v in row.items() if k != "kind"} for row in gone]
            groups.append({kind: [*rows, *told], "startPosition": 1, "maxResults": len(rows) + len(told)})
        return {"CDCResponse": [{"QueryResponse": groups}], "time": stamp(self.world.time())}

    @route("GET", "/reports/ProfitAndLoss", scope=SCOPE)
    def profit_and_loss(self, call: Call) -> Json:
        self._realm(call)
        today = self.world.time().date()
        begin = date.fromisoformat(call.get("start_date") or today.replace(month=1, day=1).isoformat())
        end = date.fromisoformat(call.get("end_date") or today.isoformat())
        by = call.get("summarize_column_by", "Total")
        spans = _months(begin, end) if by == "Month" else [("Total", begin, end)]
        income = self._sums("Invoice", spans, lambda row: ["Subscriptions"])
        costs = self._sums("Bill", spans, _accounts) | {}
        for name, values in self._sums("Purchase", spans, _accounts).items():
            costs[name] = [a + b for a, b in zip(costs.get(name, [0.0] * len(spans)), values, strict=True)]
        left = [sum(v[n] for v in income.values()) - sum(v[n] for v in costs.values()) for n in range(len(spans))]
        basis = call.get("accounting_method", "Accrual")
        head = {"ReportName": "ProfitAndLoss", "ReportBasis": basis, "StartPeriod": str(begin), "EndPeriod": str(end),
                "SummarizeColumnsBy": by, "Currency": HOME, "Time": stamp(self.world.time())}  # fmt: skip
        columns = [
            {"ColTitle": "", "ColType": "Account"},
            *({"ColTitle": name, "ColType": "Money"} for name, *_ in spans),
        ]
        rows = [_section("Income", income, len(spans)), _section("Expenses", costs, len(spans)),
                {"Summary": _cells("Net Income", left), "type": "Section", "group": "NetIncome"}]  # fmt: skip
        return {"Header": head, "Columns": {"Column": columns}, "Rows": {"Row": rows}}

    @route("GET", "/{kind}/{id}", scope=SCOPE)
    def read(self, call: Call) -> Json:
        self._realm(call)
        kind = self._kind(call)
        return self._timed(kind, self._shown(kind, self._row(kind, call.params["id"])))

    @route("POST", "/invoice/{id}/send", scope=SCOPE)
    def send(self, call: Call) -> Json:
        self._realm(call)
        row, now = self._row("Invoice", call.params["id"]), stamp(self.world.time())
        to = call.query.get("sendTo") or (row.get("BillEmail") or {}).get("Address")
        if not to:
            raise Refusal(
                "missing", "Required parameter BillEmail is missing in the request", name="BillEmail", code="2020"
            )
        row |= {"BillEmail": {"Address": to}, "EmailStatus": "EmailSent"}
        row["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": now}
        self._changed("Invoice", row, "emailed")
        return self._timed("Invoice", self._shown("Invoice", row))

    @route("POST", "/{kind}", scope=SCOPE)
    def write(self, call: Call) -> Json:
        self._realm(call)
        key, kind = str(call.query.get("requestid", "")), self._kind(call)
        if key in self.state["requests"]:
            done: Json = self.state["requests"][key]
            return done
        body: Json = call.body if isinstance(call.body, dict) else {}
        ways = {"delete": self._delete, "void": self._void}
        way = ways.get(str(call.query.get("operation")), self._update if "Id" in body else self._create)
        answer = self._timed(kind, way(kind, body))
        if key:
            self.state["requests"][key] = answer
        return answer

    def _create(self, kind: str, body: Json) -> Json:
        now = self.world.time()
        row = entity(self.count("row", 9001), now, **body)
        if kind in ("Customer", "Vendor"):
            every = [*self.state["Customer"].values(), *self.state["Vendor"].values()]
            if any(one["DisplayName"].lower() == body.get("DisplayName", "").lower() for one in every):
                raise Refusal("invalid", f"The name supplied already exists. : {body['DisplayName']}", code="6240")
            row |= {"Active": True, "CurrencyRef": currency(HOME)}
            if len(str(body.get("DisplayName", ""))) < 1:
                raise Refusal("missing", "Required parameter DisplayName is missing", name="DisplayName", code="2020")
        else:
            self._party(row, body)
            row["TxnDate"] = body.get("TxnDate") or now.date().isoformat()
        if kind in ("Invoice", "Bill", "Purchase") and not body.get("Line"):
            raise Refusal("missing", "Required parameter Line is missing in the request", name="Line", code="2020")
        if kind == "Invoice":
            rows = [(r.get("Description", ""), r["SalesItemLineDetail"]["Qty"], r["SalesItemLineDetail"]["UnitPrice"],
                     r["SalesItemLineDetail"].get("ItemRef")) for r in body["Line"]]  # fmt: skip
            row |= {"Line": sold(rows), "DocNumber": str(self.count("number", 1201)), "EmailStatus": "NotSet"}
            row |= {"DueDate": body.get("DueDate") or (now + timedelta(days=30)).date().isoformat()}
            row["TotalAmt"] = row["Line"][-1]["Amount"]
        if kind in ("Bill", "Purchase"):
            row["TotalAmt"] = round(sum(line["Amount"] for line in body["Line"]), 2)
        if kind == "Bill":
            row["DueDate"] = body.get("DueDate") or (now + timedelta(days=30)).date().isoformat()
            row["Balance"] = row["TotalAmt"]
        self._link(kind, row)
        self.state[kind][row["Id"]] = row
        self._tell(kind, row["Id"], "created")
        return self._shown(kind, row)

    def _update(self, kind: str, body: Json) -> Json:
        row = self._current(kind, body)
        row |= {name: value for name, value in body.items() if name not in ("Id", "SyncToken", "sparse")}
        self._changed(kind, row, "updated")
        return self._shown(kind, row)

    def _delete(self, kind: str, body: Json) -> Json:
        row = self._current(kind, body)
        del self.state[kind][row["Id"]]
        self._link(kind, row)
        meta = {"LastUpdatedTime": stamp(self.world.time())}
        gone = {"domain": "QBO", "status": "Deleted", "Id": row["Id"]}
        self.state["deleted"][f"{kind}/{row['Id']}"] = gone | {"kind": kind, "MetaData": meta}
        self._tell(kind, row["Id"], "deleted")
        return gone

    def _void(self, kind: str, body: Json) -> Json:
        row = self._current(kind, body)
        for line in row["Line"]:
            line["Amount"] = 0
            line.get("SalesItemLineDetail", {}).update({"Qty": 0, "UnitPrice": 0})
        row |= {"TotalAmt": 0, "PrivateNote": "Voided"}
        self._changed(kind, row, "voided")
        return self._shown(kind, row)

    def _realm(self, call: Call) -> None:
        if call.params["realm"] != REALM:
            raise Refusal("missing_scope", "the token is for another company", status=403)

    def _kind(self, call: Call) -> str:
        kind = call.params["kind"].title()
        if kind not in self.state or kind in ("Requests", "Deleted"):
            raise Refusal("no_route", "Unsupported Operation", status=404)
        return kind

    def _row(self, kind: str, id: str) -> Json:
        row: Json | None = self.state[kind].get(str(id))
        if row is None:
            raise Refusal("invalid", GONE, code="610")
        return row

    def _current(self, kind: str, body: Json) -> Json:
        row = self._row(kind, str(body.get("Id")))
        if str(body.get("SyncToken")) != row["SyncToken"]:
            raise Refusal("invalid", STALE, code="5010")
        return row

    def _party(self, row: Json, body: Json) -> None:
        for name, kind in (("CustomerRef", "Customer"), ("VendorRef", "Vendor"), ("AccountRef", "Account")):
            if name in body:
                who = self.state[kind].get(str(body[name].get("value")))
                if who is None:
                    raise Refusal("invalid", f"Invalid Reference Id : {name}", name=name, code="2500")
                row[name] = {"value": who["Id"], "name": who.get("DisplayName") or who["Name"]}
                row.setdefault("CurrencyRef", who.get("CurrencyRef") or currency(HOME))

    def _link(self, kind: str, row: Json) -> None:
        """An invoice changes with its payments."""
        for line in row.get("Line", []) if kind == "Payment" else []:
            for txn in line.get("LinkedTxn", []):
                self._changed("Invoice", self._row("Invoice", txn["TxnId"]), "updated")

    def _rows(self, kind: str) -> list[Json]:
        if kind == "CompanyInfo":
            return [entity(1, self.world.now, CompanyName=self.company.name, Country="GB")]
        if not isinstance(self.state.get(kind), dict) or kind in ("requests", "deleted"):
            raise Refusal("invalid", f"Invalid query : no entity {kind}", code="4001")
        return [self._shown(kind, row) for row in self.state[kind].values()]

    def _shown(self, kind: str, row: Json) -> Json:
        if kind == "Invoice":
            paid = sum(
                line["Amount"]
                for one in self.state["Payment"].values()
                for line in one.get("Line", [])
                if any(txn["TxnId"] == row["Id"] for txn in line.get("LinkedTxn", []))
            )
            return row | {"Balance": max(0, round(row["TotalAmt"] - paid, 2))}
        if kind == "Customer":
            mine = [one for one in self.state["Invoice"].values() if one["CustomerRef"]["value"] == row["Id"]]
            return row | {"Balance": round(sum(self._shown("Invoice", one)["Balance"] for one in mine), 2)}
        if kind == "Payment":
            used = sum(line["Amount"] for line in row.get("Line", []))
            return row | {"UnappliedAmt": round(row["TotalAmt"] - used, 2)}
        return dict(row)

    def _changed(self, kind: str, row: Json, way: str) -> None:
        row["SyncToken"] = str(int(row["SyncToken"]) + 1)
        row["MetaData"] = row["MetaData"] | {"LastUpdatedTime": stamp(self.world.time())}
        self._tell(kind, row["Id"], way)

    def _tell(self, kind: str, id: str, way: str) -> None:
        number = str(uuid.UUID(int=self.count("event", 7_000_000)))
        self.emit([{
            "specversion": "1.0", "id": number, "source": "intuit.dsnBgbse", "type": f"qbo.{kind.lower()}.{way}.v1",
            "datacontenttype": "application/json", "time": self.world.time().strftime("%Y-%m-%dT%H:%M:%S.%f000Z"),
            "intuitentityid": id, "intuitaccountid": REALM, "data": {},
        }])  # fmt: skip

    def _timed(self, name: str, body: Json) -> Json:
        return {name: body, "time": stamp(self.world.time())}

    def _sums(self, kind: str, spans: list[tuple[str, date, date]], names: Any) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for row in self.state[kind].values():
            at = date.fromisoformat(row["TxnDate"])
            for place, (_, begin, end) in enumerate(spans):
                if begin <= at <= end:
                    for name in names(row):
                        found.setdefault(name, [0.0] * len(spans))[place] += row["TotalAmt"]
        return found


def _accounts(row: Json) -> list[str]:
    return [row["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["name"]]


def _months(begin: date, end: date) -> list[tuple[str, date, date]]:
    found: list[tuple[str, date, date]] = []
    while begin <= end and len(found) < 24:
        last = (begin.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        found.append((begin.strftime("%b %Y"), begin, min(last, end)))
        begin = last + timedelta(days=1)
    return found


def _cells(name: str, values: list[float]) -> Json:
    return {"ColData": [{"value": name}, *({"value": f"{value:.2f}"} for value in values)]}


def _section(name: str, rows: dict[str, list[float]], width: int) -> Json:
    total = [sum(values[n] for values in rows.values()) for n in range(width)]
    inner = [{**_cells(title, values), "type": "Data"} for title, values in sorted(rows.items())]
    summary = _cells(f"Total {name}", total)
    return {"Header": _cells(name, []), "Rows": {"Row": inner}, "Summary": summary, "type": "Section", "group": name}
