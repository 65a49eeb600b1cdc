"""Erasure is proven on the disk: a word that was said is searched for in the bytes of every file there is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bot import keep
from core.message import Listing, Reply, Table
from core.settings import Settings
from memory.item import Circle, Owner
from sandbox.server import serve
from tests.assistant import Office, office, principal, receipts, text

pytestmark = pytest.mark.slow
CANARY = "Quetzalcoatlus"
OTHERS = "Pachycephalosaurus"
INES = "ines.carvalho@fernwick.example"


def holding(home: Path, needle: bytes) -> set[str]:
    """The files under a folder that hold these bytes, in UTF-8 or UTF-16."""
    kinds = (needle, needle.decode("latin-1").encode("utf-16-le")) if needle.isascii() else (needle,)
    files = [path for path in home.rglob("*") if path.is_file()]
    return {str(path.relative_to(home)) for path in files if any(one in path.read_bytes() for one in kinds)}


async def fill(desk: Office) -> bytes:
    """Say the word wherever it can be said; gives the bytes of a vector that was made of it."""
    await desk.say(f"my board is {CANARY}")
    await desk.say(f"remember that the {CANARY} train leaves on Thursdays")
    await desk.say(f"create a bug in PAY: {CANARY} breaks the checkout")
    assert [line.status for line in receipts(await desk.say("yes"))] == ["done"]
    await desk.say(f"create a bug in PAY: {CANARY} again, which nobody approves")
    await desk.say(f"what is a {CANARY}?")
    await desk.running.memory.settle()
    memory = desk.running.memory
    row = next(one for one in await memory.store.history(memory_owner(desk)) if "train" in one.text)
    return bytes(memory.index._encoder.encode([row.text]).astype(np.float32).tobytes())


def memory_owner(desk: Office) -> Owner:
    return Circle(desk.who).person


async def test_nothing_of_a_person_is_left_in_any_byte(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    async with serve() as sandbox, office(home, "jira", sandbox=sandbox) as desk:
        assert await desk.running.memory.index.open()
        ines = principal(sandbox, INES)
        await desk.say(f"my board is {OTHERS}", ines)
        vector = await fill(desk)
        before = holding(home, CANARY.encode())
        assert {name.partition("-wal")[0] for name in before} >= {"atom.db", "atom-threads.db"}
        assert holding(home, vector) == {"vectors/chroma.sqlite3"}

        await desk.say("forget everything")
        answered = await desk.say("yes")
        (table,) = [one for reply in answered.replies for one in reply.parts if isinstance(one, Table)]
        assert table.title == "Erased; nothing is left"
        assert all(left == "0" for _, _, left, _ in table.rows)

        assert holding(home, CANARY.encode()) == set()
        assert holding(home, vector) == set()
        assert "Remembered" not in text(await desk.say("what do you know about me?"))
        assert CANARY not in text(await desk.say("what is my board?"))
        assert OTHERS in text(await desk.say("what do you know about me?", ines))
    assert holding(home, CANARY.encode()) == set()
    assert CANARY not in "".join(capfd.readouterr())


async def test_one_fact_forgotten_leaves_no_vector_and_no_receipt(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with office(home) as desk:
        assert await desk.running.memory.index.open()
        await desk.say(f"remember that the {CANARY} train leaves on Thursdays")
        await desk.say("my board is Mobile")
        await desk.running.memory.settle()
        (row,) = [one for one in await desk.running.memory.store.history(memory_owner(desk)) if "train" in one.text]
        vector = bytes(desk.running.memory.index._encoder.encode([row.text]).tobytes())
        assert holding(home, vector)
        await desk.say(f"forget the {CANARY} train")
        await desk.say("yes")
        assert holding(home, vector) == set()
        assert {name for name in holding(home, CANARY.encode()) if not name.startswith("atom-threads")} == set()
        assert "Mobile" in text(await desk.say("what do you know about me?"))


async def test_the_command_erases_and_reports(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with office(home) as desk:
        await fill_one(desk)
        who = desk.who
    settings = Settings(home=home)
    assert any(CANARY in line for line in await keep.show(settings, who.tenant, who.id))
    assert json.loads(await keep.export(settings, who.tenant, who.id))[0]["value"] == CANARY
    assert await keep.tidy(settings) == 0
    report = await keep.erase(settings, who.tenant, who.id)
    assert report["complete"]
    assert {line["store"]: line["removed"] for line in report["stores"]}["conversations"] == 1
    assert holding(home, CANARY.encode()) == set()
    assert await keep.show(settings, who.tenant, who.id) == []


async def test_another_tenants_same_name_keeps_everything(tmp_path: Path) -> None:
    async with office(tmp_path / "home") as desk:
        twin = desk.who.model_copy(update={"tenant": "elsewhere"})
        longer = desk.who.model_copy(update={"id": f"x{desk.who.id}"})
        for who in (twin, longer):
            await desk.say("my board is Mobile", who)
        await fill_one(desk)
        report = await desk.running.erasure.erase(desk.who)
        assert {line.store: line.removed for line in report.lines}["conversations"] == 1
        for who in (twin, longer):
            assert "Mobile" in text(await desk.say("what is my board?", who))
            assert "can take back" not in text(await desk.say("undo that", who))


async def fill_one(desk: Office) -> None:
    await desk.say(f"my board is {CANARY}")
    await desk.running.memory.settle()


async def test_home_lists_and_a_button_forgets(tmp_path: Path) -> None:
    async with office(tmp_path / "home") as desk:
        await fill_one(desk)
        (entry,) = home_of(await desk.running.conversation.home(desk.who)).entries
        (button,) = entry.buttons
        assert button.action == "forget"
        other = desk.who.model_copy(update={"id": "somebody"})
        assert "do not remember" in text(await desk.press("forget", button.target, by=other))
        assert "Forgotten" in text(await desk.press("forget", button.target))
        assert home_of(await desk.running.conversation.home(desk.who)).entries == ()


def home_of(reply: Reply) -> Listing:
    (found,) = [part for part in reply.parts if isinstance(part, Listing) and "remember" in part.title]
    return found
