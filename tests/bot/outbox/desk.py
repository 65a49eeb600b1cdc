"""An outbox with its courier, chats that people are reached in, and a clock that is set by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.assistant import Sink
from bot.courier import Courier
from bot.noticeboard import Noticeboard
from bot.outbox import NoticeRow, Outbox
from bot.recipient import Recipients
from bot.render.text import to_text
from bot.taste import Tastes
from core.db import Database
from core.errors import NotFound
from core.message import Button, Entry, Listing, Notice, Platform, Press, PressAction, Reply
from core.principal import Principal
from tests.assistant import Recorder

TUESDAY = datetime(2027, 1, 5, 10, tzinfo=UTC)
DANA = Principal(tenant="fernwick", id="dana.whitlock@fernwick.example", name="Dana", timezone="Europe/London")
RAVI = Principal(tenant="fernwick", id="ravi.menon@fernwick.example", name="Ravi", timezone="Asia/Kolkata")


@dataclass
class Chat:
    """A platform's private chats. `away` is who has no app there, `faults` are what the next posts end with."""

    posts: list[tuple[str, Reply]] = field(default_factory=list)
    away: set[str] = field(default_factory=set)
    faults: list[Exception] = field(default_factory=list)
    is_kept_despite_fault: bool = False

    async def reopen(self, tenant: str, conversation: str, thread: str, person: str) -> Sink:
        return await self.reach(tenant, person)

    async def reach(self, tenant: str, person: str) -> Sink:
        if person in self.away:
            raise NotFound("The app is not installed for this person.")
        return Room(self, f"{tenant}/{person}")

    def texts(self, who: Principal = DANA) -> list[str]:
        return [to_text(reply) for place, reply in self.posts if place == f"{who.tenant}/{who.id}"]


@dataclass
class Room(Recorder):
    """One person's private chat."""

    chat: Chat = field(default_factory=Chat)
    place: str = ""

    def __init__(self, chat: Chat, place: str) -> None:
        super().__init__()
        self.chat, self.place = chat, place

    async def send(self, reply: Reply) -> None:
        fault = self.chat.faults.pop(0) if self.chat.faults else None
        if fault is None or self.chat.is_kept_despite_fault:
            self.chat.posts.append((self.place, reply))
        if fault is not None:
            raise fault


@dataclass
class KeyedChat(Chat):
    """A platform that can tell whether a message stands there already."""

    keys: set[str] = field(default_factory=set)

    async def reach(self, tenant: str, person: str) -> Sink:
        await super().reach(tenant, person)
        return KeyedRoom(self, f"{tenant}/{person}")


class KeyedRoom(Room):
    async def send_once(self, key: str, reply: Reply, *, is_again: bool) -> None:
        assert isinstance(self.chat, KeyedChat)
        assert is_again or key not in self.chat.keys
        if key not in self.chat.keys:
            self.chat.keys.add(key)
            await self.send(reply)


@dataclass
class Desk:
    """Everything that a notice passes on its way."""

    database: Database
    now: datetime = TUESDAY
    slack: Chat = field(default_factory=Chat)
    teams: Chat = field(default_factory=Chat)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.database, self.clock)
        self.recipients = Recipients(self.database, self.clock)
        self.tastes = Tastes(self.database, self.clock)
        self.board = Noticeboard(self.outbox, self.recipients, self.tastes, self.clock)
        self.courier = self.worker()

    def clock(self) -> datetime:
        return self.now

    def worker(self) -> Courier:
        """A courier of another process on the same database."""
        openers: dict[Platform, Any] = {"slack": self.slack, "teams": self.teams}
        return Courier(self.database, self.outbox, self.recipients, self.tastes, openers, self.clock)

    async def later(self, **delta: float) -> int:
        """Let time pass, and the courier make its round."""
        self.now += timedelta(**delta)
        return await self.courier.round()

    async def put(self, signature: str = "PAY-1:open", who: Principal = DANA, **more: Any) -> None:
        """Put a notice; an alert where nothing else is said."""
        words = Reply(parts=(Listing(entries=(Entry(text=more.pop("text", signature)),)),))
        given = {"kind": "alert", "why": "you look after this"} | more
        await self.outbox.put(Notice(tenant=who.tenant, person=who.id, signature=signature, reply=words, **given))

    async def rows(self, who: Principal = DANA) -> dict[str, NoticeRow]:
        """The person's notices by signature; the newest where there are several."""
        found = await self.outbox.of(who.tenant, who.id)
        return {row.signature: row for row in reversed(found)}

    async def press(self, action: PressAction, target: str, value: str = "", by: Principal = DANA) -> str:
        """Press a button; gives what was answered."""
        sink = Recorder()
        press = Press(
            id="p",
            platform="slack",
            conversation="D1",
            by=by,
            action=action,
            target=target,
            value=value,
            pressed_at=self.now,
        )
        await self.board.press(press, sink)
        return "\n".join(to_text(reply) for reply in sink.replies)

    async def push(self, label: str, who: Principal = DANA, chat: Chat | None = None) -> str:
        """Press the last button of this name in the chat."""
        replies = [reply for place, reply in (chat or self.slack).posts if place.endswith(who.id)]
        found = [button for reply in replies for button in _buttons(reply) if button.label == label]
        return await self.press(found[-1].action, found[-1].target, found[-1].value, by=who)


def _buttons(reply: Reply) -> list[Button]:
    listings = [part for part in reply.parts if isinstance(part, Listing)]
    return [
        button
        for listing in listings
        for buttons in (listing.buttons, *(entry.buttons for entry in listing.entries))
        for button in buttons
    ]


@asynccontextmanager
async def desk(url: str, *who: Principal) -> AsyncIterator[Desk]:
    """A desk on a database that is brought to the newest version; these people were met in Slack."""
    database = Database(url)
    await database.migrate()
    made = Desk(database)
    for person in who:
        await made.board.met(person, "slack")
    yield made
    await database.close()
