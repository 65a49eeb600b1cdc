"""What a person wrote in Slack, as they saw it: mentions, channels, links and entities resolved."""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable

_TOKEN = re.compile(r"<(?P<sigil>[@#!]?)(?P<body>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
_SCHEMES = ("https://", "http://", "mailto:", "tel:")

NameOf = Callable[[str], Awaitable[str]]


async def to_plain(text: str, bot_user: str, person: NameOf, channel: NameOf) -> str:
    """Plain text; `person` and `channel` name an id. The mention of the assistant itself is taken out."""
    out: list[str] = []
    end = 0
    for token in _TOKEN.finditer(text):
        shown = await _shown(token, bot_user, person, channel)
        out.append(html.unescape(text[end : token.start()]))
        out.append(shown)
        end = token.end()
    out.append(html.unescape(text[end:]))
    return re.sub(r" {2,}", " ", "".join(out)).strip()


async def _shown(token: re.Match[str], bot_user: str, person: NameOf, channel: NameOf) -> str:
    body, label = html.unescape(token["body"]), html.unescape(token["label"] or "")
    match token["sigil"]:
        case "@":
            return "" if body == bot_user else f"@{await person(body)}"
        case "#":
            return f"#{label or await channel(body)}"
        case "!":
            return label or f"@{body}"
        case _:
            return _link(body, label)


def _link(url: str, label: str) -> str:
    """The label where Slack made the link of a bare address, else label and address."""
    bare = next((url.removeprefix(scheme) for scheme in _SCHEMES if url.startswith(scheme)), url)
    if not label or label == url:
        return bare if url.startswith(("mailto:", "tel:")) else url
    return label if label.rstrip("/") == bare.rstrip("/") else f"{label} ({url})"
