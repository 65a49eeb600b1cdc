"""What everybody in a channel may see of an answer. What no rule here opens is for the asker alone.

The rules are those of docs/decisions/0008-audience.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.ledger import LedgerRow
from agent.loop import Ending
from agent.reference import references
from agent.state import Pending
from bot.place import Place
from core.errors import VendorError
from core.tool import Tool

OPEN_KINDS = frozenset({"channel", "person", "project"})
_SHAPED = frozenset({"date", "date-time", "duration", "money"})
_STEP = re.compile(r"\(the \w+ from step \d+\)")


@dataclass(frozen=True)
class Audience:
    """Who reads along, and which words the asker wrote where they do."""

    words: frozenset[str]
    platform: str
    conversation: str
    has_outsiders: bool

    @classmethod
    def of(cls, ending: Ending, place: Place) -> Audience:
        """The audience of an ending in a channel."""
        words = frozenset(word for text in ending.written for word in _words(text))
        conversation = place.conversation.partition(";")[0]
        return cls(words, place.platform, conversation, ending.has_outsiders or place.has_outsiders)

    def wrote(self, text: str) -> bool:
        """Whether every word of it is one that the asker wrote here."""
        return self.words.issuperset(_words(_STEP.sub("", text)))

    def sees_text(self, ending: Ending) -> bool:
        """Plain talk, and what a language model wrote before it had read anything."""
        reading = ending.reading or {}
        if reading.get("by") == "llm":
            return not reading.get("is_tainted")
        if reading.get("outcome") == "clarify":
            return all(map(self.wrote, reading.get("options", ())))
        return reading.get("act") == "undo" or (reading.get("outcome") == "decline" and reading.get("act") != "help")

    def sees_result(self, result: Any) -> bool:
        """Messages of this very channel; everybody here has read them."""
        records = result if isinstance(result, list) else [result]
        return bool(records) and all(map(self._is_said_here, records))

    def sees_step(self, row: LedgerRow, tool: Tool | None) -> bool:
        """A call whose every argument the asker wrote, or which names people and places of the company."""
        return tool is not None and all(self._sees_argument(row, tool, name) for name in row.labels)

    def sees_receipt(self, row: LedgerRow, tool: Tool | None) -> bool:
        """A call done as the asker wrote it; why another failed is the system's word, not theirs."""
        return row.status == "done" and self.sees_step(row, tool) and self.wrote(_without_links(row.title))

    def sees_question(self, pending: Pending) -> bool:
        """A question whose answers are people and places, or words of the asker's."""
        labels = [option[0] for option in pending.get("options", ())]
        is_open = pending.get("about", "") in OPEN_KINDS and not self.has_outsiders
        return is_open or all(map(self.wrote, labels))

    def sees_error(self, ending: Ending) -> bool:
        """Our own errors; a system's may quote what it holds."""
        return not isinstance(ending.error, VendorError)

    def _is_said_here(self, record: Any) -> bool:
        if not isinstance(record, Mapping) or record.get("type") != "message":
            return False
        return record.get("integration") == self.platform and self.conversation in str(record.get("id")).split("/")

    def _sees_argument(self, row: LedgerRow, tool: Tool, name: str) -> bool:
        schema = tool.properties.get(name, {})
        kind = schema.get("x-find") or schema.get("items", {}).get("x-find") or ""
        if isinstance(row.args.get(name), Mapping) and references(row.args[name]):
            return True
        is_shaped = "enum" in schema or schema.get("type") != "string" or schema.get("format") in _SHAPED
        if not self.has_outsiders and (kind in OPEN_KINDS or (is_shaped and not kind and not _is_list(schema))):
            return True
        return self.wrote(row.labels[name])


def _is_list(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "array"


def _words(text: str) -> Sequence[str]:
    return re.findall(r"\w+", text.casefold())


def _without_links(text: str) -> str:
    """A text without the addresses in it: those that a message carries are links of the plan's own records."""
    return re.sub(r"https?://\S+", "", text)
