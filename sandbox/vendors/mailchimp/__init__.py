"""Mailchimp's Marketing API, version 3.0."""

from sandbox.vendors.mailchimp.audience import Audiences
from sandbox.vendors.mailchimp.campaign import Campaigns


class Mailchimp(Audiences, Campaigns):
    """The account of the company."""

    key = "mailchimp"
