"""From the ending of a run to a reply: what was found and done, what is asked, what went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from agent.ledger import LedgerRow
from agent.loop import Ending
from agent.state import Pending, short_id
from agent.turn import Turn
from bot.audience import Audience
from bot.locale import Writer
from bot.place import Place
from bot.present import bare_receipt, outcome, receipt, steps
from bot.render.chart import draw, series
from core.errors import ConfigInvalid
from core.message import Button, Connect, Entry, Failure, Listing, Option, Part, Plan, Question, Receipts, Reply, Text
from core.principal import Principal
from core.tool import Tool
from memory.toolset import KEY
from tools.registry import Registry

ASIDE = "I answered where only you see it."
NO_ANSWER = Failure(text="I have no answer to that.", next_step="Say “help” to see what I can do.")


class Answers:
    """Builds replies."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._tools: Mapping[str, Tool] = {tool.id: tool for tool in registry.all_tools}

    async def replies(self, ending: Ending, turn: Turn, place: Place) -> tuple[Reply, ...]:
        """The replies: one, or in a channel what everybody may see and then what only the asker does."""
        written = ending.text if (ending.reading or {}).get("by") == "llm" else ""
        return tuple(_credited(one, written) for one in await self._replies(ending, turn, place))

    async def _replies(self, ending: Ending, turn: Turn, place: Place) -> tuple[Reply, ...]:
        shares = await self._shares(ending, turn, Audience.of(ending, place) if place.audience == "channel" else None)
        for_all = tuple(part for part, is_open in shares if is_open)
        alone = tuple(part for part, is_open in shares if not is_open)
        if place.audience == "direct":
            parts = (*for_all, *alone) or (NO_ANSWER,)
            is_private = _is_memory(ending) or any(isinstance(one, Connect) for one in parts)
            return (Reply(parts=parts, is_private=is_private, turn=turn.id),)
        if not alone:
            return (Reply(parts=for_all or (NO_ANSWER,), turn=turn.id),)
        if any(row.effect == "read" and row.status == "done" for row in ending.rows) and not ending.waits:
            alone = (*alone, _share(turn, has_outsiders=ending.has_outsiders or place.has_outsiders))
        aside = Text(text=f"{turn.who.name}, the rest is for you alone." if for_all else f"{turn.who.name}, {ASIDE}")
        return Reply(parts=(*for_all, aside)), Reply(parts=alone, is_private=True, turn=turn.id)

    def found(self, rows: Sequence[LedgerRow], who: Principal) -> tuple[Part, ...]:
        """What the reading calls among these gave."""
        reads = [row for row in rows if row.effect == "read" and row.status == "done"]
        return tuple(outcome(reads, self._tools, Writer.of(who)))

    async def _shares(self, ending: Ending, turn: Turn, audience: Audience | None) -> list[tuple[Part, bool]]:
        """Each part, with whether it is for everybody."""
        found = [(_said(ending, turn), audience is None or audience.sees_text(ending))] if ending.text else []
        found += [(part, audience is None) for part in _recalled(ending, turn)]
        if not ending.waits:
            found += self._outcome(ending, turn, audience)
            found += await self._pictures(ending, turn, audience)
        for pending in ending.waits:
            is_open = audience is None or self._sees_waiting(pending, ending, audience)
            found.append((await self._waiting(pending, ending, turn), is_open))
        found += [(part, audience is None) for part in await self._lost(ending, turn)]
        if ending.error:
            failure = Failure(text=ending.error.message, next_step=ending.error.next_step)
            found.append((failure, audience is None or audience.sees_error(ending)))
        is_closed = audience is not None and _is_memory(ending)
        return [(part, is_open and not is_closed) for part, is_open in found]

    def _outcome(self, ending: Ending, turn: Turn, audience: Audience | None) -> list[tuple[Part, bool]]:
        if audience is None:
            return [(part, True) for part in outcome(ending.rows, self._tools, _writer(turn))]
        closed = [row for row in ending.rows if not self._sees(row, audience)]
        shown = [row for row in ending.rows if row not in closed]
        parts = [(part, True) for part in self.found(shown, turn.who)]
        lines = tuple(
            (bare_receipt if row in closed else receipt)(row, self._tools.get(row.tool))
            for row in ending.rows
            if row.effect != "read" or row.status != "done"
        )
        parts += [(Receipts(lines=lines), True)] if lines else []
        return [
            *parts,
            *((part, False) for part in outcome(closed, self._tools, _writer(turn))),
        ]

    async def _pictures(self, ending: Ending, turn: Turn, audience: Audience | None) -> list[tuple[Part, bool]]:
        """Charts of what was found, for those who may see the numbers."""
        found: list[tuple[Part, bool]] = []
        for row in ending.rows:
            compared = series(row.result) if row.effect == "read" and row.status == "done" else None
            if compared is not None:
                picture = await asyncio.to_thread(draw, compared, _writer(turn))
                found.append((picture, audience is None or self._sees(row, audience)))
        return found

    def _sees(self, row: LedgerRow, audience: Audience) -> bool:
        tool = self._tools.get(row.tool)
        if row.effect == "read":
            return row.status == "done" and audience.sees_result(row.result)
        return audience.sees_receipt(row, tool) or (row.status == "rejected" and audience.sees_step(row, tool))

    def _sees_waiting(self, pending: Pending, ending: Ending, audience: Audience) -> bool:
        if pending["kind"] == "question":
            return audience.sees_question(pending)
        planned = [row for row in ending.rows if row.status == "planned"]
        return pending["kind"] == "approval" and all(
            audience.sees_step(row, self._tools.get(row.tool)) for row in planned
        )

    async def _lost(self, ending: Ending, turn: Turn) -> list[Part]:
        """An invitation for each system whose connection ended while a call was under way."""
        failed = [row for row in ending.rows if row.status == "failed"]
        if not failed:
            return []
        status = await self._registry.connected(turn.who)
        tools = [self._tools[row.tool] for row in failed if row.tool in self._tools]
        keys = dict.fromkeys(tool.integration for tool in tools if status.get(tool.integration) == "broken")
        names = {key: self._registry.integrations[key].name for key in keys}
        return [
            await self._invitation(key, f"Connect {name} again, then ask once more.", turn)
            for key, name in names.items()
        ]

    async def _waiting(self, pending: Pending, ending: Ending, turn: Turn) -> Part:
        if pending["kind"] == "connect":
            return await self._invitation(pending["integration"], pending["text"], turn)
        if pending["kind"] == "question":
            options = tuple(Option(label=label, value=value) for label, value in pending.get("options", ()))
            return Question(id=pending["id"], asker=turn.who.id, text=pending["text"], options=options)
        if is_for_others(pending):
            whom = " or ".join(pending["approvers"])
            planned = [receipt(row, self._tools.get(row.tool)) for row in ending.rows if row.status == "planned"]
            lines = [one.model_copy(update={"text": f"{one.text} waiting for {whom}"}) for one in planned]
            return Receipts(lines=tuple(lines))
        return self.plan(pending, ending, turn.who.id)

    def plan(self, pending: Pending, ending: Ending, asked: str) -> Plan:
        """The plan that waits, for whoever is asked."""
        return Plan(
            approval=pending["id"],
            asker=asked,
            steps=steps([row for row in ending.rows if row.status == "planned"], self._tools),
            expires_at=datetime.fromisoformat(pending["expires_at"]),
        )

    async def _invitation(self, key: str, text: str, turn: Turn) -> Part:
        name = self._registry.integrations[key].name
        try:
            url = await self._registry.link(key, turn.who)
        except ConfigInvalid as error:
            return Failure(text=text, next_step=error.sentence())
        return Connect(integration=key, name=name, url=url, text=text)


