"""The Fernwick shop at the start: tills and what goes with them, who bought what, what is on the shelves."""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta
from typing import Any

from sandbox.company import Company
from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.story import Story

CURRENCY = "EUR"
SHIPPING = "6.90"
PLACES = ("Harbour Street", "Rotterdam warehouse")
# title, type, tags, status, text, variants: option, article number, price, on the shelves of both places
GOODS: tuple[tuple[str, str, str, str, str, tuple[tuple[str, str, str, int, int], ...]], ...] = (
    ("Fernwick Reader", "Card readers", "reader, bestseller", "ACTIVE", "Takes cards and phones. Charges in an hour.",
     (("Black", "RDR-BLK", "39.00", 84, 210), ("White", "RDR-WHT", "39.00", 41, 96))),
    ("Reader Dock", "Card readers", "reader", "ACTIVE", "Holds and charges the reader.",
     (("Default Title", "DOCK-1", "24.00", 60, 0),)),
    ("Receipt Printer", "Printers", "printer, bestseller", "ACTIVE", "Quiet, fast, 80 mm.",
     (("USB", "PRN-USB", "149.00", 12, 44), ("Network", "PRN-NET", "189.00", 7, 31))),
    ("Kitchen Printer", "Printers", "printer, kitchen", "ACTIVE", "Loud enough for a busy kitchen.",
     (("Default Title", "PRN-KIT", "219.00", 4, 18),)),
    ("Paper Rolls", "Consumables", "paper, refill", "ACTIVE", "80 mm, without BPA.",
     (("Box of 20", "PAP-20", "18.50", 240, 900), ("Box of 50", "PAP-50", "41.00", 120, 400))),
    ("Till Stand", "Stands", "stand", "ACTIVE", "Steel, turns to the customer.",
     (("Oak", "STD-OAK", "129.00", 9, 22), ("Steel", "STD-STL", "109.00", 15, 37))),
    ("Cash Drawer", "Tills", "till", "ACTIVE", "Eight coins, four notes.",
     (("Default Title", "DRW-1", "99.00", 0, 27),)),
    ("Barcode Scanner", "Scanners", "scanner", "ACTIVE", "Reads from screens too.",
     (("Wired", "SCN-W", "59.00", 18, 40), ("Cordless", "SCN-C", "89.00", 3, 12))),
    ("Kitchen Display", "Displays", "kitchen", "ACTIVE", "Splash-proof, 15 inch.",
     (("Default Title", "KDS-15", "399.00", 2, 8),)),
    ("Gift Card Pack", "Consumables", "gift", "ACTIVE", "Fifty blank gift cards.",
     (("Default Title", "GFT-50", "32.00", 0, 140),)),
    ("Counter Apron", "Merchandise", "merch", "ACTIVE", "Cotton, two pockets.",
     (("S", "APR-S", "29.00", 14, 0), ("M", "APR-M", "29.00", 22, 0), ("L", "APR-L", "29.00", 9, 0))),
    ("Enamel Mug", "Merchandise", "merch", "ACTIVE", "For the back office.",
     (("Default Title", "MUG-1", "14.00", 75, 0),)),
    ("Summer Market Kit", "Bundles", "bundle, summer", "DRAFT", "Reader, dock and paper for a stall.",
     (("Default Title", "KIT-SUM", "99.00", 0, 30),)),
    ("Reader Classic", "Card readers", "reader, old", "ARCHIVED", "The first reader.",
     (("Default Title", "RDR-OLD", "19.00", 0, 5),)),
)  # fmt: skip
# who buys for themselves
PRIVATE = (("Gwenda", "Prosser", "gwenda@prosser.example"), ("Idris", "Bello", "idris.bello@mail.example"),
           ("Marta", "Nowicka", "marta@nowicka.example"), ("Sam", "Okoro", "sam.okoro@mail.example"))  # fmt: skip


def gid(kind: str, *parts: object) -> str:
    """A global id of Shopify's."""
    return f"gid://shopify/{kind}/{ident(13, 'shopify', kind, *parts, alphabet='123456789')}"


