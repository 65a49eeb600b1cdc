"""What is shown of notices: one by itself, or several in a digest, each with why it came and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.state import short_id
from bot.outbox import NoticeRow
from bot.tact import ASKED_FOR
from core.message import Button, Entry, Listing, NoticeKind, Reply, Text

FEWEST_BATCHED = 3
BATCHED: frozenset[NoticeKind] = frozenset({"alert", "suggestion", "result"})
LONGEST_DIGEST = 15
LATER = "In an hour"
DIGEST = "While you were busy"


@dataclass(frozen=True)
class Parcel:
    """One message: its notices, and the key that says whether it was posted before."""

    key: str
    rows: Sequence[NoticeRow]
    reply: Reply


def packed(rows: Sequence[NoticeRow]) -> list[Parcel]:
    """The messages that notices make."""
    return [parcel(group) for group in groups(rows)]


def groups(rows: Sequence[NoticeRow]) -> list[list[NoticeRow]]:
    """Notices by message: those for the digest together, and several at once together too."""
    batch = [row for row in rows if row.is_digest]
    now = [row for row in rows if not row.is_digest]
    loose = [row for row in now if row.kind in BATCHED and not row.is_urgent]
    if batch:
        loose += [row for row in now if row.kind == "digest"]
    if batch or len(loose) >= FEWEST_BATCHED:
        batch, now = loose + batch, [row for row in now if row not in loose]
    return [[row] for row in now] + [
        batch[begin : begin + LONGEST_DIGEST] for begin in range(0, len(batch), LONGEST_DIGEST)
    ]


def parcel(rows: Sequence[NoticeRow]) -> Parcel:
    """One message of these notices."""
    first = rows[0]
    key = short_id(first.tenant, first.person, *(f"{row.id}:{row.due_at.isoformat()}" for row in rows))
    return Parcel(key, rows, _alone(first) if len(rows) == 1 else _together(rows))


def _alone(row: NoticeRow) -> Reply:
    footer = Listing(empty=f"Why this: {row.why}", buttons=buttons(row))
    return Reply(parts=(*row.words.parts, footer), is_private=True)


def _together(rows: Sequence[NoticeRow]) -> Reply:
    """The brief in full where it is among them, and a line for each of the others."""
    whole = [row for row in rows if row.kind == "digest"]
    lines = tuple(_entry(row) for row in rows if row.kind != "digest")
    briefs = [part for row in whole for part in _alone(row).parts]
    return Reply(parts=(*briefs, Listing(title=DIGEST, entries=lines)), is_private=True)


def _entry(row: NoticeRow) -> Entry:
    text, url = headline(row.words)
    why = Button(label="Why?", action="set", target=f"notice.why:{row.id}")
    return Entry(text=text, detail=row.why, url=url, buttons=(*_less(row), why))


def headline(reply: Reply) -> tuple[str, str]:
    """A notice in one line, and its link."""
    for part in reply.parts:
        if isinstance(part, Listing):
            first = part.entries[0] if part.entries else None
            more = f" and {len(part.entries) - 1} more" if len(part.entries) > 1 else ""
            text = part.title or (first.text if first else part.empty)
            return (f"{text}{more}" if not part.title else text), first.url if first else ""
        if isinstance(part, Text):
            return part.text.splitlines()[0] if part.text else "", ""
    return "Something for you", ""


def buttons(row: NoticeRow) -> tuple[Button, ...]:
    """What can be done with a notice that stands alone."""
    return (
        Button(label=LATER, action="snooze", target=row.id, value="hour"),
        Button(label="Tomorrow", action="snooze", target=row.id, value="tomorrow"),
        Button(label="Useful", action="set", target=f"notice.useful:{row.id}"),
        *_less(row),
        Button(label="Why?", action="set", target=f"notice.why:{row.id}"),
    )


def _less(row: NoticeRow) -> tuple[Button, ...]:
    return () if row.kind in ASKED_FOR else (Button(label="Less of this", action="less", target=row.id),)
