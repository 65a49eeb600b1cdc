"""GitHub's REST API."""

from sandbox.vendors.github.action import Actions
from sandbox.vendors.github.people import Directory
from sandbox.vendors.github.pull import Pulls


class GitHub(Directory, Pulls, Actions):
    """The organisation of the company."""
