"""What to ask, and why something cannot be done, in words for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.local.word import split_name
from core.tool import Tool

_ASKS = {
    "project": "In which project?", "team": "For which team?", "repo": "In which repository?", "channel": "In which channel, or to whom?",
    "text": "What should it say?", "body": "What should it say?", "summary": "What should the title be?", "title": "What should the title be?",
    "at": "When?", "start": "When does it start?", "from": "From when?", "to": "Until when?", "issue": "Which issue?",
    "number": "Which number?", "event": "Which event?", "assignee": "Who should do it?", "people": "Who?", "status": "To which status?",
    "customer": "Which customer?", "account": "Which account?", "amount": "How much?", "close_date": "When is it expected to close?",
    "time_spent": "How much time?", "message": "Which message?", "thread": "Which thread?", "query": "What should I look for?",
}  # fmt: skip


def ask_for(tool: Tool, name: str) -> str:
    """The question for a missing parameter."""
    schema = tool.properties.get(name, {})
    asked = _ASKS.get(name)
    if schema.get("enum"):
        return f"Which {spoken(name)}: {', '.join(map(str, schema['enum']))}?"
    if asked:
        return asked
    hint = str(schema.get("description") or "")
    return f"Which {spoken(name)}?" + (f" ({hint})" if hint else "")


def options(tool: Tool, name: str) -> tuple[str, ...]:
    """The answers to offer, where the schema lists them."""
    return tuple(str(v) for v in tool.properties.get(name, {}).get("enum", ()))


def which_system(tools: Sequence[Tool]) -> str:
    """The question between readings in several systems, or several tools of one."""
    titles = list(dict.fromkeys(tool.title or tool.integration for tool in tools))
    if len(titles) > 1:
        return f"In {' or '.join(titles)}?"
    return "Do you mean: " + " or: ".join(tool.description.rstrip(".") for tool in tools) + "?"


def spoken(name: str) -> str:
    """A parameter's name as words."""
    return " ".join(split_name(name))


def what_to_change(tool: Tool) -> str:
    """The question where a record was named and nothing of it that changes."""
    noun = spoken(tool.id.partition(".")[2].partition("_")[2])
    return f"What should I change in this {noun}?"


def not_here(name: str, nearest: Tool | None) -> str:
    """Why nothing is done in a system that is not among ours."""
    offer = f" The nearest I can do is in {nearest.title or nearest.integration}." if nearest else ""
    return f"I have no connection to {name}, so I did nothing.{offer}"


def no_schedule(words: str, tool: Tool) -> str:
    """Why a repeated command is not planned."""
    return f"I can do this once, but {tool.title or tool.integration} has no way to repeat it “{words}”. Ask for it once, or set up a workflow."


def unsupported(nearest: Tool | None) -> str:
    """Why nothing is called, with the nearest thing there is."""
    if nearest is None:
        return "I have no tool that can do this."
    return (
        f"I have no tool that can do this. The nearest is {nearest.title or nearest.integration}: {nearest.description}"
    )


def impossible(value: Any) -> str:
    """The question for a day that does not exist."""
    return f"There is no such day as “{value}”. Which day do you mean?"
