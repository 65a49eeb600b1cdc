"""Prompts: Markdown files with named slots, filled when they are used."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from string import Template


@cache
def _template(name: str) -> Template:
    return Template((files(__package__) / f"{name}.md").read_text(encoding="utf-8"))


def fill(prompt: str, /, **slots: str) -> str:
    """The prompt of this name with its slots filled.

    Raises:
        KeyError: a slot was not given.
    """
    return _template(prompt).substitute(slots)
