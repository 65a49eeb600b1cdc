"""Stripe: customers, payments, invoices, subscriptions."""
