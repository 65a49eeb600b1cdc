"""MCP servers as integrations: over stdio and HTTP, classified by the administrator, with approval and receipts."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from core.errors import ConfigInvalid
from core.message import Failure, Text
from core.settings import McpServer
from core.tool import Call
from tests.assistant import Office, office, plan, receipts, text
from tests.tools.walk import Reader, approve
from tools.mcp import load

pytest.importorskip("mcp")
SERVER = str(Path(__file__).with_name("notes_server.py"))


def stdio(file: Path, **more: object) -> McpServer:
    return McpServer(command=sys.executable, args=(SERVER, str(file)), title="Notes", **more)


@asynccontextmanager
async def over_http(file: Path, token: str) -> AsyncIterator[str]:
    """The same server over HTTP; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(sys.executable, SERVER, str(file), str(port), token)
    try:
        async with httpx.AsyncClient() as client:
            for _ in range(200):
                try:
                    await client.get(f"http://127.0.0.1:{port}/")
                    break
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        await process.wait()


async def asked(desk: Office, reader: Reader, tool: str, **args: object) -> object:
    reader.call = Call(tool=tool, args=args)
    return await desk.say("please")


async def test_tools_write_until_an_administrator_says_otherwise(tmp_path: Path) -> None:
    found = await load({"notes": stdio(tmp_path / "n.json", effects={"search_notes": "read"})})
    tools = found["notes"].tools
    assert {tool.id: tool.effect for tool in tools.values()} == {
        "notes.search_notes": "read",
        "notes.add_note": "write",
        "notes.vanish": "write",
    }
    assert tools["notes.add_note"].required == ("text",)
    assert "read back" in tools["notes.add_note"].proof
    with pytest.raises(ConfigInvalid, match="no tool serch"):
        await load({"notes": stdio(tmp_path / "n.json", effects={"serch": "read"})})


async def test_a_server_that_is_not_there_leaves_the_rest_standing(tmp_path: Path) -> None:
    missing = McpServer(command=str(tmp_path / "nothing"))
    assert [*await load({"gone": missing, "notes": stdio(tmp_path / "n.json")})] == ["notes"]


async def test_a_call_is_approved_done_and_told(tmp_path: Path) -> None:
    file, reader = tmp_path / "n.json", Reader()
    servers = {"notes": stdio(file, effects={"search_notes": "read"})}
    async with office(tmp_path / "home", interpreter=reader, mcp=servers) as desk:
        said = await asked(desk, reader, "notes.add_note", text="The projector is broken")
        assert plan(said).steps[0].tool == "notes.add_note"  # type: ignore[arg-type]
        assert not file.exists()
        [line] = receipts(await approve(desk, said))  # type: ignore[arg-type]
        assert line.status == "done"
        assert not line.undo
        assert json.loads(file.read_text()) == ["The projector is broken"]
        read = await asked(desk, reader, "notes.search_notes", words="projector")
        assert "The projector is broken" in text(read)  # type: ignore[arg-type]
        refused = receipts(await approve(desk, await asked(desk, reader, "notes.add_note", text=" ")))  # type: ignore[arg-type]
        assert refused[0].status == "failed"
        assert "a note needs a text" in refused[0].text
        lost = receipts(await approve(desk, await asked(desk, reader, "notes.vanish")))  # type: ignore[arg-type]
        assert lost[0].status == "unknown"


async def test_over_http_each_person_has_a_token_of_their_own(tmp_path: Path) -> None:
    file, reader = tmp_path / "n.json", Reader()
    async with over_http(file, "s3cret") as url:
        server = McpServer(url=url, asks_token=True, token="s3cret", title="Notes", effects={"search_notes": "read"})
        async with office(tmp_path / "home", interpreter=reader, mcp={"notes": server}) as desk:
            said = await asked(desk, reader, "notes.search_notes", words="x")
            assert "not connected to Notes" in text(said)  # type: ignore[arg-type]
            for token, answer in (("wrong", Failure), ("s3cret", Text)):
                link = await desk.running.registry.link("notes", desk.who)
                await desk.running.registry.paste(link.rpartition("/")[2], {"token": token})
                desk.conversation = f"with-{token}"
                said = await asked(desk, reader, "notes.search_notes", words="x")
                shown = text(said)  # type: ignore[arg-type]
                assert ("no note" in shown) is (answer is Text), shown
                assert "s3cret" not in shown
