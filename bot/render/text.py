"""A reply as plain lines: what the terminal prints, what a notification or a screen reader reads out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core.message import (
    Connect,
    Entry,
    Failure,
    Listing,
    Part,
    Picture,
    Plan,
    PlanStep,
    Question,
    Receipt,
    Receipts,
    ReceiptStatus,
    Reply,
    Table,
)

MARKS: Mapping[ReceiptStatus, str] = {
    "done": "✅",
    "waiting": "⏳",
    "failed": "⚠️",
    "unknown": "❓",
    "rejected": "🚫",
    "not_understood": "💬",
}
NOTHING_FOUND = "Nothing found."
APPROVE_BY_WORD = "Answer yes to approve or no to cancel."
_CELL = 60


def to_text(reply: Reply) -> str:
    """The whole reply, its parts set apart by an empty line."""
    return "\n\n".join(part_to_text(part) for part in reply.parts)


def part_to_text(part: Part) -> str:
    """One part as lines."""
    match part:
        case Plan():
            return "\n".join(_plan(part))
        case Receipts():
            return "\n".join(receipt_to_text(line) for line in part.lines)
        case Question():
            return "\n".join([part.text, *numbered(part)])
        case Table():
            return "\n".join(_table(part))
        case Listing():
            return "\n".join(_listing(part))
        case Picture():
            return "\n".join(line for line in (part.title, part.alt) if line)
        case Connect():
            return f"{part.text}\n{part.url}"
        case Failure():
            return "\n".join(line for line in (f"{MARKS['failed']} {part.text}", part.next_step) if line)
        case _:
            return part.text


def entry_to_text(entry: Entry) -> str:
    """One line of a listing: the text, its detail, the link."""
    return " – ".join(piece for piece in (entry.text, entry.detail, entry.url) if piece)


def receipt_to_text(line: Receipt) -> str:
    """One intent's line: mark, what became of it, the key unless the sentence names it, the link."""
    key = line.key if line.key not in line.text else ""
    tail = " – ".join(piece for piece in (key, line.url) if piece)
    return f"{MARKS[line.status]} {line.text}" + (f" – {tail}" if tail else "")


def numbered(question: Question) -> list[str]:
    """The options of a question, one a line, numbered from 1."""
    return [f"{number}. {option.label}" for number, option in enumerate(question.options, 1)]


def step_title(step: PlanStep, number: int) -> str:
    """What a step does; a destructive one says so."""
    mark = "⚠️ " if step.effect == "destructive" else ""
    suffix = " (destructive)" if step.effect == "destructive" else ""
    return f"{mark}{number}. {step.title}{suffix}"


def argument_lines(step: PlanStep) -> list[str]:
    """Each exact argument; a line break inside a value is indented, so that it cannot pose as another argument."""
    return [f"{name}: {value}".replace("\n", "\n    ") for name, value in step.arguments]


def grid(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Cells in columns of equal width, a rule under the head; a long cell is cut and ends in “…”."""
    cells = [[_cell(text) for text in row] for row in (columns, *rows)]
    widths = [max(len(row[i]) if i < len(row) else 0 for row in cells) for i in range(len(columns))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=False)) for row in cells]
    return [lines[0].rstrip(), "  ".join("-" * width for width in widths), *(line.rstrip() for line in lines[1:])]


def _cell(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _CELL else f"{flat[: _CELL - 1]}…"


def _table(table: Table) -> Iterator[str]:
    if table.title:
        yield table.title
    if not table.rows:
        yield NOTHING_FOUND
        return
    if not any(table.links):
        yield from grid(table.columns, table.rows)
        return
    head, rule, *lines = grid(table.columns, table.rows)
    yield from (head, rule)
    for i, line in enumerate(lines):
        link = table.links[i] if i < len(table.links) else ""
        yield f"{line}  {link}".rstrip()


def _listing(listing: Listing) -> Iterator[str]:
    if listing.title:
        yield listing.title
    if not listing.entries and listing.empty:
        yield listing.empty
    yield from (f"• {entry_to_text(entry)}" for entry in listing.entries)


def _plan(plan: Plan) -> Iterator[str]:
    for number, step in enumerate(plan.steps, 1):
        yield step_title(step, number)
        yield from ("   " + line.replace("\n", "\n   ") for line in argument_lines(step))
    yield APPROVE_BY_WORD
