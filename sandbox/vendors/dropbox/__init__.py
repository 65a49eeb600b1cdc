"""Dropbox as the sandbox has it."""

from __future__ import annotations

from sandbox.vendors.dropbox.change import Changes
from sandbox.vendors.dropbox.file import Files
from sandbox.vendors.dropbox.sharing import Sharing


class Dropbox(Files, Changes, Sharing):
    """The team's space."""
