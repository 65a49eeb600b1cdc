"""Figma as the sandbox has it."""

from __future__ import annotations

from sandbox.vendors.figma.comment import Comments
from sandbox.vendors.figma.file import Files


class Figma(Files, Comments):
    """The team's files."""
