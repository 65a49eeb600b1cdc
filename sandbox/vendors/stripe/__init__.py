"""Stripe's API, version 2023-08-16."""

from sandbox.vendors.stripe.invoice import Invoices
from sandbox.vendors.stripe.payment import Payments
from sandbox.vendors.stripe.product import Products
from sandbox.vendors.stripe.subscription import Subscriptions


class Stripe(Payments, Invoices, Products, Subscriptions):
    """The company's account, in test mode."""
