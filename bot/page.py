"""The few plain pages that a browser is shown on the way."""

from __future__ import annotations

from html import escape

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title} · ATOM</title>
<style>:root{{color-scheme:light dark}}
body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}}
</style><h1>{title}</h1><p>{text}</p>{body}</html>"""


def page(title: str, text: str, body: str = "") -> str:
    """A page with a heading and a paragraph, which are escaped, and `body`, which is HTML."""
    return _PAGE.format(title=escape(title), text=escape(text), body=body)
