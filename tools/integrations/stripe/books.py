"""Reading an account: lists, searches, and the objects that the tools look at before they act."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from core.errors import Conflict
from tools.integrations.stripe.mapping import flat
from tools.integrations.stripe.money import exponent
from tools.integrations.stripe.phrase import clauses, quoted
from tools.kit.http import Http
from tools.kit.paging import by_cursor, take, walk

Item = Mapping[str, Any]


class Books:
    """An account as a key sees it; days begin in `zone`."""

    def __init__(self, http: Http, zone: ZoneInfo) -> None:
        self.http = http
        self.zone = zone

    async def post(self, path: str, **values: Any) -> Any:
        """Write, and give the object as it is then."""
        return (await self.http.send("POST", path, form=flat(values))).data

    async def intent(self, payment: str) -> Item:
        """A payment with its customer."""
        item: Item = await self.http.get(f"/v1/payment_intents/{payment}", **{"expand[]": "customer"})
        return item

    async def subscription(self, subscription: str) -> Item:
        """A subscription with its customer."""
        path = f"/v1/subscriptions/{subscription}"
        item: Item = await self.http.get(path, **{"expand[]": "customer"})
        return item

    async def charge(self, payment: str) -> Item:
        """The charge that brought the money of a payment."""
        if not payment.startswith("pi_"):
            charge: Item = await self.http.get(f"/v1/charges/{payment}")
            return charge
        intent = await self.http.get(f"/v1/payment_intents/{payment}", **{"expand[]": "latest_charge"})
        if intent["status"] != "succeeded" or not intent.get("latest_charge"):
            raise Conflict(f"{payment} brought no money: it is {intent['status'].replace('_', ' ')}.")
        found: Item = intent["latest_charge"]
        return found

    async def customers(self, text: str) -> list[Any]:
        """Customers by address or words of the name."""
        queries = [f"email:{quoted(text.strip())}"] if "@" in text else clauses(re.sub(r"['’]s?$", "", text.strip()))
        for query in queries:
            found = await take(self.search("/v1/customers/search", query), 10)
            if found:
                return found
        return []

    async def products(self, subscriptions: Sequence[Item]) -> dict[str, str]:
        """The names of what is subscribed to, by id."""
        ids = sorted({row["price"]["product"] for item in subscriptions for row in item["items"]["data"]})
        names: dict[str, str] = {}
        for begin in range(0, len(ids), 100):
            rows = await take(self.every("/v1/products", 100, **{"ids[]": ids[begin : begin + 100]}), 100)
            names |= {row["id"]: row["name"] for row in rows}
        return names

    async def exponents(self) -> set[int]:
        """In how many digits the currencies of the account count."""
        balance = await self.http.get("/v1/balance")
        return {exponent(row["currency"]) for row in [*balance["available"], *balance["pending"]]} or {2}

    def every(self, path: str, size: int = 100, **parameters: Any) -> AsyncIterator[Any]:
        """A list, newest first; `size` is how many are wanted."""

        async def fetch(after: Any) -> tuple[list[Any], Any]:
            limit = max(1, min(size, 100))
            data = await self.http.get(path, **parameters, limit=limit, starting_after=after)
            rows = data["data"]
            return rows, rows[-1]["id"] if rows and data["has_more"] else None

        return walk(fetch)

    def search(self, path: str, query: str, size: int = 20, expand: str | None = None) -> AsyncIterator[Any]:
        """What fits a query of the search language, newest first."""
        limit = max(1, min(size, 100))
        return by_cursor(self.http, path, "data", "next_page", "page", query=query, limit=limit, **{"expand[]": expand})

    def when(self, begin: date | None, end: date | None) -> str:
        """The period as clauses of a query, each with its AND; `end` is the first day after it."""
        parts = [f" AND created>={self.start(begin)}"] if begin else []
        parts += [f" AND created<{self.start(end)}"] if end else []
        return "".join(parts)

    def start(self, day: date) -> int:
        """When a day begins, in Unix seconds."""
        return int(datetime.combine(day, time(), self.zone).timestamp())


async def of_size(rows: AsyncIterator[Any], size: int | None) -> AsyncIterator[Any]:
    """Those whose currency counts in so many digits; all for None."""
    async for item in rows:
        if size is None or exponent(item["currency"]) == size:
            yield item
