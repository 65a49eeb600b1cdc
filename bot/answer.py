"""From the ending of a run to a reply: what was found and done, what is asked, what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from agent.loop import Ending
from agent.state import Pending, short_id
from agent.turn import Turn
from bot.present import outcome, steps
from core.errors import ConfigInvalid
from core.message import Button, Connect, Entry, Failure, Listing, Option, Part, Plan, Question, Reply, Text
from core.tool import Tool
from memory.toolset import KEY
from tools.registry import Registry


class Answers:
    """Builds replies."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._tools: Mapping[str, Tool] = {tool.id: tool for tool in registry.all_tools}

    async def reply(self, ending: Ending, turn: Turn) -> Reply:
        """The reply; private where it holds a link that is the asker's alone."""
        parts: list[Part] = [_said(ending, turn)] if ending.text else []
        parts += _recalled(ending, turn)
        if not ending.waits:
            parts += outcome(ending.rows, self._tools, turn.who.zone)
        parts += [await self._waiting(pending, ending, turn) for pending in ending.waits]
        parts += await self._lost(ending, turn)
        if ending.error:
            parts.append(Failure(text=ending.error.message, next_step=ending.error.next_step))
        if not parts:
            parts.append(Failure(text="I have no answer to that.", next_step="Say “help” to see what I can do."))
        return Reply(parts=tuple(parts), is_private=_is_private(ending, parts))

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
        return Plan(
            approval=pending["id"],
            asker=turn.who.id,
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


def question_id(thread: str, turn: str = "") -> str:
    """The id of a question that the interpreter asked; it begins the same for all of a person's thread."""
    return f"ask-{short_id(thread)}-{turn}"


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


def _is_private(ending: Ending, parts: Sequence[Part]) -> bool:
    """Whether it is for the asker alone: a link to connect, or what is remembered."""
    is_memory = any(row.tool.startswith(f"{KEY}.") for row in ending.rows) or (ending.reading or {}).get("is_private")
    return bool(is_memory) or any(isinstance(one, Connect) for one in parts)


def _said(ending: Ending, turn: Turn) -> Part:
    reading = ending.reading or {}
    if reading.get("outcome") != "clarify":
        return Text(text=ending.text)
    options = tuple(Option(label=value, value=value) for value in reading.get("options", ()))
    return Question(id=question_id(turn.thread, turn.id), asker=turn.who.id, text=ending.text, options=options)
