"""Gmail's API, version 1."""

from sandbox.vendors.gmail.draft import Drafts
from sandbox.vendors.gmail.label import Labels
from sandbox.vendors.gmail.message import Messages


class Gmail(Messages, Drafts, Labels):
    """The mailboxes of the company."""

    key = "gmail"
