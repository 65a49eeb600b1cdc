"""Turns what vendors send into alerts: to the person it concerns alone, read under that person's own authority."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from bot.delivery import Notes
from bot.outbox import Outbox
from bot.recipient import RecipientRow, Recipients
from bot.rule import Rule, rules
from core.errors import AtomError, Forbidden, NotConnected, NotFound
from core.log import logger
from core.message import Entry, Listing, Notice, Reply
from core.records import Record, Ref
from tools.inbox import EventRow, Inbox
from tools.registry import Registry

CURSOR = "watched"
LOOKED_BACK = 50  # numbers that another process may still have been writing when the cursor passed them
MOST_DONE = 5_000
MOST_TRIES = 5
MOST_FOLLOWERS = 50
_log = logger("bot.watch")


class Watch:
    """Works off the inbox; what comes twice, or to two processes, is told once by its state."""

    def __init__(self, registry: Registry, inbox: Inbox, outbox: Outbox, recipients: Recipients, notes: Notes) -> None:
        self._registry = registry
        self._inbox = inbox
        self._outbox = outbox
        self._recipients = recipients
        self._notes = notes
        self._done: OrderedDict[int, int] = OrderedDict()

    async def round(self) -> None:
        """Everything that came since the last time; what fails for now is taken up again."""
        kept = await self._notes.get("watch", CURSOR) or {}
        after = int(kept.get("after", 0))
        for event in await self._inbox.news(max(after - LOOKED_BACK, 0)):
            if self._done.get(event.number) == MOST_TRIES:
                continue
            tries = MOST_TRIES if await self._looked(event) else self._done.get(event.number, 0) + 1
            self._done[event.number] = tries
            if tries < MOST_TRIES:
                break
            after = max(after, event.number)
        while len(self._done) > MOST_DONE:
            self._done.popitem(last=False)
        if after != kept.get("after"):
            await self._notes.put("watch", CURSOR, {"after": after})

    async def _looked(self, event: EventRow) -> bool:
        """Look at one event; false where a system did not answer for now."""
        kind = self._registry.integrations.get(event.integration)
        if kind is None or event.is_late:
            return True
        try:
            for rule in rules(kind):
                if rule.fits(event.kind, event.ref_kind):
                    await self._apply(rule, event)
        except AtomError as error:
            _log.warning("event_put_off", integration=event.integration, kind=type(error).__name__)
            return False
        return True

    async def _apply(self, rule: Rule, event: EventRow) -> None:
        subject = f"{event.integration}:{event.ref_id}:{rule.topic}"
        told = await self._outbox.told(event.tenant, subject)
        for person in dict.fromkeys([*await self._concerned(rule, event), *told]):
            who = await self._recipients.get(event.tenant, person)
            record = await self._read(rule, event, who)
            if record is not None and await self._is_theirs(rule, record, event.integration, who):
                await self._outbox.put(_notice(rule, record, subject, who))
            elif person in told:
                await self._outbox.over(event.tenant, subject, person)

    async def _concerned(self, rule: Rule, event: EventRow) -> Sequence[str]:
        """Whom the vendor named, by their account there or their address; without names, those who follow it."""
        connections = self._registry.connections
        if not rule.whose:
            holders = await connections.holders(event.tenant, event.integration)
            name = f"{event.integration}:{rule.topic}"
            rows = [await self._recipients.get(event.tenant, person) for person in holders]
            return [row.person for row in rows if name in row.wishes.follows][:MOST_FOLLOWERS]
        if not event.people:
            return []
        found = await connections.holders(event.tenant, event.integration, event.people)
        by_email = [await self._recipients.by_email(event.tenant, name) for name in event.people if "@" in name]
        return [*found, *(row.person for row in by_email if row)]

    async def _read(self, rule: Rule, event: EventRow, who: RecipientRow) -> Record | None:
        """The record as this person may see it; None where they may not, or have no connection."""
        slots = {"id": event.ref_id, "key": event.ref_key, "url": event.ref_url}
        slots |= dict(zip(("home", "number"), _split(event), strict=True))
        args = {name: value.format_map(slots) for name, value in rule.args.items()}
        try:
            system = await self._registry.open(event.integration, who.principal)
            found: Any = await system.run(f"{event.integration}.{rule.read}", args)
        except (NotFound, Forbidden, NotConnected):
            return None
        records = [found] if isinstance(found, Record) else [one for one in found if isinstance(one, Record)]
        return next((one for one in records if event.ref_id in (one.ref.id, one.ref.key)), None)

    async def _is_theirs(self, rule: Rule, record: Record, integration: str, who: RecipientRow) -> bool:
        connection = await self._registry.connections.get(who.tenant, who.person, integration)
        return connection is not None and rule.holds(record, connection.account, who.email)


def _split(event: EventRow) -> tuple[str, str]:
    """The parts of a key like `fernwick/payouts#61`, or of an id like `7104/3`."""
    for text, mark in ((event.ref_key, "#"), (event.ref_key, "!"), (event.ref_id, "/")):
        home, found, number = text.rpartition(mark)
        if found:
            return home, number
    return "", event.ref_id


def _notice(rule: Rule, record: Record, subject: str, who: RecipientRow) -> Notice:
    ref: Ref = record.ref
    line = Entry(text=rule.words(record), url=ref.url)
    return Notice(
        tenant=who.tenant,
        person=who.person,
        kind="alert",
        topic=rule.topic,
        signature=f"{subject}:{rule.state(record)}",
        subject=subject,
        reply=Reply(parts=(Listing(entries=(line,)),), is_private=True),
        why=rule.why,
        is_urgent=rule.is_urgent,
    )
