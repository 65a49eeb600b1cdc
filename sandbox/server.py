"""Runs the sandbox in the running event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from sandbox.app import create_app
from sandbox.vendor import Vendor
from sandbox.world import World


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: its address without a slash at the end, and its inside."""

    url: str
    world: World
    vendors: dict[str, Vendor]


class _Server(uvicorn.Server):
    """Leaves the signals of the process to whoever owns them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serve(world: World | None = None, state_file: Path | None = None, port: int = 0) -> AsyncIterator[Sandbox]:
    """Serve on loopback (port 0: a free one) for as long as the block runs."""
    app: Starlette = create_app(world, state_file)
    # asyncio switches Nagle's algorithm off only where the protocol is named; 40 ms a request otherwise.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        server = _Server(
            uvicorn.Config(
                app,
                log_level="critical",
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=1,
                access_log=False,
            )
        )
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not task.done():  # noqa: ASYNC110 (uvicorn offers no event)
            await asyncio.sleep(0.002)
        try:
            host, bound = listener.getsockname()
            yield Sandbox(f"http://{host}:{bound}", app.state.world, app.state.vendors)
        finally:
            server.should_exit = True
            await task
