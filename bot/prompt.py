"""Sentences to begin with that fit a person: their connected systems, what they asked lately, the hour."""

from __future__ import annotations

from functools import cached_property

from agent.example import fitting, usual
from agent.ledger import Ledger
from core.clock import Clock, utc_now
from core.principal import Principal
from core.tool import Tool
from tools.registry import Registry

MOST = 4
LATELY = 50
NOTHING_CONNECTED = ("What can you do?",)


class Prompts:
    """Chooses sentences; each is the integration's own example, and none is for a system that is not connected."""

    def __init__(self, registry: Registry, ledger: Ledger, clock: Clock = utc_now) -> None:
        self._registry = registry
        self._ledger = ledger
        self._clock = clock

    @cached_property
    def _words(self) -> frozenset[str]:
        return usual(self._registry.tools)

    async def of(self, who: Principal) -> tuple[str, ...]:
        """Up to four, what they use most first, then one of each system in turn."""
        status = await self._registry.connections.keys(who.tenant, who.id)
        connected = {key for key, one in status.items() if one == "active"}
        tools = [tool for tool in self._registry.tools if tool.integration in connected]
        used = await self._ledger.used(who, LATELY)
        now = self._clock().astimezone(who.zone)
        first = [tool for tool in sorted(tools, key=lambda one: -used.get(one.id, 0)) if tool.id in used]
        reads = [tool for tool in tools if tool.effect == "read" and tool.id not in used]
        rest = _in_turn([tool for tool in reads if fitting(tool, self._words)], now.toordinal())
        said = dict.fromkeys(say for tool in [*first, *rest] if (say := fitting(tool, self._words, now.hour)))
        return tuple(say[:1].upper() + say[1:] for say in list(said)[:MOST]) or NOTHING_CONNECTED


def _in_turn(tools: list[Tool], day: int) -> list[Tool]:
    """The first tool of each system, then the second of each; which system begins changes by the day."""
    by_key: dict[str, list[Tool]] = {}
    for tool in tools:
        by_key.setdefault(tool.integration, []).append(tool)
    keys = sorted(by_key)
    keys = keys[day % len(keys) :] + keys[: day % len(keys)] if keys else []
    longest = max(map(len, by_key.values()), default=0)
    return [by_key[key][n] for n in range(longest) for key in keys if n < len(by_key[key])]
