"""What is kept is recalled by whom it belongs to, and what is forgotten is gone from rows and vectors."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.principal import Principal
from memory.gate import Refusal
from memory.item import Circle, Owner, Said
from memory.memory import Memory
from tests.memory.conftest import LENA, OTTO, TWIN, Opened

BOARD = Said("fact", "board", "Your board is Growth.", "Growth")
COFFEE = Said("fact", "note coffee machine", "The coffee machine on floor 3 takes only coins.")
TRAIN = Said("fact", "note release train", "The release train leaves on Thursdays.")


async def tell(memory: Memory, who: Principal, *items: Said, owner: Owner | None = None) -> None:
    for said in items:
        assert not isinstance(await memory.learn(owner or Circle(who).person, said, who.id, "turn-1"), Refusal)
    await memory.settle()


async def asked(memory: Memory, who: Principal, text: str, channel: str = "") -> list[str]:
    return [one.row.text for one in await memory.fitting(Circle(who, channel), text)]


async def test_recall_by_meaning_and_by_words(memory: Memory) -> None:
    await tell(memory, LENA, BOARD, COFFEE, TRAIN)
    assert (await asked(memory, LENA, "when do we ship the next version?"))[:1] == [TRAIN.text]
    assert (await asked(memory, LENA, "coins for the machine"))[:1] == [COFFEE.text]
    assert await asked(memory, LENA, "zebra") == []


async def test_nothing_crosses_people_channels_or_tenants(memory: Memory) -> None:
    await tell(memory, LENA, BOARD)
    await tell(memory, LENA, TRAIN, owner=Owner("acme", "channel", "C1"))
    for who, channel in ((OTTO, ""), (OTTO, "C2"), (TWIN, ""), (TWIN, "C1"), (LENA, "C2")):
        seen = await asked(memory, who, "which board, and when does the release train leave?", channel)
        assert TRAIN.text not in seen
        assert (BOARD.text in seen) == (who == LENA)
    assert await asked(memory, OTTO, "when does the release train leave?", "C1") == [TRAIN.text]


async def test_a_team_is_what_the_platform_vouches_for(memory: Memory) -> None:
    await tell(memory, LENA, TRAIN, owner=Owner("acme", "team", "payments"))
    member = OTTO.model_copy(update={"roles": frozenset({"member", "team:payments"})})
    assert await asked(memory, member, "when does the release train leave?") == [TRAIN.text]
    assert await asked(memory, OTTO, "when does the release train leave? team:payments") == []


async def test_newer_word_supersedes_and_keeps_the_history(memory: Memory) -> None:
    await tell(memory, LENA, BOARD, BOARD, Said("fact", "board", "Your board is Mobile.", "Mobile"))
    assert await asked(memory, LENA, "my board") == ["Your board is Mobile."]
    rows = await memory.store.history(Circle(LENA).person)
    assert [(row.value, row.ended_at is None) for row in rows] == [("Growth", False), ("Mobile", True)]
    assert rows[0].superseded_by == rows[1].id


async def test_forgotten_is_gone_and_is_not_learned_again(memory: Memory) -> None:
    await tell(memory, LENA, BOARD, TRAIN)
    mine = Circle(LENA).person
    row = next(row for row in await memory.store.live(mine) if row.key == "board")
    assert await memory.forget(mine, [row.id]) is not None
    assert await asked(memory, LENA, "which board is mine?") == []
    assert [row.key for row in await memory.store.history(mine)] == [TRAIN.key]
    assert await memory.learned(mine, BOARD, "turn-0", row.made_at) is None
    await tell(memory, LENA, BOARD)
    assert await asked(memory, LENA, "which board is mine?") == [BOARD.text]


async def test_crash_between_rows_and_vectors_is_repaired(opened: Opened, tmp_path: Path) -> None:
    async with opened() as memory:
        await tell(memory, LENA, BOARD, TRAIN)
        old = shutil.copytree(tmp_path / "vectors", tmp_path / "before")
        mine = Circle(LENA).person
        await memory.forget(mine, [row.id for row in await memory.store.live(mine) if row.key == "board"])
        await tell(memory, OTTO, COFFEE)
    shutil.rmtree(tmp_path / "vectors")
    old.rename(tmp_path / "vectors")  # the vectors as of before: one too many, and one owner short
    async with opened() as memory:
        assert await asked(memory, LENA, "which board is mine?") == []
        assert await memory.index.repair() == 1
        held = await memory.index._run(memory.index._held)
        assert set(held) == {Circle(LENA).person.name, Circle(OTTO).person.name}
        assert await asked(memory, OTTO, "does the espresso maker take notes?") == [COFFEE.text]
        assert await asked(memory, LENA, "when do we ship the next version?") == [TRAIN.text]


async def test_vectors_lost_altogether_are_made_anew(opened: Opened, tmp_path: Path) -> None:
    async with opened() as memory:
        await tell(memory, LENA, TRAIN)
    shutil.rmtree(tmp_path / "vectors")
    async with opened() as memory:
        assert await memory.index.repair() == 1
        assert await memory.index.repair() == 0
        assert await asked(memory, LENA, "when do we ship the next version?") == [TRAIN.text]


async def test_without_vectors_it_says_less_and_recovers(opened: Opened) -> None:
    async with opened(is_open=False) as memory:
        await tell(memory, LENA, TRAIN)
        assert await asked(memory, LENA, "the release train") == [TRAIN.text]
        assert await asked(memory, LENA, "when do we ship the next version?") == []
        assert await memory.index.open()
        assert await asked(memory, LENA, "when do we ship the next version?") == [TRAIN.text]


async def test_second_process_on_the_folder_goes_without_vectors(opened: Opened) -> None:
    async with opened() as first, opened(is_open=False) as second:
        await tell(first, LENA, TRAIN)
        assert not await second.index.open()
        assert await asked(second, LENA, "the release train") == [TRAIN.text]
        mine = Circle(LENA).person
        gone = await second.forget_all(mine)
        assert (gone.items, bool(gone.left)) == (1, True)
        assert await asked(first, LENA, "the release train") == []
        await first.index.repair()
        assert await first.index._run(lambda: first.index._collection(mine.name).count()) == 0


@pytest.mark.slow
async def test_two_workers_on_one_postgresql(opened: Opened, postgres_url: str, tmp_path: Path) -> None:
    async with (
        opened(postgres_url, str(tmp_path / "one")) as first,
        opened(postgres_url, str(tmp_path / "two")) as second,
    ):
        await tell(first, LENA, BOARD, TRAIN)
        assert await asked(second, LENA, "when do we ship the next version?") == [TRAIN.text]
        await second.forget_all(Circle(LENA).person)
        assert await asked(first, LENA, "when do we ship the next version?") == []
        assert await asked(first, LENA, "my board") == []


async def test_kept_for_as_long_as_its_kind_and_old_episodes_condensed(opened: Opened) -> None:
    now = datetime(2027, 3, 1, tzinfo=UTC)
    clock = Moving(now - timedelta(days=200))
    async with opened(clock=clock) as memory:
        mine = Circle(LENA).person
        usual = Said(
            "habit",
            "habit jira.create_issue project",
            "Your usual project is PAY.",
            "PAY",
            {"tool": "jira.create_issue"},
        )
        await tell(memory, LENA, BOARD, usual)
        clock.at = now - timedelta(days=60)
        for number in range(4):
            clock.at += timedelta(minutes=1)
            data = {
                "tool": "jira.create_issue",
                "key": f"PAY-{number}",
                "url": f"https://x/PAY-{number}",
                "call": f"t.{number}",
            }
            await tell(
                memory,
                LENA,
                Said("episode", f"episode {number}", f"Jira: create issue “x{number}” (PAY-{number}).", data=data),
            )
        clock.at = now
        assert await memory.tidy() == 5
        rows = await memory.store.history(mine)
        assert [row.text for row in rows] == [
            BOARD.text,
            "Jira: create issue, 4 times in December 2026: PAY-0, PAY-1, PAY-2, PAY-3.",
        ]
        assert [call[2] for call in rows[1].data["calls"]] == [f"https://x/PAY-{number}" for number in range(4)]
        assert await memory.tidy() == 0
        assert await asked(memory, LENA, "issues created in December") == [rows[1].text]


class Moving:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at
