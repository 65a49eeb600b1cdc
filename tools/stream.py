"""Streams: the records of one kind as they change, read from a cursor. Vendors that list by time share `by_time`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from core.errors import ConfigInvalid
from core.records import Record, Ref

MOST = 500
Method = TypeVar("Method", bound=Callable[..., Awaitable["Batch"]])


@dataclass(frozen=True)
class Batch:
    """Records that changed, oldest change first, and the cursor to go on from; `gone` are those that were deleted."""

    records: Sequence[Record]
    cursor: str
    has_more: bool = False
    gone: Sequence[Ref] = field(default=())


def stream(kind: str) -> Callable[[Method], Method]:
    """Declare a method `(self, cursor) -> Batch` as the stream of the records whose `Ref.kind` is this."""

    def mark(method: Method) -> Method:
        method.__stream__ = kind  # type: ignore[attr-defined]
        return method

    return mark


def since(cursor: str) -> datetime | None:
    """The moment that a cursor of `by_time` stands at; None at the beginning.

    Raises:
        ConfigInvalid: it is no cursor of `by_time`.
    """
    return _read(cursor)[0]


async def by_time(
    items: AsyncIterator[Any], cursor: str, at: Callable[[Any], str], to: Callable[[Any], Record]
) -> Batch:
    """A batch out of raw items that were changed at or after `since(cursor)`, oldest first.

    `at` gives the moment of an item's change in ISO 8601. What the cursor has seen at its very moment is left out, so
    that two changes in one second are both given, and each once.
    """
    moment, seen = _read(cursor)
    found: list[Record] = []
    more = False
    async for item in items:
        when, record = datetime.fromisoformat(at(item)), to(item)
        if moment is not None and (when < moment or (when == moment and record.ref.id in seen)):
            continue
        if len(found) >= MOST and when != moment:
            more = True
            break
        if when != moment:
            moment, seen = when, set()
        seen.add(record.ref.id)
        found.append(record)
    if moment is None:
        return Batch(found, cursor)
    return Batch(found, json.dumps([moment.isoformat(), sorted(seen)]), more)


async def oldest_first(items: AsyncIterator[Any], cursor: str, at: Callable[[Any], str]) -> AsyncIterator[Any]:
    """The items of a list that has the newest first, as far back as the cursor, turned round for `by_time`."""
    moment, found = since(cursor), []
    async for item in items:
        if moment is not None and datetime.fromisoformat(at(item)) < moment:
            break
        found.append(item)
    for item in sorted(found, key=lambda one: datetime.fromisoformat(at(one))):
        yield item


def _read(cursor: str) -> tuple[datetime | None, set[str]]:
    if not cursor:
        return None, set()
    try:
        moment, seen = json.loads(cursor)
        return datetime.fromisoformat(moment), set(seen)
    except (TypeError, ValueError) as error:
        raise ConfigInvalid("This is no cursor of this stream.", next_step="Start it from the beginning.") from error
