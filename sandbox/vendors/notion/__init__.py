"""Notion as the sandbox has it."""

from __future__ import annotations

from sandbox.vendors.notion.database import Databases
from sandbox.vendors.notion.people import People


class Notion(Databases, People):
    """The workspace."""
