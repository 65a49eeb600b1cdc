"""What came of a turn, as parts of a reply: plans, receipts and what was found, in a person's words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from agent.ledger import LedgerRow
from agent.reference import references
from core.clock import utc_now
from core.message import Part, PlanStep, Receipt, Receipts, ReceiptStatus, Table, Text
from core.tool import Tool

_PAST = {
    "cancel": "Cancelled", "deactivate": "Switched off", "label": "Labelled", "quick": "Added", "reset": "Reset",
    "respond": "Answered", "run": "Started", "send": "Sent", "set": "Set", "transition": "Moved",
    "withdraw": "Withdrew",
}  # fmt: skip
_COLUMNS = (
    "key", "title", "text", "author", "status", "stage", "state", "health", "amount", "total", "currency", "kind",
    "priority", "assignee", "owner", "customer", "company", "starts_at", "ends_at", "started_at", "due", "closes_on",
    "email", "job_title", "timezone", "topic", "channel", "sent_at", "head", "base", "renews_on", "location",
)  # fmt: skip
_HIDDEN = ("type", "integration", "kind", "id", "url", "key", "title")
_MOST_COLUMNS = 5
_CELL = 80
NEAR_DAYS = 180
_STATUS: Mapping[str, ReceiptStatus] = {
    "done": "done", "failed": "failed", "denied": "failed", "unknown": "unknown", "rejected": "rejected",
    "planned": "waiting", "started": "unknown",
}  # fmt: skip
_ENDS = {"failed": "did not work", "unknown": "the outcome is unknown", "rejected": "cancelled", "waiting": "waits"}


def steps(rows: Sequence[LedgerRow], tools: Mapping[str, Tool]) -> tuple[PlanStep, ...]:
    """The calls of a plan as a person reads them before approving."""
    return tuple(
        PlanStep(
            tool=row.tool,
            title=_title(row, tools.get(row.tool)),
            effect=row.effect if row.effect in ("read", "write", "destructive") else "destructive",
            arguments=_arguments(row, tools.get(row.tool)),
        )
        for row in rows
    )


def _arguments(row: LedgerRow, tool: Tool | None) -> tuple[tuple[str, str], ...]:
    """Name and value of each argument, in the order in which the tool declares them."""
    order = {name: place for place, name in enumerate(tool.properties if tool else ())}
    names = sorted(row.labels, key=lambda name: order.get(name, len(order)))
    return tuple((_words(name), row.labels[name]) for name in names if row.labels[name])


def outcome(rows: Sequence[LedgerRow], tools: Mapping[str, Tool], zone: ZoneInfo) -> list[Part]:
    """What was found, then one receipt per intent."""
    parts: list[Part] = []
    for row in rows:
        if row.effect == "read" and row.status == "done":
            parts.append(found(row.result, tools.get(row.tool), zone))
    lines = tuple(receipt(row, tools.get(row.tool)) for row in rows if row.effect != "read" or row.status != "done")
    return [*parts, Receipts(lines=lines)] if lines else parts


def receipt(row: LedgerRow, tool: Tool | None) -> Receipt:
    """One intent's line; key and link come from what was read back."""
    text = _past(row, tool)
    status = _STATUS.get(row.status, "unknown")
    if status == "rejected":
        text = f"Cancelled: {_title(row, tool)}"
    elif status != "done":
        text = " ".join(part for part in (f"{_title(row, tool)}:", row.reason, row.next_step) if part)
    can_undo = row.undo is not None and not row.undone_by and not row.undo_of and status in ("done", "failed")
    return Receipt(
        status=status, text=text, key=row.key if status != "rejected" else "", url=row.url,
        undo=row.id if can_undo else "",
    )  # fmt: skip


def bare_receipt(row: LedgerRow, tool: Tool | None) -> Receipt:
    """One intent's line as everybody may read it: what kind of thing became of it, and nothing of what it is about."""
    status = _STATUS.get(row.status, "unknown")
    text = _did(row, tool) if status == "done" else f"{_title(row, tool)}: {_ENDS.get(status, 'not done')}."
    return Receipt(status=status, text=text, undo=receipt(row, tool).undo)


