"""ATOM's own tools for MCP clients: one person's connections, with the same lookup, policy, approval, proof and audit.

A call that needs a word is put to the person by the client (elicitation), never to the model behind it; a client that
cannot ask is told so, and nothing runs.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any

from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as Shown
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.interpretation import Interpretation, Request
from agent.ledger import LedgerRow
from agent.loop import Agent, Ending
from agent.turn import Limits, Turn
from bot.app import Services
from bot.present import steps
from core.clock import utc_now
from core.errors import AtomError, InvalidArgument
from core.principal import Principal
from core.tool import Call, Tool, tool_id
from memory.toolset import KEY

ASK = {"type": "object", "properties": {"approve": {"type": "boolean", "title": "Do it"}}, "required": ["approve"]}
CANNOT_ASK = "This needs the person's approval, and your client cannot ask for it. Nothing was done."
_MODERN = "2026-07-28"  # from here on a server asks by its result, and the client calls again


class Given:
    """Reads a call that stands in the message itself, as JSON."""

    def interpret(self, request: Request) -> Interpretation:
        """The call."""
        return Interpretation("call", (Call(**json.loads(request.utterance)),), confidence=1)

    def nearest(self, request: Request, most: int) -> Sequence[Tool]:
        """Asked only where there is a language model."""
        return ()


class McpDoor:
    """Serves one person."""

    def __init__(self, running: Services, who: Principal) -> None:
        self._running = running
        self._who = who
        self._tools = {tool.id: tool for tool in running.registry.all_tools if tool.integration != KEY}
        self._agent = Agent(
            running.registry,
            Given(),
            running.ledger,
            running.approvals,
            running.policy,
            running.audit,
            running.checkpointer,
            mode="local",
        )
        self.server: Server[Any] = Server(
            "atom", title="ATOM", on_list_tools=self._list, on_call_tool=self._call, instructions=_INSTRUCTIONS
        )

    async def _list(self, ctx: ServerRequestContext[Any], params: PaginatedRequestParams | None) -> ListToolsResult:
        connected = await self._running.registry.connected(self._who)
        offered = [tool for tool in self._running.registry.tools if tool.id in self._tools]
        mine = [tool for tool in offered if connected.get(tool.integration) == "active"]
        return ListToolsResult(tools=[_shown(tool) for tool in mine])

    async def _call(
        self, ctx: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        try:
            if params.request_state:
                return await self._go_on(params)
            tool = self._tools.get(tool_id(params.name))
            if tool is None or tool.is_hidden:
                raise InvalidArgument(f"There is no tool “{params.name}”.")
            missing = tool.missing(params.arguments or {})
            if missing:
                raise InvalidArgument(f"{tool.id} needs {' or '.join(missing)}.", parameter=missing[0])
            turn = self._turn(secrets.token_hex(8))
            call = Call(tool=tool.id, args=dict(params.arguments or {}))
            ending = await self._agent.ask(turn, json.dumps(call.model_dump(mode="json")))
            return await self._answer(ctx, turn, ending)
        except AtomError as error:
            return _told(error.sentence(), is_error=True)

    async def _answer(
        self, ctx: ServerRequestContext[Any], turn: Turn, ending: Ending
    ) -> CallToolResult | InputRequiredResult:
        if not ending.waits:
            return self._result(ending)
        pending = ending.waits[0]
        if pending["kind"] == "connect":
            link = await self._running.registry.link(pending["integration"], self._who)
            return _told(f"{pending['text']} {link}", is_error=True)
        if pending["kind"] == "question":
            known = "; ".join(f"{label} ({value})" for label, value in pending.get("options", ()))
            await self._agent.drop(turn.thread)
            return _told(f"{pending['text']}{f' It could be: {known}.' if known else ''}", is_error=True)
        asked = ElicitRequestFormParams(message=self._plan(ending.rows), requested_schema=ASK)
        if ctx.protocol_version >= _MODERN:
            request = ElicitRequest(params=asked)
            return InputRequiredResult(input_requests={"approval": request}, request_state=turn.id)
        try:
            said = await ctx.session.elicit_form(asked.message, ASK, ctx.request_id)
        except MCPError:  # it has no channel back, or does not know the request
            await self._agent.drop(turn.thread)
            return _told(CANNOT_ASK, is_error=True)
        return await self._decide(turn, pending["id"], said)

    async def _go_on(self, params: CallToolRequestParams) -> CallToolResult:
        turn = self._turn(str(params.request_state))
        waits = await self._agent.waits(turn.thread)
        said = (params.input_responses or {}).get("approval")
        if not waits or not isinstance(said, ElicitResult):
            raise InvalidArgument("Nothing of that is waiting any more.")
        called = [Call.model_validate(one) for one in waits[0].get("calls", ())]
        if [one.tool for one in called] != [tool_id(params.name)]:
            raise InvalidArgument("This answer belongs to another call.")
        return await self._decide(turn, waits[0]["id"], said)

    async def _decide(self, turn: Turn, approval: str, said: ElicitResult) -> CallToolResult:
        agreed = said.action == "accept" and (said.content or {}).get("approve") is True
        await self._running.approvals.decide(approval, self._who, approve=agreed)
        return self._result(await self._agent.resume(turn, {approval: "approve" if agreed else "reject"}))

    def _result(self, ending: Ending) -> CallToolResult:
        if ending.error:
            raise ending.error
        lines, is_error, data = [], False, []
        for row in ending.rows:
            if row.status == "done":
                lines.append(f"Done: {row.title} {row.key} {row.url}".strip() if row.effect != "read" else "")
                data.append(row.result)
            else:
                is_error = True
                said = "not approved" if row.status == "rejected" else row.reason
                lines.append(f"{row.tool}: {row.status}: {said} {row.next_step}".strip())
        if not ending.rows:
            return _told(ending.text or "Nothing was done.", is_error=True)
        shown = [line for line in lines if line] or [json.dumps(data, ensure_ascii=False)]
        return CallToolResult(
            content=[TextContent(text="\n".join(shown))],
            structured_content={"results": data} if data else None,
            is_error=is_error,
        )

    def _plan(self, rows: Sequence[LedgerRow]) -> str:
        said = ["ATOM is asked to:"]
        for step in steps([row for row in rows if row.status == "planned"], self._tools):
            said.append(f"{step.title} ({step.effect})")
            said += [f"  {name}: {value}" for name, value in step.arguments]
        return "\n".join(said)

    def _turn(self, turn: str) -> Turn:
        settings = self._running.settings
        limits = Limits(settings.turn_timeout_s, settings.turn_calls, settings.turn_tokens)
        thread = f"{self._who.tenant}:mcp:{turn}::{self._who.id}"
        return Turn(id=turn, who=self._who, thread=thread, now=utc_now(), limits=limits)


async def serve_stdio(door: McpDoor) -> None:
    """Serve over the process's own input and output until the client hangs up."""
    async with stdio_server() as (read, write):
        await door.server.run(read, write, door.server.create_initialization_options())


def http_app(door: McpDoor, token: str) -> ASGIApp:
    """The server over HTTP at `/mcp`, for whoever has the token."""
    inner = door.server.streamable_http_app()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = Headers(scope=scope).get("authorization", "")
            if not secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
                await Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})(scope, receive, send)
                return
        await inner(scope, receive, send)

    return app


def _shown(tool: Tool) -> Shown:
    return Shown(
        name=tool.name,
        title=f"{tool.title}: {tool.id.partition('.')[2].replace('_', ' ')}",
        description=tool.description,
        input_schema=dict(tool.parameters),
        annotations=ToolAnnotations(
            read_only_hint=tool.effect == "read", destructive_hint=tool.effect == "destructive"
        ),
    )


def _told(text: str, *, is_error: bool) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], is_error=is_error)


_INSTRUCTIONS = (
    "Each tool works in a company system with the person's own rights. Names of people, projects and channels are "
    "looked up. Calls that change something are put to the person first; a receipt says what was done."
)
