"""Carries the outbox out: at least once, shown once, where the person is, when it suits them, or says why not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from sqlalchemy import func, select, update

from bot.assistant import Opener, Sink
from bot.outbox import NoticeRow, Outbox, Status
from bot.parcel import Parcel, groups, packed, parcel
from bot.recipient import LEASE, RecipientRow, Recipients
from bot.tact import ASKED_FOR, TO_DIGEST, Lane, Matter, Verdict, day_begins, judge, next_digest
from bot.taste import Tastes, unknown
from core.clock import Clock, utc_now
from core.db import Database
from core.errors import AtomError, OutcomeUnknown, RateLimited, StorageUnavailable, VendorUnavailable
from core.log import frames, logger
from core.message import NoticeKind, Platform, Reply

EVERY_S = 15
AT_ONCE = 200  # people in one round
HANDS = 8  # people served at the same time
POST_S = 60
MOST_ROWS = 200  # of one person in one round
MOST_ATTEMPTS = 12
RIDES = timedelta(days=4)
PASSED_OVER, LOOKED_BACK = timedelta(hours=24), timedelta(days=7)
LONGEST_BACKOFF = timedelta(hours=1)
ENDS: Mapping[Lane, Status] = {"hold": "held", "expire": "expired"}
URGENCY: tuple[NoticeKind, ...] = ("approval", "reminder", "result", "digest", "alert", "suggestion")
NOWHERE = "I could not reach you in any chat; it stands here until you are back"
_log = logger("bot.courier")


@runtime_checkable
class KeyedSink(Protocol):
    """A sink of a platform that can tell whether a message with a key stands there already."""

    async def send_once(self, key: str, reply: Reply, *, is_again: bool) -> None:
        """Post a reply under a key; where it `is_again` tried, only if the one with this key does not stand there."""


class Courier:
    """`openers` reach people, by platform; two couriers on one database share the people between them.

    `feeders` put what is due into the outbox, before each round.
    """

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        recipients: Recipients,
        tastes: Tastes,
        openers: Mapping[Platform, Opener],
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._recipients = recipients
        self._tastes = tastes
        self._openers = openers
        self._clock = clock
        self._hands = asyncio.Semaphore(HANDS)
        self.feeders: list[Callable[[], Awaitable[object]]] = []

    async def run(self) -> None:
        """Work round after round until cancelled."""
        while True:
            for work in (*self.feeders, self.round):
                await _guarded(work)
            await asyncio.sleep(EVERY_S)

    async def round(self) -> int:
        """Carry out what is due now; gives how many messages were posted."""
        due = NoticeRow.status.in_(("waiting", "posting")) & (NoticeRow.due_at <= self._clock())
        people = select(NoticeRow.tenant, NoticeRow.person).where(due).distinct().limit(AT_ONCE)
        async with self._database.session() as session:
            found = list(await session.execute(people))
        return sum(await asyncio.gather(*(self._serve(tenant, person) for tenant, person in found)))

    async def _serve(self, tenant: str, person: str) -> int:
        """Everything of one person, by one worker at a time, so that their day's budget is counted once."""
        async with self._hands:
            lease = await self._recipients.lease(tenant, person)
            if not lease:
                return 0
            try:
                return await self._carry(tenant, person, lease)
            except StorageUnavailable as error:  # whoever is next may have more luck
                _log.warning("person_put_off", cause=error.cause)
                return 0
            finally:
                with suppress(StorageUnavailable):  # then the lease runs out
                    await self._recipients.release(tenant, person, lease)

    async def _carry(self, tenant: str, person: str, lease: str) -> int:
        row, now = await self._recipients.get(tenant, person), self._clock()
        due = await self._due(tenant, person, now)
        cut_off = _by_delivery([one for one in due if one.status == "posting"])
        parcels = [Parcel(key, rows, parcel(rows).reply) for key, rows in cut_off.items()]
        sent = await self._sent(tenant, person, day_begins(row.zone, now))
        parcels += packed(await self._chosen(row, [one for one in due if one.status == "waiting"], sent, now))
        done = 0
        for one in parcels:
            if not await self._recipients.renew(tenant, person, lease):
                break
            is_again = one.key in cut_off
            if is_again or await self._begin(one):
                done += await self._post(one, row, is_again=is_again)
        return done

    async def _due(self, tenant: str, person: str, now: datetime) -> Sequence[NoticeRow]:
        mine = (NoticeRow.tenant == tenant) & (NoticeRow.person == person) & (NoticeRow.due_at <= now)
        wanted = select(NoticeRow).where(mine, NoticeRow.status.in_(("waiting", "posting")))
        async with self._database.session() as session:
            rows = list(await session.scalars(wanted.order_by(NoticeRow.made_at, NoticeRow.id).limit(MOST_ROWS)))
        return sorted(rows, key=lambda row: (not row.is_urgent, URGENCY.index(row.kind)))

    async def _sent(self, tenant: str, person: str, since: datetime) -> int:
        """How many messages, not notices, the person had since."""
        mine = (NoticeRow.tenant == tenant) & (NoticeRow.person == person) & (NoticeRow.sent_at >= since)
        async with self._database.session() as session:
            return int(await session.scalar(select(func.count(NoticeRow.delivery.distinct())).where(mine)) or 0)

    async def learn_from_silence(self) -> None:
        """What was passed over counts a little against its topic, if the person was here since and pressed nothing."""
        now = self._clock()
        ripe = NoticeRow.sent_at.between(now - LOOKED_BACK, now - PASSED_OVER) & NoticeRow.is_judged.is_(False)
        wanted = select(NoticeRow).where(ripe, NoticeRow.status == "sent").limit(MOST_ROWS)
        async with self._database.session() as session:
            rows = list(await session.scalars(wanted))
        for row in rows:
            who = await self._recipients.get(row.tenant, row.person)
            if row.sent_at and who.seen_at and who.seen_at > row.sent_at and await self._outbox.judged(row):
                await self._tastes.learn(row.tenant, row.person, row.taste, "ignored")

    async def _chosen(self, who: RecipientRow, rows: Sequence[NoticeRow], sent: int, now: datetime) -> list[NoticeRow]:
        """The rows to send now; what becomes of the others is kept with its reason."""
        estimates = await self._tastes.estimates(who.tenant, who.person)
        chosen: list[NoticeRow] = []
        for row in rows:
            before = sent + len(groups([*chosen, row])) - 1
            verdict = judge(_matter(row, estimates), who.wishes, who.zone, before, now)
            if verdict.lane == "send":
                chosen.append(row)
            else:
                await self._put_off(row, verdict)
        if any(_taste(row, estimates) >= TO_DIGEST or not row.is_digest for row in chosen):
            return chosen
        for row in chosen:
            await self._put_off(row, _alone(row, who, now))
        return []

    async def _put_off(self, row: NoticeRow, verdict: Verdict) -> None:
        status = ENDS.get(verdict.lane, "waiting")
        async with self._database.session() as session:
            kept = await session.get(NoticeRow, (row.tenant, row.id), with_for_update=True)
            if kept is None or kept.status != "waiting":
                return
            kept.status, kept.due_at = status, verdict.until or kept.due_at
            kept.is_digest = kept.is_digest or verdict.lane == "digest"
            kept.note(self._clock(), verdict.lane, verdict.because)

    async def _begin(self, one: Parcel) -> bool:
        """Mark a parcel before it is posted; false where one of its notices was taken back meanwhile."""
        ids = [row.id for row in one.rows]
        mine = (NoticeRow.tenant == one.rows[0].tenant) & NoticeRow.id.in_(ids) & (NoticeRow.status == "waiting")
        async with self._database.session() as session:
            values = {"status": "posting", "delivery": one.key, "due_at": self._clock() + LEASE}
            marked = await session.execute(update(NoticeRow).where(mine).values(**values))
            if marked.rowcount == len(ids):  # type: ignore[attr-defined]
                return True
            await session.rollback()
            return False

    async def _post(self, one: Parcel, who: RecipientRow, *, is_again: bool) -> bool:
        """Post a parcel where the person is; what fails for now comes again, what fails for good is kept."""
        for platform in self._platforms(who):
            try:
                await _send(await self._openers[platform].reach(who.tenant, who.person), one, is_again=is_again)
            except (RateLimited, VendorUnavailable, OutcomeUnknown) as error:
                if one.rows[0].attempts < MOST_ATTEMPTS:
                    await self._again(one, error)
                    return False
                _log.warning("notice_not_posted", platform=platform, kind=type(error).__name__)
            except AtomError as error:
                _log.info("person_out_of_reach", platform=platform, kind=type(error).__name__)
            else:
                await self._settle(one, "sent", "", platform)
                return True
        await self._settle(one, "kept", NOWHERE)
        return False

    def _platforms(self, who: RecipientRow) -> list[Platform]:
        """The platform they used last, then the others."""
        return sorted(self._openers, key=lambda platform: platform != who.platform)

    async def _again(self, one: Parcel, error: AtomError) -> None:
        """Try later: as a new message, or with the same key where it may stand there already."""
        wait = min(timedelta(seconds=15 * 2 ** one.rows[0].attempts), LONGEST_BACKOFF)
        if isinstance(error, RateLimited) and error.retry_after_s:
            wait = timedelta(seconds=error.retry_after_s)
        status: Status = "posting" if isinstance(error, OutcomeUnknown) else "waiting"
        await self._mark(one, status, f"it is tried again: {error.message}", due_at=self._clock() + wait)

    async def _settle(self, one: Parcel, status: Status, because: str, platform: str = "") -> None:
        now = self._clock()
        more = {"sent_at": now, "platform": platform, "is_judged": len(one.rows) > 1} if platform else {}
        await self._mark(one, status, because, **more)

    async def _mark(self, one: Parcel, status: Status, because: str, **values: object) -> None:
        async with self._database.session() as session:
            for row in one.rows:
                kept = await session.get(NoticeRow, (row.tenant, row.id), with_for_update=True)
                if kept is None:
                    continue
                for name, value in values.items():
                    setattr(kept, name, value)
                kept.status, kept.attempts = status, kept.attempts + 1
                kept.note(self._clock(), status, because or _reason(kept))


