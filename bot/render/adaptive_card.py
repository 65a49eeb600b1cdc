"""A reply as Teams shows it: messages that carry an Adaptive Card each, none above Teams' limit.

Only `Text` is taken as Markdown. Everything else may hold words from outside and is escaped, so that it
cannot become a link, an image or a mention.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import dropwhile, takewhile
from typing import Any

from core.message import (
    Button,
    Connect,
    Failure,
    Listing,
    Part,
    Picture,
    Plan,
    PlanStep,
    PressAction,
    Question,
    Receipt,
    Receipts,
    ReceiptStatus,
    Reply,
    Table,
    Text,
)

JSON = dict[str, Any]

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
LIMIT = 24_000
"""Bytes of a card's body; Teams takes 28 KB for the whole message."""

_PIECE = 8_000
_MOST_BUTTONS = 6
_SUMMARY = 180
_STATUS: dict[ReceiptStatus, str] = {
    "done": "✅ Done:",
    "waiting": "⏳ Waiting for approval:",
    "failed": "❌ Failed:",
    "unknown": "⚠️ Not certain:",
    "rejected": "🚫 Not done:",
    "not_understood": "❓ Not understood:",
}
_SPECIAL = re.compile(r"([\\`*_\[\]<>~{}])")
_LINE_START = re.compile(r"^(\s*)([-+#]|\d+(?=[.)]\s))", re.MULTILINE)
_WEB = re.compile(r"https?://[^\s]+", re.IGNORECASE)


@dataclass(frozen=True)
class CardMessage:
    """One message activity; `approvals` are the plans whose buttons it shows."""

    activity: JSON
    approvals: tuple[str, ...] = ()

    def but(self, activity: JSON) -> CardMessage:
        """The same with another activity."""
        return CardMessage(activity, self.approvals)


@dataclass(frozen=True)
class _Block:
    """Elements that stay together in one card."""

    elements: tuple[JSON, ...]
    approval: str = ""
    is_wide: bool = False

    @property
    def size(self) -> int:
        return sum(_size(element) + 2 for element in self.elements)


@dataclass
class _Page:
    blocks: list[_Block] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(block.size for block in self.blocks)


def to_card_messages(reply: Reply) -> tuple[CardMessage, ...]:
    """The messages that show a reply, in order; at least one."""
    blocks = [block for part in reply.parts for block in _blocks(part)] or [_Block((_text("Done."),))]
    pages = [_Page()]
    for block in blocks:
        if pages[-1].blocks and pages[-1].size + block.size > LIMIT:
            pages.append(_Page())
        pages[-1].blocks.append(block)
    summary = to_summary(reply)
    return tuple(_message(page, summary) for page in pages)


def to_written(reply: Reply) -> str:
    """The first paragraphs as plain Markdown, as they are streamed."""
    words = (part.text for part in takewhile(lambda part: isinstance(part, Text), reply.parts) if part.kind == "text")
    return "\n\n".join(words).replace("![", "[").replace("<", "&lt;")


def to_written_messages(reply: Reply) -> tuple[CardMessage, ...]:
    """The messages that end a stream: the first paragraphs as they were streamed, the rest in cards."""
    text = to_written(reply)
    if not text or len(text.encode()) > LIMIT:
        return to_card_messages(reply)
    written: JSON = {"type": "message", "textFormat": "markdown", "text": text}
    left = tuple(dropwhile(lambda part: isinstance(part, Text), reply.parts))
    if not left:
        return (CardMessage(written),)
    return (CardMessage(written), *to_card_messages(reply.model_copy(update={"parts": left})))


def to_summary(reply: Reply) -> str:
    """One line for notifications and for clients without cards."""
    words = " · ".join(filter(None, (_headline(part) for part in reply.parts)))
    line = " ".join(words.split())
    return line if len(line) <= _SUMMARY else f"{line[: _SUMMARY - 1]}…"


def escape(text: str) -> str:
    """Words from outside, so that Markdown shows them as they are."""
    escaped = _LINE_START.sub(_escape_start, _SPECIAL.sub(r"\\\1", text))
    return escaped.replace("\r\n", "\n").replace("\n", "\n\n")


def _escape_start(match: re.Match[str]) -> str:
    indent, mark = match.groups()
    return f"{indent}{mark}\\" if mark.isdigit() else f"{indent}\\{mark}"


