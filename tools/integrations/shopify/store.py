"""The store: what it holds, looked up by name and read again."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from core.errors import Candidate, NotFound
from core.records import Campaign, Order, Payment, Product, Record, Ref
from tools.integration import Account
from tools.integrations.shopify import document, mapping, search
from tools.integrations.shopify.fault import refused
from tools.kit.graphql import ask, by_connection
from tools.kit.http import Http
from tools.kit.paging import take
from tools.stream import Batch, by_time, since, stream

PAGE = 25  # a page costs points by what it could hold, and a query may cost 1000


class Store:
    """Reading under one connection."""

    http: Http

    async def identify(self) -> Account:
        """The shop, and the address of its admin."""
        shop = (await ask(self.http, document.SHOP))["shop"]
        handle = shop["myshopifyDomain"].removesuffix(".myshopify.com")
        return Account(shop["id"], site=f"https://admin.shopify.com/store/{handle}")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Products by title, locations by name."""
        products = by_connection(self.http, document.TITLES, "products", first=100)
        places = by_connection(self.http, document.LOCATIONS, "locations")
        return {
            "product": [one["title"] for one in await take(products, 500)],
            "location": [one["name"] for one in await take(places, 250)],
        }

    async def find_order(self, text: str) -> Sequence[Candidate]:
        """Orders by number, link or words."""
        return await search.find_orders(self.http, text)

    async def find_product(self, text: str) -> Sequence[Candidate]:
        """Products by title, handle or link."""
        return await search.find_products(self.http, text)

    async def find_variant(self, text: str) -> Sequence[Candidate]:
        """Variants by article number, or by words of product and option."""
        return await search.find_variants(self.http, text)

    async def find_item(self, text: str) -> Sequence[Candidate]:
        """Variants with how many of them."""
        return await search.find_items(self.http, text)

    async def find_line(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Lines of the order that is spoken of."""
        return search.find_lines(await self._order(str(args["order"])), text)

    async def find_customer(self, text: str) -> Sequence[Candidate]:
        """Customers by name or address."""
        return await search.find_customers(self.http, text)

    async def find_location(self, text: str) -> Sequence[Candidate]:
        """Locations by name."""
        return await search.find_locations(self.http, text)

    @stream("order")
    async def stream_orders(self, cursor: str) -> Batch:
        """Orders as they change."""
        items = self._changed(document.CHANGED_ORDERS, "orders", cursor)
        return await by_time(items, cursor, lambda raw: str(raw["updatedAt"]), self._to_order)

    @stream("product")
    async def stream_products(self, cursor: str) -> Batch:
        """Products as they change."""
        items, currency = self._changed(document.CHANGED_PRODUCTS, "products", cursor), await self._currency()
        return await by_time(
            items, cursor, lambda raw: str(raw["updatedAt"]), lambda raw: mapping.to_product(raw, self._site, currency)
        )

    async def read_order(self, ref: Ref) -> Record:
        """Reads the order again."""
        return self._to_order(await self._order(ref.id))

    async def read_product(self, ref: Ref) -> Record:
        """Reads the product again."""
        return mapping.to_product(await self._product(ref.id), self._site, await self._currency())

    async def read_variant(self, ref: Ref) -> Record:
        """Reads the article's stock again."""
        return mapping.to_variant(await self._variant(ref.id), self._site)

    async def read_draft(self, ref: Ref) -> Order:
        """Reads the draft order again."""
        return mapping.to_draft(await self._one(document.GET_DRAFT, "draftOrder", ref.id), self._site)

    async def read_refund(self, ref: Ref) -> Payment:
        """Reads the refund again."""
        return mapping.to_refund(await self._one(document.GET_REFUND, "refund", ref.id), self._site)

    async def read_discount(self, ref: Ref) -> Campaign:
        """Reads the discount again."""
        return mapping.to_discount(await self._one(document.GET_DISCOUNT, "codeDiscountNode", ref.id), self._site)

    async def _order(self, identity: str) -> dict[str, Any]:
        return await self._one(document.GET_ORDER, "order", identity)

    async def _product(self, identity: str) -> dict[str, Any]:
        return await self._one(document.GET_PRODUCT, "product", identity)

    async def _variant(self, identity: str) -> dict[str, Any]:
        found = await search.variants(self.http, identity)
        if not found:
            raise NotFound("This article is not in Shopify.")
        return found[0]

    async def _one(self, query: str, name: str, identity: str) -> dict[str, Any]:
        found: dict[str, Any] | None = (await ask(self.http, query, id=identity))[name]
        if found is None:
            raise NotFound("It is not in Shopify, or you may not see it.")
        return found

    async def _list(self, query: str, name: str, words: str, limit: int) -> list[dict[str, Any]]:
        pages = by_connection(self.http, query, name, first=max(1, min(PAGE, limit)), query=words or None)
        return await take(pages, limit)

    def _changed(self, query: str, name: str, cursor: str) -> AsyncIterator[Any]:
        moment = since(cursor)
        words = f"updated_at:>='{moment.isoformat()}'" if moment else None
        return by_connection(self.http, query, name, first=PAGE, query=words)

    async def _currency(self) -> str:
        return str((await ask(self.http, document.SHOP))["shop"]["currencyCode"])

    async def _change(self, mutation: str, name: str, **variables: Any) -> dict[str, Any]:
        payload: dict[str, Any] = (await ask(self.http, mutation, **variables))[name]
        if problem := refused(payload):
            raise problem
        return payload

    def _once(self, what: str) -> str:
        """A key that is the same when the same call comes again."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.http.call_id}:{what}"))

    def _to_order(self, item: Mapping[str, Any]) -> Order:
        return mapping.to_order(item, self._site)

    def _to_variant(self, item: Mapping[str, Any]) -> Product:
        return mapping.to_variant(item, self._site)

    @property
    def _site(self) -> str:
        return self.http.connection.site
