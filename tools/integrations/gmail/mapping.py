"""Gmail's JSON to records; no key of Google's passes these functions."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import getaddresses
from html import unescape
from typing import Any

from core.records import Document, Message, Ref

Json = dict[str, Any]

KEY = "gmail"
INBOX, UNREAD, STARRED, TRASH, SENT, DRAFT = "INBOX", "UNREAD", "STARRED", "TRASH", "SENT", "DRAFT"
READ = "READ"  # no label of Gmail's: what has it lacks UNREAD
SITE = "https://mail.google.com/mail/#all/"
SEVERAL = "messages"
ALSO = {
    STARRED: ("star", "starred", "stars"),
    UNREAD: ("unread", "new"),
    READ: ("read", "seen"),
    INBOX: ("inbox",),
    "IMPORTANT": ("important",),
    "SPAM": ("spam", "junk"),
}
COLORS = {  # of the palette that Gmail allows, by what people say: background and text
    "red": ("#fb4c2f", "#ffffff"), "orange": ("#ffad47", "#000000"), "yellow": ("#fad165", "#000000"),
    "green": ("#16a766", "#ffffff"), "teal": ("#43d692", "#000000"), "blue": ("#4a86e8", "#ffffff"),
    "purple": ("#a479e2", "#ffffff"), "pink": ("#f691b3", "#000000"), "grey": ("#cccccc", "#000000"),
    "gray": ("#cccccc", "#000000"), "black": ("#000000", "#ffffff"), "white": ("#ffffff", "#000000"),
    "brown": ("#822111", "#ffffff"),
}  # fmt: skip
_TAGS = re.compile(r"<(style|script)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_BREAKS = re.compile(r"<br\s*/?>|</p>|</div>|</tr>", re.IGNORECASE)


def to_message(item: Mapping[str, Any], names: Mapping[str, str] | None = None) -> Message:
    """A message; `names` says how the person's own labels are called."""
    said, payload = headers(item), item.get("payload") or {}
    return Message(
        ref=Ref(integration=KEY, kind="message", id=item["id"], url=f"{SITE}{item['id']}"),
        title=said.get("subject", ""),
        text=body(payload) or unescape(item.get("snippet") or ""),
        author=said.get("from", ""),
        thread=str(item.get("threadId") or ""),
        sent_at=datetime.fromtimestamp(int(item["internalDate"]) / 1000, UTC) if item.get("internalDate") else None,
        to=addresses(said.get("to", "")),
        cc=addresses(said.get("cc", "")),
        bcc=addresses(said.get("bcc", "")),
        labels=label_names(item.get("labelIds") or (), names),
        files=tuple(str(part["filename"]) for part in parts(payload) if part.get("filename")),
    )


def to_draft(item: Mapping[str, Any]) -> Message:
    """A draft, by its own id."""
    message = to_message(item["message"])
    ref = Ref(integration=KEY, kind="draft", id=item["id"], url=f"https://mail.google.com/mail/#drafts/{item['id']}")
    return message.model_copy(update={"ref": ref})


def to_thread(item: Mapping[str, Any]) -> Message:
    """A conversation as one record: its subject, everything said, and every label in it."""
    messages = [to_message(one) for one in item.get("messages") or ()]
    ref = Ref(integration=KEY, kind="thread", id=item["id"], url=f"{SITE}{item['id']}")
    return Message(
        ref=ref,
        title=messages[0].title if messages else "",
        text="\n\n".join(f"{one.author}:\n{one.text}" for one in messages),
        thread=item["id"],
        labels=tuple(sorted({label for one in messages for label in one.labels})),
    )


def to_several(items: Sequence[Mapping[str, Any]], names: Mapping[str, str] | None = None) -> Message:
    """Some messages as one record: the labels of each, a line each."""
    ids = ",".join(str(item["id"]) for item in items)
    title = headers(items[0]).get("subject", "") if len(items) == 1 else f"{len(items)} messages"
    lines = (line(item, item.get("labelIds") or (), names) for item in items)
    ref = Ref(integration=KEY, kind=SEVERAL, id=ids, key=title, url=f"{SITE}{items[0]['id']}")
    return Message(ref=ref, title=title, text="\n".join(sorted(lines)))


def to_label(item: Mapping[str, Any]) -> Document:
    """A label."""
    ref = Ref(integration=KEY, kind="label", id=item["id"], url="https://mail.google.com/mail/#settings/labels")
    color = str((item.get("color") or {}).get("backgroundColor") or "")
    return Document(ref=ref, title=str(item.get("name") or ""), color=color)


def headers(item: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a message, names in lower case."""
    rows = (item.get("payload") or {}).get("headers") or ()
    return {str(row.get("name", "")).lower(): str(row.get("value", "")) for row in rows}


def addresses(value: str) -> tuple[str, ...]:
    """The bare addresses of a header."""
    return tuple(address.lower() for _, address in getaddresses([value]) if address)


def parts(payload: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every part of a message, itself first."""
    inner = [part for one in payload.get("parts") or () for part in parts(one)]
    return [payload, *inner]


def body(payload: Mapping[str, Any]) -> str:
    """What a message says: its plain text, or its HTML without the tags."""
    found = {str(part.get("mimeType")): part for part in reversed(parts(payload)) if not part.get("filename")}
    if "text/plain" in found:
        return decoded(found["text/plain"]).strip()
    html = decoded(found["text/html"]) if "text/html" in found else ""
    return re.sub(r"\n{3,}", "\n\n", unescape(_TAGS.sub("", _BREAKS.sub("\n", html)))).strip()


def decoded(part: Mapping[str, Any]) -> str:
    """The text of a part."""
    return content(part.get("body") or {}).decode(errors="replace").replace("\r\n", "\n")


def content(data: Mapping[str, Any]) -> bytes:
    """The bytes of a part's body, in URL-safe base64 that may lack its padding."""
    text = str(data.get("data") or "")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def label_names(ids: Iterable[str], names: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Labels as people call them."""
    return tuple(sorted((names or {}).get(one) or spoken(one) for one in ids))


def line(item: Mapping[str, Any], labels: Iterable[str], names: Mapping[str, str] | None = None) -> str:
    """A message's subject with labels."""
    return f"{headers(item).get('subject', '')}: {', '.join(label_names(labels, names))}"


def spoken(label: str) -> str:
    """A system label as people call it."""
    if label.startswith("CATEGORY_"):
        return label.removeprefix("CATEGORY_").capitalize()
    return label.capitalize() if label.isupper() else label


def changed(ids: Iterable[str], add: Iterable[str], remove: Iterable[str]) -> list[str]:
    """The labels of a message after a change."""
    return sorted(({*ids} | {*add}) - {*remove})


def both(add: Sequence[str] | None, remove: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Labels to add and to remove, with “read” turned into what Gmail has, the absence of UNREAD."""
    more, less = {*(add or ())}, {*(remove or ())}
    if READ in more:
        more, less = more - {READ}, less | {UNREAD}
    if READ in less:
        more, less = more | {UNREAD}, less - {READ}
    return sorted(more), sorted(less)


def differing(before: Mapping[str, Iterable[str]], after: Mapping[str, Iterable[str]]) -> list[Json]:
    """What to ask of Gmail so that messages have these labels: one request for all that change alike."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for message, wanted in after.items():
        have, want = {*before.get(message, ())}, {*wanted}
        add, remove = tuple(sorted(want - have)), tuple(sorted(have - want))
        if add or remove:
            groups.setdefault((add, remove), []).append(message)
    return [
        {"ids": ids, "addLabelIds": list(add), "removeLabelIds": list(remove)} for (add, remove), ids in groups.items()
    ]
