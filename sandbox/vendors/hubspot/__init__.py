"""HubSpot's CRM API: objects, search, associations, owners, pipelines."""

from sandbox.vendors.hubspot.association import Associations
from sandbox.vendors.hubspot.directory import Directory
from sandbox.vendors.hubspot.record import Records
from sandbox.vendors.hubspot.search import Searches


class Hubspot(Directory, Searches, Associations, Records):
    """The portal of the company."""

    key = "hubspot"
