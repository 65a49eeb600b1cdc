"""Shopify, GraphQL Admin API: orders, products, stock, customers, drafts, refunds, discount codes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from core.errors import Conflict, Rejected, VendorError
from core.records import Customer, Order, Product
from core.tool import Change
from tools.declare import Money, Text, finds, tool
from tools.integration import Integration
from tools.integrations.shopify import document, line, mapping, search
from tools.integrations.shopify.aftermath import Aftermath
from tools.integrations.shopify.discount import expected_discount, new_discount
from tools.integrations.shopify.fault import understood
from tools.kit.auth import OAuth2
from tools.kit.graphql import ask
from tools.kit.http import Answer
from tools.kit.webhook import Delivery, Signature, WebhookEvent, prefixed

OrderId = Annotated[str, finds("order")]
ProductId = Annotated[str, finds("product")]
Lines = list[Annotated[str, finds("line")]]
Status = Literal["ACTIVE", "DRAFT", "ARCHIVED"]
Payments = Literal["paid", "pending", "partially_refunded", "refunded", "unpaid"]
Deliveries = Literal["unfulfilled", "partial", "fulfilled"]
Reason = Literal["CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "STAFF", "OTHER"]
ORDERS, PRODUCTS, CUSTOMERS = ("read_orders",), ("read_products",), ("read_customers",)
STOCK = ("write_inventory", "read_inventory", "read_locations")
SHIPPING = ("read_merchant_managed_fulfillment_orders", "write_merchant_managed_fulfillment_orders")


class Shopify(Aftermath, Integration):
    """Shopify under one person's connection."""

    key = "shopify"
    name = "Shopify"
    category = "commerce"
    aliases = ("shopify", "the store", "online shop", "storefront")
    base_url = "https://{shop}.myshopify.com/admin/api/2026-07/graphql.json"
    slots = {"shop": ""}
    auth = OAuth2(
        authorize_url="https://{shop}.myshopify.com/admin/oauth/authorize",
        token_url="https://{shop}.myshopify.com/admin/oauth/access_token?expiring=1",  # noqa: S106 - an address
        scopes=(
            *ORDERS, "write_orders", *PRODUCTS, "write_products", *STOCK, *CUSTOMERS, "write_customers",
            "write_draft_orders", "write_discounts", *SHIPPING,
        ),
        scope_separator=",",
        header="X-Shopify-Access-Token",
        scheme="",
    )  # fmt: skip
    calls_per_s = 4.0
    webhook = Signature(prefixed("X-Shopify-Hmac-Sha256", ""))
    names = ("product", "location")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """`{errors}`: a sentence beside a status, or a list of `{message, extensions: {code}}` with HTTP 200."""
        return understood(answer)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """One event a delivery; its headers say what happened."""
        topic, told = delivery.headers.get("x-shopify-topic", ""), delivery.data
        kind, identity = mapping.EVENTS.get(topic.partition("/")[0]), told.get("admin_graphql_api_id")
        at = told.get("updated_at") or delivery.headers.get("x-shopify-triggered-at")
        where = mapping.ref(kind, identity, told.get("name") or "") if kind and identity else None
        mark = delivery.headers["x-shopify-webhook-id"]
        return [WebhookEvent(mark, topic, where, datetime.fromisoformat(at) if at else None)]

    @tool("read", scopes=ORDERS)
    async def search_orders(
        self,
        query: Annotated[str | None, "an order number, the customer's name or e-mail, or Shopify search syntax"] = None,
        financial_status: Annotated[Payments | None, "whether they are paid"] = None,
        fulfillment_status: Annotated[Deliveries | None, "whether they are shipped"] = None,
        since: Annotated[date | None, "the first day they were placed on"] = None,
        until: Annotated[date | None, "the last day they were placed on"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Order]:
        """Find store orders by customer, payment, shipping or date, the newest first."""
        words = search.order_query(query, financial_status, fulfillment_status, since, until)
        return [self._to_order(item) for item in await self._list(document.ORDERS, "orders", words, limit)]

    @tool("read", scopes=ORDERS)
    async def get_order(self, order: Annotated[OrderId, "the order, by number such as #1043, link or id"]) -> Order:
        """Show a single store order in full: its lines, payment, address and tracking."""
        return self._to_order(await self._order(order))

    @tool("write", scopes=SHIPPING, proof="read_order", undo="cancel_fulfillment", recover="recover_fulfillment")
    async def fulfill_order(
        self,
        order: Annotated[OrderId, "the order, by number such as #1043, link or id"],
        items: Annotated[Lines | None, "what went out, with how many; all that is open if left out"] = None,
        tracking_number: Annotated[str | None, "the parcel's number"] = None,
        carrier: Annotated[str | None, "who carries it, such as DHL"] = None,
        notify: Annotated[bool, "whether the customer gets an e-mail"] = True,
    ) -> Change:
        """Mark a store order, or a part of it, as shipped."""
        before = await self._order(order)
        opened = (await ask(self.http, document.GET_OPEN, id=order))["order"]["fulfillmentOrders"]["nodes"]
        if "none" in (items or ()):
            raise Rejected("Then there is nothing to ship.")
        sent, pieces = line.parcels(opened, line.counted(items or ()))
        if not sent:
            raise Conflict(f"Nothing of {before['name']} is open to be shipped.")
        told = {name: value for name, value in (("number", tracking_number), ("company", carrier)) if value}
        wanted = {"lineItemsByFulfillmentOrder": sent, "notifyCustomer": notify} | (
            {"trackingInfo": told} if told else {}
        )
        made = (await self._change(document.FULFILL, "fulfillmentCreate", input=wanted))["fulfillment"]
        parcel = mapping.tracked(carrier, tracking_number)
        return self._shipped(before, made["id"], parcel, line.to_ship(before) - pieces)

    @tool("read", scopes=PRODUCTS)
    async def search_products(
        self,
        query: Annotated[str, "words of the title, an article number (SKU), a vendor or a tag"],
        status: Annotated[Status | None, "only those that are live, drafts, or put away"] = None,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Product]:
        """Find products of the store, with their prices and how many are in stock."""
        found = await self._list(document.PRODUCTS, "products", search.product_query(query, status), limit)
        currency = await self._currency() if found else ""
        return [mapping.to_product(item, self._site, currency) for item in found]

    @tool("write", scopes=("write_products",), proof="read_product", undo="restore_product")
    async def update_product(
        self,
        product: Annotated[ProductId, "the product, by title, handle, link or id"],
        title: Annotated[str | None, "new title"] = None,
        status: Annotated[Status | None, "ACTIVE puts it on sale, DRAFT takes it off, ARCHIVED puts it away"] = None,
        price: Annotated[Money | None, "new price, of every variant"] = None,
        tags: Annotated[list[str] | None, "further tags, besides those it has"] = None,
        description: Annotated[Text | None, "new text"] = None,
    ) -> Change:
        """Edit a product of the store: its title, price, tags or text, or whether it is on sale."""
        before = await self._product(product)
        fields = mapping.new_product(before, title, status, tags, description)
        prices = {one["id"]: str(price) for one in before["variants"]["nodes"]} if price is not None else {}
        if not fields and not prices:
            raise Rejected("There is nothing to change.")
        return await self._updated(before, fields, prices)

    @tool("write", scopes=STOCK, proof="read_variant", undo="adjust_inventory", recover="recover_stock")
    async def adjust_inventory(
        self,
        variant: Annotated[str, finds("variant"), "the article, by SKU, or by product and option"],
        change: Annotated[int, "how many more, or with a minus how many fewer"],
        location: Annotated[str | None, finds("location"), "where; needed if several places stock it"] = None,
        reason: Annotated[str, "why, such as damaged, received, lost or correction"] = "correction",
    ) -> Change:
        """Add stock of an article at a location, or take some off."""
        before = await self._variant(variant)
        places = {level["location"]["id"]: level["location"]["name"] for level in mapping.levels(before)}
        if location is None and len(places) != 1:
            raise Rejected(f"Where? {before['displayName']} is stocked at {', '.join(places.values()) or 'no place'}.")
        where = location or next(iter(places))
        await self._stock(before, where, change, reason)
        stock, name = self._to_variant(before).stock_by_place, places.get(where, "")
        expect = {"stock_by_place": stock | {name: stock.get(name, 0) + change}}
        return self._moved(before, where, change, reason, expect)

    @tool("read", scopes=CUSTOMERS)
    async def search_customers(
        self,
        query: Annotated[str, "name, e-mail, phone, tag, or spent over an amount"],
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Customer]:
        """Find people who buy in the store, with what they spent and how often they ordered."""
        found = await self._list(document.CUSTOMERS, "customers", search.customer_query(query), limit)
        return [mapping.to_customer(item, self._site) for item in found]

    @tool("write", scopes=("write_draft_orders", *PRODUCTS), proof="read_draft", undo="delete_draft_order",
          recover="recover_draft")  # fmt: skip
    async def create_draft_order(
        self,
        items: Annotated[list[Annotated[str, finds("item")]], "what is ordered: an article with how many of it"],
        customer: Annotated[str | None, finds("customer"), "who orders, by name or e-mail"] = None,
        discount: Annotated[str | None, "an amount or a percentage off, such as 10%"] = None,
        note: Annotated[Text | None, "a note on it"] = None,
        send_invoice: Annotated[bool, "whether the customer gets the checkout link by e-mail"] = False,
    ) -> Change:
        """Draft an order for a customer, such as one by phone, which is not paid yet."""
        wanted = line.new_draft(items, customer, discount, note)
        made = (await self._change(document.CREATE_DRAFT, "draftOrderCreate", input=wanted))["draftOrder"]
        expect = line.expected_draft(made, wanted)
        if send_invoice:
            made = await self._invoiced(made)
        return self._drafted(made, expect | {"status": "invoice_sent" if send_invoice else "open"})

    @tool("destructive", scopes=("write_orders",), proof="read_order", recover="recover_cancel",
          irreversible="Shopify cannot bring a cancelled order back")  # fmt: skip
    async def cancel_order(
        self,
        order: Annotated[OrderId, "the order, by number such as #1043, link or id"],
        reason: Annotated[Reason, "why: the customer changed their mind, fraud, nothing in stock and so on"],
        refund: Annotated[bool, "whether the money goes back"] = True,
        restock: Annotated[bool, "whether the goods go back into stock"] = True,
        notify: Annotated[bool, "whether the customer gets an e-mail"] = True,
    ) -> Change:
        """Cancel a store order for good, with the money back or without."""
        before = self._to_order(await self._order(order))
        told = {
            "reason": reason,
            "restock": restock,
            "notify": notify,
            "back": {"originalPaymentMethodsRefund": refund},
        }
        await self._change(document.CANCEL_ORDER, "orderCancel", id=order, **told)
        is_paid = before.payment in ("paid", "partially_paid", "partially_refunded")
        expect = {"payment": "refunded"} if refund and is_paid else {}
        return Change(before, expect | {"status": "cancelled", "reason": reason})

    @tool("destructive", scopes=("write_orders",), proof="read_refund", recover="recover_refund",
          irreversible="money that went back to a customer cannot be taken again")  # fmt: skip
    async def refund_order(
        self,
        order: Annotated[OrderId, "the order, by number such as #1043, link or id"],
        items: Annotated[Lines | None, "the lines to refund, with how many; all if left out, or none"] = None,
        amount: Annotated[Money | None, "how much, where it is not the price of the items"] = None,
        shipping: Annotated[bool, "whether what was paid for shipping goes back as well"] = False,
        note: Annotated[Text | None, "why, for the shop's own eyes"] = None,
    ) -> Change:
        """Give a customer money back on a store order, without cancelling it."""
        if shipping and not items and amount is None:
            raise Rejected("Only the shipping, or the goods as well? Say which items: all, or none.")
        return await self._refunded(order, items or (), amount, shipping, note)

    @tool(
        "write", scopes=("write_discounts",), proof="read_discount", undo="delete_discount", recover="recover_discount"
    )
    async def create_discount(
        self,
        code: Annotated[str, "the code that customers type, such as SPRING15"],
        value: Annotated[str, "an amount or a percentage off, such as 15%"],
        starts: Annotated[datetime | None, "from when on; now if left out"] = None,
        ends: Annotated[datetime | None, "until when"] = None,
        usage_limit: Annotated[int | None, "how often it can be used in all"] = None,
        minimum: Annotated[Money | None, "the smallest order that it works on"] = None,
    ) -> Change:
        """Set up a discount or voucher code for the store's checkout."""
        wanted = new_discount(code, value, starts, ends, usage_limit, minimum)
        made = await self._change(document.CREATE_DISCOUNT, "discountCodeBasicCreate", input=wanted)
        node = made["codeDiscountNode"]
        return self._offered(node, expected_discount(node, value, starts, ends, usage_limit, minimum))
