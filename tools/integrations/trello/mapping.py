"""Trello's JSON to records and back; no key of Trello's passes these functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from core.errors import Rejected
from core.records import Message, Party, Project, Ref, Task
from tools.kit.webhook import WebhookEvent

ID = re.compile(r"[0-9a-f]{24}", re.IGNORECASE)
_LINK = re.compile(r"trello\.com/([bc])/([0-9A-Za-z]{8,})")
_CLEARED = "null"  # how an empty due time is written in a query
# a field of a card as it is changed, and the field of the record that shows it
SHOWN = {
    "name": "title", "desc": "description", "due": "due_at", "dueComplete": "status", "closed": "status",
    "members": "assignees", "labels": "labels", "list": "section", "board": "project",
}  # fmt: skip


def to_task(card: Mapping[str, Any]) -> Task:
    """A card, with its board, list, members and checklists where they came along."""
    people = {one["id"]: one.get("fullName") or one.get("username") or "" for one in card.get("members") or ()}
    ids = people if card.get("members") is not None else card.get("idMembers") or ()
    return Task(
        ref=_ref("card", card["id"], card.get("shortLink"), card.get("shortUrl") or card.get("url")),
        title=card.get("name") or "",
        description=card.get("desc") or "",
        status="archived" if card.get("closed") else "done" if card.get("dueComplete") else "open",
        assignees=tuple(Party(id=one, name=people.get(one, "")) for one in ids),
        labels=tuple(one.get("name") or one.get("color") or "" for one in card.get("labels") or ()),
        project=(card.get("board") or {}).get("name") or "",
        section=(card.get("list") or {}).get("name") or "",
        due_at=moment(card.get("due")),
        created_at=made_at(card["id"]),
        updated_at=moment(card.get("dateLastActivity")),
        checklist=tuple(
            f"{'[x]' if item.get('state') == 'complete' else '[ ]'} {checklist.get('name')}: {item.get('name')}"
            for checklist in card.get("checklists") or ()
            for item in checklist.get("checkItems") or ()
        ),
    )


def named(card: Mapping[str, Any], home: Mapping[str, Any]) -> dict[str, Any]:
    """A card with the names that its board knows."""
    lists = {one["id"]: one for one in home.get("lists") or ()}
    people = {one["id"]: one for one in home.get("members") or ()}
    members = [people.get(one, {"id": one}) for one in card.get("idMembers") or ()]
    return {**card, "board": home, "list": lists.get(card.get("idList") or "", {}), "members": members}


def written(
    name: str | None = None,
    desc: str | None = None,
    due: datetime | None = None,
    due_complete: bool | None = None,
    archived: bool | None = None,
) -> dict[str, Any]:
    """Fields of a card; what is None is left out."""
    fields = {
        "name": name,
        "desc": desc,
        "due": due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z") if due else None,
        "dueComplete": due_complete,
        "closed": archived,
    }
    return {name: value for name, value in fields.items() if value is not None}


def sent(fields: Mapping[str, Any]) -> dict[str, str]:
    """Fields as a query wants them: lists with commas, nothing as a word."""
    found = {}
    for name, value in fields.items():
        name, value = {"members": "idMembers", "labels": "idLabels"}.get(name, name), value
        if isinstance(value, list):
            found[name] = ",".join(one["id"] for one in value)
        else:
            found[name] = _CLEARED if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return found


def former(card: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a card holds in these fields, to set them back."""
    return {name: card.get(name) for name in fields}


def expected(card: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the card read back must hold once these fields are written."""
    after = to_task({**card, **fields})
    return {SHOWN[name]: getattr(after, SHOWN[name]) for name in fields if name in SHOWN}


def labelled(names: Sequence[str], known: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The labels of a board that people mean by names or colours.

    Raises:
        Rejected: the board has no such label.
    """
    found = []
    for name in names:
        word = name.strip().casefold()
        by_name = [one for one in known if str(one.get("name") or "").casefold() == word]
        fits = by_name or [one for one in known if one.get("color") == word]
        if not fits:
            there = ", ".join(str(one.get("name") or one.get("color") or "") for one in known)
            raise Rejected(f"This board has no label “{name}”; it has {there or 'none'}.")
        found.append(fits[0])
    return found


def to_comment(action: Mapping[str, Any], card: str) -> Message:
    """A comment; its id is the card's and its own."""
    data, who = action.get("data") or {}, action.get("memberCreator") or {}
    link = (data.get("card") or {}).get("shortLink") or ""
    url = f"https://trello.com/c/{link}#comment-{action['id']}" if link else ""
    return Message(
        ref=Ref(integration="trello", kind="comment", id=f"{card}/{action['id']}", key=link, url=url),
        text=data.get("text") or "",
        author=who.get("fullName") or who.get("username") or "",
        channel=(data.get("card") or {}).get("name") or card,
        sent_at=moment(action.get("date")),
    )


def to_project(board: Mapping[str, Any]) -> Project:
    """A board."""
    return Project(
        ref=_ref("board", board["id"], board.get("shortLink"), board.get("shortUrl") or board.get("url")),
        title=board.get("name") or "",
        state="closed" if board.get("closed") else "open",
    )


def to_event(action: Mapping[str, Any]) -> WebhookEvent:
    """What a delivery says that happened."""
    data = action.get("data") or {}
    card, board = data.get("card") or {}, data.get("board") or {}
    link = card.get("shortLink") or ""
    if action["type"] in ("commentCard", "updateComment", "deleteComment"):
        own = (data.get("action") or {}).get("id") or action["id"]
        ref = Ref(integration="trello", kind="comment", id=f"{card.get('id', '')}/{own}", key=link)
    elif card.get("id"):
        ref = _ref("card", card["id"], link, f"https://trello.com/c/{link}" if link else "")
    else:
        ref = _ref("board", str(board.get("id") or ""), board.get("shortLink"), "")
    return WebhookEvent(action["id"], action["type"], ref, moment(action.get("date")))


def card_ref(id: str) -> Ref:
    """A card by its id."""
    return _ref("card", id, "", "")


def id_of(text: str, kind: str) -> str:
    """The id or short link of a card ("c") or board ("b") in a link, or the id itself; "" where it is neither."""
    if ID.fullmatch(text.strip()):
        return text.strip()
    hit = _LINK.search(text)
    return hit.group(2) if hit and hit.group(1) == kind else ""


def made_at(id: str) -> datetime | None:
    """When a thing was made: its id begins with the time."""
    return datetime.fromtimestamp(int(id[:8], 16), UTC) if ID.fullmatch(id) else None


def moment(text: str | None) -> datetime | None:
    """A moment."""
    return datetime.fromisoformat(text) if text else None


def _ref(kind: str, id: str, link: Any, url: Any) -> Ref:
    return Ref(integration="trello", kind=kind, id=id, key=str(link or ""), url=str(url or ""))
