"""Gmail's search words, as many of them as people use."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sandbox.exchange import Json

_TOKEN = re.compile(r'(-?)(?:([a-z_]+):)?(\([^)]*\)|\{[^}]*\}|"[^"]*"|\S+)', re.IGNORECASE)
_SPAN = {"d": 86400, "h": 3600, "m": 30 * 86400, "y": 365 * 86400}


def fits(message: Json, query: str, now: float, labels: dict[str, str]) -> bool:
    """Whether a message is what the query looks for; `labels` are the owner's, name in lower case to id."""
    for minus, operator, value in _TOKEN.findall(query):
        found = _one(message, operator.lower(), value, now, labels)
        if found is (minus == "-"):
            return False
    return True


def header(message: Json, name: str) -> str:
    """The value of a header, or ""."""
    return next((str(value) for title, value in message["headers"] if title.lower() == name.lower()), "")


def _one(message: Json, operator: str, value: str, now: float, labels: dict[str, str]) -> bool:
    words = [word.strip('"').lower() for word in re.findall(r'"[^"]*"|[^\s]+', value.strip("(){}"))]
    if value.startswith("{"):
        return any(fits(message, f"{operator}:{word}" if operator else word, now, labels) for word in words)
    plain, sent = " ".join(words), int(message["internalDate"]) / 1000
    match operator:
        case "from" | "to" | "cc" | "bcc" | "subject":
            text = header(message, operator).lower()
            text += header(message, "Cc").lower() if operator == "to" else ""
            return all(word in text for word in words)
        case "rfc822msgid":
            return plain.strip("<>") == header(message, "Message-ID").strip("<>").lower()
        case "is" | "in" | "label" | "category":
            return _labelled(message, operator, plain, labels)
        case "has":
            return bool(message["files"]) if plain == "attachment" else False
        case "filename":
            return any(plain in one["name"].lower() for one in message["files"])
        case "after" | "before":
            at = _moment(plain)
            return sent >= at if operator == "after" else sent < at
        case "newer_than" | "older_than":
            edge = now - int(plain[:-1]) * _SPAN[plain[-1]]
            return sent >= edge if operator == "newer_than" else sent < edge
        case "":
            names = " ".join([header(message, one) for one in ("Subject", "From", "To", "Cc")])
            text = f"{names} {message['text']} {message['html']} {' '.join(one['name'] for one in message['files'])}"
            return all(word in " ".join(text.lower().split()) for word in ([plain] if '"' in value else words))
    return False


def _labelled(message: Json, operator: str, name: str, labels: dict[str, str]) -> bool:
    held = message["labelIds"]
    if name in ("anywhere", "read"):
        return name == "anywhere" or "UNREAD" not in held
    if operator == "category":
        return f"CATEGORY_{name.upper()}" in held
    known = {"drafts": "DRAFT", "draft": "DRAFT"}.get(name, name.upper())
    return known in held or labels.get(name.replace("-", " ")) in held or labels.get(name) in held


def _moment(text: str) -> float:
    if text.isdigit():
        return float(text)
    year, month, day = map(int, re.split(r"[/-]", text))
    return datetime(year, month, day, tzinfo=UTC).timestamp()
