"""A message as it is written: headers, text and files, in the form that Gmail takes."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from typing import Any

from tools.integrations.gmail.mapping import addresses, body, headers
from tools.kit.attachment import Attachment

SHORT = 60
ABOVE = "---------- Forwarded message ---------"


@dataclass(frozen=True)
class Letter:
    """Addresses in lower case; `answers` holds the headers that put it into a conversation."""

    to: tuple[str, ...]
    subject: str
    text: str
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    files: tuple[Attachment, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    thread: str = ""

    def raw(self) -> dict[str, str]:
        """What Gmail takes: the whole message in base64, and the conversation it belongs to."""
        message = EmailMessage(policy=SMTP)
        named = {"To": self.to, "Cc": self.cc, "Bcc": self.bcc}
        for name, people in named.items():
            if people:
                message[name] = ", ".join(people)
        message["Subject"] = " ".join(self.subject.split())
        for name, value in self.answers.items():
            message[name] = value
        message.set_content(self.text)
        for one in self.files:
            main, _, sub = one.mime_type.partition("/")
            message.add_attachment(one.content, maintype=main, subtype=sub or "octet-stream", filename=one.name)
        made = {"raw": base64.urlsafe_b64encode(message.as_bytes()).decode()}
        return made | ({"threadId": self.thread} if self.thread else {})

    def shows(self) -> dict[str, Any]:
        """What the message must show when it is read back."""
        return {
            "title": " ".join(self.subject.split()), "text": self.text.strip(), "to": self.to, "cc": self.cc,
            "bcc": self.bcc, "files": tuple(one.name for one in self.files),
        }  # fmt: skip


def lower(people: Sequence[str] | None) -> tuple[str, ...]:
    """Addresses, each once."""
    return tuple(dict.fromkeys(one.strip().lower() for one in people or ()))


def subject_of(text: str) -> str:
    """A subject out of the first line or sentence of a text."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    for mark in (". ", "! ", "? "):
        first = first.partition(mark)[0]
    return first if len(first) <= SHORT else first[:SHORT].rpartition(" ")[0] or first[:SHORT]


def reply_to(thread: Mapping[str, Any], me: str, to_all: bool, text: str, to: Sequence[str] = ()) -> Letter:
    """The answer to the last message of a conversation; what one said oneself is answered to whom it was said."""
    said = [one for one in thread.get("messages") or () if "DRAFT" not in (one.get("labelIds") or ())]
    last = headers(said[-1])
    author = addresses(last.get("reply-to") or last.get("from", ""))
    others = (*addresses(last.get("to", "")), *addresses(last.get("cc", "")))
    first = tuple(one for one in author if one != me) or addresses(last.get("to", ""))
    copied = tuple(one for one in dict.fromkeys(others) if one not in (me, *first)) if to_all else ()
    subject, mark = last.get("subject", ""), last.get("message-id", "")
    known = f"{last.get('references', '')} {mark}".strip()
    return Letter(
        to=lower(to) or first,
        subject=subject if subject.lower().startswith("re:") else f"Re: {subject}",
        text=text,
        cc=copied,
        answers={"In-Reply-To": mark, "References": known} if mark else {},
        thread=str(thread["id"]),
    )


def forwarded(item: Mapping[str, Any], note: str, to: Sequence[str], cc: Sequence[str] | None) -> Letter:
    """A message passed on, with a note above it and without its files."""
    said = headers(item)
    told = [f"{name}: {said[name.lower()]}" for name in ("From", "Date", "Subject", "To") if said.get(name.lower())]
    text = "\n".join([*([note, ""] if note else []), ABOVE, *told, "", body(item.get("payload") or {})])
    subject = said.get("subject", "")
    begins = subject.lower().startswith(("fwd:", "fw:"))
    return Letter(lower(to), subject if begins else f"Fwd: {subject}", text.strip(), lower(cc))


def named(value: str) -> list[tuple[str, str]]:
    """Names and addresses of a header."""
    return [(name, address.lower()) for name, address in getaddresses([value]) if address]
