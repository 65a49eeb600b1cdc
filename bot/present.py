"""What came of a turn, as parts of a reply: plans, receipts and what was found, in a person's words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agent.ledger import LedgerRow
from agent.proof import SHOWN_RECORDS
from agent.reference import references
from bot.locale import Writer
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
_AMOUNTS = frozenset({"amount", "balance", "discount", "owed", "paid", "price", "spent", "tax", "total"})
_MOST_COLUMNS, BRIEF = 5, 5
_CELL = 80
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


def outcome(rows: Sequence[LedgerRow], tools: Mapping[str, Tool], writer: Writer) -> list[Part]:
    """What was found, then one receipt per intent."""
    parts: list[Part] = []
    for row in rows:
        if row.effect == "read" and row.status == "done":
            tool = tools.get(row.tool)
            parts.append(found(row.result, tool, writer, _most(row, tool)))
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


def found(result: Any, tool: Tool | None, writer: Writer, most: int = 0) -> Part:
    """What a reading call that asked for `most` records gave: a table of them, or one record's fields."""
    if isinstance(result, list):
        return _table(result, tool, writer, most)
    names = dict.fromkeys(str(result[name]) for name in ("key", "title") if result.get(name))
    shown = [f"**{' '.join(names)}**"] if names else []
    for name, value in result.items():
        if name in _HIDDEN or value in (None, "", [], {}):
            continue
        if name in ("comments", "figures", "sections", "files") and isinstance(value, list):
            shown += [f"- {_line(one, writer)}" for one in value]
        else:
            shown.append(f"{_words(name)}: {_named_cell(name, value, writer, 2000)}")
    if result.get("url"):
        shown.append(str(result["url"]))
    return Text(text="\n".join(shown) or "Nothing found.")


def _heading(shown: int, found: int, most: int, where: str) -> str:
    """How many there are; that there may be more, where no more were asked for."""
    if shown < found:
        return f"{shown} of {found} found in {where}"
    return f"The first {found} in {where}; there may be more" if found == most else f"{found} found in {where}"


def _most(row: LedgerRow, tool: Tool | None) -> int:
    """How many records a reading call asked for, 0 where it did not say."""
    asked = row.args.get("limit", tool.properties.get("limit", {}).get("default") if tool else 0)
    return min(asked, SHOWN_RECORDS) if isinstance(asked, int) else SHOWN_RECORDS


def _table(records: Sequence[Mapping[str, Any]], tool: Tool | None, writer: Writer, most: int) -> Part:
    if not records:
        return Text(text=f"Nothing found{f' in {tool.title}' if tool else ''}.")
    present = {name for record in records for name, value in record.items() if value not in (None, "", [], {})}
    if all(record.get("title") == record.get("key") for record in records):
        present.discard("title")
    columns = [name for name in _COLUMNS if name in present][:_MOST_COLUMNS] or ["id"]
    shown = records[:BRIEF] if writer.is_brief else records
    rows = tuple(tuple(_named_cell(name, one.get(name, ""), writer, _CELL) for name in columns) for one in shown)
    return Table(
        title=_heading(len(shown), len(records), most, tool.title) if tool else "",
        columns=tuple(_words(name) for name in columns),
        rows=rows,
        links=tuple(str(record.get("url") or "") for record in shown),
    )


def _line(value: Any, writer: Writer) -> str:
    if isinstance(value, Mapping):
        if "value" in value and "name" in value:
            return f"{value['name']}: {writer.figure(str(value['value']))}"
        author = f"{value['author']}: " if value.get("author") else ""
        return author + _cell(value.get("text") or value.get("title") or value, writer, 400)
    return _cell(value, writer, 400)


def _named_cell(name: str, value: Any, writer: Writer, most: int) -> str:
    """A cell; money comes as text, and is a number all the same."""
    return writer.figure(value) if name in _AMOUNTS and isinstance(value, str) else _cell(value, writer, most)


def _cell(value: Any, writer: Writer, most: int) -> str:
    if isinstance(value, Mapping):
        if value.get("name") or value.get("id"):
            return str(value.get("name") or value["id"])
        return ", ".join(f"{name} {one}" for name, one in value.items())[:most]
    if isinstance(value, list):
        return ", ".join(_cell(one, writer, most) for one in value)[:most]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return writer.number(value)
    text = " ".join(str(value).split("\n")) if most <= _CELL else str(value)
    text = writer.text(text)
    return text if len(text) <= most else text[: most - 1] + "…"


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
