"""The daily brief: what the day holds for one person, read from their own systems; nothing where there is nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from bot.source import Section, read, sources
from core.errors import AtomError, NotConnected
from core.log import logger
from core.message import Entry, Listing, Notice, Part, Reply
from core.principal import Principal
from core.records import Meeting, Message, PullRequest, Record, Task, Ticket
from tools.registry import Registry

SHOWN = 8
WHY = "your brief for today, at the hour that you set"
CLOSED = frozenset("done closed complete completed resolved cancelled canceled finished merged solved archived".split())
Kind = TypeVar("Kind", bound=Record)
_log = logger("bot.brief")


@dataclass
class Day:
    """What was read, by section, and the systems that did not answer."""

    found: dict[Section, list[Record]] = field(default_factory=dict)
    answered: list[Record] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


async def brief(registry: Registry, who: Principal, now: datetime) -> Notice | None:
    """The brief of this person's day; None where there is nothing to say.

    A system that fails is left out with a word; one that the person is not connected to is no part of it.
    """
    day = await _read(registry, who, now)
    parts = [part for part in (make(day, who, now) for make in _SECTIONS) if part]
    if not parts:
        return None
    if day.failed:
        parts.append(Listing(empty=f"I could not read {', '.join(sorted(set(day.failed)))} just now."))
    today = now.astimezone(who.zone).date()
    return Notice(
        tenant=who.tenant,
        person=who.id,
        kind="digest",
        topic="brief",
        signature=f"brief:{today.isoformat()}",
        subject="brief",
        reply=Reply(parts=tuple(parts), is_private=True),
        why=WHY,
        expires_at=now + timedelta(hours=8),
    )


async def _read(registry: Registry, who: Principal, now: datetime) -> Day:
    day, status = Day(), await registry.connected(who)
    keys = [key for key, one in status.items() if one == "active" and key in registry.integrations]
    wanted = [(key, source) for key in keys for source in sources(registry.integrations[key])]
    results = await asyncio.gather(
        *(read(registry, key, source, who, now) for key, source in wanted), return_exceptions=True
    )
    for (key, source), result in zip(wanted, results, strict=True):
        if isinstance(result, BaseException):
            _failed(day, registry.integrations[key].name, result)
            continue
        records, answers = result
        day.found.setdefault(source.section, []).extend(records)
        day.answered.extend(answers)
    return day


def _failed(day: Day, name: str, error: BaseException) -> None:
    if not isinstance(error, AtomError | TimeoutError):
        raise error
    _log.warning("source_left_out", integration=name, kind=type(error).__name__)
    if not isinstance(error, NotConnected):
        day.failed.append(name)


def _meetings(day: Day, who: Principal, now: datetime) -> Part | None:
    found: dict[tuple[str, datetime], Meeting] = {}
    for one in _of(day, "meetings", Meeting):
        if one.starts_at and _is_ahead(one, who, now):
            found.setdefault((one.title, one.starts_at), one)
    ordered = sorted(found.values(), key=lambda one: (not one.is_all_day, one.starts_at or now))
    return _listing("Your meetings", [_meeting(one, who) for one in ordered])


def _is_ahead(one: Meeting, who: Principal, now: datetime) -> bool:
    """Whether a meeting is today, still to come or under way, and the person did not decline it."""
    if one.starts_at is None or one.status.lower() in ("cancelled", "canceled"):
        return False
    if one.responses.get(who.email, "").lower() in ("declined", "no"):
        return False
    is_today = one.starts_at.astimezone(who.zone).date() == now.astimezone(who.zone).date()
    return is_today and (one.is_all_day or (one.ends_at or one.starts_at) > now)


def _meeting(one: Meeting, who: Principal) -> Entry:
    at = "All day" if one.is_all_day or one.starts_at is None else f"{one.starts_at.astimezone(who.zone):%H:%M}"
    return Entry(text=f"{at}  {one.title}", detail=one.location, url=one.ref.url)


def _overdue(day: Day, who: Principal, now: datetime) -> Part | None:
    today = now.astimezone(who.zone).date()
    return _tasks("Overdue", day, who, lambda due: due < today)


def _due_today(day: Day, who: Principal, now: datetime) -> Part | None:
    today = now.astimezone(who.zone).date()
    return _tasks("Due today", day, who, lambda due: due == today)


def _tasks(title: str, day: Day, who: Principal, fits: Callable[[date], bool]) -> Part | None:
    found: list[Task | Ticket] = [*_of(day, "tasks", Task), *_of(day, "tickets", Ticket)]
    dated = [(due, one) for one in found if _is_open(one) and (due := _due(one, who))]
    chosen = sorted(((due, one) for due, one in dated if fits(due)), key=lambda pair: (pair[0], pair[1].title))
    return _listing(title, [_entry(one, f"due {due:%a %d %b}") for due, one in chosen])


def _due(one: Task | Ticket, who: Principal) -> date | None:
    if isinstance(one, Task) and one.due:
        return one.due
    return one.due_at.astimezone(who.zone).date() if one.due_at else None


def _is_open(one: Task | Ticket | PullRequest) -> bool:
    return one.status.lower() not in CLOSED


def _reviews(day: Day, who: Principal, now: datetime) -> Part | None:
    found = [one for one in _of(day, "reviews", PullRequest) if _is_open(one) and not (one.is_draft or one.is_merged)]
    return _listing("Waiting for your review", [_entry(one, f"by {one.author}" if one.author else "") for one in found])


def _mentions(day: Day, who: Principal, now: datetime) -> Part | None:
    answered = {_place(one): one.sent_at for one in sorted(_messages(day.answered), key=_sent)}
    found = [one for one in _messages(day.found.get("mentions", ())) if one.author != who.name]
    asked = [one for one in found if not (last := answered.get(_place(one))) or _sent(one) > last]
    newest_first = sorted(asked, key=_sent, reverse=True)
    lines = [
        Entry(text=f"{one.author}: {_short(one.text)}", detail=one.channel, url=one.ref.url) for one in newest_first
    ]
    return _listing("Not answered yet", lines)


def _messages(records: Sequence[Record]) -> list[Message]:
    return [one for one in records if isinstance(one, Message) and one.sent_at]


def _sent(one: Message) -> datetime:
    return one.sent_at or datetime.min.replace(tzinfo=UTC)


def _place(one: Message) -> tuple[str, str, str]:
    return one.ref.integration, one.channel, one.thread


def _of(day: Day, section: Section, kind: type[Kind]) -> list[Kind]:
    """The records of a section, each once."""
    return list({one.ref: one for one in day.found.get(section, ()) if isinstance(one, kind)}.values())


def _entry(one: Record, detail: str) -> Entry:
    label = one.ref.key if one.ref.key and one.ref.key not in one.title else ""
    return Entry(text=" ".join(word for word in (label, one.title) if word), detail=detail, url=one.ref.url)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 120 else f"{flat[:119]}…"


def _listing(title: str, entries: Sequence[Entry]) -> Part | None:
    if not entries:
        return None
    more = [Entry(text=f"and {len(entries) - SHOWN} more")] if len(entries) > SHOWN else []
    return Listing(title=title, entries=(*entries[:SHOWN], *more))


_SECTIONS: tuple[Callable[[Day, Principal, datetime], Part | None], ...] = (
    _meetings, _overdue, _due_today, _reviews, _mentions,
)  # fmt: skip
