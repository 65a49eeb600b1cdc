"""Erasure of a person: every store is emptied of them, asked again, and what it then says is the report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_args

from langgraph.checkpoint.base import BaseCheckpointSaver

from agent.ledger import Ledger
from agent.loop import Ending
from agent.turn import Turn
from bot.delivery import Notes
from bot.feedback import Feedback
from bot.outbox import Outbox
from core.db import Database
from core.message import Platform, Reply, Table
from core.principal import Principal
from governance.approval import Approvals
from governance.audit import Audit
from memory.item import Circle
from memory.memory import Memory

NOTES = ("place", "at_work", "parked")
_PLATFORM = "|".join(get_args(Platform))


@dataclass(frozen=True)
class Line:
    """What became of one store: how much was taken out, what is left, and a word on it."""

    store: str
    removed: int
    left: int
    note: str = ""


@dataclass(frozen=True)
class Report:
    """The proof of an erasure: what each store said when it was asked afterwards."""

    lines: tuple[Line, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left anywhere."""
        return not any(line.left for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """As data."""
        return {"complete": self.is_complete, "stores": [asdict(line) for line in self.lines]}

    def to_reply(self) -> Reply:
        """As a table for the person."""
        rows = tuple((line.store, str(line.removed), str(line.left), line.note) for line in self.lines)
        title = "Erased; nothing is left" if self.is_complete else "Erased, but not everything yet"
        return Reply(parts=(Table(title=title, columns=("Store", "Removed", "Left", ""), rows=rows),), is_private=True)


class Erasure:
    """Empties all stores of a person."""

    def __init__(
        self,
        database: Database,
        memory: Memory,
        saver: BaseCheckpointSaver[Any],
        ledger: Ledger,
        approvals: Approvals,
        notes: Notes,
        audit: Audit,
        outbox: Outbox,
        feedback: Feedback,
    ) -> None:
        self._database = database
        self._memory = memory
        self._saver = saver
        self._ledger = ledger
        self._approvals = approvals
        self._notes = notes
        self._audit = audit
        self._outbox = outbox
        self._feedback = feedback

    async def after(self, turn: Turn, ending: Ending) -> Reply | None:
        """Once somebody had everything forgotten, the other stores follow, and they get the report."""
        if any(row.tool == "memory.forget_everything" and row.status == "done" for row in ending.rows):
            return (await self.erase(turn.who)).to_reply()
        if any(row.tool == "memory.forget_fact" and row.status == "done" for row in ending.rows):
            await self._ledger.redact(turn.who, "memory.")
            await self._approvals.redact(turn.who, "memory.")
            await self._database.scrub()
        return None

    async def erase(self, who: Principal) -> Report:
        """Erase a person from memory, conversations, receipts and plans; connections and the audit trail stay."""
        await self._memory.settle()
        lines = [
            *await self._remembered(who),
            await self._conversations(who),
            Line("receipts", await self._ledger.redact(who), await self._ledger.worded(who)),
            Line("plans", await self._approvals.redact(who), await self._approvals.worded(who)),
            await self._places(who),
            Line("notices", await self._outbox.forget(who.tenant, who.id), await self._outbox.kept(who.tenant, who.id)),
            Line("feedback", await self._feedback.forget(who), await self._feedback.left(who)),
        ]
        await self._database.scrub()
        await self._scrub_threads()
        kept = self._database.engine.dialect.name != "sqlite"
        word = "freed pages are overwritten as they are used again" if kept else "written anew"
        report = Report((*lines, Line("database files", 0, 0, word), Line("log", 0, 0, "holds no words")))
        counts = {line.store: [line.removed, line.left] for line in report.lines}
        await self._audit.note(who, "erased", stores=counts, complete=report.is_complete)
        return report

    async def _remembered(self, who: Principal) -> list[Line]:
        owner = Circle(who).person
        removed = len(await self._memory.store.history(owner))
        gone = await self._memory.forget_all(owner)
        left = len(await self._memory.store.history(owner))
        vectors = await self._memory.index.count(owner)
        said = "; ".join(gone.left) if vectors is None else ""
        return [Line("memory", removed, left), Line("vectors", removed, 1 if vectors is None else vectors, said)]

    async def _conversations(self, who: Principal) -> Line:
        threads = await self._threads(who)
        for thread in threads:
            await self._saver.adelete_thread(thread)
        return Line("conversations", len(threads), len(await self._threads(who)))

    async def _places(self, who: Principal) -> Line:
        begin, end = f"{who.tenant}:", f":{who.id}"
        removed = await self._notes.drop_ending(NOTES, begin, end)
        keys = [key for kind in NOTES for key in await self._notes.keys(kind)]
        return Line("places", removed, sum(key.startswith(begin) and key.endswith(end) for key in keys))

    async def _threads(self, who: Principal) -> list[str]:
        """The person's threads, which carry tenant, platform and person in their key."""
        own = re.compile(rf"{re.escape(who.tenant)}:(?:{_PLATFORM}):.*:{re.escape(who.id)}", re.S)
        return [thread for thread in await _all_threads(self._saver) if own.fullmatch(thread)]

    async def _scrub_threads(self) -> None:
        connection = getattr(self._saver, "conn", None)
        if type(self._saver).__name__ == "AsyncSqliteSaver" and connection is not None:
            await connection.commit()
            await connection.execute("VACUUM")
            await connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _all_threads(saver: BaseCheckpointSaver[Any]) -> Sequence[str]:
    """Every thread that a checkpointer holds; its own list loads each state as well."""
    question = "SELECT DISTINCT thread_id FROM checkpoints"
    connection: Any = getattr(saver, "conn", None)
    if connection is None:
        return [one.config["configurable"]["thread_id"] async for one in saver.alist(None)]
    cursor = await connection.execute(question)
    rows = await cursor.fetchall()
    return [row["thread_id"] if isinstance(row, dict) else row[0] for row in rows]
