"""What stands at the assistant's door in tests of it: sinks that are opened again, and a company as it was."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.assistant import Sink
from sandbox.server import Sandbox
from tests.assistant import Recorder

VENDORS = ("jira", "slack")
SECTIONS = (*VENDORS, "_grants", "_counters")


@dataclass
class Reopener:
    """Opens any conversation again, and keeps what is said there."""

    sinks: list[Recorder] = field(default_factory=list)

    async def reopen(self, tenant: str, conversation: str, thread: str, person: str) -> Sink:
        self.sinks.append(Recorder())
        return self.sinks[-1]

    async def reach(self, tenant: str, person: str) -> Sink:
        return await self.reopen(tenant, "", "", person)


def company_now(sandbox: Sandbox) -> dict[str, Any]:
    """What the vendors hold at this moment, those that nobody asked yet too."""
    for key in VENDORS:
        _ = sandbox.vendors[key].state
    return {key: copy.deepcopy(sandbox.world.sections[key]) for key in SECTIONS}


def restore(sandbox: Sandbox, held: Mapping[str, Any]) -> None:
    """Put the vendors back to a moment."""
    for key, section in held.items():
        now = sandbox.world.sections[key]
        now.clear()
        now.update(copy.deepcopy(section))