def stamp(moment: datetime) -> str:
    """A moment as Shopify writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def seed_shopify(company: Company, story: Story) -> Json:
    """Rows by id; a row names others by id in fields that end in `Id`."""
    state: Json = {name: {} for name in (
        "locations", "products", "variants", "levels", "customers", "orders", "drafts", "discounts", "kept",
    )}  # fmt: skip
    old = stamp(story.now - timedelta(days=400))
    for name in PLACES:
        state["locations"][gid("Location", name)] = {
            "id": gid("Location", name), "name": name, "isActive": True, "fulfillsOnlineOrders": True,
            "createdAt": old, "updatedAt": old,
        }  # fmt: skip
    for place, row in enumerate(GOODS):
        _add_product(state, row, story.now - timedelta(days=300 - 20 * place))
    for customer in company.customers:
        for name, title in customer.contacts:
            first, last = name.split()[0], name.rpartition(" ")[2]
            email = f"{first}.{last}@{customer.domain}".lower()
            _add_customer(state, first, name.partition(" ")[2], email, story.started(customer), title, [customer.plan])
    for first, last, email in PRIVATE:
        _add_customer(state, first, last, email, story.now - timedelta(days=120), "", [])
    _add_orders(state, story.now)
    _add_discount(state, "HELLO10", story.now - timedelta(days=200), percentage=0.1)
    return state


def _add_product(state: Json, row: tuple[Any, ...], made: datetime) -> None:
    title, kind, tags, status, text, variants = row
    product = gid("Product", title)
    state["products"][product] = {
        "id": product, "title": title, "handle": re.sub(r"[^a-z0-9]+", "-", title.lower()), "status": status,
        "vendor": "Fernwick", "productType": kind, "tags": sorted(tags.split(", ")),
        "descriptionHtml": f"<p>{text}</p>",
        "createdAt": stamp(made), "updatedAt": stamp(made + timedelta(days=9)),
    }  # fmt: skip
    for option, sku, price, *stock in variants:
        variant = gid("ProductVariant", sku)
        state["variants"][variant] = {
            "id": variant, "productId": product, "title": option, "sku": sku, "price": price,
            "inventoryItemId": gid("InventoryItem", sku), "createdAt": stamp(made), "updatedAt": stamp(made),
        }  # fmt: skip
        for name, number in zip(PLACES, stock, strict=True):
            if number:
                level = gid("InventoryLevel", sku, name)
                state["levels"][level] = {
                    "id": level, "itemId": gid("InventoryItem", sku), "locationId": gid("Location", name),
                    "available": number,
                }  # fmt: skip


def _add_customer(state: Json, first: str, last: str, email: str, since: datetime, note: str, tags: list[str]) -> None:
    identity = gid("Customer", email)
    digits = ident(7, "shopify", email, alphabet="0123456789")
    state["customers"][identity] = {
        "id": identity, "firstName": first, "lastName": last, "email": email, "phone": f"+31 20 {digits}",
        "note": note or None, "tags": tags, "createdAt": stamp(since), "updatedAt": stamp(since + timedelta(days=30)),
    }  # fmt: skip


def _add_orders(state: Json, now: datetime) -> None:
    """#1001 to #1064, the last ones open; every state there is occurs."""
    dice = random.Random("shopify")
    sold = [one for one in state["variants"].values() if state["products"][one["productId"]]["status"] == "ACTIVE"]
    buyers = list(state["customers"].values())
    for place in range(64):
        number = 1001 + place
        made = now - timedelta(days=(64 - place) * 1.4, minutes=dice.randrange(600))
        customer, goods = dice.choice(buyers), dice.sample(sold, dice.choice((1, 1, 2, 3)))
        is_open = place >= 52
        order = gid("Order", number)
        lines = [
            {
                "id": gid("LineItem", number, one["sku"]), "variantId": one["id"],
                "quantity": dice.choice((1, 1, 2, 4)),
                "sku": one["sku"], "title": state["products"][one["productId"]]["title"],
                "option": "" if one["title"] == "Default Title" else one["title"], "price": one["price"],
                "shipped": 0, "refunded": 0,
            }
            for one in goods
        ]  # fmt: skip
        row: Json = {
            "id": order, "number": number, "name": f"#{number}", "customerId": customer["id"],
            "email": customer["email"],
            "note": None, "tags": ["wholesale"] if customer["tags"] else [], "createdAt": stamp(made),
            "updatedAt": stamp(made), "cancelledAt": None, "cancelReason": None, "closed": not is_open,
            "shipping": SHIPPING, "shippingRefunded": "0.00", "city": dice.choice(("Leiden", "Porto", "Leeds", "Graz")),
            "lines": lines, "fulfillments": [], "fulfillmentOrders": [], "transactions": [], "refunds": [],
        }  # fmt: skip
        _add_parcels(row, made, is_open, place)
        if place != 60:  # one waits for its payment
            total = sum(float(one["price"]) * one["quantity"] for one in lines) + float(SHIPPING)
            row["transactions"].append(
                {"id": gid("OrderTransaction", number), "kind": "SALE", "status": "SUCCESS",
                 "gateway": "shopify_payments",
                 "amount": f"{total:.2f}", "createdAt": stamp(made), "parentId": None}
            )  # fmt: skip
        state["orders"][order] = row


def _add_parcels(row: Json, made: datetime, is_open: bool, place: int) -> None:
    number = row["number"]
    rows = [
        {"id": gid("FulfillmentOrderLineItem", line["id"]), "lineId": line["id"], "total": line["quantity"],
         "remaining": line["quantity"] if is_open else 0}
        for line in row["lines"]
    ]  # fmt: skip
    row["fulfillmentOrders"] = [
        {"id": gid("FulfillmentOrder", number), "status": "OPEN" if is_open else "CLOSED", "lines": rows}
    ]
    if is_open:
        return
    for line in row["lines"]:
        line["shipped"] = line["quantity"]
    row["fulfillments"] = [
        {"id": gid("Fulfillment", number), "name": f"#{number}-F1", "status": "SUCCESS", "createdAt": stamp(made),
         "updatedAt": stamp(made), "parcel": {"company": "PostNL", "number": f"3SFERN{number}{place:02d}"},
         "lines": [{"id": one["id"], "quantity": one["total"]} for one in rows]}
    ]  # fmt: skip


def _add_discount(state: Json, code: str, made: datetime, **value: Any) -> None:
    identity = gid("DiscountCodeNode", code)
    state["discounts"][identity] = {
        "id": identity, "code": code, "title": code, "createdAt": stamp(made), "updatedAt": stamp(made),
        "startsAt": stamp(made), "endsAt": None, "usageLimit": None, "minimum": None,
        "percentage": None, "amount": None, "used": 0, **value,
    }  # fmt: skip
