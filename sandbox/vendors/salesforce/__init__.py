"""Salesforce's REST API."""

from sandbox.vendors.salesforce.record import Records
from sandbox.vendors.salesforce.search import Searches


class Salesforce(Records, Searches):
    """The company's organisation."""

    key = "salesforce"
