"""What the values of invokes hold: the message that somebody called the assistant on, the thumb under an answer."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from pydantic import BaseModel, ConfigDict

LONGEST = 8_000
_BREAK = re.compile(r"<\s*(?:br|/p|/div|/li|/tr|/h\d)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_HIDDEN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_LINES = re.compile(r"\s*\n\s*")


class Quote(BaseModel):
    """A message's plain words and who wrote them."""

    model_config = ConfigDict(frozen=True)

    text: str = ""
    author: str = ""

    @property
    def said(self) -> str:
        """Who said what."""
        return f"{self.author}: {self.text}" if self.author else self.text


def quote_of(value: Any) -> Quote:
    """The message in the value of a message extension's invoke; empty where there is none."""
    payload = _dict(_dict(value).get("messagePayload"))
    body = _dict(payload.get("body"))
    content = str(body.get("content") or "")
    text = plain(content) if str(body.get("contentType") or "html").lower() == "html" else content.strip()
    user = _dict(_dict(payload.get("from")).get("user"))
    return Quote(text=text[:LONGEST], author=str(user.get("displayName") or ""))


def verdict_of(value: Any) -> str:
    """`up` or `down`, and on a line of its own why; "" where it is no rating."""
    given = _dict(_dict(value).get("actionValue")) if _dict(value).get("actionName") == "feedback" else {}
    thumb = {"like": "up", "dislike": "down"}.get(str(given.get("reaction")), "")
    try:
        reason = str(_dict(json.loads(given.get("feedback") or "{}")).get("feedbackText") or "").strip()
    except (ValueError, TypeError):
        reason = ""
    return "\n".join(filter(None, (thumb, reason))) if thumb else ""


def plain(markup: str) -> str:
    """The words of HTML, a line for each of its lines."""
    broken = _BREAK.sub("\n", _HIDDEN.sub("", markup))
    words = html.unescape(_TAG.sub("", broken)).replace("\xa0", " ")
    return _LINES.sub("\n", words).strip()


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
