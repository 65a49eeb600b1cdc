"""A month through the real outbox, courier and noticeboard, on a clock that jumps, with people who press."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path

from bot.courier import Courier
from bot.noticeboard import Noticeboard
from bot.outbox import Outbox
from bot.recipient import Preferences, Recipients
from bot.tact import is_quiet
from bot.taste import Tastes
from core.db import Database
from core.errors import NotFound
from core.message import Button, Listing, Press, Reply
from evals.proactive.month import LINK, TENANT, Candidate, Month, Over, Somebody

TICK = timedelta(minutes=30)
OPENED_AT = 9  # the hour at which people look into the chat
AFTER = timedelta(days=5)


@dataclass(frozen=True)
class Switches:
    """What of the outbox is on."""

    name: str
    dedup: bool = True
    learning: bool = True
    budget: bool = True
    quiet: bool = True


FULL = Switches("as it ships")
ABLATION = (
    FULL,
    Switches("without learning", learning=False),
    Switches("without telling states apart", dedup=False),
    Switches("without the day's budget", budget=False),
    Switches("without quiet hours", quiet=False),
    Switches("everything at once", dedup=False, learning=False, budget=False, quiet=False),
)


@dataclass(frozen=True)
class Shown:
    """A line that somebody was shown; `message` numbers the message that it stood in."""

    number: int
    at: datetime
    person: str
    message: int
    is_digest: bool
    in_quiet_hours: bool


@dataclass
class Run:
    """What was shown, why the rest was not, and how many messages came when everything was said once more."""

    switches: Switches
    shown: list[Shown] = field(default_factory=list)
    because: dict[int, str] = field(default_factory=dict)
    messages: int = 0
    again: int = 0


class Replay:
    """One run; it is its people's chat too."""

    def __init__(self, month: Month, switches: Switches, database: Database) -> None:
        self._month = month
        self._people = {one.email: one for one in month.people.values()}
        self._by_number = {one.number: one for one in month.candidates}
        self._now = month.happened[0].at
        self._outbox = Outbox(database, self._clock)
        self._recipients = Recipients(database, self._clock)
        tastes = Tastes(database, self._clock)
        self._board = Noticeboard(self._outbox, self._recipients, tastes, self._clock)
        self._courier = Courier(database, self._outbox, self._recipients, tastes, {"slack": self}, self._clock)
        self._fresh: list[tuple[str, Reply]] = []
        self.run = Run(switches)

    async def play(self) -> Run:
        """The whole month, a few days after it, and the last states once more."""
        await self._settle_in()
        for one in self._month.happened:
            await self._until(one.at)
            await self._happen(one)
        await self._until(self._now + AFTER)
        self.run.because = await self._reasons()
        before = self.run.messages
        await self._again()
        self.run.again = self.run.messages - before
        return self.run

    async def reopen(self, tenant: str, conversation: str, thread: str, person: str) -> Room:
        """Nobody's thread goes on here."""
        raise NotFound("There are no threads in this chat.")

    async def reach(self, tenant: str, person: str) -> Room:
        """The chat of a person."""
        return Room(self, person)

    def take(self, person: str, reply: Reply) -> None:
        """A message that arrived."""
        self.run.messages += 1
        who = self._people[person]
        lines = list(_lines(reply))
        quiet = is_quiet(_wishes(FULL, who), who.principal.zone, self._now)
        for number in lines:
            shown = Shown(number, self._now, person, self.run.messages, len(lines) > 1, quiet)
            self.run.shown.append(shown)
        self._fresh.append((person, reply))

    def _clock(self) -> datetime:
        return self._now

    async def _settle_in(self) -> None:
        for one in self._month.people.values():
            await self._recipients.met(one.principal, "slack")
            await self._recipients.prefer(TENANT, one.email, **_wishes(self.run.switches, one).model_dump())

    async def _happen(self, one: Candidate | Over) -> None:
        person = self._month.people[one.to].email
        twist = "" if self.run.switches.dedup else f"#{one.at.isoformat()}"
        if isinstance(one, Over):
            await self._outbox.over(TENANT, one.about, person)
        else:
            await self._outbox.put(one.notice(person, twist))
        await self._round()

    async def _until(self, at: datetime) -> None:
        while self._now + TICK < at:
            self._now += TICK
            await self._open_chats()
            await self._round()
        self._now = at

    async def _open_chats(self) -> None:
        for one in self._month.people.values():
            here = self._now.astimezone(one.principal.zone)
            works = here.weekday() < 5 and here.date() not in one.away
            if works and here.hour == OPENED_AT and here.minute < TICK.seconds // 60:
                await self._recipients.met(one.principal, "slack")
        if self.run.switches.learning and self._now.minute < TICK.seconds // 60:
            await self._courier.learn_from_silence()

    async def _round(self) -> None:
        await self._courier.round()
        arrived, self._fresh = self._fresh, []
        if self.run.switches.learning:
            for person, reply in arrived:
                await self._press(person, reply)

    async def _press(self, person: str, reply: Reply) -> None:
        """What the script says that they press on a line, by the button that they are shown."""
        who = self._people[person].principal
        for number, buttons in _pressable(reply):
            wish = self._by_number[number].more.press
            label = {"less": "Less of this", "useful": "Useful"}.get(wish)
            for button in (one for one in buttons if one.label == label):
                press = Press(
                    id=f"{number}", platform="slack", conversation=person, by=who, action=button.action,
                    target=button.target, value=button.value, pressed_at=self._now,
                )  # fmt: skip
                await self._board.press(press, Silent())

    async def _reasons(self) -> dict[int, str]:
        rows = await self._outbox.of(TENANT, most=10_000)
        return {number: row.because for row in rows for number in _lines(row.words)}

    async def _again(self) -> None:
        """A run in which nothing changed: for five days, the last state of everything is reported once more."""
        last = {(one.to, one.about): one for one in self._month.candidates}
        for _ in range(AFTER.days):
            for one in last.values():
                await self._outbox.put(one.notice(self._month.people[one.to].email))
            await self._until(self._now + timedelta(days=1))


