"""What a person can have the memory do, for whoever offers it as tools: their own circle, and nothing beyond it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from core.errors import Candidate, NotFound, PolicyDenied
from core.records import Document, Ref, Remembered
from memory.gate import Refusal
from memory.item import Circle, MemoryRow, Owner
from memory.memory import Memory
from memory.shelf import words
from memory.statement import Statement, statement
from memory.store import Kept

KEY = "memory"
SHOWN = 100
ORDER = ("preference", "fact", "alias", "habit", "episode")


class Toolset:
    """The memory as one person may use it in one place."""

    def __init__(self, memory: Memory, circle: Circle) -> None:
        self._memory = memory
        self._circle = circle

    async def remember(self, sentence: str, source: str) -> Kept:
        """Keep what a sentence of the person says.

        Raises:
            PolicyDenied: the gate keeps it out; the sentence says why.
        """
        told = statement(sentence)
        if told is None:
            raise PolicyDenied("I could not make out one thing to remember in that.")
        owner = self.owner(told)
        who = self._circle.who
        kept = await self._memory.learn(
            owner, told.said, who.id, source, is_admin="admin" in who.roles, row_id=source[-32:] if source else ""
        )
        if isinstance(kept, Refusal):
            raise PolicyDenied(kept.reason)
        return kept

    def owner(self, told: Statement) -> Owner:
        """Whose memory something told goes to; what is “ours” in a private chat is the person's."""
        found = self._circle.of(told.scope)
        if found is None and told.scope == "team":
            raise PolicyDenied("I do not know your team from your company's directory, so I kept nothing for it.")
        return found or self._circle.person

    async def get(self, item: str) -> tuple[Owner, MemoryRow]:
        """An item of the circle by id.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        for owner in self._circle:
            for row in await self._memory.store.some(owner, [item]):
                return owner, row
        raise NotFound("I do not remember that any more.")

    async def find(self, text: str) -> Sequence[Candidate]:
        """The items that words may mean, best first."""
        shelves = await self._memory.standing(self._circle)
        rows = [row for shelf in shelves.values() for row in shelf.rows]
        told = statement(text)
        asked = text.lower().removeprefix("my ").removeprefix("our ").removeprefix("the ").strip(' .“”"')
        exact = [row for row in rows if row.id == text or _is_named(row, asked) or (told and row.key == told.said.key)]
        if not exact:
            wanted = words(asked)
            exact = [row for row in rows if wanted and wanted <= words(f"{row.text} {row.key}")]
        if not exact:
            near = await self._memory.fitting(self._circle, asked, most=3)
            exact = [one.row for one in near if one.meaning > 0.5]
        return [Candidate(row.id, row.text, row.kind, (text,) if len(exact) == 1 else ()) for row in exact[:SHOWN]]

    async def show(self, about: str = "") -> list[Remembered]:
        """What stands: the person's own first, then what is shared here; or what fits some words."""
        if about:
            fitting = await self._memory.fitting(self._circle, about, most=20, tokens=2_000)
            return [shown(one.row) for one in fitting]
        shelves = await self._memory.standing(self._circle)
        rows = [row for shelf in shelves.values() for row in shelf.rows]
        rows.sort(key=lambda row: (row.scope != "person", ORDER.index(row.kind)))
        return [shown(row) for row in rows[:SHOWN]]

    async def forget(self, item: str) -> None:
        """Forget one item, with its history.

        Raises:
            NotFound: there is none, or it is somebody else's.
            PolicyDenied: it is the whole company's, and the person is no administrator.
        """
        owner, row = await self.get(item)
        if owner.scope == "tenant" and "admin" not in self._circle.who.roles:
            raise PolicyDenied("Only an administrator can have me forget something for the whole company.")
        await self._memory.forget(owner, [row.id])

    async def forget_all(self) -> int:
        """Forget all of the person's own; gives how many items it was."""
        return (await self._memory.forget_all(self._circle.person)).items

    async def export(self) -> Document:
        """All of the person's own, the history too, as JSON."""
        rows = await self._memory.store.history(self._circle.person)
        text = json.dumps([exported(row) for row in rows], indent=1, ensure_ascii=False)
        ref = Ref(integration=KEY, kind="export", id=self._circle.who.id)
        return Document(ref=ref, title="What I remember about you", text=f"```json\n{text}\n```")


def shown(row: MemoryRow) -> Remembered:
    """An item as a record."""
    return Remembered(
        ref=Ref(integration=KEY, kind=row.kind, id=row.id, key=row.key),
        title=row.text,
        text=row.value,
        kind=row.kind,
        scope=row.scope,
        owner=row.owner,
        since=row.made_at,
        source=row.source,
        confidence=round(row.confidence, 2),
    )


def exported(row: MemoryRow) -> dict[str, object]:
    """An item with everything that is kept of it."""
    return {
        "id": row.id,
        "kind": row.kind,
        "about": row.key,
        "text": row.text,
        "value": row.value,
        "details": row.data,
        "scope": row.scope,
        "source": row.source,
        "confidence": row.confidence,
        "uses": row.uses,
        "made_at": row.made_at.isoformat(),
        "used_at": row.used_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "superseded_by": row.superseded_by,
    }


def _is_named(row: MemoryRow, asked: str) -> bool:
    names = {row.key.lower(), row.value.lower(), row.text.lower().rstrip("."), str(row.data.get("alias", "")).lower()}
    return asked in names - {""}
