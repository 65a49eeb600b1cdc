"""Intercom's REST API, version 2.16."""

from sandbox.vendors.intercom.contact import Contacts
from sandbox.vendors.intercom.conversation import Conversations
from sandbox.vendors.intercom.ticket import Tickets


class Intercom(Contacts, Conversations, Tickets):
    """The workspace of the company."""

    key = "intercom"