class Room:
    """One person's chat."""

    def __init__(self, replay: Replay, person: str) -> None:
        self._replay = replay
        self._person = person

    async def status(self, text: str) -> None:
        """Nothing is shown."""

    async def draft(self, text: str) -> None:
        """Nothing is shown."""

    async def send(self, reply: Reply) -> None:
        """A message arrives."""
        self._replay.take(self._person, reply)

    async def settle(self, approval: str, reply: Reply) -> None:
        """No plan is asked about here."""


class Silent(Room):
    """Where the answer to a press goes; nobody reads it."""

    def __init__(self) -> None:
        pass

    async def send(self, reply: Reply) -> None:
        """It is dropped."""


def _wishes(switches: Switches, one: Somebody) -> Preferences:
    wishes = Preferences(per_day=one.per_day if switches.budget else 50)
    if switches.quiet:
        return wishes
    return wishes.model_copy(update={"quiet_from": time(0), "quiet_until": time(0), "days": frozenset(range(7))})


def _lines(reply: Reply) -> Iterator[int]:
    for part in reply.parts:
        if isinstance(part, Listing):
            yield from (int(entry.url.removeprefix(LINK)) for entry in part.entries if entry.url.startswith(LINK))


def _pressable(reply: Reply) -> Iterator[tuple[int, tuple[Button, ...]]]:
    """The numbers of the lines and the buttons that belong to each: its own, or those under the message."""
    under = tuple(button for part in reply.parts if isinstance(part, Listing) for button in part.buttons)
    for part in reply.parts:
        for entry in part.entries if isinstance(part, Listing) else ():
            if entry.url.startswith(LINK):
                yield int(entry.url.removeprefix(LINK)), entry.buttons or under


async def play(month: Month, switches: Switches, folder: Path) -> Run:
    """One run on a database of its own."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'month.db'}")
    try:
        await database.migrate()
        return await Replay(month, switches, database).play()
    finally:
        await database.close()
