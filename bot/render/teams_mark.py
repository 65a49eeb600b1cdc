"""What Teams shows around an answer: its sources, that a model wrote it, thumbs, sentences to go on with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from core.message import Reply, Text

JSON = dict[str, Any]

_LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\((https?://[^()\s]+)\)")
_MOST_CITED = 20
_NAME = 80
_ABSTRACT = 160
_PROMPT = 90


def marked(activity: JSON, reply: Reply, *, has_thumbs: bool = False) -> JSON:
    """The message with its thumbs, its sources, and the label of what a language model wrote."""
    made = {**activity}
    if has_thumbs:
        made["channelData"] = {**activity.get("channelData", {}), "feedbackLoop": {"type": "default"}}
    if reply.is_generated:
        made["entities"] = [*activity.get("entities", ()), _origin(reply)]
    return made


def suggesting(activity: JSON, prompts: Sequence[str], person: str) -> JSON:
    """The message with sentences that this person can say by a click; Teams shows them in private chats alone."""
    if not prompts:
        return activity
    actions = [{"type": "imBack", "title": _short(one, _PROMPT), "value": one} for one in prompts]
    return {**activity, "suggestedActions": {"to": [person], "actions": actions}}


def sources(reply: Reply) -> list[tuple[str, str]]:
    """The links in a reply's paragraphs, each once: its words and its address."""
    found: dict[str, str] = {}
    for part in reply.parts:
        if isinstance(part, Text):
            for name, url in _LINK.findall(part.text):
                found.setdefault(url, name)
    return [(name, url) for url, name in found.items()][:_MOST_CITED]


def numbered(reply: Reply) -> Reply:
    """The reply with `[1]` behind each link whose source `marked` names."""
    numbers = {url: number for number, (_, url) in enumerate(sources(reply), 1)}

    def number(match: re.Match[str]) -> str:
        return f"{match[0]} [{numbers[match[2]]}]" if match[2] in numbers else match[0]

    parts = [
        part.model_copy(update={"text": _LINK.sub(number, part.text)}) if isinstance(part, Text) else part
        for part in reply.parts
    ]
    return reply.model_copy(update={"parts": tuple(parts)})


def _origin(reply: Reply) -> JSON:
    claims = [_claim(number, name, url) for number, (name, url) in enumerate(sources(reply), 1)]
    return {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "@id": "",
        "additionalType": ["AIGeneratedContent"],
        **({"citation": claims} if claims else {}),
    }


def _claim(number: int, name: str, url: str) -> JSON:
    document = {
        "@type": "DigitalDocument",
        "name": _short(name, _NAME),
        "url": url,
        "abstract": _short(url, _ABSTRACT),
    }
    return {"@type": "Claim", "position": number, "appearance": document}


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
