"""What is read from the books: queries, names, accounts, what changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import utc_now
from core.errors import Candidate, NotFound
from core.records import Record, Ref
from tools.integrations.quickbooks import mapping
from tools.kit.http import Http
from tools.kit.paging import listed, take, walk
from tools.stream import Batch, by_time, since

SIZE, MANY = 200, 1000
KNOWN_FOR = timedelta(days=29)  # how long QuickBooks remembers what was deleted
KINDS: Mapping[str, tuple[str, Callable[..., Record]]] = {
    "invoice": ("Invoice", mapping.to_invoice),
    "bill": ("Bill", mapping.to_bill),
    "payment": ("Payment", mapping.to_payment),
    "purchase": ("Purchase", mapping.to_expense),
    "customer": ("Customer", mapping.to_customer),
}
EXPENSES, BANKS = ("Expense", "Other Expense", "Cost of Goods Sold"), ("Bank", "Credit Card")


class Ledger:
    """One company's books under one connection; `zone` is where the asker's day begins."""

    def __init__(self, http: Http, zone: str) -> None:
        self._http = http
        self.site = http.connection.site
        self.today = utc_now().astimezone(ZoneInfo(zone or "UTC")).date()

    def rows(self, entity: str, *where: str, order: str = "") -> AsyncIterator[Any]:
        """Everything of an entity that meets the conditions."""
        text = f"select * from {entity}"  # noqa: S608 - no database of ours, and values are quoted
        text += f" where {' and '.join(where)}" if where else ""
        text += f" orderby {order}" if order else ""

        async def fetch(begin: Any) -> tuple[list[Any], Any]:
            page = await self._http.get("/query", query=f"{text} startposition {begin} maxresults {SIZE}")
            found = listed(page, f"QueryResponse.{entity}")
            return found, begin + SIZE if len(found) == SIZE else None

        return walk(fetch, 1)

    async def records(self, kind: str, limit: int, *where: str | None, order: str = "") -> list[Any]:
        """Records of a kind."""
        entity, to = KINDS[kind]
        rows = await take(self.rows(entity, *(one for one in where if one), order=order), limit)
        return [to(row, self.site, self.today) for row in rows]

    async def read(self, ref: Ref) -> Any:
        """A record as it is now; an inactive one is gone."""
        entity, to = KINDS[ref.kind]
        item = (await self._http.get(f"/{ref.kind}/{ref.id}"))[entity]
        if item.get("Active") is False or item.get("status") == "Deleted":
            raise NotFound(f"{item.get('DisplayName') or entity} is no longer in QuickBooks.")
        return to(item, self.site, self.today)

    async def named(self, entity: str, text: str) -> list[Candidate]:
        """Customers or vendors by id, address, or words of a name."""
        text = text.strip().removesuffix("'s").removesuffix("’s")
        if text.isdigit():
            return [_candidate(row) for row in await take(self.rows(entity, f"Id = {quoted(text)}"), 1)]
        field = "PrimaryEmailAddr" if "@" in text else "DisplayName"
        spelt = dict.fromkeys((text, text.replace("&", "and"), text.replace(" and ", " & ")))
        for name in spelt:
            test = f"= {quoted(name)}" if "@" in text else f"like {quoted(f'%{name}%')}"
            if rows := await take(self.rows(entity, f"{field} {test}"), 20):
                return [_candidate(row) for row in rows]
        if "@" in text:
            return []
        near = self.rows(entity, f"CompanyName like {quoted(f'%{text}%')}")
        return [_candidate(row) for row in await take(near, 20)]

    async def invoices(self, text: str) -> list[Candidate]:
        """Invoices by document number, else by id, else the latest unpaid ones of a customer."""
        number = text.strip().lstrip("#").strip()
        rows = await take(self.rows("Invoice", f"DocNumber = {quoted(number)}"), 5)
        if not rows and number.isdigit():
            rows = await take(self.rows("Invoice", f"Id = {quoted(number)}"), 1)
        if not rows and not number.isdigit() and (who := await self.named("Customer", text)):
            ids = ", ".join(quoted(one.id) for one in who[:5])
            rows = await take(self.rows("Invoice", f"CustomerRef in ({ids})", "Balance > '0'", order="TxnDate desc"), 5)
        found = [mapping.to_invoice(row, self.site, self.today) for row in rows]
        return [
            Candidate(one.ref.id, f"{one.title}, {one.total} {one.currency}".strip(), also=(one.ref.label, number))
            for one in found
        ]

    async def accounts(self, text: str, kinds: Sequence[str]) -> list[Candidate]:
        """Accounts of the kinds by id, number or words of the name."""
        rows = [row for row in await take(self.rows("Account"), MANY) if row.get("AccountType") in kinds]
        exact = [row for row in rows if text.strip() in (row["Id"], row.get("AcctNum"))]
        words = text.lower().split()
        near = [
            row for row in rows if any(word in row.get("FullyQualifiedName", row["Name"]).lower() for word in words)
        ]
        return [Candidate(r["Id"], r["Name"], r["AccountType"], (r.get("AcctNum") or "",)) for r in exact or near]

    async def changes(self, kind: str, cursor: str) -> Batch:
        """Records of a kind by the time of their last change, and the invoices that were deleted."""
        entity, to = KINDS[kind]
        begin = since(cursor)
        where = [f"MetaData.LastUpdatedTime >= {quoted(iso(begin))}"] if begin else []
        rows = self.rows(entity, *where, order="MetaData.LastUpdatedTime")
        batch = await by_time(
            rows,
            cursor,
            at=lambda row: str(row["MetaData"]["LastUpdatedTime"]),
            to=lambda row: to(row, self.site, self.today),
        )
        if kind != "invoice" or begin is None or utc_now() - begin > KNOWN_FOR:
            return batch
        gone = await self._http.get("/cdc", entities=entity, changedSince=iso(begin))
        return replace(batch, gone=mapping.deleted(gone, kind))

    async def row(self, kind: str, id: str) -> Any:
        """An entity as QuickBooks has it."""
        return (await self._http.get(f"/{kind}/{id}"))[kind.title()]


def quoted(value: str) -> str:
    """A value of the query language that holds nothing but itself."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _candidate(row: Mapping[str, Any]) -> Candidate:
    email = (row.get("PrimaryEmailAddr") or {}).get("Address") or ""
    return Candidate(row["Id"], row["DisplayName"], email, also=(row.get("CompanyName") or "",))


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
