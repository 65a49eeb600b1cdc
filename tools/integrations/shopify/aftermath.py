"""What comes after a write: how it is found again when the answer is lost, and how it is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from core.errors import Conflict, OutcomeUnknown, VendorError
from core.tool import Call, Change
from tools.declare import tool
from tools.integrations.shopify import document, line, mapping, search
from tools.integrations.shopify.money import money as money_of
from tools.integrations.shopify.store import Store
from tools.kit.graphql import ask


class Aftermath(Store):
    """Recovery and undo; none of it is offered to people."""

    @tool("write", scopes=("write_merchant_managed_fulfillment_orders",), proof="read_order",
          irreversible="it is itself an undo", is_hidden=True)  # fmt: skip
    async def cancel_fulfillment(
        self, order: Annotated[str, "id of the order"], fulfillment: Annotated[str, "id of the fulfilment"],
        tracking: Annotated[list[str] | None, "the parcels that the order had before"] = None,
    ) -> Change:  # fmt: skip
        """Take a shipment back, so that its items are open again."""
        before = await self._order(order)
        await self._change(document.CANCEL_FULFILLMENT, "fulfillmentCancel", id=fulfillment)
        return Change(self._to_order(before), {"tracking": tuple(tracking or ())})

    @tool(
        "write", scopes=("write_products",), proof="read_product", irreversible="it is itself an undo", is_hidden=True
    )
    async def restore_product(
        self, product: Annotated[str, "id of the product"],
        fields: Annotated[dict[str, Any], "former values, in Shopify's own words"],
        prices: Annotated[dict[str, str], "former price by id of the variant"],
    ) -> Change:  # fmt: skip
        """Set a product back to what it was."""
        return await self._updated(await self._product(product), fields, prices)

    @tool("destructive", scopes=("write_draft_orders",), proof="read_draft", irreversible="it is itself an undo",
          is_hidden=True)  # fmt: skip
    async def delete_draft_order(self, draft: Annotated[str, "id of the draft order"]) -> Change:
        """Delete a draft order."""
        record = await self.read_draft(mapping.ref("draft_order", draft))
        await self._change(document.DELETE_DRAFT, "draftOrderDelete", id=draft)
        return Change(record, is_gone=True)

    @tool("destructive", scopes=("write_discounts",), proof="read_discount", irreversible="it is itself an undo",
          is_hidden=True)  # fmt: skip
    async def delete_discount(self, discount: Annotated[str, "id of the discount"]) -> Change:
        """Delete a discount code."""
        record = await self.read_discount(mapping.ref("discount", discount))
        await self._change(document.DELETE_DISCOUNT, "discountCodeDelete", id=discount)
        return Change(record, is_gone=True)

    async def recover_fulfillment(
        self, order: str, tracking_number: str | None, carrier: str | None, **_: Any
    ) -> Change | None:
        """A shipment of the last minutes with this very number, if there is one."""
        item = await self._order(order)
        for one in item["fulfillments"]:
            numbers = [info["number"] for info in one["trackingInfo"]]
            is_same = tracking_number in numbers if tracking_number else not numbers
            if one["status"] == "SUCCESS" and mapping.is_fresh(one) and is_same:
                own = mapping.tracked(carrier, tracking_number)
                return self._shipped(item, one["id"], own, line.to_ship(item), is_read_again=True)
        return None

    async def recover_stock(
        self, variant: str, change: int, location: str | None, reason: str, **_: Any
    ) -> Change | None:
        """The same change with the same key: Shopify answers what it did before, or does it now."""
        before = await self._variant(variant)
        where = location or mapping.levels(before)[0]["location"]["id"]
        await self._stock(before, where, change, reason)
        after = self._to_variant(await self._variant(variant))
        return self._moved(before, where, change, reason, {"stock_by_place": after.stock_by_place})

    async def recover_draft(
        self, items: Sequence[str], customer: str | None, note: str | None, send_invoice: bool, **_: Any
    ) -> Change | None:
        """A draft of the last minutes with the same items, if there is one; where no invoice went out, it says so."""
        wanted = {identity: number or 1 for identity, number in line.counted(items).items()}
        for item in await self._list(document.DRAFTS, "draftOrders", "", 10):
            lines = {(one["variant"] or {}).get("id"): one["quantity"] for one in item["lineItems"]["nodes"]}
            whose = (item["customer"] or {}).get("id")
            if mapping.is_fresh(item) and lines == wanted and whose == customer and (item["note2"] or None) == note:
                return self._drafted(item, {"status": "invoice_sent" if send_invoice else "open"})
        return None

    async def recover_refund(
        self, order: str, items: Sequence[str] | None, amount: Decimal | None, note: str | None, **_: Any
    ) -> Change | None:
        """A refund of the last minutes with the same lines, amount and note, if there is one."""
        wanted = {identity for identity in line.counted(items or ()) if identity not in ("all", "none")}
        for item in (await ask(self.http, document.GET_REFUNDS, id=order))["order"]["refunds"]:
            lines = {one["lineItem"]["id"] for one in item["refundLineItems"]["nodes"]}
            record = mapping.to_refund(item, self._site)
            is_same = (
                (not wanted or lines == wanted) and amount in (None, record.amount) and record.reason == (note or "")
            )
            if mapping.is_fresh(item) and is_same:
                return Change(record, {"amount": record.amount})
        return None

    async def recover_cancel(self, order: str, reason: str, **_: Any) -> Change | None:
        """The order, if it is cancelled for this reason by now."""
        record = self._to_order(await self._order(order))
        is_done = record.status == "cancelled" and record.reason == reason
        return Change(record, {"status": "cancelled", "reason": reason}) if is_done else None

    async def recover_discount(self, code: str, **_: Any) -> Change | None:
        """The code, if it was made within the last minutes."""
        for item in await self._list(document.DISCOUNTS, "codeDiscountNodes", f"title:{search.quoted(code)}", 5):
            if item["codeDiscount"] and mapping.to_discount(item, self._site).title == code:
                return self._offered(item, {}) if mapping.is_fresh(item["codeDiscount"]) else None
        return None

    def _shipped(
        self, item: Mapping[str, Any], fulfillment: str, parcel: str, left: int, is_read_again: bool = False
    ) -> Change:
        record = self._to_order(item)
        had = [*record.tracking]
        if is_read_again and parcel in had:
            had.remove(parcel)
        expect: dict[str, Any] = {"delivery": "partially_fulfilled" if left else "fulfilled"}
        if parcel:
            expect["tracking"] = (*had, parcel)
        args = {"order": item["id"], "fulfillment": fulfillment, "tracking": had}
        return Change(record, expect, undo=Call(tool="shopify.cancel_fulfillment", args=args))

    async def _updated(self, before: Mapping[str, Any], fields: dict[str, Any], prices: Mapping[str, str]) -> Change:
        """The fields and prices that are new are written; the undo has the former ones."""
        identity, old = before["id"], {one["id"]: one["price"] for one in before["variants"]["nodes"]}
        if fields:
            await self._change(document.UPDATE_PRODUCT, "productUpdate", input={"id": identity, **fields})
        if prices:
            rows = [{"id": variant, "price": price} for variant, price in prices.items()]
            await self._change(document.UPDATE_PRICES, "productVariantsBulkUpdate", id=identity, variants=rows)
        names = {"title": "title", "status": "status", "tags": "labels", "descriptionHtml": "description"}
        expect = {names[name]: value for name, value in fields.items()}
        if "labels" in expect:
            expect["labels"] = tuple(expect["labels"])
        if "description" in expect:
            expect["description"] = mapping.to_text(expect["description"])
        if prices:
            expect["amount"] = min(Decimal(str(price)) for price in (old | dict(prices)).values())
        former = {name: before[name] for name in fields}
        args = {"product": identity, "fields": former, "prices": {variant: str(old[variant]) for variant in prices}}
        record = mapping.to_product(before, self._site)
        return Change(record, expect, undo=Call(tool="shopify.restore_product", args=args))

    def _drafted(self, item: Mapping[str, Any], expect: Mapping[str, Any]) -> Change:
        record = mapping.to_draft(item, self._site)
        undo = Call(tool="shopify.delete_draft_order", args={"draft": record.ref.id})
        return Change(record, expect, undo=undo)

    def _offered(self, item: Mapping[str, Any], expect: Mapping[str, Any]) -> Change:
        record = mapping.to_discount(item, self._site)
        undo = Call(tool="shopify.delete_discount", args={"discount": record.ref.id})
        return Change(record, {"title": record.title, **expect}, undo=undo)

    async def _invoiced(self, item: Mapping[str, Any]) -> dict[str, Any]:
        try:
            sent = await self._change(document.SEND_INVOICE, "draftOrderInvoiceSend", id=item["id"])
        except VendorError as error:  # the draft is there, so this is no failure of the whole
            said = f"The draft {item['name']} is made, but its invoice was not sent."
            raise OutcomeUnknown(said, status=error.status, cause=error.cause or error.message) from error
        draft: dict[str, Any] = sent["draftOrder"]
        return draft

    async def _stock(self, item: Mapping[str, Any], where: str, change: int, reason: str) -> None:
        one = {"inventoryItemId": item["inventoryItem"]["id"], "locationId": where, "delta": change}
        # the key makes it happen once; a comparison with the former quantity would fail on another's sale
        changes = [one | {"changeFromQuantity": None}]
        wanted = {"name": "available", "reason": mapping.reason_of(reason), "changes": changes}
        await self._change(document.ADJUST, "inventoryAdjustQuantities", input=wanted, key=self._once("stock"))

    def _moved(
        self, item: Mapping[str, Any], where: str, change: int, reason: str, expect: Mapping[str, Any]
    ) -> Change:
        args = {"variant": item["id"], "change": -change, "location": where, "reason": reason}
        return Change(self._to_variant(item), expect, undo=Call(tool="shopify.adjust_inventory", args=args))

    async def _refunded(
        self, order: str, items: Sequence[str], amount: Decimal | None, shipping: bool, note: str | None
    ) -> Change:
        before, is_sum = await self._order(order), amount is not None and not items
        lines = [] if is_sum or "none" in items else line.refundable(before, line.counted(items))
        what: dict[str, Any] = {"full": True} if is_sum else {"lines": lines, "shipping": shipping}
        hint = (await ask(self.http, document.SUGGEST_REFUND, id=order, **what))["order"]["suggestedRefund"]
        money = money_of(hint["amountSet"])[0] or Decimal(0) if amount is None else amount
        if money <= 0:
            raise Conflict(f"There is nothing to refund on {before['name']}.")
        sent: dict[str, Any] = {"orderId": order, "transactions": line.repaid(order, hint, money)}
        sent |= {"refundLineItems": lines} if lines else {}
        sent |= {"shipping": {"fullRefund": True}} if shipping else {}
        sent |= {"note": note} if note else {}
        made = await self._change(document.CREATE_REFUND, "refundCreate", input=sent, key=self._once("refund"))
        return Change(mapping.to_refund(made["refund"], self._site), {"amount": money, "reason": note or ""})
