"""100,000 memories of 1,000 people: what writing and recalling cost, and that neither grows with the total."""

from __future__ import annotations

import random
import resource
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from agent.local.encoder import WEIGHTS
from core.db import Database
from core.principal import Principal
from memory.encoder import Encoder, Vectors
from memory.item import Circle, Said
from memory.memory import Memory

pytestmark = pytest.mark.bench

PEOPLE, EACH, ASKED = 1_000, 100, 400
WHAT = "board report budget release invoice ticket roadmap survey contract newsletter dashboard backlog".split()
DOES = "is due on|belongs to|is kept in|was moved to|is owned by|needs|starts on|is shared with".split("|")
WHOM = "Monday Tuesday Thursday Growth Payments Mobile Lisbon Berlin Priya Inês Tom Dana legal finance design support".split()
WHICH = "spring summer autumn winter quarterly weekly monthly old new second third final draft German French internal".split()


def sentences(seed: int) -> list[str]:
    """A person's own hundred, out of two thousand."""
    dice = random.Random(seed % 20)
    return [
        f"The {dice.choice(WHICH)} {dice.choice(WHAT)} {n} {dice.choice(DOES)} {dice.choice(WHOM)}."
        for n in range(EACH)
    ]


class Known(Encoder):
    """The encoder, which reads a sentence that it read before from a table: filling would take an hour else."""

    def __init__(self, tokenizer: Path) -> None:
        super().__init__(tokenizer)
        self._table: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if text not in self._table and text.endswith(".")]
        self._table |= zip(missing, super().encode(missing), strict=True) if missing else ()
        if not all(text in self._table for text in texts):
            return super().encode(texts)
        return np.stack([self._table[text] for text in texts])


def person(number: int) -> Principal:
    return Principal(tenant="acme", id=f"p{number}", name=f"Person {number}")


def percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"p50 {statistics.median(ordered) * 1000:.1f} ms, p95 {ordered[int(len(ordered) * 0.95)] * 1000:.1f} ms"


def megabytes(folder: Path) -> str:
    sizes = {
        path.name: sum(one.stat().st_size for one in path.rglob("*")) if path.is_dir() else path.stat().st_size
        for path in folder.iterdir()
    }
    return ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in sorted(sizes.items()) if size > 1e6)


async def recall(memory: Memory, people: range, seed: int) -> list[float]:
    """Seconds of each recall, of people taken at random."""
    dice, taken = random.Random(seed), []
    for _ in range(ASKED):
        text = f"where is the {dice.choice(WHICH)} {dice.choice(WHAT)}, and who owns it?"
        begun = time.perf_counter()
        found = await memory.fitting(Circle(person(dice.choice(people))), text)
        taken.append(time.perf_counter() - begun)
        assert found
    return taken


async def write(memory: Memory, people: range) -> list[float]:
    taken = []
    for number in people:
        await memory.settle()
        begun = time.perf_counter()
        await memory.learn(Circle(person(number)).person, Said("fact", f"late {number}", "The deck is late."), "x", "y")
        taken.append(time.perf_counter() - begun)
    await memory.settle()
    return taken


async def test_a_hundred_thousand_memories(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}")
    await database.migrate()
    memory = Memory(database, str(tmp_path / "vectors"), Known(WEIGHTS / "tokenizer.json"))
    assert await memory.index.open()
    begun = time.perf_counter()
    for number in range(PEOPLE):
        items = [Said("fact", f"note {n}", text) for n, text in enumerate(sentences(number))]
        await memory.store.keep_all(Circle(person(number)).person, items, "x", "y")
        await memory._leveled(Circle(person(number)).person)
        if number + 1 in (PEOPLE // 10, PEOPLE):
            total = (number + 1) * EACH
            held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"\n{total} memories of {number + 1} people, filled in {time.perf_counter() - begun:.0f} s")
            first = await recall(memory, range(number + 1), 1)
            again = await recall(memory, range(number + 1), 2)
            fixed = await recall(memory, range(10), 3)
            print(f"recall, first time of many {percentiles(first)}; later {percentiles(again)}")
            print(f"recall of the same ten people {percentiles(fixed)}")
            print(f"write {percentiles(await write(memory, range(0, number + 1, max(1, (number + 1) // 100))))}")
            print(f"process {held:.0f} MB at most; on disk {megabytes(tmp_path)}")
    ordered = sorted(again)
    assert ordered[int(len(ordered) * 0.95)] < 0.025
    await memory.close()
    await database.close()
