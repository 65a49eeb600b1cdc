"""Shopify's mutations; what is wrong with the values stands in the payload."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from graphql import (
    DirectiveLocation,
    GraphQLArgument,
    GraphQLDirective,
    GraphQLError,
    GraphQLNonNull,
    GraphQLResolveInfo,
    GraphQLString,
    get_directive_values,
)

from sandbox.exchange import Json
from sandbox.vendors.shopify.resolve import Reading
from sandbox.vendors.shopify.seed import gid, stamp

KEYED = GraphQLDirective(
    "idempotent", [DirectiveLocation.FIELD], {"key": GraphQLArgument(GraphQLNonNull(GraphQLString))}
)
REASONS = {"correction", "cycle_count_available", "damaged", "movement_created", "other", "promotion",
           "quality_control",
           "received", "restock", "safety_stock", "shrinkage"}  # fmt: skip


def wrong(said: str, *field: str, errors: str = "userErrors", **more: Any) -> Json:
    """A payload that only says what is wrong."""
    return {errors: [{"field": list(field) or None, "message": said, **more}]}


class Changing(Reading):
    """The mutations; each answers what it changed."""

    def do_fulfillment_create(self, fulfillment: Json, **_: Any) -> Json:
        chosen: list[tuple[Json, Json, int]] = []
        order: Json | None = None
        for group in fulfillment["lineItemsByFulfillmentOrder"]:
            found = self._opened(group["fulfillmentOrderId"])
            if found is None or found[1]["status"] not in ("OPEN", "IN_PROGRESS"):
                return wrong("Fulfillment order does not exist or is not open.", "fulfillment")
            order, opened = found
            rows = {row["id"]: row for row in opened["lines"]}
            wanted = group.get("fulfillmentOrderLineItems") or [
                {"id": row["id"], "quantity": row["remaining"]} for row in opened["lines"]
            ]
            for one in wanted:
                row = rows.get(one["id"])
                if row is None or not 0 < one["quantity"] <= row["remaining"]:
                    return wrong("Invalid fulfillment order line item quantity requested.", "fulfillment")
                chosen.append((opened, row, one["quantity"]))
        if order is None or not chosen:
            return wrong("Line items can't be blank.", "fulfillment")
        lines = {line["id"]: line for line in order["lines"]}
        for opened, row, number in chosen:
            row["remaining"] -= number
            lines[row["lineId"]]["shipped"] += number
            is_done = all(not one["remaining"] for one in opened["lines"])
            opened["status"] = "CLOSED" if is_done else "IN_PROGRESS"
        told = fulfillment.get("trackingInfo") or {}
        parcel = {"company": told.get("company"), "number": told.get("number")} if told else None
        now, place = self.now(), len(order["fulfillments"]) + 1
        made = {
            "id": gid("Fulfillment", order["id"], self.vendor.count("fulfillment")),
            "name": f"{order['name']}-F{place}",
            "status": "SUCCESS", "createdAt": now, "updatedAt": now, "parcel": parcel,
            "lines": [{"id": row["id"], "quantity": number} for _, row, number in chosen],
        }  # fmt: skip
        order["fulfillments"].append(made)
        self._touch(
            order, "orders/fulfilled" if not sum(map(self.left, order["lines"])) else "orders/partially_fulfilled"
        )
        return {"fulfillment": made, "userErrors": []}

    def do_fulfillment_cancel(self, id: str, **_: Any) -> Json:
        for order in self.state["orders"].values():
            made = next((one for one in order["fulfillments"] if one["id"] == id), None)
            if made is None:
                continue
            if made["status"] == "CANCELLED":
                return wrong("Fulfillment is already cancelled.", "id")
            made |= {"status": "CANCELLED", "updatedAt": self.now()}
            lines = {line["id"]: line for line in order["lines"]}
            rows = {row["id"]: (row, one) for one in order["fulfillmentOrders"] for row in one["lines"]}
            for part in made["lines"]:
                row, opened = rows[part["id"]]
                row["remaining"] += part["quantity"]
                lines[row["lineId"]]["shipped"] -= part["quantity"]
                opened["status"] = (
                    "OPEN" if all(one["remaining"] == one["total"] for one in opened["lines"]) else "IN_PROGRESS"
                )
            self._touch(order, "orders/updated")
            return {"fulfillment": made, "userErrors": []}
        return wrong("Fulfillment does not exist.", "id")

    def do_product_update(self, product: Json, **_: Any) -> Json:
        row = self.state["products"].get(product.get("id"))
        if row is None:
            return wrong("Product does not exist", "id")
        if not (product.get("title", "x") or "").strip():
            return wrong("Title can't be blank", "title")
        row |= {name: value for name, value in product.items() if name != "id"}
        row["tags"] = sorted(row["tags"])
        self._touch(row, "products/update")
        return {"product": row, "userErrors": []}

    def do_product_variants_bulk_update(self, productId: str, variants: list[Json], **_: Any) -> Json:  # noqa: N803
        product = self.state["products"].get(productId)
        if product is None:
            return wrong("Product does not exist", "productId", code="PRODUCT_DOES_NOT_EXIST")
        rows = []
        for place, one in enumerate(variants):
            row = self.state["variants"].get(one.get("id"))
            if row is None or row["productId"] != productId:
                return wrong(
                    "Product variant does not exist", "variants", str(place), code="PRODUCT_VARIANT_DOES_NOT_EXIST"
                )
            try:
                price = f"{Decimal(str(one.get('price', row['price']))):.2f}"
            except InvalidOperation:
                return wrong("Price is not a number", "variants", str(place), "price")
            if Decimal(price) < 0:
                return wrong("Price must be greater than or equal to 0", "variants", str(place), "price")
            rows.append((row, price))
        for row, price in rows:
            row |= {"price": price, "updatedAt": self.now()}
        self._touch(product, "products/update")
        return {"product": product, "productVariants": [row for row, _ in rows], "userErrors": []}

    def do_inventory_adjust_quantities(self, info: GraphQLResolveInfo[Any], input: Json, **_: Any) -> Json:
        def act() -> Json:
            levels = []
            if input["name"] != "available" or input["reason"] not in REASONS:
                code = "INVALID_REASON" if input["name"] == "available" else "INVALID_QUANTITY_NAME"
                return wrong("The specified reason is invalid.", "input", "reason", code=code)
            for place, one in enumerate(input["changes"]):
                if "changeFromQuantity" not in one:
                    raise GraphQLError("changeFromQuantity must be given", extensions={"code": "BAD_REQUEST"})
                level = next((level for level in self._levels(one["inventoryItemId"])
                              if level["locationId"] == one["locationId"]), None)  # fmt: skip
                if level is None:
                    code = "ITEM_NOT_STOCKED_AT_LOCATION"
                    return wrong("The specified inventory item is not stocked at the location.", "input", "changes",
                                 str(place), "locationId", code=code)  # fmt: skip
                if one["changeFromQuantity"] not in (None, level["available"]):
                    return wrong("The quantity changed meanwhile.", "input", code="CHANGE_FROM_QUANTITY_STALE")
                levels.append((level, one["delta"]))
            changes = []
            for level, delta in levels:
                level["available"] += delta
                changes.append({"name": "available", "delta": delta, "quantityAfterChange": None})
                told = {"inventory_item_id": level["itemId"].rpartition("/")[2], "available": level["available"],
                        "location_id": level["locationId"].rpartition("/")[2], "updated_at": self.now(),
                        "admin_graphql_api_id": level["id"]}  # fmt: skip
                self._tell("inventory_levels/update", told)
            group = {"id": gid("InventoryAdjustmentGroup", self.vendor.count("adjustment")), "reason": input["reason"],
                     "createdAt": self.now(), "changes": changes}  # fmt: skip
            return {"inventoryAdjustmentGroup": group, "userErrors": []}

        return self._once(info, input, act)

    def do_draft_order_create(self, input: Json, **_: Any) -> Json:
        lines = []
        for place, one in enumerate(input.get("lineItems") or ()):
            variant = self.state["variants"].get(one.get("variantId"))
            if variant is None:
                return wrong("Product with ID is no longer available.", "lineItems", str(place), "variantId")
            if one["quantity"] < 1:
                return wrong("Quantity must be greater than or equal to 1", "lineItems", str(place), "quantity")
            lines.append({
                "id": gid("DraftOrderLineItem", self.vendor.count("draft line")), "variantId": variant["id"],
                "quantity": one["quantity"], "sku": variant["sku"], "price": variant["price"],
                "title": self.state["products"][variant["productId"]]["title"],
                "option": "" if variant["title"] == "Default Title" else variant["title"],
            })  # fmt: skip
        if not lines:
            return wrong("Add at least 1 product", "lineItems")
        customer = self.state["customers"].get(input.get("customerId"))
        if input.get("customerId") and customer is None:
            return wrong("Customer does not exist", "customerId")
        off = input.get("appliedDiscount")
        number, now = self.vendor.count("draft"), self.now()
        identity = gid("DraftOrder", number)
        row = {
            "id": identity, "name": f"#D{number}", "status": "OPEN", "note2": input.get("note"), "tags": [],
            "email": customer["email"] if customer else input.get("email"), "createdAt": now, "updatedAt": now,
            "invoiceUrl": f"https://fernwick.myshopify.com/invoices/{self.vendor.ident(20, identity)}",
            "invoiceSentAt": None,
            "customerId": customer["id"] if customer else None, "lines": lines,
            "appliedDiscount": {"value": off["value"], "valueType": off["valueType"]} if off else None,
        }  # fmt: skip
        self.state["drafts"][identity] = row
        self._touch(row, "draft_orders/create")
        return {"draftOrder": row, "userErrors": []}

    def do_draft_order_invoice_send(self, id: str, email: Json | None = None, **_: Any) -> Json:
        row = self.state["drafts"].get(id)
        if row is None:
            return wrong("Draft order does not exist", "id")
        if not (row["email"] or (email or {}).get("to")):
            return wrong("To can't be blank", "email", "to")
        row |= {"status": "INVOICE_SENT", "invoiceSentAt": self.now()}
        self._touch(row, "draft_orders/update")
        return {"draftOrder": row, "userErrors": []}

    def do_draft_order_delete(self, input: Json, **_: Any) -> Json:
        if self.state["drafts"].pop(input["id"], None) is None:
            return wrong("Draft order does not exist", "id")
        self._tell("draft_orders/delete", {"id": input["id"].rpartition("/")[2]})
        return {"deletedId": input["id"], "userErrors": []}

    def do_order_cancel(
        self, orderId: str, reason: str, restock: bool, refundMethod: Json | None = None, refund: bool = False, **_: Any  # noqa: N803
    ) -> Json:  # fmt: skip
        row, errors = self.state["orders"].get(orderId), "orderCancelUserErrors"
        if row is None:
            return wrong("Order does not exist", "orderId", errors=errors, code="NOT_FOUND")
        if row["cancelledAt"]:
            return wrong("Order has already been cancelled", "orderId", errors=errors, code="INVALID")
        if any(one["status"] == "SUCCESS" for one in row["fulfillments"]):
            return wrong("Cannot cancel an order that has been fulfilled", "orderId", errors=errors, code="INVALID")
        row |= {"cancelledAt": self.now(), "cancelReason": reason, "closed": True}
        for opened in row["fulfillmentOrders"]:
            opened["status"] = "CLOSED"
        if restock:
            for line in row["lines"]:
                item = self.state["variants"][line["variantId"]]["inventoryItemId"]
                for level in self._levels(item)[:1]:
                    level["available"] += line["quantity"] - line["refunded"]
        if (refundMethod or {}).get("originalPaymentMethodsRefund", refund):
            rows = [(line, line["quantity"] - line["refunded"]) for line in row["lines"]]
            self._give_back(row, self.paid(row) - self.given_back(row), rows, None)
            row["shippingRefunded"] = row["shipping"]
        self._touch(row, "orders/cancelled")
        return {"job": {"id": gid("Job", self.vendor.count("job")), "done": False}, "orderCancelUserErrors": []}

    def do_refund_create(self, info: GraphQLResolveInfo[Any], input: Json, **_: Any) -> Json:
        def act() -> Json:
            row = self.state["orders"].get(input["orderId"])
            if row is None:
                return wrong("Order does not exist", "orderId")
            amount = sum((Decimal(one["amount"]) for one in input.get("transactions") or ()), Decimal(0))
            if amount > self.paid(row) - self.given_back(row):
                return wrong("Refund amount is greater than net payment received", "transactions")
            lines = {line["id"]: line for line in row["lines"]}
            parts = []
            for one in input.get("refundLineItems") or ():
                line = lines.get(one["lineItemId"])
                if line is None or one["quantity"] > line["quantity"] - line["refunded"]:
                    return wrong("Quantity cannot refund more items than were purchased", "refundLineItems", "quantity")
                parts.append((line, one["quantity"]))
            if (input.get("shipping") or {}).get("fullRefund"):
                row["shippingRefunded"] = row["shipping"]
            made = self._give_back(row, amount, parts, input.get("note"))
            self._touch(row, "orders/updated")
            self._tell("refunds/create", {"id": made["id"].rpartition("/")[2], "admin_graphql_api_id": made["id"],
                                          "order_id": row["id"].rpartition("/")[2], "note": made["note"]})  # fmt: skip
            return {"order": row, "refund": made, "userErrors": []}

        return self._once(info, input, act)

    def do_discount_code_basic_create(self, basicCodeDiscount: Json, **_: Any) -> Json:  # noqa: N803
        told, where = basicCodeDiscount, "basicCodeDiscount"
        code = (told.get("code") or "").strip()
        if not code:
            return wrong("Code can't be blank", where, "code", code="BLANK")
        if any(one["code"].lower() == code.lower() for one in self.state["discounts"].values()):
            return wrong("Code must be unique. Please try a different code.", where, "code", code="TAKEN")
        value = (told.get("customerGets") or {}).get("value") or {}
        percentage, amount = value.get("percentage"), (value.get("discountAmount") or {}).get("amount")
        if (percentage is None) == (amount is None) or (percentage is not None and not 0 < percentage <= 1):
            return wrong(
                "Value must be between 0.0 and 1.0", where, "customerGets", "value", code="VALUE_OUTSIDE_RANGE"
            )
        starts, ends = _utc(told.get("startsAt")), _utc(told.get("endsAt"))
        if ends and starts and ends <= starts:
            return wrong("Ends at must be after starts at", where, "endsAt", code="END_DATE_BEFORE_START_DATE")
        identity, now = gid("DiscountCodeNode", code, self.vendor.count("discount")), self.now()
        least = ((told.get("minimumRequirement") or {}).get("subtotal") or {}).get("greaterThanOrEqualToSubtotal")
        row = {
            "id": identity, "code": code, "title": told.get("title") or code, "createdAt": now, "updatedAt": now,
            "startsAt": starts or now, "endsAt": ends, "usageLimit": told.get("usageLimit"), "minimum": least,
            "percentage": percentage, "amount": amount, "used": 0,
        }  # fmt: skip
        self.state["discounts"][identity] = row
        self._tell("discounts/create", {"admin_graphql_api_id": identity, "title": row["title"], "updated_at": now})
        return {"codeDiscountNode": row, "userErrors": []}

    def do_discount_code_delete(self, id: str, **_: Any) -> Json:
        if self.state["discounts"].pop(id, None) is None:
            return wrong("Discount does not exist.", "id", code="INVALID")
        self._tell("discounts/delete", {"admin_graphql_api_id": id})
        return {"deletedCodeDiscountId": id, "userErrors": []}

    def _opened(self, identity: str) -> tuple[Json, Json] | None:
        for order in self.state["orders"].values():
            for opened in order["fulfillmentOrders"]:
                if opened["id"] == identity:
                    return order, opened
        return None

    def _give_back(self, row: Json, amount: Decimal, parts: list[tuple[Json, int]], note: str | None) -> Json:
        number, now = self.vendor.count("refund"), self.now()
        sale = next((one["id"] for one in row["transactions"] if one["kind"] == "SALE"), None)
        transaction = {"id": gid("OrderTransaction", "refund", number), "kind": "REFUND", "status": "SUCCESS",
                       "gateway": "shopify_payments", "amount": f"{amount:.2f}", "createdAt": now,
                       "parentId": sale}  # fmt: skip
        row["transactions"].append(transaction)
        for line, quantity in parts:
            line["refunded"] += quantity
        made = {"id": gid("Refund", number), "orderId": row["id"], "note": note, "createdAt": now,
                "lines": [{"lineId": line["id"], "quantity": quantity} for line, quantity in parts],
                "transactionIds": [transaction["id"]]}  # fmt: skip
        row["refunds"].append(made)
        return made

    def _once(self, info: GraphQLResolveInfo[Any], input: Json, act: Any) -> Json:
        """What a key answered before, it answers again; with other values it is refused."""
        told = get_directive_values(KEYED, info.field_nodes[0], info.variable_values)
        if not told:
            raise GraphQLError("The @idempotent directive is required", extensions={"code": "BAD_REQUEST"})
        sent, kept = json.dumps(input, sort_keys=True, default=str), self.state["kept"]
        key = f"{info.field_name} {told['key']}"
        if key in kept and kept[key]["sent"] != sent:
            more = {"code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"} if info.field_name.startswith("inventory") else {}
            return wrong("The key was used with other values.", **more)
        if key not in kept:
            answer = act()
            if answer["userErrors"]:
                return answer  # type: ignore[no-any-return]
            kept[key] = {"sent": sent, "answer": json.loads(json.dumps(answer, default=str))}
        found: Json = kept[key]["answer"]
        return found

    def _touch(self, row: Json, topic: str) -> None:
        """The row changed: whoever listens hears of it."""
        row["updatedAt"] = self.now()
        told = {"id": row["id"].rpartition("/")[2], "admin_graphql_api_id": row["id"], "updated_at": row["updatedAt"]}
        self._tell(topic, told | {name: row[name] for name in ("name", "title", "status", "email") if name in row})

    def _tell(self, topic: str, payload: Json) -> None:
        number = self.vendor.count("webhook")
        self.vendor.emit(payload, topic=topic, id=self.vendor.ident(24, "webhook", number), at=self.now())


def _utc(text: str | None) -> str | None:
    if not text:
        return None
    return stamp(datetime.fromisoformat(text).astimezone(UTC))
