"""An MCP server of a third party, for the tests: notes in a file, over stdio, or over HTTP with a token."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from starlette.types import ASGIApp, Receive, Scope, Send

server = MCPServer("notes")
FILE = Path(sys.argv[1])


@server.tool()
def search_notes(words: str) -> str:
    """Find notes that contain the words."""
    return "\n".join(note for note in kept() if words.lower() in note.lower()) or "no note"


@server.tool()
def addNote(text: str, pinned: bool = False) -> str:  # noqa: N802 - others name their tools as they like
    """Write a note down."""
    if not text.strip():
        raise ToolError("a note needs a text")
    FILE.write_text(json.dumps([*kept(), text]))
    return f"note {len(kept())} written"


@server.tool()
def vanish() -> str:
    """End in the middle of the call."""
    FILE.write_text(json.dumps([*kept(), "vanished"]))
    sys.stdout.flush()
    import os

    os._exit(3)


def kept() -> list[str]:
    found: list[str] = json.loads(FILE.read_text()) if FILE.exists() else []
    return found


def guarded(inner: ASGIApp, token: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope.get("headers", [])).get(b"authorization", b"").decode()
        if scope["type"] == "http" and given != f"Bearer {token}":
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await inner(scope, receive, send)

    return app


if __name__ == "__main__":
    if len(sys.argv) > 2:
        app = guarded(server.streamable_http_app(), sys.argv[3])
        uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
    else:
        server.run("stdio")
