"""A conversation: what was said, what waits, and who may answer. Every message and button ends in an answer.

A person's state in a thread is their own: what one asked, nobody else can answer, approve or undo.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from agent.ledger import Ledger
from agent.loop import Agent, Ending
from agent.state import CONNECTED, Pending, short_id
from agent.turn import Limits, Turn
from bot.answer import Answers, is_for_others, question_id
from bot.assistant import Opener, Sink
from bot.delivery import Notes
from bot.guard import guarded
from bot.names import Names
from bot.place import Place, place_of
from bot.preference import Preferences
from bot.prompt import Prompts
from bot.word import option, word
from core.clock import Clock, utc_now
from core.errors import AtomError, InvalidArgument, NotFound, StorageUnavailable
from core.log import logger
from core.message import Failure, Field, Message, Part, Platform, Press, PressAction, Reply, Text
from core.principal import Principal
from governance.approval import ApprovalRow, Approvals
from memory.command import correction, heard
from tools.kit.auth import Open
from tools.kit.pace import Kept
from tools.registry import Registry

LONGEST_TEXT = 8_000
LONGEST_NAME_WORDS = 5
PROMPTS = 4
EVENTS_KEPT = 20
EXPIRED = Failure(text="This plan waited too long and has expired.", next_step="Please ask again.")
SET_ASIDE = "Set aside; nothing was changed."
_FORM = TypeAdapter(dict[str, str])
_log = logger("bot.conversation")

Work = Callable[[], Awaitable[None]]
Handler = Callable[[Press, Sink], Awaitable[None]]
After = Callable[[Turn, Ending], Awaitable[Reply | None]]
Prompter = Callable[[Principal], Awaitable[Sequence[str]]]
Section = Callable[[Principal], Awaitable[Sequence[Part]]]
Watcher = Callable[[Principal, Platform], Awaitable[None]]


class Conversation:
    """The assistant behind every adapter.

    `openers` give the sink of a thread again, by platform; `handlers` take the presses that are not the conversation's
    own, by action, and `setters` those of `set`, by what is set; `sections` give what `home` shows, in order;
    `watchers` are told who was here, and where; `after` is done once a turn was answered, and may add to it;
    `prompters` give sentences to begin with, before those that fit the person's systems.
    """

    def __init__(
        self,
        agent: Agent,
        registry: Registry,
        approvals: Approvals,
        ledger: Ledger,
        notes: Notes,
        *,
        limits: Limits | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._agent = agent
        self._registry = registry
        self._approvals = approvals
        self._ledger = ledger
        self._notes = notes
        self._limits = limits or Limits()
        self._clock = clock
        self._answers = Answers(registry)
        self._locks: Kept[asyncio.Lock] = Kept(asyncio.Lock)
        self.names = Names(registry, clock)
        self.openers: dict[Platform, Opener] = {}
        self.redelivers: set[Platform] = set()  # what was never begun comes again there, and needs no word
        self.handlers: dict[PressAction, Handler] = {}
        self.setters: dict[str, Handler] = {}
        self.sections: list[Section] = []
        self.watchers: list[Watcher] = []
        self.preferences = Preferences(notes)
        self._prompts = Prompts(registry, ledger, clock)
        self.after: list[After] = []
        self.prompters: list[Prompter] = []

    async def hear(self, message: Message, sink: Sink) -> None:
        """Work on something a person wrote."""
        place = place_of(message)
        await self._seen(place)
        text = message.text.strip()
        await self._at_work(
            lambda: self._heard(text, message.id, message.sent_at, place, sink),
            place,
            sink,
            short_id(place.key, message.id),
            message.id,
        )

    async def press(self, press: Press, sink: Sink) -> None:
        """Work on a button a person pressed."""
        place = place_of(press)
        await self._seen(place)
        turn = short_id(place.key, press.id) if press.action == "undo" else ""
        await self._at_work(lambda: self._pressed(press, place, sink), place, sink, turn, press.id)

    async def form(self, approval: str, who: Principal) -> tuple[Field, ...]:
        """What can be changed in a plan that waits."""
        row = await self._approvals.open(approval, who)
        turn = Turn(await self._agent.turn_of(row.thread), who, row.thread, self._clock())
        return await self._agent.form(turn, approval)

    async def home(self, who: Principal) -> Reply:
        """What stands between this person and the assistant."""
        who = await self.preferences.applied(who)
        return Reply(parts=tuple([part for section in self.sections for part in await section(who)]), is_private=True)

    async def prompts(self, who: Principal) -> tuple[str, ...]:
        """Up to four sentences to begin with that fit this person."""
        own = [sentence for one in self.prompters for sentence in await one(who)]
        fitting = await self._prompts.of(await self.preferences.applied(who))
        return tuple(dict.fromkeys([*own, *fitting]))[:PROMPTS]

    async def _seen(self, place: Place) -> None:
        with suppress(StorageUnavailable):  # the answer is what counts, and it says so too
            who = await self.preferences.applied(place.who)
            for watcher in self.watchers:
                await watcher(who, place.platform)

    async def connected(self, who: Principal, integration: str) -> None:
        """Go on with what this person parked until the integration was connected."""
        key = f"{who.tenant}:{who.id}:{integration}"
        parked = await self._notes.get("parked", key) or {}
        await self._notes.put("parked", key, {"threads": []})
        for thread in parked.get("threads", ()):
            await self._later(thread, integration)

    async def recover(self) -> None:
        """Take up what a crash or a restart cut off: turns not answered, plans not begun, calls not ended."""
        threads = set(await self._notes.keys("at_work"))
        threads |= {row.thread for row in await self._approvals.unfinished()}
        threads |= {row.thread for row in await self._ledger.interrupted()}
        for thread in sorted(threads):
            await self._later(thread)

    async def _at_work(self, work: Work, place: Place, sink: Sink, turn: str = "", event: str = "") -> None:
        """Do one piece of work at a time in a thread; a mark stays behind where it was cut off.

        `event` is what the work answers: delivered again after a crash, it is finished and not begun anew.
        """

        async def marked() -> None:
            left = await self._notes.get("at_work", place.key)
            done = await self._done(place)
            if left:
                is_again = bool(event) and left.get("event") == event
                is_over = await self._take_up(place, sink, left["turn"], is_again=is_again)
                done = [*done, left["event"]] if is_over and left.get("event") else done
            if event and event in done:
                return
            begun = "" if await self._agent.waits(place.key) else turn
            mark = {"place": place.model_dump(mode="json"), "turn": begun, "event": event}
            await self._notes.put("at_work", place.key, mark)
            await work()
            done = [*done, event] if event else done
            await self._notes.put("heard", place.key, {"events": done[-EVENTS_KEPT:]})

        async with self._locks.of(place.key):
            await guarded(marked(), sink)
            with suppress(StorageUnavailable):  # then what was answered is said once more, after a restart say
                await self._notes.drop("at_work", place.key)

    async def _done(self, place: Place) -> list[str]:
        """The last events that were worked off in this thread."""
        return list((await self._notes.get("heard", place.key) or {}).get("events", ()))

    async def _heard(
        self, text: str, event: str, at: datetime, place: Place, sink: Sink, *, is_written: bool = True
    ) -> None:
        if not text:
            await sink.send(Reply.of_text("You sent me an empty message. Say “help” to see what I can do."))
            return
        if len(text) > LONGEST_TEXT:
            long = f"That is {len(text):,} characters, and I read at most {LONGEST_TEXT:,}. I did nothing."
            await sink.send(Reply(parts=(Failure(text=long, next_step="Please send it in parts."),)))
            return
        waits = await self._agent.waits(place.key)
        if waits and await self._answered(waits, text, place, sink):
            return
        await sink.status("Working on it …")
        turn = await self._turn(place, sink, short_id(place.key, event), at)
        await self._show(await self._agent.ask(turn, text, is_written=is_written), turn, place, sink)

    async def _answered(self, waits: tuple[Pending, ...], text: str, place: Place, sink: Sink) -> bool:
        """Take a text as the answer to what waits; if it is none, set that aside, and the text is a new wish."""
        pending, said = waits[0], word(text)
        if pending["kind"] == "approval" and said:
            await self._decide(pending["id"], said == "yes", place, sink, is_button=False)
            return True
        if said == "no":
            await self._set_aside(waits, place, sink)
            await sink.send(Reply.of_text("All right, I dropped it; nothing was changed."))
            return True
        answer = _answer_to(pending, text, said)
        if answer:
            await self._resume(pending, answer, place, sink)
            return True
        await self._set_aside(waits, place, sink)
        return False

    async def _set_aside(self, waits: tuple[Pending, ...], place: Place, sink: Sink) -> None:
        """End what waits without an effect, so that the conversation can go on."""
        for pending in waits:
            if pending["kind"] == "approval":
                await self._approvals.withdraw(pending["id"])
                await sink.settle(pending["id"], Reply.of_text(SET_ASIDE))
        await self._agent.drop(place.key)

    async def _pressed(self, press: Press, place: Place, sink: Sink) -> None:
        if press.action in ("approve", "reject"):
            await self._decide(press.target, press.action == "approve", place, sink, is_button=True)
        elif press.action == "edit":
            await self._edit(press, place, sink)
        elif press.action == "share":
            await self._share(press, place, sink)
        elif handler := self._handler(press):
            await handler(press, sink)
        elif press.action == "undo":
            await self._set_aside(await self._agent.waits(place.key), place, sink)
            await sink.status("Working on it …")
            turn = await self._turn(place, sink, short_id(place.key, press.id), press.pressed_at)
            turn.undo_receipt = press.target
            await self._show(await self._agent.ask(turn, "undo that", is_written=False), turn, place, sink)
        else:
            await self._chosen(press, place, sink)

    def _handler(self, press: Press) -> Handler | None:
        setter = self.setters.get(press.target) if press.action == "set" else None
        return setter or self.handlers.get(press.action)

    async def _chosen(self, press: Press, place: Place, sink: Sink) -> None:
        """An answer chosen by a button: to a name that fits several records, or to the interpreter's question."""
        for pending in await self._agent.waits(place.key):
            if pending["id"] == press.target:
                await self._resume(pending, press.value, place, sink)
                return
        if press.target.startswith(question_id(place.key)):
            await self._heard(press.value, press.id, press.pressed_at, place, sink, is_written=False)
            return
        stale = Failure(text="That question is not open any more, or it was put to somebody else.")
        await sink.send(Reply(parts=(stale,), is_private=True))

    async def _decide(self, approval: str, approve: bool, place: Place, sink: Sink, *, is_button: bool) -> None:
        waiting = await self._approvals.get(place.who.tenant, approval)
        if waiting is not None and waiting.status == "pending":
            approvers = await self._approvals.approvers(waiting)
            if waiting.principal != place.who.id and place.who.id in approvers:
                await self._decide_for(waiting, approve, place, sink)
                return
            if not approve and waiting.principal == place.who.id and place.who.id not in approvers:
                await self._set_aside(await self._agent.waits(place.key), place, sink)
                await sink.send(Reply.of_text(SET_ASIDE))
                return
        try:
            row = await self._approvals.decide(approval, place.who, approve=approve)
        except AtomError as error:
            said = Failure(text=error.message, next_step=error.next_step)
            if await self._expired(approval, said, place, sink) and is_button:
                return
            await sink.send(Reply(parts=(said,), is_private=True))
            return
        if approve:
            await sink.status("Working on it …")
        async with AsyncExitStack() as stack:
            if row.thread != place.key:
                await stack.enter_async_context(self._locks.of(row.thread))
            turn = await self._turn(place, sink, await self._agent.turn_of(row.thread), thread=row.thread)
            ending = await self._agent.resume(turn, {approval: "approve" if approve else "reject"})
        first, *rest = await self._answers.replies(ending, turn, place)
        if is_button and not ending.waits:
            await sink.settle(approval, first)
        else:
            await sink.settle(approval, Reply.of_text("Approved." if approve else "Cancelled; nothing was changed."))
            rest = [first, *rest]
        await self._send(rest, ending, turn, place, sink)

    async def _share(self, press: Press, place: Place, sink: Sink) -> None:
        """Post what only the asker saw where they asked, as their own word."""
        rows = await self._ledger.of_turn(place.who.tenant, press.target)
        mine = [row for row in rows if row.principal == place.who.id and row.thread == place.key]
        parts = self._answers.found(mine, place.who)
        if not parts:
            gone = Failure(text="There is nothing of yours here to share.")
            await sink.send(Reply(parts=(gone,), is_private=True))
            return
        await sink.send(Reply(parts=(Text(text=f"{place.who.name} shares:"), *parts)))

    async def _edit(self, press: Press, place: Place, sink: Sink) -> None:
        """A plan with other arguments in the place of one that waits; where they do not fit, that one still waits."""
        try:
            if not press.value:
                shown = _what_can_change(await self.form(press.target, place.who))
                await sink.send(Reply(parts=(shown,), is_private=True))
                return
            turn, ending = await self._edited(press, _given(press.value), place, sink)
        except AtomError as error:
            await sink.send(Reply(parts=(Failure(text=error.message, next_step=error.next_step),), is_private=True))
            return
        replies = await self._answers.replies(ending, turn, place)
        await self._send(replies, ending, turn, place, sink, into=press.target)

    async def _edited(self, press: Press, given: dict[str, str], place: Place, sink: Sink) -> tuple[Turn, Ending]:
        row = await self._approvals.open(press.target, place.who)
        async with AsyncExitStack() as stack:
            if row.thread != place.key:
                await stack.enter_async_context(self._locks.of(row.thread))
            turn = await self._turn(place, sink, await self._agent.turn_of(row.thread), thread=row.thread)
            return turn, await self._agent.edit(turn, press.target, given)

    async def _decide_for(self, row: ApprovalRow, approve: bool, place: Place, sink: Sink) -> None:
        """Somebody else's plan: it goes on in the asker's thread and under the asker's connections."""
        try:
            asker, there = await self._asker(row)
            await self._approvals.decide(row.id, place.who, approve=approve)
        except AtomError as error:
            await sink.send(Reply(parts=(Failure(text=error.message, next_step=error.next_step),), is_private=True))
            return
        done = "approved" if approve else "refused"
        await sink.settle(row.id, Reply.of_text(f"You {done} this; {asker.who.name} hears of it."))
        await there.send(Reply.of_text(f"{place.who.name} {done} your plan."))
        async with self._locks.of(row.thread):
            turn = await self._turn(asker, there, await self._agent.turn_of(row.thread), thread=row.thread)
            ending = await self._agent.resume(turn, {row.id: "approve" if approve else "reject"})
            await self._show(ending, turn, asker, there)

    async def _asker(self, row: ApprovalRow) -> tuple[Place, Sink]:
        """Where a plan was asked for.

        Raises:
            NotFound: that thread cannot be reached.
        """
        kept = await self._notes.get("place", row.thread)
        asker = Place.model_validate(kept) if kept else None
        opener = self.openers.get(asker.platform) if asker else None
        if asker is None or opener is None:
            raise NotFound("I cannot reach the person who asked for this, so nothing was decided.")
        return asker, await opener.reopen(asker.who.tenant, asker.conversation, asker.thread, asker.who.id)

    async def expire(self) -> int:
        """Let plans that waited too long say so themselves; how many there were."""
        late = await self._approvals.expired()
        for row in late:
            async with self._locks.of(row.thread):
                if not await self._approvals.withdraw(row.id):
                    continue  # decided, or another process says it
                if any(pending["id"] == row.id for pending in await self._agent.waits(row.thread)):
                    await self._agent.drop(row.thread)
                with suppress(AtomError):
                    _, there = await self._asker(row)
                    await there.settle(row.id, Reply(parts=(EXPIRED,)))
        return len(late)

    async def _expired(self, approval: str, said: Failure, place: Place, sink: Sink) -> bool:
        """Whether the person's own plan waited too long; then its card says so, and it waits no longer."""
        row = await self._approvals.get(place.who.tenant, approval)
        is_mine = row is not None and row.principal == place.who.id and row.status == "pending"
        if row is None or not is_mine or row.expires_at > self._clock():
            return False
        await self._approvals.withdraw(approval)
        if any(pending["id"] == approval for pending in await self._agent.waits(row.thread)):
            await self._agent.drop(row.thread)
        await sink.settle(approval, Reply(parts=(said,)))
        return True

    async def _resume(self, pending: Pending, answer: str, place: Place, sink: Sink) -> None:
        await sink.status("Working on it …")
        turn = await self._turn(place, sink, pending["turn"])
        await self._show(await self._agent.resume(turn, {pending["id"]: answer}), turn, place, sink)

    async def _later(self, thread: str, integration: str = "") -> None:
        """Go on in a thread without anybody having written; the answer goes where the thread is."""
        mark = await self._notes.get("at_work", thread)
        kept = mark["place"] if mark else await self._notes.get("place", thread)
        place = Place.model_validate(kept) if kept else None
        opener = self.openers.get(place.platform) if place else None
        if place is None or opener is None:
            _log.warning("thread_out_of_reach", platform=place.platform if place else "")
            return
        try:
            sink = await opener.reopen(place.who.tenant, place.conversation, place.thread, place.who.id)
        except AtomError as error:
            _log.warning("thread_out_of_reach", platform=place.platform, kind=type(error).__name__)
            return
        await self._at_work(lambda: self._went_on(place, integration, sink), place, sink)

    async def _went_on(self, place: Place, integration: str, sink: Sink) -> None:
        for pending in await self._agent.waits(place.key):
            if integration and pending.get("integration") == integration:
                await self._resume(pending, CONNECTED, place, sink)
                return
        if not integration:
            await self._take_up(place, sink)

    async def _take_up(self, place: Place, sink: Sink, begun: str | None = None, *, is_again: bool = False) -> bool:
        """Finish what was cut off in this thread; where turn `begun` was never answered, answer it ("" is the last).

        False where it was never begun; `is_again` says that it is begun then, as it was delivered again.
        """
        waits = await self._agent.waits(place.key)
        for pending in waits:
            row = await self._approvals.get(place.who.tenant, pending["id"])
            if row is not None and row.status in ("approved", "used", "rejected"):
                await self._resume(pending, "reject" if row.status == "rejected" else "approve", place, sink)
                return True
            if row is not None and row.status == "withdrawn":  # cut off while the plan was changed or set aside
                await self._agent.drop(place.key)
                await sink.send(Reply.of_text(SET_ASIDE))
                return True
        turn = await self._turn(place, sink, await self._agent.turn_of(place.key))
        if not waits and await self._agent.is_cut_off(place.key):
            await self._show(await self._agent.go_on(turn), turn, place, sink)
        elif is_again and begun != turn.id:
            return False
        elif begun in ("", turn.id):
            await self._show(await self._agent.last(turn), turn, place, sink)
        elif begun:
            if place.platform in self.redelivers:
                return False
            lost = Failure(text="I was cut off before I began on your last message.", next_step="Please say it again.")
            await sink.send(Reply(parts=(lost,)))
            return False
        return True

    async def _show(self, ending: Ending, turn: Turn, place: Place, sink: Sink) -> None:
        await self._send(await self._answers.replies(ending, turn, place), ending, turn, place, sink)

    async def _send(
        self, replies: Sequence[Reply], ending: Ending, turn: Turn, place: Place, sink: Sink, *, into: str = ""
    ) -> None:
        """Send the replies, the first in the place of the plan `into`."""
        if ending.waits and turn.thread == place.key:
            await self._notes.put("place", turn.thread, place.model_dump(mode="json"))
        for pending in ending.waits:
            if pending["kind"] == "connect":
                await self._park(turn, pending["integration"])
        for number, reply in enumerate(replies):
            await (sink.settle(into, reply) if into and not number else sink.send(reply))
        await self._afterwards(ending, turn, sink)

        for pending in ending.waits:
            if is_for_others(pending):
                await self._refer(pending, ending, turn, place, sink)

    async def _refer(self, pending: Pending, ending: Ending, turn: Turn, place: Place, sink: Sink) -> None:
        """Ask those whose word counts, where they are; whom nobody reaches finds the plan on the home page."""
        asks, reached = Text(text=f"{turn.who.name} asks for your word on this:"), False
        for person in pending["approvers"]:
            with suppress(NotFound):
                there = await self._reach(turn.who.tenant, person, place.platform)
                parts = (asks, self._answers.plan(pending, ending, person))
                await there.send(Reply(parts=parts, is_private=True))
                reached = True
        if not reached:
            await sink.send(Reply.of_text("I could not reach them in the chat; the plan stands on their home page."))

    async def _reach(self, tenant: str, person: str, platform: Platform) -> Sink:
        """Somebody's private chat, on this platform or another one.

        Raises:
            NotFound: they have none.
        """
        others = [opener for name, opener in self.openers.items() if name != platform]
        for opener in [*([self.openers[platform]] if platform in self.openers else []), *others]:
            with suppress(NotFound):
                return await opener.reach(tenant, person)
        raise NotFound("This person has no chat with me.")

    async def _afterwards(self, ending: Ending, turn: Turn, sink: Sink) -> None:
        for work in self.after:
            if more := await work(turn, ending):
                await sink.send(more)

    async def _park(self, turn: Turn, integration: str) -> None:
        key = f"{turn.who.tenant}:{turn.who.id}:{integration}"
        parked = (await self._notes.get("parked", key) or {}).get("threads", [])
        await self._notes.put("parked", key, {"threads": sorted({*parked, turn.thread})})

    async def _turn(
        self, place: Place, sink: Sink, turn_id: str, now: datetime | None = None, thread: str = ""
    ) -> Turn:
        connected = await self._registry.connected(place.who)
        chosen = await self.preferences.of(place.who)
        return Turn(
            id=turn_id,
            who=chosen.to(place.who),
            thread=thread or place.key,
            now=now or self._clock(),
            limits=self._limits,
            directory=self.names.of(place.who),
            connected=frozenset(key for key, status in connected.items() if status == "active"),
            free=frozenset(key for key, kind in self._registry.integrations.items() if isinstance(kind.auth, Open)),
            is_channel=place.audience == "channel",
            has_outsiders=place.has_outsiders,
            channel=f"{place.platform}:{place.conversation}" if place.audience == "channel" else "",
            is_brief=chosen.length == "short",
            progress=sink.status,
        )


def _answer_to(pending: Pending, text: str, said: str) -> str:
    """What to go on with, if the text answers what waits; else ""."""
    if pending["kind"] == "connect":
        return CONNECTED if said == "yes" else ""
    if pending["kind"] != "question" or said:
        return ""
    options = pending.get("options", [])
    if options:
        return option(text, options) or ""
    if text.endswith("?") or heard(text).commands:
        return ""
    return correction(text) or (text if len(text.split()) <= LONGEST_NAME_WORDS else "")


def _given(value: str) -> dict[str, str]:
    """What a form sent back.

    Raises:
        InvalidArgument: it is no object of texts.
    """
    try:
        return _FORM.validate_json(value)
    except ValidationError as error:
        raise InvalidArgument("I could not read that form.", next_step="Please open it again.") from error


def _what_can_change(fields: Sequence[Field]) -> Part:
    if not fields:
        return Failure(text="There is nothing in this plan that can be changed.")
    lines = [f"- {field.step}. {field.label}: {field.value or '–'}" for field in fields]
    return Text(text="\n".join(["This can be changed:", *lines]))
