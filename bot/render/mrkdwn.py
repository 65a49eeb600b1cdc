"""Markdown as Slack writes it. Whatever comes out can name nobody, call no channel and link only what was a link."""

from __future__ import annotations

import re

_INLINE = re.compile(
    r"(?P<code>`[^`\n]+`)"
    r"|!?\[(?P<label>[^\]\n]+)\]\((?P<url>https?://[^\s)<>]+)\)"
    r"|(?P<bare>https?://[^\s<>\"'`*|)\]]*[^\s<>\"'`*|)\].,;:!?])"
    r"|\*\*(?P<bold>[^\n]+?)\*\*"
    r"|(?<!\w)__(?P<strong>[^\n]+?)__(?!\w)"
    r"|~~(?P<strike>[^\n]+?)~~"
    r"|(?<![\w*])\*(?P<italic>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(?P<text>.+?)\s*#*$")
_BULLET = re.compile(r"^(?P<indent>\s*)[-*+]\s+(?P<text>.*)$")
_ADDRESS = re.compile(r"^(https?://|www\.)|^[\w-]+(\.[\w-]+)*\.[a-z]{2,}/", re.IGNORECASE)


def escape(text: str) -> str:
    """Text that Slack shows as it is: no mention, no link, no entity comes of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(url: str, label: str = "") -> str:
    """A link; a label that looks like another address is left out, so that nobody is led elsewhere."""
    target = escape(url).replace("|", "%7C")
    if not label or (_ADDRESS.match(label.strip()) and label.strip() not in url):
        return f"<{target}>"
    return f"<{target}|{escape(label).replace('|', '¦')}>"


def from_markdown(text: str) -> str:
    """Headings and bold, italics, strikes, bullets, links and code; the rest escaped."""
    lines: list[str] = []
    is_code = False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            is_code = not is_code
            lines.append("```")
        else:
            lines.append(escape(line) if is_code else _line(line))
    return "\n".join(lines)


def _line(line: str) -> str:
    if heading := _HEADING.match(line):
        return f"*{_inline(heading['text'].replace('**', ''))}*"
    if bullet := _BULLET.match(line):
        return f"{bullet['indent']}• {_inline(bullet['text'])}"
    return _inline(line)


def _inline(text: str) -> str:
    out: list[str] = []
    end = 0
    for found in _INLINE.finditer(text):
        out.append(escape(text[end : found.start()]))
        out.append(_token(found))
        end = found.end()
    return "".join(out) + escape(text[end:])


def _token(found: re.Match[str]) -> str:
    if found["code"]:
        return escape(found["code"])
    if found["url"]:
        return link(found["url"], found["label"])
    if found["bare"]:
        return link(found["bare"])
    if bold := found["bold"] or found["strong"]:
        return f"*{_inline(bold)}*"
    if found["strike"]:
        return f"~{_inline(found['strike'])}~"
    return f"_{_inline(found['italic'])}_"