def _message(page: _Page, summary: str) -> CardMessage:
    card: JSON = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "fallbackText": summary,
        "body": [element for block in page.blocks for element in block.elements],
    }
    if any(block.is_wide for block in page.blocks):
        card["msteams"] = {"width": "Full"}
    activity = {
        "type": "message",
        "summary": summary,
        "attachments": [{"contentType": CARD_TYPE, "content": card}],
    }
    return CardMessage(activity, tuple(block.approval for block in page.blocks if block.approval))


def _blocks(part: Part) -> Iterable[_Block]:
    match part:
        case Text():
            return (_Block((_text(piece.replace("![", "[")),)) for piece in _pieces(part.text))
        case Table():
            return _table(part)
        case Plan():
            return _plan(part)
        case Receipts():
            return [_receipt(line) for line in part.lines]
        case Question():
            return _question(part)
        case Listing():
            return _listing(part)
        case Picture():
            image = {
                "type": "Image",
                "url": f"data:image/png;base64,{part.png}",
                "altText": part.alt,
                "size": "Stretch",
            }
            title = [_text(escape(part.title), weight="Bolder")] if part.title else []
            return [_Block((*title, image), is_wide=True)]
        case Connect():
            button = {"type": "Action.OpenUrl", "title": f"Connect {part.name}", "url": part.url}
            actions = [button] if _WEB.fullmatch(part.url) else []
            return [_Block((_text(escape(part.text)), *_action_set(actions)))]
        case Failure():
            items = [_text(escape(part.text)), *([_text(escape(part.next_step))] if part.next_step else [])]
            return [_Block(({"type": "Container", "style": "attention", "items": items},))]


def _plan(plan: Plan) -> Iterator[_Block]:
    is_destructive = any(step.effect == "destructive" for step in plan.steps)
    heading = "Shall I do this?" if len(plan.steps) == 1 else f"Shall I do these {len(plan.steps)} steps?"
    yield _Block((_text(heading, weight="Bolder", size="Medium"),))
    for number, step in enumerate(plan.steps, 1):
        yield from _step(number, step)
    approve = _button("approve", "Approve", plan.approval, style="destructive" if is_destructive else "positive")
    others = [_button("edit", "Edit", plan.approval), _button("reject", "Cancel", plan.approval)]
    buttons = _action_set([approve, *others])
    terms = f"Waits for {escape(plan.asker)} until {_moment(plan.expires_at)}."
    yield _Block((_text(terms, isSubtle=True, size="Small"), *buttons), approval=plan.approval)


def _step(number: int, step: PlanStep) -> Iterator[_Block]:
    title = _text(f"{number}. {escape(step.title)}", weight="Bolder")
    if step.effect == "destructive":
        warning = _text("⚠️ Destructive: this cannot be taken back.", color="Attention", weight="Bolder")
        yield _Block(({"type": "Container", "style": "attention", "items": [title, warning]},))
    else:
        yield _Block((title,))
    facts = [
        {"title": escape(name if index == 0 else "…"), "value": escape(piece)}
        for name, value in step.arguments
        for index, piece in enumerate(_pieces(value))
    ]
    for group in _groups(facts):
        yield _Block(({"type": "FactSet", "facts": group},))


def _receipt(line: Receipt) -> _Block:
    link = _link(line.key or "Open", line.url) if line.url else escape(line.key)
    text = _text(" ".join(filter(None, (_STATUS[line.status], escape(line.text), link))))
    if not line.undo:
        return _Block((text,))
    columns = [
        {"type": "Column", "width": "stretch", "items": [text]},
        {"type": "Column", "width": "auto", "items": list(_action_set([_button("undo", "Undo", line.undo)]))},
    ]
    return _Block(({"type": "ColumnSet", "columns": columns},))


def _question(question: Question) -> Iterator[_Block]:
    options = question.options
    if len(options) <= _MOST_BUTTONS:
        buttons = [_button("choose", o.label, question.id, value=o.value) for o in options]
        yield _Block((_text(escape(question.text)), *_action_set(buttons)))
        return
    choices: JSON = {
        "type": "Input.ChoiceSet",
        "id": "value",
        "label": "Your answer",
        "isRequired": True,
        "errorMessage": "Choose one.",
        "choices": [{"title": option.label, "value": option.value} for option in options],
    }
    choose = _action_set([_button("choose", "Choose", question.id)])
    yield _Block((_text(escape(question.text)), choices, *choose))