def is_for_others(pending: Pending) -> bool:
    """Whether a plan waits for the word of somebody else than its asker."""
    return bool(pending.get("approvers")) and pending["principal"] not in pending["approvers"]


def _writer(turn: Turn) -> Writer:
    return Writer.of(turn.who, is_brief=turn.is_brief)


def _share(turn: Turn, *, has_outsiders: bool) -> Listing:
    """What lets the asker show to everybody what only they see."""
    whom = "Everybody here, guests too," if has_outsiders else "Everybody here"
    button = Button(label="Share here", action="share", target=turn.id, confirm=f"{whom} will read it. Share it?")
    return Listing(empty="Only you see this.", buttons=(button,))


def question_id(thread: str, turn: str = "") -> str:
    """The id of a question that the interpreter asked; it begins the same for all of a person's thread."""
    return f"ask-{short_id(thread)}-{turn}"


def _credited(reply: Reply, written: str) -> Reply:
    """The reply, marked where it holds what a language model wrote."""
    is_generated = bool(written) and any(isinstance(part, Text) and part.text == written for part in reply.parts)
    return reply.model_copy(update={"is_generated": True}) if is_generated else reply


def _recalled(ending: Ending, turn: Turn) -> list[Part]:
    """What was taken from memory, each with a tap to have it otherwise."""
    entries = tuple(
        Entry(
            text=one["text"],
            buttons=(
                Button(label="Change", action="choose", target=question_id(turn.thread, turn.id), value=one["say"]),
            )
            if one["say"]
            else (),
        )
        for one in (ending.reading or {}).get("recalled", ())
    )
    return [Listing(entries=entries)] if entries else []


def _is_memory(ending: Ending) -> bool:
    """Whether it tells what is remembered, which is for the asker alone."""
    is_private = (ending.reading or {}).get("is_private")
    return bool(is_private) or any(row.tool.startswith(f"{KEY}.") for row in ending.rows)


def _said(ending: Ending, turn: Turn) -> Part:
    reading = ending.reading or {}
    if reading.get("outcome") != "clarify":
        return Text(text=ending.text)
    options = tuple(Option(label=value, value=value) for value in reading.get("options", ()))
    return Question(id=question_id(turn.thread, turn.id), asker=turn.who.id, text=ending.text, options=options)
