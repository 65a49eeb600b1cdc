"""ATOM's own tools through the official MCP client: the same lookup, approval and receipts as in the chat."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.types import CallToolResult, ElicitRequestFormParams, ElicitResult
from sqlalchemy import select

from bot.mcp import McpDoor, http_app
from bot.session import bound, serving
from governance.audit import AuditRow
from tests.assistant import office

NOT_FOUND = "I found no"


class Person:
    """Answers what the client is asked to put to them."""

    def __init__(self, *, agrees: bool) -> None:
        self.agrees = agrees
        self.asked: list[str] = []

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        self.asked.append(params.message)
        return ElicitResult(action="accept", content={"approve": self.agrees})


def said(result: CallToolResult) -> str:
    return "\n".join(getattr(part, "text", "") for part in result.content)


BUG = {"project": "Payments", "summary": "Receipts print twice", "issue_type": "Bug", "assignee": "Priya"}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_write_is_put_to_the_person(tmp_path: Path, mode: str) -> None:
    async with office(tmp_path, "jira") as desk:
        door, yes, no = McpDoor(desk.running, desk.who), Person(agrees=True), Person(agrees=False)
        before = await desk.state("jira")
        async with Client(door.server, elicitation_callback=no, mode=mode) as client:
            refused = await client.call_tool("jira__create_issue", BUG)
            assert refused.is_error
            assert "not approved" in said(refused)
        assert (await desk.state("jira"))["issues"] == before["issues"]
        assert "Assignee: Priya Raman" in no.asked[0]
        async with Client(door.server, elicitation_callback=yes, mode=mode) as client:
            listed = (await client.list_tools()).tools
            assert {tool.name.partition("__")[0] for tool in listed} == {"jira", "reminder"}
            done = await client.call_tool("jira__create_issue", BUG)
            assert not done.is_error, said(done)
            assert "Receipts print twice" in said(done)
            assert "/browse/PAY-" in said(done)
            read = await client.call_tool("jira__search_issues", {"text": "Receipts print twice"})
            assert "Receipts print twice" in said(read)
            assert len(yes.asked) == 1
            unknown = await client.call_tool("jira__create_issue", {**BUG, "project": "Nowhere"})
            assert NOT_FOUND in said(unknown)
            missing = await client.call_tool("jira__create_issue", {"project": "PAY"})
            assert "needs summary" in said(missing)
        async with desk.running.database.session() as session:
            events = {*await session.scalars(select(AuditRow.event).where(AuditRow.tenant == desk.who.tenant))}
        assert {"rejected", "approved", "started"} <= events


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_client_that_cannot_ask_changes_nothing(tmp_path: Path, mode: str) -> None:
    async with office(tmp_path, "jira") as desk:
        before = await desk.state("jira")
        async with Client(McpDoor(desk.running, desk.who).server, mode=mode) as client:
            if mode == "auto":  # the client itself gives up: it is asked for what it cannot do
                with pytest.raises(MCPError, match="licit"):
                    await client.call_tool("jira__create_issue", BUG)
            else:
                answer = await client.call_tool("jira__create_issue", BUG)
                assert "cannot ask" in said(answer)
        assert (await desk.state("jira"))["issues"] == before["issues"]


async def test_over_http_with_the_token_alone(tmp_path: Path) -> None:
    async with office(tmp_path, "jira") as desk:
        listener, address = bound("127.0.0.1", 0)
        app = http_app(McpDoor(desk.running, desk.who), "t0ken")
        async with serving(app, listener, lifespan="on"):
            for token, is_let_in in (("t0ken", True), ("wrong", False)):
                async with create_mcp_http_client({"Authorization": f"Bearer {token}"}) as http:
                    try:
                        async with Client(streamable_http_client(f"{address}/mcp", http_client=http)) as client:
                            assert (await client.list_tools()).tools
                        assert is_let_in
                    except* Exception:
                        assert not is_let_in


async def test_the_command_serves_the_demo_over_stdio(tmp_path: Path) -> None:
    env = {"ATOM_HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    command = StdioServerParameters(command=sys.executable, args=["-m", "bot.cli", "mcp", "--demo"], env=env)
    async with Client(command, read_timeout_seconds=60) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert tools["jira__get_issue"].annotations is not None
        assert tools["jira__get_issue"].annotations.read_only_hint
        assert "PAY-99" in said(await client.call_tool("jira__get_issue", {"issue": "PAY-99"}))
