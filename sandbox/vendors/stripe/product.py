"""What is sold: products, prices, payment links."""

from __future__ import annotations

from sandbox.exchange import Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.stripe.base import Ledger


class Products(Ledger):
    """Products, prices and links that sell them."""

    @route("GET", "/v1/products", scope="product_read")
    def list_products(self, call: Call) -> Json:
        """Products, newest first."""
        ids = call.get("ids") or list(self.state["products"])
        rows = [row for row in self.state["products"].values() if row["id"] in ids]
        return self.listed(call, rows, "/v1/products")

    @route("GET", "/v1/prices", scope="price_read")
    def list_prices(self, call: Call) -> Json:
        """Prices, newest first."""
        active, product = call.get("active"), call.get("product")
        rows = [
            row
            for row in self.state["prices"].values()
            if product in (None, row["product"]) and (active is None or row["active"] == call.flag("active"))
        ]
        return self.listed(call, rows, "/v1/prices")

    @route("POST", "/v1/prices", scope="price_write")
    def add_price(self, call: Call) -> Json:
        """A price, of a product that is there or that comes with it."""
        self.allow(call, "currency", "unit_amount", "product", "product_data", "recurring", "nickname", "metadata")
        currency = str(call.need("currency"))
        if len(currency) != 3 or not currency.isalpha():
            raise Refusal("parameter_invalid", f"Invalid currency: {currency}.", param="currency")
        call.need("unit_amount")
        product = call.get("product")
        if product is None:
            name = call.need("product_data").get("name")
            if not name:
                raise Refusal("missing", name="product_data[name]")
            made = self.shape.product(self.shape.id("prod", "new", self.count("product")), name, self.now)
            self.state["products"][made["id"]] = made
            product = made["id"]
        interval = (call.get("recurring") or {}).get("interval")
        number = self.shape.id("price", "new", self.count("price"))
        amount = call.whole("unit_amount", 0, 10**11)
        self.thing("products", product, "product")
        row = self.shape.price(number, product, amount, currency.lower(), interval, self.now)
        row["nickname"] = call.get("nickname")
        self.state["prices"][number] = row
        return self.shown(call, row)

    @route("GET", "/v1/payment_links", scope="payment_links_read")
    def list_links(self, call: Call) -> Json:
        """Payment links, newest first."""
        active = call.get("active")
        rows = [
            row
            for row in self.state["payment_links"].values()
            if active is None or row["active"] == call.flag("active")
        ]
        return self.listed(call, rows, "/v1/payment_links")

    @route("POST", "/v1/payment_links", scope="payment_links_write")
    def add_link(self, call: Call) -> Json:
        """A page that takes money for some prices."""
        self.allow(call, "line_items", "metadata")
        rows = call.need("line_items")
        items, currency = [], ""
        for place, asked in enumerate(rows):
            price = self.thing("prices", asked.get("price"), f"line_items[{place}][price]")
            quantity = int(asked.get("quantity", 1))
            amount, currency = price["unit_amount"] * quantity, price["currency"]
            items.append(
                {
                    "id": self.shape.id("li", self.count("link_item")),
                    "object": "item",
                    "amount_discount": 0,
                    "amount_subtotal": amount,
                    "amount_tax": 0,
                    "amount_total": amount,
                    "currency": currency,
                    "description": self.state["products"][price["product"]]["name"],
                    "price": price,
                    "quantity": quantity,
                }
            )
        row = self.shape.link(self.shape.id("plink", self.count("link")), currency, items, self.now)
        self.state["payment_links"][row["id"]] = row
        self.happened("payment_link.created", row)
        return self.shown(call, row)

    @route("GET", "/v1/payment_links/{payment_link}", scope="payment_links_read")
    def get_link(self, call: Call) -> Json:
        """One payment link."""
        return self.shown(call, self.thing("payment_links", call.get("payment_link"), "payment_link"))

    @route("POST", "/v1/payment_links/{payment_link}", scope="payment_links_write")
    def change_link(self, call: Call) -> Json:
        """Switch it on or off."""
        self.allow(call, "active", "metadata")
        row = self.thing("payment_links", call.params["payment_link"], "payment_link")
        row["active"] = call.flag("active", row["active"])
        self.happened("payment_link.updated", row)
        return self.shown(call, row)
