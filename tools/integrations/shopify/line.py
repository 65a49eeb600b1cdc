"""The lines of orders: how many of what is ordered, shipped and refunded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.errors import Rejected
from tools.integrations.shopify.mapping import nodes, to_draft
from tools.integrations.shopify.money import money, taken_off, value_of

Item = Mapping[str, Any]
NUMBERED = re.compile(r"(\d+) x (\S+)")


def counted(items: Sequence[str]) -> dict[str, int | None]:
    """Ids as the finders give them, `2 x gid://…` or the id alone, with how many; None is all of it. `all` is no id."""
    found: dict[str, int | None] = {}
    for one in items:
        if one in ("all", "none"):
            continue
        hit = NUMBERED.fullmatch(one.strip())
        identity, number = (hit[2], int(hit[1])) if hit else (one.strip(), None)
        found[identity] = number if identity not in found else (found[identity] or 0) + (number or 0)
    return found


def parcels(opened: Sequence[Item], wanted: Mapping[str, int | None]) -> tuple[list[dict[str, Any]], int]:
    """What to ship of the fulfilment orders that are open, for all or for some lines, and how many pieces that is.

    Raises:
        Rejected: more of a line is wanted than is left.
    """
    found, pieces, left = [], 0, dict(wanted)
    for order in opened:
        if order["status"] not in ("OPEN", "IN_PROGRESS"):
            continue
        chosen = []
        for line in nodes(order["lineItems"]):
            item, there = line["lineItem"]["id"], int(line["remainingQuantity"])
            number = there if not wanted else min(there, _or(left.get(item), there)) if item in left else 0
            if number <= 0:
                continue
            pieces += number
            chosen.append({"id": line["id"], "quantity": number})
            if left.get(item) is not None:
                left[item] = (left[item] or 0) - number
            else:
                left.pop(item, None)
        if chosen:
            found.append({"fulfillmentOrderId": order["id"], "fulfillmentOrderLineItems": chosen})
    if short := [item for item, number in left.items() if number is None or number > 0]:
        raise Rejected("Not so many of it are left to ship.", fields={one: "too many" for one in short})
    return found, pieces


def to_ship(item: Item) -> int:
    """How many pieces of an order are not shipped yet."""
    return sum(int(line["unfulfilledQuantity"]) for line in nodes(item["lineItems"]))


def refundable(item: Item, wanted: Mapping[str, int | None]) -> list[dict[str, Any]]:
    """The lines of a refund, of all or of some lines; the goods are not put back into stock.

    Raises:
        Rejected: more of a line is wanted than can be refunded.
    """
    found, known = [], {line["id"]: line for line in nodes(item["lineItems"])}
    for identity in wanted or known:
        most = int((known.get(identity) or {}).get("refundableQuantity") or 0)
        number = _or(wanted.get(identity), most)
        if number > most or (wanted and number < 1):
            name = (known.get(identity) or {}).get("name", "it")
            raise Rejected(f"Only {most} of {name} can be refunded.", fields={"items": "too many"})
        if number:
            found.append({"lineItemId": identity, "quantity": number, "restockType": "NO_RESTOCK"})
    return found


def repaid(order: str, suggested: Item, amount: Decimal) -> list[dict[str, Any]]:
    """The payments that an amount goes back to, in the order in which Shopify suggests them.

    Raises:
        Rejected: it is more than can go back.
    """
    found, left = [], amount
    for one in suggested["suggestedTransactions"]:
        part = min(left, money(one["amountSet"])[0] or Decimal(0))
        if part > 0:
            parent = (one.get("parentTransaction") or {}).get("id")
            found.append(
                {"orderId": order, "kind": "REFUND", "gateway": one["gateway"], "amount": str(part), "parentId": parent}
            )
            left -= part
    if left > 0:
        raise Rejected(f"At most {amount - left} can be refunded.", fields={"amount": "too high"})
    return found


def total(item: Item, name: str) -> tuple[Decimal, str]:
    """An amount with its currency; nothing is zero."""
    amount, currency = money(item.get(name))
    return amount or Decimal(0), currency


def new_draft(items: Sequence[str], customer: str | None, discount: str | None, note: str | None) -> dict[str, Any]:
    """The input of a draft order."""
    fields: dict[str, Any] = {
        "lineItems": [{"variantId": one, "quantity": number or 1} for one, number in counted(items).items()],
        "customerId": customer,
        "note": note,
    }
    if discount:
        is_percentage, value = value_of(discount)
        kind = "PERCENTAGE" if is_percentage else "FIXED_AMOUNT"
        fields["appliedDiscount"] = {"value": float(value), "valueType": kind}
    return {name: field for name, field in fields.items() if field}


def expected_draft(made: Item, wanted: Item) -> dict[str, Any]:
    """What the draft read back must hold: the lines by name, as the answer says them where the quantities agree."""
    rows = [(line["variantId"], line["quantity"]) for line in wanted["lineItems"]]
    given = [((line.get("variant") or {}).get("id"), line["quantity"]) for line in nodes(made["lineItems"])]
    lines = to_draft(made, "").lines if sorted(map(str, given)) == sorted(map(str, rows)) else tuple(map(str, rows))
    found: dict[str, Any] = {"lines": lines, "note": wanted.get("note", "")}
    if "customerId" in wanted:
        is_same = (made.get("customer") or {}).get("id") == wanted["customerId"]
        found["customer"] = to_draft(made, "").customer if is_same else wanted["customerId"]
    if off := wanted.get("appliedDiscount"):
        currency = money(made.get("totalPriceSet"))[1]
        found["discount"] = taken_off(off["valueType"] == "PERCENTAGE", off["value"], currency)
    return found


def _or(value: int | None, other: int) -> int:
    return other if value is None else value
