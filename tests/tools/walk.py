"""The operations of every integration as a person's requests: `tests/tools/<key>/walk.yaml`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agent.interpretation import Interpretation, Request
from core.clock import utc_now
from core.records import Record
from core.tool import Call, Change, Result, Tool
from sandbox.server import serve
from tests.assistant import Office, Recorder, office, plan, receipts, text

HERE = Path(__file__).parent
DIRECTORY = "slack"  # where systems without people of their own look them up
_WHEN = re.compile(r"\$(day|time)([+-]\d+)(?: (\d\d:\d\d))?")


@dataclass(frozen=True)
class Case:
    """One operation asked for in a person's words; `setup` runs first, `leaves` says why an undo leaves a trace."""

    tool: str
    args: Mapping[str, Any] = field(default_factory=dict)
    setup: Sequence[Mapping[str, Any]] = ()
    leaves: str = ""
    record: bool = False


@dataclass(frozen=True)
class Walk:
    """All cases of an integration; `ignore` names keys of the vendor's state that move with every write."""

    key: str
    ignore: frozenset[str]
    cases: tuple[Case, ...]

    def first(self, tools: Mapping[str, Tool], *, is_read: bool) -> Case:
        """The first case that reads, or that writes."""
        return next(case for case in self.cases if (tools[case.tool].effect == "read") is is_read and not case.setup)


@cache
def load(key: str) -> Walk:
    """The cases of one integration.

    Raises:
        FileNotFoundError: it has none.
    """
    told = yaml.safe_load((HERE / key / "walk.yaml").read_text(encoding="utf-8"))
    return Walk(key, frozenset(told.get("ignore") or ()), tuple(Case(**row) for row in told["cases"]))


class Reader:
    """An interpreter that understands whatever it was given beforehand."""

    def __init__(self) -> None:
        self.call = Call(tool="")

    def interpret(self, request: Request) -> Interpretation:
        """The call that stands ready."""
        return Interpretation("call", (self.call,), confidence=1)

    def nearest(self, request: Request, most: int) -> Sequence[Tool]:
        """Asked only where there is a language model."""
        return ()


@asynccontextmanager
async def connected(key: str, folder: Path) -> AsyncIterator[tuple[Office, Reader, list[float]]]:
    """The assistant with an integration and a directory of people; what it would have waited for is listed instead."""
    reader, slept = Reader(), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with serve() as sandbox, office(folder, interpreter=reader, sandbox=sandbox) as desk:
        desk.running.registry._shared.sleep = sleep
        await desk.connect(*{key: 0, DIRECTORY: 0})
        yield desk, reader, slept


async def ready(desk: Office, case: Case) -> dict[str, Any]:
    """The arguments of a case, after what comes before it."""
    made: list[Result] = []
    for step in case.setup:
        system = await desk.running.registry.open(step["tool"].partition(".")[0], desk.who)
        made.append(await system.run(step["tool"], filled(step.get("args") or {}, made, utc_now())))
    found: dict[str, Any] = filled(case.args, made, utc_now())
    return found


def filled(value: Any, made: Sequence[Result], now: datetime) -> Any:
    """`$1.ref.id` is a field of the first result's record (`$1.ref.url/` what ends it), `$day+3` a day from now,
    `$time+3 10:00` a moment of it."""
    if isinstance(value, Mapping):
        return {name: filled(inner, made, now) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, made, now) for inner in value]
    if isinstance(value, str) and value.startswith("$") and value[1:2].isdigit():
        place, _, path = value[1:].partition(".")
        result = made[int(place) - 1]
        node: Any = result.record if isinstance(result, Change) else result
        if not isinstance(node, Record):
            node = node[0]
        for name in path.removesuffix("/").split("."):
            node = node[int(name)] if name.isdigit() else getattr(node, name)
        return re.split(r"[/#]", node)[-1] if path.endswith("/") else node
    if isinstance(value, str) and (hit := _WHEN.fullmatch(value)):
        day = now + timedelta(days=int(hit[2]))
        if hit[1] == "day":
            return day.date().isoformat()
        hour, minute = map(int, (hit[3] or "10:00").split(":"))
        return day.replace(hour=hour, minute=minute, second=0, microsecond=0).isoformat()
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).isoformat()
    return value.isoformat() if hasattr(value, "isoformat") else value


async def ask(desk: Office, reader: Reader, case: Case, args: Mapping[str, Any]) -> Recorder:
    """Ask for it, as a sentence would."""
    reader.call = Call(tool=case.tool, args=dict(args))
    return await desk.say("please")


async def approve(desk: Office, said: Recorder) -> Recorder:
    """Approve the plan that was shown; gives the receipts."""
    shown = plan(said)
    pressed = await desk.press("approve", shown.approval)
    settled = Recorder(replies=[pressed.settled[shown.approval]]) if shown.approval in pressed.settled else pressed
    assert receipts(settled), text(pressed)
    return settled


def without(state: Any, names: frozenset[str]) -> Any:
    """A vendor's state without what moves with every write."""
    if isinstance(state, Mapping):
        return {name: without(inner, names) for name, inner in state.items() if name not in names}
    return [without(inner, names) for inner in state] if isinstance(state, list) else state


def difference(before: Any, after: Any, path: str = "") -> str:
    """Where two states differ first, or ""."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*before, *(name for name in after if name not in before)]:
            if (name not in before or name not in after) and (before.get(name), after.get(name)) != (None, None):
                return f"{path}.{name} is {'new' if name in after else 'gone'}"
            if found := difference(before.get(name), after.get(name), f"{path}.{name}"):
                return found
        return ""
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return next((found for n, (x, y) in pairs if (found := difference(x, y, f"{path}[{n}]"))), "")
    return "" if before == after else f"{path}: {str(before)[:120]} → {str(after)[:120]}"
