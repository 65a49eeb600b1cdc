"""A language model's endpoint on loopback that says what a test scripts, and an interpreter that is as sure as told."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from agent.interpretation import Interpretation, Request
from agent.language import counter
from core.tool import Tool
from tests.assistant import Office, office

KEY = "sk-loopback-0123456789"
MODEL = "scripted"


@dataclass(frozen=True)
class Answer:
    """What the model says: words, calls as (tool id, arguments); or a fault of the endpoint."""

    text: str | None = None
    calls: tuple[tuple[str, Mapping[str, Any] | str], ...] = ()
    status: int = 200
    wait_s: float = 0.0
    fault: str = ""

    def to_json(self) -> dict[str, Any]:
        """As a chat completion."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if self.calls:
            message["tool_calls"] = [
                {
                    "id": f"call_{number}",
                    "type": "function",
                    "function": {
                        "name": tool.replace(".", "__"),
                        "arguments": args if isinstance(args, str) else json.dumps(args),
                    },
                }
                for number, (tool, args) in enumerate(self.calls)
            ]
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": MODEL,
            "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if self.calls else "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }


Script = Answer | Callable[[dict[str, Any]], Answer]


def say(text: str) -> Answer:
    """Words alone."""
    return Answer(text)


def call(tool: str, **args: Any) -> Answer:
    """One call."""
    return Answer(calls=((tool, args),))


@dataclass
class Endpoint:
    """The running endpoint. `script` is answered in order, its last entry for ever; `requests` are the bodies seen."""

    url: str
    script: list[Script] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    async def serve(self, request: HttpRequest) -> Response:
        """Answer a chat completion."""
        body = await request.json()
        self.requests.append(body)
        self.paths.append(request.url.path)
        self.headers.append(dict(request.headers))
        assert self.script, "the test did not expect the language model to be asked"
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        answer = step if isinstance(step, Answer) else step(body)
        await asyncio.sleep(answer.wait_s)
        return _response(answer)

    @property
    def seen(self) -> str:
        """Everything that was ever sent here."""
        return json.dumps(self.requests, ensure_ascii=False)

    def tools(self, number: int = -1) -> set[str]:
        """Ids of the tools offered in a request."""
        offered = self.requests[number].get("tools", ())
        return {tool["function"]["name"].replace("__", ".", 1) for tool in offered}

    def said(self, number: int = -1) -> list[tuple[str, str]]:
        """The messages of a request after the standing orders, as (role, text)."""
        return [(one["role"], one.get("content") or "") for one in self.requests[number]["messages"][1:]]


def _response(answer: Answer) -> Response:
    if answer.status != 200:
        error = {"error": {"message": "scripted", "type": "scripted"}}
        return JSONResponse(error, answer.status, {"retry-after-ms": "1"})
    if answer.fault == "html":
        return HTMLResponse("<html><body>Please sign in</body></html>")
    if answer.fault == "cut off":

        async def half() -> AsyncIterator[bytes]:
            yield json.dumps(answer.to_json()).encode()[:60]
            raise ConnectionResetError

        return StreamingResponse(half(), media_type="application/json")
    if answer.fault:
        return Response(answer.fault, media_type="application/json")
    return JSONResponse(answer.to_json())


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def endpoint(*script: Script) -> AsyncIterator[Endpoint]:
    """Serve on loopback, under OpenAI's path and under Azure's."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        host, port = listener.getsockname()
        made = Endpoint(f"http://{host}:{port}/v1", list(script))
        paths = ("/v1/chat/completions", "/openai/deployments/{deployment}/chat/completions")
        app = Starlette(routes=[Route(path, made.serve, methods=["POST"]) for path in paths])
        config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1)
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not task.done():  # noqa: ASYNC110 (uvicorn offers no event)
            await asyncio.sleep(0.002)
        try:
            yield made
        finally:
            server.should_exit = True
            await task


def closed_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def without_tables() -> None:
    """Settle the token counter on its estimate: the tables are out of reach, as they are without a network."""
    out_of_reach = f"http://127.0.0.1:{closed_port()}"
    with patch.dict(os.environ, HTTPS_PROXY=out_of_reach, https_proxy=out_of_reach, TIKTOKEN_CACHE_DIR=""):
        counter(MODEL).loading.join()


UNSURE = Interpretation("decline", confidence=0.1, reason="I did not understand that.")


@dataclass
class Scripted:
    """A local interpreter that reads as told: `readings` by sentence, else `other`; `offers` are the nearest tools."""

    tools: Sequence[Tool]
    offers: Sequence[str] = ()
    readings: dict[str, Interpretation] = field(default_factory=dict)
    other: Interpretation = UNSURE
    asked: list[Request] = field(default_factory=list)

    def interpret(self, request: Request) -> Interpretation:
        """What the test said it means."""
        self.asked.append(request)
        return self.readings.get(request.utterance, self.other)

    def nearest(self, request: Request, most: int) -> Sequence[Tool]:
        """What the test offers."""
        by_id = {tool.id: tool for tool in self.tools}
        return [by_id[one] for one in self.offers][:most]


@dataclass
class Desk:
    """An office whose interpreter is scripted, and whose language model is too."""

    office: Office
    local: Scripted
    llm: Endpoint


@asynccontextmanager
async def desk(folder: Path, *keys: str, script: Sequence[Script] = (), **settings: Any) -> AsyncIterator[Desk]:
    """The assistant with the company and a scripted endpoint, joined by nothing but the settings."""
    without_tables()
    local = Scripted(())
    async with endpoint(*script) as llm:
        ours: dict[str, Any] = {
            "openai_api_key": KEY,
            "openai_base_url": llm.url,
            "model": MODEL,
            "model_timeout_s": 2.0,
        } | settings
        async with office(folder, *keys, interpreter=local, **ours) as running:
            local.tools = running.running.registry.tools
            yield Desk(running, local, llm)
