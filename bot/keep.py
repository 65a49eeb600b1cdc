"""What `atom memory` does: show, export, erase, tidy."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from agent.interpretation import Interpretation, Request
from bot.app import Services, services
from core.principal import Principal
from core.settings import Settings
from core.tool import Tool
from memory.item import Owner
from memory.toolset import exported


async def show(settings: Settings, tenant: str, person: str) -> list[str]:
    """What is remembered of a person, a line each."""
    async with _opened(settings) as running:
        rows = await running.memory.store.live(Owner(tenant, "person", person))
        return [f"{row.id}  {row.kind:10} {row.made_at:%Y-%m-%d}  {row.text}" for row in rows]


async def export(settings: Settings, tenant: str, person: str) -> str:
    """All that is remembered of a person, as JSON."""
    async with _opened(settings) as running:
        rows = await running.memory.store.history(Owner(tenant, "person", person))
        return json.dumps([exported(row) for row in rows], indent=2, ensure_ascii=False)


async def erase(settings: Settings, tenant: str, person: str) -> dict[str, Any]:
    """Erase a person, and what each store says afterwards."""
    async with _opened(settings) as running:
        await running.memory.index.open()
        report = await running.erasure.erase(Principal(tenant=tenant, id=person, name=person))
        return report.to_json()


async def tidy(settings: Settings) -> int:
    """Drop and condense what is due."""
    async with _opened(settings) as running:
        await running.memory.index.open()
        return await running.memory.tidy()


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Services]:
    """The assistant without a brain: nothing is read here."""
    async with services(settings, mode="local", interpreter=Silent()) as running:
        yield running


class Silent:
    """A brain that understands nothing."""

    def interpret(self, request: Request) -> Interpretation:
        """Nothing is meant."""
        return Interpretation("decline")

    def nearest(self, request: Request, most: int) -> Sequence[Tool]:
        """No tool fits."""
        return ()
