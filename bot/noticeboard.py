"""What a person can do about notices: see them later, want fewer, ask why, set their hours; and how it all stands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from bot.assistant import Sink
from bot.outbox import NoticeRow, Outbox
from bot.parcel import headline
from bot.recipient import Preferences, RecipientRow, Recipients
from bot.tact import TO_DIGEST, TO_HOLD, quiet_ends, tomorrow
from bot.taste import Sign, Tastes
from core.clock import Clock, utc_now
from core.message import Button, Entry, Failure, Listing, NoticeKind, Part, Platform, Press, PressAction, Reply
from core.principal import Principal

Handler = Callable[[Press, Sink], Awaitable[None]]
PREFIX = "notice."
SWITCHED: tuple[NoticeKind, ...] = ("reminder", "alert", "suggestion", "result")
SHOWN = 8
GONE = "I do not know this message any more, or it was for somebody else."
QUIET = ("18:00-09:00", "20:00-07:00", "22:00-06:00")
DIGEST = ("07:30", "09:00", "13:00", "16:30")


class Noticeboard:
    """Takes the presses on notices and shows the part of the home page that is about them."""

    def __init__(
        self,
        outbox: Outbox,
        recipients: Recipients,
        tastes: Tastes,
        clock: Clock = utc_now,
        follows: Sequence[str] = (),
    ) -> None:
        self._follows = follows
        self._outbox = outbox
        self._recipients = recipients
        self._tastes = tastes
        self._clock = clock

    async def met(self, who: Principal, platform: Platform) -> None:
        """Remember where somebody is; what could not reach them is tried again."""
        if await self._recipients.met(who, platform):
            await self._outbox.back(who.tenant, who.id)

    def join(self, handlers: dict[PressAction, Handler]) -> None:
        """Take the presses on notices; those of `set` that are about something else go on to who took them before."""
        others = handlers.get("set")

        async def set_(press: Press, sink: Sink) -> None:
            await (self.press if others is None or press.target.startswith(PREFIX) else others)(press, sink)

        handlers |= {"snooze": self.press, "less": self.press, "set": set_}

    async def press(self, press: Press, sink: Sink) -> None:
        """Answer a press of `snooze`, `less` or `set`."""
        await sink.send(Reply(parts=await self._answer(press), is_private=True))

    async def _answer(self, press: Press) -> tuple[Part, ...]:
        what, _, about = press.target.partition(":")
        name = what.removeprefix(PREFIX)
        if press.action == "set" and name not in ("why", "useful", "show"):
            return (await self._set(name, about, press),)
        row = await self._outbox.get(press.by.tenant, press.by.id, about or press.target)
        if row is None:
            return (Failure(text=GONE),)
        if press.action == "snooze":
            return (await self._snooze(row, press.value),)
        if press.action == "less":
            return (await self._less(row),)
        if name == "show":
            return (*row.words.parts, _why(row))
        if name == "useful":
            await self._learn(row, "useful")
            return (Listing(empty=f"Good. I keep sending {_these(row)}."),)
        return (_why(row),)

    async def _snooze(self, row: NoticeRow, value: str) -> Part:
        who, now = await self._recipients.get(row.tenant, row.person), self._clock()
        until = now + timedelta(hours=1)
        if value == "tomorrow":
            until = quiet_ends(who.wishes, who.zone, tomorrow(who.zone, now))
        if not await self._outbox.snooze(row, until):
            return Failure(text="It is not shown any more, so there is nothing to put off.")
        await self._learn(row, "snoozed")
        return Listing(empty=f"I show it again {_moment(until, who)}.")

    async def _less(self, row: NoticeRow) -> Part:
        if row.kind == "approval":
            return Failure(text="Somebody waits for your word there, so I always ask you.")
        await self._learn(row, "less")
        share = (await self._tastes.estimates(row.tenant, row.person)).get(row.taste, 1.0)
        if share < TO_HOLD:
            said = f"I do not send {_these(row)} any more; they stand in your home page."
        elif share < TO_DIGEST:
            said = f"From now on {_these(row)} come in your digest."
        else:
            said = f"I send fewer of {_these(row)} if you say so again."
        again = Button(label="Send them as before", action="set", target=f"{PREFIX}again:{row.taste}")
        return Listing(empty=said, buttons=(again,))

    async def _learn(self, row: NoticeRow, sign: Sign) -> None:
        if await self._outbox.pressed(row, sign):
            await self._tastes.learn(row.tenant, row.person, row.taste, sign)

    async def _set(self, name: str, about: str, press: Press) -> Part:
        tenant, person = press.by.tenant, press.by.id
        if name == "again":
            await self._tastes.forget(tenant, person, about)
            return Listing(empty="I send them as before.")
        try:
            wishes = _changed((await self._recipients.get(tenant, person)).wishes, name, about, press.value)
            if name == "follow" and about not in self._follows:
                raise ValueError(about)
            await self._recipients.prefer(tenant, person, **wishes)
        except ValueError:
            return Failure(text="I cannot set that.", next_step="Please choose one of the buttons in the home page.")
        return _settings(await self._recipients.get(tenant, person), self._follows)

    async def section(self, who: Principal) -> Sequence[Part]:
        """The settings, what waits, and what was held back and why."""
        row = await self._recipients.get(who.tenant, who.id)
        notices = await self._outbox.of(who.tenant, who.id, most=200)
        waits = [one for one in notices if one.status in ("waiting", "kept")][:SHOWN]
        held = [one for one in notices if one.status == "held"][:SHOWN]
        parts: list[Part] = [_settings(row, self._follows)]
        if waits:
            parts.append(Listing(title="Waiting to be said", entries=tuple(_line(one, row) for one in waits)))
        parts.append(
            Listing(
                title="Held back", entries=tuple(_line(one, row) for one in held), empty="I held nothing back lately."
            )
        )
        return parts


def _changed(now: Preferences, name: str, about: str, value: str) -> dict[str, Any]:
    """The preferences that a press changes.

    Raises:
        ValueError: there is no such preference, or the value does not fit.
    """
    if name == "quiet":
        begin, _, end = value.partition("-")
        return {"quiet_from": time.fromisoformat(begin), "quiet_until": time.fromisoformat(end)}
    if name == "digest":
        return {"digest_at": time.fromisoformat(value)}
    if name == "brief":
        return {"wants_brief": value == "on"}
    if name == "days":
        return {"days": frozenset(range(7 if value == "all" else 5))}
    if name == "per_day":
        return {"per_day": int(value)}
    if name == "follow":
        return {"follows": now.follows | {about} if value == "on" else now.follows - {about}}
    if name == "kind" and about in SWITCHED:
        return {"off": now.off - {about} if value == "on" else now.off | {about}}
    raise ValueError(name)


def _settings(row: RecipientRow, follows: Sequence[str]) -> Listing:
    wishes = row.wishes
    quiet = f"{wishes.quiet_from:%H:%M}-{wishes.quiet_until:%H:%M}"
    weekend = "off" if len(wishes.days) < len(range(7)) else "on"
    entries = (
        Entry(
            text=f"Quiet hours: {quiet}",
            detail=f"in {row.timezone or 'UTC'}; urgent messages come all the same",
            buttons=tuple(_button(one, "quiet", one) for one in QUIET if one != quiet),
        ),
        Entry(
            text=f"Weekends: {weekend}",
            buttons=(_button(*(("On", "days", "all") if weekend == "off" else ("Off", "days", "week"))),),
        ),
        Entry(
            text=f"Digest and daily brief: {wishes.digest_at:%H:%M}",
            buttons=tuple(_button(one, "digest", one) for one in DIGEST if one != f"{wishes.digest_at:%H:%M}"),
        ),
        _switch("Daily brief", "brief", wishes.wants_brief),
        Entry(
            text=f"Messages a day: {wishes.per_day}",
            detail="what goes beyond comes in the digest",
            buttons=tuple(_button(str(one), "per_day", str(one)) for one in (3, 8, 15) if one != wishes.per_day),
        ),
        *(_switch(f"{kind.capitalize()}s", f"kind:{kind}", kind not in wishes.off) for kind in SWITCHED),
        *(_switch(_name(follow), f"follow:{follow}", follow in wishes.follows) for follow in follows),
    )
    return Listing(title="Notifications", entries=entries)


def _name(follow: str) -> str:
    """`stripe:payment_failed` as people read it."""
    system, _, topic = follow.partition(":")
    return f"{topic.replace('_', ' ').capitalize()} in {system.replace('_', ' ').capitalize()}"


def _switch(text: str, name: str, is_on: bool) -> Entry:
    other = ("Off", "off") if is_on else ("On", "on")
    return Entry(text=f"{text}: {'on' if is_on else 'off'}", buttons=(_button(other[0], name, other[1]),))


def _button(label: str, name: str, value: str) -> Button:
    return Button(label=label, action="set", target=f"{PREFIX}{name}", value=value)


def _line(row: NoticeRow, who: RecipientRow) -> Entry:
    text, url = headline(row.words)
    detail = row.because if row.status != "waiting" else f"{_moment(row.due_at, who)}: {row.because or row.why}"
    show = Button(label="Show", action="set", target=f"{PREFIX}show:{row.id}")
    again = Button(label="Send these again", action="set", target=f"{PREFIX}again:{row.taste}")
    return Entry(text=text, detail=detail, url=url, buttons=(show, again) if row.status == "held" else (show,))


def _why(row: NoticeRow) -> Listing:
    """Why a notice came, step by step."""
    came = Entry(text=row.why, detail=f"{row.made_at:%d %b %H:%M} UTC")
    steps = (Entry(text=f"{what}: {why}", detail=f"{_utc(at):%d %b %H:%M} UTC") for at, what, why in row.trace)
    return Listing(title="Why you got this", entries=(came, *steps))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _these(row: NoticeRow) -> str:
    topic = row.topic.replace("_", " ")
    return f"messages about “{topic}”" if topic else f"{row.kind}s"


def _moment(at: datetime, who: RecipientRow) -> str:
    return f"on {at.astimezone(who.zone):%a %d %b at %H:%M}"
