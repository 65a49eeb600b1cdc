"""monday.com's JSON to records and back; no key of monday.com's passes these functions."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from core.records import Message, Party, Project, Ref, Task
from tools.integrations.monday import column
from tools.kit.webhook import WebhookEvent

_LINK = re.compile(r"monday\.com/boards/(\d+)(?:/(?:views/\d+/)?pulses/(\d+))?")


def to_task(item: Mapping[str, Any]) -> Task:
    """An item: its status, people and date columns as such, all others that hold something by their title."""
    values = [{**one, "title": (one.get("column") or {}).get("title") or ""} for one in item.get("column_values") or ()]
    status, people, day = (column.main(values, kind) or {} for kind in ("status", "people", "date"))
    used = {id(one) for one in (status, people, day)}
    return Task(
        ref=Ref(integration="monday", kind="item", id=str(item["id"]), url=item.get("url") or ""),
        title=item.get("name") or "",
        status="archived" if item.get("state") == "archived" else status.get("text") or "",
        assignees=_people(people),
        due=_day(day),
        reporter=_party(item.get("creator")),
        project=(item.get("board") or {}).get("name") or "",
        section=(item.get("group") or {}).get("title") or "",
        fields={one["title"]: one["text"] for one in values if id(one) not in used and one.get("text")},
        created_at=moment(item.get("created_at")),
        updated_at=moment(item.get("updated_at")),
    )


def former(item: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Any]:
    """What an item holds in these columns, as it is written to set it back."""
    held = {one["id"]: one for one in item.get("column_values") or ()}
    return {id: column.former(held[id]["type"], held[id].get("value")) for id in ids if id in held}


def held(item: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What the item must show again once these former values are back: the record's fields from the item itself."""
    kinds = {one["id"]: one["type"] for one in item.get("column_values") or ()}
    names = {"status": "status", "people": "assignees", "date": "due"}
    record = to_task(item)
    return {name: getattr(record, name) for name in {names.get(kinds.get(id, ""), "fields") for id in values}}


def to_project(item: Mapping[str, Any]) -> Project:
    """A board."""
    owners = item.get("owners") or ()
    return Project(
        ref=Ref(integration="monday", kind="board", id=str(item["id"]), url=item.get("url") or ""),
        title=item.get("name") or "",
        state=item.get("state") or "",
        lead=_party(owners[0]) if owners else None,
    )


def to_update(item: Mapping[str, Any], url: str = "") -> Message:
    """An update on an item."""
    return Message(
        ref=Ref(integration="monday", kind="update", id=str(item["id"]), url=url),
        text=(item.get("text_body") or "").replace("\ufeff", "").strip(),
        author=str(_party(item.get("creator")) or ""),
        channel=str(item.get("item_id") or ""),
        sent_at=moment(item.get("created_at")),
    )


def body(text: str) -> str:
    """The text of an update as the HTML that monday.com takes."""
    return html.escape(text.strip(), quote=False).replace("\n", "<br>")


def to_event(event: Mapping[str, Any]) -> WebhookEvent:
    """What a delivery says that happened."""
    item, update = event.get("pulseId") or event.get("itemId"), event.get("updateId")
    ref = None
    if update:
        ref = Ref(integration="monday", kind="update", id=str(update))
    elif item:
        ref = Ref(integration="monday", kind="item", id=str(item))
    return WebhookEvent(str(event["triggerUuid"]), str(event["type"]), ref, moment(event.get("triggerTime")))


def changed(log: Mapping[str, Any]) -> tuple[str, bool]:
    """The item that an entry of a board's log is about, "" for none, and whether it was deleted."""
    data = json.loads(log.get("data") or "{}")
    item = data.get("pulse_id") or data.get("item_id") or (data.get("pulse") or {}).get("id") or ""
    return str(item), log.get("event") in ("delete_pulse", "delete_item")


def id_of(text: str, kind: str) -> str:
    """The id of a board or item in a link, or the id itself; "" where the text is neither."""
    if text.strip().isdigit():
        return text.strip()
    hit = _LINK.search(text)
    return (hit.group(1 if kind == "board" else 2) or "") if hit else ""


def moment(text: str | None) -> datetime | None:
    """A moment."""
    return datetime.fromisoformat(text) if text else None


def _people(value: Mapping[str, Any]) -> tuple[Party, ...]:
    raw = json.loads(value["value"]) if isinstance(value.get("value"), str) and value["value"] else {}
    ids = [str(one["id"]) for one in (raw or {}).get("personsAndTeams") or ()]
    names = [part.strip() for part in (value.get("text") or "").split(",")]
    known = names if len(names) == len(ids) else [""] * len(ids)
    return tuple(Party(id=one, name=name) for one, name in zip(ids, known, strict=True))


def _day(value: Mapping[str, Any]) -> date | None:
    text = (value.get("text") or "")[:10]
    return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None


def _party(item: Mapping[str, Any] | None) -> Party | None:
    return Party(id=str(item["id"]), name=item.get("name") or "") if item and item.get("id") else None
