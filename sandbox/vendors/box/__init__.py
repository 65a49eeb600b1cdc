"""Box as the sandbox has it."""

from __future__ import annotations

from sandbox.vendors.box.event import Events
from sandbox.vendors.box.item import Items
from sandbox.vendors.box.people import People
from sandbox.vendors.box.remark import Remarks


class Box(Items, People, Remarks, Events):
    """The enterprise."""