async def _guarded(work: Callable[[], Awaitable[object]]) -> None:
    """What breaks in one round is begun anew in the next; nothing was marked as sent."""
    try:
        await work()
    except StorageUnavailable as error:
        _log.warning("round_put_off", cause=error.cause)
    except Exception as error:
        _log.error("round_broke", kind=type(error).__name__, where=frames(error))


async def _send(sink: Sink, one: Parcel, *, is_again: bool) -> None:
    """Post it.

    Raises:
        OutcomeUnknown: it took too long, or the adapter broke; it may stand there.
    """
    try:
        async with asyncio.timeout(POST_S):
            if isinstance(sink, KeyedSink):
                await sink.send_once(one.key, one.reply, is_again=is_again)
            else:
                await sink.send(one.reply)
    except (AtomError, asyncio.CancelledError):
        raise
    except Exception as error:
        _log.error("post_broke", kind=type(error).__name__, where=frames(error))
        raise OutcomeUnknown("The chat did not say whether it took it.", cause=type(error).__name__) from error


def _by_delivery(rows: Sequence[NoticeRow]) -> dict[str, list[NoticeRow]]:
    """What a crash or a silent platform left, message by message."""
    found: dict[str, list[NoticeRow]] = {}
    for row in rows:
        found.setdefault(row.delivery, []).append(row)
    return found


def _reason(row: NoticeRow) -> str:
    """Why a notice was sent, with what sent it to the digest where it stood there."""
    digest = next((because for _, what, because in reversed(row.trace) if what == "digest"), "")
    if row.is_digest and digest:
        return f"it came in the digest, as {digest}"
    return f"it is urgent: {row.why}" if row.is_urgent else row.why


def _alone(row: NoticeRow, who: RecipientRow, now: datetime) -> Verdict:
    """What is seldom of use to a person makes no digest by itself: it comes along with something better, or not."""
    if now - row.made_at > RIDES:
        return Verdict("hold", "such messages seldom help you, and there was nothing else to send it with")
    return Verdict("wait", "there was nothing else to send it with", next_digest(who.wishes, who.zone, now))


def _taste(row: NoticeRow, estimates: Mapping[str, float]) -> float:
    return estimates.get(row.taste, unknown())


def _matter(row: NoticeRow, estimates: Mapping[str, float]) -> Matter:
    return Matter(
        row.kind,
        row.why,
        _taste(row, estimates),
        is_urgent=row.is_urgent,
        is_asked=row.is_snoozed or row.kind in ASKED_FOR,
        is_digest=row.is_digest,
        expires_at=row.expires_at,
    )
