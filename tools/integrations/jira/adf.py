"""Atlassian Document Format: the rich text of Jira Cloud, from and to the plain text that people write in chat."""

from __future__ import annotations

import re
from typing import Any

_URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
_BLOCKS = {"paragraph", "heading", "listItem", "codeBlock", "blockquote", "rule", "tableRow"}


def to_adf(text: str) -> dict[str, Any]:
    """A document: blank lines part paragraphs, lines with a dash or star become a list, addresses become links."""
    content: list[dict[str, Any]] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.split("\n")
        if all(re.match(r"\s*[-*•] ", line) for line in lines):
            items = [re.sub(r"^\s*[-*•] ", "", line) for line in lines]
            content.append(
                {
                    "type": "bulletList",
                    "content": [{"type": "listItem", "content": [_paragraph(item)]} for item in items],
                }
            )
        else:
            content.append(_paragraph(block))
    return {"type": "doc", "version": 1, "content": content}


def to_text(node: Any) -> str:
    """The plain text of a document; "" for none."""
    if not isinstance(node, dict):
        return ""
    return re.sub(r"\n{3,}", "\n\n", _text(node)).strip()


def _paragraph(text: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for number, line in enumerate(text.split("\n")):
        if number:
            content.append({"type": "hardBreak"})
        at = 0
        for match in _URL.finditer(line):
            content += _plain(line[at : match.start()])
            mark = {"type": "link", "attrs": {"href": match.group()}}
            content.append({"type": "text", "text": match.group(), "marks": [mark]})
            at = match.end()
        content += _plain(line[at:])
    return {"type": "paragraph", "content": content}


def _plain(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []


def _text(node: dict[str, Any]) -> str:
    kind, attributes = node.get("type"), node.get("attrs") or {}
    if kind == "text":
        return str(node.get("text", ""))
    if kind == "hardBreak":
        return "\n"
    if kind in ("mention", "emoji", "status", "date"):
        return str(attributes.get("text") or attributes.get("shortName") or attributes.get("timestamp") or "")
    if kind in ("inlineCard", "blockCard"):
        return str(attributes.get("url", ""))
    inner = "".join(_text(child) for child in node.get("content") or [])
    if kind == "listItem":
        return f"- {inner.strip()}\n"
    return inner + "\n\n" if kind in _BLOCKS else inner
