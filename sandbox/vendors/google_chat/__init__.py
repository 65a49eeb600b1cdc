"""Google Chat's API, version 1."""

from sandbox.vendors.google_chat.message import Messages
from sandbox.vendors.google_chat.space import Spaces


class GoogleChat(Spaces, Messages):
    """The spaces of the company."""

    key = "google_chat"
