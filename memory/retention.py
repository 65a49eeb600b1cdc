"""How long each kind is kept, and how old episodes become one line a month that still names every receipt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from memory.item import MemoryRow, Owner, Said
from memory.store import Store

Days = Mapping[str, int]
DAYS: Days = {"preference": 1_095, "fact": 730, "alias": 730, "habit": 180, "episode": 365, "superseded": 180}
CONDENSED_AFTER = timedelta(days=30)
LEAST_CONDENSED = 3
NAMED = 12


def is_over(row: MemoryRow, now: datetime, days: Days) -> bool:
    """Whether an item was kept for as long as its kind is, counted from when it was last of use."""
    if row.ended_at is not None:
        return row.ended_at < now - timedelta(days=days["superseded"])
    return row.used_at < now - timedelta(days=days[row.kind])


def condensed(rows: Sequence[MemoryRow], now: datetime) -> list[tuple[Said, list[MemoryRow]]]:
    """For each tool and past month with several old episodes: the one item that stands for them, and the episodes."""
    groups: dict[tuple[str, str], list[MemoryRow]] = defaultdict(list)
    for row in rows:
        if (
            row.kind == "episode"
            and row.ended_at is None
            and row.made_at < now - CONDENSED_AFTER
            and "calls" not in row.data
        ):
            groups[(f"{row.made_at:%Y-%m}", str(row.data.get("tool", "")))].append(row)
    return [
        (_one(month, tool, sorted(group, key=lambda row: row.made_at)), group)
        for (month, tool), group in groups.items()
        if len(group) >= LEAST_CONDENSED
    ]


def _one(month: str, tool: str, group: Sequence[MemoryRow]) -> Said:
    title = group[0].text.partition(" “")[0].partition(" (")[0].partition(",")[0]
    keys = [str(row.data.get("key") or "") for row in group]
    named = ", ".join(filter(None, keys[:NAMED]))
    more = f" and {len(group) - NAMED} more" if len(group) > NAMED else ""
    calls = [[row.data.get("call"), row.data.get("key"), row.data.get("url")] for row in group]
    text = f"{title}, {len(group)} times in {group[0].made_at:%B %Y}: {named}{more}."
    return Said("episode", f"episodes {month} {tool} {group[0].id}", text[:400], "", {"tool": tool, "calls": calls})


async def tidy(store: Store, owner: Owner, now: datetime, days: Days) -> int:
    """Condense and drop what is due of one owner; gives how many rows went."""
    rows = await store.history(owner)
    over = [row.id for row in rows if is_over(row, now, days)]
    gone = set(over)
    for said, group in condensed([row for row in rows if row.id not in gone], now):
        await store.keep(owner, said, owner.id, group[-1].source)
        gone |= {row.id for row in group}
    if gone:
        await store.drop(owner, sorted(gone))
    return len(gone)
