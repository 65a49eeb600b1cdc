"""Needle, a tool-calling model of 35 MB for the CPU, behind an endpoint shaped like OpenAI's, on loopback.

It reads a dozen tools in ten seconds, so it is shown the five that fit best. It writes no prose and plans no second
step: where it names no call the endpoint says nothing, and the assistant falls back to its local interpreter. Its
confidence is recorded and not used, so that the assistant meets its errors too.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

TOOLS = 5
_KEPT = ("type", "description", "enum", "items")


@dataclass
class SmallModel:
    """The running endpoint; `served` holds for each request the calls named, the confidence and the seconds taken."""

    needle: ModuleType
    url: str = ""
    served: list[tuple[list[dict[str, Any]], float, float]] = field(default_factory=list)
    _agent: Any = None
    _tools: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """A chat completion."""
        calls = [] if body["messages"][-1]["role"] != "user" else self._calls(body)
        made = [
            {
                "id": f"call_{number}",
                "type": "function",
                "function": {"name": one["name"], "arguments": json.dumps(one["arguments"])},
            }
            for number, one in enumerate(calls)
        ]
        message = {"role": "assistant", "content": "", **({"tool_calls": made} if made else {})}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if made else "stop"}
        return {"id": "1", "object": "chat.completion", "created": 1, "model": "needle", "choices": [choice]}

    def _calls(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        tools = json.dumps([_brief(tool["function"]) for tool in body.get("tools", ())[:TOOLS]])
        with self._lock:
            began = time.perf_counter()
            if tools != self._tools:
                self._agent, self._tools = self.needle.Needle(tools=tools, stateless=True), tools
            answer = self._agent.complete(body["messages"][-1]["content"], max_new_tokens=200)
            taken_s = time.perf_counter() - began
        calls: list[dict[str, Any]] = answer.get("function_calls") or []
        self.served.append((calls, answer.get("confidence") or 0.0, taken_s))
        return calls


def _brief(function: dict[str, Any]) -> dict[str, Any]:
    """A tool with the words of its schema that the model knows."""
    schema = function["parameters"]
    properties = {
        name: {word: value for word, value in one.items() if word in _KEPT}
        for name, one in schema["properties"].items()
    }
    return {**function, "parameters": {**schema, "properties": properties}}


@contextmanager
def serve(needle: ModuleType) -> Iterator[SmallModel]:
    """Serve the model for as long as the block runs; its telemetry is off."""
    os.environ.update(NEEDLE_TELEMETRY="0", DO_NOT_TRACK="1")
    model = SmallModel(needle)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            answer = json.dumps(model.complete(body)).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        model.url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield model
        finally:
            server.shutdown()
            thread.join()
