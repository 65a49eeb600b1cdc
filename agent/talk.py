"""Short answers to what is no command: help, why, small talk, and what no tool can do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage

from agent.example import by_system
from agent.interpretation import Interpretation
from agent.turn import Turn
from core.tool import Tool

SHOWN, DOINGS = 3, 6
_MANNERS = "Write as you would to a colleague; I ask before I change anything, and “undo that” takes it back."
_THANKS = re.compile(r"\b(thanks?|thank you|thx|ty|cheers|much appreciated)\b", re.IGNORECASE)


def answer(reading: Interpretation, turn: Turn, messages: Sequence[BaseMessage], tools: Sequence[Tool]) -> str:
    """What to say when there is nothing to call."""
    if reading.act == "why":
        return _why(messages, tools)
    if reading.act == "help":
        return _help(turn, tools)
    if reading.act in ("confirm", "reject"):
        return "There is nothing waiting for your word here." if reading.act == "confirm" else "All right."
    if reading.reason:
        return reading.reason
    if reading.act == "small_talk" and _THANKS.search(str(messages[-1].text)):
        return "You're welcome."
    if reading.act == "small_talk":
        return (
            f"Hello{f', {turn.called}' if turn.called else ''}! Tell me what you need done; “help” shows what I can do."
        )
    return "I can't do that with the tools I have. Say “help” to see what I can do."


def _why(messages: Sequence[BaseMessage], tools: Sequence[Tool]) -> str:
    for message in reversed(messages):
        if isinstance(message, AIMessage) and message.tool_calls and "atom" in message.additional_kwargs:
            return _explained(message, {tool.name: tool for tool in tools})
    return "I have not planned anything in this conversation yet."


def _explained(message: AIMessage, tools: dict[str, Tool]) -> str:
    words = message.additional_kwargs["atom"].get("words", [])
    lines = []
    for number, call in enumerate(message.tool_calls):
        tool = tools.get(call["name"])
        title = tool.description if tool else call["name"]
        said = {parameter: text for index, parameter, text in words if index == number}
        chosen = f" from “{said['']}”" if said.get("") else ""
        lines.append(f"**{title}**{chosen}")
        lines += [f"- {name} from “{text}”" for name, text in said.items() if name and text]
    return "\n".join(lines)


def _help(turn: Turn, tools: Sequence[Tool]) -> str:
    """What this person can do now, in sentences that work as they stand."""
    mine = [tool for tool in tools if tool.integration in turn.connected]
    if all(tool.integration in turn.free for tool in mine):
        return _unconnected([tool for tool in tools if tool.integration not in turn.free])
    said = by_system(mine, turn.now.astimezone(turn.who.zone).hour)
    lines = ["Here is what I can do for you now, for example:"]
    lines += [f"- **{title}**: {', '.join(f'“{one}”' for one in found[:SHOWN])}" for title, found in said.items()]
    silent = [title for title in dict.fromkeys(tool.title for tool in mine) if title not in said]
    lines += [f"- **{title}**: {_doing(title, mine)}" for title in silent]
    return "\n".join([*lines, _MANNERS])


def _unconnected(tools: Sequence[Tool]) -> str:
    titles = ", ".join(dict.fromkeys(tool.title for tool in tools))
    return f"You have connected no system yet. Ask for something in one of these, and I give you the link: {titles}."


def _doing(title: str, tools: Sequence[Tool]) -> str:
    """What can be done in a system of which no sentence holds for everybody."""
    found = [tool.id.partition(".")[2].replace("_", " ") for tool in tools if tool.title == title]
    return ", ".join(found[:DOINGS]) + (" …" if len(found) > DOINGS else "")
