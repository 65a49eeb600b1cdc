"""Atlassian Document Format: what a text field holds instead of text."""

from __future__ import annotations

from typing import Any

from sandbox.exchange import Json, Refusal


def doc(text: str) -> Json:
    """Plain text as a document, a paragraph a line."""
    lines = [line for line in text.split("\n") if line.strip()]
    content = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in lines]
    return {"type": "doc", "version": 1, "content": content}


def plain(node: Any) -> str:
    """The text in a document."""
    if not isinstance(node, dict):
        return ""
    if node.get("type") == "text":
        return str(node.get("text", ""))
    if node.get("type") == "mention":
        return str(node.get("attrs", {}).get("text", ""))
    inner = [plain(child) for child in node.get("content", [])]
    return ("\n" if node.get("type") in ("doc", "bulletList", "orderedList") else "").join(inner)


def check_doc(value: Any, field: str) -> Any:
    """A document, or nothing; anything else is refused as Jira does."""
    if value is None:
        return None
    if not isinstance(value, dict) or value.get("type") != "doc" or value.get("version") != 1 or not _is_sound(value):
        says = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
        raise Refusal("fields", errors={field: says})
    return value


def _is_sound(node: Any) -> bool:
    if not isinstance(node, dict) or not isinstance(node.get("type"), str):
        return False
    if node["type"] == "text":
        return isinstance(node.get("text"), str) and node["text"] != ""
    content = node.get("content", [])
    return isinstance(content, list) and all(_is_sound(child) for child in content)
