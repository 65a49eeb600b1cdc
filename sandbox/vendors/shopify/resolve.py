"""How each field of the schema is read from the rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, GraphQLResolveInfo

from sandbox.company import Person
from sandbox.exchange import Json, page
from sandbox.vendors.shopify.filter import compiled
from sandbox.vendors.shopify.seed import CURRENCY, stamp

if TYPE_CHECKING:
    from sandbox.vendor import Vendor

NEEDS = {
    "orders": "read_orders", "order": "read_orders", "refund": "read_orders", "products": "read_products",
    "product": "read_products", "productVariants": "read_products", "customers": "read_customers",
    "customer": "read_customers", "locations": "read_locations", "draftOrders": "read_draft_orders",
    "draftOrder": "read_draft_orders", "codeDiscountNode": "read_discounts", "codeDiscountNodes": "read_discounts",
    "orderCancel": "write_orders", "refundCreate": "write_orders", "productUpdate": "write_products",
    "productVariantsBulkUpdate": "write_products", "inventoryAdjustQuantities": "write_inventory",
    "draftOrderCreate": "write_draft_orders", "draftOrderDelete": "write_draft_orders",
    "draftOrderInvoiceSend": "write_draft_orders", "discountCodeBasicCreate": "write_discounts",
    "discountCodeDelete": "write_discounts", "fulfillmentCreate": "write_merchant_managed_fulfillment_orders",
    "fulfillmentCancel": "write_merchant_managed_fulfillment_orders",
}  # fmt: skip
TABLES = {"orders": "orders", "products": "products", "productVariants": "variants", "customers": "customers",
          "locations": "locations", "draftOrders": "drafts", "codeDiscountNodes": "discounts"}  # fmt: skip
ONE = {"order": "orders", "product": "products", "customer": "customers", "draftOrder": "drafts",
       "codeDiscountNode": "discounts"}  # fmt: skip
SORTED = {"CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt", "TITLE": "title", "NAME": "name", "SKU": "sku"}


def snake(name: str) -> str:
    """`draftOrderCreate` as `draft_order_create`."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda hit: "_" + hit[1].lower(), name).lower()


def bag(amount: Decimal | str) -> Json:
    """An amount in the shop's currency and the buyer's, which are the same here."""
    money = {"amount": f"{Decimal(amount):.2f}", "currencyCode": CURRENCY}
    return {"shopMoney": money, "presentmentMoney": money}


def denied(field: str, needed: str) -> GraphQLError:
    """The error of a scope that the token lacks."""
    more = {"code": "ACCESS_DENIED", "documentation": "https://shopify.dev/api/usage/access-scopes",
            "requiredAccess": f"`{needed}` access scope."}  # fmt: skip
    return GraphQLError(f"Access denied for {field} field. Required access: `{needed}` access scope.", extensions=more)


