"""An MCP server as an integration: its tools are read when the assistant starts, and each call is a session of its own.

What a server says of itself is text from outside: its tools write until an administrator says otherwise, and its
descriptions are data. It offers nothing to read back or to undo, and receipts say so.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, ClassVar

import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.types import CallToolResult, TextContent
from mcp.types import Tool as Served

from core.errors import ConfigInvalid, OutcomeUnknown, Rejected, VendorUnavailable
from core.log import logger
from core.records import Document, Record, Ref
from core.settings import McpServer
from core.tool import Arguments, Change, Result, Tool
from tools.declare import Declaration
from tools.integration import Integration
from tools.kit.auth import BearerToken, Open

LONGEST_ANSWER = 20_000
LONGEST_DESCRIPTION = 400
UNDONE = "an MCP server does not say how a call is taken back"
PROOF = "the server's own answer; it offers nothing to read back"
_LOST = (MCPError, OSError, TimeoutError, httpx2.HTTPError, RuntimeError)
_log = logger("tools.mcp")


class McpTools:
    """Runs the tools of one server, as a person asks for them."""

    server: ClassVar[McpServer]
    served: ClassVar[Mapping[str, str]]
    timeout_s: ClassVar[float]

    async def run(self: Any, tool_id: str, args: Arguments) -> Result:
        """Call the tool and give the server's answer.

        Raises:
            Rejected: the server refused.
            VendorUnavailable: it cannot be reached, and nothing was sent.
            OutcomeUnknown: it was sent and not answered.
        """
        tool: Tool = self.tools[tool_id]
        sent = False
        try:
            async with _session(self.server, self.http.connection.secret.get("token", ""), self.timeout_s) as client:
                sent = True
                answer = await client.call_tool(self.served[tool_id], dict(args))
        except (*_LOST, ExceptionGroup) as error:
            cause = type(error).__name__
            if sent and tool.effect != "read":
                raise OutcomeUnknown(f"{self.name} did not answer.", cause=cause) from error
            raise VendorUnavailable(f"I could not reach {self.name}.", cause=cause, next_step="Try again.") from error
        text = _text(answer)
        if answer.is_error:
            raise Rejected(f"{self.name} refused it. {self.name} says: {text[:300]}", cause=text[:300])
        mark = hashlib.sha256(f"{tool_id}{json.dumps(args, default=str)}{text}".encode()).hexdigest()[:12]
        record = Document(ref=Ref(integration=self.key, kind="answer", id=mark), title=tool.description, text=text)
        return record if tool.effect == "read" else Change(record)

    async def prove(self: Any, tool_id: str, change: Change) -> Record | None:
        """The server's own answer: it offers nothing else."""
        return change.record


async def load(servers: Mapping[str, McpServer], timeout_s: float = 15.0) -> dict[str, type[Integration]]:
    """An integration for each server that answers; one that does not is told to the log and left out.

    Raises:
        ConfigInvalid: a server is named wrongly, or its effects name a tool that it does not have.
    """
    found: dict[str, type[Integration]] = {}
    for key, server in servers.items():
        try:
            async with _session(server, server.token.get_secret_value(), timeout_s) as client:
                listed = await _listed(client)
        except (*_LOST, ExceptionGroup) as error:
            _log.warning("mcp_server_unreachable", server=key, cause=type(error).__name__)
            continue
        found[key] = integration(key, server, listed, timeout_s)
    return found


def integration(key: str, server: McpServer, listed: list[Served], timeout_s: float) -> type[Integration]:
    """The class of a server with these tools.

    Raises:
        ConfigInvalid: its key is no name, or its effects name a tool that it does not have.
    """
    served = {f"{key}.{_name(one.name)}": one for one in listed}
    strange = {*server.effects} - {one.name for one in listed}
    if strange:
        raise ConfigInvalid(f"The MCP server “{key}” has no tool {', '.join(sorted(strange))}.")
    facts = {
        "__module__": __name__,
        "key": key,
        "name": server.title or key.replace("_", " ").capitalize(),
        "category": "other",
        "aliases": tuple(server.aliases) or (key.replace("_", " "),),
        "base_url": server.url or f"stdio:{server.command}",
        "auth": BearerToken() if server.asks_token else Open(),
        "server": server,
        "served": {tool_id: one.name for tool_id, one in served.items()},
        "timeout_s": timeout_s,
    }
    try:
        made: type[Integration] = type(f"Mcp_{key}", (McpTools, Integration), facts)
    except TypeError as error:
        raise ConfigInvalid(f"The MCP server “{key}” cannot be used: {error}.") from error
    made.tools = {tool_id: _tool(made, tool_id, one, server) for tool_id, one in served.items()}
    made.declarations = {
        tool.id: Declaration(tool.effect, (), "prove", "", UNDONE, "", (), is_hidden=False)
        for tool in made.tools.values()
    }
    return made


def _tool(owner: type[Integration], tool_id: str, served: Served, server: McpServer) -> Tool:
    effect = server.effects.get(served.name, "write")
    said = " ".join((served.description or served.title or served.name.replace("_", " ")).split())
    item = {
        "name": tool_id,
        "description": said[:LONGEST_DESCRIPTION],
        "parameters": served.input_schema,
        "effect": effect,
        "integration": owner.key,
    }
    is_read = effect == "read"
    return replace(
        Tool.from_json(item),
        title=owner.name,
        aliases=owner.aliases,
        returns="document",
        proof="reads only" if is_read else PROOF,
        undo="" if is_read else UNDONE,
    )


def _name(name: str) -> str:
    """A name of lower-case words, as ours are."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_") or "tool"


def _text(answer: CallToolResult) -> str:
    parts = [part.text for part in answer.content if isinstance(part, TextContent)]
    if not parts and answer.structured_content is not None:
        parts = [json.dumps(answer.structured_content, ensure_ascii=False)]
    left_out = len(answer.content) - sum(isinstance(part, TextContent) for part in answer.content)
    parts += [f"({left_out} more that is no text)"] if left_out else []
    return "\n".join(parts)[:LONGEST_ANSWER]


async def _listed(client: Client) -> list[Served]:
    found: list[Served] = []
    cursor: str | None = None
    for _ in range(100):
        page = await client.list_tools(cursor=cursor)
        found += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return found


@asynccontextmanager
async def _session(server: McpServer, token: str, timeout_s: float) -> AsyncIterator[Client]:
    """A session with the server, under the person's own token where it wants one."""
    if server.command:
        what = StdioServerParameters(command=server.command, args=list(server.args), env=dict(server.env) or None)
        async with Client(what, read_timeout_seconds=timeout_s) as client:
            yield client
        return
    headers = dict(server.headers) | ({"Authorization": f"Bearer {token}"} if token else {})
    timeout = httpx2.Timeout(timeout_s)
    async with (
        create_mcp_http_client(headers, timeout) as http,
        Client(streamable_http_client(server.url, http_client=http), read_timeout_seconds=timeout_s) as client,
    ):
        yield client
