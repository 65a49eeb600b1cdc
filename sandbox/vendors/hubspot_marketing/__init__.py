"""HubSpot's marketing APIs: campaigns, e-mails, forms, lists."""

from sandbox.vendors.hubspot_marketing.campaign import Campaigns
from sandbox.vendors.hubspot_marketing.email import Emails
from sandbox.vendors.hubspot_marketing.lists import Lists


class HubspotMarketing(Campaigns, Emails, Lists):
    """The portal of the company, seen from marketing."""

    key = "hubspot_marketing"
