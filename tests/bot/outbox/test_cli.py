"""`atom outbox`, as an administrator types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.bot.outbox.desk import DANA, RAVI, desk

ROOT = Path(__file__).parents[3]


def atom(*words: str, home: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "ATOM_HOME": str(home)}
    command = [sys.executable, "-m", "bot.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, env=environment, timeout=60, check=True)
    return done.stdout


async def test_what_was_sent_what_waits_and_why(tmp_path: Path) -> None:
    async with desk(f"sqlite+aiosqlite:///{tmp_path / 'atom.db'}", DANA, RAVI) as made:
        await made.put("PAY-1:open", text="a private word")
        await made.later()
        made.now = made.now.replace(hour=23)
        await made.put("PAY-2:open", who=RAVI)
        await made.later()
    lines = atom("outbox", DANA.tenant, home=tmp_path).splitlines()
    assert len(lines) == 2
    assert "waiting" in lines[0]
    assert "it came in your quiet hours" in lines[0]
    assert "sent" in lines[1]
    assert "private" not in "".join(lines)
    [row] = json.loads(atom("outbox", DANA.tenant, "--person", DANA.id, "--json", home=tmp_path))
    assert (row["status"], row["platform"], row["signature"]) == ("sent", "slack", "PAY-1:open")
    assert row["trace"][0][1:] == ["sent", "you look after this"]
    assert atom("outbox", "other", home=tmp_path) == ""
