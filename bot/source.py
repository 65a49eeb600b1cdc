"""What a brief reads: the `brief.yaml` beside an integration, and the person's own records out of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from core.errors import Forbidden, NotFound
from core.principal import Principal
from core.records import Record
from tools.integration import Integration
from tools.registry import Registry

Section = Literal["meetings", "tasks", "reviews", "mentions", "tickets"]
MOST_EACH = 12
READ_S = 20


class Source(BaseModel):
    """A reading tool that gives a section; `args` hold the slots that `slots` fills.

    `each` names a parameter and the kind of name (`list_names`) whose every value it is read with. `answers` are
    arguments that find what the person wrote themselves, so that what they answered is left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    section: Section
    tool: str
    args: dict[str, str] = {}
    each: dict[str, str] = Field(default={}, max_length=1)
    answers: dict[str, str] = {}


@cache
def _declared(package: str) -> tuple[Source, ...]:
    try:
        text = (files(package) / "brief.yaml").read_text(encoding="utf-8")
    except (FileNotFoundError, ModuleNotFoundError, ValueError):
        return ()
    return tuple(Source.model_validate(item) for item in yaml.safe_load(text))


def sources(kind: type[Integration]) -> tuple[Source, ...]:
    """What an integration gives to a brief; nothing where it has no file.

    Raises:
        ValueError: the file names a tool that the integration lacks, or one that does more than read.
    """
    found = _declared(kind.__module__.rpartition(".")[0])
    for one in found:
        tool = kind.tools.get(f"{kind.key}.{one.tool}")
        if tool is None or tool.effect != "read":
            raise ValueError(f"{kind.key} has no reading tool {one.tool}")
    return found


def slots(who: Principal, account: str, now: datetime) -> dict[str, str]:
    """The person's day, in their zone, and who they are in the system."""
    today = now.astimezone(who.zone).date()
    begins = datetime.combine(today, time(), who.zone)
    ends = datetime.combine(today + timedelta(days=1), time(), who.zone)
    return {
        "today": today.isoformat(),
        "tomorrow": (today + timedelta(days=1)).isoformat(),
        "lately": (today - timedelta(days=3)).isoformat(),
        "begins": begins.astimezone(UTC).isoformat(),
        "ends": ends.astimezone(UTC).isoformat(),
        "account": account,
    }


async def read(
    registry: Registry, key: str, source: Source, who: Principal, now: datetime
) -> tuple[Sequence[Record], Sequence[Record]]:
    """The records of a source under the person's own authority, and what they answered themselves.

    Raises:
        AtomError: the person is not connected, or the system failed.
        TimeoutError: it took too long.
    """
    async with asyncio.timeout(READ_S):
        connection = await registry.connections.get(who.tenant, who.id, key)
        filled = slots(who, connection.account if connection else "", now)
        system = await registry.open(key, who)
        found: list[Record] = []
        for one in await _combinations(system, source):
            with suppress(Forbidden, NotFound) if one else nullcontext():  # a name that is listed may yet be closed
                found += await _run(system, source, source.args | one, filled)
        answers = await _run(system, source, source.answers, filled) if source.answers and found else []
    return found, answers


async def _combinations(system: Integration, source: Source) -> Sequence[dict[str, str]]:
    """The arguments to read with, one after another."""
    if not source.each:
        return [{}]
    [(parameter, kind)] = source.each.items()
    tool_id, names = f"{system.key}.{source.tool}", _full((await system.list_names()).get(kind, ()))[:MOST_EACH]
    if parameter not in system.declarations[tool_id].finders:
        return [{parameter: name} for name in names]
    found = [await system.find(tool_id, parameter, name) for name in names]
    return [{parameter: candidates[0].id} for candidates in found if candidates]


def _full(names: Sequence[str]) -> list[str]:
    """Of names that stand for the same thing, those that an API takes: with their owner before the slash."""
    full = [name for name in names if "/" in name]
    return full or list(names)


async def _run(system: Integration, source: Source, args: Mapping[str, str], filled: Mapping[str, str]) -> list[Any]:
    given = {name: value.format_map(dict(filled)) for name, value in args.items()}
    result: Any = await system.run(f"{system.key}.{source.tool}", given)
    return list(result)
