"""Sentences to begin with: what this person does most, at this hour first, in words that the tools are asked with."""

from __future__ import annotations

from collections.abc import Sequence

from core.clock import Clock, utc_now
from core.principal import Principal
from memory.item import Circle, MemoryRow
from memory.memory import Memory
from tools.registry import Registry

MOST = 4
NEAR_HOURS = 1


class Usual:
    """Suggestions out of somebody's habits; none where they have none, or want none."""

    def __init__(self, memory: Memory, registry: Registry, clock: Clock = utc_now) -> None:
        self._memory = memory
        self._registry = registry
        self._clock = clock

    async def of(self, who: Principal) -> Sequence[str]:
        """Up to four sentences."""
        mine = Circle(who).person
        if not await self._memory.is_personal(mine):
            return ()
        shelves = await self._memory.standing(Circle(who), "person")
        rows = [row for shelf in shelves.values() for row in shelf.rows if row.kind == "habit"]
        now = self._clock().astimezone(who.zone).hour
        rows.sort(key=lambda row: (not _is_now(row, now), -int(row.data.get("count", 0))))
        tools = dict.fromkeys(str(row.data.get("tool", "")) for row in rows)
        said = [self._sentence(tool, [row for row in rows if row.data.get("tool") == tool]) for tool in tools]
        return tuple(filter(None, said))[:MOST]

    def _sentence(self, tool_id: str, rows: Sequence[MemoryRow]) -> str:
        tool = self._registry.tool(tool_id)
        if tool is None:
            return ""
        verb, _, noun = tool_id.partition(".")[2].partition("_")
        usual = {
            str(row.data.get("parameter")): str(row.data.get("label")) for row in rows if row.data.get("parameter")
        }
        where = next(
            (f" in {usual[name]}" for name in ("project", "board", "repo", "channel", "list") if name in usual), ""
        )
        what = (usual.get("issue_type") or noun.replace("_", " ")).lower()
        article = "an" if what[:1] in "aeiou" else "a"
        return (
            f"{verb} {article} {what}{where}" if tool.effect == "write" else f"{verb} {noun.replace('_', ' ')}{where}"
        )


def _is_now(row: MemoryRow, hour: int) -> bool:
    return "hour" in row.data and abs(int(row.data["hour"]) - hour) <= NEAR_HOURS
