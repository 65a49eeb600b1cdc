"""Opens a conversation on one of the platforms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from manifest.slack import slack_manifest
from sandbox.server import Sandbox
from tests.bot.slack.server import SlackServer
from tests.bot.teams.server import TeamsServer
from tests.transcripts.brain import Learned
from tests.transcripts.slack import SlackStage, SocketStage
from tests.transcripts.stage import Stage
from tests.transcripts.teams import TeamsStage


@asynccontextmanager
async def stage(
    kind: str, home: Path, sandbox: Sandbox, *keys: str, is_learned: bool = True, **settings: Any
) -> AsyncIterator[Stage]:
    """A conversation on `slack`, `socket` or `teams` with `DANA` connected to `keys`; `settings` are laid over.

    It is read by heart, or where that is not wanted by the local interpreter.
    """
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient())
        made: Stage
        if kind == "teams":
            made = TeamsStage(home, sandbox, client, await stack.enter_async_context(TeamsServer()))
        else:
            address = None if kind == "socket" else "https://atom.example.com"
            server = await stack.enter_async_context(SlackServer(slack_manifest(address)))
            made = (SocketStage if kind == "socket" else SlackStage)(home, sandbox, client, server)
        made.home, made.brain, made.more = home / "home", Learned() if is_learned else None, settings
        await made.open()
        try:
            await made.connect(*keys)
            yield made
        finally:
            await made.close()