class Reading:
    """One request of one person: resolves queries and the fields of every row."""

    def __init__(self, vendor: Vendor, person: Person, scopes: list[str] | None) -> None:
        self.vendor = vendor
        self.person = person
        self.scopes = scopes
        self.state: Json = vendor.state

    def resolve(self, source: Any, info: GraphQLResolveInfo[Any], **args: Any) -> Any:
        """The value of any field."""
        parent, name = info.parent_type.name, info.field_name
        if parent in ("QueryRoot", "Mutation"):
            self._check(name)
            return getattr(self, f"do_{snake(name)}", self._query)(name=name, info=info, **args)
        special: Callable[..., Any] | None = getattr(self, f"{snake(parent)}_{snake(name)}", None)
        found = special(source, **args) if special else source.get(name)
        if str(info.return_type).rstrip("!").endswith("Connection") and isinstance(found, list):
            return self.connection(found, **args)
        if name == "legacyResourceId":
            return str(source["id"]).rpartition("/")[2]
        return found

    def _check(self, name: str) -> None:
        needed = NEEDS.get(name)
        held = set(self.scopes or ())
        held |= {scope.replace("write_", "read_") for scope in held}
        if needed and self.scopes is not None and needed not in held:
            raise denied(name, needed)

    def connection(
        self, rows: Sequence[Json], first: int | None = None, after: str | None = None, reverse: bool = False, **_: Any
    ) -> Json:
        """A page of rows."""
        if first is None or not 0 < first <= 250:
            said = "you must provide one of first or last" if first is None else "first is limited to 250"
            raise GraphQLError(said, extensions={"code": "BAD_REQUEST"})
        nodes, cursor = page(list(rows)[::-1] if reverse else list(rows), after, first)
        info = {
            "hasNextPage": cursor is not None,
            "endCursor": cursor,
            "hasPreviousPage": bool(after),
            "startCursor": after,
        }
        return {"nodes": nodes, "pageInfo": info}

    def _query(
        self,
        name: str,
        info: Any,
        id: str = "",
        query: str | None = None,
        sortKey: str = "ID",  # noqa: N803
        **args: Any,
    ) -> Any:
        if name in ONE:
            return self.state[ONE[name]].get(id)
        fits, fields = compiled(query), getattr(self, f"search_{TABLES[name]}")
        rows = [row for row in self.state[TABLES[name]].values() if fits(fields(row))]
        if sortKey in SORTED:
            rows.sort(key=lambda row: str(row.get(SORTED[sortKey]) or ""))
        return self.connection(rows, **args)

    def do_shop(self, **_: Any) -> Json:
        slug = self.vendor.company.slug
        return {
            "id": "gid://shopify/Shop/68214057213", "name": f"{self.vendor.company.name} Shop",
            "email": f"shop@{self.vendor.company.domain}", "myshopifyDomain": f"{slug}.myshopify.com",
            "currencyCode": CURRENCY, "ianaTimezone": "Europe/Amsterdam", "url": f"https://{slug}.myshopify.com",
        }  # fmt: skip

    def do_refund(self, id: str, **_: Any) -> Json | None:
        return next(
            (one for order in self.state["orders"].values() for one in order["refunds"] if one["id"] == id), None
        )

    # what a search looks at

    def search_orders(self, row: Json) -> Json:
        name = self.customer_display_name(self.state["customers"][row["customerId"]])
        paid = self.order_display_financial_status(row).lower()
        shipped = {"FULFILLED": ["fulfilled", "shipped"], "PARTIALLY_FULFILLED": ["partial"]}
        return {
            "": [row["name"].lstrip("#"), row["name"], name, row["email"], *(line["title"] for line in row["lines"])],
            "id": row["id"].rpartition("/")[2], "name": row["name"], "email": row["email"], "tag": row["tags"],
            "created_at": row["createdAt"], "updated_at": row["updatedAt"],
            "financial_status": [paid, *(["unpaid"] if paid in ("pending", "authorized", "partially_paid") else [])],
            "fulfillment_status": shipped.get(self.order_display_fulfillment_status(row), ["unfulfilled", "unshipped"]),
            "status": "cancelled" if row["cancelledAt"] else "closed" if row["closed"] else "open",
        }  # fmt: skip

    def search_products(self, row: Json) -> Json:
        skus = [one["sku"] for one in self._variants(row)]
        return {
            "": [row["title"], row["productType"], row["vendor"], *row["tags"], *skus], "title": row["title"],
            "id": row["id"].rpartition("/")[2], "sku": skus, "tag": row["tags"], "vendor": row["vendor"],
            "status": row["status"], "handle": row["handle"], "updated_at": row["updatedAt"],
            "created_at": row["createdAt"], "inventory_total": self.product_total_inventory(row),
            "product_type": row["productType"],
        }  # fmt: skip

    def search_variants(self, row: Json) -> Json:
        return {"": [self.product_variant_display_name(row), row["sku"]], "sku": row["sku"], "title": row["title"],
                "id": row["id"].rpartition("/")[2], "updated_at": row["updatedAt"]}  # fmt: skip

    def search_customers(self, row: Json) -> Json:
        spent = float(self.customer_amount_spent(row)["amount"])
        return {
            "": [row["firstName"], *row["lastName"].split(), self.customer_display_name(row), row["email"],
                 row["phone"]],
            "email": row["email"], "phone": row["phone"].replace(" ", ""), "tag": row["tags"], "total_spent": spent,
            "orders_count": len(self._bought(row)), "updated_at": row["updatedAt"],
        }  # fmt: skip

    def search_locations(self, row: Json) -> Json:
        return {"": [row["name"]], "name": row["name"]}

    def search_drafts(self, row: Json) -> Json:
        return {
            "": [row["name"]],
            "status": row["status"],
            "created_at": row["createdAt"],
            "updated_at": row["updatedAt"],
        }

    def search_discounts(self, row: Json) -> Json:
        return {"": [row["code"]], "title": row["title"], "status": self._turn(row), "code": row["code"]}

    # the computed fields of each type

    def customer_display_name(self, row: Json) -> str:
        return f"{row['firstName']} {row['lastName']}".strip() or str(row["email"])

    def customer_number_of_orders(self, row: Json) -> str:
        return str(len(self._bought(row)))

    def customer_amount_spent(self, row: Json) -> Json:
        money: Json = bag(sum((self.paid(one) for one in self._bought(row)), Decimal(0)))["shopMoney"]
        return money

    def customer_default_email_address(self, row: Json) -> Json:
        return {"emailAddress": row["email"]}

    def customer_default_phone_number(self, row: Json) -> Json:
        return {"phoneNumber": row["phone"].replace(" ", "")}

    def customer_last_order(self, row: Json) -> Json | None:
        return next(reversed(self._bought(row)), None)

    def product_variants(self, row: Json, **_: Any) -> list[Json]:
        return self._variants(row)

    def product_total_inventory(self, row: Json) -> int:
        return sum(self.product_variant_inventory_quantity(one) for one in self._variants(row))

    def product_description(self, row: Json, **_: Any) -> str:
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row["descriptionHtml"])).strip()

    def product_variant_product(self, row: Json) -> Any:
        return self.state["products"][row["productId"]]

    def product_variant_display_name(self, row: Json) -> str:
        title = self.state["products"][row["productId"]]["title"]
        return title if row["title"] == "Default Title" else f"{title} - {row['title']}"

    def product_variant_inventory_quantity(self, row: Json) -> int:
        return sum(level["available"] for level in self._levels(row["inventoryItemId"]))

    def product_variant_inventory_item(self, row: Json) -> Json:
        return {"id": row["inventoryItemId"], "sku": row["sku"], "tracked": True}

    def inventory_item_inventory_levels(self, row: Json, **_: Any) -> list[Json]:
        return self._levels(row["id"])

    def inventory_level_is_active(self, row: Json) -> bool:
        return True

    def inventory_level_location(self, row: Json) -> Any:
        return self.state["locations"][row["locationId"]]

    def inventory_level_quantities(self, row: Json, names: list[str]) -> list[Json]:
        held = {"available": row["available"], "on_hand": row["available"], "committed": 0}
        return [
            {"id": f"{row['id']}?name={name}", "name": name, "quantity": held[name]} for name in names if name in held
        ]

    def order_customer(self, row: Json) -> Any:
        return self.state["customers"].get(row["customerId"])

    def order_processed_at(self, row: Json) -> Any:
        return row["createdAt"]

    def order_currency_code(self, row: Json) -> str:
        return CURRENCY

    def order_line_items(self, row: Json, **_: Any) -> Any:
        return row["lines"]

    def order_shipping_line(self, row: Json) -> Json:
        return {"title": "Standard", "originalPriceSet": bag(row["shipping"])}

    def order_shipping_address(self, row: Json) -> Json:
        name = self.customer_display_name(self.state["customers"][row["customerId"]])
        return {"id": f"{row['id']}/address", "name": name, "city": row["city"], "country": None,
                "formatted": [name, "Marktstraat 4", row["city"]]}  # fmt: skip

    def mailing_address_formatted(self, row: Json, **_: Any) -> Any:
        return row["formatted"]

    def order_total_price_set(self, row: Json) -> Json:
        return bag(self._worth(row, "quantity") + Decimal(row["shipping"]))

    def order_current_total_price_set(self, row: Json) -> Json:
        goods = sum((Decimal(one["price"]) * (one["quantity"] - one["refunded"]) for one in row["lines"]), Decimal(0))
        return bag(goods + Decimal(row["shipping"]) - Decimal(row["shippingRefunded"]))

    def order_total_refunded_set(self, row: Json) -> Json:
        return bag(self.given_back(row))

    def order_display_financial_status(self, row: Json) -> str:
        received, back = self.paid(row), self.given_back(row)
        if not received:
            return "VOIDED" if row["cancelledAt"] else "PENDING"
        return "PAID" if not back else "REFUNDED" if back >= received else "PARTIALLY_REFUNDED"

    def order_display_fulfillment_status(self, row: Json) -> str:
        shipped, left = sum(one["shipped"] for one in row["lines"]), sum(map(self.left, row["lines"]))
        return "UNFULFILLED" if not shipped else "PARTIALLY_FULFILLED" if left else "FULFILLED"

    def order_fulfillment_orders(self, row: Json, **_: Any) -> Any:
        return [{**one, "order": row} for one in row["fulfillmentOrders"]]

    def order_suggested_refund(
        self, row: Json, refundLineItems: Sequence[Json] = (), refundShipping: bool = False,  # noqa: N803
        suggestFullRefund: bool = False, **_: Any,  # noqa: N803
    ) -> Json:  # fmt: skip
        most = self.paid(row) - self.given_back(row)
        if suggestFullRefund:
            amount = most
        else:
            prices = {line["id"]: Decimal(line["price"]) for line in row["lines"]}
            goods = sum((prices[one["lineItemId"]] * one["quantity"] for one in refundLineItems), Decimal(0))
            shipping = Decimal(row["shipping"]) - Decimal(row["shippingRefunded"]) if refundShipping else Decimal(0)
            amount = min(most, goods + shipping)
        sale = next((one for one in row["transactions"] if one["kind"] == "SALE"), None)
        told = [{"amountSet": bag(amount), "gateway": sale["gateway"], "parentTransaction": sale}] if sale else []
        return {"amountSet": bag(amount), "suggestedTransactions": told}

    def line_item_name(self, row: Json) -> str:
        return f"{row['title']} - {row['option']}" if row["option"] else str(row["title"])

    def line_item_current_quantity(self, row: Json) -> int:
        return int(row["quantity"]) - int(row["refunded"])

    def line_item_unfulfilled_quantity(self, row: Json) -> int:
        return self.left(row)

    def line_item_refundable_quantity(self, row: Json) -> int:
        return int(row["quantity"]) - int(row["refunded"])

    def line_item_original_unit_price_set(self, row: Json) -> Json:
        return bag(row["price"])

    def line_item_variant(self, row: Json) -> Any:
        return self.state["variants"].get(row["variantId"])

    def fulfillment_tracking_info(self, row: Json, **_: Any) -> list[Json]:
        return [{"url": None, **row["parcel"]}] if row["parcel"] else []

    def fulfillment_total_quantity(self, row: Json) -> int:
        return sum(one["quantity"] for one in row["lines"])

    def fulfillment_order(self, row: Json) -> Any:
        return next(one for one in self.state["orders"].values() if row in one["fulfillments"])

    def fulfillment_order_line_items(self, row: Json, **_: Any) -> list[Json]:
        lines = {one["id"]: one for one in row["order"]["lines"]}
        return [{**one, "lineItem": lines[one["lineId"]], "remainingQuantity": one["remaining"],
                 "totalQuantity": one["total"]} for one in row["lines"]]  # fmt: skip

    def order_transaction_amount_set(self, row: Json) -> Json:
        return bag(row["amount"])

    def refund_order(self, row: Json) -> Any:
        return self.state["orders"][row["orderId"]]

    def refund_updated_at(self, row: Json) -> Any:
        return row["createdAt"]

    def refund_total_refunded_set(self, row: Json) -> Json:
        return bag(sum((Decimal(one["amount"]) for one in self.refund_transactions(row)), Decimal(0)))

    def refund_refund_line_items(self, row: Json, **_: Any) -> list[Json]:
        lines = {one["id"]: one for one in self.state["orders"][row["orderId"]]["lines"]}
        return [{**one, "lineItem": lines[one["lineId"]], "restockType": "NO_RESTOCK"} for one in row["lines"]]

    def refund_transactions(self, row: Json, **_: Any) -> list[Json]:
        return [
            one for one in self.state["orders"][row["orderId"]]["transactions"] if one["id"] in row["transactionIds"]
        ]

    def draft_order_customer(self, row: Json) -> Any:
        return self.state["customers"].get(row["customerId"])

    def draft_order_total_price_set(self, row: Json) -> Json:
        goods, off = self._worth(row, "quantity"), row["appliedDiscount"]
        if off:
            value = Decimal(str(off["value"]))
            goods -= goods * value / 100 if off["valueType"] == "PERCENTAGE" else value
        return bag(max(goods, Decimal(0)))

    def draft_order_line_items(self, row: Json, **_: Any) -> Any:
        return row["lines"]

    draft_order_line_item_name = line_item_name
    draft_order_line_item_original_unit_price_set = line_item_original_unit_price_set
    draft_order_line_item_variant = line_item_variant

    def discount_code_node_code_discount(self, row: Json) -> Json:
        value: Json = {"__typename": "DiscountPercentage", "percentage": row["percentage"]}
        if row["amount"]:
            value = {
                "__typename": "DiscountAmount",
                "amount": bag(row["amount"])["shopMoney"],
                "appliesOnEachItem": False,
            }
        least = row["minimum"] and {
            "__typename": "DiscountMinimumSubtotal", "greaterThanOrEqualToSubtotal": bag(row["minimum"])["shopMoney"],
        }  # fmt: skip
        off = f"{row['percentage'] * 100:g}%" if row["percentage"] else f"€{row['amount']}"
        return {**row, "__typename": "DiscountCodeBasic", "status": self._turn(row), "asyncUsageCount": row["used"],
                "summary": f"{off} off entire order", "customerGets": {"value": value}, "minimumRequirement": least,
                "codes": [{"id": f"{row['id']}/code", "code": row["code"],
                           "asyncUsageCount": row["used"]}]}  # fmt: skip

    # what the rows amount to

    def paid(self, row: Json) -> Decimal:
        """What came in for an order."""
        return sum((Decimal(one["amount"]) for one in row["transactions"] if one["kind"] == "SALE"), Decimal(0))

    def given_back(self, row: Json) -> Decimal:
        """What went back of it."""
        return sum((Decimal(one["amount"]) for one in row["transactions"] if one["kind"] == "REFUND"), Decimal(0))

    def left(self, line: Json) -> int:
        """How many of a line are to be shipped yet."""
        return max(
            0, int(line["quantity"]) - int(line["shipped"]) - (int(line["refunded"]) if not line["shipped"] else 0)
        )

    def now(self) -> str:
        """The present moment as Shopify writes it."""
        return stamp(self.vendor.world.time())

    def _worth(self, row: Json, quantity: str) -> Decimal:
        return sum((Decimal(one["price"]) * one[quantity] for one in row["lines"]), Decimal(0))

    def _variants(self, product: Json) -> list[Json]:
        return [one for one in self.state["variants"].values() if one["productId"] == product["id"]]

    def _levels(self, item: str) -> list[Json]:
        return [one for one in self.state["levels"].values() if one["itemId"] == item]

    def _bought(self, customer: Json) -> list[Json]:
        return [one for one in self.state["orders"].values() if one["customerId"] == customer["id"]]

    def _turn(self, row: Json) -> str:
        now = self.now()
        return (
            "EXPIRED" if row["endsAt"] and row["endsAt"] < now else "SCHEDULED" if row["startsAt"] > now else "ACTIVE"
        )