def found(result: Any, tool: Tool | None, zone: ZoneInfo) -> Part:
    """What a reading call gave: a table of records, or one record's fields."""
    if isinstance(result, list):
        return _table(result, tool, zone)
    names = dict.fromkeys(str(result[name]) for name in ("key", "title") if result.get(name))
    shown = [f"**{' '.join(names)}**"] if names else []
    for name, value in result.items():
        if name in _HIDDEN or value in (None, "", [], {}):
            continue
        if name in ("comments", "figures", "sections", "files") and isinstance(value, list):
            shown += [f"- {_line(one, zone)}" for one in value]
        else:
            shown.append(f"{_words(name)}: {_cell(value, zone, 2000)}")
    if result.get("url"):
        shown.append(str(result["url"]))
    return Text(text="\n".join(shown) or "Nothing found.")


def _table(records: Sequence[Mapping[str, Any]], tool: Tool | None, zone: ZoneInfo) -> Part:
    if not records:
        return Text(text=f"Nothing found{f' in {tool.title}' if tool else ''}.")
    present = {name for record in records for name, value in record.items() if value not in (None, "", [], {})}
    if all(record.get("title") == record.get("key") for record in records):
        present.discard("title")
    columns = [name for name in _COLUMNS if name in present][:_MOST_COLUMNS] or ["id"]
    rows = tuple(tuple(_cell(record.get(name, ""), zone, _CELL) for name in columns) for record in records)
    return Table(
        title=f"{len(records)} found in {tool.title}" if tool else "",
        columns=tuple(_words(name) for name in columns),
        rows=rows,
        links=tuple(str(record.get("url") or "") for record in records),
    )


def _line(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, Mapping):
        if "value" in value and "name" in value:
            return f"{value['name']}: {value['value']}"
        author = f"{value['author']}: " if value.get("author") else ""
        return author + _cell(value.get("text") or value.get("title") or value, zone, 400)
    return _cell(value, zone, 400)


def _cell(value: Any, zone: ZoneInfo, most: int) -> str:
    if isinstance(value, Mapping):
        if value.get("name") or value.get("id"):
            return str(value.get("name") or value["id"])
        return ", ".join(f"{name} {one}" for name, one in value.items())[:most]
    if isinstance(value, list):
        return ", ".join(_cell(one, zone, most) for one in value)[:most]
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = " ".join(str(value).split("\n")) if most <= _CELL else str(value)
    if len(text) >= 16 and text[4:5] == "-" and text[10:11] == "T":
        return _moment(text, zone)
    return text if len(text) <= most else text[: most - 1] + "…"


def _moment(text: str, zone: ZoneInfo) -> str:
    try:
        moment = datetime.fromisoformat(text).astimezone(zone)
    except ValueError:
        return text
    is_near = abs((moment - utc_now()).days) < NEAR_DAYS
    return moment.strftime("%a %d %b %H:%M" if is_near else "%a %d %b %Y %H:%M")


def _title(row: LedgerRow, tool: Tool | None) -> str:
    if tool is None:
        return row.tool
    return f"{tool.title}: {_words(tool.id.partition('.')[2])}"


def _past(row: LedgerRow, tool: Tool | None) -> str:
    return _did(row, tool) + (f" “{row.title}”" if row.title else _about(row, tool))


def _did(row: LedgerRow, tool: Tool | None) -> str:
    verb, _, noun = row.tool.partition(".")[2].partition("_")
    noun = noun.replace("_", " ")
    if noun.startswith(("on ", "add", "to ")):
        noun = noun.removeprefix("add").strip()
    said = f"{_PAST.get(verb) or _regular(verb)} {noun}".strip()
    return f"{tool.title if tool else ''}: {said}".removeprefix(": ")


def _regular(verb: str) -> str:
    """The past of a verb that has no own one: tagged, copied, archived, posted."""
    if verb.endswith("e"):
        past = f"{verb}d"
    elif re.fullmatch(r".*[^aeiou]y", verb):
        past = f"{verb[:-1]}ied"
    elif re.fullmatch(r"(?:un)?[^aeiou]*[aeiou][^aeiouwxy]", verb):
        past = f"{verb}{verb[-1]}ed"
    else:
        past = f"{verb}ed"
    return past.capitalize()


def _about(row: LedgerRow, tool: Tool | None) -> str:
    required = tool.required if tool else ()
    shown = [row.labels[name] for name in required if row.labels.get(name) and not references(row.args.get(name))]
    return f" · {shown[0][:60]}" if shown else ""


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
