"""A reply as Slack messages: blocks for the eye, fallback text for notifications, within Slack's limits.

Text from outside stands in `plain_text` objects or is escaped, and every `mrkdwn` object is `verbatim`, so Slack
makes no mention and no link of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from pydantic import BaseModel

from bot.render.block import SECTION_CHARS, Block, chunks, cut, mark, plain, section
from bot.render.modal import EDIT
from bot.render.mrkdwn import escape, from_markdown, link
from bot.render.text import (
    APPROVE_BY_WORD,
    MARKS,
    NOTHING_FOUND,
    argument_lines,
    entry_to_text,
    grid,
    numbered,
    part_to_text,
    receipt_to_text,
    step_title,
)
from core.message import (
    Button,
    Connect,
    Entry,
    Failure,
    Listing,
    Option,
    Part,
    Picture,
    Plan,
    PressAction,
    Question,
    Receipt,
    Receipts,
    Reply,
    Table,
)

MESSAGE_BLOCKS = 50
MESSAGE_CHARS = 12_000
BUTTONS = 5
_HOME_BLOCKS = 100
_LABEL_CHARS = 75
_BUTTON_VALUE_CHARS, _OPTION_VALUE_CHARS, _SELECT_OPTIONS, _ROW_BUTTONS = 2_000, 150, 100, 25
_TABLE_ROWS, _TABLE_COLUMNS, _TABLE_CHARS = 100, 20, 10_000


class Choice(BaseModel):
    """What a button carries; `origin` is where its answer belongs, "" where the message itself says so."""

    target: str
    value: str = ""
    origin: str = ""

    def to_value(self) -> str:
        """The string that Slack hands back when the button is pressed."""
        return self.model_dump_json(exclude_defaults=True)


@dataclass(frozen=True)
class Post:
    """One Slack message; `approval` is the plan whose buttons stand in it."""

    blocks: tuple[Block, ...]
    text: str
    approval: str = ""


@dataclass(frozen=True)
class _Piece:
    """Blocks that stay together, and how they read aloud."""

    blocks: tuple[Block, ...]
    text: str
    approval: str = ""
    starts: bool = False
    ends: bool = False


def action_id(action: PressAction, number: int) -> str:
    """Names a button; the number keeps the names in one message apart."""
    return f"atom:{action}:{number}"


def to_posts(reply: Reply, origin: str = "") -> tuple[Post, ...]:
    """The messages that make up a reply; the buttons carry `origin`."""
    numbers = count()
    pieces = [piece for part in reply.parts for piece in _pieces(part, _Buttons(origin, numbers))]
    return tuple(_pack(pieces))


def to_home(reply: Reply, origin: str = "") -> Block:
    """The home tab; a view has no tables, and at most 100 blocks."""
    numbers = count()
    pieces = [piece for part in reply.parts for piece in _pieces(part, _Buttons(origin, numbers))]
    blocks = [block for piece in pieces for block in piece.blocks if block["type"] != "table"]
    return {"type": "home", "blocks": blocks[:_HOME_BLOCKS] or [section("There is nothing to see here yet.")]}


def _pack(pieces: Iterable[_Piece]) -> Iterator[Post]:
    held: list[_Piece] = []
    for piece in pieces:
        blocks = sum(len(one.blocks) for one in held) + len(piece.blocks)
        chars = sum(len(escape(one.text)) for one in (*held, piece))
        is_full = blocks > MESSAGE_BLOCKS or chars > MESSAGE_CHARS
        if held and (is_full or piece.starts or held[-1].ends):
            yield _post(held)
            held = []
        held.append(piece)
    if held:
        yield _post(held)


def _post(pieces: list[_Piece]) -> Post:
    return Post(
        blocks=tuple(block for piece in pieces for block in piece.blocks),
        text=escape("\n".join(piece.text for piece in pieces if piece.text)),
        approval=next((piece.approval for piece in pieces if piece.approval), ""),
    )


@dataclass(frozen=True)
class _Buttons:
    """Makes buttons whose names differ within the reply."""

    origin: str
    numbers: Iterator[int]

    def button(self, action: PressAction, label: str, target: str, value: str = "", **more: Any) -> Block:
        return {
            "type": "button",
            "action_id": action_id(action, next(self.numbers)),
            "text": plain(cut(label, _LABEL_CHARS)),
            "value": self.value(target, value),
            **more,
        }

    def value(self, target: str, value: str = "") -> str:
        return Choice(target=target, value=value, origin=self.origin).to_value()


def _pieces(part: Part, buttons: _Buttons) -> Iterator[_Piece]:
    match part:
        case Plan():
            yield from _plan(part, buttons)
        case Receipts():
            for line in part.lines:
                yield from _receipt(line, buttons)
        case Question():
            yield from _question(part, buttons)
        case Table():
            yield from _table(part)
        case Listing():
            yield from _listing(part, buttons)
        case Picture():
            yield from _mrkdwn(part_to_text(part), escape)
        case Connect():
            yield from _connect(part)
        case Failure():
            yield from _mrkdwn(part_to_text(part), escape)
        case _:
            yield from _mrkdwn(part.text, from_markdown)


def _plan(plan: Plan, buttons: _Buttons) -> Iterator[_Piece]:
    for number, step in enumerate(plan.steps, 1):
        title = step_title(step, number)
        yield _Piece((section(f"*{escape(cut(title, 500))}*"),), title, starts=number == 1)
        yield from _plain_text("\n".join(argument_lines(step)))
    yield _Piece((_approval_row(plan, buttons), _expiry(plan)), APPROVE_BY_WORD, plan.approval, ends=True)


def _approval_row(plan: Plan, buttons: _Buttons) -> Block:
    destructive = [step.title for step in plan.steps if step.effect == "destructive"]
    more: dict[str, Any] = {"style": "primary"}
    if destructive:
        more = {"style": "danger", "confirm": _confirm("; ".join(destructive))}
    approve = buttons.button("approve", "Approve", plan.approval, **more)
    change = {**buttons.button("edit", "Edit", plan.approval), "action_id": EDIT}
    return {"type": "actions", "elements": [approve, change, buttons.button("reject", "Cancel", plan.approval)]}


def _confirm(what: str) -> Block:
    return {
        "title": plain("This is destructive"),
        "text": plain(cut(f"{what}. Go on?", 300)),
        "confirm": plain("Yes, do it"),
        "deny": plain("No"),
        "style": "danger",
    }


def _expiry(plan: Plan) -> Block:
    at = plan.expires_at
    date = f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at:%Y-%m-%d %H:%M %Z}>"
    return {"type": "context", "elements": [mark(f"Only the person who asked can approve, until {date}.")]}


def _receipt(line: Receipt, buttons: _Buttons) -> Iterator[_Piece]:
    text = f"{MARKS[line.status]} {escape(line.text)}"
    if line.url:
        shown = link(line.url, line.key or "Open")
        named = re.search(rf"(?<!\w){re.escape(escape(line.key))}(?!\w)", text) if line.key else None
        text = f"{text[: named.start()]}{shown}{text[named.end() :]}" if named else f"{text} – {shown}"
    elif line.key not in line.text:
        text = f"{text} – {escape(line.key)}"
    spoken = receipt_to_text(line)
    if len(text) > SECTION_CHARS:
        yield from _mrkdwn(spoken, escape)
        spoken = f"{MARKS[line.status]} {line.key}"
        text = f"{MARKS[line.status]} {link(line.url, line.key or 'Open') if line.url else escape(line.key)}"
    block = section(text)
    if line.undo:
        block["accessory"] = buttons.button("undo", "Undo", line.undo)
    yield _Piece((block,), spoken)


def _question(question: Question, buttons: _Buttons) -> Iterator[_Piece]:
    is_listed = len(question.options) > _SELECT_OPTIONS or any(
        len(option.label) > _LABEL_CHARS for option in question.options
    )
    shown = part_to_text(question) if is_listed else question.text
    yield from _mrkdwn(shown, escape)
    spoken = "" if is_listed else "\n".join(numbered(question))
    row = _answers(question, buttons)
    if row["elements"]:
        yield _Piece((row,), spoken)


def _answers(question: Question, buttons: _Buttons) -> Block:
    options = question.options[:_SELECT_OPTIONS]
    values = [buttons.value(question.id, option.value) for option in options]
    if len(options) > BUTTONS and all(len(value) <= _OPTION_VALUE_CHARS for value in values):
        return {"type": "actions", "elements": [_select(options, values, buttons)]}
    fitting = [option for option, value in zip(options, values, strict=True) if len(value) <= _BUTTON_VALUE_CHARS]
    elements = [buttons.button("choose", o.label, question.id, o.value) for o in fitting[:_ROW_BUTTONS]]
    return {"type": "actions", "elements": elements}


def _select(options: tuple[Option, ...], values: list[str], buttons: _Buttons) -> Block:
    return {
        "type": "static_select",
        "action_id": action_id("choose", next(buttons.numbers)),
        "placeholder": plain("Choose one"),
        "options": [
            {"text": plain(cut(option.label, _LABEL_CHARS)), "value": value}
            for option, value in zip(options, values, strict=True)
        ],
    }


def _table(table: Table) -> Iterator[_Piece]:
    if table.title or not table.rows:
        title = table.title or NOTHING_FOUND
        yield from _mrkdwn(f"{title}\n{NOTHING_FOUND}" if table.title and not table.rows else title, escape)
    if not table.rows:
        return
    chars = sum(len(cell) for row in (table.columns, *table.rows) for cell in row)
    fits = len(table.rows) < _TABLE_ROWS and len(table.columns) <= _TABLE_COLUMNS and chars <= _TABLE_CHARS
    spoken = part_to_text(table.model_copy(update={"title": ""}))
    if fits and len(spoken) <= MESSAGE_CHARS:
        # Slack shows a message's only table at its end.
        yield _Piece((_table_block(table),), spoken, ends=True)
    else:
        yield from _mrkdwn("```\n" + "\n".join(grid(table.columns, table.rows)) + "\n```", from_markdown)


def _table_block(table: Table) -> Block:
    rows: list[list[Block]] = [[_raw(name) for name in table.columns]]
    for i, row in enumerate(table.rows):
        url = table.links[i] if i < len(table.links) else ""
        cells = [_raw(row[n] if n < len(row) else "") for n in range(len(table.columns))]
        if url and row:
            cells[0] = _linked(row[0] or "Open", url)
        rows.append(cells)
    return {"type": "table", "rows": rows}


def _raw(text: str) -> Block:
    return {"type": "raw_text", "text": text or "–"}


def _linked(text: str, url: str) -> Block:
    element = {"type": "link", "url": url, "text": text}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [element]}]}


def _listing(listing: Listing, buttons: _Buttons) -> Iterator[_Piece]:
    if listing.title:
        yield _Piece((section(f"*{escape(cut(listing.title, 500))}*"),), listing.title)
    if not listing.entries and listing.empty:
        yield from _mrkdwn(listing.empty, escape)
    for entry in listing.entries:
        yield _entry(entry, buttons)
    if listing.buttons:
        yield _Piece(({"type": "actions", "elements": [_of(one, buttons) for one in listing.buttons]},), "")


def _entry(entry: Entry, buttons: _Buttons) -> _Piece:
    text = link(entry.url, cut(entry.text, 1_000)) if entry.url else escape(cut(entry.text, 2_000))
    block = section(f"{text}\n_{escape(cut(entry.detail, 500))}_" if entry.detail else text)
    made = [_of(one, buttons) for one in entry.buttons]
    if len(made) == 1:
        block["accessory"] = made[0]
    row: tuple[Block, ...] = ({"type": "actions", "elements": made},) if len(made) > 1 else ()
    return _Piece((block, *row), entry_to_text(entry))


def _of(button: Button, buttons: _Buttons) -> Block:
    more: dict[str, Any] = {} if button.style == "plain" else {"style": button.style}
    if button.confirm:
        more["confirm"] = {
            "title": plain("Are you sure?"),
            "text": plain(cut(button.confirm, 300)),
            "confirm": plain("Yes"),
            "deny": plain("No"),
        }
    return buttons.button(button.action, button.label, button.target, button.value, **more)


def _connect(card: Connect) -> Iterator[_Piece]:
    yield from _mrkdwn(card.text, escape)
    button = {
        "type": "button",
        "action_id": "atom:connect",
        "text": plain(cut(f"Connect {card.name}", _LABEL_CHARS)),
        "url": card.url,
        "style": "primary",
    }
    yield _Piece(({"type": "actions", "elements": [button]},), card.url)


def _mrkdwn(text: str, convert: Callable[[str], str]) -> Iterator[_Piece]:
    for chunk in chunks(text, convert):
        yield _Piece((section(convert(chunk)),), chunk)


def _plain_text(text: str) -> Iterator[_Piece]:
    for chunk in chunks(text, lambda same: same):
        yield _Piece(({"type": "section", "text": plain(chunk)},), chunk)
