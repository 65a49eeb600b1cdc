"""`python -m sandbox --port 0 --state FILE`: serve until interrupted; prints its address first."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path

from sandbox.server import serve


async def run(port: int, state: Path | None) -> None:
    """Serve until cancelled."""
    async with serve(state_file=state, port=port) as sandbox:
        print(sandbox.url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="sandbox", description="The demo company's systems on this machine.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="file that keeps what changed")
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(run(options.port, options.state))


if __name__ == "__main__":
    main()
