"""Whether something is said now, later, in the digest or not at all, and why. Pure: no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.recipient import Preferences
from core.message import NoticeKind

Lane = Literal["send", "wait", "digest", "hold", "expire"]
TO_DIGEST = 0.4  # below this share of useful ones it waits for the digest
TO_HOLD = 0.25  # below this one it is not sent
ASKED_FOR: frozenset[NoticeKind] = frozenset({"approval", "reminder"})  # never learned away


@dataclass(frozen=True)
class Verdict:
    """What becomes of a notice and why; `until` is when it is looked at again."""

    lane: Lane
    because: str
    until: datetime | None = None


@dataclass(frozen=True)
class Matter:
    """What is judged: `useful` is the estimated share of such notices that help.

    `is_asked` says that the person, or somebody who waits for them, asked for it; `is_digest` that it goes into the
    digest.
    """

    kind: NoticeKind
    why: str
    useful: float
    is_urgent: bool = False
    is_asked: bool = False
    is_digest: bool = False
    expires_at: datetime | None = None


def judge(matter: Matter, wishes: Preferences, zone: ZoneInfo, sent_today: int, now: datetime) -> Verdict:
    """The verdict on one notice for one person; `sent_today` counts the messages of their day so far."""
    kind = matter.kind
    if matter.expires_at and matter.expires_at <= now:
        return Verdict("expire", "it was not worth saying any more")
    if kind in wishes.off:
        return Verdict("hold", f"you switched {kind}s off")
    if sent_today >= 2 * wishes.per_day:
        return Verdict("wait", f"you had {sent_today} messages that day, the most I send", tomorrow(zone, now))
    if matter.is_urgent:
        return Verdict("send", f"it is urgent: {matter.why}")
    if not matter.is_asked and (learned := _learned(matter, wishes, zone, now)):
        return learned
    if matter.is_asked and kind != "approval":
        return Verdict("send", matter.why)
    if matter.is_digest and now.astimezone(zone).weekday() in wishes.days:
        return Verdict("send", matter.why)
    if is_quiet(wishes, zone, now):
        return Verdict("wait", "it came in your quiet hours", quiet_ends(wishes, zone, now))
    if sent_today >= wishes.per_day and not matter.is_asked:
        return Verdict("digest", f"you had {sent_today} messages that day already", next_digest(wishes, zone, now))
    return Verdict("send", matter.why)


def _learned(matter: Matter, wishes: Preferences, zone: ZoneInfo, now: datetime) -> Verdict | None:
    share = f"about {matter.useful:.0%} of these help you, going by what you pressed"
    if matter.useful < TO_HOLD:
        return Verdict("hold", share)
    if matter.useful < TO_DIGEST and not matter.is_digest and matter.kind != "digest":
        return Verdict("digest", share, next_digest(wishes, zone, now))
    return None


def is_quiet(wishes: Preferences, zone: ZoneInfo, now: datetime) -> bool:
    """Whether the person is not to be disturbed: their quiet hours, or a day on which they do not work."""
    here = now.astimezone(zone)
    if here.weekday() not in wishes.days:
        return True
    clock, begin, end = here.time().replace(tzinfo=None), wishes.quiet_from, wishes.quiet_until
    return begin <= clock < end if begin <= end else clock >= begin or clock < end


def quiet_ends(wishes: Preferences, zone: ZoneInfo, now: datetime) -> datetime:
    """The next moment that is not quiet."""
    first = now.astimezone(zone).date()
    starts = (_at(first, days, clock, zone) for days in range(9) for clock in (time(0), wishes.quiet_until))
    open_ = sorted(one for one in starts if one > now and not is_quiet(wishes, zone, one))
    return open_[0] if open_ else now + timedelta(days=1)


def next_digest(wishes: Preferences, zone: ZoneInfo, now: datetime) -> datetime:
    """When the person's next digest is due."""
    first = now.astimezone(zone).date()
    due = (_at(first, days, wishes.digest_at, zone) for days in range(9))
    return next(one for one in due if one > now and one.astimezone(zone).weekday() in wishes.days)


def day_begins(zone: ZoneInfo, now: datetime) -> datetime:
    """The beginning of the person's day."""
    return _at(now.astimezone(zone).date(), 0, time(0), zone)


def tomorrow(zone: ZoneInfo, now: datetime) -> datetime:
    """The beginning of the person's next day."""
    return _at(now.astimezone(zone).date(), 1, time(0), zone)


def _at(first: date, days: int, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(first + timedelta(days=days), clock, zone).astimezone(UTC)
