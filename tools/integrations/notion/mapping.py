"""Notion's JSON to records and back; no key of Notion's passes these functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.records import Document, Message, Party, Ref
from tools.integrations.notion.property import plain, shown

MOST = 2000  # characters that one piece of text may have
COMPUTED = {"created_time", "last_edited_time", "created_by", "last_edited_by"}
Item = Mapping[str, Any]

_ID = re.compile(
    r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?![0-9a-f])", re.IGNORECASE
)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, eq=False)
class Words:
    """Is like every text that holds these words in this order: Notion spells Markdown in its own way."""

    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and _words(self.text) in _words(other)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Holding:
    """Is like every mapping that holds these values among others."""

    values: Mapping[str, str]

    def __eq__(self, other: object) -> bool:
        there: Any = {} if other is None else other
        return isinstance(there, Mapping) and all(there.get(name, "") == value for name, value in self.values.items())

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.values.items())


def to_page(item: Item, text: str = "") -> Document:
    """A page, also one that is a database's entry; of an entry the text sums up its properties, if none is given."""
    properties = item.get("properties") or {}
    told = {
        str(name): shown(value)
        for name, value in properties.items()
        if value.get("type") not in COMPUTED | {"title"} and shown(value)
    }
    is_entry = (item.get("parent") or {}).get("type") in ("data_source_id", "database_id")
    return Document(
        ref=ref("page", item),
        title=title_of(item),
        mime_type="text/markdown",
        text=text or (" · ".join(f"{name}: {value}" for name, value in told.items()) if is_entry else ""),
        folder=_parent(item.get("parent")),
        properties=told,
        modified_at=moment(item.get("last_edited_time")),
    )


def to_database(item: Item) -> Document:
    """A database, with the names of its properties."""
    names = {str(name): str(about.get("type", "")) for name, about in (item.get("properties") or {}).items()}
    return Document(
        ref=ref("data_source", item),
        title=title_of(item),
        text=", ".join(names),
        folder=_parent(item.get("database_parent") or item.get("parent")),
        modified_at=moment(item.get("last_edited_time")),
    )


def to_found(item: Item) -> Document:
    """What a search found."""
    return to_database(item) if item.get("object") == "data_source" else to_page(item)


def to_comment(item: Item, names: Mapping[str, str]) -> Message:
    """A comment; `names` are of people, by id."""
    by = item.get("created_by") or {}
    page = str((item.get("parent") or {}).get("page_id") or "")
    told = (item.get("display_name") or {}).get("resolved_name")
    return Message(
        ref=Ref(
            integration="notion", kind="comment", id=f"{page}/{item['id']}", url=f"https://www.notion.so/{bare(page)}"
        ),
        text=plain(item.get("rich_text")),
        author=str(told or by.get("name") or names.get(str(by.get("id")), "")),
        channel=page,
        thread=str(item.get("discussion_id") or ""),
        sent_at=moment(item.get("created_time")),
    )


def title_of(item: Item) -> str:
    """The title of a page or database."""
    if isinstance(item.get("title"), list):
        return plain(item["title"])
    for value in (item.get("properties") or {}).values():
        if value.get("type") == "title" and isinstance(value.get("title"), list):
            return plain(value["title"])
    return ""


def ref(kind: str, item: Item) -> Ref:
    """Where a page or database is."""
    number = str(item["id"])
    url = str(item.get("url") or f"https://www.notion.so/{bare(number)}")
    return Ref(integration="notion", kind=kind, id=number, key=title_of(item), url=url)


def rich(text: str) -> list[dict[str, Any]]:
    """Text in pieces that Notion takes."""
    pieces = [text[at : at + MOST] for at in range(0, len(text), MOST)]
    return [{"type": "text", "text": {"content": piece}} for piece in pieces]


def own_id(text: str) -> str:
    """The id that a link ends in, or that the text is; "" for words."""
    path = text.strip().partition("?")[0].partition("#")[0]
    found = list(_ID.finditer(path))
    if not found or ("/" not in path and found[-1].group(0) != path):
        return ""
    return "-".join(found[-1].groups()).lower()


def bare(number: str) -> str:
    """An id as links have it."""
    return number.replace("-", "")


def steps(text: str) -> list[str]:
    """The titles in a path such as `Product > Meetings`."""
    parts = re.split(r"\s*(?:>|»|→| / )\s*", text)
    return [part.strip(" \"'“”") for part in parts if part.strip(" \"'“”")]


def moment(text: str | None) -> datetime | None:
    """A moment as Notion writes it."""
    return datetime.fromisoformat(text) if text else None


def new_blocks(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The ids of blocks that were not there before."""
    return [number for number in after if number not in {*before}]


def _parent(item: Item | None) -> Party | None:
    kind = str((item or {}).get("type") or "")
    number = (item or {}).get(kind)
    return Party(id=str(number)) if isinstance(number, str) else Party(id="workspace") if kind == "workspace" else None


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.casefold()))} "