def _listing(listing: Listing) -> Iterator[_Block]:
    if listing.title:
        yield _Block((_text(escape(listing.title), weight="Bolder", size="Medium"),))
    if not listing.entries and listing.empty:
        yield _Block((_text(escape(listing.empty), isSubtle=True),))
    for entry in listing.entries:
        text = [_text(_link(entry.text, entry.url) if entry.url else escape(entry.text))]
        if entry.detail:
            text.append(_text(escape(entry.detail), isSubtle=True, size="Small", spacing="None"))
        buttons = list(_action_set([_of(one) for one in entry.buttons]))
        columns = [{"type": "Column", "width": "stretch", "items": text}]
        if buttons:
            columns.append({"type": "Column", "width": "auto", "items": buttons})
        yield _Block(({"type": "ColumnSet", "columns": columns},))
    if listing.buttons:
        yield _Block(_action_set([_of(one) for one in listing.buttons]))


def _of(button: Button) -> JSON:
    style = {"plain": "default", "primary": "positive", "danger": "destructive"}[button.style]
    return _button(button.action, button.label, button.target, value=button.value, style=style)


def _table(table: Table) -> Iterator[_Block]:
    if table.title:
        yield _Block((_text(escape(table.title), weight="Bolder"),))
    header = _row([_text(escape(name), weight="Bolder") for name in table.columns])
    rows = [_row(list(_cells(table, index))) for index in range(len(table.rows))]
    for group in _groups(rows):
        element: JSON = {
            "type": "Table",
            "columns": [{"width": 1} for _ in table.columns],
            "firstRowAsHeader": True,
            "rows": [header, *group],
        }
        yield _Block((element,), is_wide=True)


def _cells(table: Table, index: int) -> Iterator[JSON]:
    url = table.links[index] if index < len(table.links) else ""
    for column, cell in enumerate(table.rows[index]):
        short = next(_pieces(cell), "")
        yield _text(_link(short, url) if url and column == 0 else escape(short))


def _row(items: Sequence[JSON]) -> JSON:
    return {"type": "TableRow", "cells": [{"type": "TableCell", "items": [item]} for item in items]}


def _text(text: str, **look: Any) -> JSON:
    return {"type": "TextBlock", "text": text, "wrap": True, **look}


def _button(action: PressAction, title: str, target: str, *, value: str = "", style: str = "default") -> JSON:
    """A button that clients of schema 1.4 send by `Action.Execute`, older ones by `Action.Submit`."""
    data = {"verb": f"atom.{action}", "target": target, **({"value": value} if value else {})}
    shown = {"title": title, "style": style, "data": data}
    return {
        "type": "Action.Execute",
        "verb": f"atom.{action}",
        **shown,
        "fallback": {"type": "Action.Submit", **shown},
    }


def _action_set(actions: Sequence[JSON]) -> tuple[JSON, ...]:
    return ({"type": "ActionSet", "actions": list(actions)},) if actions else ()


def _link(text: str, url: str) -> str:
    """A Markdown link; only to the web, and the address cannot end the link early."""
    if not _WEB.fullmatch(url):
        return escape(text)
    address = re.sub(r"[()\[\]<>\\\"`]", lambda match: f"%{ord(match[0]):02X}", url)
    return f"[{escape(text)}]({address})"


def _moment(moment: datetime) -> str:
    """A time that the client shows in the reader's own time zone."""
    utc = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{{{{DATE({utc}, COMPACT)}}}} {{{{TIME({utc})}}}}"


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces small enough for a card, cut between words where possible."""
    if _size(escape(text)) <= _PIECE or len(text) < 2:
        yield text
        return
    middle = len(text) // 2
    cut = max(text.rfind("\n", 1, middle), text.rfind(" ", middle // 2, middle)) + 1 or middle
    yield from _pieces(text[:cut])
    yield from _pieces(text[cut:])


def _groups(items: Sequence[JSON]) -> Iterator[list[JSON]]:
    group: list[JSON] = []
    size = 0
    for item in items:
        if group and size + _size(item) > LIMIT - 2_000:
            yield group
            group, size = [], 0
        group.append(item)
        size += _size(item)
    if group:
        yield group


def _size(value: object) -> int:
    return len(json.dumps(value))


def _headline(part: Part) -> str:
    match part:
        case Text():
            return part.text
        case Listing():
            return part.title or f"{len(part.entries)} entries"
        case Picture():
            return part.title or part.alt
        case Table():
            return part.title or f"{len(part.rows)} rows"
        case Plan():
            return "Shall I do this? " + "; ".join(step.title for step in part.steps)
        case Receipts():
            return "; ".join(f"{_STATUS[line.status]} {line.text}" for line in part.lines)
        case Question() | Connect() | Failure():
            return part.text
